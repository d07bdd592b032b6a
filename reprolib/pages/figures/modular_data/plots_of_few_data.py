"""What few data are enough for: edges found by the number of training scenes, and by the frames of a test scene."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from matplotlib.figure import Figure

from reprolib.evidence.records import Record
from reprolib.experiments.modular_data import EXPERIMENT, INFERS, SEARCHES, SHORT, SIZES, WANTED, task
from reprolib.judgement.derived import derived
from reprolib.judgement.verdicts import measurements
from reprolib.pages.figures.shared.bars import alike
from reprolib.pages.figures.shared.by_number import Points, draw_by_number, whole
from reprolib.pages.figures.shared.style import GREY, NO_RECORD, canvas, note, styled
from reprolib.settings.data_sets import FEWER, FRAMES

SYSTEMS = MappingProxyType({SEARCHES: "modules", INFERS: "NRI"})  # as they are called beside their lines
READ = (*FEWER, FRAMES)


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


def _curves(curves: Mapping[str, Points], below: str, wanted: int | None = None) -> Figure:
    """A line a system, {number: percent of each seed}, through the numbers that all of its seeds have."""
    drawn = whole(curves)
    if not drawn:
        return note(NO_RECORD)
    figure = canvas(3.0)
    axis = figure.add_subplot(xlabel=below)
    draw_by_number(axis, drawn, "edges", SYSTEMS)
    if wanted is not None:
        axis.axhline(wanted, color=GREY, linewidth=0.8, zorder=0)
    return figure
