"""What the experiments on motion share: simulated scenes, the models by their settings, and how both tables measure.

M scenes, T frames, N objects, D features.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from reprolib.data import particles, ranges, simulations
from reprolib.data.split import Dataset, Split
from reprolib.errors import InputError
from reprolib.evidence.metrics import average, best_naming, edge_accuracy, errors_by_step
from reprolib.experiments.entry import AS_IN_THE_PAPER, Config, Experiment, Row
from reprolib.models.correlation import CorrelationEdges, LSTMStates, flat_paths, paths
from reprolib.models.motion import LSTMModel, Static, TrajectoryLSTM
from reprolib.models.nri import NRI, EdgeClassifier, EdgeClassifierModel, GivenGraph, NRIModel, SimulatorDecoder
from reprolib.settings import check_least, counted
from reprolib.training import optimisers
from reprolib.training.learner import Learner, Moment
from reprolib.training.recipe import Training

PAPER = "kipf2018"
KINDS = ("springs", "charged", "kuramoto")
FRAMES = 49  # of a training scene; as many of a test scene are read before its graph is inferred
START = FRAMES  # the frame that a test rollout starts from, counting from 0: the first that the encoder does not read
HORIZON = 20  # frames that Table 2 predicts
TOGETHER = 250  # scenes evaluated at once
AS_OFFICIAL = {"burn_in": 40, "restart": FRAMES}  # how the official code trains its LSTMs
EPOCH = 390  # steps: 50,000 scenes, 128 at a time
TRAINING = Training(500 * EPOCH, batch=128, rate=5e-4, schedule="halving", evaluate_every=5 * EPOCH)
ROUNDED = replace(TRAINING, precision="tf32")  # where the printed errors are far above such rounding


def published_settings(kind: str) -> dict[str, Any]:
    """What the official code changes for a system: both types of charges act; oscillators have a larger variance."""
    return {"first_is_none": kind != "charged", "variance": 0.01 if kind == "kuramoto" else 5e-5}


@dataclass(frozen=True)
class StaticModel:
    """Settings of the copy of the last frame: none."""


@dataclass(frozen=True)
class CorrelationModel:
    """Settings of edges from correlations; the threshold is that which fits the first training scenes best."""

    of: str = "flat"  # whole trajectories at once; "paths": feature by feature; "lstm": the last hidden states
    reference: int = 2_000  # training scenes for the threshold
    hidden: int = 256
    layers: int = 2
    burn_in: int = 40
    restart: int = FRAMES

    def __post_init__(self) -> None:
        check_least("model", self, {"reference": 1})


@dataclass(frozen=True)
class MotionData:
    """Which system is simulated and how often."""

    kind: str = "springs"  # one of `simulations.KINDS`
    objects: int = 5
    train: int = 50_000
    valid: int = 10_000
    test: int = 10_000
    test_frames: int = 99
    others: tuple[int, ...] = ()  # numbers of objects of further test scenes
    of_others: int = 1_000  # scenes of each
    seed: int = 0

    def __post_init__(self) -> None:
        check_least("data", self, {"seed": 0} | dict.fromkeys(("train", "valid", "test", "of_others"), 1))
        for name, counts in (("objects", (self.objects,)), ("others", self.others)):
            if min(counts, default=2) < 2:
                raise InputError(f"data.{name} is {getattr(self, name)}: an interaction takes 2 objects or more")


def scenes(kind: str, objects: int = 5, **further: Any) -> MotionData:
    """The scenes of a row; rates of oscillators by one range over all, which gives the error of the paper's Static."""
    return MotionData("kuramoto_raw" if kind == "kuramoto" else kind, objects, **further)


def load(config: Config, kind: str) -> Dataset:
    """Normalised splits from independent streams; the units are those of the paper's 50,000 training scenes.

    Raises:
        InputError: real data are asked for, or settings that give no scene or a test scene that is too short.
    """
    data = config.data
    if kind == "real":
        raise InputError(
            f"the {data.kind} data were never released as files: use --data generated, their own procedure"
        )
    if data.test_frames <= START + HORIZON:
        raise InputError(
            f"data.test_frames is {data.test_frames}: {FRAMES} frames to read, one to start from and {HORIZON} to "
            f"predict need {START + HORIZON + 1} or more"
        )
    lengths = {"train": FRAMES, "valid": FRAMES, "test": data.test_frames}
    drawn = {
        name: simulations.cached(data.kind, getattr(data, name), data.objects, frames, data.seed, stream)
        for stream, (name, frames) in enumerate(lengths.items())
    }
    scale = ranges.scale(data.kind, data.objects, data.seed)
    splits = {name: Split(_columns(scenes, scale)) for name, scenes in drawn.items()}
    for objects in data.others:
        scenes = simulations.cached(data.kind, data.of_others, objects, FRAMES, data.seed, len(drawn))
        for name, column in _columns(scenes, scale).items():
            splits["test"].tables[f"{name}/{objects}"] = column
    features = drawn["train"].trajectories.shape[-1]
    return Dataset(
        f"{data.kind}_{data.objects}", kind, fingerprint(config, kind), splits, {"features": features, "scale": scale}
    )


def fingerprint(config: Config, kind: str) -> str | None:
    """Hash of the recipe, which fixes the scenes, and of their units; there are no real files."""
    if kind == "real":
        return None
    data = config.data
    units = ranges.identity(data.kind, data.objects, data.seed)
    recipe = f"motion {sorted(counted(data).items())} generator {simulations.VERSION} units {units}"
    return hashlib.sha256(recipe.encode()).hexdigest()


