"""Tables for pages: few columns, so that they fit a phone; what does not fit goes into a second table that unfolds."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import groupby
from statistics import fmean, stdev

import pandas as pd

from reprolib import experiments
from reprolib.data.clevr.render.agreement import Agreement
from reprolib.evidence import published
from reprolib.evidence.records import Record
from reprolib.evidence.wording import number, paper_name, spoken
from reprolib.judgement.labels import Judgement
from reprolib.judgement.verdicts import Measurement, measurements
from reprolib.pages import claim_tables
from reprolib.pages.markup import breakable, code, paragraph, sign, table, unbroken, unfolds
from reprolib.pages.report import Cell, printed

FIGURE = {"close": "●", "unsure": "◐", "short": "○"}
ORDER = {"holds": "✓", "unsure": "?", "fails": "✗"}
IMPROVING = "↗"
OBTAINED = {"quoted": "quoted by another paper", "recalled": "recalled, not read in the paper"}
NEITHER = "·"  # in the place of a mark that cannot be given
CLAIMS_PAGE = "summary.html"  # beside the page of every notebook; it has an anchor at every claim

KEY = (
    "Ours stands above the paper's figure. It is {close} close, {unsure} unsure or {short} short of it. ".format(
        **FIGURE
    )
    + "The claimed order {holds} holds, {unsure} is unsure or {fails} fails; its sign leads to the claim. ".format(
        **ORDER
    )
    + f"{NEITHER} nothing to compare with, {IMPROVING} still improving at the end of its run, "
    + "† quoted by another paper, * recalled."
)


@dataclass(frozen=True)
class Html:
    """Markup that notebooks display."""

    text: str

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        return {"text/html": self.text, "text/plain": "a table (HTML)"}


def against_paper(all_cells: Sequence[Cell]) -> Html:
    """Paper against ours in the form of the papers' tables, with the commands, and what was measured how.

    Args:
        all_cells: one cell a published line, as `report.best` picks them.
    """
    if not all_cells:
        return Html(paragraph("No published figure is at hand."))
    parts, commands = [paragraph(KEY)], set()
    for paper, of_paper in groupby(all_cells, key=lambda cell: cell.paper):
        cells = list(of_paper)
        parts += [_grid(paper_name(paper), part) for part in _tables(cells)]
        parts.append(_commands([cell for cell in cells if cell.command not in commands]))
        parts.append(unfolds("How each figure was measured, and why these marks", _details(cells)))
        commands |= {cell.command for cell in cells}
    return Html("\n".join(parts))


def _tables(cells: Sequence[Cell]) -> list[list[Cell]]:
    """A paper's cells: a printed table as a whole where its tasks share their one metric, the others task by task."""
    printed = dict(_grouped(cells, lambda cell: cell.table))
    whole = {
        table
        for table, inside in printed.items()
        if len({cell.metric for cell in inside}) == 1 < len({cell.task for cell in inside})
    }
    return [part for _, part in _grouped(cells, lambda cell: cell.table if cell.table in whole else cell.task)]


def _grouped(cells: Iterable[Cell], key: Callable[[Cell], str]) -> list[tuple[str, list[Cell]]]:
    """Cells with the same key together, in the order in which the keys first appear."""
    groups: dict[str, list[Cell]] = {}
    for cell in cells:
        groups.setdefault(key(cell), []).append(cell)
    return list(groups.items())


def _grid(paper: str, cells: Sequence[Cell]) -> str:
    """A line a system, with a column a metric of the one task, or a task of the one metric."""
    tasks, metrics = ({getattr(cell, name): cell.unit for cell in cells} for name in ("task", "metric"))
    across, units, (subject, *_) = ("metric", metrics, tasks) if len(tasks) == 1 else ("task", tasks, metrics)
    family, unit = _shared(name.rpartition("/")[0] for name in units), _shared(units.values())
    heads = [
        spoken(name.removeprefix(f"{family}/")) + (f" ({units[name]})" if units[name] != unit else "") for name in units
    ]
    rows = []
    for system, of_system in _grouped(cells, lambda cell: cell.system):
        found = {getattr(cell, across): _ours_over_theirs(cell) for cell in of_system}
        rows.append((_system(system, of_system), *(found.get(name, "") for name in units)))
    caption = ", ".join(filter(None, (spoken(subject), spoken(family), unit)))
    return table(f"{paper}: {caption}", ("", *map(escape, heads)), rows)


def _shared(names: Iterable[str]) -> str:
    """What all names are, where they are the same; else nothing."""
    different = set(names)
    return different.pop() if len(different) == 1 else ""


