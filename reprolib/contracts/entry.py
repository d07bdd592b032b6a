"""What an experiment is: its rows as frozen, typed entries, and the figures that are derived from them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from reprolib.contracts.configuration import Config, change
from reprolib.contracts.method import Method
from reprolib.contracts.source import Source
from reprolib.errors import InputError
from reprolib.evidence.deviations import Deviation

if TYPE_CHECKING:
    from reprolib.evidence.records import Record

SCALES = ("smoke", "small", "long", "paper")


@dataclass(frozen=True)
class Row:
    """One line of a table: a system on a task, with its configuration at paper scale and what smaller scales change.

    `starts_from` is for transfer: a run begins with the weights of that row's record of the same scale and seed. A row
    that learns no further has train.steps=0.
    """

    task: str
    system: str
    source: Source
    method: Method
    config: Config
    scales: Mapping[str, Mapping[str, Any]]
    minutes: Mapping[str, float]  # of one seed, at each scale that the row has: one core, paper one H200
    baseline: bool = False  # a baseline must come close to the published figure from both sides
    headline: bool = False  # weights are kept
    stands_for: str = ""  # the printed system whose claims this row may carry, where it is another one
    deviations: tuple[Deviation, ...] = ()  # of the configuration at paper scale
    starts_from: Start | None = None

    @property
    def name(self) -> str:
        """TASK/SYSTEM, as `reprolib list` prints it."""
        return f"{self.task}/{self.system}"

    def at(self, scale: str) -> Config:
        """The configuration at a scale.

        Raises:
            InputError: there is no such scale, or the row is not defined at it.
        """
        check_scale(scale)
        if scale not in self.minutes:
            raise InputError(f"{self.name} has no scale {scale!r}: choose one of {', '.join(self.minutes)}")
        return change(self.config, self.scales.get(scale, {}))

    def learns(self, scale: str) -> bool:
        """Whether its weights are learned, by itself or by the row that it starts from, so that seeds differ."""
        return self.at(scale).train.steps > 0 or self.starts_from is not None

    @property
    def rows(self) -> tuple[Row, ...]:
        """The rows whose records its figures are made of: itself."""
        return (self,)


@dataclass(frozen=True)
class Start:
    """The row whose weights another one begins with."""

    experiment: str
    row: str  # TASK/SYSTEM
    kind: str = "generated"  # of the data that it was trained on


@dataclass(frozen=True)
class Derived:
    """A figure that is computed from the records of several rows, seed by seed: a ratio of two, a point on a curve.

    It is published and judged like a row's own figure.

    Args:
        rows: what it is made of, in the order that `compute` takes their records in.
        compute: from one record of each row, of the same seed, to {metric: value}.
    """

    task: str
    system: str
    rows: tuple[Row, ...]
    compute: Callable[[Sequence[Record]], Mapping[str, float]]
    baseline: bool = False
    stands_for: str = ""

    @property
    def name(self) -> str:
        """TASK/SYSTEM."""
        return f"{self.task}/{self.system}"


@dataclass(frozen=True)
class Experiment:
    """One notebook's worth of rows, for a table of a paper."""

    name: str
    title: str
    paper: str
    table: str
    rows: tuple[Row, ...]
    derived: tuple[Derived, ...] = ()
    chance: Mapping[str, str] = field(default_factory=dict)  # {pattern of metrics: who guesses, or how well}
    metrics: tuple[str, ...] = ("*",)  # patterns of the published metrics that its table shows

    def row(self, name: str) -> Row:
        """The row called TASK/SYSTEM."""
        for row in self.rows:
            if row.name == name:
                return row
        known = ", ".join(row.name for row in self.rows)
        raise InputError(f"{self.name} has no row {name!r}: `reprolib list` prints {known}")


def check_scale(scale: str) -> None:
    """Raise InputError unless there is such a scale."""
    if scale not in SCALES:
        raise InputError(f"unknown scale {scale!r}: choose one of {', '.join(SCALES)}")
