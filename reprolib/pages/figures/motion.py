"""Scenes of moving objects: true and predicted trajectories, and the inferred beside the true graph.

Dimensions: S scenes, T frames, N objects. Edges come dense and receiver-major without self-loops, [N, N-1]; a pair of
objects is drawn as one line that stands for the mean of its two directions.
"""

from collections.abc import Sequence

import numpy as np
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from torch import Tensor

from reprolib.errors import InputError
from reprolib.pages.figures.style import BELOW, DARK, GREY, INK, RED, WIDTH, canvas, note, styled

Values = np.ndarray | Tensor | Sequence
*DISTINCT, _, LAST = sns.color_palette("colorblind").as_hex()
SHADES = (*DISTINCT, LAST, INK)  # of objects, from the first again after ten; no yellow, which is too pale for a line
COLUMNS, TALLEST = 3, 2.8  # pictures side by side; inches
SOURCE, LINE = 8.5, 0.18  # points of the letters that say whose weights are shown, and inches of a line of them
MARGIN = 0.08  # around what is drawn, in parts of its extent
DOTS = 7  # of a predicted trajectory, at most
THICKEST, CROWD = 3.5, 6  # points of a line; from so many objects on, lines get thinner
PREDICTED = {"marker": "o", "markersize": 3.6, "markerfacecolor": "white", "linestyle": "none"}
NODE = {"marker": "o", "markersize": 14, "markeredgecolor": "white", "linestyle": "none"}
WRONG = {  # pairs on which model and truth differ: line and sign, so that colour is not needed
    "extra": {"color": RED, "linestyle": (0, (2.5, 1.2)), "marker": "X", "markeredgecolor": "white"},
    "missed": {"color": RED, "linestyle": (0, (0.6, 1.6)), "marker": "o", "markerfacecolor": "white"},
}


def headed(height: float, source: str) -> Figure:
    """An empty figure of the common width, `height` inches high, and taller by the lines of `source` over it."""
    lines = source.splitlines()
    figure = canvas(height + LINE * len(lines))
    if lines:
        figure.suptitle(source, x=0.01, ha="left", fontsize=SOURCE)
    return figure


