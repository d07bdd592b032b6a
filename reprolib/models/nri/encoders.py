"""Encoders (Kipf et al. 2018, section 3.1 and appendix): trajectories -> logits of every edge's type.

Both are two rounds of message passing, v -> e -> v -> e, on the fully connected graph without self-loops. Edges are
dense, [B, N, N - 1], one row a receiver and its senders in ascending order; the first layer of every edge network is
one term of each end, so that no end is copied to its edges before it.

B scenes, T frames, N objects, D features, H width, K edge types.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn.functional import linear

from reprolib.errors import InputError
from reprolib.kernels.pooling import larger_of_two
from reprolib.models.finite_values import check_finite
from reprolib.models.plain_layers import is_plain
from reprolib.models.precision import at_least_single

BIAS = 0.1  # of every linear layer at the start, as in the official code
KERNEL = 5  # of the convolutions over time; between them frames are pooled in pairs
SHORTEST = 2 * KERNEL + KERNEL - 1  # frames that leave one frame after both convolutions
AGGREGATIONS: dict[str, Callable[[int], int]] = {"n": lambda count: count, "n-1": lambda count: count - 1}


class EdgeMLP(nn.Module):
    """Two layers of ELU, then batch norm, on what the ends of an edge or a node itself give.

    Args:
        parts: features of each input.
    """

    def __init__(self, parts: tuple[int, ...], width: int, dropout: float = 0.0) -> None:
        super().__init__()
        first, second = nn.Linear(sum(parts), width), nn.Linear(width, width)
        self.first = initialised(first)
        self.rest = nn.Sequential(nn.ELU(), nn.Dropout(dropout), initialised(second), nn.ELU())
        self.norm = nn.BatchNorm1d(width)

    def forward(self, *inputs: Tensor) -> Tensor:
        """Inputs [..., D] of parts, each already in its place on nodes or edges -> [..., H]."""
        return self.after_first(self.first(torch.cat(inputs, -1)))

    def after_first(self, hidden: Tensor) -> Tensor:
        """What the first layer gives [..., H] -> [..., H]."""
        hidden = self.rest(hidden)
        return self.norm(hidden.flatten(0, -2)).view_as(hidden)


def on_edges(update: nn.Module, nodes: Tensor, *edges: Tensor) -> Tensor:
    """An EdgeMLP on (sender, receiver, edge features): nodes [B, N, D], edges [B, N, N - 1, D] -> [B, N, N - 1, H]."""
    if is_plain(update, EdgeMLP):
        return update.after_first(at_ends(update.first, nodes, *edges))
    return update(*both_ends(nodes), *edges)


class MLPEncoder(nn.Module):
    """f_emb, f_e^1, f_v^1 and f_e^2 of section 3.1 on whole trajectories of a fixed number of frames."""

    def __init__(self, frames: int, features: int, width: int, types: int, dropout: float, aggregate: str) -> None:
        super().__init__()
        self.frames = frames
        self.embed = EdgeMLP((frames * features,), width, dropout)
        self.first = EdgeMLP((width, width), width, dropout)
        self.rounds = SecondRound(width, types, dropout, aggregate)

    def forward(self, trajectories: Tensor, there: Tensor | None = None) -> Tensor:
        """Logits [B, N, N - 1, K] from trajectories [B, T, N, D].

        Args:
            there: bool [B, N], objects that others hear; None: all.

        Raises:
            InputError: another number of frames than the encoder was built for.
        """
        if trajectories.shape[1] != self.frames:
            raise InputError(
                f"this encoder reads {self.frames} frames, not {trajectories.shape[1]}: cut the trajectory"
            )
        nodes = self.embed(trajectories.transpose(1, 2).flatten(2))  # [B, T, N, D] -> [B, N, T D] -> [B, N, H]
        return self.rounds(on_edges(self.first, nodes), there)


class CNNEncoder(nn.Module):
    """Convolutions over time on every edge's pair of trajectories, pooled with attention; any number of frames."""

    def __init__(self, frames: int, features: int, width: int, types: int, dropout: float, aggregate: str) -> None:
        super().__init__()
        _require_frames(frames)
        self.of_sender = nn.Conv1d(features, width, KERNEL, bias=False)
        self.of_receiver = nn.Conv1d(features, width, KERNEL)
        self.second = nn.Conv1d(width, width, KERNEL)
        self.norms = nn.ModuleList([nn.BatchNorm1d(width), nn.BatchNorm1d(width)])
        self.predict, self.attend = nn.Conv1d(width, width, 1), nn.Conv1d(width, 1, 1)
        self.dropout = nn.Dropout(dropout)
        for layer, fan in ((self.of_sender, KERNEL), (self.of_receiver, KERNEL), (self.second, KERNEL)):
            nn.init.normal_(layer.weight, 0, (2 / (fan * width)) ** 0.5)
        for layer in (self.predict, self.attend):
            nn.init.normal_(layer.weight, 0, (2 / layer.out_channels) ** 0.5)
        for layer in (self.of_receiver, self.second, self.predict, self.attend):
            nn.init.constant_(layer.bias, BIAS)
        self.first = EdgeMLP((width,), width, dropout)
        self.rounds = SecondRound(width, types, dropout, aggregate)

    def forward(self, trajectories: Tensor, there: Tensor | None = None) -> Tensor:
        """Logits [B, N, N - 1, K] from trajectories [B, T, N, D].

        Args:
            there: bool [B, N], objects that others hear; None: all.
        """
        scenes, frames, count, _ = trajectories.shape
        _require_frames(frames)
        over_time, over_features = (self.of_sender, self.of_receiver, self.second), (self.predict, self.attend)
        plain = all(_is_plain(layer, KERNEL) for layer in over_time) and all(_is_plain(c, 1) for c in over_features)
        pooled = self._pooled(trajectories) if plain else self._pooled_by_layers(trajectories)
        return self.rounds(self.first(pooled.unflatten(0, (scenes, count, count - 1))), there)

    def _pooled(self, trajectories: Tensor) -> Tensor:
        """Mean over time of `predict`, weighted by the attention: [B, T, N, D] -> [B N (N - 1), H].

        Features stay last, where batch norm and pooling are fastest; `predict` is linear and comes after the attention.
        """
        seen = trajectories.transpose(1, 2).unfold(2, KERNEL, 1).flatten(3)  # [B, N, T', D KERNEL]
        by_sender, by_receiver = (
            linear(seen, layer.weight.flatten(1), layer.bias) for layer in (self.of_sender, self.of_receiver)
        )  # [B, N, T', H] twice
        hidden = sent(by_sender) + by_receiver[:, :, None]  # [B, N, N - 1, T', H]
        hidden = self.dropout(_normed(self.norms[0], hidden.flatten(0, 2)))  # [B N (N - 1), T', H]
        hidden = larger_of_two(hidden).transpose(1, 2)[:, :, None]  # [B N (N - 1), H, 1, T' / 2]
        hidden = nn.functional.conv2d(hidden, self.second.weight[:, :, None], self.second.bias)
        hidden = _normed(self.norms[1], hidden[:, :, 0].transpose(1, 2))  # [B N (N - 1), T'', H]
        weights = linear(hidden, self.attend.weight[..., 0], self.attend.bias).softmax(1)
        attended = (weights.mT.to(hidden.dtype) @ hidden)[:, 0]  # [B N (N - 1), H]
        return linear(attended, self.predict.weight[..., 0], self.predict.bias) / hidden.shape[1]

    def _pooled_by_layers(self, trajectories: Tensor) -> Tensor:
        """The definition of `_pooled`, in which every layer is called."""
        nodes = trajectories.permute(0, 2, 3, 1)  # [B, N, D, T]
        by_sender, by_receiver = (
            layer(nodes.flatten(0, 1)).unflatten(0, nodes.shape[:2]) for layer in (self.of_sender, self.of_receiver)
        )  # [B, N, H, T'] twice
        hidden = (sent(by_sender) + by_receiver[:, :, None]).flatten(0, 2).relu()  # [B N (N - 1), H, T']
        hidden = nn.functional.max_pool1d(self.dropout(self.norms[0](hidden)), 2)
        hidden = self.norms[1](self.second(hidden).relu())  # [B N (N - 1), H, T'']
        return (self.attend(hidden).softmax(-1) * self.predict(hidden)).mean(-1)


