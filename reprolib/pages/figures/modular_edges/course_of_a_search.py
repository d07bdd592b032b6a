"""A search for the graph of one scene: a movie of graph and error, and four moments of it for print.

Dimensions: P proposals, N objects.
"""

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from reprolib.pages.figures.modular_edges.views_of_a_search import AnnealedScene
from reprolib.pages.figures.shared.animation import PANELS, Panel, Scene, edge_legend
from reprolib.pages.figures.shared.movie import Movie, painted, stage
from reprolib.pages.figures.shared.moving_objects import circle, headed, pairs, true_pairs
from reprolib.pages.figures.shared.style import BELOW, BLUE, GREY, INK, STYLE, WIDTH, styled

PACE = 150  # milliseconds of a change


def search_course(view: AnnealedScene, edge: str = "spring") -> Movie:
    """A movie: left the graph that is kept, right the error of its predictions on a logarithmic scale.

    There is one frame for every proposal that changes the graph, and one for the end. A line is half as dark where only
    one of its two directions is there; what is not there is orange and dashed. The same view gives the same bytes.

    Args:
        edge: what type 1 is called.
    """
    changes = _changes(view)
    with mpl.rc_context(dict(STYLE)):
        painter, (left, right) = stage(2, view.source)
        scene = _scene(view)
        graph, line = Panel.on(left, scene), _errors(right, view)
        left.set_title(f"{edge}s that are kept")
        right.set_title("error of the prediction")
        below = {"y": -0.02, "va": "top", "transform": left.transAxes}
        count, score = left.text(0, s="", **below), left.text(1, s="", ha="right", **below)
        frames = []
        for proposal in changes:
            graph.show(0, scene.beliefs[proposal])
            line.set_data(np.arange(proposal + 1), view.errors[: proposal + 1])
            count.set_text(f"after {proposal} proposals")
            score.set_text(scene.right(proposal))
            frames.append(painted(painter))
    caption = "Left the graph that is kept, right the error of its predictions, by proposals."
    alt = (
        "five particles on a circle, joined by the springs that an annealer keeps after each proposal, beside a "
        "curve of the error of its predictions that falls towards that of the true graph."
    )
    return Movie(frames, caption, alt, PACE)


@styled
def search_moments(view: AnnealedScene, edge: str = "spring") -> Figure:
    """Four moments of the animation, from the random start to the end; arguments as for `search_course`."""
    figure, scene, changes = headed(0.3 + WIDTH, view.source), _scene(view), _changes(view)
    moments = changes[np.linspace(0, len(changes) - 1, PANELS).round().astype(int)]
    for axis, proposal in zip(figure.subplots(2, 2).flatten(), moments, strict=True):
        panel = Panel.on(axis, scene)
        panel.show(0, scene.beliefs[proposal])
        panel.hint(0)
        axis.set_title(f"after {proposal}: {scene.right(proposal)}\nerror {view.errors[proposal]:.0e}", fontsize=8)
    figure.legend(handles=edge_legend(edge, known=True), ncols=3, **BELOW)
    return figure


def _scene(view: AnnealedScene) -> Scene:
    """The objects on a circle, and the pairs that are kept after every proposal."""
    kept, true = pairs("kept", view.kept.astype(float)), true_pairs(view.edges.astype(float))[0]
    return Scene(circle(len(true))[None], kept, true)


def _changes(view: AnnealedScene) -> np.ndarray:
    """The start, the proposals after which another graph is kept, and the end."""
    changed = (view.kept[1:] != view.kept[:-1]).any((1, 2))
    return np.unique([0, *(1 + changed.nonzero()[0]), len(view.kept) - 1])


def _errors(axis: Axes, view: AnnealedScene) -> Line2D:
    """A plot of the error by proposals, still without its line, and the error of the true graph as a grey one."""
    axis.set(yscale="log", xlim=(0, len(view.errors) - 1), xticks=[], yticks=[])
    axis.set_ylim(0.5 * min(view.least, view.errors.min()), 2 * view.errors.max())
    axis.minorticks_off()
    axis.spines[:].set(visible=True, color=GREY, linewidth=0.6)
    axis.axhline(view.least, color=GREY, linewidth=1.0)
    look = {"transform": axis.get_yaxis_transform(), "fontsize": 8, "color": INK}
    axis.text(0.97, view.least * 1.15, "true graph", ha="right", va="bottom", **look)
    axis.text(1, -0.02, "proposals", ha="right", va="top", transform=axis.transAxes)
    return axis.plot([], [], color=BLUE, linewidth=1.6)[0]
