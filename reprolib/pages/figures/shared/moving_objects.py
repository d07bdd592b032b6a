"""Moving objects in a plot: their colours, their frame, and the pairs of them that a graph joins.

Dimensions: S scenes, T frames, N objects. Edges come dense and receiver-major without self-loops, [N, N-1]; a pair of
objects is drawn as one line that stands for the mean of its two directions.
"""

from collections.abc import Sequence

import numpy as np
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from reprolib.errors import InputError
from reprolib.pages.figures.shared.style import GREY, INK, RED, canvas

Values = np.ndarray | Tensor | Sequence
*DISTINCT, _, LAST = sns.color_palette("colorblind").as_hex()
SHADES = (*DISTINCT, LAST, INK)  # of objects, from the first again after ten; no yellow, which is too pale for a line
SOURCE, LINE = 8.5, 0.18  # points of the letters that say whose weights are shown, and inches of a line of them
CROWD = 6  # objects; from so many on, lines get thinner
MARGIN = 0.08  # around what is drawn, in parts of its extent
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


def check_titles(titles: Sequence[str], scenes: int) -> None:
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
