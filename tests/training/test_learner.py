"""The learner: that the default is what it says, and that another one can do all that the loop promises."""

import contextlib
import dataclasses
import signal

import pytest
import torch
from torch import nn

from reprolib import paths
from reprolib.data.split import shuffled
from reprolib.errors import InputError
from reprolib.evidence import records
from reprolib.running import runs
from reprolib.settings.recipe import Training, learning_rate
from reprolib.training.learner import Learner, Plateau, evaluated
from reprolib.training.loop import OutOfTimeError, fit

STEPS = Training(steps=30, batch=16, rate=1e-2, schedule="cosine", warmup=5, clip=1.0, evaluate_every=10)
EXAMPLES, SEED = 96, 3


@pytest.fixture
def toys(toy, parts):
    """toys(learner, training) -> a model, its learner and what training gave, None where it was cut off."""

    def train(learner, training=STEPS, **options):
        config = toy.row("toy/Net").config
        data = parts.source.load(config.data, "generated")
        torch.manual_seed(0)
        model = parts.code.build(config, data)

        def validate(model):
            return evaluated(learner, parts.code.evaluate, model, data.splits["valid"], seed=0)

        what = (model, learner, data.splits["train"], validate, "accuracy/all", training)
        with contextlib.suppress(OutOfTimeError):
            return model, learner, fit(*what, seed=SEED, identity="a", **options)
        return model, learner, None

    return train


def same(one, other):
    return all(torch.equal(a, b) for a, b in zip(one.state_dict().values(), other.state_dict().values(), strict=True))


def test_the_default_is_a_plain_loop_to_the_last_bit(toy, toys, parts):
    model, _, outcome = toys(Learner(parts.loss), dataclasses.replace(STEPS, evaluate_every=30))
    config = toy.row("toy/Net").config
    data = parts.source.load(config.data, "generated")
    train = data.splits["train"]
    torch.manual_seed(0)
    plain = parts.code.build(config, data).train()
    optimiser = torch.optim.Adam(plain.parameters(), lr=STEPS.rate)
    losses = []
    for epoch in range(5):
        order = shuffled(EXAMPLES, 1, torch.Generator().manual_seed(1_000_003 * SEED + epoch))
        for rows in order.split(STEPS.batch):
            optimiser.param_groups[0]["lr"] = learning_rate(STEPS, len(losses))
            optimiser.zero_grad()
            loss = parts.loss(plain, train.batch(rows))
            loss.backward()
            nn.utils.clip_grad_norm_(plain.parameters(), STEPS.clip)
            optimiser.step()
            losses.append(loss.item())
    assert len(losses) == STEPS.steps
    assert same(model, plain)
    assert outcome.history[-1]["loss"] == pytest.approx(sum(losses) / len(losses), rel=1e-6)


def test_another_learner_trains_and_tells_the_curve_what_it_counts(guessing, toys):
    model, _, outcome = toys(guessing())
    assert [entry["epochs"] for entry in outcome.history] == [1, 3, 5]  # of six steps
    assert all(entry["guess"] > 0 for entry in outcome.history)
    assert len({entry["drawn"] for entry in outcome.history}) == 3
    assert outcome.history[-1]["accuracy/all"] > 60
    assert not any("guess" in name or "shift" in name for name in model.state_dict()), "its state is no weight"


def test_what_it_keeps_of_every_example_survives_an_interruption(guessing, toys, tmp_path):
    place = tmp_path / "state.pt"
    whole, first, curve = toys(guessing())
    assert toys(guessing(), checkpoint=place, deadline=0.0)[2] is None
    parted, second, again = toys(guessing(), checkpoint=place, resume=True)
    assert same(whole, parted)
    assert first.examples["guess"].equal(second.examples["guess"])
    assert first.shift.equal(second.shift)
    assert again.history == curve.history


def test_kill_9_then_resume_gives_the_same_bits(guessing, process, toy, monkeypatch, request_of, parts):
    words = ("run", "toy", "--row", "toy/Net", "--scale", "small")
    assert process(*words, TOY_GUESSING="1", TOY_SIGNAL="9@35").returncode == -signal.SIGKILL
    assert process(*words, "--resume", TOY_GUESSING="1").returncode == 0
    (path,) = paths.results().rglob("*.json")
    resumed = records.read(path)
    monkeypatch.setattr(parts.code, "learner", guessing)
    whole = runs.run(request_of("Net", "small"), device="cpu", root=paths.results() / "whole")
    assert resumed.curve == whole.curve
    assert (resumed.metrics, resumed.weights["sha256"]) == (whole.metrics, whole.weights["sha256"])


