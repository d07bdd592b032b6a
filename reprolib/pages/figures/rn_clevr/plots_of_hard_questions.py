"""How often a system is wrong where a question is hard to see: an object is hidden, or places hardly differ."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from reprolib.evidence.records import Record
from reprolib.methods.clevr_questions import HIDDEN, MARGINS
from reprolib.pages.figures.rn_clevr.plots_of_clevr import compared, heading, short
from reprolib.pages.figures.shared.bars import Measured
from reprolib.pages.figures.shared.lines import End, band, name_lines
from reprolib.pages.figures.shared.style import NO_RECORD, canvas, colour, note, styled

PANELS = MappingProxyType(
    {
        "percent of an object that is hidden": (HIDDEN, ("0", "to 10", "to 20", "to 40", "more")),
        "least distance between objects\nthat are related (world units)": (
            MARGINS,
            ("to 0.5", "to 0.7", "to 1", "to 2", "more"),
        ),
    }
)


@styled
def wrong_where_hard(found: Sequence[Record]) -> Figure:
    """Percent wrong by the largest hidden share of an object and by the least distance along a relation.

    Means over seeds, with bands from least to most. Systems whose records lack the figures are named below.
    """
    measured = compared(found)
    lacking = [short(system) for (_, system), one in measured.items() if one and not _grouped(one.records)]
    if not any(measured.values()):
        return note(NO_RECORD)
    if len(lacking) == sum(map(bool, measured.values())):
        return note("No committed record tells questions apart by how hard they are to see yet.")
    figure = canvas(3.1)
    panels = figure.subplots(1, len(PANELS), sharey=True)
    for axis, (name, (groups, ticks)) in zip(panels, PANELS.items(), strict=True):
        ends = _panel(axis, measured, groups)
        axis.set_xticks(range(len(ticks)), ticks, fontsize=8)
        axis.set_xlabel(name, fontsize=8.5)
    panels[0].set_ylim(bottom=0)
    panels[0].set_ylabel("percent wrong")
    name_lines(panels[-1], ends)
    figure.suptitle(heading(measured), x=0.01, ha="left", fontsize=9.5, fontweight="bold")
    if lacking:
        figure.supxlabel(f"Records that lack these figures: {', '.join(lacking)}.", fontsize=8)
    return figure


def _panel(axis: Axes, measured: Measured, groups: Mapping[float, str]) -> list[End]:
    """A line for each system that has figures of these groups of questions; the lines' ends."""
    ends = []
    for (_, system), one in measured.items():
        places, values = _wrong(one.records, groups) if one else ((), ())
        if len(places):
            ends.append(band(axis, short(system), places, values, (colour(system), "-"), marker="o"))
    return ends


def _wrong(found: Sequence[Record], groups: Mapping[float, str]) -> tuple[np.ndarray, np.ndarray]:
    """Places of the groups that every record has, ascending [P], and the percentages wrong of all records [R, P]."""
    names = [f"accuracy/{name}" for name in groups.values()]
    places = [place for place, name in enumerate(names) if all(name in record.metrics for record in found)]
    return np.array(places), np.array([[100 - record.metrics[names[place]] for place in places] for record in found])


def _grouped(found: Sequence[Record]) -> bool:
    """Whether the records have figures of any group of both panels."""
    return all(len(_wrong(found, groups)[0]) for groups, _ in PANELS.values())
