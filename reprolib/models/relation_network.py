"""The Relation Network (Santoro et al. 2017, equation 1).

B scenes, N objects, D features an object, Q features of the question, P pairs, H units of g's first layer.
"""

import itertools
from typing import Literal

import torch
from torch import Tensor, nn

from reprolib.errors import InputError
from reprolib.kernels.pair_sum import packed_pair_sum, pair_sum

Pairs = Literal["all", "unordered"] | Tensor


class RelationNetwork(nn.Module):
    """RN(O) = f( sum over pairs (i, j) of g(o_i, o_j, q) ).

    g's first layer is linear, so it is applied to every object and question once and the three terms are added for
    each pair: W [o_i; o_j; q] + b = W_i o_i + W_j o_j + (W_q q + b). Nothing is concatenated N^2 times.

    Args:
        g: starts with nn.Linear(2 D + Q, H) on (o_i, o_j, q); its later modules map rows [R, H] to rows.
        f: any module on the summed relations.
        pairs: "all" ordered pairs with self-pairs (the paper), "unordered" pairs i < j, or an index [P, 2].
        chunk: most pairs held in memory at once (None: all of them).
    """

    def __init__(self, g: nn.Sequential, f: nn.Module, pairs: Pairs = "all", chunk: int | None = None):
        super().__init__()
        _check(g, pairs, chunk)
        self.g, self.f, self.chunk = g, f, chunk
        self.pairs = pairs if isinstance(pairs, str) else "index"
        self.register_buffer("index", None if isinstance(pairs, str) else pairs.long(), persistent=False)

    def forward(self, objects: Tensor, question: Tensor | None = None, mask: Tensor | None = None) -> Tensor:
        """Map objects [B, N, D], question [B, Q] and mask [B, N] (True: a real object) to f's output [B, out]."""
        return self.f(self.relations(objects, question, mask))

    def relations(self, objects: Tensor, question: Tensor | None = None, mask: Tensor | None = None) -> Tensor:
        """The sum over pairs of g(o_i, o_j, q), [B, G]."""
        left, right = self._first_layer(objects, question)
        rest = self.g[1:]
        if mask is None:
            index = None if self.pairs == "all" else self._index(objects)
            return pair_sum(rest, left, right, index, self.chunk)
        scene, pairs = self._real_pairs(mask)
        return packed_pair_sum(rest, left, right, pairs, scene, self.chunk)

    def each_relation(self, objects: Tensor, question: Tensor | None = None) -> Tensor:
        """g(o_i, o_j, q) of every ordered pair, [B, N, N, G]: what the sum is made of, for pictures."""
        left, right = self._first_layer(objects, question)
        scenes, count, _ = objects.shape
        rows = (left[:, :, None] + right[:, None]).flatten(0, 2)  # [B * N * N, H]
        return self.g[1:](rows).unflatten(0, (scenes, count, count))

    def _first_layer(self, objects: Tensor, question: Tensor | None) -> tuple[Tensor, Tensor]:
        """Per-object terms [B, N, H] of g's first layer; the question's term is part of the left one."""
        features, first = objects.shape[-1], self.g[0]
        given = 2 * features + (0 if question is None else question.shape[-1])
        if given != first.in_features:
            raise InputError(
                f"objects [.., {features}] and question give 2 D + Q = {given} features, but g's first layer takes "
                f"{first.in_features}: build g with nn.Linear({given}, ...)"
            )
        weight_i, weight_j, weight_q = first.weight.tensor_split([features, 2 * features], dim=1)
        context = nn.functional.linear(question, weight_q, first.bias)[:, None] if question is not None else first.bias
        left = nn.functional.linear(objects, weight_i)
        left = left if context is None else left + context
        return left, nn.functional.linear(objects, weight_j)

    def _index(self, objects: Tensor) -> Tensor:
        """The pairs [P, 2] of one scene of N objects."""
        count = objects.shape[1]
        if self.pairs == "unordered":
            return torch.triu_indices(count, count, offset=1, device=objects.device).T
        if self.pairs == "all":
            return torch.cartesian_prod(*[torch.arange(count, device=objects.device)] * 2)
        if len(self.index) and int(self.index.max()) >= count:
            raise InputError(f"pairs name object {int(self.index.max())}, but a scene has {count} objects")
        return self.index

    def _real_pairs(self, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Scene [R] and positions [R, 2] of the pairs of two real objects."""
        index = self._index(mask)
        real = mask[:, index[:, 0]] & mask[:, index[:, 1]]  # [B, P]
        scene, which = real.nonzero(as_tuple=True)
        return scene, index[which]


def mlp(sizes: list[int], norm: bool = False, dropout: float = 0.0, last_relu: bool = True) -> nn.Sequential:
    """Linear layers of the given sizes, each followed by (batch norm,) ReLU (, dropout); the last may stay linear."""
    layers: list[nn.Module] = []
    for position, (inputs, outputs) in enumerate(itertools.pairwise(sizes), start=2):
        layers.append(nn.Linear(inputs, outputs))
        if position < len(sizes) or last_relu:
            layers += [nn.BatchNorm1d(outputs)] * norm + [nn.ReLU()] + [nn.Dropout(dropout)] * (dropout > 0)
    return nn.Sequential(*layers)


def _check(g: nn.Sequential, pairs: Pairs, chunk: int | None) -> None:
    if not isinstance(g, nn.Sequential) or not len(g) or not isinstance(g[0], nn.Linear):
        raise InputError("g must be an nn.Sequential that starts with nn.Linear(2 D + Q, H)")
    if isinstance(pairs, str) and pairs not in ("all", "unordered"):
        raise InputError(f"pairs must be 'all', 'unordered' or an index [P, 2], not {pairs!r}")
    if isinstance(pairs, Tensor) and (pairs.ndim != 2 or pairs.shape[1] != 2):
        raise InputError(f"a pair index must have shape [P, 2], not {list(pairs.shape)}")
    if chunk is not None and chunk < 1:
        raise InputError(f"chunk must be a positive number of pairs, not {chunk}")
    if chunk is not None and any(isinstance(layer, nn.modules.batchnorm._BatchNorm) for layer in g.modules()):
        raise InputError("batch norm in g needs all pairs at once: leave chunk=None, or take the norm out of g")
