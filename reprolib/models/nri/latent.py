"""The latent graph: samples of edge types, their divergence from a prior, and the likelihood of a trajectory.

B scenes, N objects, K edge types, T frames, D features.
"""

import torch
from torch import Tensor, nn

from reprolib.errors import InputError
from reprolib.models.nri.encoders import sent
from reprolib.models.precision import at_least_single


def gumbel_softmax(logits: Tensor, temperature: float, hard: bool = False) -> Tensor:
    """A relaxed one-hot sample of each edge (section 3.2): softmax((h + g) / tau), g from Gumbel(0, 1).

    Args:
        logits: [..., K].
        hard: one-hot going forward, the gradient of the soft sample going back (straight-through).
    """
    noise = -torch.empty_like(logits, dtype=torch.float32).exponential_().log()
    soft = ((at_least_single(logits) + noise) / temperature).softmax(-1)
    return soft + (one_hot(soft, logits.shape[-1]) - soft).detach() if hard else soft


def one_hot(scores: Tensor, types: int) -> Tensor:
    """The most likely type of each edge: [..., K] -> [..., K] of 0 and 1."""
    return nn.functional.one_hot(scores.argmax(-1), types).to(scores.dtype)


def prior_of(none: float | None, types: int) -> Tensor:
    """Prior over types [K]: uniform, or `none` for the first type and the rest shared equally by the others.

    Raises:
        InputError: `none` leaves a type without probability.
    """
    if none is None:
        return torch.full((types,), 1 / types)
    if not 0 < none < 1 or types < 2:
        raise InputError(f"model.prior is {none}: give a probability between 0 and 1 for the first of 2 or more types")
    return torch.tensor([none] + [(1 - none) / (types - 1)] * (types - 1))


def divergence(logits: Tensor, prior: Tensor, there: Tensor | None = None) -> Tensor:
    """KL(q || p) of the edge types, summed over edges, per scene and object: [B, N, N - 1, K], [K] -> [].

    Args:
        there: bool [B, N], the objects that count, of whose edges both ends do; None: all.
    """
    scenes, objects = logits.shape[:2]
    log_q = at_least_single(logits).log_softmax(-1)
    of_edges = log_q.exp() * (log_q - prior.log())
    if there is None:
        return of_edges.sum() / (scenes * objects)
    return of_edges[sent(there) & there[:, :, None]].sum() / there.sum()


def negative_log_likelihood(predicted: Tensor, target: Tensor, variance: float) -> Tensor:
    """(x - mu)^2 / (2 sigma^2) summed over features, per object and frame (section 3.6, without its constant).

    Args:
        predicted, target: [..., D].
    """
    return (at_least_single(predicted) - target).square().sum(-1).mean() / (2 * variance)


def peaked_negative_log_likelihood(predicted: Tensor, target: Tensor, width: float, variance: float) -> Tensor:
    """(x - mu)^2 / (2 sigma^2) + log(1 + (x - mu)^2 / w^2), summed and averaged alike: ours, a Gaussian times a Cauchy.

    An error counts from about the width w on, and the Gaussian still bounds the large ones.
    """
    squares = (at_least_single(predicted) - target).square()  # [..., D]
    return (squares / (2 * variance) + (squares / width**2).log1p()).sum(-1).mean()
