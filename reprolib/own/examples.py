"""Small data of the kinds that people bring, made for a page that shows how such data are used.

M sets, N places for objects, S scenes, T frames, D features.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import Tensor

FEWEST, MOST = 3, 8  # charges of a set
SOFT = 0.2  # added to a distance, so that no energy is without bounds


def charged_sets(count: int, seed: int) -> dict[str, Tensor]:
    """Sets of charges in a square with their energy, the sum over pairs of q_i q_j / (distance + 0.2).

    Returns:
        objects float32 [M, N, 3], x, y and a charge of 1 or -1; mask bool [M, N], which of them are there; energy
        float32 [M], in units of its own mean and spread.
    """
    generator = torch.Generator().manual_seed(seed)
    places = 2 * torch.rand(count, MOST, 2, generator=generator) - 1
    charges = 2.0 * torch.randint(2, (count, MOST, 1), generator=generator) - 1  # [M, N, 1]
    mask = torch.arange(MOST) < torch.randint(FEWEST, MOST + 1, (count, 1), generator=generator)  # [M, N]
    there = mask[:, :, None] & mask[:, None] & ~torch.eye(MOST, dtype=torch.bool)  # [M, N, N]
    energy = (there * charges * charges.mT / (torch.cdist(places, places) + SOFT)).sum((1, 2)) / 2
    energy = (energy - energy.mean()) / energy.std()
    return {"objects": torch.cat([places, charges], -1), "mask": mask, "energy": energy}


def write_tracks(path: Path, trajectories: np.ndarray, features: Sequence[str]) -> None:
    """A table that `reprolib infer` reads, of trajectories [S, T, N, D]: scene, frame, object and the features."""
    rows = np.indices(trajectories.shape[:3]).reshape(3, -1)  # [3, S T N]
    named = dict(zip(("scene", "frame", "object"), rows, strict=True))
    values = dict(zip(features, trajectories.reshape(-1, trajectories.shape[-1]).T, strict=True))
    pd.DataFrame(named | values).to_csv(path, index=False)
