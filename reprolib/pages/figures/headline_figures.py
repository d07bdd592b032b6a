"""Every printed figure of a headline claim beside ours, in one picture.

Percentages are drawn as they are, errors in percent as what is right. Squared errors and ratios are drawn as the factor
by which ours is better than the printed figure.
"""

import math
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from reprolib.evidence import kinds
from reprolib.evidence.spelling import paper_name, spoken
from reprolib.judgement.hearing import Figured
from reprolib.judgement.labels import Judgement
from reprolib.pages.figures.shared.style import BELOW, BLUE, GREY, INK, ORANGE, PAPER, canvas, note, styled

ROW, AROUND = 0.19, 1.5  # inches: of a row, and of all that stands over, between and under the rows
LOOKS = {  # of ours, by how close it is to the printed figure
    "close": {"marker": "o", "color": BLUE},
    "unsure": {"marker": "s", "color": GREY},
    "short": {"marker": "v", "color": ORANGE},
}
TASKS = 20  # of bAbI, so that a number of them is a percentage
SHORT = {  # of metrics whose own names say too much here
    "accuracy/overall": "questions",
    "accuracy/edges": "edges",
    "accuracy/scene_all_correct": "whole scenes",
    "accuracy/count": "counted",
    "tasks_passed": "tasks passed",
    "mse/unseen_state": "error",
    "data_efficiency/ratio": "fewer scenes",
    "proposal/speedup": "proposal",
} | {f"mse/step_{step}": "error" for step in (1, 10, 20)}
LEAST_SHARE = 40  # percent: less is drawn at the edge
FACTORS = (0.1, 0.3, 1, 3, 10, 30)  # of the axis; what lies outside is drawn at the edge

Rows = Mapping[str, Mapping[str, Sequence[Figured]]]  # by paper and by name


@styled
def headline_figures(found: Sequence[Judgement]) -> Figure:
    """Printed figures and ours, a row a figure; the steps of a prediction share a row."""
    headlines = [one for one in found if one.claim.headline and one.figures]
    if not headlines:
        return note("No headline claim has a printed figure.")
    shares, factors = _rows(headlines, by_factor=False), _rows(headlines, by_factor=True)
    heights = [1 + sum(1 + len(rows) for rows in part.values()) for part in (shares, factors)]
    figure = canvas(AROUND + ROW * sum(heights))
    figure.set_label(_told([shares, factors]))
    upper, lower = figure.subplots(2, 1, height_ratios=heights)
    upper.set(xlim=(LEAST_SHARE - 1, 101))
    lower.set(xscale="log", xlim=(FACTORS[0], FACTORS[-1]))
    lower.set_xticks(FACTORS, [f"{factor:g}" for factor in FACTORS])
    lower.set_xticks([], minor=True)
    lower.axvline(1, color=INK, linewidth=0.8, zorder=0)
    _panel(upper, shares, "Right answers in percent")
    _panel(lower, factors, "Times better than printed")
    printed = Line2D([], [], label="printed", **PAPER)
    ours = [Line2D([], [], linestyle="none", label=f"ours: {name}", **look) for name, look in LOOKS.items()]
    figure.legend(handles=[printed, *ours], ncols=4, handletextpad=0.1, columnspacing=1.0, **BELOW)
    return figure


def _told(panels: Sequence[Rows]) -> str:
    """All figures in words, for whoever does not see them, and for whoever asks whether they are of today's records."""
    return "; ".join(
        f"{paper}, {name}: " + ", ".join(map(_said, figures))
        for rows in panels
        for paper, of_paper in rows.items()
        for name, figures in of_paper.items()
    )


def _said(figure: Figured) -> str:
    """A printed figure and ours."""
    line, kind = figure.line, kinds.of(figure.line.metric)
    ours = f"ours {kind.unscaled(figure.ours.mean):.3g}, {figure.closeness}" if figure.ours else "no run yet"
    return f"{line.metric} printed {line.value:g}, {ours}"


def _rows(headlines: Sequence[Judgement], by_factor: bool) -> Rows:
    """Figures of one way to compare; those of baselines only where a claim has no others."""
    rows: dict[str, dict[str, dict[str, Figured]]] = {}
    for one in headlines:
        for figure in [each for each in one.figures if not each.baseline] or one.figures:
            if kinds.of(figure.line.metric).by_factor == by_factor:
                of_paper = rows.setdefault(paper_name(one.claim.paper), {})
                of_paper.setdefault(_named(figure), {})[figure.line.metric] = figure
    return {paper: {name: list(row.values()) for name, row in of.items()} for paper, of in rows.items()}


def _named(figure: Figured) -> str:
    """What a row measures, and of which system where it is a baseline."""
    line = figure.line
    metric = SHORT.get(line.metric) or spoken(line.metric.partition("/")[2])
    parts = (spoken(line.task), metric, line.system if figure.baseline else "")
    return ", ".join(part for part in parts if part)


def _panel(axis: Axes, rows: Rows, title: str) -> None:
    """A row a figure under the name of its paper."""
    names: list[str] = []
    for paper, of_paper in rows.items():
        names.append(paper)
        for name, figures in of_paper.items():
            _row(axis, len(names), figures)
            names.append(name)
    axis.set_yticks(range(len(names)), names, fontsize=7.5)
    for label in axis.get_yticklabels():
        label.set_fontweight("bold" if label.get_text() in rows else "normal")
    axis.set(ylim=(len(names) - 0.4, -0.6))
    axis.set_title(title)
    axis.spines["left"].set_visible(False)
    axis.tick_params(axis="y", length=0)
    axis.tick_params(axis="x", labelsize=8)


def _row(axis: Axes, place: int, figures: Sequence[Figured]) -> None:
    axis.axhline(place, color=GREY, linewidth=0.4, alpha=0.5, zorder=0)
    for figure in figures:
        if not kinds.of(figure.line.metric).by_factor:
            axis.plot(_share(figure.line.metric, figure.line.value), place, zorder=2, **PAPER | {"markersize": 5})
        if figure.ours is not None:
            _ours(axis, place, figure)
    if not any(figure.ours for figure in figures):
        look = {"fontsize": 7, "color": INK, "va": "center", "bbox": {"color": "white", "pad": 1.0}}
        axis.annotate("no run yet", (0.02, place), xycoords=("axes fraction", "data"), **look)


def _ours(axis: Axes, place: int, figure: Figured) -> None:
    """Our mean, and how far it may lie from the truth where several seeds tell."""
    kind, line, mean = kinds.of(figure.line.metric), figure.line, figure.ours.mean
    reach = figure.ours.bound() if figure.ours.seeds > 1 else 0.0
    ends = [kind.unscaled(end) for end in (mean - reach, mean, mean + reach)]
    if kind.by_factor:
        low, middle, high = np.clip([math.exp(kind.gain(end, line.value)) for end in ends], FACTORS[0], FACTORS[-1])
    else:
        low, middle, high = np.clip([_share(line.metric, end) for end in ends], LEAST_SHARE, 100)
    look = LOOKS[figure.closeness]
    axis.plot([low, high], [place, place], color=look["color"], linewidth=1.5, zorder=3)
    axis.plot(middle, place, linestyle="none", markersize=5, zorder=4, clip_on=False, **look)


def _share(metric: str, value: float) -> float:
    """A figure as percent of what is right."""
    if metric == "tasks_passed":
        return 100 * value / TASKS
    return 100 - value if kinds.of(metric).lower else value
