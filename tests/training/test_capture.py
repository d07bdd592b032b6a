"""Captured steps: the right rows at every call on stand-ins for CUDA, and on a CUDA device the same training."""

import dataclasses
import subprocess
import sys
from contextlib import contextmanager, nullcontext
from functools import partial
from types import SimpleNamespace

import pytest
import torch

from reprolib import experiments, paths
from reprolib.bench.nri import straight_lines
from reprolib.contracts.configuration import change
from reprolib.data.split import Split
from reprolib.errors import InputError
from reprolib.models.nri import NRI, EdgeClassifier
from reprolib.running import runs
from reprolib.settings.moving import EdgeClassifierModel, NRIModel
from reprolib.settings.recipe import Training
from reprolib.training import loop
from reprolib.training.capture import WARM, Captured
from reprolib.training.learner import Learner
from reprolib.training.loop import fit

needs_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
CPU, CUDA = torch.device("cpu"), torch.device("cuda", 0)
FRAMES, OBJECTS, FEATURES = 14, 4, 4
TRAINED = [
    pytest.param(experiment, row, id=f"{experiment.name}-{row.name}")
    for experiment in map(experiments.get, ("nri_edges", "nri_prediction"))
    for row in experiment.rows
    if row.config.train.steps
]
WAITING = """
import torch
from reprolib.training.capture import WARM, Captured
captured = Captured(lambda rows: rows.sum() * float(rows.sum()), torch.device("cuda", 0))
for _ in range(WARM + 1):
    captured(torch.arange(2, device="cuda"))
"""
TRAINING = Training(steps=12, batch=8, rate=1e-2, schedule="cosine", evaluate_every=6)


class StandInStream:
    def __init__(self, device):
        assert device == CPU

    def wait_stream(self, other):
        pass


class StandInGraph:
    """What is captured runs when it is replayed, for the first time at the capture itself."""

    replays = 0

    def replay(self):
        self.replays += 1
        if self.replays > 1:
            self.again()


@pytest.fixture
def stand_ins(monkeypatch):
    """CUDA's part of a capture on a processor; `install(function)` says what replaying does."""
    installed = {}

    @contextmanager
    def capturing(graph, stream):
        assert isinstance(stream, StandInStream)
        graph.again = installed["again"]
        yield

    for name, value in {
        "Stream": StandInStream,
        "current_stream": StandInStream,
        "stream": lambda stream: nullcontext(),
        "CUDAGraph": StandInGraph,
        "graph": capturing,
    }.items():
        monkeypatch.setattr(torch.cuda, name, value)
    return installed


def test_every_call_works_on_its_own_rows(stand_ins):
    seen, value = [], torch.zeros(())

    def total(rows):
        seen.append(rows.tolist())
        return value.copy_(rows.sum())

    captured = Captured(total, CPU)
    stand_ins["again"] = lambda: total(captured.rows)
    batches = [torch.tensor([call, call + 1]) for call in range(WARM + 3)]
    assert [captured(rows).item() for rows in batches] == [2 * call + 1 for call in range(WARM + 3)]
    assert seen == [rows.tolist() for rows in batches]


def test_what_cannot_be_captured_is_said_with_the_way_out(stand_ins):
    stand_ins["again"] = None

    def waiting(rows):
        if captured.calls > WARM:
            raise RuntimeError("operation not permitted when stream is capturing")
        return rows.sum()

    captured = Captured(waiting, CPU)
    for _ in range(WARM):
        captured(torch.arange(2))
    with pytest.raises(InputError, match=r"cannot be captured here \(operation not permitted .*\): run with --no-cap"):
        captured(torch.arange(2))


class Never:
    def __init__(self, function, device):
        raise AssertionError("captured")


def scenes(count=32, device=CPU):
    torch.manual_seed(0)
    edges = torch.randint(2, (count, OBJECTS, OBJECTS - 1))
    return Split({"trajectories": straight_lines(count, FRAMES, OBJECTS), "edges": edges}).to(device)


def trained(model, device=CPU, training=TRAINING, **options):
    """A model after a few steps, with what its training gave."""
    split = scenes(device=device)
    model = model.to(device)
    loss = lambda model, batch: model.loss(batch)  # noqa: E731
    score = lambda model: {"score": -float(model.loss(split.batch(slice(8))))}  # noqa: E731
    torch.manual_seed(1)
    return model, fit(model, Learner(loss), split, score, "score", training, seed=0, identity="capture", **options)


def supervised():
    torch.manual_seed(0)
    return EdgeClassifier(EdgeClassifierModel(width=16, dropout=0.0), FRAMES, FEATURES)


def inferring(**changes):
    torch.manual_seed(0)
    return NRI(NRIModel(width=16, decoder_width=16, restart=4, **changes), FRAMES, FEATURES)


def test_nothing_is_captured_on_a_processor(monkeypatch):
    monkeypatch.setattr(loop, "Captured", Never)
    trained(supervised(), capture=True)


