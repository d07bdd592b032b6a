"""One node module and several edge modules, put together by a structure (Alet et al. 2019, section 3 and supplement).

A structure says for every ordered pair of objects which edge module is at work: int64 [R, N, N - 1], one row a
receiver, its senders in ascending order. A batch of scenes with their structures is one graph of R N nodes and
R N (N - 1) edges, on which every module runs once.

R scenes (or scenes times frames), N objects, D features, H width, K edge modules.
"""

import torch
from torch import Tensor, nn

from reprolib.data.simulations import senders
from reprolib.errors import InputError
from reprolib.models.plain_layers import is_plain


class ModularNetwork(nn.Module):
    """x_i' = x_i + node([x_i, sum over senders j of edge_s(ij)([x_j, x_i])]), a residual update along a structure s.

    >>> network = ModularNetwork(features=4, width=8, modules=2)
    >>> states, structure = torch.zeros(3, 5, 4), torch.ones(3, 5, 4, dtype=torch.long)
    >>> network(states, structure).shape
    torch.Size([3, 5, 4])

    Args:
        modules: K, of edges.
        first_is_none: the first edge module is "no edge" and carries no message; by default all of them act.
    """

    def __init__(self, features: int, width: int, modules: int, first_is_none: bool = False) -> None:
        super().__init__()
        if modules < 1 + first_is_none:
            raise InputError(f"model.modules is {modules}: give {1 + first_is_none} or more, so that one of them acts")
        self.count, self.skipped, self.width = modules, int(first_is_none), width
        self.edges = nn.ModuleList(_edge_module(features, width) for _ in range(self.skipped, modules))
        self.of_state = Exact(features, width)  # with `of_received` the first layer of the node module
        self.of_received = nn.Linear(width, width, bias=False)
        self.node = nn.Sequential(
            nn.ReLU(inplace=True),
            nn.Linear(width, width),
            nn.ReLU(inplace=True),
            nn.Linear(width, width),
            nn.ReLU(inplace=True),
            nn.Linear(width, features),
        )
        _as_one_layer(self.of_state, self.of_received)

    def forward(self, states: Tensor, structure: Tensor) -> Tensor:
        """The next states: [R, N, D] and [R, N, N - 1] -> [R, N, D]."""
        return self._next(states, self._shared_out(structure))

    def rollout(self, states: Tensor, structure: Tensor, steps: int) -> Tensor:
        """The next frames: [R, N, D] -> [R, steps, N, D]."""
        frames, shares = [], self._shared_out(structure)
        for _ in range(steps):
            states = self._next(states, shares)
            frames.append(states)
        return torch.stack(frames, 1)

    def _shared_out(self, structure: Tensor) -> tuple[Tensor, list[int]]:
        """All edges [E] in the order of their modules, and how many each module has."""
        kinds = structure.flatten()
        return kinds.argsort(stable=True), torch.bincount(kinds, minlength=self.count).tolist()

    def _next(self, states: Tensor, shares: tuple[Tensor, list[int]]) -> Tensor:
        """Each module runs once on all the edges that it has."""
        order, counts = shares
        pairs = ends(states)  # [R, N, N - 1, 2 D]
        parts = pairs.flatten(0, 2).index_select(0, order).split(counts)  # K times [E_k, 2 D]
        messages = torch.cat([self.message(kind, part) for kind, part in enumerate(parts)])  # [E, H]
        received = torch.empty_like(messages).index_copy(0, order, messages).view(*pairs.shape[:3], -1).sum(2)
        return states + self.node(self.of_state(states) + self.of_received(received)).to(states.dtype)

    def message(self, kind: int, pairs: Tensor) -> Tensor:
        """What one module says on [x_j, x_i]: [..., 2 D] -> [..., H]."""
        if kind < self.skipped:
            return pairs.new_zeros(*pairs.shape[:-1], self.width)
        return self.edges[kind - self.skipped](pairs)

    def own(self, states: Tensor) -> Tensor:
        """What a receiver itself adds to the sum that `change` reads: [..., D] -> [..., H], or wider as `said` is."""
        own = self.of_state(states)
        return own if is_plain(self.of_received) else nn.functional.pad(own, (0, self.width))

    def said(self, kind: int, pairs: Tensor) -> Tensor:
        """What a sender adds to that sum, through one module: [..., 2 D] -> [..., H].

        As `of_received` is linear, it may come before the sum. Where it is more than a plain linear layer, messages are
        added beside the receiver's own term, [..., 2 H], and `change` calls the layer on their sum.
        """
        message = self.message(kind, pairs)
        return self.of_received(message) if is_plain(self.of_received) else nn.functional.pad(message, (self.width, 0))

    def change(self, total: Tensor) -> Tensor:
        """How a receiver's state changes, from its own term plus what all senders say: [..., H] -> [..., D].

        The total is overwritten.
        """
        if not is_plain(self.of_received):
            own, received = total.split(self.width, -1)
            total = own + self.of_received(received)
        return self.node(total)


class Exact(nn.Linear):
    """A linear layer that autocast leaves in single precision, as it reads positions whose differences matter."""

    def forward(self, values: Tensor) -> Tensor:
        with torch.autocast(values.device.type, enabled=False):
            return super().forward(values)


def ends(states: Tensor) -> Tensor:
    """[x_j, x_i] of every edge from j to i: [R, N, D] -> [R, N, N - 1, 2 D]."""
    count = states.shape[1]
    sending = torch.from_numpy(senders(count)).to(states.device)  # [N, N - 1]
    sender = states.index_select(1, sending.flatten()).unflatten(1, sending.shape)  # [R, N, N - 1, D]
    return torch.cat([sender, states[:, :, None].expand_as(sender)], -1)


def _edge_module(features: int, width: int) -> nn.Sequential:
    return nn.Sequential(
        *(Exact(2 * features, width), nn.ReLU()),
        *(nn.Linear(width, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU()),
    )


def _as_one_layer(first: nn.Linear, second: nn.Linear) -> None:
    """Draw the weights of two terms of one sum as PyTorch draws those of one layer on both inputs."""
    bound = (first.in_features + second.in_features) ** -0.5
    for weight in (first.weight, first.bias, second.weight):
        nn.init.uniform_(weight, -bound, bound)
