"""Plots of the CLEVR pages: accuracy by category and by scene, size of the network, pictures with questions.

Which systems a plot compares is read off published.csv: those with a line for every category of question.
"""

import itertools
import math
import re
import statistics
import textwrap
from collections.abc import Sequence
from types import MappingProxyType

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from reprolib.data.clevr.scenes import HEIGHT, WIDTH
from reprolib.evidence import published
from reprolib.evidence.records import Record
from reprolib.experiments.rn_clevr_pixels import LARGER, RELATING, TASK
from reprolib.methods.clevr_questions import CATEGORIES, SHARED
from reprolib.pages.figures.rn_clevr.views_of_clevr import ClevrView, DrawnView
from reprolib.pages.figures.shared.bars import Measured, alike, write_value
from reprolib.pages.figures.shared.lines import band, name_lines
from reprolib.pages.figures.shared.related_pairs import COLUMN, LINE, answered, lines, verdict
from reprolib.pages.figures.shared.specimens import UNTRAINED
from reprolib.pages.figures.shared.style import (
    BELOW,
    NO_RECORD,
    NO_WEIGHTS,
    PAPER,
    canvas,
    colour,
    note,
    percent_axis,
    provenance,
    styled,
)

SHOWN_CATEGORIES = ("overall", *CATEGORIES.values())  # in the order of the paper's Figure 3
PEOPLE = "Human"
BASELINE = "Q-type baseline"  # the most frequent answer to the last step of the question
CHANCE = 2.0  # points above the baseline's accuracy, up to which an accuracy counts as chance
GROUPS = MappingProxyType(
    {
        "objects": "objects\nin the scene",
        "functions": "functions of the\nprogram (up to)",
        "depth": "depth of the\nprogram (up to)",
    }
)
SIZES = MappingProxyType(
    {RELATING: "as in the paper:\n128 LSTM units, 24 kernels"}
)  # the others are called after theirs
ACROSS = 2  # pictures beside each other
POINTS = 72  # of an inch
SMALL = MappingProxyType({"fontsize": 8, "fontweight": "normal"})


@styled
def category_bars(found: Sequence[Record]) -> Figure:
    """Accuracy by category of question as in the paper's Figure 3: a panel a category, a bar a system of the task.

    A bar is hollow where a system is at chance: its mean over seeds is not more than CHANCE points above that of the
    Q-type baseline, which knows only the last step of a question, at the same scale on the same kind of data.
    """
    measured = compared(found)
    if not any(measured.values()):
        return note(NO_RECORD)
    figure = canvas(0.95 + 3 * (0.35 + 0.17 * len(measured)))
    axes = figure.subplots(3, 2, sharex=True, sharey=True).flat
    for axis, kind in zip(axes, SHOWN_CATEGORIES, strict=True):
        _category(axis, kind, measured)
    figure.suptitle(heading(measured), x=0.01, ha="left", fontsize=9.5, fontweight="bold")
    handles = [Line2D([], [], label="printed in the paper (percent right)", **PAPER)]
    if any(_at_chance(measured, kind) for kind in SHOWN_CATEGORIES):
        label = f"not above the {BASELINE} by more than {CHANCE:g} points: chance"
        handles.append(Patch(facecolor="white", edgecolor="black", label=label))
    figure.legend(handles=handles, **BELOW)
    return figure


def tabled(found: Sequence[Record]) -> list[Record]:
    """The records of systems that a table lists by category: all but the relation networks of other sizes."""
    rows = {row for task in {record.task for record in found} for row in _rows(task)}
    return [record for record in found if (record.task, record.system) in rows]


def _rows(task: str) -> list[tuple[str, str]]:
    """Task and system of what is listed by category: people, the relation network, the others from last to first."""
    listed: dict[tuple[str, str], set[str]] = {}
    for line in published.read():
        if line.task == task:
            listed.setdefault((task, line.system), set()).add(line.metric)
    metrics = {f"accuracy/{kind}" for kind in CATEGORIES.values()}
    rows = [row for row, has in reversed(listed.items()) if metrics <= has]
    return sorted(rows, key=lambda row: (row[1] != PEOPLE, not row[1].endswith("+RN")))


def compared(found: Sequence[Record]) -> Measured:
    """Our measurements of the systems that the records' task lists by category."""
    return alike(found, _rows(found[0].task)) if found else {}


