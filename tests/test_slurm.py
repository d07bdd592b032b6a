"""The workflow on a real Slurm of one node: nothing is lost where a job, the controller or Snakemake is killed.

`make test-slurm` starts the cluster, runs this beside it and stops it again.
"""

import importlib.util
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from reprolib import experiments, paths
from reprolib.contracts.requests import Request
from reprolib.evidence import records
from reprolib.paths import ROOT
from reprolib.running import fill, runs

CLUSTER = os.environ.get("REPROLIB_SLURM")
PROFILE = ROOT / "workflow/profiles/slurm"
QUICK, SLOW = ("rn_sort_of_clevr", "sort_of_clevr_state/RN", "smoke"), ("rn_babi", "babi_16/RN", "smoke")
PATIENCE = 600  # seconds, on a machine with other work

pytestmark = [
    pytest.mark.skipif(not CLUSTER, reason="REPROLIB_SLURM names no running cluster: `make test-slurm` starts one"),
    pytest.mark.skipif(
        importlib.util.find_spec("snakemake_executor_plugin_slurm") is None,
        reason="needs snakemake_executor_plugin_slurm: pip install -e '.[workflow]'",
    ),
]


def until(condition):
    """Wait for a condition and return what it gives."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if found := condition():
            return found
        time.sleep(0.2)
    raise AssertionError(f"not within {PATIENCE} seconds: {condition.__name__}")


def squeue(*options):
    return subprocess.run(["squeue", "--noheader", *options], capture_output=True, text=True, check=False)


def state(job):
    """RUNNING, COMPLETED, ...: also of a job that has ended."""
    return squeue("--states=all", f"--jobs={job}", "--format=%T").stdout.strip()


class Flow:
    """Our workflow in a folder of its own, for one row and seed."""

    def __init__(self, folder, row, seed=0):
        name, title, scale = row
        experiment = experiments.get(name)
        self.folder, self.calls = folder, []
        self.request = Request(experiment, experiment.row(title), scale, seed, "generated")
        self.record = self.request.place(paths.results())
        self.log = paths.BUILD / "workflow/logs" / self.record.relative_to(paths.results()).with_suffix(".log")
        self.log.unlink(missing_ok=True)

    def start(self, *options, profile=PROFILE):
        """Begin Snakemake; what it says goes to a file."""
        place = ["--snakefile", str(ROOT / "workflow/Snakefile"), "--directory", str(self.folder)]
        chosen = [f"experiments={self.request.row.name}", f"scale={self.request.scale}", f"seeds={self.request.seed}"]
        command = [sys.executable, "-m", "snakemake", str(self.record), *place, "--profile", str(profile)]
        said = self.folder / f"said{len(self.calls)}"
        with said.open("w") as stream:
            words = [*command, "--set-threads", "record=1", *options, "--config", *chosen]
            call = subprocess.Popen(words, stdout=stream, stderr=subprocess.STDOUT)
        self.calls.append(call)
        call.said = said.read_text
        return call

    def run(self, *options, **profile):
        """Snakemake to its end: its exit code and all that it said."""
        call = self.start(*options, **profile)
        return call.wait(PATIENCE), call.said()

    def jobs(self):
        """The numbers of all jobs that were submitted."""
        said = "".join(call.said() for call in self.calls)
        return re.findall(r"submitted with SLURM jobid (\d+)", said)

    def running(self):
        """The last job, once it runs."""
        return until(lambda: next((job for job in self.jobs()[-1:] if state(job) == "RUNNING"), None))

    def stop(self):
        for call in self.calls:
            if call.poll() is None:
                call.kill()
        if jobs := self.jobs():
            subprocess.run(["scancel", *jobs], check=False, capture_output=True)
            until(lambda: all(state(job) not in ("RUNNING", "COMPLETING", "PENDING") for job in jobs))


@pytest.fixture
def flow(tmp_path, monkeypatch):
    """flow(QUICK, seed=1) -> the workflow for this row alone, with an empty folder of records."""
    monkeypatch.setenv("REPROLIB_RESULTS", str(tmp_path / "results"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.delenv("REPROLIB_DATA", raising=False)
    made = []

    def make(*words, **options):
        made.append(Flow(tmp_path, *words, **options))
        return made[-1]

    yield make
    for each in made:
        each.stop()


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """alone(request) -> its record, run here without a cluster; once for all tests."""
    root, known = tmp_path_factory.mktemp("alone"), {}

    def run(request):
        if request.command not in known:
            runs.run(request, root=root)
            known[request.command] = records.read(request.place(root))
        return known[request.command]

    return run


def same(record, other):
    """Whether two records have learned and measured the same, bit for bit."""
    fields = ("config_hash", "data", "metrics", "validation", "curve", "best_step", "steps", "parameters")
    return all(getattr(record, name) == getattr(other, name) for name in fields)


def test_a_row_is_submitted_once_and_a_second_workflow_in_the_folder_is_refused(flow, alone):
    work = flow(QUICK)
    first = work.start()
    work.running()
    code, said = work.run()
    assert code != 0
    assert "Directory cannot be locked" in said
    assert "no other Snakemake process" in said
    assert first.wait(PATIENCE) == 0, first.said()
    assert same(records.read(work.record), alone(work.request))
    code, said = work.run()
    assert (code, len(work.jobs())) == (0, 1), said
    assert "Nothing to be done" in said


def test_a_cancelled_job_is_submitted_again_and_goes_on_from_its_checkpoint(flow, alone):
    work = flow(SLOW)
    call = work.start()
    until(work.request.checkpoint(paths.results()).exists)
    subprocess.run(["scancel", work.running()], check=True)
    assert call.wait(PATIENCE) == 0, call.said()
    first, second = work.jobs()
    assert (state(first), state(second)) == ("CANCELLED", "COMPLETED")
    assert "goes on from step" in work.log.read_text()
    assert same(records.read(work.record), alone(work.request))


def test_a_controller_that_is_killed_and_started_again_knows_its_jobs(flow, alone):
    work = flow(QUICK, seed=1)
    call = work.start()
    job = work.running()
    until(work.log.exists)  # its step, which the controller has to grant, has begun
    os.kill(int((Path(CLUSTER) / "slurmctld.pid").read_text()), signal.SIGKILL)
    until(lambda: squeue().returncode != 0)
    until(work.record.exists)
    time.sleep(30)  # Snakemake asks, and nobody answers
    assert call.poll() is None, call.said()
    subprocess.run(["slurmctld"], check=True)
    assert call.wait(PATIENCE) == 0, call.said()
    assert (work.jobs(), state(job)) == ([job], "COMPLETED")
    assert same(records.read(work.record), alone(work.request))


def test_after_a_killed_snakemake_the_job_that_still_runs_is_waited_for(flow, alone):
    work = flow(SLOW)
    call = work.start()
    until(work.request.checkpoint(paths.results()).exists)
    first = work.running()
    subprocess.run(["scontrol", "suspend", first], check=True)  # so that it has not ended by then
    call.kill()
    code, said = work.run()
    assert code != 0
    assert "can be removed with the --unlock argument" in " ".join(said.split())
    assert work.run("--unlock")[0] == 0
    call = work.start()
    until(lambda: len(work.jobs()) == 2 and "waiting for its record" in work.log.read_text())
    subprocess.run(["scontrol", "resume", first], check=True)
    assert call.wait(PATIENCE) == 0, call.said()
    assert [state(job) for job in work.jobs()] == ["COMPLETED", "COMPLETED"]
    assert "goes on" not in work.log.read_text(), "it was trained once"
    assert same(records.read(work.record), alone(work.request))


def test_a_job_that_dies_says_why_and_what_to_do(flow):
    work = flow(QUICK)
    damaged = work.request.checkpoint(paths.results())
    damaged.parent.mkdir(parents=True, exist_ok=True)
    damaged.write_text("no checkpoint")
    try:
        code, said = work.run("--retries", "0")
    finally:
        damaged.unlink()
    assert code != 0
    assert len(work.jobs()) == 1
    assert f"{damaged} is no checkpoint that can be read (UnpicklingError): delete it" in said


def test_a_cluster_without_accounting_is_noticed_before_a_job_is_submitted(flow, tmp_path):
    lines = (PROFILE / "config.yaml").read_text().splitlines()
    kept = [line for line in lines if not line.endswith("# without accounting")]
    assert len(kept) == len(lines) - 2
    profile = tmp_path / "with_accounts"
    profile.mkdir()
    (profile / "config.yaml").write_text("\n".join(kept))
    work = flow(QUICK)
    code, said = work.run(profile=profile)
    assert code != 0
    assert "this cluster keeps no accounts" in said
    assert "add --slurm-status-command squeue" in said
    assert work.jobs() == []


def test_a_row_is_trained_by_two_workers_in_one_job(flow, tmp_path):
    work = flow(QUICK, seed=2)
    launch = f"{sys.executable} -m torch.distributed.run --standalone --nproc-per-node 2 -m"
    command = work.request.command.replace("reprolib", f"{launch} reprolib", 1)
    out = tmp_path / "out"
    options = ["--wait", "--ntasks=1", "--cpus-per-task=2", f"--output={out}", f"--chdir={ROOT}"]
    done = subprocess.run(["sbatch", *options, "--wrap", command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr + out.read_text()
    assert records.read(work.record).workers == 2
    assert fill.is_current(work.request)
