"""The half court with the basket on its left, and the ball and four players on it: drawn once, then moved.

Dimensions: T frames, N objects in the order of `play_windows.ROLES`. Lengths in feet.
"""

from dataclasses import dataclass

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Arc, Circle, Rectangle

from reprolib.data.basketball.play_windows import RATE, ROLES
from reprolib.data.basketball.tracked_games import COURT
from reprolib.data.simulations import senders
from reprolib.pages.figures.basketball.views_of_plays import PlayView
from reprolib.pages.figures.shared.movie import Movie, painted, stage
from reprolib.pages.figures.shared.moving_objects import headed
from reprolib.pages.figures.shared.style import (
    BELOW,
    BLUE,
    GREEN,
    GREY,
    INK,
    ORANGE,
    PALE,
    RED,
    SKY,
    STYLE,
    note,
    styled,
)

SHADES = (ORANGE, BLUE, SKY, RED, GREEN)  # of the objects
SIGNS = ("o", "o", "o", "s", "s")  # attackers are round, defenders square
SIZES = (4.0, 7.0, 7.0, 6.5, 6.5)  # points across
MIDDLE, MARGIN = COURT[0] / 2, 3.0
HOOP, KEY, ARC, CORNER = (5.25, 25.0), (19.0, 16.0), 23.75, 3.0  # place; length and width; radius; line from the side
BOARD = (4.0, 22.0, 28.0)  # its distance from the end line, and its ends
DOTS = 2  # every which predicted frame has a dot
GHOST = 0.45  # opacity of what is predicted, in the animation
PAST, FUTURE, DOT = {"linewidth": 1.1, "alpha": 0.35}, {"linewidth": 1.7}, {"markerfacecolor": "white"}
SURE = 0.05  # chance of an edge below which it is not drawn
THICK = 1.8  # points of a line between two objects


def half_court(axis: Axes) -> None:
    """The lines of the half court, thin and grey."""
    look = {"fill": False, "edgecolor": PALE, "linewidth": 0.9, "zorder": 0}
    length, width = KEY
    inner = np.arcsin((COURT[1] / 2 - CORNER) / ARC)  # angle at which the three-point arc meets its straight ends
    reach = HOOP[0] + ARC * np.cos(inner)
    axis.add_patch(Rectangle((0, 0), MIDDLE, COURT[1], **look))
    axis.add_patch(Rectangle((0, (COURT[1] - width) / 2), length, width, **look))
    axis.add_patch(Circle((length, HOOP[1]), 6.0, **look))
    axis.add_patch(Circle(HOOP, 0.75, **look | {"edgecolor": GREY}))
    axis.plot([BOARD[0], BOARD[0]], BOARD[1:], color=GREY, linewidth=1.4, zorder=0)
    angle = float(np.degrees(inner))
    axis.add_patch(Arc(HOOP, 2 * ARC, 2 * ARC, theta1=-angle, theta2=angle, **look))
    for side in (CORNER, COURT[1] - CORNER):
        axis.plot([0, reach], [side, side], color=PALE, linewidth=0.9, zorder=0)
    axis.set(xlim=(-MARGIN, MIDDLE + MARGIN), ylim=(-MARGIN, COURT[1] + MARGIN), xticks=[], yticks=[], aspect="equal")
    axis.spines[:].set_visible(False)


@styled
def predicted_plays(views: list[PlayView]) -> Figure:
    """Plays side by side: what was seen (pale), what then came (lines) and what was predicted (dots)."""
    if not views:
        return note("No play is at hand.")
    figure = headed(3.0, views[0].source)
    for axis, view in zip(figure.subplots(1, len(views), squeeze=False)[0], views, strict=True):
        half_court(axis)
        future = np.concatenate([view.past[-1:], view.true])
        for number, (shade, sign) in enumerate(zip(SHADES, SIGNS, strict=True)):
            axis.plot(*view.past[:, number].T, color=shade, **PAST)
            axis.plot(*future[:, number].T, color=shade, **FUTURE)
            axis.plot(*view.past[-1, number], color=shade, marker=sign, markersize=SIZES[number], zorder=4)
            dots = view.predicted[DOTS - 1 :: DOTS, number]
            axis.plot(*dots.T, linestyle="none", marker=sign, markersize=3.4, markeredgecolor=shade, **DOT, zorder=3)
    lines = [
        Line2D([], [], color=INK, label="seen", **PAST),
        Line2D([], [], color=INK, label="what came", **FUTURE),
        Line2D([], [], linestyle="none", marker="o", markersize=3.4, markeredgecolor=INK, label="predicted", **DOT),
    ]
    figure.legend(handles=[*_objects(), *lines], ncols=3, **BELOW)
    return figure