def test_two_workers_share_what_they_keep_of_the_examples(process, toy):
    """Without dropout, in float64: the sum of all guesses is that of one worker."""
    launcher = ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2")
    words = ("run", "toy", "--row", "toy/Net", "--scale", "small", "--set", "model.dropout=0.0")
    roots = paths.results(), paths.results() / "one"
    two = process(*words, launcher=launcher, TOY_DOUBLE="1", TOY_GUESSING="1")
    one = process(*words, TOY_DOUBLE="1", TOY_GUESSING="1", REPROLIB_RESULTS=str(roots[1]))
    assert (two.returncode, one.returncode) == (0, 0), two.stderr + one.stderr
    both, alone = (records.read(next(root.glob("toy/attempts/*/*.json"))) for root in roots)
    assert (both.workers, alone.workers) == (2, 1)
    for entry, other in zip(both.curve, alone.curve, strict=True):
        assert entry["guess"] == pytest.approx(other["guess"], abs=1e-5)
        assert entry["epochs"] == other["epochs"]


def test_adapting_at_test_time_leaves_the_training_as_it_was(guessing, toys):
    class Untouched(guessing):
        def adapt(self, model, split, generator):
            return split

    (_, one, adapted), (_, other, plain) = toys(guessing()), toys(Untouched())
    assert one.examples["guess"].equal(other.examples["guess"])
    assert one.shift.equal(other.shift)
    assert [entry["loss"] for entry in adapted.history] == [entry["loss"] for entry in plain.history]


def test_adapting_uses_gradients_and_the_same_numbers_every_time(guessing, toy, parts):
    config = toy.row("toy/Net").config
    data, seen = parts.source.load(config.data, "generated"), []
    model = parts.code.build(config, data).eval()

    def spy(model, split):
        seen.append(split.columns["inputs"])
        return {}

    before = torch.get_rng_state()
    with torch.no_grad():
        for seed in (0, 0, 1):
            evaluated(guessing(), spy, model, data.splits["test"], seed)
    assert torch.get_rng_state().equal(before)
    assert seen[0].equal(seen[1])
    assert not seen[0].equal(seen[2])
    assert not seen[0].equal(data.splits["test"].columns["inputs"])
    assert not any(tensor.requires_grad for tensor in seen)


def test_a_record_is_measured_again_with_the_same_adaptation(guessing, toy, monkeypatch, request_of, parts):
    monkeypatch.setattr(parts.code, "learner", guessing)
    request = request_of("Net", "small")
    record = runs.run(request, device="cpu")
    kept, now = runs.evaluate(request.place(paths.results()))
    assert now == record.metrics == kept.metrics


PLATEAU = dataclasses.replace(STEPS, schedule="plateau", plateau=1)


@pytest.mark.parametrize(
    ("changes", "scores", "shares"),
    [
        ({}, [1, 2, 3, 4], [1, 1, 1, 1]),
        ({}, [1, 1, 1, 1, 1, 1], [1, 1, 0.5, 0.5, 0.25, 0.25]),
        ({}, [2, 1, 3, 1, 1, 1], [1, 1, 1, 1, 0.5, 0.5]),
        ({"plateau": 0}, [1, 1, 1], [1, 0.5, 0.25]),
        ({"plateau": 0, "cooldown": 2}, [1, 1, 1, 1, 1], [1, 0.5, 0.5, 0.5, 0.25]),
        ({"plateau": 0, "floor": 0.3}, [1, 1, 1, 1], [1, 0.5, 0.3, 0.3]),
    ],
)
def test_a_rate_is_halved_where_validation_stands_still(changes, scores, shares):
    plateau = Plateau(dataclasses.replace(PLATEAU, **changes))
    found = []
    for score in scores:
        plateau.step(float(score))
        found.append(plateau.factor)
    assert found == shares


def test_a_plateau_goes_on_where_it_was(toy, toys, tmp_path, parts):
    training = dataclasses.replace(PLATEAU, plateau=0, evaluate_every=3)
    place = tmp_path / "state.pt"
    whole, learner, _ = toys(Learner(parts.loss), training)
    toys(Learner(parts.loss), training, checkpoint=place, deadline=0.0)
    parted, again, _ = toys(Learner(parts.loss), training, checkpoint=place, resume=True)
    assert learner.plateau.factor == again.plateau.factor < 1
    assert learner.optimiser.param_groups[0]["lr"] < 0.6 * STEPS.rate
    assert same(whole, parted)


@pytest.mark.parametrize("setting", ["plateau", "cooldown", "floor"])
def test_a_plateau_of_less_than_nothing_is_refused(setting):
    with pytest.raises(InputError, match=rf"train.{setting} is -1: give a number of 0 and up"):
        dataclasses.replace(PLATEAU, **{setting: -1})
