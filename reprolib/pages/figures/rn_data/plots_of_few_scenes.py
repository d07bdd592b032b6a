"""What few scenes of Sort-of-CLEVR are enough for: answers by the number of training scenes."""

from collections.abc import Sequence
from types import MappingProxyType

from matplotlib.figure import Figure

from reprolib.evidence.records import Record
from reprolib.experiments.rn_data import FLAT, RELATES, SIZES, task
from reprolib.pages.figures.shared.bars import Measured, alike
from reprolib.pages.figures.shared.by_number import Points, draw_by_number, whole
from reprolib.pages.figures.shared.style import NO_RECORD, canvas, note, styled

SYSTEMS = (RELATES, FLAT)
PANELS = MappingProxyType({"relational": "relational questions", "nonrelational": "non-relational questions"})


@styled
def answers_by_scenes(found: Sequence[Record]) -> Figure:
    """Percent of test questions answered right, by the scenes that trained: a panel a kind of question."""
    measured = alike(found, [(task(scenes), system) for scenes in SIZES for system in SYSTEMS])
    panels = {kind: whole(_curves(measured, f"accuracy/{kind}")) for kind in PANELS}
    if not any(panels.values()):
        return note(NO_RECORD)
    figure = canvas(5.0)
    axes = figure.subplots(len(PANELS), 1)
    for axis, (kind, title) in zip(axes, PANELS.items(), strict=True):
        draw_by_number(axis, panels[kind], "answers")
        axis.set_title(title)
    axes[-1].set_xlabel("scenes that train")
    return figure


def _curves(measured: Measured, metric: str) -> dict[str, Points]:
    """{system: {scenes: percent of each seed}}."""
    return {
        system: {scenes: each.values(metric) for scenes in SIZES if (each := measured[task(scenes), system])}
        for system in SYSTEMS
    }
