"""Lines of systems, named at their ends: means with bands, and the paper's figures as marks.

Systems that the paper names look the same in every plot, by colour and by line; other labels take the next free look.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_hex, to_rgb
from matplotlib.lines import Line2D
from scipy.optimize import isotonic_regression

from reprolib.pages.figures.shared.style import (
    BELOW,
    BLUE,
    BROWN,
    GREEN,
    GREY,
    ORANGE,
    PAPER,
    PURPLE,
    RED,
    SKY,
    name_ends,
)

Look = tuple[str, str]  # colour and line
End = tuple[str, float, float, str]  # name, x, y and colour at the end of a line
LOOKS = MappingProxyType(
    {
        "NRI (learned)": (BLUE, "-"),
        "NRI (static)": (BLUE, "--"),
        "NRI (re-inferred)": (PURPLE, "-"),
        "NRI (re-inferred, true frames)": (PURPLE, ":"),
        "NRI (full graph)": (SKY, ":"),
        "NRI (skeleton)": (GREEN, ":"),
        "NRI (sim.)": (PURPLE, "--"),
        "NRI (true graph)": (GREEN, "-."),
        "Supervised": (GREEN, "-"),
        "LSTM (joint)": (RED, "-"),
        "LSTM (single)": (ORANGE, "--"),
        "Corr. (LSTM)": (ORANGE, "-."),
        "Corr. (path)": (GREY, "--"),
        "Static": (GREY, "-"),
        "Encode-process-decode": (BLUE, "-"),
        "Encode-process-decode, width 32": (SKY, "--"),
        "One step": (GREEN, "-."),
        "Deep sets": (ORANGE, "--"),
        "MLP": (RED, ":"),
    }
)
OTHERS = ((BLUE, "-"), (ORANGE, "--"), (GREEN, "-."), (RED, ":"), (GREY, "-"), (BROWN, ":"))
APART = 0.085  # of the height of a plot, between two names
ROUND = (1, 2, 5, 10)  # steps between ticks
NONE: Mapping = MappingProxyType({})


def band(axis: Axes, name: str, x: np.ndarray, seeds: np.ndarray, look: Look, marker: str | None = None) -> End:
    """The mean of seeds [seeds, points] as a line in a band from the least to the most; returns the line's end."""
    (shade, line), means = look, seeds.mean(axis=0)
    axis.plot(x, means, line, color=shade, linewidth=1.6, marker=marker, markersize=4)
    if len(seeds) > 1:
        axis.fill_between(x, seeds.min(axis=0), seeds.max(axis=0), color=shade, alpha=0.18, linewidth=0)
    return name, x[-1], means[-1], shade


def looks(labels: Mapping[str, object]) -> list[Look]:
    """A look for each label: its own where it has one, else the next that no label here has."""
    taken = {LOOKS[label] for label in labels if label in LOOKS}
    free = [look for look in OTHERS if look not in taken]
    others = [label for label in labels if label not in LOOKS]
    return [LOOKS.get(label) or free[others.index(label) % len(free)] for label in labels]


def furthest(axis: Axes) -> float:
    """How far to the right anything is drawn."""
    return max(max(line.get_xdata()) for line in axis.lines)


def mark_printed(axis: Axes, ends: Sequence[End], printed: Mapping[str, Mapping[float, float]]) -> None:
    """The paper's figures {name: {x: y}}, with the edge in the colour of their line, and what the sign means."""
    shades = {name: shade for name, _, _, shade in ends}
    for name in filter(shades.get, printed):
        look = dict(PAPER) | {"markeredgecolor": shades[name], "markeredgewidth": 1.4, "clip_on": False, "zorder": 4}
        axis.plot(list(printed[name]), list(printed[name].values()), **look)
    if printed:
        axis.figure.legend(handles=[Line2D([], [], label="printed in the paper", **PAPER)], **BELOW)


def name_lines(axis: Axes, ends: Sequence[End]) -> None:
    """Names at the ends of lines, dark enough to be read, and moved apart as little as any scale needs."""
    scale, ranked = axis.yaxis.get_transform(), sorted(ends, key=lambda end: end[2])
    low, high = scale.transform(np.array(axis.get_ylim()))
    steps = APART * (high - low) * np.arange(len(ranked))
    wanted = scale.transform(np.array([y for _, _, y, _ in ranked]))
    placed = scale.inverted().transform(isotonic_regression(wanted - steps).x + steps)
    beside = 0.012 * np.ptp(axis.get_xlim())  # past a mark
    darker = [to_hex(0.75 * np.array(to_rgb(shade))) for *_, shade in ranked]
    names, x, *_ = zip(*ranked, strict=True)
    name_ends(axis, list(zip(names, np.add(x, beside), placed, darker, strict=True)), gap=0)
