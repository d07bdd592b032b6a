"""What a trained NRI makes of a few test scenes: what the plots of motion and graphs show.

T frames, N objects.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from reprolib.experiments.motion import FRAMES, HORIZON, START
from reprolib.figures.specimens import Specimen, specimen
from reprolib.metrics import best_naming
from reprolib.models.nri.beliefs import beliefs

NAMED = 100  # scenes that decide what the model's types are called
FEW = {"data.valid": 1, "data.test": NAMED, "data.others": ()}
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


@dataclass(frozen=True)
class BeliefView:
    """One test scene as its frames come in."""

    positions: np.ndarray  # [T, N, 2]
    beliefs: np.ndarray  # the decoder's posterior of type 1 after each frame [T, N, N - 1]
    edges: np.ndarray  # true types [N, N - 1]
    source: str


@torch.no_grad()
def motions(task: str, count: int) -> list[MotionView]:
    """The first test scenes of a task, with what the committed model infers and predicts.

    Raises:
        InputError: the weights are damaged.
    """
    found, scenes, naming = _named(task)
    paths, edges = scenes["trajectories"][:count], scenes["edges"][:count]
    logits = found.model.encoder(paths[:, :FRAMES])
    types = found.model.types({"trajectories": paths[:, :FRAMES]})
    predicted = found.model.rollout(paths[:, : START + 1], HORIZON, types)
    probabilities = logits.softmax(-1)[..., _called(naming)]
    parts = (paths[:, : START + 1, :, :2], paths[:, START + 1 :, :, :2][:, :HORIZON], predicted[..., :2])
    columns = (part.numpy() for part in (*parts, edges, probabilities))
    return [MotionView(*values, found.source) for values in zip(*columns, strict=True)]


@torch.no_grad()
def finding(task: str, number: int) -> BeliefView:
    """One test scene, and the decoder's belief in every edge after each of its first frames.

    Raises:
        InputError: the weights are damaged.
    """
    found, scenes, naming = _named(task)
    path = scenes["trajectories"][number, :FRAMES]
    believed = beliefs(found.model, path)[..., _called(naming)]
    return BeliefView(path[..., :2].numpy(), believed.numpy(), scenes["edges"][number].numpy(), found.source)


def _named(task: str) -> tuple[Specimen, dict[str, Tensor], Tensor]:
    """The committed model, the test scenes, and the true type that each of its types stands for."""
    found = specimen("nri_edges", f"{task}/NRI (learned)", FEW)
    scenes = found.data.splits["test"].columns
    predicted = found.model.edges(scenes["trajectories"][:, :FRAMES])
    return found, scenes, best_naming(predicted, scenes["edges"])


def _called(naming: Tensor) -> int:
    """The model's own type that stands for the one of interest."""
    return int((naming == KNOWN).nonzero()[0, 0])
