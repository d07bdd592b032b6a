"""What runs cost, beside what the papers' runs needed; and the core hours of one seed of all that headlines rest on."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev

from reprolib import experiments
from reprolib.contracts.entry import Row
from reprolib.contracts.source import DATA_KINDS
from reprolib.evidence import printed_costs
from reprolib.evidence.printed_costs import Fact, Needs
from reprolib.evidence.records import Record
from reprolib.judgement.labels import Court
from reprolib.judgement.verdicts import measurements
from reprolib.pages.tables import links
from reprolib.pages.tables.cell import telling
from reprolib.pages.tables.listing import PROVENANCE
from reprolib.pages.tables.markup import Html, breakable, paragraph
from reprolib.pages.tables.table import Table, render

PROMISE = 48  # core hours of one seed of all rows that headline claims rest on: a day on two cores
ON_CORES = ("thread", "threads")  # how the name of a processor ends in a record; accelerators are called otherwise
PRINTED = ("steps", "batch", "examples", "device", "hours")  # facts of a paper's run
KEYS = (  # for programs
    *("row", "scale", "data", "n", "core_minutes", "std", "clock", "peak_memory", "steps", "batch", "examples"),
    *("device", *(f"printed_{name}" for name in PRINTED), "provenance", "note"),
)
READ = ("row", "run", "core minutes", "GiB", "steps × batch", "printed")
BUDGET = (
    *("scale", "rows", "with a record", "core hours measured", "expected of the others", "in all"),
    f"percent of {PROMISE} core hours",
)


@dataclass(frozen=True)
class Spent:
    """What training with its validation took on one row at one scale, a record a seed."""

    records: tuple[Record, ...]

    @property
    def minutes(self) -> float:
        """Of a seed, on average: of all cores by the processor's clock, else by the wall's."""
        return fmean(map(minutes, self.records))

    @property
    def spread(self) -> float | None:
        """Standard deviation of the minutes over seeds; None of a single one."""
        return stdev(map(minutes, self.records)) if len(self.records) > 1 else None

    @property
    def clock(self) -> str:
        """What the minutes were read from."""
        return " and ".join(sorted({"processor" if by_processor(record) else "wall" for record in self.records}))

    @property
    def memory(self) -> int:
        """Bytes at the highest of all seeds."""
        return max(record.peak_memory for record in self.records)

    @property
    def devices(self) -> str:
        """Every device that a seed ran on."""
        return "; ".join(sorted({record.device for record in self.records}))


def by_processor(record: Record) -> bool:
    """Whether the processor's seconds were recorded, and the processor did the work."""
    return record.processor_seconds is not None and on_cores(record)


def on_cores(record: Record) -> bool:
    """Whether no accelerator did the work."""
    return record.device.endswith(ON_CORES)


def minutes(record: Record) -> float:
    """Core minutes of a run by the processor's clock or, where that was not read, minutes by the wall's."""
    return (record.processor_seconds if by_processor(record) else record.seconds) / 60


def spent(found: Sequence[Record]) -> list[Spent]:
    """Every row that learns at its largest scale with a record above smoke, in the order of the registry."""
    rows = (row for experiment in experiments.every() for row in experiment.rows)
    measured = (telling(found, row.task, row.system) for row in rows)
    return [Spent(one.records) for one in measured if one and one.first.scale != "smoke" and one.first.steps]


def unrounded(found: Sequence[Record]) -> Table:
    """Costs of every row for programs: minutes, bytes and counts."""
    known = printed_costs.read()
    return Table.of((_entry(one, known) for one in spent(found)), KEYS)


def _entry(one: Spent, known: Sequence[Needs]) -> dict[str, object]:
    first = one.records[0]
    told = printed_costs.of(known, first.task, first.system)
    facts = {name: printed_costs.fact(told, name) for name in PRINTED}
    printed = {f"printed_{name}": fact and fact.value for name, fact in facts.items()}
    return printed | {
        "row": first.row,
        "scale": first.scale,
        "data": first.kind,
        "n": len(one.records),
        "core_minutes": one.minutes,
        "std": one.spread,
        "clock": one.clock,
        "peak_memory": one.memory,
        "steps": first.steps,
        "batch": first.config.get("train.batch"),
        "examples": first.data["sizes"].get("train"),
        "device": one.devices,
        "provenance": [line.provenance for line in told],
        "note": "; ".join(line.note for line in told),
    }


