"""What made runs cheaper: one change a line, with the records that show it, or the diary's entry that tells of it."""

from dataclasses import dataclass
from pathlib import Path

from reprolib.errors import InputError
from reprolib.evidence.csv_lines import csv_lines

FILE = Path(__file__).with_name("gains.csv")
TEXTS = ("change", "row", "why")


@dataclass(frozen=True)
class Gain:
    """One change, with no figure of its own: it names what the figures are computed from, if there is anything."""

    change: str
    row: str  # TASK/SYSTEM that gained
    why: str  # a sentence
    before: tuple[str, ...]  # records of runs without the change, a seed each, as paths in the results folder
    after: tuple[str, ...]  # those with it
    benchmark: str  # "NAME: CASE" of what `reprolib bench` keeps; "" where there is none
    entry: str  # an anchor of the diary; "" where no entry tells of it


def read(file: Path = FILE) -> tuple[Gain, ...]:
    """All gains, in the file's order.

    Raises:
        InputError: a missing column, an empty text, records of one side alone, or nothing that a reader could look up;
            names the line.
    """
    return tuple(_gain(row, where) for row, where in csv_lines(file, Gain.__dataclass_fields__))


def _gain(row: dict[str, str], where: str) -> Gain:
    if not all(row[name] for name in TEXTS):
        raise InputError(f"{where}: {', '.join(TEXTS)} must not be empty")
    sides = {name: tuple(filter(None, map(str.strip, row[name].split(";")))) for name in ("before", "after")}
    if bool(sides["before"]) != bool(sides["after"]):
        raise InputError(f"{where}: name records before and after, or neither")
    if sides["before"] and row["benchmark"]:
        raise InputError(f"{where}: name records or a benchmark, not both")
    if not (sides["before"] or row["benchmark"] or row["entry"]):
        raise InputError(f"{where}: name records, a benchmark or an entry of the diary")
    return Gain(**(row | sides))
