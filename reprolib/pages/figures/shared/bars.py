"""Bars of measured figures: what is compared at one scale, and the figure written into its bar."""

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes

from reprolib.evidence.records import Record
from reprolib.evidence.spelling import number
from reprolib.judgement.verdicts import Measurement
from reprolib.pages.figures.shared.style import DARK
from reprolib.pages.tables.cell import telling

Measured = Mapping[tuple[str, str], Measurement | None]  # by task and system


def alike(found: Sequence[Record], rows: Sequence[tuple[str, str]]) -> Measured:
    """The rows' measurements at one scale on one kind of data: the most telling that the first measured row has."""
    first = next((best.first for row in rows if (best := telling(found, *row))), None)
    same = [record for record in found if first and (record.scale, record.kind) == (first.scale, first.kind)]
    return {row: telling(same, *row) for row in rows}


def write_value(axis: Axes, x: float, y: float, value: float, shade: str, **align: str) -> None:
    """A figure written into its bar."""
    ink = "white" if shade in DARK else "black"
    axis.text(x, y, number(value), color=ink, fontsize=7.5, fontweight="bold", **align)
