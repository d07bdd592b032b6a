"""How close a figure of ours is to a printed one, and whether an order between systems holds: computed, never typed."""

import math
import statistics
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from reprolib.evidence import kinds
from reprolib.evidence.estimates import Estimate, estimate, half_width
from reprolib.evidence.published import ABOVE, Line
from reprolib.evidence.records import Record

Closeness = Literal["close", "unsure", "short"]
Order = Literal["holds", "unsure", "fails"]
SEEDS = (0, 1, 2)  # that a verdict on a trained system counts, none left out
FURTHER = (3, 4)  # which are added once, together, where three seeds leave it unsure
ROUNDING = 1e-9  # of a binary number, by which no margin is missed
LAST, GAIN, GAIN_OF_ERROR = 0.2, 0.5, 0.05  # of a run: what was gained in it that is still improving
LESS = "-"  # between two metrics: their difference, seed by seed


@dataclass(frozen=True)
class Measurement:
    """One system on one task at one scale on one kind of data, over its seeds."""

    records: tuple[Record, ...]
    made_of: tuple[Record, ...] = ()  # of a derived figure: the records that it was computed from

    @property
    def evidence(self) -> tuple[Record, ...]:
        """The records that were written by runs."""
        return self.made_of or self.counted

    @property
    def first(self) -> Record:
        """The record of the smallest seed."""
        return self.records[0]

    @property
    def trained(self) -> bool:
        """Whether the system learns, or starts from one that has, so that one seed differs from another."""
        return any(record.learned for record in self.records)

    @property
    def counted(self) -> tuple[Record, ...]:
        """The records that a verdict is made of."""
        by_seed = {record.seed: record for record in self.records}
        wanted = (*SEEDS, *FURTHER) if by_seed.keys() >= {*FURTHER} else SEEDS
        return tuple(by_seed[seed] for seed in wanted if seed in by_seed)

    @property
    def enough(self) -> bool:
        """Whether there are as many seeds as a verdict asks for."""
        return len(self.counted) >= (len(SEEDS) if self.trained else 1)

    def values(self, metric: str) -> list[float]:
        """The metric, or the difference of two, of every seed that has it."""
        first, *rest = metric.split(LESS)
        having = [record for record in self.counted if all(name in record.metrics for name in (first, *rest))]
        return [record.metrics[first] - sum(record.metrics[name] for name in rest) for record in having]

    def estimate(self, metric: str) -> Estimate | None:
        """The metric's mean over seeds, as its kind is compared; None where no seed has it."""
        values, kind = self.values(metric), kinds.of(metric)
        if not values:
            return None
        names = metric.split(LESS)
        errors = [math.hypot(*(record.errors.get(name, 0.0) for name in names)) for record in self.counted]
        mean = statistics.fmean(values)
        relative = [error / mean if mean else 0.0 for error in errors]
        return estimate([kind.scaled(value) for value in values], relative if kind.by_factor else errors, self.enough)


def improving(record: Record) -> bool:
    """Whether the last fifth of a run still gained: half a point of an accuracy, or a twentieth of an error.

    What a learner tells of itself, such as a temperature, does not count.
    """
    early = [entry for entry in record.curve if entry["step"] <= (1 - LAST) * record.steps]
    told = record.curve[0] if early else ()
    for name in (name for name in told if name == kinds.SCORE or name.partition("/")[0] in kinds.KINDS):
        before, after = (max(entry[name] for entry in part if name in entry) for part in (early, record.curve))
        relative = name == kinds.SCORE  # a likelihood, which is an error with its sign turned
        if after - before >= (GAIN_OF_ERROR * abs(before) if relative else GAIN):
            return True
    return False


Key = tuple[str, str, str, str]  # task, system, scale, kind of data


def measurements(found: Iterable[Record]) -> dict[Key, Measurement]:
    """Records grouped by task, system, scale and kind of data, seeds in order."""
    groups: dict[Key, list[Record]] = {}
    for record in found:
        groups.setdefault((record.task, record.system, record.scale, record.kind), []).append(record)
    return {key: Measurement(tuple(sorted(group, key=lambda r: r.seed))) for key, group in groups.items()}


def closeness(line: Line, measurement: Measurement, baseline: bool) -> Closeness | None:
    """How close ours is to a printed figure; None where one of the two is missing.

    Close: the one-sided 90 % bound of the mean lies within a margin of the printed figure, or is better. Unsure: only
    the mean does, or there are too few seeds. A baseline is held from both sides.
    """
    found, kind = measurement.estimate(line.metric), kinds.of(line.metric)
    if found is None or line.value is None:
        return None
    if kind.whole:
        return _counted(measurement.values(line.metric), line.value, found.enough)
    above = line.bound == ABOVE
    margin = 0.0 if above else kind.close(line.value) + ROUNDING
    gain = (found.mean - kind.scaled(line.value)) * (-1 if kind.lower else 1)
    sides = [gain, -gain] if baseline and not above else [gain]
    if found.enough and all(side - found.bound() > -margin for side in sides):
        return "close"
    return "unsure" if all(side > -margin for side in sides) else "short"


def _counted(values: list[float], printed: float, enough: bool) -> Closeness:
    """Of things that are counted, such as tasks passed: the median is there and no seed is more than one below."""
    if statistics.median(values) < printed or min(values) < printed - 1:
        return "short"
    return "close" if enough else "unsure"


def better(metric: str, one: Estimate, other: Estimate, printed: float | None) -> Order:
    """Whether one is better than the other: by Welch's interval, and by at least half of a printed gap.

    Args:
        printed: the gap of the printed figures, as they are compared; None where one of them is not printed.
    """
    gap = _gap(metric, one, other)
    if gap <= 0 or gap < (printed or 0.0) / 2:
        return "fails"
    return "holds" if one.enough and other.enough and gap > half_width(one, other) else "unsure"


def level(metric: str, one: Estimate, other: Estimate) -> Order:
    """Whether two are as good as each other: their interval lies within two points or a factor of 1.5."""
    return _within([abs(_gap(metric, one, other))], metric, one, other)


def no_worse(metric: str, one: Estimate, other: Estimate) -> Order:
    """Whether one is better than the other, or at most two points or a factor of 1.5 worse."""
    return _within([-_gap(metric, one, other)], metric, one, other)


def _within(distances: list[float], metric: str, one: Estimate, other: Estimate) -> Order:
    kind = kinds.of(metric)
    margin = kind.margin(kind.level) + ROUNDING
    if max(distances) > margin:
        return "fails"
    sure = one.enough and other.enough and max(distances) + half_width(one, other) <= margin
    return "holds" if sure else "unsure"


def _gap(metric: str, one: Estimate, other: Estimate) -> float:
    """How much better the one is, as it is compared."""
    return (one.mean - other.mean) * (-1 if kinds.of(metric).lower else 1)


def healthy(metric: str, found: Estimate, printed: float) -> bool:
    """Whether a baseline is at most five points, or a factor of three, worse than printed."""
    kind = kinds.of(metric)
    return _gap(metric, found, Estimate(kind.scaled(printed))) >= -kind.margin(kind.health) - ROUNDING


def beats(metric: str, found: Estimate, chance: Estimate) -> bool:
    """Whether a system is better than chance, by the bound of its mean."""
    return _gap(metric, found, chance) > found.bound()