@pytest.mark.parametrize(
    ("device", "workers", "optimiser", "expected"),
    [("cuda", 1, "adam", True), ("cpu", 1, "adam", False), ("cuda", 2, "adam", False), ("cuda", 1, "muon", False)],
)
def test_what_a_run_must_be_like_to_be_captured(device, workers, optimiser, expected):
    training = dataclasses.replace(TRAINING, optimiser=optimiser)
    learner = Learner(lambda model, batch: None)
    learner.job = SimpleNamespace(training=training)
    run = SimpleNamespace(device=torch.device(device), workers=workers, learner=learner)
    assert loop._Trainer._can_capture(run) is expected


def test_a_learner_with_steps_of_its_own_is_not_captured():
    class Other(Learner):
        def update(self, moment):
            return super().update(moment)

    learner = Other(lambda model, batch: None)
    learner.job = SimpleNamespace(training=TRAINING)
    assert not learner.can_capture()


@pytest.mark.parametrize("capture", [True, False])
def test_the_command_line_decides(capture, toy, cli, monkeypatch):
    asked = []
    monkeypatch.setattr(runs, "fit", lambda *args, capture, **options: asked.append(capture) or fit(*args, **options))
    option = "--capture" if capture else "--no-capture"
    assert cli("run", "toy", "--row", "toy/Net", "--device", "cpu", option)[0] == 0
    assert cli("fill", "--scale", "smoke", "--only", "toy/Net", "--device", "cpu", option)[0] == 0
    assert set(asked) == {capture}


def capturable(row, **changes):
    """Whether the learner of a row says that its steps are alike."""
    learner, config = row.method.learner(), change(row.at("paper"), changes)
    learner.job = SimpleNamespace(training=config.train, model=SimpleNamespace(config=config.model))
    return learner.can_capture()


def test_rows_whose_steps_are_alike_are_those_of_motion_without_drawn_frames():
    assert all(capturable(param.values[1]) for param in TRAINED)
    learned = experiments.get("nri_edges").row("springs_5/NRI (learned)")
    assert not capturable(learned, **{"model.windows": 3})
    assert not capturable(learned, **{"model.peak": 1e-3})
    assert not capturable(learned, **{"train.optimiser": "muon"})
    assert not capturable(experiments.get("rn_babi").rows[0])  # its stories are of any length


@needs_cuda
@pytest.mark.parametrize("changes", [{}, {"optimiser": "adamw"}, {"clip": 1.0}, {"precision": "bf16"}])
def test_captured_steps_train_as_those_launched_one_by_one(changes):
    training = dataclasses.replace(TRAINING, **changes)
    (captured, curve), (plain, expected) = (
        trained(supervised(), CUDA, training, capture=capture) for capture in (True, False)
    )
    assert [row["loss"] for row in curve.history] == pytest.approx([r["loss"] for r in expected.history], rel=1e-3)
    for ours, theirs in zip(captured.parameters(), plain.parameters(), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-2, atol=1e-3)


@needs_cuda
@pytest.mark.parametrize(("experiment", "row"), TRAINED)
def test_every_row_of_motion_can_be_captured(experiment, row, monkeypatch, tmp_path):
    monkeypatch.setattr(paths, "BUILD", tmp_path)
    config = change(row.at("smoke"), {"train.steps": 8, "train.evaluate_every": 4})
    data, method = row.source.load(config.data, "generated"), row.method
    torch.manual_seed(0)
    model = method.build(config, data).cuda()
    splits = {name: split.to("cuda") for name, split in data.splits.items()}
    validate = partial(method.evaluate, split=splits["valid"])
    options = {"seed": 0, "identity": "capture", "capture": True}
    outcome = fit(model, method.learner(), splits["train"], validate, method.select, config.train, **options)
    assert len(outcome.history) == 2


@needs_cuda
@pytest.mark.parametrize("changes", [{"peak": 0.1, "peak_from": 6}, {"hard": True}, {"decoder": "recurrent"}])
def test_every_setting_of_the_model_can_be_captured(changes):
    _, outcome = trained(inferring(**changes), CUDA, capture=True)
    assert outcome.steps == TRAINING.steps


@needs_cuda
def test_a_captured_run_goes_on_from_its_checkpoint(tmp_path):
    place = tmp_path / "state.pt"
    expected, _ = trained(supervised(), CUDA, capture=True)
    with pytest.raises(loop.OutOfTimeError):
        trained(supervised(), CUDA, checkpoint=place, deadline=0.0, capture=True)
    resumed, _ = trained(supervised(), CUDA, checkpoint=place, resume=True, capture=True)
    for ours, theirs in zip(resumed.parameters(), expected.parameters(), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-3, atol=1e-4)


@needs_cuda
def test_random_numbers_are_drawn_anew():
    captured = Captured(lambda rows: torch.rand(4, device=CUDA) + 0 * rows.sum(), CUDA)
    draws = [captured(torch.arange(2, device=CUDA)).clone() for _ in range(WARM + 3)]
    assert len({tuple(draw.tolist()) for draw in draws}) == len(draws)


@needs_cuda
def test_a_step_that_waits_for_the_device_is_refused():
    """In a process of its own, which is not fit for more afterwards."""
    ended = subprocess.run([sys.executable, "-c", WAITING], capture_output=True, text=True)
    assert ended.returncode
    assert "InputError" in ended.stderr.splitlines()[-1]
    assert "--no-capture" in ended.stderr
