"""How many particles a search takes: edges found by the core minutes spent, size after size."""

from collections.abc import Sequence
from itertools import accumulate

from matplotlib.figure import Figure

from reprolib.evidence.records import Record
from reprolib.experiments.modular_sizes import BUDGET, EXPERIMENT, WANTED
from reprolib.judgement.verdicts import Measurement
from reprolib.pages.figures.shared.bars import alike
from reprolib.pages.figures.shared.style import BLUE, GREY, NO_RECORD, canvas, note, percent_axis, styled


@styled
def edges_by_minutes(found: Sequence[Record]) -> Figure:
    """Percent of the edges of test scenes by the core minutes that this size and all smaller ones took.

    A line is a seed, a mark a size, named by its particles. Grey lines are the budget and what is asked of the edges.
    """
    (chain,) = (figure.rows for figure in EXPERIMENT.derived)
    measured = [one for one in alike(found, [(row.task, row.system) for row in chain]).values() if one]
    if not measured:
        return note(NO_RECORD)
    figure = canvas(2.8)
    axis = figure.add_subplot()
    for seed in dict.fromkeys(record.seed for one in measured for record in one.records):
        records = [record for one in measured for record in _of_seed(one, seed)]
        minutes = list(accumulate((record.processor_seconds or 0) / 60 for record in records))
        edges = [record.metrics["accuracy/edges"] for record in records]
        axis.plot(minutes, edges, color=BLUE, linewidth=1.2, marker="o", markersize=4)
        for record, *place in zip(records, minutes, edges, strict=True):
            name = str(record.config["data.objects"])
            axis.annotate(name, place, (0, -11), textcoords="offset points", ha="center", fontsize=8)
    axis.axhline(WANTED, color=GREY, linewidth=0.8, zorder=0)
    axis.axvline(BUDGET, color=GREY, linewidth=0.8, zorder=0)
    axis.set(xlabel="core minutes, smaller sizes included", xlim=(0, None))
    percent_axis(axis, "percent of edges right", bottom=40)
    return figure


def _of_seed(one: Measurement, seed: int) -> list[Record]:
    return [record for record in one.records if record.seed == seed]
