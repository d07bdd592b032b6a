"""What a model sees of somebody's tracks: features, and their changes where these say more, in common units.

S scenes, T frames, N objects, D features, F features of a state, M frames of objects.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from reprolib.data import simulations
from reprolib.errors import InputError
from reprolib.own.tracks import Tracks

CHANGES = ("auto", "all", "none")
TOLD = 0.9  # correlation from which one feature tells another's change
SHORTEST = 4  # frames


@dataclass(frozen=True, eq=False)
class States:
    """The scenes of some tracks. Each feature has standard deviation 1 over the training scenes, as has each change."""

    values: Tensor  # float32 [S, T, N, F], the features first
    present: Tensor  # bool [S, T, N]
    features: int
    changes: tuple[str, ...]  # features whose changes follow

    @property
    def masked(self) -> bool:
        """Whether somebody is absent."""
        return not bool(self.present.all())


def states(tracks: Tracks, training: np.ndarray, changes: str = "auto") -> States:
    """The states of all scenes.

    Where changes are part of a state, the first frame has none and falls away, and an object is present from its second
    frame on. With "auto" a feature's change is left out where another feature tells it, as a velocity does: their
    correlation is 0.9 or more. So is that of the feature that tells it.

    Args:
        training: bool [S], the scenes that fix the units.

    Raises:
        InputError: scenes that are too short, or in which nobody moves or is there in two successive frames.
    """
    moved = np.diff(tracks.values, axis=1)  # [S, T - 1, N, D]
    both = tracks.present[:, 1:] & tracks.present[:, :-1]
    _check_moving(tracks, moved, both)
    added = _added(tracks.values[:, 1:], moved, both & training[:, None, None], changes)  # [D]
    units = simulations.scale(tracks.values[training], tracks.present[training])
    values, present = units.apply(tracks.values), tracks.present
    if added.any():
        rates = simulations.scale(moved[training], both[training]).apply(moved)[..., added]
        values, present = np.concatenate([values[:, 1:], rates], -1), both
    if values.shape[1] < SHORTEST:
        raise InputError(
            f"scenes of {tracks.present.shape[1]} frames are too short to learn from: give {SHORTEST + 1} or more"
        )
    lonely = ~(present[:, 1:] & present[:, :-1]).any((1, 2))
    if lonely.any():
        raise InputError(f"in scene {tracks.scenes[lonely.argmax()]} nobody stays long enough to move: leave it out")
    shown = torch.from_numpy(np.where(present[..., None], values, 0.0)).float()
    names = tuple(name for name, kept in zip(tracks.features, added, strict=True) if kept)
    return States(shown, torch.from_numpy(present), tracks.values.shape[-1], names)


def _check_moving(tracks: Tracks, moved: np.ndarray, both: np.ndarray) -> None:
    if not (moved[both] != 0).any():
        raise InputError("nothing moves: no feature of an object changes from one frame to the next")
    pairs = (tracks.present.any(1).sum(1) > 1).any()
    if not pairs:
        raise InputError("no scene has two objects: an interaction takes two")


def _added(values: np.ndarray, moved: np.ndarray, counted: np.ndarray, changes: str) -> np.ndarray:
    """Which features' changes are part of a state: bool [D].

    Args:
        values, moved: features and their changes up to the same frame, [S, T, N, D].
        counted: bool [S, T, N].
    """
    if changes != "auto":
        return np.full(values.shape[-1], changes == "all")
    told = _correlation(moved[counted], values[counted]) >= TOLD  # [D, D]: the change of a row by a column
    np.fill_diagonal(told, False)
    varies = np.ptp(moved[counted], axis=0) > 0 if counted.any() else np.ones(values.shape[-1], bool)
    return varies & ~told.any(1) & ~told.any(0)


def _correlation(some: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Absolute correlations of columns: [M, D] twice -> [D, D], 0 where one does not vary."""
    units = []
    for columns in (some, others):
        centred = columns - columns.mean(0)
        length = np.linalg.norm(centred, axis=0)
        units.append(centred / np.where(length > 0, length, np.inf))
    return np.abs(units[0].T @ units[1])
