"""Graphs of somebody's own scenes: arrows from senders to receivers."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from reprolib.pages.figures.shared.moving_objects import CROWD, circle, frame, shade
from reprolib.pages.figures.shared.style import BLUE, DARK, GREEN, INK, ORANGE, PURPLE, RED, canvas, note, styled

THICKEST, THIN = 3.0, 0.05  # points of an arrow, and the probability below which there is none
ACTING = (INK, BLUE, ORANGE, GREEN, RED, PURPLE)  # arrows of types 1, 2, ...
MOST = 30  # objects of a panel
IN_A_ROW, HIGH = 2, 2.2  # panels, and inches of one
LETTERS = 10  # of a name


@dataclass(frozen=True)
class Arrow:
    """How likely one object acts on another, and in which way."""

    sender: int
    receiver: int
    probability: float
    type: int = 1


@dataclass(frozen=True)
class Panel:
    """One graph."""

    title: str
    names: Sequence[str]  # of the objects, which stand on a circle, clockwise from the top
    arrows: Sequence[Arrow]


@styled
def own_graphs(panels: Sequence[Panel], text: str = "") -> Figure:
    """Graphs side by side, two in a row; an arrow is as thick as an interaction is likely.

    Args:
        text: what stands below them.
    """
    drawn = [panel for panel in panels if len(panel.names) <= MOST]
    if not drawn:
        return note(f"There are more than {MOST} objects, which is too many to draw: see edges.csv.")
    figure = canvas(0.4 + HIGH * math.ceil(len(drawn) / IN_A_ROW))
    axes = figure.subplots(math.ceil(len(drawn) / IN_A_ROW), IN_A_ROW, squeeze=False).flatten()
    for axis in axes[len(drawn) :]:
        axis.set_axis_off()
    for axis, panel in zip(axes, drawn, strict=False):
        _draw(axis, panel)
    figure.supxlabel(text, fontsize=8)
    return figure


def _draw(axis: Axes, panel: Panel) -> None:
    places = circle(len(panel.names))
    thickest = THICKEST * min(1.0, CROWD / len(places))
    for arrow in sorted(panel.arrows, key=lambda arrow: arrow.probability):
        if arrow.probability >= THIN:
            look = {
                "arrowstyle": "-|>",
                "connectionstyle": "arc3,rad=0.12",  # so that both directions of a pair are seen
                "color": ACTING[(arrow.type - 1) % len(ACTING)],
                "alpha": 0.25 + 0.75 * arrow.probability,
                "linewidth": thickest * arrow.probability,
                "shrinkA": 8,
                "shrinkB": 8,
            }
            axis.annotate("", places[arrow.receiver], places[arrow.sender], arrowprops=look)
    for number, (place, name) in enumerate(zip(places, panel.names, strict=True)):
        axis.plot(*place, "o", markersize=14, markerfacecolor=shade(number), markeredgecolor="white", zorder=3)
        inside = len(name) <= 2
        ink = "white" if inside and shade(number) in (*DARK, INK) else "black"
        spot = place if inside else place * 1.28
        axis.text(*spot, _short(name), color=ink, fontsize=7.5, ha="center", va="center", zorder=4, parse_math=False)
    frame(axis, places * 1.3, margin=0.1)
    axis.spines[:].set_visible(False)
    axis.set_title(panel.title, parse_math=False)


def _short(name: str) -> str:
    return name if len(name) <= LETTERS else f"{name[: LETTERS - 1]}…"


def mean_panel(title: str, of_pairs: dict[tuple[str, str], float]) -> Panel:
    """One graph of all objects that have names, from probabilities by (sender, receiver)."""
    names = sorted({name for pair in of_pairs for name in pair}, key=_natural)
    place = {name: number for number, name in enumerate(names)}
    return Panel(title, names, [Arrow(place[i], place[j], chance) for (i, j), chance in of_pairs.items()])


def _natural(name: str) -> tuple[bool, float, str]:
    """Numbers in their order, before other names."""
    try:
        return False, float(name), name
    except ValueError:
        return True, 0.0, name


def scene_panel(title: str, names: Sequence[str], arrows: np.ndarray, types: np.ndarray) -> Panel:
    """The graph of one scene, objects without a name left out.

    Args:
        arrows, types: how likely each sender (columns) acts on each receiver (rows), and its type, [N, N].
    """
    kept = [number for number, name in enumerate(names) if name]
    return Panel(
        title,
        [names[number] for number in kept],
        [
            Arrow(sender, receiver, float(arrows[i, j]), int(types[i, j]))
            for receiver, i in enumerate(kept)
            for sender, j in enumerate(kept)
            if i != j
        ],
    )
