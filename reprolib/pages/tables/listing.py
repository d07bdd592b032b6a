"""Cells one below the other: every figure unrounded for programs, rounded and marked for reading."""

from collections.abc import Sequence

from reprolib.evidence.spelling import number
from reprolib.pages.tables.cell import Cell
from reprolib.pages.tables.links import record_path
from reprolib.pages.tables.table import Table

PROVENANCE = {"read": "", "quoted": "†", "recalled": "*", "ours": ""}  # signs behind printed figures
KEYS = (  # for programs; scripts rely on the order of the first eighteen
    *("paper", "table", "system", "task", "metric", "unit", "published", "provenance", "ours", "std", "n", "scale"),
    *("data", "device", "figure", "effect", "verdict", "command"),
    *("reason", "bound", "claim", "decided_by", "improving", "split", "records", "stands_for"),
)


def unrounded(found: Sequence[Cell]) -> Table:
    """All that a cell holds, its records by their files."""
    return Table.of((vars(cell) | {"records": [record_path(one) for one in cell.records]} for cell in found), KEYS)


def rounded(found: Sequence[Cell]) -> Table:
    """What a reader needs of a cell."""
    return Table(READ, [_read(cell) for cell in found])


READ = (
    *("task", "system", "metric", "paper", "provenance", "ours", "±"),
    *("n", "scale", "data", "figure", "order", "claim", "why"),
)


def _read(cell: Cell) -> tuple[str | int, ...]:
    ours, spread = number(cell.ours, cell.metric), number(cell.std, cell.metric)
    return (
        *(cell.task, cell.system, cell.metric, printed(cell), cell.provenance, ours, spread),
        *(cell.n, cell.scale or "", cell.measured_on, cell.figure or "–", cell.effect or "–"),
        *(f"{cell.claim}: {cell.verdict}" if cell.claim else "–", cell.reason),
    )


def printed(cell: Cell) -> str:
    """The paper's figure, with a sign where it was quoted or recalled and not read."""
    if cell.published is None:
        return ""
    return f"{cell.bound} {number(cell.published, cell.metric)}{PROVENANCE[cell.provenance]}".strip()
