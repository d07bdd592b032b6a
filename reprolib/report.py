"""Paper-against-ours tables and verdicts, computed from the records."""

import json
import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from typing import Literal

import pandas as pd

from reprolib import experiments, paths, published, records
from reprolib.errors import InputError
from reprolib.experiments import quoted
from reprolib.experiments.entry import SCALES, Comparison, Experiment, Row
from reprolib.published import Line
from reprolib.records import Record
from reprolib.runs import Request

Verdict = Literal["reproduced", "partly", "not reproduced", "not attempted"]
SEEDS = 3  # that a reproduction needs
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


@dataclass(frozen=True)
class Cell:
    """One published line beside one measurement of ours, or beside none."""

    paper: str
    table: str
    system: str
    task: str
    metric: str
    unit: str
    published: float | None
    ours: float | None
    std: float | None
    n: int
    scale: str | None
    data: str | None
    device: str | None
    verdict: Verdict | None  # None where nothing is claimed
    command: str | None
    reason: str
    recalled: bool


Key = tuple[str, str, str, str]  # task, system, scale, kind of data


def measurements(found: Iterable[Record]) -> dict[Key, Measurement]:
    """Records grouped by task, system, scale and kind of data, seeds in order."""
    groups: dict[Key, list[Record]] = {}
    for record in found:
        groups.setdefault((record.task, record.system, record.scale, record.kind), []).append(record)
    return {key: Measurement(tuple(sorted(group, key=lambda r: r.seed))) for key, group in groups.items()}


def cells(name: str = "all", found: Sequence[Record] | None = None) -> list[Cell]:
    """The table of one experiment, or of all: every published line, beside each of our measurements of it.

    Args:
        name: an experiment's name or "all".
        found: the records; by default the committed ones.
    """
    every = experiments.every()
    chosen = every if name == "all" else [experiments.get(name)]
    if found is None:
        found = [record for _, record in records.read_all(paths.results())]
    known = {(row.task, row.system): (experiment, row) for experiment in every for row in experiment.rows}
    tasks = {row.task for experiment in chosen for row in experiment.rows}
    lines = [line for line in published.read() if name == "all" or line.task in tasks]
    measured = measurements(found)
    return [cell for line in lines for cell in _cells_of(line, known.get((line.task, line.system)), measured)]


def _cells_of(line: Line, entry: tuple[Experiment, Row] | None, measured: dict[Key, Measurement]) -> list[Cell]:
    """One cell for every scale and kind of data that has the line's metric, else one without a number."""
    if entry is None:
        return [_empty(line, quoted.reason(line.task, line.system), None)]
    experiment, row = entry
    found = [
        _measured(line, experiment, row, measurement, measured)
        for key, measurement in sorted(measured.items(), key=lambda item: _order(item[0]))
        if key[:2] == (line.task, line.system) and measurement.values(line.metric)
    ]
    command = Request(experiment, row, "paper").command
    return found or [_empty(line, "no record yet", command)]


def _order(key: Key) -> tuple[int, str]:
    """The most telling measurement first: large scales, real data."""
    return -SCALES.index(key[2]), "" if key[3] == "real" else key[3]


def _empty(line: Line, reason: str, command: str | None) -> Cell:
    verdict = None if line.paper == published.OURS else "not attempted"
    return _cell(line, verdict=verdict, reason=reason, command=command)


def _measured(
    line: Line, experiment: Experiment, row: Row, measurement: Measurement, measured: dict[Key, Measurement]
) -> Cell:
    values, first = measurement.values(line.metric), measurement.first
    verdict, reason = judge(line, experiment, row, measurement, measured)
    return _cell(
        line,
        ours=statistics.fmean(values),
        std=statistics.stdev(values) if len(values) > 1 else None,
        n=len(values),
        scale=first.scale,
        data=first.kind,
        device="; ".join(sorted({record.device for record in measurement.records})),
        verdict=verdict,
        reason=reason,
        command=_command(measurement),
    )


def _cell(line: Line, **ours) -> Cell:
    """A cell with the line's own columns filled in."""
    names = ("paper", "table", "system", "task", "metric", "unit")
    empty = {"ours": None, "std": None, "n": 0, "scale": None, "data": None, "device": None}
    shared = {name: getattr(line, name) for name in names}
    return Cell(**shared, published=line.value, recalled=line.recalled, **(empty | ours))


def _command(measurement: Measurement) -> str:
    """One line of shell that repeats every seed."""
    if len(measurement.records) == 1:
        return measurement.first.command
    seeds = " ".join(str(record.seed) for record in measurement.records)
    loop = measurement.first.command.replace(f"--seed {measurement.first.seed} ", "--seed $seed ")
    return f"for seed in {seeds}; do {loop}; done"


