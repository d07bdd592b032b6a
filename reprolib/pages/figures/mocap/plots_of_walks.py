"""Plots of the page on walking: the error by the frames predicted ahead, the learned graph, a body as it walks.

Dimensions: T frames, J joints. Bodies that walk are seen from the side: z to the right, y up.
"""

from collections.abc import Sequence

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from reprolib.evidence.records import Record
from reprolib.experiments.mocap import ANEW, LEARNED
from reprolib.judgement.verdicts import Measurement
from reprolib.pages.figures.mocap.views_of_walks import WalkView
from reprolib.pages.figures.nri_prediction.plots_of_prediction import horizon
from reprolib.pages.figures.shared.movie import Movie, painted, stage
from reprolib.pages.figures.shared.moving_objects import frame, headed
from reprolib.pages.figures.shared.style import BELOW, BLUE, GREY, INK, ORANGE, PURPLE, STYLE, WIDTH, styled
from reprolib.pages.figures.shared.telling_rows import telling_rows, where_from

SIDE_VIEW, FRONT_VIEW = [2, 1], [0, 1]  # of x, y, z; from the front left and right limbs stand apart
TRUE, GUESSED = {"colors": GREY, "linewidths": 4.0}, {"colors": BLUE, "linewidths": 1.6}
BONE, EDGE = {"colors": GREY, "linewidths": 3.0, "alpha": 0.45}, 0.9  # points of a line
TINTS = (BLUE, ORANGE, PURPLE)  # of the types of edges
EVERY, PACE = 2, 80  # frames of a walk in one of the animation, and its milliseconds: a tenth of the true speed
MOMENTS = 4  # of the strip


def walk_errors(found: Sequence[Record]) -> Figure:
    """Error at every predicted frame, a line a system; the learned graph has a line for each way to infer it."""
    errors, shown = {}, telling_rows(found)
    for _, system, measurement in shown:
        errors[system] = _by_step(measurement, "step")
        if system == LEARNED:
            errors |= {each: _by_step(measurement, name) for each, name in ANEW.items()}
    return horizon(errors, source=where_from(measurement for *_, measurement in shown))


def _by_step(measurement: Measurement, name: str) -> np.ndarray:
    """The errors mse/NAME_1, mse/NAME_2, ... of every seed [seeds, steps]."""
    steps = sum(metric.startswith(f"mse/{name}_") for metric in measurement.first.metrics)
    return np.array([measurement.values(f"mse/{name}_{step}") for step in range(1, steps + 1)]).T


@styled
def learned_edges(view: WalkView) -> Figure:
    """The edges of each type that say something, over the bones of the last given frame."""
    kinds = range(1, 1 + len(TINTS))
    figure = headed(2.5, view.source)
    places = view.given[-1][:, FRONT_VIEW]  # [J, 2]
    for axis, kind in zip(figure.subplots(1, len(TINTS)), kinds, strict=True):
        axis.add_collection(LineCollection(_lines(places, view.bones), zorder=1, **BONE))
        found = view.types == kind
        count = int(found.sum())
        axis.add_collection(LineCollection(_lines(places, found), colors=TINTS[kind - 1], linewidths=EDGE, zorder=2))
        axis.scatter(*places.T, s=9, color=INK, zorder=3)
        frame(axis, places)
        axis.set_title(f"type {kind}: {count} edge{'s' * (count != 1)}", fontsize=8.5)
    bone = Line2D([], [], color=GREY, linewidth=3.0, alpha=0.45, label="bone")
    edge = Line2D([], [], color=TINTS[0], linewidth=EDGE, label="inferred edge, either way")
    figure.legend(handles=[bone, edge], ncols=2, **BELOW)
    return figure


@styled
def walk_moments(view: WalkView) -> Figure:
    """Four moments of the prediction, from the first frame to the last: predicted over true."""
    figure = headed(0.3 + WIDTH, view.source)
    steps = np.linspace(0, len(view.true) - 1, MOMENTS).round().astype(int)
    for axis, step in zip(figure.subplots(2, 2).flatten(), steps, strict=True):
        for path, look in ((view.true, TRUE), (view.static, GUESSED)):
            axis.add_collection(LineCollection(_lines(path[step][:, SIDE_VIEW], view.bones), **look))
        frame(axis, view.true[step][:, SIDE_VIEW])
        axis.set_title(f"{step + 1} frame{'s' if step else ''} ahead")
    figure.legend(handles=_bodies(), ncols=2, **BELOW)
    return figure


def walking(view: WalkView) -> Movie:
    """A movie: the given frames, then what came and what is predicted; the same view gives the same bytes.

    Left on the graph of the given frames, right on a graph that is inferred anew before every frame.
    """
    true = np.concatenate([view.given, view.true])  # [2 T, J, 3]
    with mpl.rc_context(dict(STYLE)):
        painter, axes = stage(2, view.source)
        shown = [_actors(axis, true) for axis in axes]
        for axis, name in zip(axes, ("graph of the given frames", "graph inferred anew"), strict=True):
            axis.set_title(name)
        count = axes[0].text(0, -0.02, "", va="top", transform=axes[0].transAxes)
        frames = []
        for time in range(0, len(true), EVERY):
            ahead = time - len(view.given) + 1
            for (body, guess), path in zip(shown, (view.static, view.reinferred), strict=True):
                body.set_segments(_lines(true[time][:, SIDE_VIEW], view.bones))
                guess.set_segments(_lines(path[ahead - 1][:, SIDE_VIEW], view.bones) if ahead > 0 else [])
            count.set_text(f"{ahead} frames ahead: blue is predicted" if ahead > 0 else f"given: frame {time + 1}")
            frames.append(painted(painter))
    caption = "A walk as it was and as predicted: grey the true body, blue the predicted one."
    alt = (
        "a body of lines walks from left to right in two panels; after half of the frames a thin blue body, the "
        "prediction, appears over the grey true one."
    )
    return Movie(frames, caption, alt, PACE)


def _actors(axis: Axes, path: np.ndarray) -> tuple[LineCollection, LineCollection]:
    """The artists of the true body and of the predicted one, on an axis that holds all of a path [2 T, J, 3]."""
    frame(axis, path[..., SIDE_VIEW])
    return axis.add_collection(LineCollection([], **TRUE)), axis.add_collection(LineCollection([], **GUESSED))


def _lines(places: np.ndarray, joined: np.ndarray) -> np.ndarray:
    """A straight line for every pair of joints that is joined one way or both [lines, 2, 2]."""
    first, second = np.nonzero(np.triu(joined | joined.T))
    return np.stack([places[first], places[second]], axis=1)


def _bodies() -> list[Line2D]:
    looks = ((TRUE, "true"), (GUESSED, "predicted"))
    return [Line2D([], [], color=look["colors"], linewidth=look["linewidths"], label=name) for look, name in looks]
