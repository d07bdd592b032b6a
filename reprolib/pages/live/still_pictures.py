"""What stands in for a figure that needs scripts, where there are none: one example of it, as SVG."""

from pathlib import Path

import torch

from reprolib.files import write_text
from reprolib.models.modular.receivers import over_frames
from reprolib.pages import figures
from reprolib.pages.figures.modular_edges.plots_of_assignments import assignment_bars
from reprolib.pages.figures.rn_sort_of_clevr.plots_of_sort_of_clevr import asked_scene
from reprolib.pages.figures.rn_sort_of_clevr.views_of_sort_of_clevr import scenes
from reprolib.pages.live.exported_networks import SHOWN, spring
from reprolib.settings.data_sets import FRAMES

FEW = 2  # scenes


def write(folder: Path) -> list[Path]:
    """A picture for every figure, FOLDER/NAME.svg."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, drawn in (("relations", _relations()), ("beliefs", _beliefs()), ("search", _search())):
        written.append(folder / f"{name}.svg")
        write_text(written[-1], drawn.svg)
    return written


def _relations() -> figures.Picture:
    return figures.show(asked_scene(scenes("sort_of_clevr_state/RN", 1)[0]))


@torch.no_grad()
def _beliefs() -> figures.Picture:
    found, _ = SHOWN["beliefs"].network()
    columns = found.data.splits["test"].columns
    beliefs = found.model.encoder(columns["trajectories"][:FEW, :FRAMES]).softmax(-1)[..., spring(found)]
    return figures.show(figures.graphs(columns["edges"][:FEW], beliefs, source=found.source))


@torch.no_grad()
def _search() -> figures.Picture:
    found, _ = SHOWN["search"].network()
    seen = found.data.splits["test"].columns["trajectories"][:1, :FRAMES]
    floor = found.model.config.least_error
    scores = over_frames(found.model.network, seen, lambda errors: (errors + floor).log())  # [1, N, C]
    return figures.show(assignment_bars(scores[0].numpy(), found.source))
