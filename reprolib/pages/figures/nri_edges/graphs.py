"""The true graph of a scene beside the inferred one."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from reprolib.errors import InputError
from reprolib.pages.figures.shared.moving_objects import (
    CROWD,
    WRONG,
    Values,
    check_titles,
    circle,
    frame,
    headed,
    pairs,
    score,
    shade,
    stacked,
    true_pairs,
    verdict,
)
from reprolib.pages.figures.shared.style import BELOW, DARK, INK, note, styled

THICKEST = 3.5  # points of a line
NODE = {"marker": "o", "markersize": 14, "markeredgecolor": "white", "linestyle": "none"}


@styled
def graphs(
    true: Values,
    probabilities: Values,
    positions: Values | None = None,
    titles: Sequence[str] = (),
    edge: str = "spring",
    source: str = "",
) -> Figure:
    """The true graph and beside it the inferred one, a row a scene; the pairs that are wrong bear a sign.

    Args:
        true: edge types 0 or 1 [S, N, N-1], alike in both directions, or of a single scene [N, N-1].
        probabilities: the model's probability of type 1 [S, N, N-1], types already matched to the true ones.
        positions: where the objects are drawn [S, N, 2]; None: on a circle, clockwise from the top.
        titles: one a scene, or none.
        edge: what type 1 is called.
        source: whose weights infer.

    Raises:
        InputError: shapes that do not fit together, a true graph that differs by direction, no probabilities, or not
            one title a scene.
    """
    known, believed = true_pairs(true), pairs("probabilities", probabilities)  # [S, N, N]
    if known.shape != believed.shape:
        raise InputError(f"the true graph is {known.shape} and the inferred one {believed.shape}: give the same scenes")
    scenes, objects, _ = known.shape
    if not scenes:
        return note("No scene is at hand.")
    check_titles(titles, scenes)
    places = _places(positions, scenes, objects)
    figure = headed(0.3 + 2.05 * scenes, source)
    for number, (left, right) in enumerate(figure.subplots(scenes, 2, squeeze=False)):
        graph(left, known[number], known[number], places[number])
        graph(right, known[number], believed[number], places[number])
        left.set_title(f"{titles[number]}: true" if titles else "true")
        right.set_title(f"inferred: {score(known[number], believed[number])} right")
    figure.legend(handles=_graph_names(edge), ncols=3, **BELOW)
    return figure


def _places(positions: Values | None, scenes: int, objects: int) -> np.ndarray:
    """Where the objects are drawn [S, N, 2]: where they are, or on a circle."""
    on_circle = np.broadcast_to(circle(objects), (scenes, objects, 2))
    return on_circle if positions is None else stacked("positions", positions, on_circle.shape)


def graph(axis: Axes, true: np.ndarray, believed: np.ndarray, places: np.ndarray) -> None:
    """One graph [N, N]: width is the probability, and a sign stands on a pair that is wrong."""
    thickest = THICKEST * min(1.0, CROWD / len(places))
    for i, j in zip(*np.triu_indices(len(places), 1), strict=True):
        kind = verdict(true[i, j], believed[i, j])
        look = WRONG.get(kind, {"color": "black"}) | {"zorder": 2 if kind in WRONG else 1}
        width = thickest * (1.0 if kind == "missed" else believed[i, j])
        line = np.stack([places[i], places[[i, j]].mean(axis=0), places[j]])  # [3, 2], the sign in the middle
        axis.plot(*line.T, linewidth=width, markevery=[1], markersize=9, dash_capstyle="butt", **look)
    for number, place in enumerate(places):
        axis.plot(*place, markerfacecolor=shade(number), zorder=3, **NODE)
        ink = "white" if shade(number) in (*DARK, INK) else "black"
        look = {"color": ink, "fontsize": 8, "fontweight": "bold", "ha": "center", "va": "center_baseline"}
        axis.text(*place, str(number + 1), zorder=4, **look)
    frame(axis, places, margin=0.14)
    axis.spines[:].set_visible(False)


def _graph_names(edge: str) -> list[Line2D]:
    found = Line2D([], [], color="black", linewidth=THICKEST, label=edge)
    extra, missed = (
        Line2D([0, 1, 2], [0, 0, 0], linewidth=1.8, markevery=[1], markersize=7, label=label, **WRONG[kind])
        for kind, label in (("extra", f"no {edge} there"), ("missed", f"{edge} missed"))
    )
    return [found, extra, missed]
