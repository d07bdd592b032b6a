"""Numbers as a model predicts them, against what is true."""

import numpy as np
from matplotlib.figure import Figure

from reprolib.pages.figures.shared.style import BLUE, PALE, canvas, styled


@styled
def predictions(true: np.ndarray, predicted: np.ndarray, of: str) -> Figure:
    """A dot for every example [M]; on the line both are the same.

    Args:
        of: what is predicted, in words.
    """
    figure = canvas(3.0)
    axis = figure.subplots()
    ends = float(min(true.min(), predicted.min())), float(max(true.max(), predicted.max()))
    axis.plot(ends, ends, color=PALE, zorder=1)
    axis.plot(true, predicted, ".", color=BLUE, markersize=4, zorder=2)
    axis.set_aspect("equal")
    axis.set_xlabel(f"{of}, true")
    axis.set_ylabel(f"{of}, predicted")
    return figure
