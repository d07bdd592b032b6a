"""The Relation Network (Santoro et al. 2017, equation 1).

B scenes, N objects, D features an object, Q features of the question, P pairs, R real pairs of a batch, H units of g's
first layer, G of its last.
"""

import itertools
from typing import Literal

import torch
from torch import Tensor, nn

from reprolib.errors import InputError
from reprolib.kernels.pair_sum import listed_pair_sum, padded_pair_sum, pair_sum
from reprolib.models.finite_values import check_finite
from reprolib.models.plain_layers import starts_plain
from reprolib.settings.relating import PAIRS
from reprolib.training import parallel

Pairs = Literal["all", "unordered", "unordered_self"] | Tensor
BatchNorm = nn.modules.batchnorm._BatchNorm
FIRST_DIAGONAL = {"unordered": 1, "unordered_self": 0}  # of the table of pairs (i, j), from which on they are summed
CPU_ROWS = 4096  # pairs at a time on a CPU: a layer's input and output then stay in the cache


class RelationNetwork(nn.Module):
    """RN(O) = f( sum over pairs (i, j) of g(o_i, o_j, q) ).

    Where g starts with a linear layer, that is applied to every object and question once and the three terms are added
    for each pair: W [o_i; o_j; q] + b = W_i o_i + W_j o_j + (W_q q + b). Nothing is concatenated N^2 times.

    Args:
        g: any module from rows (o_i, o_j, q), [R, 2 D + Q], to rows [R, G], called on blocks of pairs. An nn.Sequential
            that starts with nn.Linear is the fastest; hooks on either, or a `forward` of their own, cost that speed.
        f: any module on the summed relations.
        pairs: "all" ordered pairs with self-pairs (the paper), "unordered" pairs i < j, "unordered_self" pairs i <= j,
            or an index [P, 2]. With "unordered" the sum over a scene of fewer than two objects is zero, whatever the
            question: take "unordered_self" where scenes may be so small.
        chunk: most pairs in memory at once, for a third more arithmetic: each chunk is computed again in the
            backward pass. None: the activations of all pairs are kept.

    Raises:
        InputError: here or in a call, when sizes, shapes or options do not fit, or values are not finite.

    Examples:
        >>> import torch
        >>> from reprolib import RelationNetwork, mlp
        >>> _ = torch.manual_seed(0)
        >>> g, f = mlp([2 * 3 + 4, 32, 32]), mlp([32, 32, 5], last_relu=False)  # objects of 3, questions of 4 numbers
        >>> network = RelationNetwork(g, f)
        >>> objects, question = torch.randn(8, 6, 3), torch.randn(8, 4)  # 8 sets of at most 6 objects
        >>> mask = torch.arange(6) < torch.randint(1, 7, (8, 1))  # how many are there
        >>> answers = network(objects, question, mask)
        >>> answers.shape
        torch.Size([8, 5])
        >>> turned = network(objects.flip(1), question, mask.flip(1))  # the same objects in another order
        >>> torch.allclose(answers, turned, atol=1e-5)
        True
    """

    def __init__(self, g: nn.Module, f: nn.Module, pairs: Pairs = "all", chunk: int | None = None):
        super().__init__()
        _check(g, pairs, chunk)
        self.g, self.f, self.chunk = g, f, chunk
        self.pairs = pairs if isinstance(pairs, str) else "index"
        self.register_buffer("index", None if isinstance(pairs, str) else pairs.long(), persistent=False)
        self.needed = 0 if self.index is None or not len(self.index) else int(self.index.max()) + 1  # objects a scene

    def forward(self, objects: Tensor, question: Tensor | None = None, mask: Tensor | None = None) -> Tensor:
        """Map objects [B, N, D], question [B, Q] and mask [B, N] (True: a real object) to f's output [B, out]."""
        summed = self.relations(objects, question, mask)  # [B, G]
        check_norm(self.f, summed.shape[0], "questions")
        weight = next((each for each in self.parameters() if each.is_floating_point()), summed)
        return self.f(summed.to(weight.dtype))  # the sum is in single precision where the model is in half

    def relations(self, objects: Tensor, question: Tensor | None = None, mask: Tensor | None = None) -> Tensor:
        """The sum over pairs of g(o_i, o_j, q), [B, G]; zero for a scene without pairs."""
        self._check_inputs(objects, question, mask)
        if mask is not None:
            objects = objects.masked_fill(~mask[..., None], 0)  # 0 x NaN would reach the gradient of the weights
        _check_values(objects, question)
        if self.chunk is not None and _looks_across(self.g):
            raise InputError("batch norm in g trains on all pairs at once: set chunk=None, or take the norm out of g")
        layers, left, right = self._apart(objects, question)
        how = {"rows": self._rows(objects), "recompute": self.chunk is not None}
        if mask is None and self.pairs == "all":
            check_norm(self.g, left.shape[0] * left.shape[1] ** 2, "pairs")
            return pair_sum(layers, left, right, **how)
        if torch.compiler.is_exporting():
            return padded_pair_sum(layers, left, right, *self._padded(objects, mask))
        scene, pairs = self._listed(objects, mask)
        check_norm(self.g, len(scene), "pairs")
        return listed_pair_sum(layers, left, right, scene, pairs, **how)

    def each_relation(self, objects: Tensor, question: Tensor | None = None) -> Tensor:
        """g(o_i, o_j, q) of every ordered pair, [B, N, N, G]: what the sum is made of, for pictures."""
        self._check_inputs(objects, question, None)
        _check_values(objects, question)
        layers, left, right = self._apart(objects, question)
        scenes, count, _ = objects.shape
        rows = (left[:, :, None] + right[:, None]).flatten(0, 2)  # [B * N * N, H]
        return layers(rows).unflatten(0, (scenes, count, count))

    def _apart(self, objects: Tensor, question: Tensor | None) -> tuple[nn.Module, Tensor, Tensor]:
        """Layers, and left and right [B, N, ...], so that g(o_i, o_j, q) = layers(left_i + right_j)."""
        if starts_plain(self.g):
            return self.g[1:], *self._first_layer(objects, question)
        return self.g, *_side_by_side(objects, question)

    def _first_layer(self, objects: Tensor, question: Tensor | None) -> tuple[Tensor, Tensor]:
        """Per-object terms [B, N, H] of g's first layer; the question's term and the bias are part of the left one."""
        features, first = objects.shape[-1], self.g[0]
        weight_i, weight_j, weight_q = first.weight.tensor_split([features, 2 * features], dim=1)
        right = nn.functional.linear(objects, weight_j)
        if question is None:
            return nn.functional.linear(objects, weight_i, first.bias), right
        context = nn.functional.linear(question, weight_q, first.bias)  # [B, H]
        return nn.functional.linear(objects, weight_i) + context[:, None], right

    def _rows(self, objects: Tensor) -> int | None:
        """Pairs to work on at a time; all of them where batch norm looks across pairs, or for a batch of any size."""
        if torch.compiler.is_exporting():
            return None
        if self.chunk is not None:
            return self.chunk
        return CPU_ROWS if objects.device.type == "cpu" and not _looks_across(self.g) else None

    def _listed(self, objects: Tensor, mask: Tensor | None) -> tuple[Tensor, Tensor]:
        """Scene [R] and positions [R, 2] of the chosen pairs of two real objects, scene by scene."""
        scenes, count, _ = objects.shape
        index = self.chosen(count, objects.device)  # [P, 2]
        if mask is None:
            scene = torch.arange(scenes, device=objects.device)[:, None].expand(-1, len(index)).flatten()
            return scene, index.repeat(scenes, 1)  # [R = B P]
        scene, which = mask[:, index].all(-1).nonzero(as_tuple=True)  # [R], of [B, P]
        return scene, index[which]

    def _padded(self, objects: Tensor, mask: Tensor | None) -> tuple[Tensor, Tensor | None]:
        """The chosen pairs [P, 2], and in which scenes both of their objects are real [B, P]."""
        index = self.chosen(objects.shape[1], objects.device)
        if mask is not None and _looks_across(self.g):
            raise InputError("batch norm in g would see padding in an exported model: call eval() before")
        return index, None if mask is None else mask[:, index].all(-1)

    def chosen(self, count: int, device: torch.device | None = None) -> Tensor:
        """The pairs [P, 2] that are summed in a scene of N objects."""
        if self.pairs == "index":
            return self.index
        if self.pairs in FIRST_DIAGONAL and torch.compiler.is_exporting():  # a constant, which every format has
            pairs = [(i, j) for i in range(count) for j in range(i + FIRST_DIAGONAL[self.pairs], count)]
            return torch.tensor(pairs, dtype=torch.long, device=device).view(-1, 2)
        if self.pairs in FIRST_DIAGONAL:
            return torch.triu_indices(count, count, offset=FIRST_DIAGONAL[self.pairs], device=device).T
        return torch.cartesian_prod(*[torch.arange(count, device=device)] * 2)

    def _check_inputs(self, objects: Tensor, question: Tensor | None, mask: Tensor | None) -> None:
        if objects.ndim != 3:
            raise InputError(f"objects must have shape [B, N, D], not {list(objects.shape)}")
        (scenes, count, features), takes = objects.shape, _takes(self.g)
        if question is not None and (question.ndim != 2 or question.shape[0] != scenes):
            raise InputError(f"question must have shape [B, Q] with B = {scenes}, not {list(question.shape)}")
        given = 2 * features + (0 if question is None else question.shape[-1])
        if takes is not None and given != takes:
            raise InputError(
                f"objects [.., {features}] and question give 2 D + Q = {given} features, but g's first layer takes "
                f"{takes}: build g with nn.Linear({given}, ...)"
            )
        if mask is not None and (mask.shape != objects.shape[:2] or mask.dtype != torch.bool):
            raise InputError(f"mask must be bool {[scenes, count]}, not {mask.dtype} {list(mask.shape)}")
        if self.needed > count:
            raise InputError(f"pairs name object {self.needed - 1}, but a scene has {count} objects")


