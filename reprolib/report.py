"""Paper-against-ours tables and verdicts, computed from the records."""

import json
import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from fnmatch import fnmatchcase

import pandas as pd

from reprolib import experiments, lists, paths, published, records
from reprolib.errors import InputError
from reprolib.experiments import quoted
from reprolib.experiments.entry import SCALES, Experiment, Row
from reprolib.published import Line
from reprolib.records import Record
from reprolib.runs import Request
from reprolib.verdicts import Key, Measurement, Verdict, judge, measurements
from reprolib.wording import SIGNS, number, paper_name, spoken


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
    split: str = "test"  # that was measured

    @property
    def measured_on(self) -> str:
        """Kind of data and split, such as "real, validation"; nothing where nothing was measured."""
        return f"{self.data}, {self.split}" if self.data else ""


def cells(name: str = "all", found: Sequence[Record] | None = None) -> list[Cell]:
    """The table of one experiment, or of all: every published line, beside each of our measurements of it.

    Args:
        name: an experiment's name or "all".
        found: the records; by default the committed ones.
    """
    every = experiments.every()
    chosen = every if name == "all" else [experiments.get(name)]
    if found is None:
        found = committed()
    known = {(row.task, row.system): (experiment, row) for experiment in every for row in experiment.rows}
    lines = [line for line in published.read() if name == "all" or _shows(chosen[0], line)]
    measured = measurements(found)
    return [cell for line in lines for cell in _cells_of(line, known.get((line.task, line.system)), measured)]


def _shows(experiment: Experiment, line: Line) -> bool:
    """Whether a published line belongs to an experiment's table."""
    shown = any(fnmatchcase(line.metric, pattern) for pattern in experiment.metrics)
    return shown and line.task in {row.task for row in experiment.rows}


def committed(experiment: str = "*") -> list[Record]:
    """The committed records of one experiment, or of all; without attempts."""
    return [record for _, record in records.read_all(paths.results(), experiment)]


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
    return found or [_empty(line, "no record yet", _paper_command(experiment, row))]


