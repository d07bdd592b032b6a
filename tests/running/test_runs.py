"""One run, end to end: what is recorded, what its weights reproduce, what a change of the world makes of it."""

import dataclasses
import datetime
import os
import re
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from reprolib import devices, experiments, paths
from reprolib.contracts import requests
from reprolib.errors import InputError
from reprolib.evidence import records
from reprolib.running import fill, runs
from reprolib.training.learner import Learner
from reprolib.training.loop import OutOfTimeError

RESETTABLE = os.access("/proc/self/clear_refs", os.W_OK) and "VmHWM" in Path("/proc/self/status").read_text()


def test_a_record_says_what_ran(done, toy):
    record, path = done("Net", "small", seed=2)
    assert records.read(path).digest == record.content_digest()
    config = toy.row("toy/Net").at("small")
    assert record.config == config.flat()
    assert record.config["train.steps"] == 60
    assert record.config["model"] == "ToyModel"
    assert record.config_hash == config.hash
    assert record.data == {
        "name": "toy",
        "kind": "generated",
        "procedure": "paper",
        "split": "test",
        "hash": toy.row("toy/Net").source.identity(config.data, "generated"),
        "sizes": {"train": 96, "valid": 32, "test": 64},
    }
    assert record.parameters == (4 + 1) * 16 + (16 + 1) * 3 + 2
    assert (record.steps, record.seed, record.workers) == (60, 2, 1)
    assert (record.commit, record.dirty) == ("0123abc", False)
    assert record.deviations == [{"kind": "choice", "text": "A toy, not a paper.", "less": False}]
    assert record.peak_memory > 1 << 20
    assert record.samples_per_second == pytest.approx(60 * 16 / record.seconds, rel=0.1)
    age = datetime.datetime.now(datetime.UTC) - datetime.datetime.fromisoformat(record.started)
    assert datetime.timedelta(0) <= age < datetime.timedelta(hours=1)
    assert record.best_step in [entry["step"] for entry in record.curve]
    assert record.metrics["accuracy/all"] > 60, "the toy learns nothing"


def test_a_record_says_what_error_the_test_set_leaves(done):
    """Of a share of right answers among 64; the error rate does not know its own."""
    record, path = done("Net", "small")
    share = (0.64 * record.metrics["accuracy/all"] + 1) / 66
    assert record.errors == {"accuracy/all": pytest.approx(100 * (share * (1 - share) / 64) ** 0.5)}
    assert records.read(path).errors == record.errors
    fewer, _ = done("Net", "small", data__test=16)
    assert fewer.errors["accuracy/all"] > record.errors["accuracy/all"]


def test_a_record_says_who_made_its_data_and_which_split_was_measured(toy, parts):
    """As of CLEVR: the files of the authors, whose test split was never released with answers."""

    source = toy.row("toy/Net").source

    def load(settings, kind):
        return dataclasses.replace(source.load(settings, "generated"), kind=kind, measured="validation")

    procedures = {"generated": "ours", "real": "released"}
    experiment = parts.of_source(toy, procedures, load=load)
    for kind, procedure in procedures.items():
        request = requests.Request(experiment, experiment.row("toy/Net"), kind=kind)
        runs.run(request, device="cpu")
        found = records.read(request.place(paths.results())).data
        assert (found["kind"], found["procedure"], found["split"]) == (kind, procedure, "validation")


def test_a_record_says_what_it_cost_the_processor(done):
    trained, path = done("Net")
    assert 0 < trained.processor_seconds == records.read(path).processor_seconds
    assert done("Majority")[0].processor_seconds == 0, "nothing was trained"


