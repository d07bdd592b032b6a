"""Captured steps: the right rows at every call on stand-ins for CUDA, and on a CUDA device the same training."""

import dataclasses
from contextlib import contextmanager, nullcontext

import pytest
import torch
from torch import nn

from reprolib import experiments, optimisers, train
from reprolib.bench.nri import straight_lines
from reprolib.capture import WARM, Captured
from reprolib.data.split import Split
from reprolib.errors import InputError
from reprolib.experiments.entry import change
from reprolib.models.nri import NRI, EdgeClassifier, EdgeClassifierModel, NRIModel
from reprolib.train import Training, fit

needs_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
CPU, CUDA = torch.device("cpu"), torch.device("cuda", 0)
FRAMES, OBJECTS, FEATURES = 14, 4, 4
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
    return model, fit(model, loss, split, score, "score", training, seed=0, identity="capture", **options)


def supervised():
    torch.manual_seed(0)
    return EdgeClassifier(EdgeClassifierModel(width=16, dropout=0.0), FRAMES, FEATURES)


def inferring(**changes):
    torch.manual_seed(0)
    return NRI(NRIModel(width=16, decoder_width=16, restart=4, **changes), FRAMES, FEATURES)


def test_nothing_is_captured_on_a_processor(monkeypatch):
    monkeypatch.setattr(train, "Captured", Never)
    trained(supervised(), capture=True)


def test_rows_whose_steps_are_alike_are_those_of_motion_without_drawn_frames():
    for name in ("nri_edges", "nri_prediction"):
        experiment = experiments.get(name)
        for row in experiment.rows:
            if row.config.train.steps:
                assert experiment.can_capture(row.at("paper"))
                assert row.config.train.optimiser in optimisers.CAPTURABLE
    drawn = change(experiments.get("nri_edges").row("springs_5/NRI (learned)").at("paper"), {"model.windows": 3})
    assert not experiments.get("nri_edges").can_capture(drawn)
    babi = experiments.get("rn_babi")
    assert not babi.can_capture(babi.rows[0].at("paper"))  # its stories are of any length


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
@pytest.mark.parametrize(
    "changes", [{}, {"encoder": "cnn"}, {"decoder": "recurrent"}, {"graph": "inferred", "peak": 0.1, "peak_from": 6}]
)
def test_every_kind_of_model_can_be_captured(changes):
    _, outcome = trained(inferring(**changes), CUDA, capture=True)
    assert outcome.history[-1]["loss"] < outcome.history[0]["loss"]


@needs_cuda
def test_a_captured_run_goes_on_from_its_checkpoint(tmp_path):
    place = tmp_path / "state.pt"
    expected, _ = trained(supervised(), CUDA, capture=True)
    with pytest.raises(train.OutOfTimeError):
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
    layer = nn.Linear(2, 1).cuda()
    captured = Captured(lambda rows: layer(rows[:, None].float().expand(-1, 2)).sum() * float(rows.sum()), CUDA)
    for _ in range(WARM):
        captured(torch.arange(2, device=CUDA))
    with pytest.raises(InputError, match="--no-capture"):
        captured(torch.arange(2, device=CUDA))
