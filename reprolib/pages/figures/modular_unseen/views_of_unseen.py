"""Test scenes with one particle hidden, and what committed modules find of it.

T frames, N objects, G guesses a scene.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from reprolib.models.modular.unseen import hide
from reprolib.pages.figures.shared.specimens import specimen
from reprolib.settings.data_sets import FRAMES

FEW = {"data.train": 1, "data.valid": 1, "data.test": 60}  # among which there are scenes with 1, 2, 3 and 4 springs
SEED = 0
SPRING = 1  # type of an edge


@dataclass(frozen=True)
class UnseenView:
    """One scene, in normalised units; guesses in the order of their errors, the best first."""

    visible: np.ndarray  # positions of the others [T, N - 1, 2]
    joined: np.ndarray  # bool [N - 1]: which of them a spring joins to the hidden one
    true: np.ndarray  # positions of the hidden one [T, 2]
    guesses: np.ndarray  # and where each guess has it [G, T, 2]
    missed: np.ndarray  # mean squared errors of the visible ones, by which a guess is chosen [G]
    errors: np.ndarray  # of the hidden one's states, which no search sees [G]
    source: str


def unseen_states() -> list[UnseenView]:
    """The first test scenes in which one, two, three, ... springs join the hidden particle to the others.

    Raises:
        InputError: the weights are damaged.
    """
    found, generator = specimen("modular_unseen", "springs_unseen_node/Modular meta-learning", FEW), torch.Generator()
    columns = found.data.splits["test"].columns
    paths, edges = columns["trajectories"][:, :FRAMES], columns["edges"]
    hidden = torch.randint(paths.shape[2], (len(paths),), generator=generator.manual_seed(SEED))
    springs = (edges[torch.arange(len(edges)), hidden] == SPRING).sum(1)
    rows = [int((springs == count).nonzero()[0, 0]) for count in range(1, paths.shape[2]) if (springs == count).any()]
    shown = paths[rows], edges[rows], hidden[rows]
    guessed = found.model.guess(hide(*shown), generator)
    scenes = zip(*shown, guessed.states, guessed.errors, strict=True)
    return [_view(*scene, found.source) for scene in scenes]


def _view(paths: Tensor, edges: Tensor, hidden: Tensor, states: Tensor, missed: Tensor, source: str) -> UnseenView:
    """One scene [T, N, D] with its guesses [G, T, D]."""
    others, order = torch.arange(paths.shape[1]) != hidden, missed.argsort()
    errors = (states - paths[:, hidden]).square().mean((1, 2))
    return UnseenView(
        visible=paths[:, others, :2].numpy(),
        joined=(edges[hidden] == SPRING).numpy(),
        true=paths[:, hidden, :2].numpy(),
        guesses=states[order][..., :2].numpy(),
        missed=missed[order].numpy(),
        errors=errors[order].numpy(),
        source=source,
    )
