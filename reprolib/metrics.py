"""Accuracies by group."""

from collections.abc import Mapping

import torch
from torch import Tensor


def accuracy(right: Tensor) -> float:
    """Percentage of True in right [M]."""
    return 100.0 * right.double().mean().item()


def grouped_accuracy(right: Tensor, groups: Tensor, names: Mapping[int, str]) -> dict[str, float]:
    """Percentage right in every group that occurs: right [M] bool, groups [M], {group: name} -> {name: percent}."""
    present = [group for group in names if bool((groups == group).any())]
    return {names[group]: accuracy(right[groups == group]) for group in present}


def majority(groups: Tensor, answers: Tensor, group_count: int, answer_count: int) -> Tensor:
    """Most frequent answer of every group: groups [M], answers [M] -> [group_count]; 0 where a group is empty."""
    counts = torch.zeros(group_count, answer_count, dtype=torch.long)
    counts.index_put_((groups.cpu(), answers.cpu()), torch.ones_like(answers.cpu()), accumulate=True)
    return counts.argmax(1)
