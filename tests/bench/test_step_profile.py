"""Where the time of training goes. Nothing here is timed: a clock of the test goes on when a part works."""

import json
from dataclasses import replace
from types import SimpleNamespace

import pandas as pd
import pytest
import torch
from torch import nn

from reprolib import experiments, paths
from reprolib.bench import step_profile
from reprolib.bench.step_profile import Ledger, Share, few, profile
from reprolib.contracts.method import Method
from reprolib.errors import InputError
from reprolib.pages.tables import named
from reprolib.training.learner import Learner


class Clock:
    """What it shows, and goes on by."""

    now = 0.0

    def __call__(self):
        return self.now

    def go(self, seconds):
        self.now += seconds


class Slow(nn.Module):
    """A part that takes so many seconds of the clock."""

    def __init__(self, clock, seconds, inner=None):
        super().__init__()
        self.clock, self.seconds, self.inner, self.layer = clock, seconds, inner, nn.Linear(4, 4)

    def forward(self, inputs):
        self.clock.go(self.seconds)
        hidden = self.layer(inputs)
        return hidden if self.inner is None else self.inner(hidden)


class Model(nn.Module):
    """A relation network in outline: it reads, relates and answers; `f` lies inside what relates."""

    def __init__(self, clock):
        super().__init__()
        self.clock, self.reader, self.relation_network = clock, Slow(clock, 1), Slow(clock, 6)
        self.relation_network.f = Slow(clock, 2)

    def forward(self, batch):
        self.clock.go(0.5)
        return self.relation_network.f(self.relation_network(self.reader(batch["inputs"])))[:, :3]


class Turned(torch.autograd.Function):
    """Nothing, whose gradient takes four seconds of the clock."""

    @staticmethod
    def forward(ctx, loss, clock):
        ctx.clock = clock
        return loss.clone()

    @staticmethod
    def backward(ctx, gradient):
        ctx.clock.go(4)
        return gradient, None


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def row(toy, clock, parts):
    """A row of the toy with the model above, which is validated every 10 steps on 32 examples."""

    def loss(model, batch):
        return Turned.apply(nn.functional.cross_entropy(model(batch), batch["answers"]), clock)

    def evaluate(model, split):
        clock.go(len(split))
        model(split.batch(slice(0, 2)))
        return {"accuracy/all": 0.0}

    code = SimpleNamespace(build=lambda config, data: Model(clock), learner=lambda: Learner(loss), evaluate=evaluate)
    return replace(toy.row("toy/Net"), method=Method(code, select="accuracy/all"))


def test_shares_are_those_of_the_parts_and_sum_to_a_hundred(row, clock):
    """A step takes 1 + 6 + 2 + 0.5 + 4 seconds, and a tenth of a validation of 32 + 9.5."""
    found = {each.part: each.share for each in profile(row, "small", clock)}
    total = 13.5 + 4.15
    assert sum(found.values()) == pytest.approx(100)
    expected = {"relating": 6, "evaluation": 4.15, "backward": 4, "answering": 2, "reading": 1, "rest": 0.5}
    assert {part: share for part, share in found.items() if share} == {
        part: pytest.approx(100 * seconds / total) for part, seconds in expected.items()
    }
    assert list(found)[:3] == ["relating", "evaluation", "backward"], "the largest first"


def test_a_validation_of_more_examples_counts_as_if_it_had_them_all(row, clock, toy):
    """3,200 examples in place of the hundred that are measured: 100 + 9.5 seconds become 32 times as many."""
    large = replace(row, config=replace(row.config, data=replace(row.config.data, valid=3200)))
    found = {each.part: each.share for each in profile(large, "small", clock)}
    validation = 32 * 109.5 / 10
    assert found["evaluation"] == pytest.approx(100 * validation / (13.5 + validation))


def test_what_is_watched_is_as_before_afterwards(row, clock):
    before = vars(torch.Tensor).get("backward"), vars(step_profile.Split)["batch"]
    profile(row, "small", clock)
    assert (vars(torch.Tensor).get("backward"), vars(step_profile.Split)["batch"]) == before
    model = Model(clock)
    ledger = Ledger(clock)
    with pytest.raises(RuntimeError), ledger.watching(model.reader, "forward", "reading"):
        model.reader(torch.zeros(2, 3))
    assert "forward" not in vars(model.reader)
    assert (ledger.part, ledger.spent) == (None, {"reading": 1.0})


def test_a_part_that_counts_as_a_whole_takes_what_happens_inside_it(clock):
    ledger = Ledger(clock)
    clock.go(100)
    with ledger.on("rest"):
        with ledger.on("searching"):
            clock.go(1)
            with ledger.on("predicting"):
                clock.go(2)
        with ledger.on("predicting"):
            clock.go(4)
        clock.go(8)
    clock.go(100)
    assert ledger.spent == {"searching": 3.0, "predicting": 4.0, "rest": 8.0}


def test_examples_are_few_and_whatever_else_is_the_row_s_own():
    for experiment in experiments.every():
        for row in experiment.rows:
            if row.headline:
                before = row.at(step_profile._scale(row))
                after = few(before)
                assert (after.model, after.train) == (before.model, before.train)
                counts = {name: after.flat().get(f"data.{name}") for name in step_profile.FEW}
                assert all(count is None or count <= step_profile.FEW[name] for name, count in counts.items())


def test_every_path_of_a_part_is_in_the_sources():
    """Paths that nothing has would book nothing, and nobody would notice."""
    sources = "".join(path.read_text() for path in (paths.ROOT / "reprolib").rglob("*.py") if "bench" not in str(path))
    for methods in step_profile.PARTS.values():
        for path in methods:
            *_, owner, method = path.split(".")
            assert f"def {method}(" in sources or owner == "optimiser"
            assert owner in ("model", "search", "optimiser") or f"self.{owner}" in sources, path


def test_an_unknown_row_is_named(toy):
    with pytest.raises(InputError, match=r"no headline row fits 'toy/Majority': choose one of toy/Net, toy/Norm"):
        step_profile.run("toy/Majority")


def test_profiles_are_kept_and_listed(toy, cli, monkeypatch):
    shares = [
        Share("toy/Net", "small", part, percent, "abacus") for part, percent in (("relating", 70.4), ("rest", 29.6))
    ]
    monkeypatch.setattr(step_profile, "run", lambda pattern: [shares])
    code, out, err = cli("profile", "--row", "toy/*", "--keep")
    assert (code, out) == (0, "toy/Net small: relating 70 %, rest 30 %\n")
    assert err == f"kept in {paths.results() / paths.PROFILE}\n"
    assert json.loads(cli("profile", "--json")[1])[0]["part"] == "relating"
    step_profile.keep([replace(shares[0], share=100.0), replace(shares[0], row="toy/Norm")])
    kept = pd.read_csv(paths.results() / paths.PROFILE)
    assert list(zip(kept["row"], kept["part"], kept["share"], strict=True)) == [
        ("toy/Net", "relating", 100.0),
        ("toy/Norm", "relating", 70.4),
    ]
    lines = named.text("profile", "md").splitlines()[2:]
    assert lines[1].startswith("| toy/Norm | small | relating 70 | 0 | 0 | 0 | 0 | 0 | abacus |")
    (paths.results() / paths.PROFILE).write_text("row,part\n")
    code, _, complaint = cli("profile", "--keep")
    assert code == 2
    assert "profile.csv cannot be read" in complaint
    assert "run reprolib profile --keep" in complaint
