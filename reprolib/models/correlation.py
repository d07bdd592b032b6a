"""Edges from correlations (Kipf et al. 2018, Table 1): "Corr. (path)" and "Corr. (LSTM)".

B scenes, M reference scenes, T frames, N objects, D features, V numbers that describe an object.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor, nn

from reprolib.errors import InputError
from reprolib.models.finite_values import check_finite
from reprolib.models.without_graph import TrajectoryLSTM

CONSTANT = 1e-6  # a series whose deviations are this small beside its values is rounding


class Threshold(NamedTuple):
    """Pairs correlated above `value` are edges (side 1), or those that are not (side -1)."""

    value: float
    side: int


class CorrelationEdges(nn.Module):
    """An edge where the correlation of two objects is on the right side of a threshold.

    Threshold and side are those that classify the reference scenes best; nothing else is learned here. The describing
    module, where it has weights, is trained by its own loss.

    Args:
        describe: [B, T, N, D] -> [B, N, V]: `paths`, `flat_paths` or LSTMStates.
        trajectories, edges: [M, T, N, D] and [M, N, N - 1] of training scenes; not part of the state dict.
        chunk: scenes that are described at a time when the threshold is sought.

    Raises:
        InputError: the reference scenes do not fit each other, or have more than two types of edges.
    """

    def __init__(
        self, describe: Callable[[Tensor], Tensor], trajectories: Tensor, edges: Tensor, chunk: int = 256
    ) -> None:
        super().__init__()
        _check(trajectories, edges)
        self.describe, self.chunk = describe, chunk
        self.register_buffer("trajectories", trajectories, persistent=False)
        self.register_buffer("reference", edges, persistent=False)

    def loss(self, batch: dict[str, Tensor]) -> Tensor:
        """The loss of the describing module."""
        return self.describe.loss(batch)

    def score(self, batch: dict[str, Tensor]) -> Tensor:
        """The score of the describing module, the better the larger."""
        return self.describe.score(batch)

    @torch.no_grad()
    def threshold(self) -> Threshold:
        """What fits the reference scenes best with the present weights: find it once an evaluation."""
        values = torch.cat([self.correlations(part) for part in self.trajectories.split(self.chunk)])
        return best_threshold(values.flatten(), self.reference.flatten())

    def correlations(self, trajectories: Tensor) -> Tensor:
        """Correlation of every receiver with every sender: [B, T, N, D] -> [B, N, N - 1]."""
        matrix = correlation(self.describe(trajectories))
        scenes, count, _ = matrix.shape
        others = ~torch.eye(count, dtype=torch.bool, device=matrix.device)
        return matrix[:, others].view(scenes, count, count - 1)

    def edges(self, trajectories: Tensor, threshold: Threshold) -> Tensor:
        """The type of every edge, 0 or 1: [B, T, N, D] -> [B, N, N - 1], int64."""
        check_finite(trajectories, "trajectories", objects=2)
        above = self.correlations(trajectories) > threshold.value
        return (above if threshold.side > 0 else ~above).long()


class LSTMStates(nn.Module):
    """Describes an object by the last hidden state of an LSTM that models each trajectory by itself."""

    def __init__(self, lstm: TrajectoryLSTM) -> None:
        super().__init__()
        self.lstm = lstm

    def forward(self, trajectories: Tensor) -> Tensor:
        """[B, T, N, D] -> [B, N, H]."""
        return self.lstm.hidden_states(trajectories)

    def loss(self, batch: dict[str, Tensor]) -> Tensor:
        """The LSTM's loss."""
        return self.lstm.loss(batch)

    def score(self, batch: dict[str, Tensor]) -> Tensor:
        """The LSTM's score."""
        return self.lstm.score(batch)


def paths(trajectories: Tensor) -> Tensor:
    """Every feature over time, standardised, one after the other: [B, T, N, D] -> [B, N, D T].

    Two such vectors correlate with the mean, over the features that vary in both, of the correlations over time. A
    constant feature is zero and gives nothing; where i varies in n_i features and j in n_j, the mean's divisor is
    sqrt(n_i n_j).
    """
    return standardised(trajectories.permute(0, 2, 3, 1)).flatten(2)  # [B, N, D, T] -> [B, N, D T]


def flat_paths(trajectories: Tensor) -> Tensor:
    """A whole trajectory as one vector of all its features: [B, T, N, D] -> [B, N, T D].

    Unlike `paths`, it depends on the origin and the scale of each feature.
    """
    return trajectories.transpose(1, 2).flatten(2)


def correlation(vectors: Tensor) -> Tensor:
    """Pearson correlation between the objects of each scene: [B, N, V] -> [B, N, N]; 0 with a constant vector."""
    unit = standardised(vectors)
    return unit @ unit.mT


def standardised(values: Tensor) -> Tensor:
    """Mean 0 and length 1 along the last dimension, in float64; zeros where all values are the same."""
    values = values.double()
    centred = values - values.mean(-1, keepdim=True)
    length = centred.norm(dim=-1, keepdim=True)
    varies = length > CONSTANT * values.norm(dim=-1, keepdim=True)
    return centred.where(varies, 0) / length.where(varies, 1)


def best_threshold(values: Tensor, labels: Tensor) -> Threshold:
    """The threshold and side that classify best, of all that differ on these values: values [E], labels [E] of 0, 1.

    A threshold lies in the middle between two neighbouring values, or beyond all of them.
    """
    values, order = values.sort()
    positive = labels[order]
    ends = values.new_tensor([-1.0, 1.0])
    values = torch.cat([values[:1] + ends[:1], values, values[-1:] + ends[1:]])  # [E + 2]
    middle = (values[:-1] + values[1:]) / 2  # [E + 1]
    below = torch.cat([positive.new_zeros(1), (1 - 2 * positive).cumsum(0)])  # zeros less ones below each middle
    right = (below + positive.sum()).where(middle < values[1:], -1)  # edges above; equal values are not parted
    wrong = (len(positive) - below - positive.sum()).where(middle < values[1:], -1)  # edges below
    side = 1 if right.max() >= wrong.max() else -1
    return Threshold(middle[(right if side > 0 else wrong).argmax()].item(), side)


def _check(trajectories: Tensor, edges: Tensor) -> None:
    if trajectories.ndim != 4 or not len(trajectories):
        raise InputError(f"reference trajectories must have shape [M, T, N, D], not {list(trajectories.shape)}")
    scenes, _, count, _ = trajectories.shape
    if edges.shape != (scenes, count, count - 1):
        raise InputError(f"reference edges must have shape {[scenes, count, count - 1]}, not {list(edges.shape)}")
    if bool(((edges != 0) & (edges != 1)).any()):
        raise InputError("a threshold tells two types of edges apart: reference edges must be 0 or 1")
