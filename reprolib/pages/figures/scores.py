"""Scores of Neural Relational Inference: edge accuracy over training and by number of objects, error by horizon.

Systems that the paper names look the same in every plot, by colour and by line; other labels take the next free look.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator
from scipy.optimize import isotonic_regression

from reprolib.errors import InputError
from reprolib.pages.figures.motion import Values, headed, numbers, stacked
from reprolib.pages.figures.style import (
    BELOW,
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    PALE,
    PAPER,
    PURPLE,
    RED,
    SKY,
    canvas,
    name_ends,
    note,
    styled,
)

Point = Mapping[str, float]
Look = tuple[str, str]  # colour and line
End = tuple[str, float, float, str]  # name, x, y and colour at the end of a line
TIME, SCORE = "epoch", "accuracy/edges"
LOOKS = MappingProxyType(
    {
        "NRI (learned)": (BLUE, "-"),
        "NRI (full graph)": (SKY, ":"),
        "NRI (sim.)": (PURPLE, "--"),
        "NRI (true graph)": (GREEN, "-."),
        "Supervised": (GREEN, "-"),
        "LSTM (joint)": (RED, "-"),
        "LSTM (single)": (ORANGE, "--"),
        "Corr. (LSTM)": (ORANGE, "-."),
        "Corr. (path)": (GREY, "--"),
        "Static": (GREY, "-"),
    }
)
OTHERS = ((BLUE, "-"), (ORANGE, "--"), (GREEN, "-."), (RED, ":"), (GREY, "-"))
GUESSING = 50  # percent right by guessing one of two types
APART = 0.085  # of the height of a plot, between two names
ROUND = (1, 2, 5, 10)  # steps between ticks
LINE = 60  # points of a line through many dots
SHOWN = 0.04, 1.0  # quantiles of their values between which a panel ends: forces have a tail
DOTS = MappingProxyType({"color": BLUE, "marker": ".", "markersize": 2.5, "linestyle": "none", "alpha": 0.35})
OUTSIDE = MappingProxyType(
    {"color": ORANGE, "markersize": 4, "markerfacecolor": "none", "markeredgewidth": 0.6, "linestyle": "none"}
)
NONE: Mapping = MappingProxyType({})


@styled
def accuracy_curves(
    curves: Mapping[str, Sequence[Point] | Sequence[Sequence[Point]]],
    printed: Mapping[str, float] = NONE,
) -> Figure:
    """Edge accuracy against epochs of training, a line a run.

    Args:
        curves: of each label the points of one run or of several; a point holds the epoch, whole or not, and the
            percentage of edges right.
        printed: the paper's percentages by label, marked at the end of training.

    Raises:
        InputError: a point that lacks one of the two.
    """
    runs = {label: _runs(found) for label, found in curves.items() if any(_runs(found))}
    if not runs:
        return note("No run with a learning curve is at hand.")
    figure, ends = canvas(2.8), []
    axis = figure.add_subplot()
    for (label, found), (shade, line) in zip(runs.items(), _looks(runs), strict=True):
        for points in filter(None, found):
            epochs, values = (_column(label, points, key) for key in (TIME, SCORE))
            axis.plot(epochs, values, line, color=shade, linewidth=1.5)
        ends.append((label, epochs[-1], values[-1], shade))
    _mark(axis, ends, {label: {_last(axis): value} for label, value in printed.items()})
    _percent_axis(axis)
    axis.set(xlabel="epochs", xlim=(0, _last(axis)))
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
def horizon(
    errors: Mapping[str, Values],
    printed: Mapping[str, Mapping[int, float]] = NONE,
    unit: str = "mean squared error (lower is better)",
) -> Figure:
    """Error of the prediction by its horizon on a logarithmic scale: means over seeds, with a band from least to most.

    Args:
        errors: of each system the error at step 1, 2, ... of the rollout [steps], or of several seeds [seeds, steps].
        printed: the paper's errors, {system: {step: error}}.
        unit: what stands at the vertical axis.

    Raises:
        InputError: an error that is not a positive number, or seeds of unequal length.
    """
    if not errors:
        return note("No prediction is at hand.")
    figure, ends = canvas(3.4), []
    axis = figure.add_subplot()
    axis.set_yscale("log")
    for (system, values), look in zip(errors.items(), _looks(errors), strict=True):
        seeds = stacked(system, values, (None, None))
        if not seeds.size or seeds.min() <= 0:
            raise InputError(f"the errors of {system!r} must be positive to be drawn on a logarithmic scale")
        ends.append(band(axis, system, np.arange(1, seeds.shape[1] + 1), seeds, look))
    _mark(axis, ends, printed)
    axis.set(xlabel="steps predicted ahead", ylabel=unit, xlim=(0.5, _last(axis)))
    axis.xaxis.set_major_locator(MaxNLocator(5, steps=ROUND, integer=True))
    name_lines(axis, ends)
    return figure


@styled
def by_objects(accuracies: Mapping[str, Mapping[int, float | Sequence[float]]], trained_on: int = 5) -> Figure:
    """Edge accuracy by the number of objects of a test scene: means over seeds, with a band from least to most.

    Args:
        accuracies: of each label {number of objects: percent right, or one of each seed}.
        trained_on: the number of objects in training, which is marked.

    Raises:
        InputError: numbers of objects with unequal numbers of seeds.
    """
    if not any(accuracies.values()):
        return note("No test on other numbers of objects is at hand.")
    shown = {label: dict(sorted(sizes.items())) for label, sizes in accuracies.items() if sizes}
    figure, ends = canvas(3.0), []
    axis = figure.add_subplot()
    for (label, sizes), look in zip(shown.items(), _looks(shown), strict=True):
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
    for (name, points), (shade, line) in zip(accuracies.items(), _looks(accuracies), strict=True):
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


def band(axis: Axes, name: str, x: np.ndarray, seeds: np.ndarray, look: Look, marker: str | None = None) -> End:
    """The mean of seeds [seeds, points] as a line in a band from the least to the most; returns the line's end."""
    (shade, line), means = look, seeds.mean(axis=0)
    axis.plot(x, means, line, color=shade, linewidth=1.6, marker=marker, markersize=4)
    if len(seeds) > 1:
        axis.fill_between(x, seeds.min(axis=0), seeds.max(axis=0), color=shade, alpha=0.18, linewidth=0)
    return name, x[-1], means[-1], shade


