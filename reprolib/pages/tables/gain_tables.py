"""What made runs cheaper, computed from the records and benchmarks that a gain names; what neither has is only told."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from reprolib import paths
from reprolib.contracts.requests import selected_by
from reprolib.evidence import gains as kept
from reprolib.evidence import records
from reprolib.evidence.gains import Gain
from reprolib.evidence.records import Record
from reprolib.evidence.spelling import number
from reprolib.pages.tables import lists
from reprolib.pages.tables.cost_tables import Spent, minutes
from reprolib.pages.tables.markup import Markdown, code
from reprolib.pages.tables.table import Table

TOLD = "no record here"  # of a gain that only the diary tells of
KEYS = (  # for programs
    *("change", "row", "why", "metric", "reached", "n_before", "n_after", "steps_before", "steps_after"),
    *("minutes_before", "minutes_after", "clock", "best_before", "best_after", "differs"),
    *("benchmark", "device", "unit", "reference", "ours", "ratio", "entry", "before", "after"),
)
READ = ("change", "row", "why it works", "measured by", "before", "after", "told in")


@dataclass(frozen=True)
class Side:
    """The runs without a change, or those with it."""

    records: tuple[Record, ...]
    metric: str  # that validation picks by, the better the larger

    @property
    def best(self) -> list[float]:
        """The best validation of each run."""
        return [max(entry[self.metric] for entry in record.curve) for record in self.records]

    def steps(self, value: float) -> list[int]:
        """After how many steps each run first reached a value in validation."""
        return [
            next(int(entry["step"]) for entry in record.curve if entry[self.metric] >= value) for record in self.records
        ]

    def minutes(self, value: float) -> float:
        """Core minutes of a run until then, on average: its own as the share of its steps."""
        parts = zip(self.records, self.steps(value), strict=True)
        return fmean(minutes(record) * step / record.steps for record, step in parts)


@dataclass(frozen=True)
class Compared:
    """Both sides of a change, and the best validation that every run of both has reached."""

    before: Side
    after: Side

    @property
    def reached(self) -> float:
        return min(*self.before.best, *self.after.best)

    @property
    def differs(self) -> list[str]:
        """The settings in which the two sides differ."""
        old, new = (side.records[0].config for side in (self.before, self.after))
        return sorted(name for name in old | new if old.get(name) != new.get(name))

    @property
    def clock(self) -> str:
        """What the minutes of both were read from."""
        return Spent((*self.before.records, *self.after.records)).clock


def compared(gain: Gain) -> Compared | None:
    """The runs that a gain names; None where it names none, or the results folder lacks one.

    Raises:
        InputError: a record that is damaged.
    """
    sides = [[paths.results() / name for name in names] for names in (gain.before, gain.after)]
    if not sides[0] or not all(path.exists() for side in sides for path in side):
        return None
    found = [tuple(map(records.read, side)) for side in sides]
    return Compared(*(Side(side, selected_by(side[0])) for side in found))


def benchmark(gain: Gain) -> Any | None:
    """The kept comparison that a gain names; None where it names none, or none was kept."""
    name, _, case = gain.benchmark.partition(": ")
    rows = lists.measured()
    found = rows[(rows["name"] == name) & (rows["case"] == case)]
    return next(found.itertuples(), None)


def unrounded() -> Table:
    """All gains for programs."""
    return Table.of(map(_entry, kept.read()), KEYS)


def _entry(gain: Gain) -> dict[str, Any]:
    found, ratio = compared(gain), benchmark(gain)
    entry = dict.fromkeys(KEYS) | vars(gain) | {"before": list(gain.before), "after": list(gain.after)}
    if found is not None:
        entry |= {
            "metric": found.before.metric,
            "reached": found.reached,
            "clock": found.clock,
            "differs": found.differs,
        }
        for name, side in (("before", found.before), ("after", found.after)):
            entry |= {
                f"n_{name}": len(side.records),
                f"steps_{name}": fmean(side.steps(found.reached)),
                f"minutes_{name}": side.minutes(found.reached),
                f"best_{name}": fmean(side.best),
            }
    if ratio is not None:
        entry |= {name: getattr(ratio, name) for name in ("device", "unit", "reference", "ours", "ratio")}
    return entry


def rounded() -> Table:
    """All gains for reading: those with records first, then those with a benchmark, then those that are only told."""
    return Table(READ, sorted(map(_read, kept.read()), key=lambda row: (row[3] == TOLD, row[3].startswith("`"))))


def _read(gain: Gain) -> Sequence[str]:
    """One line; the diary's entry as a link in Markdown."""
    found, ratio = compared(gain), benchmark(gain)
    measured = TOLD, "", ""
    if found is not None:
        metric, differs = found.before.metric, ", ".join(map(code, found.differs))
        reached = f"{number(found.reached, metric)} in {metric} of validation; different are {differs}"
        measured = Markdown(reached), _side(found, found.before), _side(found, found.after)
    elif ratio is not None:
        times = [f"{lists.short(value)} {ratio.unit}" for value in (ratio.reference, ratio.ours)]
        asked = code(f"reprolib bench {ratio.name}")
        measured = Markdown(f"{asked}, {ratio.case}: {lists.short(ratio.ratio)} times as fast"), *times
    entry = Markdown(f"[diary]({gain.entry})" if gain.entry else "[](speed)")
    return gain.change, gain.row, gain.why, *measured, entry


def _side(found: Compared, side: Side) -> str:
    """Steps and minutes until what both sides reached, and what this one reached in the end."""
    metric, clock = side.metric, "" if found.clock == "processor" else f" ({found.clock})"
    steps, time = fmean(side.steps(found.reached)), side.minutes(found.reached)
    best = number(fmean(side.best), metric)
    return f"{steps:,.0f} steps, {time:.1f} min{clock}, best {best}, n = {len(side.records)}"
