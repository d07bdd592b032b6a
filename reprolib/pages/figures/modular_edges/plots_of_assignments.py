"""The exact search for a graph: how well every assignment of modules into every receiver predicts it.

N receivers, C assignments.
"""

import numpy as np
from matplotlib.figure import Figure

from reprolib.pages.figures.shared.moving_objects import headed
from reprolib.pages.figures.shared.style import BLUE, GREY, styled


@styled
def assignment_bars(scores: np.ndarray, source: str = "") -> Figure:
    """A row a receiver and a bar an assignment, as high as its score lies above the least of all; the best is blue.

    Args:
        scores: mean log errors [N, C].
        source: whose weights predict.
    """
    figure = headed(0.5 + 0.6 * len(scores), source)
    shortest = 0.02 * np.ptp(scores)  # so that the best can be seen, too
    for number, (axis, row) in enumerate(zip(figure.subplots(len(scores), 1), scores, strict=True)):
        shades = [BLUE if place == row.argmin() else GREY for place in range(len(row))]
        axis.bar(range(len(row)), row - scores.min() + shortest, color=shades)
        axis.set(xticks=[], yticks=[], ylim=(0, 1.1 * np.ptp(scores)))
        axis.set_ylabel(f"into {number + 1}", rotation=0, ha="right", va="center")
    figure.supxlabel("assignments of modules to the senders", fontsize=8)
    return figure
