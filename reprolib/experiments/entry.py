"""What an experiment is: its rows as frozen, typed entries, and how each gets its data and model."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints

import torch
from torch import Tensor, nn

from reprolib.data.split import Dataset, Split
from reprolib.errors import InputError
from reprolib.evidence.deviations import Deviation
from reprolib.settings import counted
from reprolib.training.learner import Learner, Loss
from reprolib.training.recipe import Training

SCALES = ("smoke", "small", "long", "paper")
KINDS = ("generated", "real")
PROCEDURES = ("released", "paper", "ours")  # who made the data: the authors' files, their procedure, one of ours
AS_IN_THE_PAPER = {"generated": "paper"}  # for an experiment whose data never were files
STAND_IN = {"generated": "ours", "real": "released"}


@dataclass(frozen=True)
class Config:
    """Everything that decides a run beside its seed; `data` and `model` are the experiment's own dataclasses."""

    data: Any
    model: Any
    train: Training

    def flat(self) -> dict[str, Any]:
        """{'train.steps': 1000, ...}, as records and --set spell it, with the model's kind under 'model'."""
        return self._named(asdict)

    @property
    def hash(self) -> str:
        """Short hash of all values; fields that came later count only where they are not at their default."""
        text = json.dumps(self._named(counted), sort_keys=True, default=list)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def _named(self, values: Callable[[Any], dict[str, Any]]) -> dict[str, Any]:
        parts = {"data": values(self.data), "model": values(self.model), "train": values(self.train)}
        named = {f"{part}.{name}": value for part, found in parts.items() for name, value in found.items()}
        return {"model": type(self.model).__name__} | named


@dataclass(frozen=True)
class Row:
    """One line of a table: a system on a task, with its configuration at paper scale and what smaller scales change."""

    task: str
    system: str
    config: Config
    scales: Mapping[str, Mapping[str, Any]]
    minutes: Mapping[str, float]  # of one seed, at each scale that the row has: one core, paper one H200
    baseline: bool = False  # a baseline must come close to the published figure from both sides
    headline: bool = False  # weights are kept
    stands_for: str = ""  # the printed system whose claims this row may carry, where it is another one
    deviations: tuple[Deviation, ...] = ()  # of the configuration at paper scale

    @property
    def name(self) -> str:
        """TASK/SYSTEM, as `reprolib list` prints it."""
        return f"{self.task}/{self.system}"

    def at(self, scale: str) -> Config:
        """The configuration at a scale.

        Raises:
            InputError: there is no such scale, or the row is not defined at it.
        """
        check_scale(scale)
        if scale not in self.minutes:
            raise InputError(f"{self.name} has no scale {scale!r}: choose one of {', '.join(self.minutes)}")
        return change(self.config, self.scales.get(scale, {}))


@dataclass(frozen=True)
class Experiment:
    """One notebook's worth of rows that share data, models and metrics."""

    name: str
    title: str
    paper: str
    table: str
    rows: tuple[Row, ...]
    load: Callable[[Config, str], Dataset]  # configuration, kind of data
    build: Callable[[Config, Dataset], nn.Module]
    loss: Loss
    evaluate: Callable[[nn.Module, Split], dict[str, float]]
    select: str  # the validation metric that picks the best weights
    fingerprint: Callable[[Config, str], str | None]  # today's data hash, None where the data are not there
    procedures: Mapping[str, str] = field(default_factory=lambda: STAND_IN)  # one of `PROCEDURES` by kind of data
    chance: Mapping[str, str] = field(default_factory=dict)  # {pattern of metrics: who guesses, or how well}
    metrics: tuple[str, ...] = ("*",)  # patterns of the published metrics that its table shows
    watch: tuple[str, ...] = ()  # validation metrics that the learning curve keeps beside `select`
    weights: torch.dtype = torch.float16  # of the saved weights
    learner: Callable[[], Learner] | None = None  # makes what trains its models; None: gradient descent on `loss`
    can_capture: Callable[[Config], bool] = lambda config: False  # whether a run's steps are all alike: see capture

    def new_learner(self) -> Learner:
        """What trains one model, once."""
        return self.learner() if self.learner else Learner(self.loss)

    def row(self, name: str) -> Row:
        """The row called TASK/SYSTEM."""
        for row in self.rows:
            if row.name == name:
                return row
        raise InputError(
            f"{self.name} has no row {name!r}: `reprolib list` prints {', '.join(r.name for r in self.rows)}"
        )


def check_scale(scale: str) -> None:
    """Raise InputError unless there is such a scale."""
    if scale not in SCALES:
        raise InputError(f"unknown scale {scale!r}: choose one of {', '.join(SCALES)}")


def answer_loss(model: nn.Module, batch: dict[str, Tensor]) -> Tensor:
    """Mean cross-entropy of the answers to a batch of questions, for the experiments that ask them."""
    return nn.functional.cross_entropy(model(batch).float(), batch["answers"])


def change(config: Config, changes: Mapping[str, Any]) -> Config:
    """A configuration with some values changed, {'train.steps': 100}.

    Raises:
        InputError: no such parameter, or a value of another type.
    """
    known, parts = list(config.flat())[1:], {}
    for key, value in changes.items():
        if key not in known:
            raise InputError(f"unknown parameter {key!r}: choose one of {', '.join(known)}")
        part, _, name = key.partition(".")
        parts.setdefault(part, {})[name] = _fitting(key, get_type_hints(type(getattr(config, part)))[name], value)
    return replace(config, **{part: replace(getattr(config, part), **values) for part, values in parts.items()})


def only_data(changes: Mapping[str, Any]) -> dict[str, Any]:
    """Those of a scale's changes that concern the data, for rows without training."""
    return {key: value for key, value in changes.items() if key.startswith("data.")}


def _fitting(key: str, hint: Any, value: Any) -> Any:
    """The value in a parameter's type: int as float, a list as a tuple."""
    for option in get_args(hint) if isinstance(hint, UnionType) else (hint,):
        if option is float and type(value) is int:
            return float(value)
        if get_origin(option) is tuple and isinstance(value, list | tuple):
            if all(type(item) is get_args(option)[0] for item in value):
                return tuple(value)
        elif type(value) is option:
            return value
    raise InputError(f"parameter {key} takes {_said(hint)}, not {value!r}")


def _said(hint: Any) -> str:
    """A type as users write its values: tuple[int, ...] is a list of int."""
    if isinstance(hint, UnionType):
        return " or ".join(map(_said, get_args(hint)))
    if get_origin(hint) is tuple:
        return f"a list of {_said(get_args(hint)[0])}, such as [2,3]" if get_args(hint)[0] is int else "a list"
    return {type(None): "None", bool: "True or False"}.get(hint, hint.__name__)
