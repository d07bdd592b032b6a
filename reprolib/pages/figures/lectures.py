"""What the lectures plot of their own small experiments."""

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure

from reprolib.pages.figures.shared.style import BLUE, ORANGE, PALE, canvas, percent_axis, styled


@styled
def close_pairs(places: np.ndarray, reach: float) -> Figure:
    """Scenes of dots [S, N, 2] in the unit square; lines join dots that lie closer than the reach."""
    figure = canvas(1.8)
    axes = figure.subplots(1, len(places), squeeze=False)[0]
    for axis, dots in zip(axes, places, strict=True):
        first, second = np.triu_indices(len(dots), 1)
        close = np.linalg.norm(dots[first] - dots[second], axis=1) < reach  # [P]
        for i, j in zip(first[close], second[close], strict=True):
            axis.plot(*dots[[i, j]].T, color=ORANGE, linewidth=2, zorder=1)
        axis.plot(*dots.T, "o", color=BLUE, markersize=6, zorder=2)
        axis.set(xlim=(0, 1), ylim=(0, 1), aspect="equal", xticks=[], yticks=[])
        axis.set_title(f"{close.sum()}")
        for side in axis.spines.values():
            side.set_visible(True)
    return figure


@styled
def by_distance(apart: np.ndarray, values: np.ndarray, of: str, along: str = "distance") -> Figure:
    """A dot for every pair [M]: a value against the distance of the two, or against something else about them.

    Args:
        of: what the value is, in words.
        along: what it is drawn against, in words.
    """
    figure = canvas(2.6)
    axis = figure.subplots()
    axis.axhline(0, color=PALE, zorder=1)
    axis.plot(apart, values, ".", color=BLUE, markersize=3, zorder=2)
    axis.set_xlabel(along)
    axis.set_ylabel(of)
    return figure


@styled
def joined_paths(places: np.ndarray, edges: np.ndarray) -> Figure:
    """Paths of scenes [S, T, N, 2], with lines at their ends along edges [S, N, N - 1] that are on."""
    figure = canvas(1.8)
    axes = figure.subplots(1, len(places), squeeze=False)[0]
    for axis, scene, on in zip(axes, places, edges, strict=True):
        for receiver, which in zip(*on.nonzero(), strict=True):
            sender = which + (which >= receiver)
            axis.plot(*scene[-1, [sender, receiver]].T, color=ORANGE, linewidth=1.5, zorder=1)
        axis.plot(*np.moveaxis(scene, -1, 0), color=PALE, linewidth=1, zorder=0)  # 2 times [T, N]
        axis.plot(*scene[-1].T, "o", color=BLUE, markersize=6, zorder=2)
        axis.set(aspect="equal", xticks=[], yticks=[])
        for side in axis.spines.values():
            side.set_visible(True)
    return figure


@styled
def by_examples(found: Mapping[str, Mapping[int, float]]) -> Figure:
    """A line for each of two networks {name: {examples: percent}}, against the number of examples learned from."""
    figure = canvas(2.8)
    axis = figure.subplots()
    looks = {"color": ORANGE, "marker": "s"}, {"color": BLUE, "marker": "o"}
    for (name, curve), look in zip(found.items(), looks, strict=True):
        axis.plot(curve.keys(), curve.values(), label=name, **look)
    axis.set_xscale("log")
    axis.set_xlabel("examples")
    percent_axis(axis, "percent right")
    axis.legend()
    return figure
