"""Rows of balls seen otherwise: as places, and as other scenes of which as much is true.

B scenes, 10 balls, 16 frames, C features of a colour.
"""

import torch
from torch import Tensor

from reprolib.data.physical_scenes import FRAMES
from reprolib.data.square_views import turned


def places_of(objects: Tensor) -> Tensor:
    """x and y over the frames [B, 10, 2, 16], of rows of balls [B, 10, C + 32]."""
    return objects[..., -2 * FRAMES :].unflatten(-1, (2, FRAMES))


def another_view(objects: Tensor, connections: Tensor | None = None) -> tuple[Tensor, Tensor | None]:
    """Scenes turned and mirrored at random, whose balls have exchanged their colours at random.

    The table is a square, so that four turns, each mirrored or not, make another scene that could have happened; and
    nothing depends on which ball has which colour.

    Args:
        objects: rows of balls in the order of their colours [B, 10, C + 32].
        connections: kinds of links between colours [B, 10, 10], or None.

    Returns:
        Both, in new tensors.
    """
    scenes, balls, _ = objects.shape
    order = torch.rand(scenes, balls, device=objects.device).argsort(1)  # [B, 10]: whose place each colour takes
    places = places_of(objects)
    places = places.gather(1, order[..., None, None].expand_as(places))
    places = turned(places.transpose(2, 3)).transpose(2, 3)  # [B, 10, 2, 16]
    rows = torch.cat([objects[..., : -2 * FRAMES], places.flatten(2)], dim=2)  # [B, 10, C + 32]
    if connections is None:
        return rows, None
    mixed = connections.gather(1, order[..., None].expand_as(connections))
    return rows, mixed.gather(2, order[:, None].expand_as(connections))
