"""Sum over pairs of a network applied to left_i + right_j: the inner loop of every relation network.

B scenes, N objects, P pairs a scene, R pairs in all, H features in, G features out.
"""

from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint


def pair_sum(layers: nn.Module, left: Tensor, right: Tensor, pairs: Tensor | None, chunk: int | None = None) -> Tensor:
    """sum over (i, j) of layers(left_i + right_j) in every scene.

    Args:
        layers: rows [R, H] -> rows [R, G].
        left, right: [B, N, H].
        pairs: positions [P, 2] of the pairs, the same in every scene; None for all N x N ordered pairs.
        chunk: most pairs held in memory at once, at least one scene's; None for all. A chunk is computed again in
            the backward pass instead of being stored.

    Returns:
        [B, G]
    """
    scenes, objects, _ = left.shape
    per_scene = objects * objects if pairs is None else len(pairs)
    step = scenes if chunk is None else max(1, chunk // max(1, per_scene))

    def some(left: Tensor, right: Tensor) -> Tensor:
        if pairs is None:
            rows = (left[:, :, None] + right[:, None, :]).flatten(0, 2)  # [B * N * N, H]
        else:
            rows = (left[:, pairs[:, 0]] + right[:, pairs[:, 1]]).flatten(0, 1)  # [B * P, H]
        return layers(rows).unflatten(0, (len(left), per_scene)).sum(1)  # [B, G]

    parts = zip(left.split(step), right.split(step), strict=True)
    return torch.cat([_bounded(some, chunk, *part) for part in parts])


def packed_pair_sum(
    layers: nn.Module, left: Tensor, right: Tensor, pairs: Tensor, scene: Tensor, chunk: int | None = None
) -> Tensor:
    """The same sum over an explicit list of pairs, so that padding costs nothing and cannot leak.

    Args:
        left, right: [B, N, H].
        pairs: [R, 2] positions within the scene; scene: [R], the scene of every pair.
        chunk: as in `pair_sum`.
    """
    objects = left.shape[1]
    flat_left, flat_right = left.flatten(0, 1), right.flatten(0, 1)  # [B * N, H]

    def some(flat_left: Tensor, flat_right: Tensor, pairs: Tensor, scene: Tensor) -> Tensor:
        first, second = (scene * objects + pairs[:, 0]), (scene * objects + pairs[:, 1])
        out = layers(flat_left.index_select(0, first) + flat_right.index_select(0, second))  # [R, G]
        total = torch.zeros(len(left), out.shape[1], dtype=_accumulator(out.dtype), device=out.device)
        return total.index_add(0, scene, out.to(total.dtype))  # [B, G]

    spans = [(0, len(scene))] if chunk is None else list(_spans(len(scene), chunk))
    return sum(_bounded(some, chunk, flat_left, flat_right, pairs[a:b], scene[a:b]) for a, b in spans)


def _bounded(function, chunk: int | None, *inputs: Tensor) -> Tensor:
    """Call a function, recomputing it in the backward pass where memory is bounded by a chunk."""
    if chunk is None or not torch.is_grad_enabled():
        return function(*inputs)
    return checkpoint(function, *inputs, use_reentrant=False)


def _spans(rows: int, chunk: int) -> Iterator[tuple[int, int]]:
    yield from ((start, min(start + chunk, rows)) for start in range(0, max(rows, 1), chunk))


def _accumulator(dtype: torch.dtype) -> torch.dtype:
    """Half-precision terms are summed in single precision."""
    return torch.float32 if dtype in (torch.bfloat16, torch.float16) else dtype
