"""All assignments of edge modules around a receiver, scored at once: the optimum over all graphs of a scene.

One step from a true frame, the error at a receiver depends on its own incoming edges only. So the best of all
K^(N (N - 1)) graphs is made of the best of K^(N - 1) assignments of every receiver, and what an edge says is worked out
once for all of them.

R scenes (or scenes times frames), N objects, D features, H width, K edge modules, C assignments, M scenes, T frames.
"""

import math
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
            f"than the {MOST:,} that can be scored at once: set model.block to {int(math.log(MOST, modules))} or fewer "
            "senders, train.learning to blocks or bouncegrad, and model.proposal to another than exact"
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
    said = torch.stack(said, 3).flatten(0, 1)  # [R N, N - 1, K, H]
    total = sums(network.of_state(states).to(said.dtype).flatten(0, 1), said)  # [R N, C, H]
    predicted = states[:, :, None] + network.node(total).float().unflatten(0, states.shape[:2])  # [R, N, C, D]
    return (predicted - after[:, :, None]).square().mean(-1)


def sums(own: Tensor, said: Tensor) -> Tensor:
    """What P receivers hear under each assignment of S senders: [P, ...] and [P, S, K, ...] -> [P, C, ...]."""
    total = own[:, None]  # [P, 1, ...]
    for of_sender in said.unbind(1):  # [P, K, ...], after which there are K times as many sums
        total = (total[:, :, None] + of_sender[:, None]).flatten(1, 2)
    return total


def over_frames(
    network: ModularNetwork, trajectories: Tensor, count: Callable[[Tensor], Tensor] = lambda errors: errors
) -> Tensor:
    """Mean over all frames of what an error counts, of every assignment: [M, T, N, D] -> [M, N, C].

    Raises:
        InputError: a scene of less than two frames.
    """
    check_moving(trajectories)
    frames, found = trajectories.shape[1], []
    for some in trajectories.split(max(1, AT_ONCE // frames)):
        now, after = some[:, :-1].flatten(0, 1), some[:, 1:].flatten(0, 1)  # [M T', N, D]
        found.append(count(errors(network, now, after).unflatten(0, (len(some), -1))).mean(1))  # [M, T', N, C]
    return torch.cat(found)


def check_moving(trajectories: Tensor) -> None:
    """Raise InputError unless scenes [M, T, N, D] have two frames."""
    if trajectories.shape[1] < 2:
        raise InputError(f"scenes of {trajectories.shape[1]} frames show no motion: give 2 or more")


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
