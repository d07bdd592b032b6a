"""Moving objects whose edges fade in as the model finds them: a movie, and four of its frames for print.

Dimensions: T frames, N objects. Edges come dense and receiver-major without self-loops, [N, N-1]; a pair of objects is
drawn as one line that stands for the mean of its two directions.
"""

from dataclasses import dataclass

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from reprolib.errors import InputError
from reprolib.pages.figures.shared.movie import Movie, painted, stage
from reprolib.pages.figures.shared.moving_objects import (
    CROWD,
    WRONG,
    Values,
    frame,
    headed,
    numbers,
    pairs,
    score,
    shade,
    true_pairs,
)
from reprolib.pages.figures.shared.style import BELOW, GREY, RED, STYLE, WIDTH, styled

TRAIL = 12  # frames that an object's trail reaches back
THICK, THIN = 2.2, 0.9  # points of a line
PANELS = 4  # of a strip


@dataclass(frozen=True)
class Scene:
    """What is drawn: positions [T, N, 2], beliefs [T, N, N] and, where known, the true graph [N, N]."""

    positions: np.ndarray
    beliefs: np.ndarray
    true: np.ndarray | None

    def right(self, time: int) -> str:
        """In words, how many pairs are right at a frame; empty where the truth is not known."""
        return "" if self.true is None else f"{score(self.true, self.beliefs[time])} right"


@dataclass(frozen=True)
class Panel:
    """The artists of one picture of a scene, made once and moved from frame to frame."""

    scene: Scene
    edges: LineCollection
    trails: LineCollection
    objects: PathCollection

    @classmethod
    def on(cls, axis: Axes, scene: Scene) -> "Panel":
        objects = scene.positions.shape[1]
        width = THICK * min(1.0, CROWD / objects)
        edges = axis.add_collection(LineCollection([], linewidths=width, zorder=1))
        trails = axis.add_collection(LineCollection([], linewidths=THICK, zorder=2, capstyle="butt"))
        colours = [shade(number) for number in range(objects)]
        dots = axis.scatter(*scene.positions[0].T, s=52, c=colours, edgecolors="white", linewidths=0.8, zorder=3)
        frame(axis, scene.positions)
        return cls(scene, edges, trails, dots)

    def show(self, time: int, chances: np.ndarray) -> None:
        """Move to a frame; the edges are as opaque as their chances [N, N], wrong ones orange and dashed."""
        places, true = self.scene.positions[time], self.scene.true
        first, second = np.triu_indices(len(places), 1)
        values = chances[first, second]
        wrong = (values > 0.5) & (true is not None and true[first, second] < 0.5)
        self.objects.set_offsets(places)
        self.edges.set_segments(_lines(places, first, second))
        self.edges.set_color(
            [to_rgba(RED if bad else "black", value) for bad, value in zip(wrong, values, strict=True)]
        )
        self.edges.set_linestyle([WRONG["extra"]["linestyle"] if bad else "-" for bad in wrong])
        self._trail(self.scene.positions[max(0, time - TRAIL) : time + 1])

    def hint(self, time: int) -> None:
        """The true edges at a frame, thin and grey, where they are known."""
        if self.scene.true is not None:
            lines = _lines(self.scene.positions[time], *np.nonzero(np.triu(self.scene.true)))
            hints = LineCollection(lines, colors=GREY, linewidths=THIN, zorder=0.5)
            self.objects.axes.add_collection(hints)

    def _trail(self, past: np.ndarray) -> None:
        """The last positions [t, N, 2] of every object, paler the older they are."""
        steps = np.stack([past[:-1], past[1:]], axis=2)  # [t - 1, N, 2, 2]
        ages = np.linspace(1 / TRAIL, 0.6, TRAIL)[TRAIL - len(steps) :]
        self.trails.set_segments(steps.reshape(-1, 2, 2))
        self.trails.set_color([to_rgba(shade(number), age) for age in ages for number in range(past.shape[1])])


