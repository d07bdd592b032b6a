"""Decoders (Kipf et al. 2018, sections 3.3 and 3.5): the next frame from this one and the types of all edges.

B scenes (or scenes times starting frames), N objects, D features, H width, K edge types.
"""

import torch
from torch import Tensor, nn

from reprolib.kernels.messages import message_sum
from reprolib.models.nri.encoders import at_ends, both_ends
from reprolib.models.plain_layers import is_plain, starts_plain


class MLPDecoder(nn.Module):
    """The Markovian decoder (section 3.3): x' = x + f_v([x, sum over edges of sum_k z_k f_e^k(x_j, x_i)]).

    Args:
        first_is_none: edges of the first type carry nothing, and their messages are never computed.
        dropout: of the output network; with `always` in evaluation too, as the official code has it.
    """

    def __init__(
        self,
        features: int,
        width: int,
        types: int,
        first_is_none: bool = True,
        dropout: float = 0.0,
        always: bool = False,
    ) -> None:
        super().__init__()
        self.skipped = int(first_is_none)
        speaking = range(self.skipped, types)
        self.message_in = nn.ModuleList(nn.Linear(2 * features, width) for _ in speaking)
        self.message_out = nn.ModuleList(nn.Linear(width, width) for _ in speaking)
        self.output = _output(features + width, width, features, dropout, always)

    def start(self, states: Tensor) -> None:
        """This decoder carries no memory from frame to frame."""

    def forward(self, states: Tensor, types: Tensor, memory: None = None) -> tuple[Tensor, None]:
        """The next states: [B, N, D] and edge types [B, N, N - 1, K] -> [B, N, D], and no memory."""
        types = types.to(states.dtype)
        received = sum(self._received(states, types, kind) for kind in range(len(self.message_in)))
        return states + self._output(states, received).to(states.dtype), None

    def _output(self, states: Tensor, received: Tensor) -> Tensor:
        """The change of the states, by the output network on [x, received], which need not be joined: [B, N, D]."""
        if not starts_plain(self.output):
            return self.output(torch.cat([states, received], -1))
        first, *rest = self.output
        of_state, of_received = first.weight.split([states.shape[-1], received.shape[-1]], 1)
        hidden = nn.functional.linear(states, of_state) + nn.functional.linear(received, of_received, first.bias)
        return _through(rest, hidden)

    def _received(self, states: Tensor, types: Tensor, kind: int) -> Tensor:
        """Sum of the messages of one type to every receiver: [B, N, H]."""
        first, second, gate = self.message_in[kind], self.message_out[kind], types[..., self.skipped + kind]
        if not (is_plain(first) and is_plain(second) and second.bias is not None):
            message = second(first(torch.cat(both_ends(states), -1)).relu()).relu()  # [B, N, N - 1, H]
            return (gate[..., None] * message).sum(2)
        of_sender, of_receiver = first.weight.chunk(2, 1)
        sender = nn.functional.linear(states, of_sender)
        receiver = nn.functional.linear(states, of_receiver, first.bias)
        return message_sum(sender, receiver, gate, second.weight, second.bias)


class RecurrentDecoder(nn.Module):
    """The recurrent decoder (section 3.5): messages between hidden states, through a gate, to the next frame."""

    def __init__(
        self,
        features: int,
        width: int,
        types: int,
        first_is_none: bool = True,
        dropout: float = 0.0,
        always: bool = False,
    ) -> None:
        super().__init__()
        self.skipped, self.width = int(first_is_none), width
        self.messages = nn.ModuleList(
            nn.Sequential(
                nn.Linear(2 * width, width), nn.Tanh(), Dropout(dropout, always), nn.Linear(width, width), nn.Tanh()
            )
            for _ in range(self.skipped, types)
        )
        self.of_input = nn.Linear(features, 3 * width)
        self.of_received = nn.Linear(width, 3 * width, bias=False)
        self.output = _output(width, width, features, dropout, always)

    def start(self, states: Tensor) -> Tensor:
        """The memory before the first frame: [B, N, H] of zeros."""
        return states.new_zeros(*states.shape[:2], self.width)

    def forward(self, states: Tensor, types: Tensor, memory: Tensor) -> tuple[Tensor, Tensor]:
        """The next states [B, N, D] and memory [B, N, H] from states, edge types [B, N, N - 1, K] and memory."""
        types = types.to(states.dtype)
        gates = self.of_input(states), self.of_received(self._received(memory, types))  # [B, N, 3 H] twice
        (reset, update, new), (r, u, n) = (gate.chunk(3, -1) for gate in gates)
        update = (update + u).sigmoid()
        new = (new + (reset + r).sigmoid() * n).tanh()
        memory = (1 - update) * new + update * memory
        return states + self.output(memory).to(states.dtype), memory

    def _received(self, memory: Tensor, types: Tensor) -> Tensor:
        """Mean over senders and types of the messages between hidden states: [B, N, H]."""
        messages = (_from_ends(net, memory) for net in self.messages)
        gated = (types[..., self.skipped + kind, None] * message for kind, message in enumerate(messages))
        return sum(gated).sum(2) / (len(self.messages) * memory.shape[1])  # [B, N, N - 1, H] -> [B, N, H]


class Dropout(nn.Dropout):
    """Dropout that may ignore evaluation mode."""

    def __init__(self, p: float, always: bool) -> None:
        super().__init__(p)
        self.always = always

    def forward(self, values: Tensor) -> Tensor:
        return nn.functional.dropout(values, self.p, self.training or self.always)


def _from_ends(net: nn.Sequential, memory: Tensor) -> Tensor:
    """What a network that starts with a linear layer on sender and receiver says: [B, N, H] -> [B, N, N - 1, H]."""
    if not is_plain(net, nn.Sequential):
        return net(torch.cat(both_ends(memory), -1))
    first, *rest = net
    return _through(rest, at_ends(first, memory))  # [B, N, N - 1, H]


def _through(layers: list[nn.Module], hidden: Tensor) -> Tensor:
    for layer in layers:
        hidden = layer(hidden)
    return hidden


def _output(inputs: int, width: int, features: int, dropout: float, always: bool) -> nn.Sequential:
    """The three layers from what a node knows to the change of its features."""
    return nn.Sequential(
        *(nn.Linear(inputs, width), nn.ReLU(), Dropout(dropout, always)),
        *(nn.Linear(width, width), nn.ReLU(), Dropout(dropout, always)),
        nn.Linear(width, features),
    )


DECODERS = {"mlp": MLPDecoder, "recurrent": RecurrentDecoder}
