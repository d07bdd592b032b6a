"""Accuracies by group, of edges under the best naming of their types, and errors by horizon."""

from collections.abc import Mapping

import torch
from scipy.optimize import linear_sum_assignment
from torch import Tensor

TOLERANCE = 0.2  # percent points that another machine's rounding may move an accuracy
RELATIVE_TOLERANCE = 0.02  # the same for a squared error


def accuracy(right: Tensor) -> float:
    """Percentage of True in right [M]."""
    return 100.0 * right.double().mean().item()


def grouped_accuracy(right: Tensor, groups: Tensor, names: Mapping[int, str]) -> dict[str, float]:
    """Percentage right in every group that occurs: right [M] bool, groups [M], {group: name} -> {name: percent}."""
    present = [group for group in names if bool((groups == group).any())]
    return {names[group]: accuracy(right[groups == group]) for group in present}


def best_naming(predicted: Tensor, true: Tensor, least: int = 1) -> Tensor:
    """The true type that each predicted type stands for, one to one, so that most edges are right: [K].

    Args:
        predicted, true: int64 of any one shape; an unsupervised model does not know which type is called what.
        least: the smallest K, for types that occur in neither.
    """
    types = max(least, int(torch.stack([predicted.max(), true.max()]).max()) + 1)
    pairs = torch.bincount((predicted * types + true).flatten().cpu(), minlength=types**2).view(types, types)
    return torch.from_numpy(linear_sum_assignment(pairs.numpy(), maximize=True)[1])


def edge_accuracy(predicted: Tensor, true: Tensor, naming: Tensor | None = None) -> float:
    """Percent of edges right under a naming of the predicted types [K], by default the best one for all scenes."""
    naming = best_naming(predicted, true) if naming is None else naming
    return accuracy(naming.to(predicted.device)[predicted] == true)


def errors_by_step(predicted: Tensor, true: Tensor) -> Tensor:
    """Mean squared error at every step of a rollout, not cumulative: [B, T, N, D] twice -> [T]."""
    return (predicted - true).square().mean((0, 2, 3))


def lower_is_better(metric: str) -> bool:
    """True for errors."""
    return metric.startswith(("error/", "mse/"))


def agrees(metric: str, recorded: float, now: float | None) -> bool:
    """Whether a metric has come out again, up to what another machine's rounding may move."""
    if now is None:
        return False
    if metric.startswith("mse/"):
        return abs(now - recorded) <= RELATIVE_TOLERANCE * abs(recorded)
    return abs(now - recorded) <= TOLERANCE
