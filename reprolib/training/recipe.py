"""How a model is trained, as settings."""

import math
from dataclasses import dataclass, field

from reprolib.errors import InputError
from reprolib.settings import LATER, check_choices
from reprolib.training import optimisers

CHOICES = {"schedule": optimisers.SCHEDULES, "precision": ("fp32", "tf32", "bf16"), "optimiser": optimisers.NAMES}
LEAST = {"steps": 0, "batch": 1, "together": 1, "warmup": 0, "easy_first": 0}
LEAST |= {"plateau": 0, "cooldown": 0, "floor": 0}
LEAST |= {"evaluate_every": 1, "patience": 1, "weight_decay": 0}


@dataclass(frozen=True)
class Training:
    """How a model is trained. Batch sizes count the examples of all workers together."""

    steps: int
    batch: int = 64
    together: int = 1  # consecutive examples that stay in one batch, as the questions of one picture
    rate: float = 1e-3
    schedule: str = "constant"  # or "cosine": to zero over all steps; others: see optimisers.share
    warmup: int = 0  # steps of linear warm-up
    optimiser: str = "adam"
    weight_decay: float = 0.0
    clip: float | None = None  # largest norm of the gradient
    evaluate_every: int = 1000  # steps between validations, each followed by a checkpoint
    patience: int | None = None  # validations without a better score before training stops
    precision: str = "fp32"  # or "tf32", "bf16" (autocast), where the device has instructions for it
    shuffle: bool = field(default=True, metadata=LATER)  # False: the same order in every epoch
    plateau: int = field(default=10, metadata=LATER)  # of the schedule "plateau": validations without a better score
    cooldown: int = field(default=0, metadata=LATER)  # validations after a halving that do not count
    floor: float = field(default=0.0, metadata=LATER)  # share of the rate that is always left
    easy_first: int = field(default=0, metadata=LATER)  # steps, at the start, on easy examples alone (column "easy")

    def __post_init__(self) -> None:
        check_choices("train", self, CHOICES)
        for name, least in LEAST.items():
            if getattr(self, name) is not None and not least <= getattr(self, name) < math.inf:
                raise InputError(f"train.{name} is {getattr(self, name)}: give at least {least}")
        for name in ("rate", "clip"):
            if getattr(self, name) is not None and not 0 < getattr(self, name) < math.inf:
                raise InputError(f"train.{name} is {getattr(self, name)}: give a number above 0")
        if self.batch % self.together:
            raise InputError(f"train.batch is {self.batch}: give a multiple of train.together, {self.together}")


def learning_rate(training: Training, step: int) -> float:
    """Rate of a step: linear warm-up, then the schedule."""
    warm = min(1.0, (step + 1) / max(1, training.warmup))
    return training.rate * warm * optimisers.share(training.schedule, step, training.steps)
