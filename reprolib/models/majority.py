"""Baselines that several experiments share."""

import torch
from torch import Tensor, nn


class MajorityAnswer(nn.Module):
    """Answers every question of a group with the group's most frequent training answer.

    A group that training lacks gets the most frequent answer of all.

    Args:
        groups, answers: [M] of the training questions, from 0.
        answer_count: A, number of answers.
        column: of a batch, with the groups of its questions.
    """

    def __init__(self, groups: Tensor, answers: Tensor, answer_count: int, column: str):
        super().__init__()
        self.column, count = column, int(groups.max()) + 1
        counts = (groups * answer_count + answers).bincount(minlength=count * answer_count).view(count, -1)
        overall = counts.sum(0, keepdim=True)  # [1, A]
        counts = torch.where(counts.any(1, keepdim=True), counts, overall)
        best = torch.cat([counts, overall]).argmax(1)  # [count + 1], the last for groups beyond those of training
        self.register_buffer("logits", nn.functional.one_hot(best, answer_count).float())

    def forward(self, batch: dict[str, Tensor]) -> Tensor:
        """Logits [B, A] from the column's groups [B]."""
        return self.logits[batch[self.column].clamp(max=len(self.logits) - 1)]