def mlp(sizes: list[int], norm: bool = False, dropout: float = 0.0, last_relu: bool = True) -> nn.Sequential:
    """Linear layers of the given sizes, each followed by (batch norm,) ReLU (, dropout); the last may stay linear.

    Examples:
        >>> from reprolib import mlp
        >>> mlp([4, 8, 2], last_relu=False)
        Sequential(
          (0): Linear(in_features=4, out_features=8, bias=True)
          (1): ReLU()
          (2): Linear(in_features=8, out_features=2, bias=True)
        )
    """
    layers: list[nn.Module] = []
    for position, (inputs, outputs) in enumerate(itertools.pairwise(sizes), start=2):
        layers.append(nn.Linear(inputs, outputs))
        if position < len(sizes) or last_relu:
            layers += [nn.BatchNorm1d(outputs)] * norm + [nn.ReLU()] + [nn.Dropout(dropout)] * (dropout > 0)
    return nn.Sequential(*layers)


def check_norm(layers: nn.Module, rows: int, kind: str) -> None:
    """Refuse to train with batch norm over fewer than two rows, such as pairs; workers look across those of all.

    Raises:
        InputError: names the settings to change.
    """
    if _looks_across(layers) and rows < 2 and parallel.count() == 1:
        raise InputError(f"batch norm looks across {kind}, here {rows}: raise train.batch or set model.norm=False")


