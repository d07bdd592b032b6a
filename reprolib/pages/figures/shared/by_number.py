"""Percentages over a number of something, such as scenes that train, on a logarithmic axis: a line a system."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes

from reprolib.pages.figures.shared.lines import NONE, End, band, looks, name_lines
from reprolib.pages.figures.shared.style import percent_axis

Points = Mapping[int, list[float]]  # {number: percent of each seed}
THOUSAND = 1_000
BOTTOM = 40  # percent, where the axis begins: below guessing one of two


def whole(curves: Mapping[str, Points]) -> dict[str, Points]:
    """The curves that have a point, through the numbers that have as many seeds as the best one of them."""
    return {system: points for system, of in curves.items() if (points := _of_all_seeds(of))}


def draw_by_number(axis: Axes, curves: Mapping[str, Points], what: str, names: Mapping[str, str] = NONE) -> None:
    """Draw the curves {system: points}, each with its name at its end.

    Args:
        what: is right to such a percentage, as the axis says it.
        names: {system: as it is called here}, of those that are not called by their own name.
    """
    ends, ticks = list[End](), sorted({number for points in curves.values() for number in points})
    axis.set_xscale("log")
    for (system, points), look in zip(curves.items(), looks(curves), strict=True):
        seeds = np.array(list(points.values())).T  # [seeds, numbers]
        ends.append(band(axis, names.get(system, system), np.array(list(points)), seeds, look, marker="o"))
    axis.set(xticks=ticks, xticklabels=[_short(tick) for tick in ticks])
    axis.minorticks_off()
    percent_axis(axis, f"percent of {what} right", bottom=BOTTOM)
    name_lines(axis, ends)


def _short(number: int) -> str:
    """1500 is 1.5k."""
    return str(number) if number < THOUSAND else f"{number / THOUSAND:g}k"


def _of_all_seeds(points: Points) -> Points:
    """The points that have as many seeds as the best one of them."""
    most = max(map(len, points.values()), default=0)
    return {number: seeds for number, seeds in points.items() if seeds and len(seeds) == most}
