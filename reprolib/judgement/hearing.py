"""What the measurements at one scale, on one kind of data, say about printed figures and claimed orders."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from reprolib import experiments
from reprolib.contracts.entry import Derived, Experiment, Row
from reprolib.evidence import claims, kinds, published
from reprolib.evidence.claims import Claim, Comparison
from reprolib.evidence.estimates import Estimate, average
from reprolib.evidence.published import Line
from reprolib.evidence.records import Record
from reprolib.evidence.spelling import number
from reprolib.judgement.derived import derived
from reprolib.judgement.verdicts import (
    LESS,
    Closeness,
    Key,
    Measurement,
    Order,
    beats,
    better,
    closeness,
    healthy,
    level,
    measurements,
    no_worse,
)

Setting = tuple[str, str]  # scale, kind of data
Name = tuple[str, str]  # task, system


@dataclass(frozen=True)
class Known:
    """All that can be asked about: the suite's rows, the printed figures, and what was measured."""

    measured: Mapping[Key, Measurement]
    rows: Mapping[Name, tuple[Experiment, Row | Derived]]
    lines: tuple[Line, ...]
    figures: Mapping[tuple[str, str, str], float | None]  # by task, system and metric

    @classmethod
    def of(cls, found: Iterable[Record]) -> "Known":
        """What these records, the suite and published.csv hold; of a figure that two papers print, the first."""
        every = experiments.every()
        rows = {(row.task, row.system): (each, row) for each in every for row in (*each.rows, *each.derived)}
        lines = published.read()
        figures = {(line.task, line.system, line.metric): line.value for line in reversed(lines)}
        measured = measurements(found)
        for figure in (figure for each in every for figure in each.derived):
            measured |= derived(figure, measured)
        return cls(measured, rows, lines, figures)

    def tasks(self, comparison: Comparison) -> list[str]:
        """The tasks of a comparison, patterns filled in."""
        known = dict.fromkeys([*(task for task, _ in self.rows), *(line.task for line in self.lines)])
        found = {name: None for pattern in comparison.tasks for name in known if fnmatchcase(name, pattern)}
        return list(found) or list(comparison.tasks)

    def figure(self, task: str, system: str, metric: str) -> float | None:
        """The printed figure of a system, or the difference of two; None where one is not printed."""
        parts = [self.figures.get((task, system, name)) for name in metric.split(LESS)]
        return None if None in parts else parts[0] - sum(parts[1:])


@dataclass(frozen=True)
class Compared:
    """One comparison on one metric of one task, as it came out."""

    task: str
    metric: str
    comparison: Comparison
    order: Order
    reason: str
    excused: bool = False  # a record is lacking, or one of the two failed to train
    claim: str = ""  # the identifier of the claim that makes it, where one figure was asked for


@dataclass(frozen=True)
class Figured:
    """One printed figure with ours: how close it is, and its mean as its kind compares it; None without a record."""

    line: Line
    baseline: bool  # it is not what the paper is about
    closeness: Closeness | None
    ours: Estimate | None