def _looks_across(layers: nn.Module) -> bool:
    """Whether there is batch norm in training."""
    norms = [layer for layer in layers.modules() if isinstance(layer, BatchNorm)]
    return any(norm.training or norm.running_mean is None for norm in norms)


def _side_by_side(objects: Tensor, question: Tensor | None) -> tuple[Tensor, Tensor]:
    """Two terms whose sum is what g reads of a pair: [o_i; 0; q] and [0; o_j; 0], [B, N, 2 D + Q] each."""
    features, asked = objects.shape[-1], 0 if question is None else question.shape[-1]
    left, right = nn.functional.pad(objects, (0, features)), nn.functional.pad(objects, (features, asked))
    if question is None:
        return left, right
    return torch.cat([left, question[:, None].expand(-1, objects.shape[1], -1)], -1), right


def _takes(g: nn.Module) -> int | None:
    """Features of a pair that g takes, where its first layer says so."""
    first = g[0] if isinstance(g, nn.Sequential) and len(g) else g
    return getattr(first, "in_features", None) or None  # a lazy layer has 0 of them before its first call


def _check_values(objects: Tensor, question: Tensor | None) -> None:
    check_finite(objects, "features", objects=1)
    if question is not None:
        check_finite(question, "questions")


def _check(g: nn.Module, pairs: Pairs, chunk: int | None) -> None:
    if not isinstance(g, nn.Module):
        raise InputError(f"g must be a module from rows [R, 2 D + Q] to rows [R, G], not {g!r}")
    if isinstance(pairs, str) and pairs not in PAIRS:
        raise InputError(f"pairs must be one of {', '.join(PAIRS)} or an index [P, 2], not {pairs!r}")
    if isinstance(pairs, Tensor) and (pairs.ndim != 2 or pairs.shape[1] != 2):
        raise InputError(f"a pair index must have shape [P, 2], not {list(pairs.shape)}")
    if isinstance(pairs, Tensor) and (pairs.is_floating_point() or bool((pairs < 0).any())):
        raise InputError("a pair index must hold positions of objects: integers of 0 and up")
    if chunk is not None and chunk < 1:
        raise InputError(f"chunk must be a positive number of pairs, not {chunk}")
