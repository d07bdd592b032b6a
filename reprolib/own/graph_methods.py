"""The two methods that infer graphs of somebody's own tracks, each with a model of the same kind that hears no other.

B scenes, T frames, N objects, F features of a state, K edge types, of which the first carries no message.
"""

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from reprolib.data.split import Split
from reprolib.errors import InputError
from reprolib.methods.modular_search import ModularLearner
from reprolib.methods.steps_from_truth import StepsFromTruth
from reprolib.methods.trajectories import learner as motion_learner
from reprolib.models.modular import ModularMetaLearning
from reprolib.models.modular.receivers import assignments, over_frames
from reprolib.models.nri import GivenGraph
from reprolib.models.nri.encoders import SHORTEST
from reprolib.own.linear_steps import ForceReadingNRI, FromLinearStep, fitted
from reprolib.settings.moving import NRIModel
from reprolib.settings.recipe import Training
from reprolib.settings.searching import ModularModel, Searching
from reprolib.training.learner import Job, Learner, Moment

VALIDATIONS = 10
WARM_UP = 50  # steps
EDGES = 640  # in a batch of training, as of 32 scenes with five objects
EDGES_AT_ONCE = 5_000  # in an evaluation
SENDERS = 6  # up to so many with two types, all graphs around a receiver are compared
LEAST_VARIANCE = 1e-12


@dataclass(frozen=True)
class Size:
    """What the states of some tracks measure."""

    frames: int  # T
    read: int  # first frames, from which the graph is inferred
    objects: int
    features: int  # F
    types: int
    masked: bool  # somebody is absent part of the time

    @property
    def edges(self) -> int:
        """Of a scene."""
        return self.objects * (self.objects - 1)


