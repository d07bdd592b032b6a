"""The networks of the graph demonstrations: how they are built, trained and measured (Battaglia et al. 2018)."""

import math

from torch import Tensor, nn

from reprolib.contracts.configuration import Config
from reprolib.data.split import Dataset, Split
from reprolib.methods.answers import RaggedLearner
from reprolib.models import graph_answers
from reprolib.models.graph_tasks import Process, Widths
from reprolib.models.graph_tasks import build as build_model
from reprolib.training.learner import Learner

UNSEEN = ((17, 20), (21, 24), (25, 28), (29, 32))  # nodes of test graphs, by which they are told apart
MASSES = ((4, 4), (5, 8), (9, 9))  # of test chains


def build(config: Config, data: Dataset) -> nn.Module:
    """The model of a row, sized for the features of its graphs."""
    of = data.facts["of"]
    labelled = "node_labels" in data.splits["train"].columns
    return build_model(config.model, Widths(of.NODE, of.EDGE, of.GLOBAL, 1 if labelled else 2, int(labelled)))


def learner() -> Learner:
    """Gradient descent on the cross-entropy of labels, or on the squared error of the next velocities."""
    return RaggedLearner(loss)


def loss(model: nn.Module, batch: dict[str, Tensor]) -> Tensor:
    """The loss of whatever the graphs of the batch ask for."""
    return (graph_answers.label_loss if "node_labels" in batch else graph_answers.motion_loss)(model, batch)


def evaluate(model: nn.Module, split: Split) -> dict[str, float]:
    """Of labels the percent that is right, by size and by processing step; of motion the errors of rollouts by size."""
    return _labels(model, split) if "node_labels" in split.columns else _motion(model, split)


def _labels(model: nn.Module, split: Split) -> dict[str, float]:
    """After as many processing steps as in training; "accuracy/solved_after_3" of all graphs after others, too.

    The score is minus the cross-entropy.
    """
    score = {"score": graph_answers.label_score(model, split)}
    if not isinstance(model, Process):
        return graph_answers.label_metrics(graph_answers.judged(model, split), UNSEEN) | score
    trained = model.config.steps
    found = graph_answers.judged(model, split, 2 * trained)
    twice = graph_answers.label_metrics(found, UNSEEN)
    longer = {f"{name}_twice": value for name, value in twice.items() if name.startswith("accuracy/solved")}
    after = {f"accuracy/solved_after_{step}": one for step, one in enumerate(graph_answers.solved_by_step(found), 1)}
    return graph_answers.label_metrics(found, UNSEEN, trained - 1) | longer | after | score


def _motion(model: nn.Module, split: Split) -> dict[str, float]:
    """The score is minus the logarithm of the error of positions: the better the larger."""
    errors = graph_answers.rollout_errors(model, split)
    del errors["still"]
    metrics = graph_answers.motion_metrics(errors, split.columns["sizes"], MASSES)
    return metrics | {"score": -math.log(max(metrics["mse/position"], 1e-300))}