def test_the_times_of_a_resumed_run_are_those_of_all_its_parts(toy, request_of, monkeypatch, parts):
    """Every step takes two seconds, in which three threads are at work."""
    steps, clocks = [0], {"perf_counter": 2.0, "process_time": 6.0}

    def counted(model, batch):
        steps[0] += 1
        return parts.loss(model, batch)

    monkeypatch.setattr(parts.code, "learner", lambda: Learner(counted))
    for name, pace in clocks.items():
        monkeypatch.setattr(time, name, lambda pace=pace: 1000 + pace * steps[0])
    request = request_of("Net", "small")
    for stop in (10, 20):
        with pytest.raises(OutOfTimeError, match=f"stopped at step {stop} of 60"):
            runs.run(request, device="cpu", resume=True, deadline=0.0)
        steps[0] += 100  # of other work, between the two
    record = runs.run(request, device="cpu", resume=True)
    assert (record.steps, record.seconds, record.processor_seconds) == (60, 120.0, 360.0)


@pytest.mark.skipif(not RESETTABLE, reason="this system cannot forget the highest memory of a process")
def test_the_peak_of_memory_is_that_of_the_run_alone(done):
    first, _ = done("Majority")
    ballast = torch.ones(1 << 26)  # 256 MiB
    held, _ = done("Majority", seed=1)
    del ballast
    after, _ = done("Majority", seed=2)
    assert held.peak_memory > first.peak_memory + (1 << 27)
    assert after.peak_memory < held.peak_memory - (1 << 27)


def test_the_peak_of_memory_is_known_without_proc(done, monkeypatch, tmp_path):
    monkeypatch.setattr(devices, "PROCESS", tmp_path / "none")
    record, _ = done("Majority")
    assert record.peak_memory > 1 << 20


def test_a_record_says_in_which_precision_it_was_not_trained(done, monkeypatch):
    said = "trained in fp32, not bf16: this processor has no instructions for it"
    unsupported = [{"kind": "precision", "text": said, "less": False}]
    for supported, expected in ((True, []), (False, unsupported)):
        for check in devices.HALF_ON_A_PROCESSOR:
            monkeypatch.setattr(torch.cpu, check, lambda supported=supported: supported)
        record, _ = done("Net", train__precision="bf16")
        assert record.deviations[1:] == expected


def test_the_command_repeats_the_run(done, cli):
    record, path = done("Net", seed=3, model__hidden=(8,))
    words = re.findall(r"'[^']*'|\S+", record.command)
    path.unlink()
    code, out, err = cli(*(word.strip("'") for word in words[1:]), "--device", "cpu")
    assert code == 0, err
    again = records.read(path)
    assert str(path) in out
    assert (again.metrics, again.curve, again.command) == (record.metrics, record.curve, record.command)


def test_metrics_are_those_of_the_saved_weights(toy, monkeypatch, parts):
    """Half precision moves the weights; the recorded metrics are those after rounding, so they come back exactly."""

    @torch.no_grad()
    def sensitive(model, split):
        return {"accuracy/all": 100 * (-parts.loss(model, split.columns)).exp().item()}

    monkeypatch.setattr(parts.code, "evaluate", sensitive)
    request = requests.Request(toy, toy.row("toy/Norm"), "small")
    record, path = runs.run(request, device="cpu"), request.place(paths.results())
    assert runs.evaluate(path, "cpu")[1] == record.metrics
    best = max(entry["accuracy/all"] for entry in record.curve)
    assert 0 < abs(record.validation["accuracy/all"] - best) < 1e-2, "the model has the weights as they were trained"
    model = parts.code.build(request.config, None)
    records.load_weights(model, record, path)
    assert all(torch.equal(p, p.half().float()) for p in model.parameters())


def test_data_are_made_on_the_device_that_was_asked_for(toy, monkeypatch, parts):
    made = []

    def spying(settings, kind):
        made.append(devices.pick(None).type)
        return parts.source.load(settings, kind)

    experiment = parts.of_source(toy, load=spying)
    monkeypatch.setattr(experiments, "get", lambda name: experiment)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)  # an accelerator that is not wanted
    request = requests.Request(experiment, experiment.row("toy/Net"), "small")
    runs.run(request, device="cpu")
    runs.evaluate(request.place(paths.results()), "cpu")
    assert made == ["cpu", "cpu"]


