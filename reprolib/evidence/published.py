"""The papers' printed figures, as data with citation."""

import math
from dataclasses import dataclass
from pathlib import Path

from reprolib.errors import InputError
from reprolib.evidence import kinds
from reprolib.evidence.csv_lines import csv_lines

FILE = Path(__file__).with_name("published.csv")
OURS = "reprolib"  # the `paper` of references of our own, which claim nothing
ABOVE = "above"  # the bound of a figure that the paper only calls exceeded
PROVENANCES = ("read", "quoted", "recalled", "ours")  # how a printed figure was obtained


@dataclass(frozen=True)
class Line:
    """One printed figure. `value` is None where the paper shows a curve or says a word.

    It was read in the paper, quoted by another one that its note names, or recalled; a line of ours has no figure.
    """

    paper: str
    table: str
    system: str
    task: str
    metric: str
    value: float | None
    bound: str  # "" or `ABOVE`
    std: float | None
    unit: str
    provenance: str  # one of `PROVENANCES`
    note: str


def read(file: Path = FILE) -> tuple[Line, ...]:
    """All lines, in the file's order.

    Raises:
        InputError: a missing column, a value that is no number or a word that is not known; names the line.
    """
    return tuple(_line(row, where) for row, where in csv_lines(file, Line.__dataclass_fields__))


def _line(row: dict[str, str], where: str) -> Line:
    try:
        numbers = {name: float(row[name]) if row[name] else None for name in ("value", "std")}
        if not all(math.isfinite(number) for number in numbers.values() if number is not None):
            raise ValueError
    except ValueError:
        raise InputError(f"{where}: value and std must be numbers or empty") from None
    _check_words(row, where)
    return Line(**(row | numbers))


def _check_words(row: dict[str, str | None], where: str) -> None:
    """Refuse a bound, a provenance or a kind of metric that there is not."""
    for name, known in (("bound", ("", ABOVE)), ("provenance", PROVENANCES)):
        if row[name] not in known:
            raise InputError(f"{where}: {name} is {row[name]!r}, choose one of {', '.join(map(repr, known))}")
    try:
        kinds.of(row["metric"])
    except InputError as error:
        raise InputError(f"{where}: {error}") from None