def rounded(found: Sequence[Record]) -> Table:
    """Costs of every row for reading."""
    known = printed_costs.read()
    return Table(READ, [_read(one, known) for one in spent(found)])


def _read(one: Spent, known: Sequence[Needs]) -> tuple[str, ...]:
    first = one.records[0]
    told = printed_costs.of(known, first.task, first.system)
    return (
        first.row,
        f"{first.scale}, {first.kind}, n = {len(one.records)}; {one.devices}",
        _minutes(one),
        f"{one.memory / 2**30:.1f}",
        f"{first.steps:,} × {first.config.get('train.batch', '?')}",
        _printed(told),
    )


def _printed(told: Sequence[Needs]) -> str:
    """What a paper's run needed: steps × batch, examples, hours and device, as far as they are known."""
    steps, batch, examples, device, hours = (_shown(printed_costs.fact(told, name)) for name in PRINTED)
    run = f"{steps or '?'} × {batch or '?'}" if steps or batch else ""
    return "; ".join(
        filter(None, (run, f"{examples} examples" if examples else "", f"{hours} h" if hours else "", device))
    )


def _minutes(one: Spent) -> str:
    """With the spread over seeds, and the clock where it is the wall's."""
    spread = "" if one.spread is None else f" ± {one.spread:.1f}"
    return f"{one.minutes:.1f}{spread}" + ("" if one.clock == "processor" else f" ({one.clock})")


def _shown(fact: Fact | None) -> str:
    """A fact with the sign of how it was obtained; nothing where it is not known."""
    if fact is None:
        return ""
    shown = {int: "{:,}", float: "{:g}"}.get(type(fact.value), "{}").format(fact.value)
    return shown + PROVENANCE[fact.provenance]


def budget(found: Sequence[Record]) -> Table:
    """Core hours of one seed of every row that a headline claim rests on, scale by scale, against what is promised.

    A row with records counts as measured, with the mean of its seeds; another one with the minutes that it declares.
    """
    rows = list({row.name: row for row in needed(found)}.values())
    by_kind = sorted(measurements(filter(on_cores, found)).items(), key=lambda item: DATA_KINDS.index(item[0][3]))
    taken = {key[:3]: Spent(one.records) for key, one in by_kind}  # on real data where there are such
    small, long_ = ([(row, scale) for row in rows if scale in row.minutes] for scale in ("small", "long"))
    larger = list({row.name: (row, scale) for row, scale in small + long_}.values())
    parts = {"small": small, "long": long_, "both": small + long_, "the larger of both": larger}
    return Table(BUDGET, [_sum(name, runs, taken) for name, runs in parts.items()])


def _sum(name: str, runs: Sequence[tuple[Row, str]], taken: dict[tuple[str, str, str], Spent]) -> tuple[str | int, ...]:
    """The line of some runs, each a row at a scale."""
    measured = [one for row, scale in runs if (one := taken.get((row.task, row.system, scale)))]
    others = [row.minutes[scale] for row, scale in runs if (row.task, row.system, scale) not in taken]
    hours = sum(one.minutes for one in measured) / 60, sum(others) / 60
    shown = [f"{each:.1f}" for each in (*hours, sum(hours))]
    return name, len(runs), len(measured), *shown, f"{100 * sum(hours) / PROMISE:.0f}"


def needed(found: Iterable[Record]) -> Iterator[Row]:
    """The rows that headline claims rest on, each after the one whose weights it starts from."""
    names = Court.of(found).rests_on(headline=True)
    for experiment in experiments.every():
        for row in experiment.rows:
            if (row.task, row.system) in names:
                yield from _with_start(row)


def _with_start(row: Row) -> Iterator[Row]:
    if row.starts_from is not None:
        yield from _with_start(experiments.get(row.starts_from.experiment).row(row.starts_from.row))
    yield row


def costs(found: Sequence[Record]) -> Html:
    """What a seed of every row that learns took, of some records, as the page of an experiment shows it."""
    measured = spent(found)
    if not measured:
        return Html(paragraph("There are no committed records yet."))
    lines = [
        (
            Html(f"<b>{breakable(one.records[0].row)}</b><br>{one.records[0].scale}, {one.records[0].kind}"),
            f"{one.records[0].steps:,}",
            _minutes(one),
            len(one.records),
            one.devices,
        )
        for one in measured
    ]
    table = Table(("row", "steps", "core minutes of a seed", "seeds", "device"), lines)
    return Html(render(table, "html") + links.downloads_within(table, "costs"))