def test_evaluate_does_not_depend_on_random_state(done):
    _, path = done("Majority")
    torch.manual_seed(99)
    kept, now = runs.evaluate(path, "cpu")
    assert kept.metrics == now


@pytest.mark.parametrize(("words", "kept"), [(("Net",), 0), (("Net", "small"), 1), (("Majority", "small"), 1)])
def test_weights_are_kept_for_headline_rows_above_smoke(done, words, kept, toy, monkeypatch):
    headline = dict(zip(("Net", "Majority"), (True, False), strict=True))
    record, path = done(*words)
    wanted = bool(kept and headline[words[0]])
    assert len(list(path.parent.glob("*.safetensors"))) == wanted
    assert (record.weights is not None) == wanted
    if not wanted and record.steps:
        with pytest.raises(InputError, match="has no weights file"):
            runs.evaluate(path)


def test_large_weights_leave_a_record_that_says_so(done, monkeypatch):
    monkeypatch.setattr(records, "LARGEST_WEIGHTS", 100)
    record, path = done("Net", "small")
    assert record.weights["file"] is None
    assert record.weights["bytes"] > 100
    assert [file.name for file in path.parent.iterdir()] == [path.name]
    with pytest.raises(InputError, match=r"they exceed 8 MiB\): to measure it again, run reprolib run"):
        runs.evaluate(path)


def test_an_attempt_goes_apart_and_keeps_no_weights(done):
    record, path = done("Net", "small", train__steps=20)
    assert path.parent == paths.results() / "toy" / "attempts" / "small"
    assert record.changes == {"train.steps": 20}
    assert record.weights is None
    assert record.steps == 20
    assert list(records.read_all(paths.results())) == []
    other, elsewhere = done("Net", "small", train__steps=10)
    assert elsewhere != path
    assert other.config_hash != record.config_hash
    with pytest.raises(InputError, match="has no weights file"):
        runs.evaluate(path)


def test_evaluate_refuses_what_is_stale(done, toy, monkeypatch, parts):
    _, path = done("Net", "small")
    load = toy.row("toy/Net").source.load
    other = parts.of_source(toy, load=lambda *which: dataclasses.replace(load(*which), hash="new"))
    monkeypatch.setattr(experiments, "get", lambda name: other)
    with pytest.raises(InputError, match="was measured on other data than those at hand"):
        runs.evaluate(path)
    row = toy.row("toy/Net")
    wider = dataclasses.replace(row, scales={"small": {"model.hidden": (17,)}})
    monkeypatch.setattr(experiments, "get", lambda name: dataclasses.replace(toy, rows=(wider,)))
    with pytest.raises(InputError, match="is stale"):
        runs.evaluate(path)


def test_evaluate_names_the_record_that_nothing_runs_today(done, toy, monkeypatch):
    _, path = done("Net", "small", train__steps=20)
    monkeypatch.setattr(experiments, "get", lambda name: dataclasses.replace(toy, rows=toy.rows[1:]))
    with pytest.raises(InputError, match=rf"{path.name} is stale, nothing runs it today \(toy has no row 'toy/Net'"):
        runs.evaluate(path)


def test_evaluate_looks_for_the_weights_before_it_makes_the_data(done, toy, monkeypatch, parts):
    _, path = done("Net", "small")
    (weights,) = path.parent.glob("*.safetensors")
    weights.unlink()
    other = parts.of_source(toy, load=lambda *_: pytest.fail("data were made"))
    monkeypatch.setattr(experiments, "get", lambda name: other)
    with pytest.raises(InputError, match="is missing, but"):
        runs.evaluate(path)


