"""Paper-against-ours tables and verdicts, computed from the records."""

import json
import re
import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from fnmatch import fnmatchcase

import pandas as pd

from reprolib import experiments, paths, published, records
from reprolib.errors import InputError
from reprolib.experiments import quoted
from reprolib.experiments.entry import SCALES, Experiment, Row
from reprolib.published import Line
from reprolib.records import Record
from reprolib.runs import Request
from reprolib.verdicts import Key, Measurement, Verdict, judge, measurements


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
    _, _, split = first.data["name"].partition(", ")  # where another split than the test split was tested
    lacking = dict.fromkeys(deviation for record in measurement.records for deviation in record.deviations)
    notes = [f"measured on the {split}"] * bool(split) + list(lacking)
    return _cell(
        line,
        ours=statistics.fmean(values),
        std=statistics.stdev(values) if len(values) > 1 else None,
        n=len(values),
        scale=first.scale,
        data=first.kind,
        device="; ".join(sorted({record.device for record in measurement.records})),
        verdict=verdict,
        reason="; ".join([reason, *notes]),
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


def telling(found: Iterable[Record], task: str, system: str) -> Measurement | None:
    """The most telling measurement of a system on a task: the largest scale, real data before generated; or None."""
    rows = {key: value for key, value in measurements(found).items() if key[:2] == (task, system)}
    return rows[min(rows, key=_order)] if rows else None


def paper_name(paper: str) -> str:
    """A key of published.csv as a citation: santoro2017 is Santoro et al. 2017."""
    named = re.fullmatch(r"([a-z]+)(\d{4})(blog)?", paper)
    if named is None:
        return {"replication": "Later replications", published.OURS: "References of ours"}.get(paper, paper)
    return f"{named[1].capitalize()} et al. {named[2]}" + ", blog" * bool(named[3])


def spoken(key: str) -> str:
    """A task or a metric of published.csv in words: sort_of_clevr is Sort-of-CLEVR, mse/step_1 is MSE, step 1."""
    words = key.replace("sort_of_clevr", "Sort-of-CLEVR").replace("/", ", ").replace("_", " ").split()
    return " ".join(SPELLED.get(word, word) for word in words)


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


SPELLED = {
    "clevr": "CLEVR",
    "babi": "bAbI",
    "kuramoto": "Kuramoto",
    "mocap": "motion capture",
    "mse": "MSE",
    "mse,": "MSE,",
}
WORST_FIRST: Sequence[Verdict] = ("not reproduced", "partly", "reproduced", "not attempted")
HEADLINERS = {
    "santoro2017": ("CNN+LSTM+RN", "LSTM+RN", "CNN+RN", "RN"),
    "kipf2018": ("NRI (learned)",),
    "alet2019": ("Modular meta-learning",),
    "replication": ("RN",),
}


def overview(all_cells: Sequence[Cell]) -> list[Cell]:
    """One cell a paper and task: the figure of the paper's own model that comes off worst; the first of several."""
    tasks: dict[tuple[str, str], list[Cell]] = {}
    for cell in best(all_cells):
        if cell.system in HEADLINERS.get(cell.paper, ()):
            tasks.setdefault((cell.paper, cell.task), []).append(cell)
    return [min(cells, key=lambda cell: WORST_FIRST.index(cell.verdict)) for cells in tasks.values()]


def overview_frame(all_cells: Sequence[Cell]) -> pd.DataFrame:
    """The overview for the start page: few columns, so that it fits a phone."""
    return pd.DataFrame(
        {
            "figure": [f"{paper_name(cell.paper)}, {spoken(cell.task)}: {spoken(cell.metric)}" for cell in all_cells],
            "paper": [printed(cell) for cell in all_cells],
            "ours": [number(cell.ours, cell.metric) + (f" ({cell.scale})" if cell.scale else "") for cell in all_cells],
            "verdict": [cell.verdict or "–" for cell in all_cells],
        }
    )


def attempts(found: Iterable[Record]) -> pd.DataFrame:
    """Runs with --set, oldest first: what was changed and what came of it."""
    ordered = sorted(found, key=lambda record: record.started)
    return pd.DataFrame(
        {
            "date": [record.started[:10] for record in ordered],
            "row": [f"{record.row}, {record.scale}, {record.kind}" for record in ordered],
            "changed": [", ".join(f"`{key}={value}`" for key, value in record.changes.items()) for record in ordered],
            "result": [_result(record) for record in ordered],
            "steps": [record.steps for record in ordered],
        }
    )


def _result(record: Record) -> str:
    """What its experiment's table shows of a task, as measured on test; the metric it selects by where that is all."""
    experiment = experiments.get(record.experiment)
    asked = [line.metric for line in published.read() if line.task == record.task]
    shown = [metric for metric in dict.fromkeys(asked) if metric in record.metrics]
    if "*" in experiment.metrics or not shown:
        shown = [experiment.select]
    return ", ".join(f"{metric} {number(record.metrics.get(metric), metric)}" for metric in shown)


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
            "data": [cell.data or "" for cell in all_cells],
            "verdict": [cell.verdict or "–" for cell in all_cells],
            "why": [cell.reason + "; *recalled, not read in the paper" * cell.recalled for cell in all_cells],
        }
    )


def printed(cell: Cell) -> str:
    """The paper's figure, marked where it was recalled and not read."""
    return number(cell.published, cell.metric) + "*" * (cell.recalled and cell.published is not None)


def number(value: float | None, metric: str = "") -> str:
    """A figure with as many digits as it deserves: 94.0, 18.0, 1.09e-03; squared errors as papers print them."""
    if value is None:
        return ""
    plain = not metric.startswith("mse/") and (value == 0 or abs(value) >= 0.05)
    return f"{value:.1f}" if plain else f"{value:.2e}"


OVERALL = ("all", "overview", "attempts")  # tables beside those of the experiments
STYLES: dict[str, Callable[[pd.DataFrame], str]] = {
    "md": lambda table: markdown(table),
    "csv": lambda table: table.to_csv(index=False),
    "html": lambda table: table.to_html(index=False, border=0),
    "json": lambda table: table.to_json(orient="records", indent=1, force_ascii=False),
}


def text(name: str, style: str) -> str:
    """A table as md, csv, html or json: an experiment's, `all`, `overview` or `attempts`.

    Raises:
        InputError: unknown table or format.
    """
    if style not in STYLES:
        raise InputError(f"unknown format {style!r}: choose one of {', '.join(STYLES)}")
    known = (*experiments.NAMES, *OVERALL)
    if name.replace("-", "_") not in known:
        raise InputError(f"unknown table {name!r}: choose one of {', '.join(known)}")
    if name == "attempts":
        return STYLES[style](attempts(record for _, record in records.read_all(paths.results(), attempts=True)))
    if name == "overview":
        return STYLES[style](overview_frame(overview(cells())))
    return render(cells(name), style)


def render(all_cells: Sequence[Cell], style: str) -> str:
    """Cells as text; json and csv hold every figure unrounded."""
    if style == "json":
        hidden = {"reason", "recalled"}
        rows = [{key: value for key, value in asdict(cell).items() if key not in hidden} for cell in all_cells]
        return json.dumps(rows, indent=1, ensure_ascii=False)
    if style == "csv":
        return pd.DataFrame([asdict(cell) for cell in all_cells]).to_csv(index=False)
    return STYLES[style](frame(all_cells))


def markdown(table: pd.DataFrame) -> str:
    """A data frame as a Markdown table."""
    rows = [table.columns, ["---"] * len(table.columns), *table.astype(str).to_numpy()]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows)
