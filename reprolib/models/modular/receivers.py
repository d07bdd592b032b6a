"""All assignments of edge modules around a receiver, scored at once: the optimum over all graphs of a scene.

One step from a true frame, the error at a receiver depends on its own incoming edges only. So the best of all
K^(N (N - 1)) graphs is made of the best of K^(N - 1) assignments of every receiver, and what an edge says is worked out
once for all of them.

R scenes (or scenes times frames), N objects, D features, H width, K edge modules, C assignments, M scenes, T frames,
G symmetric graphs.
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from reprolib.errors import InputError
from reprolib.models.modular.modules import ModularNetwork, ends
from reprolib.models.precision import at_least_single

Choose = Callable[[Tensor], Tensor]  # of scores [..., C] a place each: [...]
Assembly = Callable[[Tensor, Choose], Tensor]  # structures [M, N, N - 1], of scores [M, N, C]
MOST = 4_096  # assignments of a receiver, or symmetric graphs
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
            "senders, train.learning to blocks, train.senders as well, and model.proposal to another than exact"
        )
    return torch.cartesian_prod(*[torch.arange(modules, device=device)] * senders).view(-1, senders)


@torch.no_grad()
def errors(network: ModularNetwork, states: Tensor, after: Tensor) -> Tensor:
    """Mean squared error at every receiver under each of its assignments: [R, N, D] twice -> [R, N, C]."""
    count = states.shape[1]
    combinations = len(assignments(count - 1, network.count))
    at_once = max(1, BLOCK // (count * combinations * network.width))
    parts = zip(states.split(at_once), after.split(at_once), strict=True)
    return torch.cat([_errors(network, *part) for part in parts])


def _errors(network: ModularNetwork, states: Tensor, after: Tensor) -> Tensor:
    pairs = ends(states)
    said = [network.said(kind, pairs) for kind in range(network.count)]  # K times [R, N, N - 1, H]
    said = torch.stack(said, 3).flatten(0, 1)  # [R N, N - 1, K, H]
    total = sums(network.own(states).to(said.dtype).flatten(0, 1), said)  # [R N, C, H]
    predicted = states[:, :, None] + at_least_single(network.change(total)).unflatten(
        0, states.shape[:2]
    )  # [R, N, C, D]
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


def best_structures(network: ModularNetwork, trajectories: Tensor, floor: float, symmetric: bool = False) -> Tensor:
    """The best graph of every scene among all there are, by mean log(error + floor): [M, T, N, D] -> [M, N, N - 1].

    Args:
        symmetric: among those that are alike in both directions.

    Raises:
        InputError: errors that are not finite.
    """
    scores = over_frames(network, trajectories, lambda errors: (errors + floor).log())  # [M, N, C]
    if not scores.isfinite().all():
        raise InputError("the error of a structure is not finite: are the trajectories? else lower train.rate")
    return assembly(trajectories.shape[2], network.count, symmetric, trajectories.device)(scores, least)


def least(scores: Tensor) -> Tensor:
    """The place of the least score: [..., C] -> [...]."""
    return scores.argmin(-1)


def assembly(objects: int, modules: int, symmetric: bool, device: torch.device | None = None) -> Assembly:
    """What makes structures of scores: each receiver's assignment is chosen by itself, or, ours and an extension, both
    directions of a pair get one module. Then whole graphs are compared, by the mean of their receivers' scores.

    Raises:
        InputError: there are too many assignments of a receiver, or symmetric graphs.
    """
    around = assignments(objects - 1, modules, device)  # [C, N - 1]
    if not symmetric:
        return lambda scores, choose: around[choose(scores)]
    graphs = symmetric_graphs(objects, modules).to(around.device)  # [G, N, N - 1]
    digits = modules ** torch.arange(objects - 1, device=around.device).flip(0)
    places, receivers = (graphs * digits).sum(2), torch.arange(objects, device=around.device)  # [G, N], [N]
    return lambda scores, choose: graphs[choose(scores[:, receivers, places].mean(2))]


def symmetric_graphs(objects: int, modules: int) -> Tensor:
    """All graphs of a scene that are alike in both directions: [G, N, N - 1], where G = K^(N (N - 1) / 2).

    Raises:
        InputError: there are too many.
    """
    first, second = torch.triu_indices(objects, objects, 1)
    if modules ** len(first) > MOST:
        raise InputError(
            f"{objects} objects and {modules} edge modules make {modules}^{len(first)} symmetric graphs, more than the "
            f"{MOST:,} that can be compared at once: set model.symmetric to False"
        )
    kinds = torch.cartesian_prod(*[torch.arange(modules)] * len(first)).view(-1, len(first))
    square = torch.zeros(len(kinds), objects, objects, dtype=torch.long)
    square[:, first, second] = square[:, second, first] = kinds
    return square[:, ~torch.eye(objects, dtype=torch.bool)].unflatten(1, (objects, objects - 1))
