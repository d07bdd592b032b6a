"""Tables for pages: few columns, so that they fit a phone; what does not fit goes into a second table that unfolds."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import groupby
from statistics import fmean, stdev

from reprolib import experiments, published
from reprolib.data.clevr.render.agreement import Agreement
from reprolib.records import Record
from reprolib.report import Cell
from reprolib.verdicts import Measurement, measurements
from reprolib.wording import SIGNS, number, paper_name, spoken

KEY = (
    "Ours, with its verdict, stands above the paper's figure. "
    + ", ".join(f"{sign} {verdict}" for verdict, sign in SIGNS.items())
    + "; * recalled or quoted, not read in the paper."
)
Rows = Iterable[Sequence[str]]


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
        return Html(_paragraph("No published figure is at hand."))
    parts, commands = [_paragraph(KEY)], set()
    for paper, of_paper in groupby(all_cells, key=lambda cell: cell.paper):
        cells = list(of_paper)
        parts += [_grid(paper_name(paper), part) for part in _tables(cells)]
        parts.append(_commands([cell for cell in cells if cell.command not in commands]))
        parts.append(_unfolds("How each figure was measured, and why this verdict", _details(cells)))
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
    return _table(f"{paper}: {caption}", ("", *map(escape, heads)), rows)


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
    """Our mean with its spread and the sign of its verdict; under it the printed figure."""
    spread = "" if cell.std is None else f" ± {_figure(cell.std, cell.metric)}"
    ours = "" if cell.ours is None else f"{_figure(cell.ours, cell.metric)}{spread} "
    return f'<span style="white-space: nowrap">{ours}{_sign(cell)}</span><br>{_theirs(cell)}'


def _sign(cell: Cell) -> str:
    if cell.verdict is None:
        return "" if cell.ours is not None else "–"
    return f'<span role="img" aria-label="{cell.verdict}" title="{cell.verdict}">{SIGNS[cell.verdict]}</span>'


def _theirs(cell: Cell) -> str:
    if cell.published is None:
        return ""
    return f'<span class="printed">{_figure(cell.published, cell.metric)}{"*" * cell.recalled}</span>'


def _details(cells: Sequence[Cell]) -> str:
    rows = [(_what(cell), escape(cell.unit or "–"), escape(cell.device or "–"), _why(cell)) for cell in cells]
    return _table("", ("system, task, metric", "unit", "device", "verdict"), rows)


def _why(cell: Cell) -> str:
    return (f"<b>{cell.verdict}</b>: " if cell.verdict else "") + escape(cell.reason)


def _what(cell: Cell) -> str:
    return f"<b>{escape(cell.system)}</b><br>{_breakable(cell.task)}<br>{_breakable(cell.metric)}"


def _commands(cells: Sequence[Cell]) -> str:
    """The commands that repeat what was measured, and those that would fill the gaps."""
    measured = dict.fromkeys(cell.command for cell in cells if cell.ours is not None and cell.command)
    missing = dict.fromkeys(cell.command for cell in cells if cell.ours is None and cell.command)
    titled = {"Commands that repeat these numbers": measured, "Commands for what has no record yet": missing}
    return "\n".join(_unfolds(title, _code(commands)) for title, commands in titled.items() if commands)


def executed(found: Sequence[Record], train: bool) -> Html:
    """What an execution ran, a table a task with a column a system; smoke scale earns no verdict.

    Args:
        train: whether the records are of this execution, or committed ones that it read.
    """
    if not found:
        return Html(_paragraph("Nothing was trained (train=False), and no committed record fits these parameters."))
    first = found[0]
    said = (
        "Trained in this execution" if train else "Nothing was trained (train=False): read from the committed records"
    )
    seeds = ", ".join(str(seed) for seed in sorted({record.seed for record in found}))
    facts = f"{said}. Scale {first.scale}, {first.kind} data, seeds {seeds}, {first.device}."
    caveat = " Smoke scale shows that it runs; it earns no verdict." if first.scale == "smoke" else ""
    groups = measurements(found).values()
    tasks = dict.fromkeys(record.task for record in found)
    tables = [_executed(task, {m.first.system: m for m in groups if m.first.task == task}) for task in tasks]
    return Html("\n".join([_paragraph(facts + caveat), *tables]))


def _executed(task: str, systems: Mapping[str, Measurement]) -> str:
    first = next(iter(systems.values())).first
    asked = dict.fromkeys(line.metric for line in published.read() if line.task == task)
    measured = {metric for measurement in systems.values() for metric in measurement.first.metrics}
    shown = [metric for metric in asked if metric in measured] or [experiments.get(first.experiment).select]
    rows = [
        (spoken(metric), *(_summary(measurement.values(metric), metric) for measurement in systems.values()))
        for metric in shown
    ]
    return _table(spoken(task), ("", *map(escape, systems)), rows)


def _summary(values: Sequence[float], metric: str) -> str:
    if not values:
        return "–"
    return _figure(fmean(values), metric) + (f" ± {_figure(stdev(values), metric)}" if len(values) > 1 else "")


def status(found: Sequence[Record]) -> Html:
    """The state of the records: how many runs, when the last one began, what they took, and on what they ran."""
    if not found:
        return Html(_paragraph("There are no committed records yet."))
    groups: dict[tuple[str, str, str], list[Record]] = {}
    for record in found:
        groups.setdefault((record.experiment, record.scale, record.kind), []).append(record)
    rows = [
        (
            f"<b>{_breakable(name)}</b><br>{scale}, {kind}",
            str(len(runs)),
            max(record.started for record in runs)[:10],
            _duration(sum(record.seconds for record in runs)),
        )
        for (name, scale, kind), runs in groups.items()
    ]
    table = _table("", ("experiment", "runs", "last", "training"), rows)
    return Html(table + _unfolds("Devices and versions", _provenance(found)))


def _provenance(found: Sequence[Record]) -> str:
    """Every combination of device and versions, with how many runs it made."""
    counts: dict[tuple[str, str], int] = {}
    for record in found:
        versions = ", ".join(f"{name} {version}" for name, version in sorted(record.versions.items()))
        counts[record.device, versions] = counts.get((record.device, versions), 0) + 1
    rows = [(escape(device), escape(versions), str(count)) for (device, versions), count in counts.items()]
    return _table("", ("device", "versions", "runs"), rows)


def _duration(seconds: float) -> str:
    """Seconds below two minutes, minutes below two hours, then hours."""
    for size, name in ((3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.1f} {name}"
    return f"{seconds:.1f} s"


def equalities(differences: Mapping[str, float]) -> Html:
    """Configurations with their largest difference from their definition."""
    rows = [(escape(name), _figure(value)) for name, value in differences.items()]
    return Html(_table("Largest difference in float64", ("configuration", "from its loops"), rows))


def agreement(found: Sequence[Agreement]) -> Html:
    """How closely drawn pictures agree with others of their scenes, a line a picture."""
    rows = [
        (str(place), *map(_figure, (100 * one.overlap, one.apart, 100 * one.objects, 100 * one.ground)))
        for place, one in enumerate(found, 1)
    ]
    head = ("scene", "overlap, %", "apart, pixels", "objects' colour, %", "ground's colour, %")
    return Html(_table("", head, rows))


def shares(percents: Mapping[str, float], of: str = "rule", what: str = "percent right") -> Html:
    """What rules get right, or what is got right of some groups, or another share of them: a line each, in percent."""
    return Html(_table("", (of, what), [(escape(name), _figure(value)) for name, value in percents.items()]))


def _table(caption: str, head: Sequence[str], rows: Rows) -> str:
    title = f"<caption>{escape(caption)}</caption>" if caption else ""
    header = "".join(f'<th scope="col">{cell}</th>' for cell in head)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>\n" for row in rows)
    return f'<table class="table">{title}<thead><tr>{header}</tr></thead>\n<tbody>\n{body}</tbody></table>'


def _figure(value: float, metric: str = "") -> str:
    """A figure that is not broken over lines at the sign of its exponent."""
    return f'<span style="white-space: nowrap">{number(value, metric)}</span>'


def _breakable(name: str) -> str:
    """A metric or experiment that may break over lines after a slash or an underscore."""
    return escape(name).replace("/", "/<wbr>").replace("_", "_<wbr>")


def _paragraph(text: str) -> str:
    return f"<p>{escape(text)}</p>"


def _code(lines: Iterable[str]) -> str:
    return f"<pre>{escape(chr(10).join(lines))}</pre>"


def _unfolds(title: str, inside: str) -> str:
    return f'<details style="margin: 0.7em 0"><summary>{escape(title)}</summary>\n{inside}</details>'
