"""Baselines that several experiments share."""

from dataclasses import dataclass

from torch import Tensor, nn

from reprolib.metrics import majority


@dataclass(frozen=True)
class Majority:
    """The most frequent training answer of each group of questions; nothing is trained."""


class MajorityAnswer(nn.Module):
    """Answers every question of a group with the group's most frequent training answer.

    Args:
        groups, answers: [M] of the training questions, from 0.
        answer_count: A, number of answers.
    """

    def __init__(self, groups: Tensor, answers: Tensor, answer_count: int):
        super().__init__()
        best = majority(groups, answers, int(groups.max()) + 1, answer_count)
        self.register_buffer("logits", nn.functional.one_hot(best, answer_count).float())  # [groups, A]

    def forward(self, batch: dict[str, Tensor]) -> Tensor:
        """Logits [B, A] from batch["groups"] [B]."""
        return self.logits[batch["groups"]]
