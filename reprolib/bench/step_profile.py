"""Where the time of training goes: which share of it each part of a model takes, and what lies around the model.

Time is that of the processor, on one thread, so that other work on the machine disturbs the shares little.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from reprolib import devices, experiments, paths
from reprolib.bench import keeping
from reprolib.bench.measure import on_threads
from reprolib.contracts.configuration import Config, change
from reprolib.contracts.entry import SCALES, Row
from reprolib.data.split import Split
from reprolib.errors import InputError
from reprolib.pages.tables import lists
from reprolib.training.learner import Job, Learner, Moment, evaluated

STEPS, WARM_UP = 20, 3  # measured steps, spread over the whole run, after some that are not
FEW = {"train": 1000, "valid": 100, "test": 20, "of_others": 20}  # examples at most, so that data are made in seconds
CPU = torch.device("cpu")
REST = "rest"  # of a step: the loss, and what no part below does
PARTS = {  # a part, and the methods of model and search that do it; its time is without that of parts inside it
    "reading": tuple(f"model.{name}.forward" for name in ("reader", "embedding", "story_lstm", "question_lstm")),
    "seeing": ("model.cells.forward",),
    "relating": ("model.relation_network.forward", "model.relation_network.each_relation"),
    "answering": ("model.relation_network.f.forward",),
    "encoding": ("model.encoder.forward",),
    "processing": ("model.core.forward",),
    "decoding": ("model.decoder.forward", "model.read_nodes.forward", "model.read_edges.forward"),
    "predicting": ("model.network.forward", "model.predictor.rollout"),
    "searching": ("search.searched", "search.best"),
    "optimiser": ("optimiser.zero_grad", "optimiser.step"),
}
SAME = ["row", "scale", "device"]  # of shares that take the place of older ones
WHOLE = ("searching", "backward", "optimiser", "evaluation")  # with all that happens inside them


@dataclass(frozen=True)
class Share:
    """The percent of a row's training time that one part takes."""

    row: str
    scale: str
    part: str
    share: float
    device: str


class Ledger:
    """Books the time between two readings of a clock on the part that is at work; none while nothing is."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock, self.spent, self.part = clock, {}, None
        self.since = clock()

    @contextmanager
    def on(self, part: str) -> Iterator[None]:
        """Within, a part works, unless one that counts as a whole does already."""
        if self.part in WHOLE:
            yield
            return
        before = self._turn(part)
        try:
            yield
        finally:
            self._turn(before)

    def _turn(self, part: str | None) -> str | None:
        now, before = self.clock(), self.part
        if before is not None:
            self.spent[before] = self.spent.get(before, 0.0) + now - self.since
        self.since, self.part = now, part
        return before

    @contextmanager
    def watching(self, owner: Any, method: str, part: str) -> Iterator[None]:
        """Within, calls of a method are booked on a part."""
        own, call = vars(owner).get(method), getattr(owner, method)

        def booked(*args: Any, **options: Any) -> Any:
            with self.on(part):
                return call(*args, **options)

        setattr(owner, method, booked)
        try:
            yield
        finally:
            if own is None:
                delattr(owner, method)
            else:
                setattr(owner, method, own)


def run(pattern: str = "*") -> Iterator[list[Share]]:
    """The shares of every headline row that learns and fits a pattern, row by row, at its largest scale for a CPU.

    Raises:
        InputError: no such row fits.
    """
    every = [row for experiment in experiments.every() for row in experiment.rows if row.headline]
    rows = [row for row in every if fnmatchcase(row.name, pattern) and row.at(_scale(row)).train.steps]
    if not rows:
        raise InputError(f"no headline row fits {pattern!r}: choose one of {', '.join(row.name for row in every)}")
    return (profile(row, _scale(row)) for row in rows)


def keep(shares: Sequence[Share]) -> Path:
    """Write shares to the results folder, with day and commit, over those of the same rows and device."""
    return keeping.over(paths.PROFILE, shares, lists.shares(), SAME, "row")


def _scale(row: Row) -> str:
    """The largest that is meant for a CPU."""
    return max(row.minutes.keys() - {"paper"}, key=SCALES.index)


def profile(row: Row, scale: str, clock: Callable[[], float] = time.process_time) -> list[Share]:
    """Shares of training time with its validation, the largest first, on few generated examples.

    A validation takes its share of the steps between two of them, as if it had all the examples of the row.
    """
    ledger, config = Ledger(clock), few(row.at(scale))
    torch.manual_seed(0)
    data = row.source.load(config.data, "generated")
    model = row.method.build(config, data)
    with on_threads(1), torch.random.fork_rng([]):
        _train(ledger, model, row.method.learner(), data.splits["train"], config)
        with ledger.on("evaluation"), torch.no_grad():
            evaluated(row.method.learner(), row.method.evaluate, model.eval(), data.splits["valid"], seed=0)
        device = devices.name(CPU)
    left_out = _size(row.at(scale)) / _size(config)
    ledger.spent["evaluation"] *= left_out * STEPS / config.train.evaluate_every
    total = sum(ledger.spent.values())
    shares = {part: 100 * spent / total for part, spent in ledger.spent.items()}
    return [
        Share(row.name, scale, part, shares[part], device) for part in sorted(shares, key=lambda each: -shares[each])
    ]


def few(config: Config) -> Config:
    """The same with few examples. Where None stands for all that a release has, validation keeps them all."""
    known = config.flat()
    fewer = {f"data.{name}": count for name, count in FEW.items() if f"data.{name}" in known}
    changes = {name: count for name, count in fewer.items() if known[name] is not None and known[name] > count}
    changes |= {name: FEW["valid"] for name in fewer if known[name] is None and name == "data.train"}
    changes |= {"data.others": ()} if "data.others" in known else {}
    return change(config, changes)


def _size(config: Config) -> int:
    """Of the validation split, as the settings count it; 1 where they do not."""
    return config.flat().get("data.valid") or 1


def _train(ledger: Ledger, model: nn.Module, learner: Learner, data: Split, config: Config) -> None:
    """Steps of a run, spread over its length, the first of them unbooked."""
    training, generator = config.train, torch.Generator().manual_seed(0)
    learner.begin(Job(model.train(), data, training, CPU, devices.precision(training.precision, CPU)))
    for number in range(-WARM_UP, STEPS):
        step = max(number, 0) * training.steps // STEPS
        rows = torch.randint(len(data), (min(training.batch, len(data)),), generator=generator)
        with ExitStack() as watched:
            if number >= 0:
                watch(ledger, watched, model, learner)
                watched.enter_context(ledger.on(REST))
            learner.set_rates(step)
            learner.update(Moment(rows, step, 0, seed=0))


def watch(ledger: Ledger, watched: ExitStack, model: nn.Module, learner: Learner) -> None:
    """Book the parts that a model and its learner have."""
    roots = {"model": model, "optimiser": learner.optimiser, "search": getattr(learner, "search", None)}
    for part, methods in PARTS.items():
        for path in methods:
            root, *between, method = path.split(".")
            owner = roots[root]
            for name in between:
                owner = getattr(owner, name, None)
            if hasattr(owner, method):
                watched.enter_context(ledger.watching(owner, method, part))
    watched.enter_context(ledger.watching(Tensor, "backward", "backward"))
    watched.enter_context(ledger.watching(Split, "batch", "batching"))
