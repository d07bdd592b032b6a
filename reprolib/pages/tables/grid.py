"""Paper against ours in the form of the papers' tables: few columns, so that they fit a phone.

What does not fit goes into a second table that unfolds.
"""

from collections.abc import Callable, Iterable, Sequence
from html import escape
from itertools import groupby

from reprolib.evidence.spelling import number, paper_name, spoken
from reprolib.pages.tables.cell import Cell
from reprolib.pages.tables.listing import printed
from reprolib.pages.tables.markup import Html, breakable, code, paragraph, sign, unbroken, unfolds
from reprolib.pages.tables.table import Table, render

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


def against_paper(all_cells: Sequence[Cell]) -> Html:
    """Paper against ours in the form of the papers' tables, with the commands, and what was measured how.

    Args:
        all_cells: one cell a published line, as `cell.best` picks them.
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
    return render(Table(("", *heads), rows, f"{paper}: {caption}"), "html")


def _shared(names: Iterable[str]) -> str:
    """What all names are, where they are the same; else nothing."""
    different = set(names)
    return different.pop() if len(different) == 1 else ""


def _system(name: str, cells: Sequence[Cell]) -> Html:
    """A system, and under it the scale, the data and the number of seeds of its runs."""
    runs = dict.fromkeys(
        f"{cell.scale}, {cell.measured_on}, n\u00a0=\u00a0{cell.n}" for cell in cells if cell.ours is not None
    )
    return Html("<br>".join([f"<b>{escape(name)}</b>", *runs]))


def _ours_over_theirs(cell: Cell) -> Html:
    """Our mean with its spread and its marks; under it the printed figure, and how it was obtained."""
    ours = sign("–", "not measured") if cell.ours is None else f"{_mean(cell)} {_marks(cell)}"
    said = f' title="{OBTAINED[cell.provenance]}"' if cell.provenance in OBTAINED else ""
    theirs = "" if cell.published is None else f'<span class="printed"{said}>{unbroken(printed(cell))}</span>'
    return Html(f"{unbroken(ours)}<br>{theirs}")


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
    rows = [(_what(cell), cell.unit or "–", cell.device or "–", _why(cell)) for cell in cells]
    return render(Table(("system, task, metric", "unit", "device", "marks and reasons"), rows), "html")


def _why(cell: Cell) -> Html:
    """The marks in words, the claim that names the figure with its label, and the reasons."""
    marks = [f"figure {cell.figure}"] * bool(cell.figure) + [f"order {cell.effect}"] * bool(cell.effect)
    parts = [f"<b>{', '.join(marks)}</b>"] * bool(marks)
    if cell.claim:
        parts.append(f'claim <a href="{_claim(cell.claim)}">{cell.claim}</a>: {cell.verdict}')
    return Html("; ".join([*parts, escape(cell.reason)]))


def _what(cell: Cell) -> Html:
    return Html(f"<b>{escape(cell.system)}</b><br>{breakable(cell.task)}<br>{breakable(cell.metric)}")


def _commands(cells: Sequence[Cell]) -> str:
    """The commands that repeat what was measured, and those that would fill the gaps."""
    measured = dict.fromkeys(cell.command for cell in cells if cell.ours is not None and cell.command)
    missing = dict.fromkeys(cell.command for cell in cells if cell.ours is None and cell.command)
    titled = {"Commands that repeat these numbers": measured, "Commands for what has no record yet": missing}
    return "\n".join(unfolds(title, code(commands)) for title, commands in titled.items() if commands)
