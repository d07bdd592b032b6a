"""Plots of the page on prediction: trajectories, and the error by the steps predicted ahead."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from reprolib.errors import InputError
from reprolib.evidence.records import Record
from reprolib.pages.figures.shared.lines import NONE, ROUND, band, furthest, looks, mark_printed, name_lines
from reprolib.pages.figures.shared.moving_objects import Values, check_titles, frame, headed, shade, stacked
from reprolib.pages.figures.shared.style import BELOW, GREY, WIDTH, note, styled
from reprolib.pages.figures.shared.telling_rows import printed_by_system, telling_rows, where_from
from reprolib.pages.figures.shared.views_of_motion import MotionView

COLUMNS, TALLEST = 3, 2.8  # pictures side by side; inches
DOTS = 7  # of a predicted trajectory, at most
PREDICTED = {"marker": "o", "markersize": 3.6, "markerfacecolor": "white", "linestyle": "none"}


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
    check_titles(titles, scenes)
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
def horizon(
    errors: Mapping[str, Values],
    printed: Mapping[str, Mapping[int, float]] = NONE,
    unit: str = "mean squared error (lower is better)",
    source: str = "",
) -> Figure:
    """Error of the prediction by its horizon on a logarithmic scale: means over seeds, with a band from least to most.

    Args:
        errors: of each system the error at step 1, 2, ... of the rollout [steps], or of several seeds [seeds, steps].
        printed: the paper's errors, {system: {step: error}}.
        unit: what stands at the vertical axis.
        source: of which runs the errors are.

    Raises:
        InputError: an error that is not a positive number, or seeds of unequal length.
    """
    if not errors:
        return note("No prediction is at hand.")
    figure, ends = headed(3.4, source), []
    axis = figure.add_subplot()
    axis.set_yscale("log")
    for (system, values), look in zip(errors.items(), looks(errors), strict=True):
        seeds = stacked(system, values, (None, None))
        if not seeds.size or seeds.min() <= 0:
            raise InputError(f"the errors of {system!r} must be positive to be drawn on a logarithmic scale")
        ends.append(band(axis, system, np.arange(1, seeds.shape[1] + 1), seeds, look))
    mark_printed(axis, ends, printed)
    axis.set(xlabel="steps predicted ahead", ylabel=unit, xlim=(0.5, furthest(axis)))
    axis.xaxis.set_major_locator(MaxNLocator(5, steps=ROUND, integer=True))
    name_lines(axis, ends)
    return figure


def predicted_motion(views: Sequence[MotionView]) -> Figure:
    """What was seen, what came and what was predicted in a few scenes."""
    columns = (np.stack([getattr(view, name) for view in views]) for name in ("past", "true", "predicted"))
    return trajectories(*columns, source=views[0].source)


def error_by_step(found: Sequence[Record], task: str) -> Figure:
    """Error of the rollout at every step, a line a system; diamonds at the paper's figures."""
    errors, shown = {}, []
    for of, system, measurement in telling_rows(found):
        if of == task and "mse/step_1" in measurement.first.metrics and system != "NRI (sim.)":
            names = (name for name in measurement.first.metrics if name.startswith("mse/step_"))
            steps = sorted(names, key=lambda name: int(name.rpartition("_")[2]))
            errors[system] = np.array([measurement.values(name) for name in steps]).T  # [seeds, steps]
            shown.append(measurement)
    printed = {}
    for (system, metric), value in printed_by_system(task, "mse/").items():
        if system in errors:
            printed.setdefault(system, {})[int(metric.rpartition("_")[2])] = value
    return horizon(errors, printed, source=where_from(shown))
