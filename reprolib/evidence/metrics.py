"""Accuracies by group, of edges under the best naming of their types, and errors by horizon."""

import math
from collections.abc import Mapping
from typing import Self

import numpy as np
import torch
from scipy.optimize import linear_sum_assignment
from scipy.stats import rankdata
from torch import Tensor


class Figure(float):
    """A measured number that knows the standard error which the size of its test set leaves."""

    error: float

    def __new__(cls, value: float, error: float = 0.0) -> Self:
        figure = super().__new__(cls, value)
        figure.error = error
        return figure


def average(values: Tensor) -> Figure:
    """The mean of independent values [M], such as the squared errors of scenes; of none it is not a number."""
    spread = values.double().std().item() if len(values) > 1 else 0.0
    return Figure(values.double().mean().item(), spread / math.sqrt(max(1, len(values))))


def accuracy(right: Tensor) -> Figure:
    """Percentage of True in right [M], with the error of M independent answers; of none it is not a number."""
    count = right.numel()
    share = (int(right.sum()) + 1) / (count + 2)  # so that no small test is certain, even where all is right
    return Figure(100.0 * right.double().mean().item(), 100.0 * math.sqrt(share * (1 - share) / max(1, count)))


def auroc(scores: np.ndarray, positive: np.ndarray) -> float:
    """Percent of all (positive, negative) of which the positive has the higher score [M], ties by half; none: nan."""
    count, others = int(positive.sum()), int((~positive).sum())
    if not count or not others:
        return math.nan
    above = rankdata(scores)[positive].sum() - count * (count + 1) / 2
    return 100.0 * float(above) / (count * others)


def grouped_accuracy(right: Tensor, groups: Tensor, names: Mapping[int, str]) -> dict[str, Figure]:
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


def edge_accuracy(predicted: Tensor, true: Tensor, naming: Tensor | None = None) -> Figure:
    """Percent of edges [M, ...] right under a naming of the predicted types [K], by default the best for all scenes.

    Its error is that of M independent scenes, since the edges of a scene are found or missed together.
    """
    naming = best_naming(predicted, true) if naming is None else naming
    right = naming.to(predicted.device)[predicted] == true  # [M, ...]
    return Figure(accuracy(right), average(100.0 * right.double().view(len(right), -1).mean(1)).error)


def errors_by_step(predicted: Tensor, true: Tensor) -> Tensor:
    """Mean squared error of every scene at every step of a rollout, not cumulative: [B, T, N, D] twice -> [B, T]."""
    return (predicted - true).square().mean((2, 3))
