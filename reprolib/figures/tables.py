"""Tables for pages: few columns, so that they fit a phone; what does not fit goes into a second table that unfolds."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import groupby
from statistics import fmean, stdev

from reprolib import experiments, published, report
from reprolib.data.clevr.render.agreement import Agreement
from reprolib.records import Record
from reprolib.report import Cell, number
from reprolib.verdicts import Measurement, measurements

SIGNS = {"reproduced": "✔", "partly": "◐", "not reproduced": "✘", "not attempted": "·"}
Rows = Iterable[Sequence[str]]


@dataclass(frozen=True)
class Html:
    """Markup that notebooks display."""

    text: str

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        return {"text/html": self.text, "text/plain": "a table (HTML)"}


def against_paper(all_cells: Sequence[Cell]) -> Html:
    """Paper against ours, a table for each paper and task, under it what was measured how, and the commands.

    Args:
        all_cells: one cell a published line, as `report.best` picks them.
    """
    parts = []
    for paper, of_paper in groupby(all_cells, key=lambda cell: cell.paper):
        cells = list(of_paper)
        for task, of_task in groupby(sorted(cells, key=_task_order(cells)), key=lambda cell: cell.task):
            parts.append(_headline(f"{report.paper_name(paper)}: {task}", list(of_task)))
        parts.append(_commands(cells))
        parts.append(_unfolds("How each figure was measured, and why this verdict", _details(cells)))
    return Html("\n".join(parts) or _paragraph("No published figure is at hand."))


def _task_order(cells: Sequence[Cell]):
    """Keep the tasks in their order, each in one piece."""
    first = list(dict.fromkeys(cell.task for cell in cells))
    return lambda cell: first.index(cell.task)


def _headline(caption: str, cells: Sequence[Cell]) -> str:
    rows = [(_what(cell), _theirs(cell), _ours(cell), _verdict(cell)) for cell in cells]
    return _table(caption, ("system, metric", "paper", "ours", "verdict"), rows)


def _what(cell: Cell) -> str:
    return f"<b>{escape(cell.system)}</b><br>{_breakable(cell.metric)}"


def _theirs(cell: Cell) -> str:
    return "–" if cell.published is None else _figure(cell.published, cell.metric) + "*" * cell.recalled


def _ours(cell: Cell) -> str:
    """The mean with its spread, and under it the scale, the data and the number of seeds."""
    if cell.ours is None:
        return "–"
    spread = f" ± {_figure(cell.std, cell.metric)}" if cell.std is not None else ""
    return f"{_figure(cell.ours, cell.metric)}{spread}<br>{cell.scale}, {cell.data}, n = {cell.n}"


def _verdict(cell: Cell) -> str:
    return f'<span aria-hidden="true">{SIGNS[cell.verdict]}</span> {cell.verdict}' if cell.verdict else "–"


def _details(cells: Sequence[Cell]) -> str:
    rows = [(_what(cell), escape(cell.unit or "–"), escape(cell.device or "–"), escape(cell.reason)) for cell in cells]
    return _table("", ("system, metric", "unit", "device", "why"), rows)


def _commands(cells: Sequence[Cell]) -> str:
    """The commands that repeat what was measured; those that would fill the gaps unfold."""
    measured = dict.fromkeys(cell.command for cell in cells if cell.ours is not None and cell.command)
    missing = dict.fromkeys(cell.command for cell in cells if cell.ours is None and cell.command)
    parts = [_paragraph("Reproduce these numbers:") + _code(measured)] if measured else []
    return "\n".join([*parts, *([_unfolds("Commands for what has no record yet", _code(missing))] if missing else [])])


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
    asked = [line.metric for line in published.read() if line.task == task]
    metrics = dict.fromkeys([experiments.get(first.experiment).select, *asked])
    rows = [
        (_breakable(metric), *(_summary(measurement.values(metric), metric) for measurement in systems.values()))
        for metric in metrics
        if any(measurement.values(metric) for measurement in systems.values())
    ]
    return _table(task, ("metric", *map(escape, systems)), rows)


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


def shares(percents: Mapping[str, float], of: str = "rule") -> Html:
    """What rules get right, or what is got right of some groups: a line each, in percent."""
    return Html(_table("", (of, "percent right"), [(escape(name), _figure(value)) for name, value in percents.items()]))


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
