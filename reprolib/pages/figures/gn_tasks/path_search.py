"""The shortest path as a network finds it, one processing step after another: a movie, and four steps for print.

Dimensions: N nodes (towns), E edges, R roads, each of them two edges.
"""

from dataclasses import dataclass

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Text

from reprolib.pages.figures.gn_tasks.views_of_graph_tasks import PathView
from reprolib.pages.figures.shared.movie import Movie, painted, stage
from reprolib.pages.figures.shared.moving_objects import frame, headed
from reprolib.pages.figures.shared.style import BELOW, BLUE, INK, PALE, STYLE, WIDTH, styled

PACE = 600  # milliseconds of a step
PANELS = 4  # of the strip
ROAD, TRUE = 3.6, 0.9  # points of a line
TOWN, END = 30, 120  # square points of a circle: any town; start and end, which bear a letter


@dataclass(frozen=True)
class Map:
    """The artists of one picture of a graph, made once and tinted anew at every step."""

    view: PathView
    roads: LineCollection
    towns: PathCollection
    letters: dict[int, Text]  # by town

    @classmethod
    def on(cls, axis: Axes, view: PathView) -> "Map":
        lines = view.places[road_ends(view)]  # [R, 2, 2]
        roads = axis.add_collection(LineCollection(lines, linewidths=ROAD, zorder=1, capstyle="round"))
        axis.add_collection(LineCollection(lines, linewidths=TRUE, colors=PALE, zorder=0))
        size = np.full(len(view.places), TOWN)
        size[[view.start, view.end]] = END
        towns = axis.scatter(*view.places.T, s=size, edgecolors=INK, linewidths=0.8, zorder=3)
        look = {"ha": "center", "va": "center_baseline", "fontsize": 7.5, "fontweight": "bold", "zorder": 4}
        letters = {
            town: axis.text(*view.places[town], letter, **look) for town, letter in ((view.start, "A"), (view.end, "B"))
        }
        frame(axis, view.places)
        return cls(view, roads, towns, letters)

    def show(self, nodes: np.ndarray, edges: np.ndarray) -> None:
        """Tint towns and roads by the chances of nodes [N] and edges [E]."""
        self.roads.set_color([(*to_rgb(BLUE), chance) for chance in road_chances(self.view, edges)])
        self.towns.set_facecolor([1 - chance * (1 - np.array(to_rgb(BLUE))) for chance in nodes])
        for town, letter in self.letters.items():
            letter.set_color("white" if nodes[town] > 0.5 else "black")


def road_ends(view: PathView) -> np.ndarray:
    """The two towns of every road, the lower number first, [R, 2]."""
    return np.unique(np.sort([view.senders, view.receivers], axis=0), axis=1).T


def road_chances(view: PathView, edges: np.ndarray) -> np.ndarray:
    """The chance of a road [R] is that of the likelier of its two edges, whose chances are [E]."""
    _, road = np.unique(np.sort([view.senders, view.receivers], axis=0), axis=1, return_inverse=True)
    chances = np.zeros(road.max() + 1)
    np.maximum.at(chances, road.ravel(), edges)
    return chances


def path_search(view: PathView) -> Movie:
    """A movie: towns and roads as dark as the network believes that they lie on the path from A to B.

    Beside it stands the true path. There is one frame a processing step; the same view gives the same bytes.
    """
    with mpl.rc_context(dict(STYLE)):
        painter, axes = stage(2, view.source)
        found, true = (Map.on(axis, view) for axis in axes)
        true.show(view.node_labels.astype(float), view.edge_labels.astype(float))
        for axis, name in zip(axes, ("the network", "the shortest path"), strict=True):
            axis.set_title(name)
        below = {"y": -0.02, "va": "top", "transform": axes[0].transAxes}
        count, right = axes[0].text(0, s="", **below), axes[0].text(1, s="", ha="right", **below)
        frames = []
        for step, chances in enumerate(zip(view.node_chances, view.edge_chances, strict=True)):
            found.show(*chances)
            count.set_text(f"step {step + 1} of {len(view.right)}")
            right.set_text(_score(view, step))
            frames.append(painted(painter))
    caption = "Left what the network believes after each step, right the shortest path from A to B."
    alt = (
        "a map of towns and roads, tinted anew after every processing step by the network's probability that they "
        "lie on the shortest path from A to B, beside the same map with the true path."
    )
    return Movie(frames, caption, alt, PACE)


@styled
def path_steps(view: PathView) -> Figure:
    """Four steps of the animation, from the first to the last, with the true path as a thin line."""
    figure = headed(0.3 + WIDTH, view.source)
    steps = np.geomspace(1, len(view.right), PANELS).round().astype(int) - 1
    joined = view.edge_labels
    true = np.stack([view.places[view.senders[joined]], view.places[view.receivers[joined]]], axis=1)  # [edges, 2, 2]
    for axis, step in zip(figure.subplots(2, 2).flatten(), steps, strict=True):
        Map.on(axis, view).show(view.node_chances[step], view.edge_chances[step])
        axis.add_collection(LineCollection(true, linewidths=TRUE, colors="black", zorder=2))
        axis.set_title(f"step {step + 1}: {_score(view, step)}")
    likely = Line2D([], [], color=BLUE, linewidth=ROAD, label="the darker, the likelier")
    shortest = Line2D([], [], color="black", linewidth=TRUE, label="shortest path from A to B")
    figure.legend(handles=[likely, shortest], ncols=2, **BELOW)
    return figure


def _score(view: PathView, step: int) -> str:
    """How many nodes and edges are labelled right."""
    return f"{view.right[step]} of {len(view.node_labels) + len(view.edge_labels)} right"
