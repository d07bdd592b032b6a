"""What few data are enough for: edges found by the number of training scenes, and by the frames of a test scene."""

from collections.abc import Sequence
from types import MappingProxyType

import numpy as np
from matplotlib.figure import Figure

from reprolib.evidence.records import Record
from reprolib.experiments.modular_data import EXPERIMENT, INFERS, SEARCHES, SHORT, SIZES, WANTED, task
from reprolib.judgement.derived import derived
from reprolib.judgement.verdicts import measurements
from reprolib.pages.figures.shared.bars import alike
from reprolib.pages.figures.shared.lines import End, band, looks, name_lines
from reprolib.pages.figures.shared.style import GREY, NO_RECORD, canvas, note, percent_axis, styled
from reprolib.settings.data_sets import FEWER, FRAMES

SYSTEMS = MappingProxyType({SEARCHES: "modules", INFERS: "NRI"})  # as they are called beside their lines
READ = (*FEWER, FRAMES)
THOUSAND = 1_000
BOTTOM = 40  # percent, where the axis begins: below guessing


@styled
def edges_by_scenes(found: Sequence[Record]) -> Figure:
    """Percent of the edges of test scenes that are right, by the number of scenes that trained, with a line at 80 %."""
    measured = alike(found, [(task(scenes), system) for scenes in SIZES for system in SYSTEMS])
    curves = {
        system: {scenes: each.values("accuracy/edges") for scenes in SIZES if (each := measured[task(scenes), system])}
        for system in SYSTEMS
    }
    return _curves(curves, "scenes that train", WANTED)


@styled
def edges_by_frames(found: Sequence[Record]) -> Figure:
    """Percent of the edges of test scenes that are right, by the frames that are searched or read."""
    known = measurements(found)
    figures = [figure for figure in EXPERIMENT.derived if figure.task == SHORT]
    made = [record for figure in figures for each in derived(figure, known).values() for record in each.records]
    measured = alike(made, [(SHORT, system) for system in SYSTEMS])
    curves = {
        system: {frames: each.values(f"accuracy/after_{frames}_frames") for frames in READ}
        for system in SYSTEMS
        if (each := measured[SHORT, system])
    }
    return _curves(curves, "frames of a test scene")


def _curves(curves: dict[str, dict[int, list[float]]], below: str, wanted: int | None = None) -> Figure:
    """A line a system, {number: percent of each seed}, through the numbers that all of its seeds have."""
    whole = {system: points for system, of in curves.items() if (points := _of_all_seeds(of))}
    if not whole:
        return note(NO_RECORD)
    figure, ends, ticks = canvas(3.0), list[End](), sorted({number for points in whole.values() for number in points})
    axis = figure.add_subplot(xscale="log")
    for (system, points), look in zip(whole.items(), looks(whole), strict=True):
        seeds = np.array(list(points.values())).T  # [seeds, numbers]
        ends.append(band(axis, SYSTEMS[system], np.array(list(points)), seeds, look, marker="o"))
    if wanted is not None:
        axis.axhline(wanted, color=GREY, linewidth=0.8, zorder=0)
    axis.set(xlabel=below, xticks=ticks, xticklabels=[_short(tick) for tick in ticks])
    axis.minorticks_off()
    percent_axis(axis, "percent of edges right", bottom=BOTTOM)
    name_lines(axis, ends)
    return figure


def _short(number: int) -> str:
    """1500 is 1.5k."""
    return str(number) if number < THOUSAND else f"{number / THOUSAND:g}k"


def _of_all_seeds(points: dict[int, list[float]]) -> dict[int, list[float]]:
    """The points that have as many seeds as the best one of them."""
    most = max(map(len, points.values()), default=0)
    return {number: seeds for number, seeds in points.items() if seeds and len(seeds) == most}
