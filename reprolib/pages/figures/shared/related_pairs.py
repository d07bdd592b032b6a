"""What relation networks say and look at, drawn into or beside a picture: answers, and the strongest pairs."""

import textwrap

import numpy as np
from matplotlib.axes import Axes

from reprolib.pages.figures.shared.specimens import SceneView
from reprolib.pages.figures.shared.style import BLUE, RED

STRONGEST = 12  # pairs that are drawn into a picture
THICKEST = 2.6  # points
RING = 16  # points across, around an object that is paired with itself
COLUMN, LINE = 42, 13  # letters in a line beside a picture, and its height in points


def answered(axis: Axes, top: float, view: SceneView) -> None:
    """The question in ink, the network's answer in blue where right and in orange, with the true one, where wrong.

    Args:
        top: where the text begins, as a share of the panel's height.
    """
    question = textwrap.wrap(view.question, COLUMN)
    place = {"xy": (0, top), "xycoords": axis.transAxes, "textcoords": "offset points", "va": "top"}
    axis.annotate("\n".join(question), xytext=(0, 0), **place)
    words, shade = verdict(view)
    axis.annotate(words, xytext=(0, -LINE * len(question) - 2), color=shade, fontweight="bold", **place)


def verdict(view: SceneView) -> tuple[str, str]:
    """The network's answer, followed by the true one where it is wrong, and the colour that says which."""
    if view.said == view.answer:
        return f"✓ {view.said}", BLUE
    return f"✗ {view.said}, but it is {view.answer}", RED


def lines(axis: Axes, places: np.ndarray, magnitudes: np.ndarray) -> None:
    """The strongest pairs, self-pairs as rings; width and opacity grow from the weakest pair to the strongest.

    Args:
        places: of the objects, [N, 2] in the axis's units.
        magnitudes: |g| [N, N], NaN where a pair is not part of the sum.
    """
    there, back = magnitudes, magnitudes.T  # [N, N]
    both = np.where(np.isnan(there), back, np.where(np.isnan(back), there, (there + back) / 2))
    weakest, strongest = np.nanmin(both), np.nanmax(both)
    first, second = np.triu_indices(len(both))
    order = np.argsort(np.nan_to_num(both[first, second]))[-STRONGEST:]
    for i, j in zip(first[order], second[order], strict=True):
        if np.isnan(both[i, j]):
            continue
        strength = (both[i, j] - weakest) / (strongest - weakest) if strongest > weakest else 0.0
        look = {"color": "black", "alpha": 0.25 + 0.6 * strength}
        if i == j:
            ring = {"marker": "o", "markersize": RING, "fillstyle": "none", "markeredgewidth": THICKEST * strength}
            axis.plot(*places[i], **ring, **look)
        else:
            axis.plot(*places[[i, j]].T, linewidth=THICKEST * strength, solid_capstyle="round", **look)
