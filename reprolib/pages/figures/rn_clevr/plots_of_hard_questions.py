"""How often a system is wrong where a question is hard to see: an object is hidden, or places hardly differ."""

import itertools
from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from reprolib.evidence.records import Record
from reprolib.judgement.verdicts import Measurement
from reprolib.methods.clevr_questions import HIDDEN, MARGINS
from reprolib.pages.figures.rn_clevr.plots_of_clevr import compared, heading, short
from reprolib.pages.figures.shared.lines import End, band, name_lines
from reprolib.pages.figures.shared.style import NO_RECORD, canvas, colour, note, styled

PANELS = MappingProxyType(
    {
        "percent of an object\nthat is hidden": (HIDDEN, ("0", "to 10", "to 20", "to 40", "more")),
        "least distance along a\nrelation (world units)": (
            MARGINS,
            ("to 0.5", "to 0.7", "to 1", "to 2", "more"),
        ),
    }
)


@styled
def wrong_where_hard(found: Sequence[Record]) -> Figure:
    """Percent wrong by the largest hidden share of an object and by the least distance along a relation.

    Means over seeds, with bands from least to most. A measure that no record has gets no panel, as hidden objects of
    real data; systems whose records have none of the two are named below.
    """
    measured = {system: one for (_, system), one in compared(found).items() if one}
    if not measured:
        return note(NO_RECORD)
    having = {name: [s for s, one in measured.items() if _places(one, part[0])] for name, part in PANELS.items()}
    shown = {name: PANELS[name] for name, systems in having.items() if systems}
    if not shown:
        return note("No committed record tells questions apart by how hard they are to see yet.")
    figure = canvas(3.1)
    panels = figure.subplots(1, len(shown), sharey=True, squeeze=False)[0]
    for axis, (name, (groups, ticks)) in zip(panels, shown.items(), strict=True):
        ends = [_line(axis, system, measured[system], groups) for system in having[name]]
        axis.set_xticks(range(len(ticks)), ticks, fontsize=7.5)
        axis.set_xlabel(name)
    panels[0].set_ylim(bottom=0)
    panels[0].set_ylabel("percent wrong")
    name_lines(panels[-1], ends)
    figure.suptitle(heading(compared(found)), x=0.01, ha="left", fontsize=9.5, fontweight="bold")
    if lacking := [short(system) for system in measured if system not in itertools.chain(*having.values())]:
        figure.supxlabel(f"Records that lack these figures: {', '.join(lacking)}.", fontsize=8)
    return figure


def _line(axis: Axes, system: str, one: Measurement, groups: Mapping[float, str]) -> End:
    """A system's percentages wrong in the groups that all its records have; the line's end."""
    places, names = _places(one, groups), list(groups.values())
    wrong = [[100 - record.metrics[f"accuracy/{names[place]}"] for place in places] for record in one.records]
    return band(axis, short(system), np.array(places), np.array(wrong), (colour(system), "-"), marker="o")


def _places(one: Measurement, groups: Mapping[float, str]) -> list[int]:
    """Which of the groups, counted from 0, every record of a system has."""
    metrics = [f"accuracy/{name}" for name in groups.values()]
    return [at for at, name in enumerate(metrics) if all(name in record.metrics for record in one.records)]