def test_runs_into_different_folders_share_no_checkpoint(toy, request_of, tmp_path):
    request = request_of("Net", "small")
    with pytest.raises(OutOfTimeError):
        runs.run(request, device="cpu", deadline=0.0)
    place = request.checkpoint(paths.results())
    kept = place.read_bytes()
    runs.run(request, device="cpu", root=tmp_path / "elsewhere")
    assert place.read_bytes() == kept


def test_a_row_is_run_by_one_process_at_a_time(toy, request_of, monkeypatch):
    request = request_of("Net")
    with runs.claimed(request, paths.results()) as free:
        assert free
        with pytest.raises(InputError, match="toy/Net seed 0 is being run by another process: wait for it"):
            runs.run(request, device="cpu")
        monkeypatch.setenv("RANK", "1")
        with runs.claimed(request, paths.results()) as follows:
            assert follows, "further workers follow the first"
    monkeypatch.delenv("RANK")
    assert runs.run(request, device="cpu").steps


def test_a_folder_that_takes_no_record_is_noticed_before_training(toy, request_of, tmp_path, monkeypatch):
    monkeypatch.setattr(runs, "fit", lambda *_, **__: pytest.fail("it was trained"))
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match=r"could not write into .*file/toy/smoke .*choose another folder"):
        runs.run(request_of("Net"), device="cpu", root=tmp_path / "file")


def test_data_beyond_the_memory_are_a_mistake_of_the_settings(toy, request_of, monkeypatch, parts):
    def load(settings, kind):
        raise MemoryError("Unable to allocate 357 TiB")

    request = request_of("Net", data__train=10**12)
    monkeypatch.setattr(parts.source.reader, "load", load)
    with pytest.raises(InputError, match=r"take more memory than there is: ask for fewer \(data\.train=1000000000000"):
        runs.run(request, device="cpu")


@pytest.mark.parametrize("error", [torch.OutOfMemoryError("CUDA"), RuntimeError("can't allocate memory: you tried")])
def test_a_step_beyond_the_memory_is_a_mistake_of_the_settings(toy, request_of, monkeypatch, error, parts):
    def loss(model, batch):
        raise error

    monkeypatch.setattr(parts.code, "learner", lambda: Learner(loss))
    with pytest.raises(InputError, match=r"training of toy/Net takes more memory than there is: lower train\.batch="):
        runs.run(request_of("Net"), device="cpu")


def test_an_empty_variable_counts_as_unset(monkeypatch):
    monkeypatch.setenv("REPROLIB_RESULTS", "")
    assert paths.results() == paths.ROOT / "results"


def test_a_full_disk_leaves_the_old_record_and_its_weights(done, request_of, toy, monkeypatch):
    _, path = done("Net", "small")
    before = {file: file.read_bytes() for file in path.parent.iterdir()}

    def full(*_):
        raise InputError("could not write")

    monkeypatch.setitem(vars(toy.row("toy/Net").method), "weights", "float32")  # other weights than the old record's
    monkeypatch.setattr(records, "write_text", full)
    with pytest.raises(InputError, match="could not write"):
        runs.run(request_of("Net", "small"), device="cpu")
    assert {file: file.read_bytes() for file in before} == before
    records.check_weights(records.read(path), path)
    assert runs.evaluate(path)[1] == records.read(path).metrics


def test_a_new_run_replaces_record_and_weights(done, toy, monkeypatch):
    _, path = done("Net", "small")
    first = {file.name for file in path.parent.iterdir()}
    monkeypatch.setitem(vars(toy.row("toy/Net").method), "weights", "float32")
    done("Net", "small")
    second = {file.name for file in path.parent.iterdir()}
    assert len(first) == len(second) == 2
    assert first & second == {path.name}
    assert runs.evaluate(path)[0].weights["dtype"] == "float32"


