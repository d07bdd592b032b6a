"""The demonstration of the graph network page: trained on small graphs, tested on large ones."""

import statistics
from collections.abc import Sequence

from matplotlib.figure import Figure

from reprolib.experiments.gn_block import AS_NODES, CEILING, LARGEST, ROUNDS, SMALLEST, TRAINED, Point
from reprolib.pages.figures.shared.style import BLUE, GREY, ORANGE, PALE, canvas, name_ends, note, styled

NAMES = {
    CEILING: f"limit of\n{ROUNDS} rounds",
    TRAINED: f"{ROUNDS} rounds,\nas trained",
    AS_NODES: "as many rounds\nas nodes",
}


@styled
def generalisation(points: Sequence[Point]) -> Figure:
    """Accuracy of the demonstration by the size of its test graphs: means over seeds."""
    if not points:
        return note("Nothing was trained in this execution: set train=True.")
    figure = canvas(3.0)
    axis, sizes, ends = figure.add_subplot(), sorted({point.nodes for point in points}), []
    for rounds, shade, line in ((CEILING, GREY, "--"), (TRAINED, ORANGE, "o-"), (AS_NODES, BLUE, "o-")):
        means = [_average(points, nodes, rounds) for nodes in sizes]
        axis.plot(sizes, means, line, color=shade, markersize=4)
        ends.append((NAMES[rounds], sizes[-1], means[-1], shade))
    name_ends(axis, ends, gap=8)
    axis.axvspan(SMALLEST, LARGEST, color=PALE, alpha=0.6, linewidth=0)
    axis.text(LARGEST, 43, " trained on\n these sizes", va="bottom", fontsize=8)
    axis.set(ylim=(42, 104), xlim=(0, sizes[-1]), xlabel="nodes of a test graph", ylabel="percent of nodes right")
    axis.set_xticks(sizes)
    return figure


def _average(points: Sequence[Point], nodes: int, rounds: str) -> float:
    return statistics.fmean(point.accuracy for point in points if (point.nodes, point.rounds) == (nodes, rounds))
