"""Plots of the Sort-of-CLEVR page: accuracy by kind of question, sample answers, the pairs that a network relates."""

import statistics
import textwrap
from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from reprolib.data.sort_of_clevr import COLOURS
from reprolib.evidence import published
from reprolib.evidence.records import Record
from reprolib.judgement.verdicts import Measurement
from reprolib.pages.figures.shared.bars import Measured, alike, write_value
from reprolib.pages.figures.shared.related_pairs import answered, lines, verdict
from reprolib.pages.figures.shared.specimens import SceneView
from reprolib.pages.figures.shared.style import (
    BELOW,
    NO_RECORD,
    PAPER,
    canvas,
    colour,
    note,
    percent_axis,
    styled,
)


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


@styled
def asked_scene(view: SceneView) -> Figure:
    """One question about objects that are given as states: left its strongest pairs, right |g| of all of them."""
    figure = canvas(3.4)
    scene, table = figure.subplots(1, 2)
    _picture(scene, view)
    lines(scene, view.places, view.magnitudes)
    table.imshow(view.magnitudes, cmap="Blues")
    table.set_title("|g| of every pair")
    table.set_xticks(range(len(COLOURS)), COLOURS, rotation=90)
    table.set_yticks(range(len(COLOURS)), COLOURS)
    said, _ = verdict(view)
    figure.suptitle(f"{view.question}\n{said} ({view.source})", x=0.01, ha="left", fontsize=8)
    return figure


def _picture(axis: Axes, view: SceneView) -> None:
    axis.imshow(view.image, interpolation="nearest")
    axis.set(xticks=[], yticks=[])
    axis.spines[:].set_visible(True)


QUESTION_TYPES = ("nonrelational", "relational")  # of questions, in the order of the paper's Figure 4
PANELS = {
    "pictures": (("sort_of_clevr", "CNN+RN"), ("sort_of_clevr", "CNN+MLP"), ("sort_of_clevr", "Majority")),
    "states": (("sort_of_clevr_state", "RN"), ("sort_of_clevr_state", "Majority")),
}


@styled
def scene_bars(found: Sequence[Record]) -> Figure:
    """Relational against non-relational questions as in the paper's Figure 4, from pictures and from states."""
    panels = {name: alike(found, rows) for name, rows in PANELS.items()}
    if not any(measured for panel in panels.values() for measured in panel.values()):
        return note(NO_RECORD)
    figure = canvas(3.6)
    axes = figure.subplots(1, 2, sharey=True, width_ratios=[len(panel) for panel in panels.values()])
    for axis, (name, panel) in zip(axes, panels.items(), strict=True):
        _groups(axis, panel)
        scale = next((measured.first.scale for measured in panel.values() if measured), None)
        axis.set_title(f"{name}, {scale} scale" if scale else name, pad=18)
    percent_axis(axes[0], "percent right")
    figure.legend(
        handles=[Line2D([], [], label="printed: the paper's; from states, a replication's", **PAPER)], **BELOW
    )
    return figure


def _groups(axis: Axes, measured: Measured) -> None:
    """A group of bars for each kind of question, a bar for each system."""
    printed, ticks, size = _printed_kinds(), {}, len(measured)
    for group, kind in enumerate(QUESTION_TYPES):
        start = group * (size + 0.5)
        for place, (task, system) in enumerate(measured, start=0):
            ticks[start + place] = {"Majority": "maj."}.get(system, system.removeprefix("CNN+"))
            _bar(axis, start + place, measured[task, system], f"accuracy/{kind}")
            if (task, system, kind) in printed:
                axis.plot(start + place, printed[task, system, kind], **PAPER)
        axis.text(start + (size - 1) / 2, 104, kind.replace("non", "non-"), ha="center", va="bottom", fontsize=8)
    axis.set_xticks(list(ticks), list(ticks.values()), fontsize=8)
    axis.tick_params(axis="x", length=0)


def _bar(axis: Axes, place: float, measurement: Measurement | None, metric: str) -> None:
    if measurement is None:
        axis.text(place, 2, "no record", rotation=90, ha="center", va="bottom", fontsize=8)
        return
    values, shade = measurement.values(metric), colour(measurement.first.system)
    mean, spread = statistics.fmean(values), statistics.stdev(values) if len(values) > 1 else None
    axis.bar(place, mean, yerr=spread, color=shade, width=0.85)
    write_value(axis, place, 2, mean, shade, ha="center", va="bottom")


def _printed_kinds() -> dict[tuple[str, str, str], float]:
    """{(task, system, kind of question): printed percentage}."""
    return {
        (line.task, line.system, line.metric.removeprefix("accuracy/")): line.value
        for line in published.read()
        if line.value is not None and line.metric.removeprefix("accuracy/") in QUESTION_TYPES
    }
