"""What is found of a particle that nobody observes: its path over the true one, and the error by number of springs."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from reprolib import experiments
from reprolib.evidence import published
from reprolib.evidence.records import Record
from reprolib.experiments.modular_unseen import FIGURE, TASK
from reprolib.pages.figures.modular_unseen.views_of_unseen import UnseenView
from reprolib.pages.figures.shared.bars import alike
from reprolib.pages.figures.shared.lines import band, looks, name_lines
from reprolib.pages.figures.shared.moving_objects import frame, headed
from reprolib.pages.figures.shared.style import (
    BELOW,
    BLUE,
    GREY,
    INK,
    NO_RECORD,
    ORANGE,
    PALE,
    WIDTH,
    canvas,
    note,
    styled,
)

COLUMNS = 2  # pictures side by side
WITH = "mse/unseen_with_"  # so many springs
PATHS = {
    "joined to it": {"color": GREY, "linewidth": 1.4},
    "not joined": {"color": PALE, "linewidth": 1.4},
    "hidden, true": {"color": INK, "linewidth": 2.6, "alpha": 0.55},
    "found": {"color": ORANGE, "linewidth": 1.8, "linestyle": (0, (3, 1.5))},
    "other restarts": {"color": BLUE, "linewidth": 1.1, "linestyle": ":"},
}


@styled
def unseen_paths(views: Sequence[UnseenView]) -> Figure:
    """Scenes with one hidden particle: the paths of all, dots where they start, and those that the restarts found.

    Over each stand the error of the state that was chosen, and the errors of the visible particles that it was chosen
    by, the best restart first.
    """
    if not views:
        return note("No scene is at hand.")
    rows = -(-len(views) // COLUMNS)
    figure = headed(0.4 + rows * (WIDTH / COLUMNS + 0.4), views[0].source)
    axes = figure.subplots(rows, COLUMNS, squeeze=False).flatten()
    for axis, view in zip(axes, views, strict=False):
        _scene(axis, view)
    for axis in axes[len(views) :]:
        axis.set_axis_off()
    figure.legend(handles=[Line2D([], [], label=name, **look) for name, look in PATHS.items()], ncols=3, **BELOW)
    return figure


def _scene(axis: Axes, view: UnseenView) -> None:
    for path, joined in zip(view.visible.swapaxes(0, 1), view.joined, strict=True):
        _path(axis, path, "joined to it" if joined else "not joined")
    _path(axis, view.true, "hidden, true")
    best, *others = view.guesses
    for path in others:
        axis.plot(*path.T, **PATHS["other restarts"])
    _path(axis, best, "found")
    frame(axis, np.concatenate([view.visible.reshape(-1, 2), view.true]))
    count = int(view.joined.sum())
    title = f"{count} spring{'s' * (count > 1)}: state missed by {view.errors[0]:.0e}"
    missed = ", ".join(f"{value:.0e}" for value in view.missed)
    axis.set_title(f"{title}\nrestarts: {missed}", fontsize=7.5, fontweight="normal")


def _path(axis: Axes, path: np.ndarray, name: str) -> None:
    """A line [T, 2] with a dot at its start."""
    look = PATHS[name]
    axis.plot(*path.T, **look)
    axis.plot(*path[0], marker="o", markersize=3.5, color=look["color"])


@styled
def unseen_by_springs(found: Sequence[Record]) -> Figure:
    """Mean squared error of the hidden particle's states by the number of its springs, a line a system.

    The lines are means over seeds in bands from the least to the most; a grey line stands at the paper's figure.
    """
    rows = [(row.task, row.system) for row in experiments.get("modular_unseen").rows]
    measured = {system: one for (_, system), one in alike(found, rows).items() if one}
    if not measured:
        return note(NO_RECORD)
    figure, ends = canvas(3.0), []
    axis = figure.add_subplot(yscale="log")
    for (system, measurement), look in zip(measured.items(), looks(measured), strict=True):
        counts = sorted(int(name.removeprefix(WITH)) for name in measurement.first.metrics if name.startswith(WITH))
        seeds = np.array([measurement.values(f"{WITH}{count}") for count in counts]).T  # [seeds, counts]
        ends.append(band(axis, system, np.array(counts), seeds, look, marker="o"))
    for value in _printed():
        axis.axhline(value, color=GREY, linewidth=0.8, zorder=0)
        ends.append(("paper", counts[-1], value, GREY))
    axis.set(xlabel="springs of the hidden particle", xticks=counts, xlim=(min(counts), max(counts)))
    axis.set_ylabel("mean squared error (lower is better)")
    axis.minorticks_off()
    name_lines(axis, ends)
    return figure


def _printed() -> list[float]:
    """The paper's figure."""
    return [line.value for line in published.read() if (line.task, line.metric) == (TASK, FIGURE) and line.value]
