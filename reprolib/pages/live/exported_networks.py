"""Trained networks for pages in which they run: their tensors and what their figures have to know, as scripts.

A script and not plain JSON, because a page that is opened from a folder may load scripts and nothing else. Each holds
one call of `live.take` on one object of JSON. The code that runs the networks is in book/_extra/live.
"""

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import torch
from torch import Tensor, nn

from reprolib.data import particles, sort_of_clevr
from reprolib.evidence.metrics import best_naming
from reprolib.evidence.records import Record
from reprolib.files import write_text
from reprolib.pages.figures.shared.specimens import Specimen, narrowest, recorded
from reprolib.pages.figures.shared.views_of_motion import NAMED, called
from reprolib.pages.tables import links
from reprolib.settings.data_sets import FRAMES

Content = dict[str, Any]
FEW_SCENES = {"data.train": 1, "data.valid": 1, "data.test": 1}
FEW_MOTIONS = {"data.train": 1, "data.valid": 1, "data.test": NAMED}  # test scenes decide what types are called


@dataclass(frozen=True)
class Shown:
    """One network that runs in a page.

    Args:
        experiment, row: whose narrowest committed network it is.
        few: changes of the sizes of its data.
        tested: a metric of its record, and a sentence that tells it.
        content: what the file holds beside that, of the network.
    """

    experiment: str
    row: str
    few: Mapping[str, int]
    tested: tuple[str, str]
    content: Callable[[Specimen], Content]

    def network(self) -> tuple[Specimen, Record]:
        """The network, and its record."""
        path, record = narrowest(self.experiment, self.row)
        return recorded(path, record, self.few), record

    def exported(self) -> Content:
        """All that its file holds."""
        specimen, record = self.network()
        metric, sentence = self.tested
        return {
            "record": links.record_path(record),
            "tested": sentence.format(record.metrics[metric]),
            **self.content(specimen),
        }


def write(folder: Path) -> list[Path]:
    """A file for every network, FOLDER/NAME.js.

    Raises:
        InputError: a row has no weights, or damaged ones.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, shown in SHOWN.items():
        written.append(folder / f"{name}.js")
        write_text(written[-1], f"live.take({json.dumps(name)}, {json.dumps(shown.exported())});\n")
    return written


def _relations(found: Specimen) -> Content:
    """The relation network on six objects, and the questions that it knows."""
    network = found.model.relation_network
    names = [name for name, layer in network.named_modules() if isinstance(layer, nn.Linear)]
    wording = sort_of_clevr.WORDS[found.config.data.answers]
    asked = (*sort_of_clevr.RELATIONAL_TEXTS, *sort_of_clevr.NON_RELATIONAL_TEXTS[found.config.data.answers])
    return _tensors(network) | {
        "g": [name for name in names if name.startswith("g.")],
        "f": [name for name in names if name.startswith("f.")],
        "words": sort_of_clevr.answer_names(found.config.data.answers),
        "questions": asked,
        "shapes": sort_of_clevr.SHAPES,
        "sides": [wording["horizontal"], wording["vertical"]],
        "colours": sort_of_clevr.COLOURS,
        "rgb": sort_of_clevr.RGB,
        "image": sort_of_clevr.IMAGE,
        "half": sort_of_clevr.HALF,
    }


def _beliefs(found: Specimen) -> Content:
    """The encoder of neural relational inference on springs."""
    facts = {"frames": FRAMES, "types": found.model.config.types, "spring": spring(found)}
    return _tensors(found.model.encoder) | facts | {"world": _world(found)}


def _search(found: Specimen) -> Content:
    """The modules of modular meta-learning on springs."""
    config = found.model.config
    facts = {"modules": config.modules, "least": config.least_error, "spring": spring(found)}
    return _tensors(found.model.network) | facts | {"world": _world(found)}


def spring(found: Specimen) -> int:
    """Which of the network's own types stands for a spring."""
    columns = found.data.splits["test"].columns
    with torch.no_grad():
        return called(best_naming(found.model.edges(columns["trajectories"][:, :FRAMES]), columns["edges"]))


def _world(found: Specimen) -> Content:
    """How springs are simulated, and the units of the networks."""
    return {
        "objects": found.config.data.objects,
        "frames": FRAMES,
        "spring": particles.SPRING,
        "wall": particles.WALL,
        "spread": particles.SPREAD["springs"],
        "speed": particles.SPEED,
        "ranges": found.data.facts["scale"].ranges,
    }


def _tensors(network: nn.Module) -> Content:
    """All floating-point tensors of a network by name, and how many weights it has."""
    values = {name: tensor for name, tensor in network.state_dict().items() if tensor.is_floating_point()}
    return {
        "parameters": sum(parameter.numel() for parameter in network.parameters()),
        "tensors": {name: _encoded(tensor) for name, tensor in values.items()},
    }


def _encoded(tensor: Tensor) -> Content:
    """Shape, type and little-endian values in base64; in half precision where that loses nothing."""
    half = tensor.half()
    kept, dtype = (half, "float16") if torch.equal(half.float(), tensor) else (tensor.float(), "float32")
    data = kept.contiguous().numpy().astype(f"<f{kept.element_size()}").tobytes()
    return {"shape": list(tensor.shape), "dtype": dtype, "data": base64.b64encode(data).decode()}


SHOWN = MappingProxyType(
    {
        "relations": Shown(
            "rn_sort_of_clevr",
            "sort_of_clevr_state/RN",
            FEW_SCENES,
            ("accuracy/overall", "Of all test questions it answered {:.1f} % as they should be"),
            _relations,
        ),
        "beliefs": Shown(
            "nri_edges",
            "springs_5/NRI (learned)",
            FEW_MOTIONS | {"data.others": ()},
            ("accuracy/edges", "Of all edges of the test scenes it found {:.1f} %"),
            _beliefs,
        ),
        "search": Shown(
            "modular_edges",
            "springs_5/Modular meta-learning",
            FEW_MOTIONS,
            ("accuracy/edges", "Of all edges of the test scenes the search found {:.1f} %"),
            _search,
        ),
    }
)