def _is_plain(layer: nn.Module, kernel: int) -> bool:
    """Whether a convolution over time is plain and, but for its width, as this encoder makes it."""
    return is_plain(layer, nn.Conv1d) and (
        (layer.kernel_size, layer.stride, layer.padding, layer.dilation, layer.groups)
        == ((kernel,), (1,), (0,), (1,), 1)
    )


def _normed(norm: nn.BatchNorm1d, hidden: Tensor) -> Tensor:
    """ReLU and batch norm over scenes and time: [M, T, H] -> [M, T, H]."""
    return norm(hidden.relu().flatten(0, 1)).view(hidden.shape)


def _require_frames(frames: int) -> None:
    if frames < SHORTEST:
        raise InputError(f"the convolutional encoder needs {SHORTEST} frames or more, not {frames}")


class SecondRound(nn.Module):
    """From edge features through the nodes back to the edges, which also keep what they were: logits of the types."""

    def __init__(self, width: int, types: int, dropout: float, aggregate: str) -> None:
        super().__init__()
        if aggregate not in AGGREGATIONS:
            raise InputError(f"model.aggregate is {aggregate!r}: choose one of {', '.join(AGGREGATIONS)}")
        self.aggregate = aggregate
        self.node = EdgeMLP((width,), width, dropout)
        self.edge = EdgeMLP((width, width, width), width, dropout)
        self.out = initialised(nn.Linear(width, types))

    def forward(self, edges: Tensor, there: Tensor | None = None) -> Tensor:
        """[B, N, N - 1, H] and, of the objects that others hear, [B, N] -> [B, N, N - 1, K]."""
        nodes = self._heard(edges, there)  # [B, N, H]
        return at_least_single(self.out(on_edges(self.edge, self.node(nodes), edges)))

    def _heard(self, edges: Tensor, there: Tensor | None) -> Tensor:
        """What comes in at every object, over the number of objects: [B, N, N - 1, H] -> [B, N, H]."""
        over = AGGREGATIONS[self.aggregate]
        if there is None:
            return edges.sum(2) / over(edges.shape[1])
        return (edges * sent(there)[..., None]).sum(2) / over(there.sum(1)).clamp(min=1)[:, None, None]


