"""What proposals are worth: edges found by the number of tries, and how often BounceGrad accepts what is proposed."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from reprolib import experiments
from reprolib.evidence.records import Record
from reprolib.experiments.modular_proposals import BOUNCING, KNOWN
from reprolib.judgement.verdicts import Measurement
from reprolib.methods.proposal_tries import WANTED
from reprolib.pages.figures.shared.bars import alike
from reprolib.pages.figures.shared.lines import band, looks, name_lines
from reprolib.pages.figures.shared.style import GREY, NO_RECORD, canvas, note, percent_axis, styled

AFTER, TRIED = "accuracy/after_", "_proposals"


@styled
def edges_by_proposals(found: Sequence[Record]) -> Figure:
    """Percent of the edges of test scenes that the best structures have right, by proposals a scene; doubled each time.

    The lines are means over seeds in bands from the least to the most.
    """
    measured = _measured(found, KNOWN)
    if not measured:
        return note(NO_RECORD)
    figure, ends = canvas(3.0), []
    axis = figure.add_subplot(xscale="log")
    for (system, measurement), look in zip(measured.items(), looks(measured), strict=True):
        names = [name for name in measurement.first.metrics if name.startswith(AFTER) and name.endswith(TRIED)]
        steps = sorted(int(name.removeprefix(AFTER).removesuffix(TRIED)) for name in names)
        seeds = np.array([measurement.values(f"{AFTER}{step}{TRIED}") for step in steps]).T  # [seeds, moments]
        ends.append(band(axis, _short(system), np.array(steps), seeds, look, marker="o"))
    axis.axhline(WANTED, color=GREY, linewidth=0.8, zorder=0)
    axis.set(xlabel="proposals a scene", xticks=steps, xticklabels=steps, xlim=(1, max(steps)))
    axis.minorticks_off()
    percent_axis(axis, "percent of edges right", bottom=40)
    name_lines(axis, ends)
    return figure


@styled
def acceptance_in_training(found: Sequence[Record]) -> Figure:
    """Percent of the proposals that BounceGrad accepts over its epochs: a line a run, a colour a proposal."""
    measured = _measured(found, BOUNCING)
    if not measured:
        return note(NO_RECORD)
    figure, ends = canvas(2.8), []
    axis = figure.add_subplot()
    for (system, measurement), (shade, line) in zip(measured.items(), looks(measured), strict=True):
        for record in measurement.records:
            of_a_step = record.config["train.batch"] / record.data["sizes"]["train"]
            epochs = [point["step"] * of_a_step for point in record.curve]
            accepted = [100 * point["accepted"] for point in record.curve]
            axis.plot(epochs, accepted, line, color=shade, linewidth=1.4)
        ends.append((_short(system), epochs[-1], accepted[-1], shade))
    axis.set(xlabel="epochs", xlim=(0, max(x for _, x, *_ in ends)))
    percent_axis(axis, "percent accepted")
    name_lines(axis, ends)
    return figure


def _measured(found: Sequence[Record], task: str) -> dict[str, Measurement]:
    """The systems of a task that have records at the scale of its first one, in the order of the rows."""
    rows = [(row.task, row.system) for row in experiments.get("modular_proposals").rows if row.task == task]
    return {system: measurement for (_, system), measurement in alike(found, rows).items() if measurement}


def _short(system: str) -> str:
    return system.removesuffix(" proposal").lower()