def judge(
    line: Line, experiment: Experiment, row: Row, measurement: Measurement, measured: dict[Key, Measurement]
) -> tuple[Verdict | None, str]:
    """The verdict on one line and, in a few words, why."""
    first = measurement.first
    if line.paper == published.OURS:
        return None, "a reference of ours; nothing is claimed"
    if first.scale == "smoke":
        return "not attempted", "smoke scale shows that it runs, not what it reaches"
    own_data = first.kind == "real" or experiment.own_procedure
    faithful = own_data and not any("generated" in text for text in first.deviations)
    values = measurement.values(line.metric)
    if first.scale == "paper" and faithful and len(values) >= SEEDS and agrees(line, values, row.baseline):
        return "reproduced", f"paper scale, {len(values)} seeds"
    for comparison in row.comparisons:
        if fnmatchcase(line.metric, comparison.metric):
            return _compared(comparison, line, measurement, measured)
    return "not reproduced", f"{first.scale} scale; no comparison is declared for this metric"


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


def lower_is_better(metric: str) -> bool:
    """True for errors."""
    return metric.startswith(("error/", "mse/"))


def _compared(
    comparison: Comparison, line: Line, measurement: Measurement, measured: dict[Key, Measurement]
) -> tuple[Verdict, str]:
    first = measurement.first
    other = measured.get((line.task, comparison.system, first.scale, first.kind))
    if other is None or not other.values(line.metric):
        return "not reproduced", f"the declared comparison lacks a record of {comparison.system}"
    gain = statistics.fmean(measurement.values(line.metric)) - statistics.fmean(other.values(line.metric))
    gain = -gain if lower_is_better(line.metric) else gain
    holds = gain >= comparison.margin if comparison.margin >= 0 else gain <= comparison.margin
    asked = f"{'better' if comparison.margin >= 0 else 'worse'} than {comparison.system} by {abs(comparison.margin):g}"
    return ("partly" if holds else "not reproduced"), f"{asked}: {'yes' if holds else 'no'}, {gain:+.1f}"


def best(all_cells: Sequence[Cell]) -> list[Cell]:
    """One cell a published line: the first, which has the largest scale and real data before generated ones."""
    chosen: dict[tuple[str, ...], Cell] = {}
    for cell in all_cells:
        chosen.setdefault((cell.paper, cell.table, cell.system, cell.task, cell.metric), cell)
    return list(chosen.values())


def frame(all_cells: Sequence[Cell]) -> pd.DataFrame:
    """The cells for reading: figures rounded and marked, one row a cell."""
    return pd.DataFrame(
        {
            "task": [cell.task for cell in all_cells],
            "system": [cell.system for cell in all_cells],
            "metric": [cell.metric for cell in all_cells],
            "paper": [number(cell.published) + ("*" if cell.recalled else "") for cell in all_cells],
            "ours": [number(cell.ours) for cell in all_cells],
            "±": [number(cell.std) for cell in all_cells],
            "n": [cell.n for cell in all_cells],
            "scale": [cell.scale or "" for cell in all_cells],
            "data": [cell.data or "" for cell in all_cells],
            "verdict": [cell.verdict or "–" for cell in all_cells],
            "why": [cell.reason for cell in all_cells],
        }
    )


def number(value: float | None) -> str:
    """A figure with as many digits as it deserves: 94.0, 18.0, 1.09e-03."""
    if value is None:
        return ""
    return f"{value:.1f}" if value == 0 or abs(value) >= 0.05 else f"{value:.2e}"


def render(all_cells: Sequence[Cell], style: str) -> str:
    """The table as md, csv, html or json text."""
    if style == "json":
        hidden = {"reason", "recalled"}
        rows = [{key: value for key, value in asdict(cell).items() if key not in hidden} for cell in all_cells]
        return json.dumps(rows, indent=1, ensure_ascii=False)
    if style == "csv":
        return pd.DataFrame([asdict(cell) for cell in all_cells]).to_csv(index=False)
    if style == "html":
        return frame(all_cells).to_html(index=False, border=0)
    if style == "md":
        return markdown(frame(all_cells))
    raise InputError(f"unknown format {style!r}: choose one of md, csv, html, json")


def markdown(table: pd.DataFrame) -> str:
    """A data frame as a Markdown table."""
    rows = [table.columns, ["---"] * len(table.columns), *table.astype(str).to_numpy()]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows)
