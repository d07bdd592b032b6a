"""Balls on a table: what networks see of them, and the hidden links; as a picture, and as an animation.

T frames, 10 balls. Springs are drawn as zigzags, rigid links as straight lines.
"""

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection, PatchCollection
from matplotlib.figure import Figure
from matplotlib.patches import Circle

from reprolib.data.linked_balls import NONE, SPRING
from reprolib.errors import InputError
from reprolib.pages.figures.shared.movie import Movie, painted
from reprolib.pages.figures.shared.moving_objects import Values, numbers, shade
from reprolib.pages.figures.shared.style import GREY, INK, STYLE, WIDTH, styled
from reprolib.settings.physical import World

TITLES = ("what is seen", "the hidden links")
HEIGHT, RESOLUTION = 2.5, 100  # inches; dots an inch
TURNS, REACH = 6, 0.025  # of a zigzag: how many there are, and metres that they lean to either side


@styled
def hidden_links(trajectories: Values, connections: Values, world: World | None = None) -> Figure:
    """A scene at its last frame with the trails of its balls, without the links and with them.

    Args:
        trajectories: [10, T, 2], metres.
        connections: kinds of links [10, 10], symmetric: 0 none, 1 spring, 2 rigid.
        world: whose table it is; the default one where it is left out.

    Raises:
        InputError: other shapes, or positions that are not finite.
    """
    places, links = _checked(trajectories, connections)
    return _drawn(places, links, places.shape[1] - 1, world or World())


def moving_links(trajectories: Values, connections: Values, world: World | None = None) -> Movie:
    """The scene as a movie, as fast as it moved; arguments and errors as for `hidden_links`."""
    places, links = _checked(trajectories, connections)
    world, frames = world or World(), []
    with mpl.rc_context(dict(STYLE)):
        for frame in range(places.shape[1]):
            painter = FigureCanvasAgg(_drawn(places, links, frame, world))
            painter.figure.set_dpi(RESOLUTION)
            frames.append(painted(painter))
    pace = round(1000 * world.step * world.steps)  # milliseconds
    caption = "The same scene in motion."
    alt = "ten balls on a table, on the right with the springs and rigid links between them."
    return Movie(frames, caption, alt, pace, rest=pace)


def zigzag(start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """A spring between two points [2] as corners of a line [2 TURNS + 2, 2]."""
    along = np.linspace(0, 1, 2 * TURNS + 2)[:, None]
    lean = REACH * np.where(np.arange(2 * TURNS + 2) % 2, 1.0, -1.0)
    lean[[0, -1]] = 0
    x, y = (end - start) / max(np.linalg.norm(end - start), 1e-9)
    return start + along * (end - start) + lean[:, None] * [-y, x]


def _checked(trajectories: Values, connections: Values) -> tuple[np.ndarray, np.ndarray]:
    places = numbers("trajectories", trajectories, (None, None, 2))
    links = numbers("connections", connections, (len(places), len(places)))
    if not places.size:
        raise InputError("trajectories are empty: give one ball and one frame at least")
    return places, links


def _drawn(places: np.ndarray, links: np.ndarray, frame: int, world: World) -> Figure:
    figure = Figure(figsize=(WIDTH, HEIGHT), layout="constrained")
    for axis, title in zip(figure.subplots(1, 2), TITLES, strict=True):
        axis.set_title(title)
        draw_table(axis, places[:, : frame + 1], world)
    _lines(axis, places[:, frame], links)
    return figure


def draw_table(axis: Axes, past: np.ndarray, world: World) -> None:
    """The walls, the balls where they are, and the trails [10, t, 2] on which they came."""
    sides = (-world.half_width, world.half_width)
    axis.set(xlim=sides, ylim=sides, xticks=[], yticks=[], aspect="equal")
    axis.spines[:].set(visible=True, color=GREY, linewidth=1.5)
    colours = [shade(ball) for ball in range(len(past))]
    axis.add_collection(LineCollection(list(past), colors=colours, linewidths=0.8, alpha=0.5, zorder=1))
    balls = [Circle(place, world.radius) for place in past[:, -1]]
    axis.add_collection(PatchCollection(balls, facecolors=colours, edgecolors="white", linewidths=0.5, zorder=3))


def _lines(axis: Axes, now: np.ndarray, links: np.ndarray) -> None:
    pairs = np.argwhere(np.triu(links != NONE))
    lines = [zigzag(*now[pair]) if links[tuple(pair)] == SPRING else now[pair] for pair in pairs]
    axis.add_collection(LineCollection(lines, colors=INK, linewidths=1.2, zorder=2))
