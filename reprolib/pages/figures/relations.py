"""What a relation network looks at: the magnitude of g over the pairs of a story and of a scene, and sample answers."""

import textwrap
from collections.abc import Sequence

import numpy as np
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from reprolib.pages.figures.specimens import SceneView, StoryView
from reprolib.pages.figures.style import BLUE, RED, canvas, note, styled

STRONGEST = 12  # pairs that are drawn into a picture
THICKEST = 2.6  # points
RING = 16  # points across, around an object that is paired with itself
COLUMN, LINE = 42, 13  # letters in a line beside a picture, and its height in points


@styled
def story_relations(view: StoryView) -> Figure:
    """|g| for every pair of sentences that the network sums over; supporting facts in bold."""
    count = len(view.sentences)
    figure = canvas(1.5 + 0.3 * count)
    axis = figure.add_subplot()
    sns.heatmap(
        view.magnitudes,
        mask=np.isnan(view.magnitudes),
        cmap="Blues",
        linewidths=1,
        ax=axis,
        cbar_kws={"label": "length of g", "ticks": MaxNLocator(3), "shrink": 0.8},
        xticklabels=range(1, count + 1),
        yticklabels=[f"{text}  {number}" for number, text in enumerate(view.sentences, start=1)],
    )
    axis.tick_params(length=0, labelrotation=0)
    for position in view.support:
        for labels in (axis.get_yticklabels(), axis.get_xticklabels()):
            labels[position].set_fontweight("bold")
    axis.set_xlabel("paired with sentence")
    heading = f"{view.question.strip()} Answer: {view.answer} (supporting facts in bold)\n{view.source}"
    figure.suptitle(heading, x=0.01, ha="left", fontsize=8.5)
    return figure


@styled
def sample_scenes(views: Sequence[SceneView]) -> Figure:
    """Pictures with two questions each, the true answer and the network's."""
    if not views:
        return note("No scene is at hand.")
    scenes = len(views) // 2
    figure = canvas(0.3 + 1.5 * scenes)
    rows = figure.subplots(scenes, 2, squeeze=False, width_ratios=[1, 2.2])
    for (picture, words), first, second in zip(rows, views[::2], views[1::2], strict=True):
        _picture(picture, first)
        words.set_axis_off()
        for top, view in ((0.98, first), (0.46, second)):
            answered(words, top, view)
    figure.suptitle(f"CNN+RN, {views[0].source}", x=0.01, ha="left", fontsize=8.5)
    return figure


def answered(axis: Axes, top: float, view: SceneView) -> None:
    """The question in ink, the network's answer in blue where right and in red, with the true one, where wrong.

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


@styled
def scene_relations(pictures: Sequence[SceneView], states: Sequence[SceneView]) -> Figure:
    """|g| for two questions: as lines between cells of the picture (top), between objects given as states (bottom)."""
    figure = canvas(5.2)
    for axes, views in zip(figure.subplots(2, 2), (pictures, states), strict=True):
        for axis, view in zip(axes, views, strict=False):
            _picture(axis, view)
            lines(axis, view.places, view.magnitudes)
            if views is pictures:
                axis.set_title("\n".join(textwrap.wrap(view.question, 26)), fontsize=8, fontweight="normal")
        axes[0].set_ylabel("cells" if views is pictures else "states")
    sources = f"cells: {pictures[0].source}\nstates: {states[0].source}"
    figure.suptitle(sources, x=0.01, ha="left", fontsize=8)
    return figure


def _picture(axis: Axes, view: SceneView) -> None:
    axis.imshow(view.image, interpolation="nearest")
    axis.set(xticks=[], yticks=[])
    axis.spines[:].set_visible(True)


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