def test_rows_are_selected_by_task_system_or_both(toy):
    assert [row.system for row in requests.select(toy, "*", "smoke")] == ["Net", "Majority", "Norm"]
    assert [row.system for row in requests.select(toy, "N*", "smoke")] == ["Net", "Norm"]
    assert [row.system for row in requests.select(toy, "toy/Net", "smoke")] == ["Net"]
    assert len(requests.select(toy, "toy", "smoke")) == 3
    with pytest.raises(InputError, match="no row of toy fits 'toy/net': its rows are toy/Net, toy/Majority, toy/Norm"):
        requests.select(toy, "toy/net", "smoke")


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        ({"scale": "huge"}, "unknown scale 'huge': choose one of smoke, small, long, paper"),
        ({"kind": "fake"}, "unknown kind of data 'fake': choose one of generated, real"),
        ({"seed": -1}, "the seed is -1"),
        ({"seed": 2**31}, "the seed is 2147483648"),
    ],
)
def test_wrong_requests(toy, wrong, complaint):
    with pytest.raises(InputError, match=complaint):
        requests.Request(toy, toy.rows[0], **wrong)


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"model__hidden": ()}, r"toy/Net cannot be built with model\.hidden=\(\)"),
        ({"model__dropout": 2.0}, r"toy/Net cannot be built with model\.dropout=2\.0"),
        ({"data__test": 0}, r"toy/Net has no example in its test split: set data\.test to at least 1"),
        ({"data__train": 0}, "no example in its train split"),
    ],
)
def test_settings_that_give_no_run(done, changes, complaint):
    with pytest.raises(InputError, match=complaint):
        done("Net", **changes)
    assert list(paths.results().rglob("*")) == []


def test_a_notebook_runs_every_row_or_reads_what_is_there(toy, monkeypatch, tmp_path, done):
    monkeypatch.setattr(paths, "EXECUTED", tmp_path / "executed")
    found = runs.execute_or_read("toy", seeds=[0, 1])
    assert [(record.system, record.seed) for record in found] == [
        (system, seed) for system in ("Net", "Majority", "Norm") for seed in (0, 1)
    ]
    assert not paths.results().exists(), "an execution wrote under the committed results"
    assert len(list((tmp_path / "executed").rglob("*.json"))) == 6
    assert runs.execute_or_read("toy", train=False) == []
    record, path = done("Net", seed=1)
    assert runs.execute_or_read("toy", seeds=[0, 1], train=False) == [records.read(path)]
    assert record.metrics == found[1].metrics


def test_fill_and_run_agree_on_what_a_record_is(done, request_of):
    done("Majority", "small")
    assert fill.is_current(request_of("Majority", "small"))


def test_a_record_is_measured_again_where_only_its_test_data_have_changed(done, toy, monkeypatch):
    record, path = done("Net", "small")
    (weights,) = path.parent.glob("*.safetensors")
    kept = weights.read_bytes()

    def today(**changes):
        scales = {"small": {name.replace("__", "."): value for name, value in changes.items()}}
        row = dataclasses.replace(toy.row("toy/Net"), scales=scales)
        module = SimpleNamespace(EXPERIMENT=dataclasses.replace(toy, rows=(row,)))
        monkeypatch.setitem(sys.modules, "reprolib.experiments.toy", module)

    today(data__test=640)
    runs.renew(path)
    renewed = records.read(path)
    assert renewed.data["sizes"]["test"] == 640
    assert renewed.errors["accuracy/all"] < record.errors["accuracy/all"]
    assert (renewed.curve, renewed.started, renewed.weights) == (record.curve, record.started, record.weights)
    assert weights.read_bytes() == kept
    assert runs.evaluate(path)[1] == renewed.metrics
    for otherwise in ({"train__rate": 0.5}, {"data__seed": 1}, {"data__train": 95}, {"model__hidden": (8,)}):
        today(data__test=640, **otherwise)
        with pytest.raises(InputError, match="was trained otherwise than its row is today: run reprolib run toy"):
            runs.renew(path)