def _objects() -> list[Line2D]:
    """What each sign is, for a legend."""
    looks = zip(ROLES, SHADES, SIGNS, SIZES, strict=True)
    return [
        Line2D([], [], linestyle="none", color=shade, marker=sign, markersize=size, label=spoken(role))
        for role, shade, sign, size in looks
    ]


def spoken(role: str) -> str:
    """A role in words: mate_defender is mate's defender."""
    return role.replace("_", "'s ")


@dataclass(frozen=True)
class Stage:
    """The artists of one moving play, made once."""

    view: PlayView
    edges: LineCollection
    objects: list[Line2D]
    ghosts: list[Line2D]

    @classmethod
    def on(cls, axis: Axes, view: PlayView) -> "Stage":
        half_court(axis)
        edges = axis.add_collection(LineCollection([], linewidths=THICK, zorder=1))
        looks = list(zip(SHADES, SIGNS, SIZES, strict=True))
        objects = [axis.plot([], [], color=c, marker=s, markersize=m, zorder=4)[0] for c, s, m in looks]
        faint = {"markerfacecolor": "white", "alpha": GHOST, "linestyle": "none", "zorder": 3}
        ghosts = [axis.plot([], [], markeredgecolor=c, marker=s, markersize=m, **faint)[0] for c, s, m in looks]
        return cls(view, edges, objects, ghosts)

    def show(self, time: int) -> None:
        """Move to a frame; edges are shown at both ends' true places, the prediction as hollow signs."""
        view = self.view
        true = np.concatenate([view.past, view.true])  # [T, N, 2]
        ahead = time - len(view.past)
        for number, (solid, ghost) in enumerate(zip(self.objects, self.ghosts, strict=True)):
            solid.set_data(*true[time, number, :, None])
            ghost.set_data(*(view.predicted[ahead, number, :, None] if ahead >= 0 else ([], [])))
        pairs = senders(len(ROLES))
        ends = [(sender, receiver) for receiver, row in enumerate(pairs) for sender in row]
        chances = view.chances.flatten()
        shown = chances > SURE
        segments = [_half_way(true[time, sender], true[time, receiver]) for sender, receiver in ends]
        self.edges.set_segments([segment for segment, seen in zip(segments, shown, strict=True) if seen])
        self.edges.set_color([to_rgba(INK, chance) for chance in chances[shown]])


def _half_way(sender: np.ndarray, receiver: np.ndarray) -> np.ndarray:
    """The half of a line that ends at the receiver [2, 2]: a line is whole where both directions act."""
    return np.stack([(sender + receiver) / 2, receiver])


def moving_play(view: PlayView) -> Movie:
    """A movie of one play at its true pace: solid signs are true, hollow ones are predicted.

    Lines are edges: the half of one at an object is as dark as the chance that the other acts on it. The same view
    gives the same bytes.
    """
    with mpl.rc_context(dict(STYLE)):
        painter, (axis,) = stage(1, view.source)
        play = Stage.on(axis, view)
        below = axis.text(0, s="", y=-0.02, va="top", transform=axis.transAxes)
        frames, read = [], len(view.past)
        for time in range(read + len(view.true)):
            play.show(time)
            what = "seen" if time < read else "predicted (hollow)"
            below.set_text(f"{time / RATE:.1f} s: {what}")
            frames.append(painted(painter))
    caption = "A play at its true pace; hollow signs are predictions, dark halves of lines are edges that act."
    alt = (
        "a half court from above on which a ball and four players move, with lines between those who act on one "
        "another, and hollow signs where the network predicts them."
    )
    return Movie(frames, caption, alt, round(1000 / RATE))
