"""Published lines beside our measurements of them, computed from the records."""

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import get_args

from reprolib import experiments, paths
from reprolib.contracts.entry import SCALES, Derived, Experiment, Row
from reprolib.contracts.requests import Request, commands
from reprolib.evidence import published, quoted, records
from reprolib.evidence.published import Line
from reprolib.evidence.records import Record
from reprolib.judgement.fidelity import departures
from reprolib.judgement.labels import Court, Label
from reprolib.judgement.verdicts import Closeness, Key, Measurement, Order, improving, measurements


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
    bound: str
    provenance: str  # of the published figure
    ours: float | None
    std: float | None
    n: int
    scale: str | None
    data: str | None
    device: str | None
    figure: Closeness | None  # None where nothing is printed or measured
    effect: Order | None  # whether the orders hold in which the papers place this figure
    verdict: Label | None  # of the figure's claim; None where no sentence names it
    claim: str | None
    command: str | None
    reason: str
    decided_by: str | None = None  # the claim whose comparison decides on `effect`
    improving: bool = False  # whether a run gained to its end
    split: str = "test"  # that was measured
    records: tuple[Record, ...] = ()  # that `ours` is the mean of
    stands_for: str = ""  # the printed system in whose place this one was measured

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
    chosen = None if name == "all" else experiments.get(name)
    desk = _Desk(committed_around(name) if found is None else found)
    lines = [line for line in published.read() if chosen is None or _shows(chosen, line)]
    by_printed = {(line.task, row.system, line.metric) for line in lines for row in desk.stand_ins(line)}
    alone = [line for line in lines if (line.task, line.system, line.metric) not in by_printed]
    return [cell for line in alone for cell in desk.cells(line)]


def _shows(experiment: Experiment, line: Line) -> bool:
    """Whether a line belongs to an experiment's table; where its own paper has an experiment on the task, to that."""
    shown = any(fnmatchcase(line.metric, pattern) for pattern in experiment.metrics)
    at_home = [one.name for one in experiments.every() if one.paper == line.paper and line.task in _tasks(one)]
    return shown and line.task in _tasks(experiment) and (not at_home or experiment.name in at_home)


def _tasks(experiment: Experiment) -> set[str]:
    return {each.task for each in (*experiment.rows, *experiment.derived)}


def committed(experiment: str = "*") -> list[Record]:
    """The committed records of one experiment, or of all; without attempts."""
    return [record for _, record in records.read_all(paths.results(), experiment)]


def measured(experiment: str = "*") -> list[Record]:
    """The committed records of one experiment, or of all, that say what it reaches: those above smoke scale."""
    return [record for record in committed(experiment) if record.scale != SCALES[0]]


def committed_around(experiment: str) -> list[Record]:
    """The committed records that decide what is said of one experiment, or all; a page reads no others."""
    if experiment == "all":
        return committed()
    names = Court.of(()).around(experiments.get(experiment).name)
    return [record for name in sorted(names) for record in committed(name)]


class _Desk:
    """Where lines and records are laid beside one another."""

    def __init__(self, found: Sequence[Record]):
        self.court = Court.of(found)
        self.measured = self.court.known.measured
        self.judged = self.court.judge_all()

    def stand_ins(self, line: Line) -> list[Row | Derived]:
        """The rows of ours that were measured in the place of a line's system."""
        return self.court.stand_ins(line.task, line.system)

    def cells(self, line: Line) -> list[Cell]:
        """The line's system beside what was measured of it, and then of the rows that stand for it."""
        entry = self.court.known.rows.get((line.task, line.system))
        if entry is None:
            return [self._cell(line, reason=quoted.reason(line.task, line.system), command=None)]
        rows = (entry[1], *self.stand_ins(line))
        return [replace(cell, **_place(row)) for row in rows for cell in self._of(line, row)]

    def _of(self, line: Line, row: Row | Derived) -> list[Cell]:
        """One cell for every scale and kind of data that has the line's metric, else one without a number."""
        found = [
            self._measured(line, row, measurement)
            for key, measurement in sorted(self.measured.items(), key=lambda item: _order(item[0]))
            if key[:2] == (row.task, row.system) and measurement.values(line.metric)
        ]
        return found or [self._cell(line, reason="no record yet", command=_paper_command(row))]

    def _measured(self, line: Line, row: Row | Derived, measurement: Measurement) -> Cell:
        values, first = measurement.values(line.metric), measurement.first
        return self._cell(
            line,
            ours=statistics.fmean(values),
            std=statistics.stdev(values) if len(values) > 1 else None,
            n=len(values),
            scale=first.scale,
            data=first.kind,
            device="; ".join(sorted({record.device for record in measurement.counted})),
            command=" && ".join(commands(measurement.evidence)),
            improving=any(map(improving, measurement.counted)),
            split=first.data["split"],
            records=measurement.evidence,
            **self._marks(line, row, measurement),
        )

    def _marks(self, line: Line, row: Row | Derived, measurement: Measurement) -> dict[str, object]:
        """How close the figure is, whether its orders hold, and why; nothing at smoke scale."""
        first = measurement.first
        if first.scale == "smoke":
            return {"reason": "smoke scale shows that it runs, not what it reaches"}
        cast = {(line.task, line.system): (row.task, row.system)}
        figure, compared = self.court.marks(line, (first.scale, first.kind), cast)
        differs = [each.text for each in departures(row, first.scale, measurement.evidence)]
        decides = max(compared, key=lambda each: get_args(Order).index(each.order), default=None)
        return {
            "figure": figure,
            "effect": decides.order if decides else None,
            "decided_by": decides.claim if decides else None,
            "reason": "; ".join([*(each.reason for each in compared), *differs]),
        }

    def _cell(self, line: Line, **ours) -> Cell:
        """A cell with the line's own columns, and its claim, filled in."""
        shared = {name: getattr(line, name) for name in ("paper", "table", "system", "task", "metric", "unit")}
        shared |= {name: getattr(line, name) for name in ("bound", "provenance")} | {"published": line.value}
        naming = next((one for one in self.judged if one.claim.names(line)), None)
        claim = {"verdict": naming.label, "claim": naming.claim.id} if naming else {"verdict": None, "claim": None}
        return Cell(**NOTHING | shared | claim | ours)