def _paper_command(experiment: Experiment, row: Row) -> str:
    """The run that would give a row its verdict."""
    kind = "generated" if experiment.own_procedure else "real"
    return Request(experiment, row, "paper", kind=kind).command


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
    _, _, other = first.data["name"].partition(", ")  # where another split than the test split was measured
    lacking = dict.fromkeys(deviation for record in measurement.records for deviation in record.deviations)
    return _cell(
        line,
        ours=statistics.fmean(values),
        std=statistics.stdev(values) if len(values) > 1 else None,
        n=len(values),
        scale=first.scale,
        data=first.kind,
        device="; ".join(sorted({record.device for record in measurement.records})),
        verdict=verdict,
        reason="; ".join([reason, *lacking]),
        command=_command(measurement),
        split=other.removesuffix(" split") or "test",
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


def telling(found: Iterable[Record], task: str, system: str) -> Measurement | None:
    """The most telling measurement of a system on a task: the largest scale, real data before generated; or None."""
    rows = {key: value for key, value in measurements(found).items() if key[:2] == (task, system)}
    return rows[min(rows, key=_order)] if rows else None


def best(all_cells: Sequence[Cell]) -> list[Cell]:
    """One cell a published line: the first, which has the largest scale and real data before generated ones.

    Smoke runs show that a row runs, not what it reaches: a line with nothing else is left without a number.
    """
    chosen: dict[tuple[str, ...], Cell] = {}
    for cell in all_cells:
        key = (cell.paper, cell.table, cell.system, cell.task, cell.metric)
        chosen.setdefault(key, _without_number(cell) if cell.scale == "smoke" else cell)
    return list(chosen.values())


def _without_number(cell: Cell) -> Cell:
    nothing = {"ours": None, "std": None, "n": 0, "scale": None, "data": None, "device": None}
    return replace(cell, **nothing, command=_commands().get((cell.task, cell.system)))


def _commands() -> dict[tuple[str, str], str]:
    """The run at paper scale of every (task, system)."""
    rows = [(experiment, row) for experiment in experiments.every() for row in experiment.rows]
    return {(row.task, row.system): _paper_command(experiment, row) for experiment, row in rows}


HEADLINERS = {
    "santoro2017": ("CNN+LSTM+RN", "LSTM+RN", "CNN+RN", "RN"),
    "kipf2018": ("NRI (learned)",),
    "alet2019": ("Modular meta-learning",),
    "replication": ("RN",),
}


def overview(all_cells: Sequence[Cell]) -> list[list[Cell]]:
    """The figures of each paper's own model, task by task, in the order of print: the first is the headline."""
    tasks: dict[tuple[str, str], list[Cell]] = {}
    for cell in best(all_cells):
        if cell.system in HEADLINERS.get(cell.paper, ()):
            tasks.setdefault((cell.paper, cell.task), []).append(cell)
    return list(tasks.values())


def overview_frame(tasks: Sequence[Sequence[Cell]]) -> pd.DataFrame:
    """The overview for the start page: a line a task that was run, and one a paper for the tasks that were not."""
    rows = [_overview_line(*cells) for cells in tasks if any(cell.ours is not None for cell in cells)]
    missing: dict[str, list[str]] = {}
    for first, *others in tasks:
        if all(cell.ours is None for cell in (first, *others)):
            missing.setdefault(first.paper, []).append(spoken(first.task))
    rows += [
        (f"{paper_name(at)}: {', '.join(names)}", "", "", _said("not attempted"), "") for at, names in missing.items()
    ]
    return pd.DataFrame(rows, columns=["figure", "paper", "ours", "verdict", "others"])


def _overview_line(first: Cell, *others: Cell) -> tuple[str, ...]:
    """The headline of a task with its verdict, and the signs of the verdicts on the other figures."""
    return (
        f"{paper_name(first.paper)}, {spoken(first.task)}: {spoken(first.metric)}",
        printed(first),
        number(first.ours, first.metric) + (f" {first.scale}" if first.scale else ""),
        _said(first.verdict),
        "".join(SIGNS[cell.verdict] for cell in others),
    )


def _said(verdict: Verdict | None) -> str:
    """A verdict with its sign; where nothing is claimed, a dash."""
    return f"{SIGNS[verdict]} {verdict}" if verdict else "–"


def frame(all_cells: Sequence[Cell]) -> pd.DataFrame:
    """The cells for reading: figures rounded and marked, one row a cell."""
    return pd.DataFrame(
        {
            "task": [cell.task for cell in all_cells],
            "system": [cell.system for cell in all_cells],
            "metric": [cell.metric for cell in all_cells],
            "paper": [printed(cell) for cell in all_cells],
            "ours": [number(cell.ours, cell.metric) for cell in all_cells],
            "±": [number(cell.std, cell.metric) for cell in all_cells],
            "n": [cell.n for cell in all_cells],
            "scale": [cell.scale or "" for cell in all_cells],
            "data": [cell.measured_on for cell in all_cells],
            "verdict": [cell.verdict or "–" for cell in all_cells],
            "why": [cell.reason + "; *recalled, not read in the paper" * cell.recalled for cell in all_cells],
        }
    )


def printed(cell: Cell) -> str:
    """The paper's figure, marked where it was recalled and not read."""
    return number(cell.published, cell.metric) + "*" * (cell.recalled and cell.published is not None)


OVERALL = ("all", "overview", "attempts", "speed")  # tables beside those of the experiments
STYLES: dict[str, Callable[[pd.DataFrame], str]] = {
    "md": lambda table: markdown(table),
    "csv": lambda table: table.to_csv(index=False),
    "html": lambda table: table.to_html(index=False, border=0),
    "json": lambda table: table.to_json(orient="records", indent=1, force_ascii=False),
}


def text(name: str, style: str) -> str:
    """A table as md, csv, html or json: an experiment's, `all`, `overview`, `attempts` or `speed`.

    Raises:
        InputError: unknown table or format.
    """
    if style not in STYLES:
        raise InputError(f"unknown format {style!r}: choose one of {', '.join(STYLES)}")
    known = (*experiments.NAMES, *OVERALL)
    if name.replace("-", "_") not in known:
        raise InputError(f"unknown table {name!r}: choose one of {', '.join(known)}")
    if name == "attempts":
        return STYLES[style](lists.attempts(record for _, record in records.read_all(paths.results(), attempts=True)))
    if name == "speed":
        return STYLES[style](lists.speed())
    if name == "overview":
        return STYLES[style](overview_frame(overview(cells())))
    return render(cells(name), style)


def render(all_cells: Sequence[Cell], style: str) -> str:
    """Cells as text; json and csv hold every figure unrounded."""
    if style == "json":
        hidden = {"reason", "recalled", "split"}
        rows = [{key: value for key, value in asdict(cell).items() if key not in hidden} for cell in all_cells]
        return json.dumps(rows, indent=1, ensure_ascii=False)
    if style == "csv":
        return pd.DataFrame([asdict(cell) for cell in all_cells]).to_csv(index=False)
    return STYLES[style](frame(all_cells))


def markdown(table: pd.DataFrame) -> str:
    """A data frame as a Markdown table."""
    rows = [table.columns, ["---"] * len(table.columns), *table.astype(str).to_numpy()]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows)
