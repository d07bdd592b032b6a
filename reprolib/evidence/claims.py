"""What the papers claim: one sentence each, with the printed figures and the comparisons that it rests on.

claims.csv names figures as TASK/SYSTEM/METRIC, patterns of lines in published.csv, and comparisons as

    TASK ... METRIC ...: SYSTEM > SYSTEM & SYSTEM > SYSTEM

where > is better, ~ as good as and >~ no worse; & names several systems on one side, + the mean of two, a number is
itself, TASK/SYSTEM is a system of another task, and METRIC-METRIC is the difference of two. Several stand apart by
semicolons.
"""

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from fnmatch import fnmatchcase
from pathlib import Path

from reprolib.errors import InputError
from reprolib.evidence import kinds
from reprolib.evidence.csv_lines import csv_lines
from reprolib.evidence.published import Line

FILE = Path(__file__).with_name("claims.csv")
SIGNS = {">": "is better than", "~": "is as good as", ">~": "is no worse than"}
ALL_OF = "headlines of "  # a claim that rests on the other headline claims of a paper
HEADLINE = {"yes": True, "no": False}


@dataclass(frozen=True)
class Comparison:
    """An order of two systems that a sentence claims, on tasks and metrics that may be patterns."""

    tasks: tuple[str, ...]
    metrics: tuple[str, ...]
    one: str
    sign: str
    other: str

    @property
    def systems(self) -> tuple[str, ...]:
        """The systems that it names, without numbers."""
        named = (part for side in (self.one, self.other) for part in side.split(" + "))
        return tuple(name for name in named if number(name) is None)


@dataclass(frozen=True)
class Claim:
    """One sentence of a paper."""

    id: str
    paper: str
    place: str
    headline: bool
    claim: str
    figures: tuple[str, ...]
    comparisons: tuple[Comparison, ...]
    rests_on: str = ""  # a paper, where the claim is that all its headlines hold
    waits_for: str = ""  # what nobody has built yet, where its figures have no line in published.csv

    def lines(self, every: Sequence[Line]) -> tuple[Line, ...]:
        """Those of published.csv that it names."""
        return tuple(line for line in every if self.names(line))

    def printed(self, every: Sequence[Line]) -> tuple[Line, ...]:
        """Those of them that have a number."""
        return tuple(line for line in self.lines(every) if line.value is not None)

    def names(self, line: Line) -> bool:
        """Whether one of its figures is this line."""
        name = f"{line.task}/{line.system}/{line.metric}"
        return line.paper == self.paper and any(fnmatchcase(name, pattern) for pattern in self.figures)


def number(system: str) -> float | None:
    """A side of a comparison that is a number; None where it is a system."""
    return float(system) if re.fullmatch(r"\d+(\.\d+)?", system) else None


def placed(task: str, system: str) -> tuple[str, str]:
    """Task and system of what a comparison on a task names: TASK/SYSTEM is a system of another one."""
    other, _, name = system.rpartition("/")
    return other or task, name


def read(file: Path = FILE) -> tuple[Claim, ...]:
    """All claims, in the file's order.

    Raises:
        InputError: a column, a word or a comparison that cannot be read, or an identifier that occurs twice; names
            the line.
    """
    found = [_claim(row, where) for row, where in csv_lines(file, COLUMNS)]
    names = [claim.id for claim in found]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise InputError(f"{file.name}: the identifier {twice[0]!r} occurs twice")
    return tuple(found)


COLUMNS = ("id", "paper", "place", "headline", "claim", "figures", "comparisons", "waits_for")


def _claim(row: dict[str, str], where: str) -> Claim:
    if row["headline"] not in HEADLINE:
        raise InputError(f"{where}: headline is {row['headline']!r}, write yes or no")
    said = row["comparisons"]
    rests_on = said.removeprefix(ALL_OF) if said.startswith(ALL_OF) else ""
    written = () if rests_on else _split(said)
    changed = {
        "headline": HEADLINE[row["headline"]],
        "figures": _split(row["figures"]),
        "comparisons": tuple(each for text in written for each in _comparisons(text, where)),
    }
    known = {field.name for field in fields(Claim)}
    return Claim(**{name: value for name, value in row.items() if name in known} | changed, rests_on=rests_on)


def _split(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(";") if part.strip())


def _comparisons(text: str, where: str) -> Iterator[Comparison]:
    """TASK METRIC: A > B & C > D is A > B, A > C, B > D, C > D."""
    subject, colon, order = text.partition(": ")
    words, sides = subject.split(), re.split(r" (>~|>|~) ", order)
    metrics = tuple(word for word in words if word.partition("/")[0] in kinds.KINDS)
    tasks = tuple(word for word in words if word not in metrics)
    if not colon or not metrics or not tasks or len(sides) < 3:
        raise InputError(f"{where}: {text!r} is no comparison: write TASK METRIC: SYSTEM > SYSTEM, with a known metric")
    systems, signs = [side.split(" & ") for side in sides[::2]], sides[1::2]
    for (ones, others), sign in zip(itertools.pairwise(systems), signs, strict=True):
        for one, other in itertools.product(ones, others):
            yield Comparison(tasks, metrics, one.strip(), sign, other.strip())