NOTHING = {
    "ours": None,
    "std": None,
    "n": 0,
    "scale": None,
    "data": None,
    "device": None,
    "figure": None,
    "effect": None,
    "command": None,
    "reason": "",
    "records": (),
}


def _place(row: Row | Derived) -> dict[str, str]:
    """Whose cell it is, where a row is measured beside the system that a line names."""
    return {"system": row.system, "stands_for": row.stands_for} if row.stands_for else {}


def _paper_command(row: Row | Derived) -> str:
    """The run at the paper's own sizes, on the paper's data or its own procedure; of all rows of a derived figure."""
    homes = {each.name: experiment for experiment in experiments.every() for each in experiment.rows}
    runs = [Request(homes[each.name], each, "paper", kind=each.source.papers_kind) for each in row.rows]
    return " && ".join(run.command for run in runs)


def _order(key: Key) -> tuple[int, str]:
    """The most telling measurement first: large scales, real data."""
    return -SCALES.index(key[2]), "" if key[3] == "real" else key[3]


def telling(found: Iterable[Record], task: str, system: str) -> Measurement | None:
    """The most telling measurement of a system on a task: the largest scale, real data before generated; or None."""
    rows = {key: value for key, value in measurements(found).items() if key[:2] == (task, system)}
    return rows[min(rows, key=_order)] if rows else None


def best(all_cells: Sequence[Cell]) -> list[Cell]:
    """One cell a published line: of the largest scale at which all that was run of its task has records.

    Smoke runs show that a row runs, not what it reaches: a line with nothing else is left without a number.
    """
    lines: dict[tuple[str, ...], list[Cell]] = {}
    for cell in all_cells:
        lines.setdefault((cell.paper, cell.table, cell.system, cell.task, cell.metric), []).append(cell)
    shared = _shared_settings(all_cells)
    return [_pick(found, shared.get(found[0].task, [])) for found in lines.values()]


def _shared_settings(all_cells: Sequence[Cell]) -> dict[str, list[tuple[str | None, str | None]]]:
    """For every task the settings, largest first, at which all its systems that were run have records."""
    by_task: dict[str, dict[str, list[tuple[str | None, str | None]]]] = {}
    for cell in all_cells:
        if cell.ours is not None and cell.scale != "smoke":
            by_task.setdefault(cell.task, {}).setdefault(cell.system, []).append((cell.scale, cell.data))
    return {
        task: [one for one in next(iter(systems.values())) if all(one in found for found in systems.values())]
        for task, systems in by_task.items()
    }


def _pick(found: Sequence[Cell], settings: Sequence[tuple[str | None, str | None]]) -> Cell:
    there = {(cell.scale, cell.data): cell for cell in reversed(found)}
    cell = next((there[setting] for setting in settings if setting in there), found[0])
    return _without_number(cell) if cell.scale == "smoke" else cell


def _without_number(cell: Cell) -> Cell:
    command = next(
        _paper_command(row)
        for experiment in experiments.every()
        for row in (*experiment.rows, *experiment.derived)
        if (row.task, row.system) == (cell.task, cell.system)
    )
    return replace(cell, **NOTHING | {"command": command, "reason": "no record above smoke scale yet"})