def heading(measured: Measured) -> str:
    """The scale and the data that the systems share, with the most seeds of one of them."""
    there = [one for one in measured.values() if one]
    first, seeds = there[0].first, max(len(one.counted) for one in there)
    return f"{first.task} ({provenance(first.scale, first.kind, seeds)})"


def _category(axis: Axes, kind: str, measured: Measured) -> None:
    """One panel: bars, diamonds, and the name of the category."""
    printed, chance = _printed(kind), _at_chance(measured, kind)
    for place, ((task, system), measurement) in enumerate(measured.items()):
        if measurement is not None:
            _bar(axis, place, measurement.values(f"accuracy/{kind}"), colour(system), hollow=system in chance)
        elif system != PEOPLE:
            axis.text(2, place, "no record", va="center", fontsize=7.5)
        if (task, system) in printed:
            axis.plot(printed[task, system], place, **dict(PAPER) | {"markersize": 5})
    axis.set_yticks(range(len(measured)), [short(system) for _, system in measured], fontsize=8)
    axis.set(xlim=(0, 103), ylim=(len(measured) - 0.4, -0.6), xticks=range(0, 101, 25))
    axis.set_title(kind.replace("_", " "), fontsize=9)
    axis.tick_params(axis="y", length=0)


def _at_chance(measured: Measured, kind: str) -> set[str]:
    """The systems not more than CHANCE points above the baseline in a category; none where the baseline is missing."""
    values = {system: one.values(f"accuracy/{kind}") for (_, system), one in measured.items() if one}
    means = {system: statistics.fmean(seeds) for system, seeds in values.items() if seeds}
    highest = means.pop(BASELINE, -math.inf) + CHANCE
    return {system for system, mean in means.items() if mean <= highest}


def _bar(axis: Axes, place: float, values: Sequence[float], shade: str, hollow: bool = False) -> None:
    """The mean over seeds, with the standard deviation as a whisker; nothing where no seed has the metric."""
    if not values:
        return
    mean, spread = statistics.fmean(values), statistics.stdev(values) if len(values) > 1 else None
    filling = "white" if hollow else shade
    axis.barh(place, mean, xerr=spread, color=filling, edgecolor=shade, height=0.8)
    write_value(axis, 2, place, mean, filling, va="center_baseline")


def _printed(kind: str) -> dict[tuple[str, str], float]:
    """{(task, system): printed percentage} of a category."""
    found = [line for line in published.read() if line.metric == f"accuracy/{kind}" and line.value is not None]
    return {(line.task, line.system): line.value for line in found}


def short(system: str) -> str:
    """A system's name where there is little room."""
    return {PEOPLE: "people", "CNN+LSTM+SA (re-tuned)": "SA (re-tuned)"}.get(system, system.removesuffix(" baseline"))


@styled
def by_scene(found: Sequence[Record]) -> Figure:
    """Accuracy by number of objects, and by size and depth of the program: means over seeds, bands from least to most.

    A measure that no record has gets no panel.
    """
    measured = compared(found)
    found_by = {group: _found_by(measured, group) for group in GROUPS}
    shown = [group for group, lines in found_by.items() if lines]
    if not shown:
        return note(NO_RECORD)
    figure = canvas(3.0)
    panels = figure.subplots(1, len(shown), sharey=True, squeeze=False)[0]
    for axis, group in zip(panels, shown, strict=True):
        ends = [
            band(axis, short(system), sizes, values, (colour(system), "-"), marker="o")
            for system, (sizes, values) in found_by[group].items()
        ]
        axis.set(xlabel=GROUPS[group], xticks=range(3, 11) if group == "objects" else range(SHARED, 29, 2 * SHARED))
    percent_axis(panels[0], "percent right")
    name_lines(panels[-1], ends)
    figure.suptitle(heading(measured), x=0.01, ha="left", fontsize=9.5, fontweight="bold")
    return figure