class GraphMethod(ABC):
    """How graphs are inferred, and motion is predicted along them.

    Args:
        train: the training scenes.
    """

    def __init__(self, size: Size, train: Split) -> None:
        self.size = size
        self.at_once = max(1, EDGES_AT_ONCE // size.edges)  # scenes

    @abstractmethod
    def training(self, steps: int) -> Training:
        """How both models are trained."""

    @abstractmethod
    def alone(self) -> tuple[nn.Module, Learner]:
        """A model in which nobody hears another, and what trains it."""

    @abstractmethod
    def connected(self, score: float | None) -> tuple[nn.Module, Learner]:
        """A model that infers the graph, and what trains it.

        Args:
            score: validation's of the model `alone`; None: unknown.
        """

    @abstractmethod
    def score(self, model: nn.Module, split: Split) -> float:
        """What validation picks the weights of either model by, the better the larger."""

    @abstractmethod
    def probabilities(self, model: nn.Module, batch: dict[str, Tensor]) -> Tensor:
        """Of every edge's types, from the first frames of scenes: [B, N, N - 1, K]."""

    @abstractmethod
    def rollout(self, model: nn.Module, states: Tensor, types: Tensor, steps: int, present: Tensor) -> Tensor:
        """What follows some states [B, N, F] along edges of types [B, N, N - 1]: [B, steps, N, F].

        Args:
            present: bool [B, N].
        """


class ByEncoder(GraphMethod):
    """Neural relational inference, with the settings that find springs soonest."""

    def __init__(self, size: Size, train: Split) -> None:
        super().__init__(size, train)
        paths = train.columns["trajectories"]
        present = train.columns.get("present", torch.ones(paths.shape[:3], dtype=torch.bool, device=paths.device))
        self.step = fitted(paths, present)
        convolved = size.read > SHORTEST
        self.config = NRIModel(
            encoder="cnn" if convolved else "mlp",
            width=64 if convolved else 128,
            decoder_width=128,
            types=size.types,
            windows=1,
            restart=min(10, size.frames - 1),
            variance=1.0,
        )

    def training(self, steps: int) -> Training:
        """Few scenes a step where they have many edges."""
        return Training(steps, batch=min(64, max(8, EDGES // self.size.edges)), **_quick(steps))

    def alone(self) -> tuple[nn.Module, Learner]:
        """The decoder, along edges that carry nothing: the batches' column of edges."""
        decoder = FromLinearStep(self.step, self.config.decoder_width, self.size.types)
        return GivenGraph(replace(self.config, graph="true"), self.size.features, decoder), motion_learner()

    def connected(self, score: float | None) -> tuple[nn.Module, Learner]:
        """The variance is what the decoder alone errs by in one step: what an edge explains is weighed against that."""
        variance = 1.0 if score is None else max(LEAST_VARIANCE, -2 * score / self.size.features)
        config = replace(self.config, variance=variance)
        return ForceReadingNRI(config, self.size.read, self.step, self.size.masked), motion_learner()

    def score(self, model: nn.Module, split: Split) -> float:
        """One-step log-likelihood, a scene as much as another."""
        batches = list(split.batches(self.at_once))
        return sum(float(model.score(batch)) * len(batch["edges"]) for batch in batches) / len(split)

    def probabilities(self, model: nn.Module, batch: dict[str, Tensor]) -> Tensor:
        """What the encoder says."""
        return model.logits(batch["trajectories"], batch.get("present")).softmax(-1)

    def rollout(self, model: nn.Module, states: Tensor, types: Tensor, steps: int, present: Tensor) -> Tensor:
        """Absent objects are not heard."""
        along = nn.functional.one_hot(types, self.size.types).float()
        return model.rollout(states[:, None], steps, along, present[:, None] if self.size.masked else None)


class BySearch(GraphMethod):
    """Modular meta-learning: all graphs around a receiver are compared or, with many senders, blocks of these in turn.

    Raises:
        InputError: some objects are absent part of the time.
    """

    def __init__(self, size: Size, train: Split) -> None:
        super().__init__(size, train)
        if size.masked:
            raise InputError("modular needs tracks without gaps, but objects are absent part of the time: take nri")
        senders = most_senders(size.types)
        self.blocks = None if _searchable(size) else max(1, min(4, senders))
        self.config = ModularModel(
            width=128, modules=size.types, first_is_none=True, block=self.blocks, starts=4 if self.blocks else 8
        )

    def training(self, steps: int) -> Searching:
        """Few scenes in a step, and many of their frames."""
        if self.blocks is None:
            return Searching(steps, batch=32, learning="scores", **_quick(steps))
        batch = min(32, max(4, EDGES // self.size.edges))
        return Searching(steps, batch=batch, learning="blocks", senders=self.blocks, **_quick(steps))

    def alone(self) -> tuple[nn.Module, Learner]:
        """The same modules, of which those of edges are never asked."""
        return Unlinked(self.config, self.size.features), UnlinkedLearner()

    def connected(self, score: float | None) -> tuple[nn.Module, Learner]:
        """Modules and the structures of all training scenes."""
        return ModularMetaLearning(self.config, self.size.features), ModularLearner()

    def score(self, model: nn.Module, split: Split) -> float:
        """Mean log of the error one step from truth, with its sign turned."""
        parts = (batch["trajectories"] for batch in split.batches(self.at_once))
        misfits = [model.misfit(paths, model.edges(paths[:, : self.size.read])) for paths in parts]
        return -float(torch.cat(misfits).double().mean())

    def probabilities(self, model: nn.Module, batch: dict[str, Tensor]) -> Tensor:
        """The posterior over all graphs around a receiver, as if frames were independent, each with an error of its own
        size; where only blocks of senders are compared, 1 for what is best.
        """
        paths, size = batch["trajectories"][:, : self.size.read], self.size
        if self.blocks is not None:
            return nn.functional.one_hot(model.edges(paths), size.types).float()
        scores = over_frames(model.network, paths, lambda errors: (errors + self.config.least_error).log())  # [B, N, C]
        weights = (-scores * (size.read - 1) * size.features / 2).softmax(-1)
        around = nn.functional.one_hot(assignments(size.objects - 1, size.types, paths.device), size.types)
        return torch.einsum("bnc,cek->bnek", weights, around.float())

    def rollout(self, model: nn.Module, states: Tensor, types: Tensor, steps: int, present: Tensor) -> Tensor:
        """By the modules that the search compares graphs by."""
        return model.network.rollout(states, types, steps)


class Unlinked(ModularMetaLearning):
    """Modules along no edge."""

    def edges(self, trajectories: Tensor) -> Tensor:
        """None anywhere: [M, T, N, D] -> [M, N, N - 1]."""
        scenes, _, objects, _ = trajectories.shape
        return torch.zeros(scenes, objects, objects - 1, dtype=torch.long, device=trajectories.device)


class UnlinkedLearner(ModularLearner):
    """Trains them as modules are trained along structures that are searched for."""

    def begin(self, job: Job) -> None:
        """Take the job; there is nothing to search."""
        super().begin(job)
        self.search, self.examples = NoSearch(job), {}


class NoSearch(StepsFromTruth):
    """Finds that nobody hears another."""

    def start(self) -> dict[str, Tensor]:
        """Nothing is kept of a scene."""
        return {}

    def searched(self, now: Tensor, after: Tensor, moment: Moment, examples: dict[str, Tensor]) -> Tensor:
        """No edge anywhere: [B, F, N, D] -> [B, N, N - 1]."""
        return self.job.model.edges(now)

    def best(self, moment: Moment, examples: dict[str, Tensor]) -> Tensor:
        """No edge anywhere."""
        return self.job.model.edges(self.job.data.columns["trajectories"][moment.rows])


METHODS: dict[str, type[GraphMethod]] = {"nri": ByEncoder, "modular": BySearch}
AUTO = "auto"


def best_method(size: Size) -> str:
    """The method for some tracks: a search of all graphs where it is possible, as it needs the fewest steps."""
    return "modular" if not size.masked and _searchable(size) else "nri"


def most_senders(types: int) -> int:
    """To one receiver, all of whose graphs can be compared in a step."""
    return int(SENDERS / math.log2(types))


def _searchable(size: Size) -> bool:
    return size.objects - 1 <= most_senders(size.types)


def _quick(steps: int) -> dict[str, Any]:
    """What finds edges soonest on the motion data of the papers: Muon, half precision, and a rate that falls to 0."""
    return {
        "rate": 2e-3,
        "optimiser": "muon",
        "schedule": "cosine",
        "warmup": min(WARM_UP, steps // VALIDATIONS),
        "precision": "bf16",
        "evaluate_every": max(1, steps // VALIDATIONS),
    }
