"""Edge accuracy over training, by number of objects and by closeness; and how hard an edge pulls."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from reprolib.errors import InputError
from reprolib.pages.figures.shared.lines import NONE, ROUND, band, furthest, looks, mark_printed, name_lines
from reprolib.pages.figures.shared.moving_objects import Values, headed, numbers
from reprolib.pages.figures.shared.style import BELOW, BLUE, GREY, ORANGE, PALE, note, styled

Point = Mapping[str, float]
TIME, SCORE = "epoch", "accuracy/edges"
GUESSING = 50  # percent right by guessing one of two types
LINE = 60  # points of a line through many dots
SHOWN = 0.04, 1.0  # quantiles of their values between which a panel ends: forces have a tail
DOTS = MappingProxyType({"color": BLUE, "marker": ".", "markersize": 2.5, "linestyle": "none", "alpha": 0.35})
OUTSIDE = MappingProxyType(
    {"color": ORANGE, "markersize": 4, "markerfacecolor": "none", "markeredgewidth": 0.6, "linestyle": "none"}
)


@styled
def accuracy_curves(
    curves: Mapping[str, Sequence[Point] | Sequence[Sequence[Point]]],
    printed: Mapping[str, float] = NONE,
    source: str = "",
) -> Figure:
    """Edge accuracy against epochs of training, a line a run.

    Args:
        curves: of each label the points of one run or of several; a point holds the epoch, whole or not, and the
            percentage of edges right.
        printed: the paper's percentages by label, marked at the end of training.
        source: of which runs the curves are.

    Raises:
        InputError: a point that lacks one of the two.
    """
    runs = {label: _runs(found) for label, found in curves.items() if any(_runs(found))}
    if not runs:
        return note("No run with a learning curve is at hand.")
    figure, ends = headed(2.8, source), []
    axis = figure.add_subplot()
    for (label, found), (shade, line) in zip(runs.items(), looks(runs), strict=True):
        for points in filter(None, found):
            epochs, values = (_column(label, points, key) for key in (TIME, SCORE))
            axis.plot(epochs, values, line, color=shade, linewidth=1.5)
        ends.append((label, epochs[-1], values[-1], shade))
    mark_printed(axis, ends, {label: {furthest(axis): value} for label, value in printed.items()})
    _percent_axis(axis)
    axis.set(xlabel="epochs", xlim=(0, furthest(axis)))
    axis.xaxis.set_major_locator(MaxNLocator(5, steps=ROUND))
    name_lines(axis, ends)
    return figure


def _runs(found: Sequence[Point] | Sequence[Sequence[Point]]) -> Sequence[Sequence[Point]]:
    return [found] if found and isinstance(found[0], Mapping) else found


def _column(label: str, points: Sequence[Point], key: str) -> list[float]:
    if not all(key in point for point in points):
        raise InputError(f"a point of the curve {label!r} lacks {key!r}: give it in every point")
    return [point[key] for point in points]


@styled
def by_objects(
    accuracies: Mapping[str, Mapping[int, float | Sequence[float]]], trained_on: int = 5, source: str = ""
) -> Figure:
    """Edge accuracy by the number of objects of a test scene: means over seeds, with a band from least to most.

    Args:
        accuracies: of each label {number of objects: percent right, or one of each seed}.
        trained_on: the number of objects in training, which is marked.
        source: of which runs the accuracies are.

    Raises:
        InputError: numbers of objects with unequal numbers of seeds.
    """
    if not any(accuracies.values()):
        return note("No test on other numbers of objects is at hand.")
    shown = {label: dict(sorted(sizes.items())) for label, sizes in accuracies.items() if sizes}
    figure, ends = headed(3.0, source), []
    axis = figure.add_subplot()
    for (label, sizes), look in zip(shown.items(), looks(shown), strict=True):
        if len({np.size(value) for value in sizes.values()}) > 1:
            raise InputError(f"{label!r} has other seeds for some numbers of objects: give as many for each")
        seeds = numbers(label, np.array([np.atleast_1d(value) for value in sizes.values()]).T, (None, None))
        ends.append(band(axis, label, np.array(list(sizes)), seeds, look, marker="o"))
    _percent_axis(axis)
    axis.axvline(trained_on, color=PALE, linewidth=9, zorder=0)
    bottom, _ = axis.get_ylim()
    axis.text(trained_on, bottom + 1, f"trained on {trained_on}", rotation=90, ha="center", va="bottom", fontsize=8)
    axis.set(xlabel="objects of a test scene", xticks=sorted({size for sizes in shown.values() for size in sizes}))
    name_lines(axis, ends)
    return figure


@styled
def by_closeness(accuracies: Mapping[str, Sequence[tuple[float, float]]], source: str = "") -> Figure:
    """Edge accuracy by how close the two objects came to each other.

    Args:
        accuracies: of each type of edge (distance, percent right), nearest first.
        source: whose weights find the edges.
    """
    if not any(accuracies.values()):
        return note("No edge is at hand.")
    figure, ends = headed(2.8, source), []
    axis = figure.add_subplot()
    for (name, points), (shade, line) in zip(accuracies.items(), looks(accuracies), strict=True):
        distances, values = numbers(name, points, (None, 2)).T
        axis.plot(distances, values, line, color=shade, linewidth=1.6, marker="o", markersize=4, clip_on=False)
        ends.append((name, distances[-1], values[-1], shade))
    _percent_axis(axis)
    axis.set(xlabel="closest approach of the two objects, normalised units", xlim=(0, max(x for _, x, *_ in ends)))
    name_lines(axis, ends)
    return figure


@styled
def pull_by_distance(panels: Mapping[str, tuple[Values, Values, Values]], source: str = "") -> Figure:
    """How hard an edge pulls, by the distance of its ends: every edge as a dot, the true law as a line.

    Args:
        panels: by title the distances, the learned and the true pulls, [M] each. The height of a panel is that of the
            true law without its few largest values; learned pulls beyond it are marked at its border.
        source: whose weights have learned.
    """
    if not panels:
        return note("No edge is at hand.")
    figure = headed(2.9, source)
    for axis, (title, columns) in zip(figure.subplots(1, len(panels), squeeze=False)[0], panels.items(), strict=True):
        distances, learned, true = numbers(title, columns, (3, None))
        bins = [some for some in np.array_split(distances.argsort(), LINE) if len(some)]
        middle = np.array([[np.median(values[some]) for some in bins] for values in (distances, true)])
        low, high = np.quantile(middle[1], SHOWN).clip([-np.inf, 0], [0, np.inf])
        bottom, top = 1.15 * low - 0.05 * high, 1.15 * high - 0.05 * low
        axis.plot(*middle, "-", color="black", linewidth=1.4)
        _dots(axis, distances, learned, bottom, top)
        axis.set(title=title, xlabel="distance", xlim=(0, None), ylim=(bottom, top))
        axis.axhline(0, color=GREY, linewidth=0.8, zorder=0)
    figure.axes[0].set_ylabel("pull towards the other")
    dots = Line2D([], [], **DOTS | {"alpha": 1, "markersize": 6}, label="learned, edge by edge")
    beyond = Line2D([], [], **OUTSIDE, marker="^", label="beyond the panel")
    law = Line2D([], [], color="black", label="the simulator")
    figure.legend(handles=[dots, beyond, law], ncols=3, **BELOW)
    return figure


def _dots(axis: Axes, x: np.ndarray, y: np.ndarray, bottom: float, top: float) -> None:
    """A dot for every point [M] between bottom and top; triangles at the border that the others lie beyond."""
    over, under = y > top, y < bottom
    inside = ~(over | under)
    axis.plot(x[inside], y[inside], **DOTS)
    for beyond, border, marker in ((over, top, "^"), (under, bottom, "v")):
        if beyond.any():  # an unclipped line without points would count at the figure's corner in its layout
            axis.plot(x[beyond], np.full(beyond.sum(), border), marker=marker, clip_on=False, **OUTSIDE)


def _percent_axis(axis: Axes) -> None:
    """From a little under guessing, or under the least value drawn, to 100 percent."""
    least = min(min(line.get_ydata()) for line in axis.lines)
    axis.set_ylim(min(GUESSING, least) - 4, 101.5)
    axis.axhline(GUESSING, color=GREY, linewidth=0.8, zorder=0)
    axis.text(0.01, GUESSING - 0.4, "guessing", va="top", fontsize=8, transform=axis.get_yaxis_transform())
    axis.set_ylabel("percent of edges right")
