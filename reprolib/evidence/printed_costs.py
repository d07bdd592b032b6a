"""What the papers' own runs needed, as their text or their code states it: steps, examples, device, time."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from reprolib.errors import InputError
from reprolib.evidence.csv_lines import csv_lines
from reprolib.evidence.published import PROVENANCES

FILE = Path(__file__).with_name("printed_costs.csv")
WHOLE = ("steps", "epochs", "batch", "examples")  # columns of whole numbers
FACTS = (*WHOLE, "device", "hours")


@dataclass(frozen=True)
class Needs:
    """Facts about the run of a row that were obtained in one way; None where nothing is known."""

    paper: str
    task: str
    system: str
    steps: int | None
    epochs: int | None
    batch: int | None  # examples of a step, of all workers
    examples: int | None  # in the training set
    device: str | None
    hours: float | None  # by the wall
    provenance: str  # one of `published.PROVENANCES`
    note: str


@dataclass(frozen=True)
class Fact:
    """One thing that is known of a run, and how it was obtained."""

    value: int | float | str
    provenance: str


def read(file: Path = FILE) -> tuple[Needs, ...]:
    """All lines, in the file's order.

    Raises:
        InputError: a missing column, a value that is no positive number, an unknown provenance, a line without a fact,
            or a fact that stands in two lines; names the line.
    """
    lines = tuple(_line(row, where) for row, where in csv_lines(file, Needs.__dataclass_fields__))
    told = Counter(
        (line.task, line.system, name) for line in lines for name in FACTS if getattr(line, name) is not None
    )
    for (task, system, name), count in told.items():
        if count > 1:
            raise InputError(f"{file.name}: {name} of {task}/{system} stands in {count} lines, keep one of them")
    return lines


def of(lines: Iterable[Needs], task: str, system: str) -> tuple[Needs, ...]:
    """The lines about one row."""
    return tuple(line for line in lines if (line.task, line.system) == (task, system))


def fact(lines: Sequence[Needs], name: str) -> Fact | None:
    """What the lines about a row say under a name of `FACTS`; None where they say nothing."""
    return next(
        (Fact(value, line.provenance) for line in lines if (value := getattr(line, name)) is not None),
        _counted(lines) if name == "steps" else None,
    )


def _counted(lines: Sequence[Needs]) -> Fact | None:
    """Steps as epochs times the batches of one: as well known as what they are counted from, which is in one line."""
    for line in lines:
        if line.epochs and line.examples and line.batch:
            return Fact(line.epochs * math.ceil(line.examples / line.batch), line.provenance)
    return None


def _check_once(lines: Sequence[Needs], where: str) -> None:
    """Refuse a fact that stands in two lines about the same row."""
    told = Counter((line.task, line.system, name) for line in lines for name in FACTS if getattr(line, name))
    for (task, system, name), count in told.items():
        if count > 1:
            raise InputError(f"{where}: {name} of {task}/{system} stands in {count} lines, keep one of them")


def _line(row: dict[str, str], where: str) -> Needs:
    if not all(row[name] for name in ("paper", "task", "system")):
        raise InputError(f"{where}: paper, task and system must not be empty")
    if row["provenance"] not in PROVENANCES:
        raise InputError(f"{where}: provenance is {row['provenance']!r}, choose one of {', '.join(PROVENANCES)}")
    if not any(row[name] for name in FACTS):
        raise InputError(f"{where}: no fact stands in it, fill in one of {', '.join(FACTS)}")
    try:
        numbers = {name: _positive(int(row[name])) if row[name] else None for name in WHOLE}
        hours = _positive(float(row["hours"])) if row["hours"] else None
    except ValueError:
        raise InputError(f"{where}: {', '.join(WHOLE)} and hours must be positive numbers or empty") from None
    return Needs(**(row | numbers | {"hours": hours, "device": row["device"] or None}))


def _positive(number: float) -> float:
    if not 0 < number < math.inf:
        raise ValueError
    return number
