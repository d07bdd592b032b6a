"""Plots of the bAbI page: accuracy by task, relations of a story."""

import statistics
from collections.abc import Sequence

import numpy as np
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from reprolib.evidence import published
from reprolib.evidence.records import Record
from reprolib.judgement.verdicts import Measurement
from reprolib.methods.babi_stories import PASSED
from reprolib.pages.figures.rn_babi.views_of_babi import StoryView
from reprolib.pages.figures.shared.bars import write_value
from reprolib.pages.figures.shared.style import (
    BELOW,
    BLUE,
    NO_RECORD,
    ORANGE,
    PAPER,
    canvas,
    note,
    provenance,
    styled,
)
from reprolib.pages.tables.cell import telling

BABI = "babi_joint_10k"
TASKS = (
    *("single supporting fact", "two supporting facts", "three supporting facts", "two-argument relations"),
    *("three-argument relations", "yes/no questions", "counting", "lists and sets", "simple negation"),
    *("indefinite knowledge", "basic coreference", "conjunction", "compound coreference", "time reasoning"),
    *("basic deduction", "basic induction", "positional reasoning", "size reasoning", "path finding"),
    "agent's motivations",
)
FAILED_IN_PAPER = (2, 3)  # Santoro et al. 2017, section 5.4
MAJORITY = {"marker": "|", "color": "black", "markersize": 9, "linestyle": "none"}


@styled
def task_bars(found: Sequence[Record], system: str) -> Figure:
    """Accuracy on each of the twenty bAbI tasks, beside the 95 % line, the paper's figures and the majority answer."""
    ours = telling(found, BABI, system)
    if ours is None:
        return note(NO_RECORD)
    figure, first = canvas(5.6), ours.first
    axis = figure.add_subplot()
    means = [_mean(ours, _accuracy(task)) for task in _numbers()]
    axis.barh(
        _numbers(),
        means,
        xerr=_spreads(ours),
        color=[BLUE if mean >= PASSED else ORANGE for mean in means],
        height=0.72,
    )
    for task, mean in zip(_numbers(), means, strict=True):
        write_value(axis, 1.5, task, mean, BLUE if mean >= PASSED else ORANGE, va="center")
    same = [record for record in found if (record.scale, record.kind) == (first.scale, first.kind)]
    _marks(axis, telling(same, BABI, "Majority"))
    _task_axes(axis)
    passed = sum(mean >= PASSED for mean in means)
    source = provenance(first.scale, first.kind, len(ours.counted))
    heading = f"{system}: {passed} of {len(TASKS)} tasks pass\n({source})"
    figure.suptitle(heading, x=0.01, ha="left", fontsize=9.5, fontweight="bold")
    return figure


def _numbers() -> range:
    return range(1, len(TASKS) + 1)


def _accuracy(task: int) -> str:
    return f"accuracy/task_{task}"


def _mean(measurement: Measurement, metric: str) -> float:
    return statistics.fmean(measurement.values(metric))


def _spreads(measurement: Measurement) -> list[float] | None:
    """Sample deviation of every task over seeds; None with one seed."""
    if len(measurement.counted) == 1:
        return None
    return [statistics.stdev(measurement.values(_accuracy(task))) for task in _numbers()]


def _marks(axis: Axes, majority: Measurement | None) -> None:
    """Marks for what the paper prints and for the majority answer, named below the axis."""
    printed = _printed_tasks()
    axis.plot(list(printed.values()), list(printed), **PAPER)
    handles = [Line2D([], [], label="printed in the paper", **PAPER)]
    if majority is not None:
        axis.plot([_mean(majority, _accuracy(task)) for task in _numbers()], list(_numbers()), **MAJORITY)
        handles.append(Line2D([], [], label="majority answer", **MAJORITY))
    axis.figure.legend(handles=handles, ncols=2, **BELOW)


def _printed_tasks() -> dict[int, float]:
    """The relation network's printed accuracy, of the tasks for which the paper prints one: {task: percent}."""
    found = {}
    for line in published.read():
        kind, _, task = line.metric.partition("/task_")
        if (line.paper, line.task, line.system) == ("santoro2017", BABI, "RN") and task and line.value is not None:
            found[int(task)] = line.value if kind == "accuracy" else 100 - line.value
    return found


def _task_axes(axis: Axes) -> None:
    """Names of the tasks, those that the paper fails marked, and the line at 95 %."""
    marks = {task: " †" * (task in FAILED_IN_PAPER) for task in _numbers()}
    axis.set_yticks(_numbers(), [f"{TASKS[task - 1]}{marks[task]}  {task:2}" for task in _numbers()])
    axis.tick_params(axis="y", length=0)
    axis.axvline(PASSED, color="black", linewidth=1, linestyle="--")
    axis.text(PASSED, 0.35, f"passed: {PASSED:.0f} %", ha="right", va="bottom", fontsize=8)
    axis.set(xlim=(0, 102), ylim=(len(TASKS) + 0.6, -0.4), xlabel="percent right (†: failed in the paper)")


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