@dataclass(frozen=True)
class Hearing:
    """The measurements of one claim at one scale on one kind of data.

    Args:
        cast: who is measured in whose place, where a row of ours stands for a printed system.
    """

    known: Known
    setting: Setting
    cast: Mapping[Name, Name]

    def of(self, task: str, system: str) -> Measurement | None:
        return self.known.measured.get((*self.cast.get((task, system), (task, system)), *self.setting))

    def figures(self, claim: Claim) -> tuple[Figured, ...]:
        """The printed figures of the claim with ours."""
        return tuple(map(self._figured, claim.printed(self.known.lines)))

    def _figured(self, line: Line) -> Figured:
        found, entry = self.of(line.task, line.system), self.known.rows.get((line.task, line.system))
        baseline = entry is not None and entry[1].baseline
        return Figured(line, baseline, self.closeness(line), found.estimate(line.metric) if found else None)

    def closeness(self, line: Line) -> Closeness | None:
        found, entry = self.of(line.task, line.system), self.known.rows.get((line.task, line.system))
        return closeness(line, found, entry[1].baseline) if found and entry else None

    def compare(self, comparison: Comparison) -> list[Compared]:
        """The comparison on each of its tasks and metrics."""
        return [
            Compared(task, metric, comparison, *self._order(task, metric, comparison))
            for task in self.known.tasks(comparison)
            for metric in self._metrics(task, comparison)
        ]

    def _metrics(self, task: str, comparison: Comparison) -> list[str]:
        """The metrics of a comparison on a task, patterns filled in."""
        first = self.of(*claims.placed(task, comparison.systems[0]))
        known = dict.fromkeys(first.first.metrics if first else ())
        known |= dict.fromkeys(line.metric for line in self.known.lines if line.task == task)
        found: dict[str, None] = {}
        for pattern in comparison.metrics:
            found |= {name: None for name in known if fnmatchcase(name, pattern)} or {pattern: None}
        return list(found)

    def _order(self, task: str, metric: str, comparison: Comparison) -> tuple[Order, str, bool]:
        one, other = (self._estimate(task, metric, side) for side in (comparison.one, comparison.other))
        said = f"{comparison.one} {claims.SIGNS[comparison.sign]} {comparison.other} on {metric} of {task}"
        if one is None or other is None:
            return "unsure", f"{said}: a record is lacking", True
        if excuse := self._excuse(task, metric, comparison, one):
            return "unsure", f"{said}: {excuse}", True
        if comparison.sign == ">":
            order = better(metric, one, other, self._printed_gap(task, metric, comparison))
        else:
            order = (level if comparison.sign == "~" else no_worse)(metric, one, other)
        return order, f"{said}: {order}, {_shown(metric, one)} against {_shown(metric, other)}", False

    def _estimate(self, task: str, metric: str, side: str) -> Estimate | None:
        """One side of a comparison: a number, a measured system, one with a printed figure only, or a mean of two."""
        if (value := claims.number(side)) is not None:
            return Estimate(kinds.of(metric).scaled(value))
        parts = [self._system(task, metric, name) for name in side.split(" + ")]
        return None if None in parts else average(parts) if len(parts) > 1 else parts[0]

    def _system(self, task: str, metric: str, system: str) -> Estimate | None:
        name = claims.placed(task, system)
        if name in self.known.rows:
            found = self.of(*name)
            return found.estimate(metric) if found else None
        printed = self.known.figure(*name, metric)
        return None if printed is None else Estimate(kinds.of(metric).scaled(printed))

    def _excuse(self, task: str, metric: str, comparison: Comparison, one: Estimate) -> str:
        """Why an order cannot be told: who claims it does not beat chance, or a baseline was trained badly."""
        chance = self._chance(task, metric)
        if chance is not None and comparison.other != chance[0] and not beats(metric, one, chance[1]):
            return f"{comparison.one} does not beat chance"
        for system in comparison.systems[1:]:
            name = claims.placed(task, system)
            entry, printed = self.known.rows.get(name), self.known.figure(*name, metric)
            found = self._system(task, metric, system)
            if entry and entry[1].baseline and printed is not None and not healthy(metric, found, printed):
                return f"{system} is far worse than printed, a baseline that was trained badly"
        return ""

    def _chance(self, task: str, metric: str) -> tuple[str, Estimate] | None:
        """Who guesses, and how well; None where nothing is known of the metric."""
        experiment = next((entry[0] for (of, _), entry in self.known.rows.items() if of == task), None)
        if experiment is None:
            return None
        for pattern, side in experiment.chance.items():
            if fnmatchcase(metric, pattern) and (found := self._estimate(task, metric, side)):
                return side, found
        return None

    def _printed_gap(self, task: str, metric: str, comparison: Comparison) -> float | None:
        sides = (claims.placed(task, side) for side in (comparison.one, comparison.other))
        values = [self.known.figure(*side, metric) for side in sides]
        return None if None in values else kinds.of(metric).gain(*values)

    def told(self, figures: Sequence[Figured], compared: Sequence[Compared]) -> list[str]:
        """The reasons: every figure, then every comparison that does not hold, or that all do."""
        said = [f"{one.line.system}, {one.line.metric} of {one.line.task}: {_both(one)}" for one in figures]
        open_ = [each.reason for each in compared if each.order != "holds"]
        said += open_ or [f"all {len(compared)} comparisons hold"] * bool(compared)
        who = [f"{theirs[1]} is {ours[1]}" for theirs, ours in self.cast.items() if theirs != ours]
        return [*who, *said]


def _both(figure: Figured) -> str:
    """How close a figure is, and both sides of it."""
    if figure.ours is None:
        return "a record is lacking"
    line = figure.line
    printed = f"{line.bound} {number(line.value, line.metric)}".strip()
    return f"{figure.closeness}, {_shown(line.metric, figure.ours)} against {printed}"


def _shown(metric: str, found: Estimate) -> str:
    """A mean as it is written."""
    return number(kinds.of(metric).unscaled(found.mean), metric)
