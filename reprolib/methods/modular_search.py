"""Modular meta-learning: how its modules are built, trained and measured (Alet et al. 2019).

M scenes, N objects, D features.
"""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from reprolib.contracts.configuration import Config
from reprolib.data.split import Dataset, Split
from reprolib.errors import InputError
from reprolib.evidence.metrics import average, best_naming, edge_accuracy, errors_by_step
from reprolib.methods.assignment_scores import AssignmentScores
from reprolib.methods.block_draws import BlockDraws
from reprolib.methods.bouncegrad import BounceGrad
from reprolib.methods.contradictory_edges import agreement
from reprolib.models.modular import ModularMetaLearning
from reprolib.settings.data_sets import FEWER, FRAMES, HORIZON
from reprolib.settings.recipe import learning_rate
from reprolib.training import optimisers
from reprolib.training.learner import Job, Learner, Moment

SEARCHES = {"bouncegrad": BounceGrad, "scores": AssignmentScores, "blocks": BlockDraws}
START = FRAMES  # the frame that a test rollout starts from, counting from 0: the first that no search reads
AT_ONCE = 50  # scenes predicted at once
HALF = HORIZON // 2  # frames after which the official code starts its rollout of a test again, from a true frame


def build(config: Config, data: Dataset) -> nn.Module:
    """The model of a row.

    Raises:
        InputError: fewer edge modules than types of edges, or symmetric graphs without scores of assignments.
    """
    types = 1 + max(int(split.columns["edges"].max()) for split in data.splits.values())
    if config.model.modules < types:
        raise InputError(f"model.modules is {config.model.modules}, but edges have {types} types: give {types} or more")
    if config.model.symmetric and config.train.learning != "scores":
        raise InputError(
            f"train.learning {config.train.learning} takes no graph as a whole: set model.symmetric to False"
        )
    encoded = FRAMES if config.train.learning == "bouncegrad" else None
    return ModularMetaLearning(config.model, data.facts["features"], encoded, apart=config.train.follow > 0)


def learner() -> Learner:
    """Modules and structures learned in turn."""
    return ModularLearner()


class ModularLearner(Learner):
    """Gradient descent of the modules along structures that a search finds for every scene; see `Searching.learning`.

    Raises:
        InputError: trajectories that are not finite.
    """

    def __init__(self) -> None:
        super().__init__(lambda model, batch: self.search.loss(self.moment, self.examples))

    def begin(self, job: Job) -> None:
        """Take the job, and begin to search."""
        if not job.data.columns["trajectories"].isfinite().all():
            raise InputError("a trajectory holds a number that is not finite: leave that scene out")
        super().begin(job)
        training = job.training
        modules = nn.ModuleList([job.model.network, *([job.model.predictor] if job.model.predictor else [])])
        self.optimiser = optimisers.make(
            training.optimiser, modules, training.rate, training.weight_decay
        )  # a proposal that learns has one of its own
        self.search = SEARCHES[training.learning](job)
        self.examples |= self.search.start()

    def set_rates(self, step: int) -> None:
        """As the default, with a schedule for the search and one for the steps after it."""
        search, after = self.job.training.parts
        factor = self.plateau.factor if self.plateau else 1.0
        part, place = (search, step) if step < search.steps else (after, step - search.steps)
        optimisers.set_rate(self.optimiser, factor * learning_rate(part, place))

    def update(self, moment: Moment) -> Tensor:
        """One step, the same as the default's, with a search in its loss."""
        self.moment = moment
        return self.search.stepped(super().update(moment))

    def end_of_epoch(self, epoch: int) -> None:
        """Called after the last step of an epoch."""
        self.search.end_of_epoch(epoch)

    def statistics(self) -> dict[str, float]:
        """What the search has to tell."""
        return self.search.statistics()

    def adapt(self, model: nn.Module, split: Split, generator: torch.Generator) -> Split:
        """With `model.search`, a column of structures that so many proposals have found in the frames of training."""
        if model.config.search is None:
            return split
        structures = model.searched(split.columns["trajectories"][:, :FRAMES], generator)
        return Split(split.columns | {"structures": structures}, split.tables, split.released_as)

    def state_dict(self) -> dict[str, Any]:
        """All that a checkpoint has to hold beside the weights and `examples`."""
        return super().state_dict() | {"search": self.search.state_dict()}

    def load_state_dict(self, content: Mapping[str, Any]) -> None:
        """Take what `state_dict` gave."""
        super().load_state_dict(content)
        self.search.load_state_dict(content["search"])


@torch.no_grad()
def evaluate(model: ModularMetaLearning, split: Split) -> dict[str, float]:
    """Accuracy of the edges and what validation picks by; of scenes that are long enough for a rollout also its errors,
    whether the edges agree, and the same two of the best structures of fewer frames.

    The structures are those that `adapt` has found, else the best of all under the modules. The score is the mean log
    of an error along them: at a receiver one step from truth or, where other modules predict, of a scene's rollouts.
    """
    trajectories, edges = split.columns["trajectories"], split.columns["edges"]
    seen = trajectories[:, :FRAMES]
    structures = split.columns["structures"] if "structures" in split.columns else model.edges(seen)
    naming = best_naming(structures, edges, model.config.modules)
    found = {"accuracy/edges": edge_accuracy(structures, edges, naming)}
    if trajectories.shape[1] > START + HORIZON:
        found |= _rollout(model, trajectories, structures) | agreement(naming[structures.cpu()], edges)
        for frames in FEWER:
            early, when = model.edges(trajectories[:, :frames]), f"after_{frames}_frames"
            found[f"accuracy/{when}"] = edge_accuracy(early, edges, naming)
            found |= agreement(naming[early.cpu()], edges, f"_{when}")
    parts = zip(seen.split(AT_ONCE), structures.split(AT_ONCE), strict=True)
    scores = torch.cat([_misfit(model, *part) for part in parts])  # [M]
    return found | {"score": -float(scores.double().mean())}


def _misfit(model: ModularMetaLearning, trajectories: Tensor, structures: Tensor) -> Tensor:
    """Log of the error that the score is made of, scene by scene: [M]."""
    if model.predictor is None:
        return model.misfit(trajectories, structures)
    return model.errors(trajectories, structures, model.predictor).log()


def _rollout(model: ModularMetaLearning, trajectories: Tensor, structures: Tensor) -> dict[str, float]:
    """Mean squared errors of the frames after those of the search, by one rollout; of the last also the official one.

    mse/restarted_20 is that of a rollout of ten frames, from the true frame ten before.
    """
    errors = _errors(model, trajectories, structures, START, HORIZON)
    restarted = _errors(model, trajectories, structures, START + HALF, HALF)
    found = {f"mse/step_{step}": average(of_scenes) for step, of_scenes in enumerate(errors.unbind(1), 1)}
    return found | {f"mse/restarted_{HORIZON}": average(restarted[:, -1])}


def _errors(model: ModularMetaLearning, trajectories: Tensor, structures: Tensor, start: int, steps: int) -> Tensor:
    """Mean squared error of every scene at every step of a rollout from a true frame: [M, T, N, D] -> [M, steps]."""
    found = []
    for paths, along in zip(trajectories.split(AT_ONCE), structures.split(AT_ONCE), strict=True):
        predicted = model.predicting.rollout(paths[:, start], along, steps)  # [B, steps, N, D]
        found.append(errors_by_step(predicted, paths[:, start + 1 : start + 1 + steps]))
    return torch.cat(found)
