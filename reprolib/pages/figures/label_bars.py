"""How many claims of each paper have which label."""

from collections import Counter
from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from reprolib.evidence.spelling import paper_name
from reprolib.judgement.labels import Judgement
from reprolib.pages.figures.shared.style import BELOW, DARK, LABELLED, canvas, note, styled

EDGE = {"edgecolor": "black", "linewidth": 0.6}
NARROW = 0.04  # of the longest bar: less is too narrow for a number


@styled
def label_bars(found: Sequence[Judgement]) -> Figure:
    """How many claims of each paper have which label."""
    counts: dict[str, Counter[str]] = {}
    for one in found:
        counts.setdefault(one.claim.paper, Counter())[one.label] += 1
    if not counts:
        return note("No claim is at hand.")
    figure = canvas(1.1 + 0.42 * len(counts))
    axis = figure.add_subplot()
    for row, labels in enumerate(counts.values()):
        _stack(axis, row, labels, narrow=NARROW * max(map(Counter.total, counts.values())))
    axis.set_yticks(range(len(counts)), [paper_name(paper) for paper in counts])
    axis.set(ylim=(len(counts) - 0.6, -0.7), xticks=[])
    axis.spines[:].set_visible(False)
    axis.tick_params(axis="y", length=0)
    looks = [Patch(facecolor=shade, hatch=hatch, label=label, **EDGE) for label, (shade, hatch) in LABELLED.items()]
    figure.legend(handles=looks, ncols=2, **BELOW)
    return figure


def _stack(axis: Axes, row: int, counts: Counter[str], narrow: float) -> None:
    """One paper's labels; counts that do not fit into their parts stand behind the last one."""
    left, behind = 0, []
    for label, (shade, hatch) in LABELLED.items():
        count = counts[label]
        if count:
            axis.barh(row, count, left=left, color=shade, hatch=hatch, height=0.62, **EDGE)
        if count > narrow:
            ink, ground = "white" if shade in DARK else "black", {"color": shade, "pad": 1.0} if hatch else None
            axis.text(left + count / 2, row, str(count), ha="center", va="center", color=ink, bbox=ground, fontsize=8)
        elif count:
            behind.append(str(count))
        left += count
    axis.text(left + 0.5, row, ", ".join(behind), va="center", fontsize=8)
