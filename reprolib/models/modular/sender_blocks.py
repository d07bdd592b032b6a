"""More senders than can be compared at once: blocks of them in turn, each block exactly.

One step from a true frame, every receiver is a problem of its own. All assignments of a few of its senders are compared
while those of the others stay; then come the next few. A block of all senders is the exact search of `receivers`.

M scenes, T frames of which F are followed by another, N objects, D features, H width, K edge modules, P receivers of
all scenes, S senders of a receiver, C assignments of a block.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from reprolib.errors import InputError
from reprolib.models.modular.annealing import random_structures
from reprolib.models.modular.modules import ModularNetwork, ends
from reprolib.models.modular.receivers import BLOCK, Choose, assignments, check_moving, least, sums
from reprolib.models.modular.relaxation import guessed
from reprolib.models.precision import at_least_single

AT_ONCE = 2**24  # numbers that edges say


@dataclass(frozen=True)
class Sweeps:
    """How a search by blocks goes on.

    Args:
        block: senders that are compared together; None: all.
        count: how often every sender is met, in blocks that are drawn anew.
        starts: a guess by least squares, and random structures beside it; the best end of every receiver counts.
    """

    block: int | None
    count: int
    starts: int


class Receivers:
    """What every module says on every edge of some scenes, and the scores that follow.

    Args:
        now: frames [M, F, N, D].
        after: those that follow them.
        floor: what is added to a squared error before its logarithm.
    """

    @torch.no_grad()
    def __init__(self, network: ModularNetwork, now: Tensor, after: Tensor, floor: float) -> None:
        self.network, self.floor = network, floor
        self.scenes, self.objects = now.shape[0], now.shape[2]
        states = now.flatten(0, 1)  # [M F, N, D]
        pairs = ends(states)
        said = [network.said(kind, pairs) for kind in range(network.count)]
        of_receiver = _by_receiver(torch.stack(said, 3), self.scenes)  # [P, F, S, K, H]
        self.said = of_receiver.movedim(1, 3).contiguous()  # [P, S, K, F, H]
        self.own = _by_receiver(network.own(states).to(said[0].dtype), self.scenes)  # [P, F, H]
        self.moved = _by_receiver((after - now).flatten(0, 1), self.scenes)  # [P, F, D]

    def searched(self, sweeps: Sweeps, generator: torch.Generator) -> Tensor:
        """Of all starts the best assignment of every receiver: [M, N, N - 1].

        Raises:
            InputError: a block has too many assignments, errors that are not finite.
        """
        best, lowest = None, torch.tensor(torch.inf)
        for start in range(sweeps.starts):
            found = self._random(generator) if start else self.guessed()
            for _ in range(sweeps.count):
                found, scores = self.swept(found, sweeps.block, generator)
            better = (scores < lowest)[..., None]
            best = found if best is None else torch.where(better, found, best)
            lowest = torch.minimum(scores, lowest)
        if not lowest.isfinite().all():
            raise InputError("the error of a structure is not finite: are the trajectories? else lower train.rate")
        return best

    def _random(self, generator: torch.Generator) -> Tensor:
        return random_structures(self.scenes, self.objects, self.network.count, generator).to(self.said.device)

    def swept(
        self, structures: Tensor, size: int | None, generator: torch.Generator, choose: Choose = least
    ) -> tuple[Tensor, Tensor]:
        """Every sender met once, in random blocks of a size: structures [M, N, N - 1] and their scores [M, N].

        Args:
            size: of a block; None: all senders.
            choose: one of a block's assignments.

        Raises:
            InputError: a block has too many assignments.
        """
        order = torch.randperm(self.objects - 1, generator=generator).to(structures.device)
        for block in order.split(size or len(order)):
            around = assignments(len(block), self.network.count, block.device)  # [C, block]
            scores = self.scores(structures, block)
            place = choose(scores)
            structures = structures.index_copy(2, block, around[place])
        return structures, scores.gather(-1, place[..., None]).squeeze(-1)

    def guessed(self) -> Tensor:
        """Structures to start from, by least squares: [M, N, N - 1]."""
        return guessed(self.network, self.said, self.own, self.moved).unflatten(0, (self.scenes, self.objects))

    @torch.no_grad()
    def scores(self, structures: Tensor, block: Tensor) -> Tensor:
        """Mean log(error + floor) under all assignments of a block, while other senders keep theirs: [M, N, C]."""
        fixed = self._fixed(structures.flatten(0, 1), block)  # [P, F, H]
        size = fixed[0].numel() * self.network.count ** len(block)
        parts = zip(*(of.split(max(1, BLOCK // size)) for of in (fixed, self.said, self.moved)), strict=True)
        found = torch.cat([self._scores(own, said[:, block], moved) for own, said, moved in parts])
        return found.unflatten(0, structures.shape[:2])

    def _fixed(self, chosen: Tensor, block: Tensor) -> Tensor:
        """What receivers hear of all but a block of senders: [P, S] -> [P, F, H]."""
        others = torch.ones(chosen.shape[1], dtype=torch.bool, device=chosen.device).index_fill(0, block, False)
        every = torch.arange(chosen.numel(), device=chosen.device).view_as(chosen) * self.network.count + chosen
        heard = self.said.flatten(0, 2)[every[:, others]]  # [P, S - block, F, H]
        return self.own + heard.sum(1)

    def _scores(self, fixed: Tensor, said: Tensor, moved: Tensor) -> Tensor:
        """Of some receivers: [P, F, H], [P, block, K, F, H] and [P, F, D] -> [P, C]."""
        predicted = at_least_single(self.network.change(sums(fixed, said)))  # [P, C, F, D]
        return ((predicted - moved[:, None]).square().mean(-1) + self.floor).log().mean(-1)


@torch.no_grad()
def descended(
    network: ModularNetwork, trajectories: Tensor, floor: float, sweeps: Sweeps, generator: torch.Generator
) -> Tensor:
    """The best that block after block finds by mean log(error + floor): [M, T, N, D] -> [M, N, N - 1].

    Raises:
        InputError: a block has too many assignments, scenes of less than two frames, errors that are not finite.
    """
    check_moving(trajectories)
    frames, objects = trajectories.shape[1:3]
    numbers = frames * objects * (objects - 1) * network.count * network.width
    parts = trajectories.split(max(1, AT_ONCE // numbers))
    every = (Receivers(network, some[:, :-1], some[:, 1:], floor) for some in parts)
    return torch.cat([receivers.searched(sweeps, generator) for receivers in every])


def _by_receiver(values: Tensor, scenes: int) -> Tensor:
    """What belongs to each receiver of each scene: [M F, N, ...] -> [M N, F, ...]."""
    return values.unflatten(0, (scenes, -1)).transpose(1, 2).flatten(0, 1)
