"""One look for every plot: narrow enough for a phone, plain enough for print, safe for colour-blind readers."""

import io
import itertools
import math
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from types import MappingProxyType
from typing import ParamSpec

import matplotlib as mpl
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure

P = ParamSpec("P")

LETTERS = 60  # in a line of a note
WIDTH = 4.5  # inches: a phone shrinks it by a quarter, so that text of 9 points stays readable
BLUE, ORANGE, GREEN, RED, PURPLE, BROWN, _, GREY, _, SKY = sns.color_palette("colorblind").as_hex()
PALE, INK, MINT = "#d5d5d5", "#333333", "#7fcdb6"
LABELLED = MappingProxyType(  # claims by label: colour, and hatching that tells them apart in grey
    {
        "reproduced": (GREEN, ""),
        "reproduced, with less": (MINT, ""),
        "reproduced, changed": (MINT, "///"),
        "effect shown": (SKY, "\\\\\\"),
        "inconclusive": (PALE, ""),
        "not reproduced": (RED, ""),
        "not attempted": ("white", ""),
    }
)
OURS = MappingProxyType(  # relation networks on stories, by what their names hold; the first that fits
    {
        "as printed": INK,
        "kept and in place": BROWN,
        "words in place": PURPLE,
        "words only": RED,
        "words kept": GREEN,
        "RN, renamed": SKY,
    }
)
OTHERS = MappingProxyType(
    {
        "Majority": GREY,
        "Q-type baseline": GREY,
        "CNN+LSTM": PURPLE,
        "CNN+LSTM+SA (re-tuned)": GREEN,
        "LSTM+deep sets": GREEN,
    }
)
DARK = (BLUE, GREEN, RED)  # colours on which text is white
PAPER = MappingProxyType(
    {"marker": "D", "markersize": 6, "markerfacecolor": "white", "markeredgecolor": "black", "linestyle": "none"}
)
BELOW = MappingProxyType({"loc": "outside lower center", "fontsize": 8})  # of a legend
NO_RECORD = "No committed record above smoke scale yet: this plot appears with the first one."
NO_WEIGHTS = "No trained network is committed yet: this picture appears with the first one."

STYLE = MappingProxyType(
    {
        "axes.spines.right": False,
        "axes.spines.top": False,
        "axes.titlelocation": "left",
        "axes.titlesize": 9.5,
        "axes.titleweight": "bold",
        "figure.facecolor": "white",
        "font.family": "DejaVu Sans",  # comes with matplotlib: the same letters everywhere
        "font.size": 9,
        "legend.frameon": False,
        "savefig.facecolor": "white",
        "svg.fonttype": "path",
        "svg.hashsalt": "reprolib",  # the same bytes each time
    }
)


@dataclass(frozen=True)
class Picture:
    """A figure as SVG text, which notebooks display."""

    svg: str

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        return {"image/svg+xml": self.svg, "text/plain": "a picture (SVG)"}


def show(figure: Figure) -> Picture:
    """The figure as a picture whose bytes depend on nothing but what is drawn; its label becomes its description."""
    text = io.StringIO()
    said = {"Date": None, "Creator": None, "Description": figure.get_label() or None}
    with mpl.rc_context(dict(STYLE)):
        figure.savefig(text, format="svg", metadata=said)
    return Picture(text.getvalue())


def styled(draw: Callable[P, Figure]) -> Callable[P, Figure]:
    """Decorator: draw in the common style, and leave matplotlib's settings as they were."""

    @wraps(draw)
    def drawn(*args: P.args, **kwargs: P.kwargs) -> Figure:
        with mpl.rc_context(dict(STYLE)):
            return draw(*args, **kwargs)

    return drawn


def canvas(height: float) -> Figure:
    """An empty figure of the common width, `height` inches high."""
    return Figure(figsize=(WIDTH, height), layout="constrained")


def note(text: str) -> Figure:
    """A figure that says in words why there is nothing to see."""
    figure = canvas(0.6)
    figure.text(0.5, 0.5, textwrap.fill(text, LETTERS), ha="center", va="center", style="italic")
    return figure


def colour(system: str) -> str:
    """The papers' relation networks blue, ours for stories in a colour each; other networks orange, but for those of
    CLEVR that see; the most frequent answer grey."""
    if system in OTHERS:
        return OTHERS[system]
    ours = next((shade for part, shade in OURS.items() if part in system), None)
    return ours or (BLUE if "RN" in system else ORANGE)


def dashes(system: str) -> str:
    """Of a row's line: broken where Muon trained it, which tells it from the same network with Adam."""
    return "--" if "Muon" in system else "-"


def percent_axis(axis: Axes, name: str, bottom: int = 0) -> None:
    """A vertical axis of percentages, from `bottom`, a multiple of 20."""
    axis.set_ylim(bottom, bottom + 1.03 * (100 - bottom))
    axis.set_yticks(range(bottom, 101, 20))
    axis.set_ylabel(name)


def name_ends(axis: Axes, ends: Sequence[tuple[str, float, float, str]], gap: float, top: float = math.inf) -> None:
    """Names at the right ends of lines, in the lines' colours: (name, x, y, colour) each.

    They stand at least `gap` apart and, where there is room below, no higher than `top`.
    """
    ends = sorted(ends, key=lambda end: end[2])
    for (text, x, _, shade), y in zip(ends, spread([end[2] for end in ends], gap, top), strict=True):
        look = {"color": shade, "fontsize": 8.5, "fontweight": "bold", "va": "center", "annotation_clip": False}
        axis.annotate(text, (x, y), (5, 0), textcoords="offset points", **look)


def spread(places: Sequence[float], gap: float, top: float) -> list[float]:
    """Rising places, moved up until they are `gap` apart, and then down again from `top`."""
    up = list(itertools.accumulate(places, lambda below, place: max(place, below + gap)))
    down = itertools.accumulate(reversed(up), lambda above, place: min(place, above - gap), initial=top + gap)
    return list(down)[:0:-1]


def provenance(scale: str, kind: str, seeds: int) -> str:
    """Where numbers come from, in a few words."""
    return f"{scale} scale, {kind} data, {seeds} seed{'s' * (seeds > 1)}"
