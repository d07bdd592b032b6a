"""Learning curves: validation score over training."""

from collections.abc import Iterable, Sequence
from textwrap import fill

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from reprolib import experiments
from reprolib.contracts.requests import selected_by
from reprolib.evidence.records import Record
from reprolib.evidence.spelling import spoken
from reprolib.pages.figures.shared.style import canvas, colour, dashes, name_ends, note, percent_axis, styled
from reprolib.pages.tables.cell import telling

FEWEST = 3  # points of a curve
LONGEST_TITLE = 56  # characters of a line
LONGEST_BESIDE = 20  # characters of a name that stands at the end of a line


@styled
def learning_curves(found: Sequence[Record]) -> Figure:
    """The validation score over the steps of each row's most telling runs: a panel a task, a line a run.

    A run with fewer than three points has no curve: smoke runs begin and end.
    """
    rows = dict.fromkeys((record.task, record.system) for record in found)
    curves = [record for row in rows for record in telling(found, *row).records if is_curve(record.curve)]
    if not curves:
        return note("No run with a learning curve is at hand.")
    rows = experiments.get(curves[0].experiment).rows
    tasks = [task for task in dict.fromkeys(row.task for row in rows) if task in {record.task for record in curves}]
    panels = [[record for record in curves if record.task == task] for task in tasks]
    heights = [3.2 if _are_long(record.system for record in panel) else 2.1 for panel in panels]  # inches
    figure = canvas(0.3 + sum(heights))
    figure.get_layout_engine().set(h_pad=0.12)  # inches, between a legend and the next title
    axes = figure.subplots(len(tasks), 1, squeeze=False, gridspec_kw={"height_ratios": heights})[:, 0]
    for axis, panel in zip(axes, panels, strict=True):
        _curves(axis, panel)
    return figure


def is_curve(points: Sequence[object]) -> bool:
    """Whether a run was looked at often enough for its way to be seen."""
    return len(points) >= FEWEST


def _curves(axis: Axes, found: Sequence[Record]) -> None:
    """The runs of one task, each system named once: at the end of a line, or below the plot where names are long."""
    score, ends = selected_by(found[0]), {}
    lowest = min(point[score] for record in found for point in record.curve)
    bottom = 20 * int(min(lowest, 80) // 20)  # percent
    for record in found:
        steps, values = zip(*((point["step"], point[score]) for point in record.curve), strict=True)
        marker = "." if len(steps) < 10 else None
        look = {"color": colour(record.system), "linestyle": dashes(record.system), "marker": marker}
        label = None if record.system in ends else record.system
        axis.plot(steps, values, linewidth=1.3, label=label, **look)
        ends.setdefault(record.system, (record.system, steps[-1], values[-1], colour(record.system)))
    name_labelled(axis, list(ends.values()), bottom)
    scales = " and ".join(dict.fromkeys(f"{record.scale} scale, {record.kind} data" for record in found))
    axis.set_title(fill(f"{spoken(found[0].task)} ({scales})", LONGEST_TITLE))
    percent_axis(axis, "percent right\n(validation)", bottom)
    axis.set_xlabel("step")
    axis.set_xlim(left=0)
    axis.xaxis.set_major_locator(MaxNLocator(3))


def name_labelled(axis: Axes, ends: Sequence[tuple[str, float, float, str]], bottom: int = 0) -> None:
    """Name labelled lines of percentages, at their ends as in `name_ends` or, where names are long, below the plot.

    Args:
        bottom: percent at which the axis starts.
    """
    if _are_long(name for name, *_ in ends):
        axis.legend(loc="upper center", bbox_to_anchor=(0.42, -0.32), ncols=2, fontsize=8)
    else:
        name_ends(axis, ends, gap=0.11 * (100 - bottom), top=100)


def _are_long(names: Iterable[str]) -> bool:
    """Whether names beside the lines would leave too little room for the lines."""
    return max(map(len, names)) > LONGEST_BESIDE