@styled
def trajectories(past: Values, true: Values, predicted: Values, titles: Sequence[str] = (), source: str = "") -> Figure:
    """What was seen (pale), what then happened (lines) and what was predicted (dots), one colour an object.

    Args:
        past: positions up to the last given frame [S, T0, N, 2], or of a single scene [T0, N, 2].
        true: positions thereafter [S, T1, N, 2].
        predicted: their prediction [S, T1, N, 2]; what leaves the picture of the other two is cut off.
        titles: one a scene, or none.
        source: whose weights predict.

    Raises:
        InputError: shapes that do not fit together, positions that are not finite, or not one title a scene.
    """
    seen = stacked("past", past, (None, None, None, 2))
    scenes, _, objects, _ = seen.shape
    future = stacked("true", true, (scenes, None, objects, 2))
    guess = stacked("predicted", predicted, future.shape)
    if not scenes:
        return note("No scene is at hand.")
    if not all((*seen.shape, *future.shape)):
        raise InputError("past and true need at least one object and one frame each to be drawn")
    _check_titles(titles, scenes)
    columns = min(scenes, COLUMNS)
    rows = -(-scenes // columns)
    figure = headed(0.3 + rows * (min(WIDTH / columns, TALLEST) + 0.26 * bool(titles)), source)
    axes = figure.subplots(rows, columns, squeeze=False).flatten()
    for axis, *scene in zip(axes, seen, future, guess, strict=False):
        _motion(axis, *scene)
    for axis in axes[scenes:]:
        axis.set_axis_off()
    for axis, title in zip(axes, titles, strict=False):
        axis.set_title(title, fontsize=8.5)
    figure.legend(handles=_motion_names(), ncols=3, **BELOW)
    return figure


def _motion(axis: Axes, past: np.ndarray, true: np.ndarray, predicted: np.ndarray) -> None:
    """One scene [T, N, 2]; the true line begins at the last frame that was given."""
    every = -(-len(true) // DOTS)
    for number in range(past.shape[1]):
        look = {"color": shade(number), "solid_capstyle": "round"}
        axis.plot(*past[:, number].T, linewidth=1.2, alpha=0.35, zorder=1, **look)
        axis.plot(*np.concatenate([past[-1:], true])[:, number].T, linewidth=1.6, zorder=2, **look)
        axis.plot(
            *predicted[(len(true) - 1) % every :: every, number].T, markeredgecolor=shade(number), zorder=3, **PREDICTED
        )
        axis.plot(*past[-1, number], marker="o", markersize=6, color=shade(number), zorder=4)
    frame(axis, np.concatenate([past, true]))


def _motion_names() -> list[Line2D]:
    return [
        Line2D([], [], color=GREY, alpha=0.5, linewidth=1.2, marker="o", markevery=[1], label="seen, up to the dot"),
        Line2D([], [], color=GREY, linewidth=1.6, label="true future"),
        Line2D([], [], markeredgecolor=GREY, label="predicted", **PREDICTED),
    ]


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
    _check_titles(titles, scenes)
    places = np.broadcast_to(circle(objects), (scenes, objects, 2))
    if positions is not None:
        places = stacked("positions", positions, places.shape)
    figure = headed(0.3 + 2.05 * scenes, source)
    for number, (left, right) in enumerate(figure.subplots(scenes, 2, squeeze=False)):
        graph(left, known[number], known[number], places[number])
        graph(right, known[number], believed[number], places[number])
        left.set_title(f"{titles[number]}: true" if titles else "true")
        right.set_title(f"inferred: {score(known[number], believed[number])} right")
    figure.legend(handles=_graph_names(edge), ncols=3, **BELOW)
    return figure


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


def _check_titles(titles: Sequence[str], scenes: int) -> None:
    if titles and len(titles) != scenes:
        raise InputError(f"there are {len(titles)} titles for {scenes} scenes: give one for each, or none")


def verdict(true: float, believed: float) -> str:
    """What the model makes of one pair: found, absent, extra or missed; an even chance counts as no edge."""
    if believed > 0.5:
        return "found" if true else "extra"
    return "missed" if true else "absent"


def score(true: np.ndarray, believed: np.ndarray) -> str:
    """How many pairs of a graph [N, N] are right, of how many."""
    above = np.triu_indices(len(true), 1)
    right = (believed[above] > 0.5) == (true[above] > 0.5)
    return f"{right.sum()} of {len(right)}"


def pairs(name: str, edges: Values) -> np.ndarray:
    """Means over both directions [S, N, N] of probabilities [S, N, N-1] or [N, N-1]; the diagonal is zero.

    Raises:
        InputError: another shape, fewer than two objects, or no probabilities.
    """
    dense = stacked(name, edges, (None, None, None))
    scenes, objects, others = dense.shape
    if objects < 2 or others != objects - 1:
        raise InputError(f"{name} must be [objects, objects - 1] of at least two objects, not {dense.shape[1:]}")
    if dense.size and (dense.min() < 0 or dense.max() > 1):
        raise InputError(f"{name} must lie between 0 and 1: give edge types of two kinds, or the probability of type 1")
    full = np.zeros((scenes, objects, objects))
    full[:, ~np.eye(objects, dtype=bool)] = dense.reshape(scenes, objects * others)  # in order: senders ascend
    return (full + full.swapaxes(1, 2)) / 2  # [S, N, N]


def true_pairs(edges: Values) -> np.ndarray:
    """Graphs [S, N, N] of edge types [S, N, N-1] or [N, N-1]; as `pairs`, and an error where they are not 0 or 1."""
    both = pairs("true", edges)
    if not np.isin(both, (0, 1)).all():
        raise InputError("the true graph must hold 0 or 1, the same in both directions, to be drawn as one line a pair")
    return both


def circle(objects: int) -> np.ndarray:
    """Places on a circle, clockwise from the top [N, 2]."""
    turn = 2 * np.pi * np.arange(objects) / objects
    return np.stack([np.sin(turn), np.cos(turn)], axis=1)


def frame(axis: Axes, positions: np.ndarray, margin: float = MARGIN) -> None:
    """A square that holds all positions [..., 2], without ticks."""
    flat = positions.reshape(-1, 2)
    low, high = flat.min(axis=0), flat.max(axis=0)
    reach = max(float((high - low).max()), 1e-9) * (0.5 + margin)
    (left, right), (bottom, top) = zip((low + high) / 2 - reach, (low + high) / 2 + reach, strict=True)
    axis.set(xlim=(left, right), ylim=(bottom, top), xticks=[], yticks=[], aspect="equal")
    axis.spines[:].set(visible=True, color=GREY, linewidth=0.6)


def shade(number: int) -> str:
    """The colour of an object."""
    return SHADES[number % len(SHADES)]


def numbers(name: str, values: Values, shape: Sequence[int | None]) -> np.ndarray:
    """Finite float64 values of this shape, None where any size will do.

    Raises:
        InputError: no numbers, another shape, or values that are not finite.
    """
    array = _array(name, values)
    if array.ndim != len(shape) or any(size not in (None, got) for size, got in zip(shape, array.shape, strict=True)):
        wanted = ", ".join("any" if size is None else str(size) for size in shape)
        raise InputError(f"{name} has the shape {list(array.shape)}, but [{wanted}] is needed to draw it")
    if not np.isfinite(array).all():
        raise InputError(f"{name} holds values that are not finite, which cannot be drawn: look for a diverged rollout")
    return array


def stacked(name: str, values: Values, shape: Sequence[int | None]) -> np.ndarray:
    """As `numbers`, with a first axis of size one put in front where it is missing."""
    array = _array(name, values)
    return numbers(name, array[None] if array.ndim == len(shape) - 1 else array, shape)


def _array(name: str, values: Values) -> np.ndarray:
    try:
        return np.asarray(values.detach().cpu() if isinstance(values, Tensor) else values, dtype=float)
    except (TypeError, ValueError) as error:
        raise InputError(f"{name} is no array of numbers with rows of equal length: {error}") from error