def _system(name: str, cells: Sequence[Cell]) -> str:
    """A system, and under it the scale, the data and the number of seeds of its runs."""
    runs = dict.fromkeys(
        f"{cell.scale}, {cell.measured_on}, n\u00a0=\u00a0{cell.n}" for cell in cells if cell.ours is not None
    )
    return "<br>".join([f"<b>{escape(name)}</b>", *runs])


def _ours_over_theirs(cell: Cell) -> str:
    """Our mean with its spread and its marks; under it the printed figure, and how it was obtained."""
    ours = sign("–", "not measured") if cell.ours is None else f"{_mean(cell)} {_marks(cell)}"
    said = f' title="{OBTAINED[cell.provenance]}"' if cell.provenance in OBTAINED else ""
    theirs = "" if cell.published is None else f'<span class="printed"{said}>{unbroken(printed(cell))}</span>'
    return f"{unbroken(ours)}<br>{theirs}"


def _mean(cell: Cell) -> str:
    return number(cell.ours, cell.metric) + ("" if cell.std is None else f" ± {number(cell.std, cell.metric)}")


def _marks(cell: Cell) -> str:
    """How close the figure is, whether its order holds, and whether a run had not come to its end."""
    marks = [_closeness(cell), _order(cell)]
    if cell.improving:
        marks.append(sign(IMPROVING, "still improving at the end of its run"))
    return " ".join(marks)


def _closeness(cell: Cell) -> str:
    if cell.figure is None:
        return sign(NEITHER, "figure: none is printed")
    return sign(FIGURE[cell.figure], f"figure: {cell.figure}")


def _order(cell: Cell) -> str:
    """With a link to the claim whose comparison decides."""
    if cell.effect is None:
        return sign(NEITHER, "order: no claim compares it")
    return sign(ORDER[cell.effect], f"order: {cell.effect}, claim {cell.decided_by}", _claim(cell.decided_by))


def _claim(name: str) -> str:
    """Where a claim stands, seen from the page of any notebook."""
    return f"{CLAIMS_PAGE}#{name}"


def _details(cells: Sequence[Cell]) -> str:
    rows = [(_what(cell), escape(cell.unit or "–"), escape(cell.device or "–"), _why(cell)) for cell in cells]
    return table("", ("system, task, metric", "unit", "device", "marks and reasons"), rows)


def _why(cell: Cell) -> str:
    """The marks in words, the claim that names the figure with its label, and the reasons."""
    marks = [f"figure {cell.figure}"] * bool(cell.figure) + [f"order {cell.effect}"] * bool(cell.effect)
    parts = [f"<b>{', '.join(marks)}</b>"] * bool(marks)
    if cell.claim:
        parts.append(f'claim <a href="{_claim(cell.claim)}">{cell.claim}</a>: {cell.verdict}')
    return "; ".join([*parts, escape(cell.reason)])


def _what(cell: Cell) -> str:
    return f"<b>{escape(cell.system)}</b><br>{breakable(cell.task)}<br>{breakable(cell.metric)}"


def _commands(cells: Sequence[Cell]) -> str:
    """The commands that repeat what was measured, and those that would fill the gaps."""
    measured = dict.fromkeys(cell.command for cell in cells if cell.ours is not None and cell.command)
    missing = dict.fromkeys(cell.command for cell in cells if cell.ours is None and cell.command)
    titled = {"Commands that repeat these numbers": measured, "Commands for what has no record yet": missing}
    return "\n".join(unfolds(title, code(commands)) for title, commands in titled.items() if commands)


def counts(found: Sequence[Judgement]) -> Html:
    """How many claims came out how, in words."""
    return Html(paragraph(claim_tables.counted(found)))


def claims(found: Sequence[Judgement]) -> Html:
    """Every claim with its label, a table a paper; what each label was given for unfolds."""
    return Html(claim_tables.html(found))


def waiting(found: pd.DataFrame) -> Html:
    """Rows that wait for their run, as `lists.waiting` finds them, with the commands that run them."""
    if found.empty:
        return Html(paragraph("No row waits: each has a record above smoke scale, and every record is current."))
    rows = [
        (f"<b>{breakable(row['row'])}</b><br>{row['scale']}, {row['data']}", row["minutes a seed"], escape(row["why"]))
        for _, row in found.iterrows()
    ]
    listed = table("", ("row", "minutes a seed", "why"), rows)
    return Html(listed + unfolds("Commands that run them", code(found["command"])))


