"""Plots of the page on the three graph tasks: what is solved by size and by step, errors of rollouts, a list, chains.

Dimensions: K processing steps, N nodes, T steps of time.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from reprolib import experiments
from reprolib.data.mass_springs import STEP
from reprolib.evidence.records import Record
from reprolib.judgement.verdicts import Measurement
from reprolib.methods.graph_demonstrations import MASSES, UNSEEN
from reprolib.pages.figures.gn_tasks.views_of_graph_tasks import ChainView, OrderView
from reprolib.pages.figures.shared.bars import alike
from reprolib.pages.figures.shared.lines import band, looks
from reprolib.pages.figures.shared.moving_objects import frame, headed
from reprolib.pages.figures.shared.style import (
    BELOW,
    BLUE,
    GREY,
    INK,
    NO_RECORD,
    canvas,
    note,
    percent_axis,
    styled,
)

TASKS = {"gn_shortest_path": "shortest path", "gn_sorting": "sorting"}
SPRINGS = "gn_springs"
AFTER = "accuracy/solved_after_"
MOMENTS = (0, 10, 25, 50)  # steps of time at which a chain is shown
TINT = LinearSegmentedColormap.from_list("tint", ["white", BLUE])
TRUE = {"color": GREY, "linewidth": 3.0, "marker": "o", "markersize": 6, "alpha": 0.6}
PREDICTED = {"color": BLUE, "linewidth": 1.1, "marker": "o", "markersize": 3}
NEXT = {"marker": "s", "markerfacecolor": "none", "markeredgecolor": INK, "linestyle": "none"}

Measured = Mapping[str, Measurement]  # by system
Places = Mapping[int, str]  # metrics by where they stand on the horizontal axis


@styled
def solved_by_size(found: Sequence[Record]) -> Figure:
    """Percent of test graphs that are wholly right by their size: a panel a labelling task, a line a system."""
    measured = {task: _measured(found, task) for task in TASKS}
    if not any(measured.values()):
        return note(NO_RECORD)
    figure = canvas(3.3)
    for axis, task in zip(_task_axes(figure), TASKS, strict=True):
        _draw(axis, measured[task], lambda _: _binned("accuracy/solved", UNSEEN), marker="o")
        axis.set(title=_title(TASKS[task], measured[task]), xlabel="nodes of a graph", xlim=(-0.3, len(UNSEEN) - 0.7))
        axis.set_xticks(range(len(UNSEEN)), [_spoken(*sizes) for sizes in UNSEEN], fontsize=8)
    _name(figure, measured.values())
    return figure


@styled
def solved_by_step(found: Sequence[Record]) -> Figure:
    """Percent of test graphs that are wholly right by the steps of processing; a ring at those of training."""
    measured = {task: _measured(found, task) for task in TASKS}
    shown = {task: {name: one for name, one in of.items() if _stepped(one)} for task, of in measured.items()}
    if not any(shown.values()):
        return note(NO_RECORD)
    figure = canvas(3.3)
    for axis, task in zip(_task_axes(figure), TASKS, strict=True):
        _draw(axis, shown[task], _stepped, marker=None)
        for (_, measurement), (shade, _) in zip(shown[task].items(), looks(shown[task]), strict=True):
            steps = measurement.first.config["model.steps"]
            mean = np.mean(measurement.values(f"{AFTER}{steps}"))
            axis.plot(steps, mean, "o", color=shade, markerfacecolor="white", markersize=6, clip_on=False, zorder=4)
        axis.set(title=_title(TASKS[task], shown[task]), xlabel="processing steps")
        axis.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    ring = Line2D([], [], color=GREY, marker="o", markerfacecolor="white", linestyle="none", label="as in training")
    _name(figure, shown.values(), ring)
    return figure


@styled
def rollouts_by_masses(found: Sequence[Record]) -> Figure:
    """Error of the positions of a rollout on a logarithmic scale, by the number of masses: a line a system."""
    measured = _measured(found, SPRINGS)
    if not measured:
        return note(NO_RECORD)
    figure = canvas(3.3)
    axis = figure.add_subplot()
    axis.set_yscale("log")
    _draw(axis, measured, lambda _: _binned("mse/position", MASSES), marker="o")
    axis.set(title=_title("springs", measured), xlabel="masses of a chain", xlim=(-0.2, len(MASSES) - 0.8))
    axis.set_ylabel("mean squared error, m²")
    axis.set_xticks(range(len(MASSES)), [_spoken(*sizes) for sizes in MASSES])
    _name(figure, [measured])
    return figure


def _measured(found: Sequence[Record], task: str) -> Measured:
    """The systems of a task that have records at the scale of its first one, in the order of the rows."""
    rows = [(row.task, row.system) for row in experiments.get("gn_tasks").rows if row.task == task]
    return {system: measurement for (_, system), measurement in alike(found, rows).items() if measurement}


def _binned(name: str, bins: Sequence[tuple[int, int]]) -> Places:
    """The metrics by size, such as "accuracy/solved_17_20", in a row."""
    return {place: f"{name}_{_spoken(*sizes, between='_')}" for place, sizes in enumerate(bins)}


def _stepped(measurement: Measurement) -> Places:
    """The metrics by processing step of a system that has steps."""
    names = [name for name in measurement.first.metrics if name.startswith(AFTER)]
    return {int(name.removeprefix(AFTER)): name for name in names}


def _spoken(low: int, high: int, between: str = "–") -> str:
    return f"{low}" if low == high else f"{low}{between}{high}"


def _draw(axis: Axes, measured: Measured, places: Callable[[Measurement], Places], marker: str | None) -> None:
    """The mean over seeds of each system at every place where it has the metric, in a band from least to most."""
    if not measured:
        axis.text(0.5, 0.5, "no record yet", transform=axis.transAxes, ha="center", style="italic")
    for (system, measurement), look in zip(measured.items(), looks(measured), strict=True):
        found = {place: measurement.values(metric) for place, metric in sorted(places(measurement).items())}
        there = {place: values for place, values in found.items() if values}
        if there:
            band(axis, system, np.array(list(there)), np.array(list(there.values())).T, look, marker)


def _task_axes(figure: Figure) -> Sequence[Axes]:
    """A panel for each labelling task, of one height."""
    axes = figure.subplots(1, len(TASKS), sharey=True)
    percent_axis(axes[0], "percent of graphs solved")
    return axes


def _title(name: str, measured: Measured) -> str:
    """What a panel shows, and over how many seeds at which scale."""
    if not measured:
        return name
    first = next(iter(measured.values()))
    seeds = len(first.counted)
    return f"{name}\n{first.first.scale} scale, {seeds} seed{'s' * (seeds > 1)}"


def _name(figure: Figure, panels: Iterable[Measured], *further: Line2D) -> None:
    """What the lines are, below the plot; each system once."""
    systems = {system: None for measured in panels for system in measured}
    handles = [
        Line2D([], [], color=shade, linestyle=line, linewidth=1.6, label=system)
        for system, (shade, line) in zip(systems, looks(systems), strict=True)
    ]
    figure.legend(handles=[*handles, *further], ncols=2, **BELOW)


@styled
def next_numbers(view: OrderView) -> Figure:
    """Which number comes first and which comes next, as probabilities; both axes rise from smallest to largest."""
    size = len(view.numbers)
    figure = headed(4.6, view.source)
    left, right = figure.subplots(1, 2, sharey=True, width_ratios=[1, size])
    for axis, chances in ((left, view.first[:, None]), (right, view.following)):
        axis.imshow(chances, cmap=TINT, vmin=0, vmax=1, aspect="auto", interpolation="nearest")
        axis.spines[:].set_visible(True)
    left.plot(0, 0, markersize=7, **NEXT)
    right.plot(np.arange(1, size), np.arange(size - 1), markersize=7, **NEXT)
    written = [f"{number:.2f}" for number in view.numbers]
    left.set(xticks=[], xlabel="first", ylabel="number")
    left.set_yticks(range(size), written, fontsize=7)
    right.set_xticks(range(size), written, fontsize=7, rotation=90)
    right.tick_params(axis="y", left=False)
    right.set_xlabel("comes next")
    likely = Patch(facecolor=BLUE, label="the darker, the likelier")
    figure.legend(handles=[likely, Line2D([], [], label="the truth", **NEXT)], ncols=2, **BELOW)
    return figure


@styled
def swinging_chains(views: Sequence[ChainView]) -> Figure:
    """Chains at a few moments of their rollout, a row a chain: predicted (thin) over true (thick)."""
    if not views:
        return note("No chain is at hand.")
    figure = headed(0.4 + 1.25 * len(views), views[0].source)
    rows = figure.subplots(len(views), len(MOMENTS), squeeze=False)
    for axes, view in zip(rows, views, strict=True):
        for axis, moment in zip(axes, MOMENTS, strict=True):
            axis.plot(*view.true[moment].T, **TRUE)
            axis.plot(*view.predicted[moment].T, **PREDICTED)
            frame(axis, view.true)
        axes[0].set_ylabel(f"{view.true.shape[1]} masses")
    for axis, moment in zip(rows[0], MOMENTS, strict=True):
        axis.set_title(f"{STEP * moment:g} s")
    handles = [Line2D([], [], label="true", **TRUE), Line2D([], [], label="predicted", **PREDICTED)]
    figure.legend(handles=handles, ncols=2, **BELOW)
    return figure
