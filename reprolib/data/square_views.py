"""Other views of what happens within a square: turned and mirrored, as it could have happened as well."""

import torch
from torch import Tensor


def turned(vectors: Tensor) -> Tensor:
    """Vectors [B, ..., 2] from the middle of a square, by one of its eight symmetries for each scene."""
    alike = (len(vectors), *[1] * (vectors.dim() - 2))  # one draw for all vectors of a scene
    swapped = torch.rand(*alike, 1, device=vectors.device) < 0.5
    signs = torch.randint(2, (*alike, 2), device=vectors.device) * 2 - 1
    return torch.where(swapped, vectors.flip(-1), vectors) * signs


def turned_motion(trajectories: Tensor, still: Tensor) -> Tensor:
    """Trajectories [B, T, N, 4] of x, y and their velocities, by one of the eight symmetries for each scene.

    Args:
        still: what a particle that rests in the middle has [4], in the units of the trajectories.
    """
    vectors = (trajectories - still).unflatten(-1, (2, 2))  # [B, T, N, 2, 2]: place and velocity
    return turned(vectors).flatten(-2) + still  # [B, T, N, 4]