def _found_by(measured: Measured, group: str) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Sizes and accuracies (see `_by_size`) of the systems that have any."""
    found = {system: _by_size(one.records, group) for (_, system), one in measured.items() if one}
    return {system: (sizes, values) for system, (sizes, values) in found.items() if len(sizes)}


def _by_size(found: Sequence[Record], group: str) -> tuple[np.ndarray, np.ndarray]:
    """The sizes that every record has, ascending [P], and the accuracies of all records [R, P]."""
    named = [re.fullmatch(rf"accuracy/{group}_(\d+)", metric) for record in found for metric in record.metrics]
    sizes = sorted({int(name[1]) for name in named if name})
    shared = [size for size in sizes if all(f"accuracy/{group}_{size}" in record.metrics for record in found)]
    values = [[record.metrics[f"accuracy/{group}_{size}"] for size in shared] for record in found]
    return np.array(shared), np.array(values)


@styled
def size_bars(found: Sequence[Record]) -> Figure:
    """Accuracy of the relation network as in the paper and with a larger LSTM or more kernels.

    Smoke runs are left out: they show that it runs, not what a size is good for.
    """
    telling = [record for record in found if record.scale != "smoke"]
    measured = alike(telling, [(TASK, system) for system in (RELATING, *LARGER)])
    if not any(measured.values()):
        return note("No record beyond smoke scale yet.")
    figure = canvas(2.2)
    axis = figure.add_subplot()
    for place, ((_, system), measurement) in enumerate(measured.items()):
        if measurement is None:
            axis.text(2, place, "no record", va="center", fontsize=8)
        else:
            _bar(axis, place, measurement.values("accuracy/overall"), colour(system))
    names = [SIZES.get(system, system.rpartition("(")[2].rstrip(")")) for _, system in measured]
    axis.set_yticks(range(len(names)), names, fontsize=8)
    axis.set(xlim=(0, 103), ylim=(len(names) - 0.4, -0.6), xlabel="percent right, all questions")
    axis.tick_params(axis="y", length=0)
    figure.suptitle(heading(measured), x=0.01, ha="left", fontsize=9.5, fontweight="bold")
    return figure


@styled
def drawn_scenes(views: Sequence[DrawnView]) -> Figure:
    """Generated scenes side by side, each with one question and its answer."""
    if not views:
        return note("No scene is at hand.")
    texts = [_wrapped(f"{view.question} {view.answer.capitalize()}.") for view in views]
    most = [max(map(len, texts[at : at + ACROSS])) for at in range(0, len(texts), ACROSS)]  # lines above a row
    figure = canvas(sum(1.75 + LINE * count / POINTS for count in most))
    grid = figure.subplots(len(most), ACROSS, squeeze=False).flat
    for axis, view, text in itertools.zip_longest(grid, views, texts):
        if view is None:
            axis.set_axis_off()
            continue
        _picture(axis, view.image)
        axis.set_title("\n".join(text), **SMALL)
    return figure


@styled
def failures(views: Sequence[ClevrView]) -> Figure:
    """Wrong answers as in the paper's Table 2: the picture, the category, the question, the answer and the truth."""
    if not views:
        return note("The network answers all the questions at hand right.")
    if views[0].source == UNTRAINED:
        return note(NO_WEIGHTS)
    heights = [max(1.2, LINE * (4 + len(view.question) / (COLUMN - 6)) / POINTS) for view in views]
    figure = canvas(0.3 + sum(heights))
    grid = figure.subplots(len(views), 2, squeeze=False, width_ratios=[1, 2.1], height_ratios=heights)
    for (picture, words), view in zip(grid, views, strict=True):
        _picture(picture, view.image)
        words.set_axis_off()
        words.set_title(view.category, fontsize=9)
        answered(words, 0.98, view)
    figure.suptitle(views[0].source, x=0.01, ha="left", fontsize=8.5)
    return figure


@styled
def lit_pairs(views: Sequence[ClevrView]) -> Figure:
    """|g| for every pair, as lines between places in the picture: a panel a question."""
    if not views:
        return note("No scene is at hand.")
    if views[0].source == UNTRAINED:
        return note(NO_WEIGHTS)
    figure = canvas(2.7)
    for axis, view in zip(figure.subplots(1, len(views), squeeze=False)[0], views, strict=True):
        _picture(axis, view.image)
        lines(axis, view.places, view.magnitudes)
        axis.set_title("\n".join(_wrapped(view.question)), **SMALL)
        words, shade = verdict(view)
        axis.set_xlabel(words, color=shade, fontweight="bold", loc="left")
    figure.suptitle(views[0].source, x=0.01, ha="left", fontsize=8.5)
    return figure


def _wrapped(text: str) -> list[str]:
    """Lines that fit over a picture of half the width."""
    return textwrap.wrap(text, 33)


def _picture(axis: Axes, image: np.ndarray) -> None:
    """A picture of any size over the release's pixels, in the release's proportions."""
    axis.imshow(image, extent=(0, WIDTH, HEIGHT, 0), interpolation="antialiased")
    axis.set(xticks=[], yticks=[], xlim=(0, WIDTH), ylim=(HEIGHT, 0), anchor="N")
    axis.spines[:].set_visible(False)