def _lines(places: np.ndarray, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Straight lines between objects [lines, 2, 2]."""
    return np.stack([places[first], places[second]], axis=1)


def springs(
    positions: Values, beliefs: Values, true: Values | None = None, edge: str = "spring", source: str = ""
) -> Movie:
    """A movie: objects with their trails, and lines as opaque as the model believes in them.

    Beside it, where the true graph is given, the same motion with the true edges; believed edges that are not there
    are orange and dashed. The same input gives the same bytes.

    Args:
        positions: [T, N, 2], in any unit.
        beliefs: probability of an edge after the frames so far [T, N, N-1].
        true: edge types 0 or 1 [N, N-1], alike in both directions.
        edge: what type 1 is called.
        source: whose weights believe.

    Raises:
        InputError: shapes that do not fit together, values that are not finite, no probabilities.
    """
    scene = _scene(positions, beliefs, true)
    times = len(scene.positions)
    with mpl.rc_context(dict(STYLE)):
        painter, axes = stage(1 if true is None else 2, source)
        panels = [Panel.on(axis, scene) for axis in axes]
        for axis, name in zip(axes, (f"inferred {edge}s", f"true {edge}s"), strict=False):
            axis.set_title(name)
        below = {"y": -0.02, "va": "top", "transform": axes[0].transAxes}
        count, right = axes[0].text(0, s="", **below), axes[0].text(1, s="", ha="right", **below)
        frames = []
        for time in range(times):
            for panel, chances in zip(panels, (scene.beliefs[time], scene.true), strict=False):
                panel.show(time, chances)
            count.set_text(f"frame {time + 1} of {times}")
            right.set_text(scene.right(time))
            frames.append(painted(painter))
    beside = "." if true is None else "; beside, those that are there."
    caption = f"Lines are {edge}s, as dark as the decoder believes in them{beside}"
    alt = f"objects move, and lines between them grow darker where the decoder comes to believe in a {edge}{beside}"
    return Movie(frames, caption, alt)


@styled
def strip(
    positions: Values, beliefs: Values, true: Values | None = None, edge: str = "spring", source: str = ""
) -> Figure:
    """Four frames of the animation, from the first to the last; arguments and errors as for `springs`."""
    scene = _scene(positions, beliefs, true)
    figure = headed(0.3 + WIDTH, source)
    times = np.linspace(0, len(scene.positions) - 1, PANELS).round().astype(int)
    for axis, time in zip(figure.subplots(2, 2).flatten(), times, strict=True):
        panel = Panel.on(axis, scene)
        panel.show(time, scene.beliefs[time])
        panel.hint(time)
        axis.set_title(": ".join(filter(None, (f"frame {time + 1}", scene.right(time)))))
    figure.legend(handles=edge_legend(edge, known=scene.true is not None), ncols=3, **BELOW)
    return figure


def edge_legend(edge: str, known: bool) -> list[Line2D]:
    """What the lines of a panel mean, with the true graph or without."""
    found = Line2D([], [], color="black", linewidth=THICK, label=f"inferred {edge}")
    if not known:
        return [found]
    extra = Line2D([], [], color=RED, linestyle=WRONG["extra"]["linestyle"], linewidth=THICK, label=f"no {edge} there")
    return [found, extra, Line2D([], [], color=GREY, linewidth=THIN, label=f"true {edge}")]


def _scene(positions: Values, beliefs: Values, true: Values | None) -> Scene:
    """The checked input of both figures."""
    places = numbers("positions", positions, (None, None, 2))
    times, objects, _ = places.shape
    believed = pairs("beliefs", numbers("beliefs", beliefs, (times, objects, objects - 1)))  # [T, N, N]
    if not times:
        raise InputError("positions hold no frame: give at least one to be drawn")
    if true is None:
        return Scene(places, believed, None)
    return Scene(places, believed, true_pairs(numbers("true", true, (objects, objects - 1)))[0])
