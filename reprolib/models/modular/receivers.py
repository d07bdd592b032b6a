"""All assignments of edge modules around a receiver, scored at once: the optimum over all graphs of a scene.

One step from a true frame, the error at a receiver depends on its own incoming edges only. So the best of all
K^(N (N - 1)) graphs is made of the best of K^(N - 1) assignments of every receiver, and what an edge says is worked out
once for all of them.

R scenes (or scenes times frames), N objects, D features, H width, K edge modules, C assignments, M scenes, T frames.
"""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn.functional import linear

from reprolib.errors import InputError
from reprolib.models.modular.modules import ModularNetwork, ends

MOST = 4_096  # assignments of a receiver
BLOCK = 2**20  # numbers of one layer that are worked on at once, so that they stay in the processor's cache
AT_ONCE = 4_096  # frames


def assignments(senders: int, modules: int, device: torch.device | None = None) -> Tensor:
    """Every assignment of modules to a receiver's senders: [C, N - 1] with C = K^(N - 1), the first sender slowest.

    Raises:
        InputError: there are too many.
    """
    if modules**senders > MOST:
        raise InputError(
            f"{senders} senders and {modules} edge modules give {modules**senders:,} assignments of a receiver, more "
            f"than the {MOST:,} that can be scored at once: set train.learning to bouncegrad, model.proposal to "
            "another than exact, and model.search"
        )
    return torch.cartesian_prod(*[torch.arange(modules, device=device)] * senders).view(-1, senders)


@torch.no_grad()
def errors(network: ModularNetwork, states: Tensor, after: Tensor) -> Tensor:
    """Mean squared error at every receiver under each of its assignments: [R, N, D] twice -> [R, N, C]."""
    count = states.shape[1]
    combinations = len(assignments(count - 1, network.count))
    at_once = max(1, BLOCK // (count * combinations * network.of_received.out_features))
    parts = zip(states.split(at_once), after.split(at_once), strict=True)
    return torch.cat([_errors(network, *part) for part in parts])


def _errors(network: ModularNetwork, states: Tensor, after: Tensor) -> Tensor:
    pairs, weight = ends(states), network.of_received.weight
    said = [linear(network.message(kind, pairs), weight) for kind in range(network.count)]  # K times [R, N, N - 1, H]
    total = network.of_state(states).to(said[0].dtype)[:, :, None]  # [R, N, 1, H]
    for of_sender in torch.stack(said, 3).unbind(2):  # [R, N, K, H], after which there are K times as many sums
        total = (total[:, :, :, None] + of_sender[:, :, None]).flatten(2, 3)  # [R, N, C, H] in the end
    predicted = states[:, :, None] + network.node(total).float()  # [R, N, C, D]
    return (predicted - after[:, :, None]).square().mean(-1)


def over_frames(
    network: ModularNetwork, trajectories: Tensor, count: Callable[[Tensor], Tensor] = lambda errors: errors
) -> Tensor:
    """Mean over all frames of what an error counts, of every assignment: [M, T, N, D] -> [M, N, C].

    Raises:
        InputError: a scene of less than two frames.
    """
    frames = trajectories.shape[1]
    if frames < 2:
        raise InputError(f"scenes of {frames} frames show no motion: give 2 or more")
    found = []
    for some in trajectories.split(max(1, AT_ONCE // frames)):
        now, after = some[:, :-1].flatten(0, 1), some[:, 1:].flatten(0, 1)  # [M T', N, D]
        found.append(count(errors(network, now, after).unflatten(0, (len(some), -1))).mean(1))  # [M, T', N, C]
    return torch.cat(found)


def best_structures(network: ModularNetwork, trajectories: Tensor, floor: float) -> Tensor:
    """The best graph of every scene among all there are, by mean log(error + floor): [M, T, N, D] -> [M, N, N - 1].

    Raises:
        InputError: errors that are not finite.
    """
    scores = over_frames(network, trajectories, lambda errors: (errors + floor).log())  # [M, N, C]
    if not scores.isfinite().all():
        raise InputError("the error of a structure is not finite: are the trajectories? else lower train.rate")
    around = assignments(trajectories.shape[2] - 1, network.count, trajectories.device)
    return around[scores.argmin(-1)]  # [M, N] -> [M, N, N - 1]
