"""A first guess for many senders at once: each is given to several modules in part, by least squares.

P receivers, S senders of each, F frames, D features, H width, K edge modules.
"""

import torch
from torch import Tensor

from reprolib.models.modular.modules import ModularNetwork

ROUNDS = 4
RIDGE = 1e-3  # of the mean square of an effect; ours
AT_ONCE = 2**22  # numbers of a layer


@torch.no_grad()
def relaxed(network: ModularNetwork, said: Tensor, own: Tensor, moved: Tensor) -> Tensor:
    """The part of every module on every edge, at least 0 and 1 in sum: [P, S, K].

    A sender may say a mixture of what the modules say. The change of a receiver is then a smooth function of the
    parts. Each round takes it as linear, by what becomes of it when one sender is given to one module alone, and solves
    for the parts of all senders at once. That takes S K predictions in place of K^S.

    Args:
        said: by each sender under each module [P, S, K, F, H].
        own: what the node module hears of the receiver itself [P, F, H].
        moved: the true changes of its state [P, F, D].
    """
    parts = said.new_full(said.shape[:3], 1 / network.count, dtype=torch.float32)
    at_once = max(1, AT_ONCE // said[0].numel())
    for _ in range(ROUNDS):
        some = zip(*(of.split(at_once) for of in (parts, said, own, moved)), strict=True)
        parts = torch.cat([_round(network, *of) for of in some])
    return parts


def _round(network: ModularNetwork, parts: Tensor, said: Tensor, own: Tensor, moved: Tensor) -> Tensor:
    mixed = (parts.to(said.dtype)[..., None, None] * said).sum(2)  # [P, S, F, H]
    heard = own + mixed.sum(1)  # [P, F, H]
    now = network.node(heard).float()  # [P, F, D]
    alone = network.node((heard[:, None] - mixed)[:, :, None] + said).float()  # [P, S, K, F, D]
    effects = (alone - now[:, None, None]).flatten(3).flatten(1, 2).double()  # [P, S K, F D]
    return _solved(effects, (moved - now).flatten(1).double(), parts)


def _solved(effects: Tensor, missing: Tensor, parts: Tensor) -> Tensor:
    """Least squares with a pull towards equal parts; what comes out negative is set to 0."""
    equal = 1 / parts.shape[2]
    squares = effects @ effects.mT  # [P, S K, S K]
    squares += RIDGE * squares.diagonal(dim1=1, dim2=2).mean(1)[:, None, None] * torch.eye(squares.shape[1]).to(squares)
    wanted = effects @ (missing - equal * effects.sum(1))[..., None]  # [P, S K, 1]
    found = equal + torch.linalg.solve(squares, wanted).view_as(parts)
    found = found.clamp(min=1e-6)
    return (found / found.sum(2, keepdim=True)).float()
