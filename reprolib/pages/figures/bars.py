"""Bars of measured figures: bAbI's tasks, kinds of questions about scenes, labels of claims."""

import statistics
from collections import Counter
from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from reprolib.evidence import published
from reprolib.evidence.records import Record
from reprolib.evidence.spelling import number, paper_name
from reprolib.experiments.rn_babi import PASSED
from reprolib.judgement.labels import Judgement
from reprolib.judgement.verdicts import Measurement
from reprolib.pages.figures.style import (
    BELOW,
    BLUE,
    DARK,
    LABELLED,
    NO_RECORD,
    ORANGE,
    PAPER,
    canvas,
    colour,
    note,
    percent_axis,
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

KINDS = ("nonrelational", "relational")  # of questions, in the order of the paper's Figure 4
PANELS = {
    "pictures": (("sort_of_clevr", "CNN+RN"), ("sort_of_clevr", "CNN+MLP"), ("sort_of_clevr", "Majority")),
    "states": (("sort_of_clevr_state", "RN"), ("sort_of_clevr_state", "Majority")),
}
EDGE = {"edgecolor": "black", "linewidth": 0.6}
NARROW = 0.04  # of the longest bar: less is too narrow for a number
Measured = Mapping[tuple[str, str], Measurement | None]  # by task and system


@styled
def task_bars(found: Sequence[Record], system: str = "RN") -> Figure:
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


def alike(found: Sequence[Record], rows: Sequence[tuple[str, str]]) -> Measured:
    """The rows' measurements at one scale on one kind of data: the most telling that the first measured row has."""
    first = next((best.first for row in rows if (best := telling(found, *row))), None)
    same = [record for record in found if first and (record.scale, record.kind) == (first.scale, first.kind)]
    return {row: telling(same, *row) for row in rows}


def _groups(axis: Axes, measured: Measured) -> None:
    """A group of bars for each kind of question, a bar for each system."""
    printed, ticks, size = _printed_kinds(), {}, len(measured)
    for group, kind in enumerate(KINDS):
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


def write_value(axis: Axes, x: float, y: float, value: float, shade: str, **align: str) -> None:
    """A figure written into its bar."""
    ink = "white" if shade in DARK else "black"
    axis.text(x, y, number(value), color=ink, fontsize=7.5, fontweight="bold", **align)


def _printed_kinds() -> dict[tuple[str, str, str], float]:
    """{(task, system, kind of question): printed percentage}."""
    return {
        (line.task, line.system, line.metric.removeprefix("accuracy/")): line.value
        for line in published.read()
        if line.value is not None and line.metric.removeprefix("accuracy/") in KINDS
    }


@styled
def label_bars(found: Sequence[Judgement]) -> Figure:
    """How many claims of each paper have which label."""
    counts: dict[str, Counter[str]] = {}
    for one in found:
        counts.setdefault(one.claim.paper, Counter())[one.label] += 1
    if not counts:
        return note("No claim is at hand.")
    figure = canvas(1.1 + 0.42 * len(counts))
    axis = figure.add_subplot()
    for row, labels in enumerate(counts.values()):
        _stack(axis, row, labels, narrow=NARROW * max(map(Counter.total, counts.values())))
    axis.set_yticks(range(len(counts)), [paper_name(paper) for paper in counts])
    axis.set(ylim=(len(counts) - 0.6, -0.7), xticks=[])
    axis.spines[:].set_visible(False)
    axis.tick_params(axis="y", length=0)
    looks = [Patch(facecolor=shade, hatch=hatch, label=label, **EDGE) for label, (shade, hatch) in LABELLED.items()]
    figure.legend(handles=looks, ncols=2, **BELOW)
    return figure


def _stack(axis: Axes, row: int, counts: Counter[str], narrow: float) -> None:
    """One paper's labels; counts that do not fit into their parts stand behind the last one."""
    left, behind = 0, []
    for label, (shade, hatch) in LABELLED.items():
        count = counts[label]
        if count:
            axis.barh(row, count, left=left, color=shade, hatch=hatch, height=0.62, **EDGE)
        if count > narrow:
            ink, ground = "white" if shade in DARK else "black", {"color": shade, "pad": 1.0} if hatch else None
            axis.text(left + count / 2, row, str(count), ha="center", va="center", color=ink, bbox=ground, fontsize=8)
        elif count:
            behind.append(str(count))
        left += count
    axis.text(left + 0.5, row, ", ".join(behind), va="center", fontsize=8)