def _columns(scenes: simulations.Simulations, scale: simulations.Scale) -> dict[str, Tensor]:
    trajectories = torch.from_numpy(scale.apply(scenes.trajectories)).float()
    return {"trajectories": trajectories, "edges": torch.from_numpy(scenes.edges)}


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
        return EdgeClassifier(model, FRAMES, features)
    if isinstance(model, CorrelationModel):
        if model.of == "lstm" and not config.train.steps:
            raise InputError("model.of is lstm, but train.steps is 0: give the steps that train it")
        describe = _describe(model, features, objects)
        return CorrelationEdges(
            describe, *(train.columns[name][: model.reference] for name in ("trajectories", "edges"))
        )
    return Static() if isinstance(model, StaticModel) else TrajectoryLSTM(model, features, objects)


def _describe(model: CorrelationModel, features: int, objects: int) -> Callable[[Tensor], Tensor]:
    """What is correlated between objects."""
    if model.of == "lstm":
        lstm = LSTMModel(model.hidden, model.layers, restart=model.restart, burn_in=model.burn_in)
        return LSTMStates(TrajectoryLSTM(lstm, features, objects))
    descriptions = {"flat": flat_paths, "paths": paths}
    if model.of not in descriptions:
        raise InputError(f"model.of is {model.of!r}: choose one of {', '.join(descriptions)}, lstm")
    return descriptions[model.of]


def simulator(model: NRIModel, data: MotionData, scale: simulations.Scale) -> nn.Module | None:
    """The simulator as a decoder, where a row asks for it; None: the model makes its own."""
    if model.decoder != "simulator":
        return None
    if data.kind not in particles.KINDS:
        raise InputError(f"model.decoder is simulator: there is none for {data.kind}, choose mlp or recurrent")
    low, high = (torch.tensor(values, dtype=torch.float32) for values in zip(*scale.ranges, strict=True))
    return SimulatorDecoder(data.kind, low, high, model.substeps)


class MotionLearner(Learner):
    """Gradient descent that tells a model with a decoder the step, on which its likelihood may hang."""

    def __init__(self) -> None:
        super().__init__(loss)

    def update(self, moment: Moment) -> Tensor:
        """One step, the same as the default's."""
        if isinstance(self.job.model, GivenGraph):
            self.job.model.step = moment.step
        return super().update(moment)

    def can_capture(self) -> bool:
        """Not where the likelihood changes in the course of training."""
        peak = isinstance(self.job.model, GivenGraph) and self.job.model.config.peak is not None
        return not peak and self.job.training.optimiser in optimisers.CAPTURABLE


def loss(model: nn.Module, batch: dict[str, Tensor]) -> Tensor:
    """Every model of motion states its own."""
    return model.loss(batch)


@torch.no_grad()
def evaluate(model: nn.Module, split: Split) -> dict[str, float]:
    """Accuracy of the edges, errors of a rollout where the scenes are long enough, and what validation picks by."""
    found, batches = {}, list(split.batches(TOGETHER))
    if hasattr(model, "edges"):
        found |= _accuracies(model, split)
    if hasattr(model, "rollout") and split.columns["trajectories"].shape[1] > START + HORIZON:
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
        paths = columns[f"trajectories{size}"][:, :FRAMES].split(TOGETHER)
        predicted[size] = torch.cat([model.edges(some, *settings) for some in paths])
    types = 1 + max(int(edges.max()) for edges in predicted.values())
    naming = best_naming(predicted[""], columns["edges"], types)
    return {
        f"accuracy/edges{size.replace('/', '_')}": edge_accuracy(edges, columns[f"edges{size}"], naming)
        for size, edges in predicted.items()
    }


def _errors(model: nn.Module, batch: dict[str, Tensor]) -> Tensor:
    """Mean squared error of every scene at every step of the rollout: [B, HORIZON]."""
    frames, after = batch["trajectories"].split([START + 1, batch["trajectories"].shape[1] - START - 1], 1)
    given = isinstance(model, GivenGraph)
    predicted = model.predict(frames, HORIZON, _read(batch)) if given else model.rollout(frames, HORIZON)
    return errors_by_step(predicted, after[:, :HORIZON])


def _read(batch: dict[str, Tensor]) -> dict[str, Tensor]:
    """The batch with the frames that an encoder may see."""
    return {"trajectories": batch["trajectories"][:, :FRAMES], "edges": batch["edges"]}


def experiment(
    name: str, title: str, table: str, rows: tuple[Row, ...], metrics: tuple[str, ...], watch: tuple[str, ...] = ()
) -> Experiment:
    """An experiment on these scenes, for one table of the paper."""
    return Experiment(
        name=name,
        title=title,
        paper=PAPER,
        table=table,
        rows=rows,
        load=load,
        build=build,
        loss=loss,
        evaluate=evaluate,
        learner=MotionLearner,
        select="score",
        chance={"accuracy/*": "50", "mse/*": "Static"},
        fingerprint=fingerprint,
        procedures=AS_IN_THE_PAPER,
        metrics=metrics,
        watch=watch,
        weights=torch.float32,  # errors of springs are below half precision
        can_capture=lambda config: getattr(config.model, "windows", None) is None,  # no frames drawn anew for each step
    )
