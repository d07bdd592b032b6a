"""Models of motion: how they are built, trained and measured (Kipf et al. 2018, sections 3 and 5).

M scenes, N objects, D features.
"""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn

from reprolib.contracts.configuration import Config
from reprolib.data import simulations
from reprolib.data.split import Dataset, Split
from reprolib.errors import InputError
from reprolib.evidence.metrics import average, best_naming, edge_accuracy, errors_by_step
from reprolib.methods.contradictory_edges import agreement
from reprolib.models.correlation import CorrelationEdges, LSTMStates, flat_paths, paths
from reprolib.models.nri import NRI, EdgeClassifier, GivenGraph, SimulatorDecoder
from reprolib.models.without_graph import Static, TrajectoryLSTM
from reprolib.settings.data_sets import FRAMES, HORIZON, PARTICLES, MotionData
from reprolib.settings.moving import CorrelationModel, EdgeClassifierModel, LSTMModel, NRIModel, StaticModel
from reprolib.training import optimisers
from reprolib.training.learner import Learner, Moment

START = FRAMES  # the frame that a test rollout starts from, counting from 0: the first that the encoder does not read
AT_ONCE = 250  # scenes evaluated at once


def build(config: Config, data: Dataset) -> nn.Module:
    """The model of a row."""
    model, train = config.model, data.splits["train"]
    features, objects = data.facts["features"], config.data.objects
    if isinstance(model, NRIModel):
        decoder = simulator(model, config.data, data.facts["scale"])
        if model.graph == "inferred":
            return NRI(model, FRAMES, features, decoder)
        return GivenGraph(model, features, decoder)
    if isinstance(model, EdgeClassifierModel):
        return EdgeClassifier(
            model, FRAMES, features, _still(config.data, data.facts["scale"]) if model.views else None
        )
    if isinstance(model, CorrelationModel):
        if model.signal == "lstm" and not config.train.steps:
            raise InputError("model.signal is lstm, but train.steps is 0: give the steps that train it")
        describe = _describe(model, features, objects)
        return CorrelationEdges(
            describe, *(train.columns[name][: model.reference] for name in ("trajectories", "edges"))
        )
    return Static() if isinstance(model, StaticModel) else TrajectoryLSTM(model, features, objects)


def _describe(model: CorrelationModel, features: int, objects: int) -> Callable[[Tensor], Tensor]:
    """What is correlated between objects."""
    if model.signal == "lstm":
        lstm = LSTMModel(model.hidden, model.layers, restart=model.restart, burn_in=model.burn_in)
        return LSTMStates(TrajectoryLSTM(lstm, features, objects))
    return {"flat": flat_paths, "paths": paths}[model.signal]


def _still(data: MotionData, scale: simulations.Scale) -> Tensor:
    """What a particle that rests in the middle of its box has [D]."""
    if data.kind not in PARTICLES:
        raise InputError(f"model.views turns scenes of particles: there are none in {data.kind}, set it to False")
    return torch.from_numpy(scale.apply(np.zeros(len(scale.ranges)))).float()


def simulator(model: NRIModel, data: MotionData, scale: simulations.Scale) -> nn.Module | None:
    """The simulator as a decoder, where a row asks for it; None: the model makes its own."""
    if model.decoder != "simulator":
        return None
    if data.kind not in PARTICLES:
        raise InputError(f"model.decoder is simulator: there is none for {data.kind}, choose mlp or recurrent")
    low, high = (torch.tensor(values, dtype=torch.float32) for values in zip(*scale.ranges, strict=True))
    return SimulatorDecoder(data.kind, low, high, model.substeps)


def learner() -> Learner:
    """Gradient descent on the loss that every model of motion states itself."""
    return MotionLearner(lambda model, batch: model.loss(batch))


class MotionLearner(Learner):
    """Gradient descent that tells a model with a decoder the step, on which its likelihood may hang."""

    def update(self, moment: Moment) -> Tensor:
        """One step, the same as the default's."""
        if isinstance(self.job.model, GivenGraph):
            self.job.model.step = moment.step
        return super().update(moment)

    def can_capture(self) -> bool:
        """Not where the likelihood changes in the course of training, or frames are drawn anew for each step."""
        config = getattr(self.job.model, "config", None)
        changes = any(getattr(config, name, None) is not None for name in ("peak", "windows"))
        return not changes and self.job.training.optimiser in optimisers.CAPTURABLE


@torch.no_grad()
def evaluate(model: nn.Module, split: Split) -> dict[str, float]:
    """Accuracy of the edges and what validation picks by; where the scenes are long enough for a rollout also its
    errors, and whether the edges agree with one another.
    """
    found, batches = {}, list(split.batches(AT_ONCE))
    if hasattr(model, "edges"):
        found |= _accuracies(model, split)
    if hasattr(model, "rollout") and _rolls(split):
        errors = torch.cat([_errors(model, batch) for batch in batches])  # [M, HORIZON]
        found |= {f"mse/step_{step}": average(of_scenes) for step, of_scenes in enumerate(errors.unbind(1), 1)}
    trained = getattr(model, "describe", model)
    if hasattr(trained, "score"):
        scores = [trained.score(_read(batch)) * len(batch["edges"]) for batch in batches]
        return found | {"score": float(sum(scores)) / len(split)}
    return found | ({"score": found["accuracy/edges"]} if "accuracy/edges" in found else {})


def _accuracies(model: nn.Module, split: Split) -> dict[str, float]:
    """Percent of the edges of the split's scenes, which name the types, and of those with other numbers of objects."""
    settings = (model.threshold(),) if isinstance(model, CorrelationEdges) else ()
    columns = split.columns | split.tables
    sizes = [name.removeprefix("edges") for name in columns if name.startswith("edges")]  # "", "/3", "/4", ...
    predicted = {}
    for size in sizes:
        paths = columns[f"trajectories{size}"][:, :FRAMES].split(AT_ONCE)
        predicted[size] = torch.cat([model.edges(some, *settings) for some in paths])
    types = 1 + max(int(edges.max()) for edges in predicted.values())
    naming = best_naming(predicted[""], columns["edges"], types)
    found = {
        f"accuracy/edges{size.replace('/', '_')}": edge_accuracy(edges, columns[f"edges{size}"], naming)
        for size, edges in predicted.items()
    }
    return found | (agreement(naming[predicted[""].cpu()], columns["edges"]) if _rolls(split) else {})


def _rolls(split: Split) -> bool:
    """Whether the scenes go on long enough for a rollout, as those of a test do."""
    return split.columns["trajectories"].shape[1] > START + HORIZON


def _errors(model: nn.Module, batch: dict[str, Tensor]) -> Tensor:
    """Mean squared error of every scene at every step of the rollout: [B, HORIZON]."""
    frames, after = batch["trajectories"].split([START + 1, batch["trajectories"].shape[1] - START - 1], 1)
    given = isinstance(model, GivenGraph)
    predicted = model.predict(frames, HORIZON, _read(batch)) if given else model.rollout(frames, HORIZON)
    return errors_by_step(predicted, after[:, :HORIZON])


def _read(batch: dict[str, Tensor]) -> dict[str, Tensor]:
    """The batch with the frames that an encoder may see."""
    return {"trajectories": batch["trajectories"][:, :FRAMES], "edges": batch["edges"]}
