"""Models that answer bAbI's questions: how they are built, trained and measured (Santoro et al. 2017, section 5.4)."""

import math

import torch
from torch import nn

from reprolib.contracts.configuration import Config
from reprolib.data.split import Dataset, Split
from reprolib.evidence.metrics import Figure, grouped_accuracy
from reprolib.methods.answers import RaggedLearner, answer_loss
from reprolib.models.majority import MajorityAnswer
from reprolib.models.stories import StoryRelationNetwork
from reprolib.settings.data_sets import BABI_TASKS
from reprolib.settings.relating import Majority
from reprolib.training.learner import Learner

PASSED = 95.0  # percent
AT_ONCE = 500  # questions evaluated at once


def learner() -> Learner:
    """Gradient descent on the cross-entropy of the answers."""
    return RaggedLearner(answer_loss)


def build(config: Config, data: Dataset) -> nn.Module:
    """The model of a row, sized for the data's vocabulary."""
    facts = data.facts
    if isinstance(config.model, Majority):
        columns = data.splits["train"].columns
        return MajorityAnswer(columns["tasks"], columns["answers"], facts["answers"], column="tasks")
    return StoryRelationNetwork(config.model, facts["words"], facts["outputs"], facts["window"])


@torch.no_grad()
def evaluate(model: nn.Module, split: Split) -> dict[str, float]:
    """Accuracy and error of each task in percent, their mean, and how many tasks reach 95 %."""
    right = torch.cat([model(batch).argmax(1) == batch["answers"] for batch in split.batches(AT_ONCE)])
    tasks = grouped_accuracy(right, split.columns["tasks"], {task: f"task_{task}" for task in BABI_TASKS})
    error = math.hypot(*(value.error for value in tasks.values())) / len(tasks)
    return {
        "accuracy/mean": Figure(sum(tasks.values()) / len(tasks), error),
        "tasks_passed": float(sum(value >= PASSED for value in tasks.values())),
        **{f"accuracy/{name}": value for name, value in tasks.items()},
        **{f"error/{name}": Figure(100.0 - value, value.error) for name, value in tasks.items()},
    }