def _looks(labels: Mapping[str, object]) -> list[Look]:
    """A look for each label: its own where it has one, else the next that no label here has."""
    taken = {LOOKS[label] for label in labels if label in LOOKS}
    free = [look for look in OTHERS if look not in taken]
    others = [label for label in labels if label not in LOOKS]
    return [LOOKS.get(label) or free[others.index(label) % len(free)] for label in labels]


def _last(axis: Axes) -> float:
    """How far to the right anything is drawn."""
    return max(max(line.get_xdata()) for line in axis.lines)


def _mark(axis: Axes, ends: Sequence[End], printed: Mapping[str, Mapping[float, float]]) -> None:
    """The paper's figures {name: {x: y}}, with the edge in the colour of their line, and what the sign means."""
    shades = {name: shade for name, _, _, shade in ends}
    for name in filter(shades.get, printed):
        look = dict(PAPER) | {"markeredgecolor": shades[name], "markeredgewidth": 1.4, "clip_on": False, "zorder": 4}
        axis.plot(list(printed[name]), list(printed[name].values()), **look)
    if printed:
        axis.figure.legend(handles=[Line2D([], [], label="printed in the paper", **PAPER)], **BELOW)


def _percent_axis(axis: Axes) -> None:
    """From a little under guessing, or under the least value drawn, to 100 percent."""
    least = min(min(line.get_ydata()) for line in axis.lines)
    axis.set_ylim(min(GUESSING, least) - 4, 101.5)
    axis.axhline(GUESSING, color=GREY, linewidth=0.8, zorder=0)
    axis.text(0.01, GUESSING - 0.4, "guessing", va="top", fontsize=8, transform=axis.get_yaxis_transform())
    axis.set_ylabel("percent of edges right")


def name_lines(axis: Axes, ends: Sequence[End]) -> None:
    """Names at the ends of lines, dark enough to be read, and moved apart as little as any scale needs."""
    scale, ranked = axis.yaxis.get_transform(), sorted(ends, key=lambda end: end[2])
    low, high = scale.transform(np.array(axis.get_ylim()))
    steps = APART * (high - low) * np.arange(len(ranked))
    wanted = scale.transform(np.array([y for _, _, y, _ in ranked]))
    placed = scale.inverted().transform(isotonic_regression(wanted - steps).x + steps)
    beside = 0.012 * np.ptp(axis.get_xlim())  # past a mark
    darker = [to_hex(0.75 * np.array(to_rgb(shade))) for *_, shade in ranked]
    names, x, *_ = zip(*ranked, strict=True)
    name_ends(axis, list(zip(names, np.add(x, beside), placed, darker, strict=True)), gap=0)
