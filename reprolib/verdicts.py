"""Verdicts: what a measurement of ours says about a published figure, computed and never typed."""

import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Literal

from reprolib import published
from reprolib.experiments.entry import Comparison, Experiment, Row
from reprolib.metrics import lower_is_better
from reprolib.published import Line
from reprolib.records import Record

Verdict = Literal["reproduced", "partly", "not reproduced", "not attempted"]
SEEDS = 3  # that a reproduction needs
OTHER_DATA = ("generated", "are not the release")  # in deviations
POINTS = 1.0  # percent points within which two accuracies agree
FACTOR = 1.5  # within which two squared errors agree


@dataclass(frozen=True)
class Measurement:
    """One system on one task at one scale on one kind of data, over its seeds."""

    records: tuple[Record, ...]

    @property
    def first(self) -> Record:
        """The record of the smallest seed."""
        return self.records[0]

    def values(self, metric: str) -> list[float]:
        """The metric of every seed that has it."""
        return [record.metrics[metric] for record in self.records if metric in record.metrics]


Key = tuple[str, str, str, str]  # task, system, scale, kind of data


def measurements(found: Iterable[Record]) -> dict[Key, Measurement]:
    """Records grouped by task, system, scale and kind of data, seeds in order."""
    groups: dict[Key, list[Record]] = {}
    for record in found:
        groups.setdefault((record.task, record.system, record.scale, record.kind), []).append(record)
    return {key: Measurement(tuple(sorted(group, key=lambda r: r.seed))) for key, group in groups.items()}


def judge(
    line: Line, experiment: Experiment, row: Row, measurement: Measurement, measured: dict[Key, Measurement]
) -> tuple[Verdict | None, str]:
    """The verdict on one line and, in a few words, why."""
    first, declared = measurement.first, [c for c in row.comparisons if fnmatchcase(line.metric, c.metric)]
    if line.paper == published.OURS and (not declared or first.scale == "smoke"):
        return None, "a reference of ours; nothing is claimed"
    if first.scale == "smoke":
        return "not attempted", "smoke scale shows that it runs, not what it reaches"
    faithful = experiment.own_procedure or (first.kind == "real" and not stands_in(measurement))
    faithful = faithful and line.paper != published.OURS  # which no paper prints
    values = measurement.values(line.metric)
    if first.scale == "paper" and faithful and len(values) >= SEEDS and agrees(line, values, row.baseline):
        return "reproduced", f"paper scale, {len(values)} seeds"
    if not declared:
        return "not reproduced", f"{first.scale} scale; no comparison is declared for this metric"
    return _all_of(tuple(_compared(comparison, line, measurement, measured) for comparison in declared))


def stands_in(measurement: Measurement) -> bool:
    """Whether a seed had other data than the released ones, generated or in part, as its deviations say."""
    said = [deviation for record in measurement.records for deviation in record.deviations]
    return any(word in deviation for deviation in said for word in OTHER_DATA)


def agrees(line: Line, values: Sequence[float], baseline: bool) -> bool:
    """Whether a mean over seeds is as good as the published figure, or near it (from both sides for a baseline)."""
    if line.value is None:
        return False
    mean = statistics.fmean(values)
    if line.metric.startswith("mse/"):
        return line.value / FACTOR <= mean <= line.value * FACTOR if baseline else mean <= line.value * FACTOR
    error = statistics.stdev(values) / math.sqrt(len(values)) if len(values) > 1 else 0.0
    tolerance = max(2 * error, POINTS if line.unit == "percent" else 0.0)
    shortfall = (mean - line.value) if lower_is_better(line.metric) else (line.value - mean)
    return abs(shortfall) <= tolerance if baseline else shortfall <= tolerance


def _all_of(compared: tuple[tuple[Verdict, str], ...]) -> tuple[Verdict, str]:
    """Partly where every comparison holds; the reason names those that do not, where there are any."""
    failing = [reason for verdict, reason in compared if verdict != "partly"]
    if failing:
        return "not reproduced", "; ".join(failing)
    return "partly", compared[0][1] if len(compared) == 1 else f"all {len(compared)} declared comparisons hold"


def _compared(
    comparison: Comparison, line: Line, measurement: Measurement, measured: dict[Key, Measurement]
) -> tuple[Verdict, str]:
    first = measurement.first
    other = measured.get((line.task, comparison.system, first.scale, first.kind))
    if other is None or not other.values(line.metric):
        return "not reproduced", f"the declared comparison lacks a record of {comparison.system}"
    ours, theirs = (statistics.fmean(one.values(line.metric)) for one in (measurement, other))
    direction, margin = ("better" if comparison.margin >= 0 else "worse"), abs(comparison.margin)
    if line.metric.startswith("mse/"):
        margin = max(margin, 1.0)
        factor = theirs / ours if comparison.margin >= 0 else ours / theirs
        asked, shown, holds = f"a factor of {margin:g}", f"{factor:.3g}", factor >= margin
    else:
        gain = theirs - ours if lower_is_better(line.metric) else ours - theirs
        asked, shown = f"{margin:g}", f"{gain:+.1f}"
        holds = gain >= margin if comparison.margin >= 0 else gain <= -margin
    verdict = "partly" if holds else "not reproduced"
    return verdict, f"{direction} than {comparison.system} by {asked}: {'yes' if holds else 'no'}, {shown}"
