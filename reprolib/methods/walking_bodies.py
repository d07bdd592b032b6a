"""Models of motion on walking bodies: how they are built, trained and measured (Kipf et al. 2018, section 5.2).

M windows, T frames of one that trains, J joints, D features. A window that tests has 2 T frames: T are given.
"""

import torch
from torch import Tensor, nn

from reprolib.contracts.configuration import Config
from reprolib.data.split import Dataset, Split
from reprolib.evidence.metrics import average, errors_by_step
from reprolib.methods import trajectories
from reprolib.models.nri import NRI, GivenGraph
from reprolib.models.without_graph import Static, TrajectoryLSTM
from reprolib.settings.moving import LSTMModel, NRIModel
from reprolib.training.learner import Learner

AT_ONCE = 50  # windows evaluated at once
STATIC, REINFERRED, TOLD = "step", "reinferred", "told"  # graphs of a rollout, as its metrics call them


def build(config: Config, data: Dataset) -> nn.Module:
    """The model of a row."""
    model, facts = config.model, data.facts
    if isinstance(model, NRIModel):
        inferred = model.graph == "inferred"
        return NRI(model, facts["frames"], facts["features"]) if inferred else GivenGraph(model, facts["features"])
    return TrajectoryLSTM(model, facts["features"], facts["joints"]) if isinstance(model, LSTMModel) else Static()


def learner() -> Learner:
    """Gradient descent on the loss that every model of motion states itself."""
    return trajectories.learner()


@torch.no_grad()
def evaluate(model: nn.Module, split: Split) -> dict[str, float]:
    """Errors of the second half of every window, predicted from its first half, and what validation picks by.

    mse/step_k is the error k frames ahead on the graph of the first half; mse/reinferred_k that of a learned graph
    which is inferred anew before every frame; mse/told_k the same, where the encoder reads the true frames.
    """
    errors: dict[str, list[Tensor]] = {}
    scores = []
    for batch in split.batches(AT_ONCE):
        given, after = batch["trajectories"].chunk(2, 1)
        read = batch | {"trajectories": given}
        for name, predicted in rollouts(model, given, after, read).items():
            errors.setdefault(name, []).append(errors_by_step(predicted, after))
        if hasattr(model, "score"):
            scores.append(model.score(read) * len(given))
    found = {
        f"mse/{name}_{step}": average(of_windows)
        for name, parts in errors.items()
        for step, of_windows in enumerate(torch.cat(parts).unbind(1), 1)
    }
    return found | ({"score": float(sum(scores)) / len(split)} if scores else {})


def rollouts(model: nn.Module, given: Tensor, after: Tensor, batch: dict[str, Tensor]) -> dict[str, Tensor]:
    """The frames after the given ones as a model predicts them, by the graph that it does so on: [M, T, J, D] each.

    Args:
        given, after: the two halves of the windows [M, T, J, D].
        batch: the given half with the edges.
    """
    steps = after.shape[1]
    if not isinstance(model, GivenGraph):
        return {STATIC: model.rollout(given, steps)}
    found = {STATIC: model.predict(given, steps, batch)}
    if isinstance(model, NRI):
        found |= {REINFERRED: model.reinferred(given, steps), TOLD: model.reinferred(given, steps, after)}
    return found
