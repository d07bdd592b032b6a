"""A guess at many senders at once, by least squares: the surest are decided first.

P receivers, S senders of each, F frames, D features, H width, K edge modules.
"""

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from reprolib.models.modular.modules import ModularNetwork

ROUNDS = 5  # in each of which a fifth of the senders is decided
RIDGE = 1e-2  # of the mean square of an effect: the pull towards equal parts of those that are open
DECIDED = 1e8  # times as strong is the pull towards what is decided
AT_ONCE = 2**22  # numbers of a layer


@torch.no_grad()
def guessed(network: ModularNetwork, said: Tensor, own: Tensor, moved: Tensor) -> Tensor:
    """A module for every sender: [P, S].

    A sender may say a mixture of what the modules say, so that a receiver's change is a smooth function of the parts of
    the mixtures. Each round takes it as linear, by what becomes of it when one sender is given to one module alone,
    and solves for the parts of all senders. Then it decides for those whose mixture is nearly pure. A round takes S K
    predictions, where all assignments take K^S.

    Args:
        said: by each sender under each module [P, S, K, F, H].
        own: what the node module hears of the receiver itself [P, F, H].
        moved: the true changes of its state [P, F, D].
    """
    at_once = max(1, AT_ONCE // said[0].numel())
    some = zip(*(of.split(at_once) for of in (said, own, moved)), strict=True)
    with torch.autocast(said.device.type, enabled=False):  # small differences of predictions matter
        return torch.cat([_guessed(network, *(part.to(moved.dtype) for part in of)) for of in some])


def _guessed(network: ModularNetwork, said: Tensor, own: Tensor, moved: Tensor) -> Tensor:
    senders, modules = said.shape[1:3]
    parts = targets = said.new_full(said.shape[:3], 1 / modules)  # [P, S, K]
    sure = torch.zeros(parts.shape[:2], dtype=torch.bool, device=parts.device)
    for count in range(1, ROUNDS + 1):
        parts = _solved(*_effects(network, parts, said, own, moved), targets, sure)
        purest = parts.amax(2).topk(senders * count // ROUNDS).indices  # those decided before are among them
        sure = sure.scatter(1, purest, True)
        targets = torch.where(sure[..., None], one_hot(parts.argmax(2), modules).to(parts.dtype), 1 / modules)
    return parts.argmax(2)


def _effects(network: ModularNetwork, parts: Tensor, said: Tensor, own: Tensor, moved: Tensor) -> tuple[Tensor, Tensor]:
    """What each sender changes when it is given to one module alone [P, S K, F D], and what is missing [P, F D]."""
    mixed = (parts[..., None, None] * said).sum(2)  # [P, S, F, H]
    heard = own + mixed.sum(1)  # [P, F, H]
    alone = network.change((heard[:, None] - mixed)[:, :, None] + said)  # [P, S, K, F, D]
    now = network.change(heard)  # [P, F, D]
    return (alone - now[:, None, None]).flatten(3).flatten(1, 2).double(), (moved - now).flatten(1).double()


def _solved(effects: Tensor, missing: Tensor, targets: Tensor, sure: Tensor) -> Tensor:
    """Parts [P, S, K], of least squares with a pull to their targets; what comes out negative is next to nothing."""
    squares, target = effects @ effects.mT, targets.flatten(1).double()  # [P, S K, S K], [P, S K]
    pull = RIDGE * squares.diagonal(dim1=1, dim2=2).mean(1, keepdim=True) * torch.where(sure, DECIDED, 1.0)  # [P, S]
    pull = pull.repeat_interleave(targets.shape[2], 1)  # [P, S K]
    left = missing - (target[:, None] @ effects).squeeze(1)  # [P, F D]
    found = target + torch.linalg.solve(squares + pull.diag_embed(), (effects @ left[..., None]).squeeze(2))
    found = found.view_as(targets).clamp(min=1e-6)
    return (found / found.sum(2, keepdim=True)).to(targets.dtype)
