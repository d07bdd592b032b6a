"""What graphs look like that nobody has constrained: alike in both directions, of two kinds of objects.

M scenes, N objects.
"""

import torch
from torch import Tensor


def both_ways(edges: Tensor) -> Tensor:
    """Whether the edges of a pair are of one type in both directions: [M, N, N - 1] -> [M, N (N - 1) / 2]."""
    square = _square(edges)
    first, second = torch.triu_indices(*square.shape[1:], 1)
    return square[:, first, second] == square[:, second, first]


def bipartite(edges: Tensor, kind: int) -> Tensor:
    """Whether two kinds of objects explain the edges of a type, which then only join unlike ones: [M, N, N - 1] -> [M].

    They do where no closed walk along such edges, in either direction, has an odd number of steps.
    """
    square = _square(edges) == kind
    joined = (square | square.mT).float()
    twice, walk, odd = _some(joined @ joined), joined, torch.zeros(len(edges), dtype=torch.bool, device=edges.device)
    for _ in range(3, square.shape[1] + 1, 2):
        walk = _some(walk @ twice)
        odd |= walk.diagonal(dim1=1, dim2=2).any(1)
    return ~odd


def _some(walks: Tensor) -> Tensor:
    """One where there is a walk."""
    return (walks > 0).float()


def _square(edges: Tensor) -> Tensor:
    """Types of edges as a matrix a scene, with -1 in its diagonal: [M, N, N - 1] -> [M, N, N]."""
    objects = edges.shape[1]
    square = edges.new_full((len(edges), objects, objects), -1)
    square[:, ~torch.eye(objects, dtype=torch.bool)] = edges.flatten(1)
    return square
