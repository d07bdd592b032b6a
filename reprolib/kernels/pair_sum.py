"""Sum over pairs of a network applied to left_i + right_j: the inner loop of every relation network.

Pairs are worked on in blocks of a bounded number of rows, because a block that stays in the processor's cache is faster
than one pass over all pairs, and because a block can be computed again in the backward pass instead of being stored.
With rows=None there is one block, and `of_all` and `of_listed` below are the definition.

B scenes, N objects, R pairs (rows), H features in, G features out; b, n, m, r the part of B, N, N, R in a block.
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import accumulate, count, pairwise, product

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

SHARED_CAST = 8  # blocks that share one bf16 copy of the weights under autocast


def pair_sum(
    layers: nn.Module, left: Tensor, right: Tensor, rows: int | None = None, recompute: bool = False
) -> Tensor:
    """sum over all ordered pairs (i, j), i = j included, of layers(left_i + right_j) in every scene.

    Args:
        layers: rows [R, H] -> rows [R, G], each from itself alone unless rows is None.
        left, right: [B, N, H].
        rows: most pairs given to `layers` at once; None for all.
        recompute: compute every block again in the backward pass instead of storing it, where there are blocks.

    Returns:
        [B, G], in float32 where the layers work in half precision.
    """

    def of_all(left: Tensor, right: Tensor) -> Tensor:
        out = layers((left[:, :, None] + right[:, None]).flatten(0, 2))  # [b n m, G]
        scenes, pairs = left.shape[0], left.shape[1] * right.shape[1]
        return out.unflatten(0, (scenes, pairs)).sum(1, dtype=_sum_type(out))  # [b, G]

    if rows is None:
        return of_all(left, right)
    scenes, senders, receivers = _extent(left.shape[1], rows)
    parts = zip(left.split(scenes), right.split(scenes), strict=True)
    blocks = (product(some.split(senders, dim=1), other.split(receivers, dim=1)) for some, other in parts)
    return _totals(of_all, blocks, recompute)


def listed_pair_sum(
    layers: nn.Module,
    left: Tensor,
    right: Tensor,
    scene: Tensor,
    pairs: Tensor,
    rows: int | None = None,
    recompute: bool = False,
) -> Tensor:
    """The same sum over listed pairs only, so that padding costs nothing.

    Args:
        scene: [R], the scene of every pair, in ascending order.
        pairs: [R, 2], positions of its two objects within the scene.
        layers, left, right, rows, recompute: as in `pair_sum`.
    """

    def of_listed(left: Tensor, right: Tensor, scene: Tensor, pairs: Tensor) -> Tensor:
        first, second = (scene[:, None] * left.shape[1] + pairs).unbind(1)  # [r], rows of the flat objects
        out = layers(left.flatten(0, 1).index_select(0, first) + right.flatten(0, 1).index_select(0, second))  # [r, G]
        total = torch.zeros(len(left), out.shape[1], dtype=_sum_type(out), device=out.device)
        return total.index_add(0, scene, out.to(total.dtype))  # [b, G]

    if rows is None:
        return of_listed(left, right, scene, pairs)
    counts = scene.bincount(minlength=len(left)).tolist()
    sizes = _together(counts, rows)

    def blocks() -> Iterator[Iterable[tuple[Tensor, ...]]]:
        bounds = pairwise(accumulate(sizes, initial=0))
        ends = [0, *accumulate(counts)]
        for (start, stop), some, other in zip(bounds, left.split(sizes), right.split(sizes), strict=True):
            own = slice(ends[start], ends[stop])
            parts = zip((scene[own] - start).split(rows), pairs[own].split(rows), strict=True)
            yield [(some, other, *part) for part in parts]

    return _totals(of_listed, blocks(), recompute)


def padded_pair_sum(
    layers: nn.Module, left: Tensor, right: Tensor, pairs: Tensor, real: Tensor | None = None
) -> Tensor:
    """The same sum over the same pairs [P, 2] of all scenes, of which only the `real` ones [B, P] count.

    All are computed, so that no shape depends on a value: an exported model takes any mask.
    """
    first, second = pairs.unbind(1)  # [P] each
    rows = left.index_select(1, first) + right.index_select(1, second)  # [B, P, H]
    out = layers(rows.flatten(0, 1)).unflatten(0, rows.shape[:2])  # [B, P, G]
    if real is not None:
        out = out.masked_fill(~real[..., None], 0)
    return out.sum(1, dtype=_sum_type(out))


def _totals(function: Callable[..., Tensor], groups: Iterable[Iterable[tuple[Tensor, ...]]], recompute: bool) -> Tensor:
    """Add the function's values over the blocks of each group of scenes, and join the groups: [B, G]."""
    number = count()

    def value(*block: Tensor) -> Tensor:
        if next(number) % SHARED_CAST == 0:
            torch.clear_autocast_cache()  # gradients of one bf16 copy are added in bf16: few blocks may share it
        return checkpoint(function, *block, use_reentrant=False) if recompute else function(*block)

    return torch.cat([sum(value(*block) for block in group) for group in groups])


def _extent(objects: int, rows: int) -> tuple[int, int, int]:
    """Numbers of scenes, senders and receivers of a block with at most `rows` pairs."""
    senders, receivers = max(1, min(objects, rows // max(objects, 1))), max(1, min(objects, rows))
    return max(1, rows // max(objects**2, 1)), senders, receivers


def _together(counts: list[int], rows: int) -> list[int]:
    """Numbers of successive scenes whose pairs are at most `rows` together, or which are one scene."""
    sizes, filled = [0], 0
    for pairs in counts:
        if sizes[-1] and filled + pairs > rows:
            sizes.append(0)
            filled = 0
        sizes[-1] += 1
        filled += pairs
    return sizes


def _sum_type(terms: Tensor) -> torch.dtype:
    """Half-precision terms are summed in single precision."""
    return torch.promote_types(terms.dtype, torch.float32)
