"""The papers' printed figures, as data with citation."""

import csv
import math
from dataclasses import dataclass
from pathlib import Path

from reprolib.errors import InputError

FILE = Path(__file__).with_name("published.csv")
OURS = "reprolib"  # the `paper` of references of our own, which claim nothing


@dataclass(frozen=True)
class Line:
    """One printed figure. `value` is None where the paper shows a curve or says a word."""

    paper: str
    table: str
    system: str
    task: str
    metric: str
    value: float | None
    std: float | None
    unit: str
    source: str
    note: str

    @property
    def recalled(self) -> bool:
        """True where the figure was not read in the paper or where it is quoted."""
        return not self.source.startswith(("read in the paper", "read where", "ours"))


def read(file: Path = FILE) -> tuple[Line, ...]:
    """All lines, in the file's order.

    Raises:
        InputError: a missing column or a value that is no number; names the line.
    """
    with file.open(encoding="utf-8", newline="") as stream:
        rows = csv.DictReader(stream)
        return tuple(_line(row, f"{file.name}, line {rows.line_num}") for row in rows)


def _line(row: dict[str, str | None], where: str) -> Line:
    expected = list(Line.__dataclass_fields__)
    if list(row) != expected or None in row.values():
        raise InputError(f"{where}: expected the columns {', '.join(expected)}")
    try:
        numbers = {name: float(row[name]) if row[name] else None for name in ("value", "std")}
        if not all(math.isfinite(number) for number in numbers.values() if number is not None):
            raise ValueError
    except ValueError:
        raise InputError(f"{where}: value and std must be numbers or empty") from None
    return Line(**(row | numbers))