def executed(found: Sequence[Record], train: bool) -> Html:
    """What an execution ran, a table a task with a column a system; smoke scale earns no mark.

    Args:
        train: whether the records are of this execution, or committed ones that it read.
    """
    if not found:
        return Html(paragraph("Nothing was trained (train=False), and no committed record fits these parameters."))
    first = found[0]
    said = (
        "Trained in this execution" if train else "Nothing was trained (train=False): read from the committed records"
    )
    seeds = ", ".join(str(seed) for seed in sorted({record.seed for record in found}))
    facts = f"{said}. Scale {first.scale}, {first.kind} data, seeds {seeds}, {first.device}."
    caveat = " Smoke scale shows that it runs; it earns no mark." if first.scale == "smoke" else ""
    groups = measurements(found).values()
    tasks = dict.fromkeys(record.task for record in found)
    tables = [_executed(task, {m.first.system: m for m in groups if m.first.task == task}) for task in tasks]
    return Html("\n".join([paragraph(facts + caveat), *tables]))


def _executed(task: str, systems: Mapping[str, Measurement]) -> str:
    first = next(iter(systems.values())).first
    asked = dict.fromkeys(line.metric for line in published.read() if line.task == task)
    measured = {metric for measurement in systems.values() for metric in measurement.first.metrics}
    shown = [metric for metric in asked if metric in measured] or [
        experiments.get(first.experiment).row(first.row).method.select
    ]
    rows = [
        (spoken(metric), *(_summary(measurement.records, metric) for measurement in systems.values()))
        for metric in shown
    ]
    return table(spoken(task), ("", *map(escape, systems)), rows)


def _summary(found: Sequence[Record], metric: str) -> str:
    """Mean and spread over all that was run, whatever its seeds."""
    values = [record.metrics[metric] for record in found if metric in record.metrics]
    if not values:
        return "–"
    return _figure(fmean(values), metric) + (f" ± {_figure(stdev(values), metric)}" if len(values) > 1 else "")


def status(found: Sequence[Record]) -> Html:
    """The state of the records: how many runs, when the last one began, what they took, and on what they ran."""
    if not found:
        return Html(paragraph("There are no committed records yet."))
    groups: dict[tuple[str, str, str], list[Record]] = {}
    for record in found:
        groups.setdefault((record.experiment, record.scale, record.kind), []).append(record)
    rows = [
        (
            f"<b>{breakable(name)}</b><br>{scale}, {kind}",
            str(len(runs)),
            max(record.started for record in runs)[:10],
            _duration(sum(record.seconds for record in runs)),
        )
        for (name, scale, kind), runs in groups.items()
    ]
    runs = table("", ("experiment", "runs", "last", "training"), rows)
    return Html(runs + unfolds("Devices and versions", _provenance(found)))


def _provenance(found: Sequence[Record]) -> str:
    """Every combination of device and versions, with how many runs it made."""
    counts: dict[tuple[str, str], int] = {}
    for record in found:
        versions = ", ".join(f"{name} {version}" for name, version in sorted(record.versions.items()))
        counts[record.device, versions] = counts.get((record.device, versions), 0) + 1
    rows = [(escape(device), escape(versions), str(count)) for (device, versions), count in counts.items()]
    return table("", ("device", "versions", "runs"), rows)


def _duration(seconds: float) -> str:
    """Seconds below two minutes, minutes below two hours, then hours."""
    for size, name in ((3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.1f} {name}"
    return f"{seconds:.1f} s"


def equalities(differences: Mapping[str, float]) -> Html:
    """Configurations with their largest difference from their definition."""
    rows = [(escape(name), _figure(value)) for name, value in differences.items()]
    return Html(table("Largest difference in float64", ("configuration", "from its loops"), rows))


def agreement(found: Sequence[Agreement]) -> Html:
    """How closely drawn pictures agree with others of their scenes, a line a picture."""
    rows = [
        (str(place), *map(_figure, (100 * one.overlap, one.apart, 100 * one.objects, 100 * one.ground)))
        for place, one in enumerate(found, 1)
    ]
    head = ("scene", "overlap, %", "apart, pixels", "objects' colour, %", "ground's colour, %")
    return Html(table("", head, rows))


def shares(percents: Mapping[str, float], of: str = "rule", what: str = "percent right") -> Html:
    """What rules get right, or what is got right of some groups, or another share of them: a line each, in percent."""
    return Html(table("", (of, what), [(escape(name), _figure(value)) for name, value in percents.items()]))


def _figure(value: float, metric: str = "") -> str:
    """A figure that is not broken over lines at the sign of its exponent."""
    return unbroken(number(value, metric))
