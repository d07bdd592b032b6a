"""What a trained NRI infers and predicts of a few test scenes.

S scenes, T frames, N objects.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from reprolib.evidence.metrics import best_naming
from reprolib.methods.trajectories import START
from reprolib.pages.figures.shared.specimens import Specimen, specimen
from reprolib.settings.data_sets import FRAMES, HORIZON

NAMED = 100  # scenes that decide what the model's types are called
KNOWN = 1  # the true type that a probability is about: a spring, a repulsion


@dataclass(frozen=True)
class MotionView:
    """One test scene, in normalised units."""

    past: np.ndarray  # positions up to the last given frame [T, N, 2]
    true: np.ndarray  # positions thereafter [HORIZON, N, 2]
    predicted: np.ndarray  # the same, predicted
    edges: np.ndarray  # true types [N, N - 1]
    probabilities: np.ndarray  # of type 1, as the encoder sees it [N, N - 1]
    source: str


@torch.no_grad()
def motions(task: str, count: int) -> list[MotionView]:
    """The first test scenes of a task, with what the committed model infers and predicts.

    Raises:
        InputError: the weights are damaged.
    """
    found, scenes, naming = named_model(task)
    paths, edges = scenes["trajectories"][:count], scenes["edges"][:count]
    logits = found.model.encoder(paths[:, :FRAMES])
    types = found.model.types({"trajectories": paths[:, :FRAMES]})
    predicted = found.model.rollout(paths[:, : START + 1], HORIZON, types)
    probabilities = logits.softmax(-1)[..., called(naming)]
    parts = (paths[:, : START + 1, :, :2], paths[:, START + 1 :, :, :2][:, :HORIZON], predicted[..., :2])
    columns = (part.numpy() for part in (*parts, edges, probabilities))
    return [MotionView(*values, found.source) for values in zip(*columns, strict=True)]


def named_model(task: str, count: int = NAMED) -> tuple[Specimen, dict[str, Tensor], Tensor]:
    """The committed model, the test scenes, and the true type that each of its types stands for."""
    found = specimen("nri_edges", f"{task}/NRI (learned)", {"data.valid": 1, "data.test": count, "data.others": ()})
    scenes = found.data.splits["test"].columns
    predicted = found.model.edges(scenes["trajectories"][:, :FRAMES])
    return found, scenes, best_naming(predicted, scenes["edges"])


def called(naming: Tensor) -> int:
    """The model's own type that stands for the one of interest."""
    return int((naming == KNOWN).nonzero()[0, 0])
