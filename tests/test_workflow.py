"""The workflow asks for exactly the records that reprolib misses, makes one for real, and refuses wrong settings."""

import importlib.util
import os
import shutil
import subprocess
import sys
from dataclasses import replace

import pytest
import yaml

from reprolib import paths
from reprolib.evidence import records
from reprolib.paths import ROOT
from reprolib.running import fill, runs

WORKFLOW = ROOT / "workflow"
PROFILES = {"local": "snakemake", "slurm": "snakemake_executor_plugin_slurm"}  # and the module that each needs
EXPERIMENT, MAJORITY = "rn_sort_of_clevr", "sort_of_clevr_state/Majority"


def needs(module):
    absent = importlib.util.find_spec(module) is None
    return pytest.mark.skipif(absent, reason=f"needs {module}: pip install -e '.[workflow]'")


def profile(name):
    return yaml.safe_load((WORKFLOW / "profiles" / name / "config.yaml").read_text())


@pytest.fixture
def snakemake(tmp_path, monkeypatch):
    """Snakemake on our Snakefile, with an empty folder of records and all its own files out of the checkout."""
    monkeypatch.setenv("REPROLIB_RESULTS", str(tmp_path / "results"))
    monkeypatch.delenv("REPROLIB_DATA", raising=False)
    environment = {"PYTHONPATH": str(ROOT), "XDG_CACHE_HOME": str(tmp_path / "cache")}

    def call(*arguments, profile="local"):
        place = ["--snakefile", str(WORKFLOW / "Snakefile"), "--directory", str(tmp_path)]
        command = [sys.executable, "-m", "snakemake", *place, "--profile", str(WORKFLOW / "profiles" / profile)]
        return subprocess.run(
            [*command, *arguments], capture_output=True, text=True, check=False, env=os.environ | environment
        )

    return call


def planned(done):
    """Records that a dry run would make."""
    assert done.returncode == 0, done.stderr
    lines = (done.stdout + done.stderr).splitlines()
    return sorted(line.split("output: ")[1] for line in lines if line.strip().startswith("output: "))


def missing(only="*", scale="smoke"):
    """The files of the records that `reprolib fill` would make."""
    return sorted(str(request.place(paths.results())) for request in fill.missing(scale, only))


def keep_record(measured, request, **changes):
    """Write a measured record as if it were that of another request, of today but for the changes."""
    data = {"kind": request.kind, "hash": request.data_identity}
    names = {"experiment": request.experiment.name, "task": request.row.task, "system": request.row.system}
    known = names | {"seed": request.seed, "config_hash": request.config.hash, "data": measured.data | data}
    records.write(replace(measured, **known | changes), paths.results())


@needs("snakemake")
def test_without_records_all_are_planned(snakemake):
    assert planned(snakemake("-n")) == missing() != []


@needs("snakemake")
def test_what_is_not_trained_is_planned_once_above_smoke_scale(snakemake):
    found = planned(snakemake("-n", "--config", f"experiments={EXPERIMENT}", "scale=small"))
    assert found == missing(EXPERIMENT, "small")
    assert [path.endswith("seed0.json") for path in found if "majority" in path] == [True, True]


@needs("snakemake")
def test_missing_and_outdated_records_are_planned_and_no_others(snakemake, tmp_path):
    measured = runs.run(next(fill.missing("smoke", MAJORITY)), root=tmp_path / "measured")
    every = list(fill.missing("smoke", EXPERIMENT))
    absent, old_settings, old_data, *_ = every
    for request in every[1:]:
        keep_record(measured, request)
    keep_record(measured, old_settings, config_hash="of another day")
    keep_record(measured, old_data, data=measured.data | {"hash": "of another day"})
    expected = sorted(str(request.place(paths.results())) for request in (absent, old_settings, old_data))
    assert planned(snakemake("-n", "--config", f"experiments={EXPERIMENT}")) == expected == missing(EXPERIMENT)

    for request in (absent, old_settings, old_data):
        keep_record(measured, request)
    assert planned(snakemake("-n", "--config", f"experiments={EXPERIMENT}")) == []


@needs("snakemake")
def test_a_record_is_made(snakemake):
    request = next(fill.missing("smoke", MAJORITY))
    done = snakemake(str(request.place(paths.results())))
    assert done.returncode == 0, done.stderr
    assert fill.is_current(request)
    assert records.read(request.place(paths.results())).device.endswith("1 thread")


@pytest.mark.parametrize(("name", "module"), PROFILES.items())
def test_both_profiles_plan_the_paper_scale_with_an_accelerator(snakemake, name, module):
    if importlib.util.find_spec(module) is None:
        pytest.skip(f"needs {module}: pip install -e '.[workflow]'")
    done = snakemake("-n", "--config", f"experiments={EXPERIMENT}", "scale=paper", "seeds=0", profile=name)
    assert planned(done) == [path for path in missing(EXPERIMENT, "paper") if path.endswith("seed0.json")] != []
    resources = [line for line in (done.stdout + done.stderr).splitlines() if "runtime=" in line]
    assert len(resources) == len(planned(done))
    assert all("gpu=1" in line for line in resources)


@needs("snakemake")
@pytest.mark.parametrize(
    ("setting", "sentence"),
    [
        ("seed=1", "unknown setting 'seed'"),
        ("seeds=[0,x]", "write whole numbers"),
        ("experiments=nothing", "nothing to run"),
    ],
)
def test_a_wrong_setting_ends_with_a_sentence(snakemake, setting, sentence):
    done = snakemake("-n", "--config", setting)
    assert done.returncode != 0
    assert sentence in done.stdout + done.stderr


@needs("snakemake_executor_plugin_slurm")
def test_a_machine_without_slurm_is_noticed_before_a_job_is_submitted(snakemake, tmp_path, monkeypatch):
    (tmp_path / "bin").mkdir()
    for program in ("bash", "which"):
        (tmp_path / "bin" / program).symlink_to(shutil.which(program))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    done = snakemake(str(next(fill.missing("smoke", MAJORITY)).place(paths.results())), profile="slurm")
    said = done.stdout + done.stderr
    assert done.returncode != 0
    assert "there is no Slurm here (no sbatch on the PATH): take a login node" in said
    assert "has been submitted" not in said


@pytest.mark.parametrize("name", PROFILES)
def test_profiles_try_a_failed_run_once_more(name):
    """Not the Snakefile: a job on a cluster reads it again and would try by itself, within its time."""
    assert profile(name)["retries"] == 1
    assert "retries" not in (WORKFLOW / "Snakefile").read_text()


@pytest.mark.parametrize("name", PROFILES)
def test_profiles_leave_the_judgement_of_staleness_to_reprolib(name):
    assert profile(name)["rerun-triggers"] == ["mtime"]
    assert profile(name)["keep-going"] is True
    assert profile(name)["ignore-incomplete"] is True


def test_local_profile_runs_two_jobs_and_one_on_the_accelerator():
    assert profile("local")["cores"] == 2
    assert profile("local")["resources"] == {"gpu": 1}


def test_slurm_profile_works_without_accounting():
    slurm = profile("slurm")
    assert slurm["executor"] == "slurm"
    assert slurm["slurm-status-command"] == "squeue"
    assert slurm["slurm-no-account"] is True
    assert slurm["slurm-init-seconds-before-status-checks"] == 5
    assert "mem_mb" in slurm["default-resources"]
