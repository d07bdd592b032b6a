"""How well a network that was trained on balls tells which joints of a walking body are joined (section 5.5).

S scenes, 10 joints, 45 pairs of them.
"""

import numpy as np
import torch
from torch import Tensor, nn

from reprolib.contracts.configuration import Config
from reprolib.data import link_fits
from reprolib.data.split import Dataset, Split
from reprolib.evidence.metrics import Figure, auroc, average
from reprolib.methods import hidden_links
from reprolib.models.link_networks import DistanceVariance
from reprolib.settings.relating import DistanceModel
from reprolib.training.learner import Learner

OURS = 0  # the number of our choice of joints
EXTREMES = {"low": 0.1, "high": 0.9}  # quantiles over choices


def build(config: Config, data: Dataset) -> nn.Module:
    """The model of a row; the limit of a distance rule is nothing to the order of its scores."""
    if isinstance(config.model, DistanceModel):
        return DistanceVariance(0.0, "connections")
    return hidden_links.network(config.model, data.facts["features"], "connections")


def learner() -> Learner:
    """Never asked to learn: the rows have no steps."""
    return hidden_links.learner()


@torch.no_grad()
def evaluate(model: nn.Module, split: Split) -> dict[str, float]:
    """Area under the ROC curve, in percent: 50 is a guess.

    "skeleton" is the mean over drawn choices of ten joints, with its quantiles; "bones" asks for pairs that a single
    bone joins; "limbs" is our own choice.
    """
    logits = torch.cat([model(batch["objects"]) for batch in split.batches(hidden_links.AT_ONCE)])
    scores = _pairs(logits.float())
    found = {name: _by_choice(scores, _pairs(split.columns[name]) > 0, split) for name in ("connections", "bones")}
    drawn, bones = found["connections"][OURS + 1 :], found["bones"][OURS + 1 :]
    spread = {f"auroc/skeleton_{name}": float(np.nanquantile(drawn, part)) for name, part in EXTREMES.items()}
    return {
        "auroc/skeleton": _mean(drawn),
        "auroc/bones": _mean(bones),
        "auroc/limbs": float(found["connections"][OURS]),
    } | spread


def _by_choice(scores: np.ndarray, joined: np.ndarray, split: Split) -> np.ndarray:
    """The area of each choice [choices], over all its scenes."""
    numbers = split.columns["choices"].cpu().numpy()
    return np.array(
        [auroc(scores[numbers == n].ravel(), joined[numbers == n].ravel()) for n in range(numbers.max() + 1)]
    )


def _mean(areas: np.ndarray) -> Figure:
    """Over choices that have an area, with its standard error."""
    return average(torch.from_numpy(areas[~np.isnan(areas)]))


def _pairs(table: Tensor) -> np.ndarray:
    """The pairs i < j of a table: [S, 10, 10] -> [S, 45]."""
    return table[:, link_fits.FIRST, link_fits.SECOND].cpu().numpy()