ENCODERS = {"mlp": MLPEncoder, "cnn": CNNEncoder}


def edge_logits(encoder: nn.Module, trajectories: Tensor, *there: Tensor) -> Tensor:
    """Logits of all edges: [B, T, N, D], and of whoever others hear [B, N] -> [B, N, N - 1, K].

    Raises:
        InputError: trajectories, or the logits, are not finite.
    """
    check_finite(trajectories, "trajectories", objects=2)
    logits = encoder(trajectories, *there)
    check_finite(logits, "logits of the edges", objects=1)
    return logits


def sent(nodes: Tensor) -> Tensor:
    """What every receiver gets from its senders: [B, N, ...] -> [B, N, N - 1, ...]."""
    index = _senders(nodes.shape[1], nodes.device)  # [N, N - 1]
    return nodes.index_select(1, index.flatten()).unflatten(1, index.shape)


def both_ends(nodes: Tensor) -> tuple[Tensor, Tensor]:
    """The sender and the receiver of every edge: [B, N, D] -> [B, N, N - 1, D] twice."""
    sender = sent(nodes)
    return sender, nodes[:, :, None].expand_as(sender)


def at_ends(layer: nn.Module, nodes: Tensor, *edges: Tensor) -> Tensor:
    """A linear layer on (sender, receiver, edge features): [B, N, D], [B, N, N - 1, D] -> [B, N, N - 1, H].

    What it makes of either end is formed per node.
    """
    if not is_plain(layer):
        return layer(torch.cat([*both_ends(nodes), *edges], -1))
    widths = [values.shape[-1] for values in (nodes, nodes, *edges)]
    of_sender, of_receiver, *of_edges = layer.weight.split(widths, 1)
    hidden = sent(linear(nodes, of_sender)) + linear(nodes, of_receiver, layer.bias)[:, :, None]
    for edge, weight in zip(edges, of_edges, strict=True):
        hidden = hidden + linear(edge, weight)
    return hidden


def _senders(count: int, device: torch.device) -> Tensor:
    """The senders to each receiver in ascending order, [N, N - 1]: everybody but itself."""
    if count < 2:
        raise InputError(f"a scene has {count} objects: give at least 2")
    sender, receiver = torch.arange(count - 1, device=device), torch.arange(count, device=device)
    return sender + (sender >= receiver[:, None])


def initialised(layer: nn.Linear) -> nn.Linear:
    """Xavier weights and small positive biases, as the official code starts its encoder."""
    nn.init.xavier_normal_(layer.weight)
    nn.init.constant_(layer.bias, BIAS)
    return layer
