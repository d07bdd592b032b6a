"""Paper against ours in the form of the papers' tables: few columns, so that they fit a phone.

What does not fit goes into a second table that unfolds.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from html import escape
from itertools import groupby

from reprolib.evidence.spelling import number, spoken
from reprolib.pages.tables import links
from reprolib.pages.tables.cell import Cell
from reprolib.pages.tables.commands import with_needs
from reprolib.pages.tables.listing import printed
from reprolib.pages.tables.markup import Html, breakable, paragraph, sign, unbroken, unfolds
from reprolib.pages.tables.table import Table, render

FIGURE = {"close": "●", "unsure": "◐", "short": "○"}
ORDER = {"holds": "✓", "unsure": "?", "fails": "✗"}
IMPROVING = "↗"
OBTAINED = {"quoted": "quoted by another paper", "recalled": "recalled, not read in the paper"}
NEITHER = "·"  # in the place of a mark that cannot be given

KEY = (
    "Ours stands above the paper's figure. It is {close} close, {unsure} unsure or {short} short of it. ".format(
        **FIGURE
    )
    + "The claimed order {holds} holds, {unsure} is unsure or {fails} fails. Both marks lead to their claim. ".format(
        **ORDER
    )
    + "The small numbers behind are the seeds; each leads to its record. "
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
        parts += [_grid(links.paper(paper, links.NOTEBOOK_PAGE), part) for part in _tables(cells)]
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


def _grid(paper: Html, cells: Sequence[Cell]) -> str:
    """A line a system, with a column a metric of the one task, or a task of the one metric."""
    tasks, metrics = ({getattr(cell, name): cell.unit for cell in cells} for name in ("task", "metric"))
    across, units, (subject, *_) = ("metric", metrics, tasks) if len(tasks) == 1 else ("task", tasks, metrics)
    family, unit = _shared(name.rpartition("/")[0] for name in units), _shared(units.values())
    heads = [
        spoken(name.removeprefix(f"{family}/")) + (f" ({units[name]})" if units[name] != unit else "") for name in units
    ]
    usual, rows = _usual(cells), []
    for system, of_system in _grouped(cells, lambda cell: cell.system):
        own = None if _apart(of_system, usual) else usual
        found = {getattr(cell, across): _ours_over_theirs(cell, own) for cell in of_system}
        rows.append((_system(system, of_system, usual), *(found.get(name, "") for name in units)))
    caption = ", ".join(filter(None, (spoken(subject), spoken(family), unit)))
    runs = f" (ours: {_said(usual)})" if usual else ""
    return render(Table(("", *heads), rows, Html(f"{paper.text}: {escape(caption + runs)}")), "html")


def _shared(names: Iterable[str]) -> str:
    """What all names are, where they are the same; else nothing."""
    different = set(names)
    return different.pop() if len(different) == 1 else ""


Runs = tuple[str, str, str]  # scale, data with the split, and number of seeds, each in words


def _runs(cell: Cell) -> Runs:
    return str(cell.scale), cell.measured_on, f"n\u00a0=\u00a0{cell.n}"


def _usual(cells: Sequence[Cell]) -> Runs | None:
    """The runs that most figures of a table are of; None where nothing was measured."""
    counts = Counter(_runs(cell) for cell in cells if cell.ours is not None)
    return counts.most_common(1)[0][0] if counts else None


def _apart(cells: Sequence[Cell], usual: Runs | None) -> Runs | None:
    """The runs of a whole row, where they are not those of its table; None where its cells differ among themselves."""
    found = {_runs(cell) for cell in cells if cell.ours is not None}
    return next(iter(found)) if len(found) == 1 and found != {usual} else None


def _said(runs: Runs, usual: Runs | None = None) -> str:
    """Runs in words, without what is as usual."""
    return ", ".join(word for word, known in zip(runs, usual or ("",) * len(runs), strict=True) if word != known)


def _system(name: str, cells: Sequence[Cell], usual: Runs | None) -> Html:
    """A system, and under it whom it stands for, and what differs of its runs from the others of the table."""
    apart = _apart(cells, usual)
    place = f"in the place of {cells[0].stands_for}" if cells[0].stands_for else ""
    small = [f"<small>{escape(said)}</small>" for said in (place, _said(apart, usual) if apart else "") if said]
    return Html("<br>".join([f"<b>{escape(name)}</b>", *small]))


def _ours_over_theirs(cell: Cell, usual: Runs | None) -> Html:
    """Our mean with its spread, marks and records; under it the printed figure, and how it was obtained.

    Args:
        usual: the runs that are said already; None where they are said for the whole row.
    """
    ours = sign("–", "not measured") if cell.ours is None else f"{_mean(cell)} {_marks(cell)} {_seeds(cell)}"
    runs = _said(_runs(cell), usual) if usual and cell.ours is not None else ""
    obtained = f' title="{OBTAINED[cell.provenance]}"' if cell.provenance in OBTAINED else ""
    theirs = "" if cell.published is None else f'<span class="printed"{obtained}>{unbroken(printed(cell))}</span>'
    return Html("<br>".join([unbroken(ours), *([f"<small>{runs}</small>"] if runs else []), theirs]))


def _seeds(cell: Cell) -> str:
    """The seeds of a figure, each with a link to its record."""
    linked = " ".join(links.record(one, links.NOTEBOOK_PAGE, str(one.seed)) for one in cell.records)
    return f'<sup class="seeds">{linked}</sup>' if linked else ""


def _mean(cell: Cell) -> str:
    return number(cell.ours, cell.metric) + ("" if cell.std is None else f" ± {number(cell.std, cell.metric)}")


def _marks(cell: Cell) -> str:
    """How close the figure is, whether its order holds, and whether a run had not come to its end."""
    marks = [_closeness(cell), _order(cell)]
    if cell.improving:
        marks.append(sign(IMPROVING, "still improving at the end of its run"))
    return " ".join(marks)


def _closeness(cell: Cell) -> str:
    """With a link to the claim that names the figure."""
    if cell.figure is None:
        return sign(NEITHER, "figure: none is printed")
    if cell.claim is None:
        return sign(FIGURE[cell.figure], f"figure: {cell.figure}")
    return sign(FIGURE[cell.figure], f"figure: {cell.figure}, claim {cell.claim}", links.claim(cell.claim))


def _order(cell: Cell) -> str:
    """With a link to the claim whose comparison decides."""
    if cell.effect is None:
        return sign(NEITHER, "order: no claim compares it")
    return sign(ORDER[cell.effect], f"order: {cell.effect}, claim {cell.decided_by}", links.claim(cell.decided_by))


def _details(cells: Sequence[Cell]) -> str:
    rows = [(_what(cell), cell.unit or "–", cell.device or "–", _why(cell)) for cell in cells]
    return render(Table(("system, task, metric", "unit", "device", "marks and reasons"), rows), "html")


def _why(cell: Cell) -> Html:
    """The marks in words, the claim that names the figure with its label, and the reasons."""
    marks = [f"figure {cell.figure}"] * bool(cell.figure) + [f"order {cell.effect}"] * bool(cell.effect)
    parts = [f"<b>{', '.join(marks)}</b>"] * bool(marks)
    if cell.claim:
        parts.append(f'claim <a href="{links.claim(cell.claim)}">{cell.claim}</a>: {cell.verdict}')
    return Html("; ".join([*parts, escape(cell.reason)]))


def _what(cell: Cell) -> Html:
    return Html(f"<b>{escape(cell.system)}</b><br>{breakable(cell.task)}<br>{breakable(cell.metric)}")


def _commands(cells: Sequence[Cell]) -> str:
    """The commands that repeat what was measured, and those that would fill the gaps."""
    measured = dict.fromkeys(cell.command for cell in cells if cell.ours is not None and cell.command)
    missing = dict.fromkeys(cell.command for cell in cells if cell.ours is None and cell.command)
    titled = {"Commands that repeat these numbers": measured, "Commands for what has no record yet": missing}
    return "\n".join(unfolds(title, with_needs(list(commands))) for title, commands in titled.items() if commands)
