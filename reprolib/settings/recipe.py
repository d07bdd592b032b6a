"""How a model is trained, as settings, and the schedules of the learning rate."""

import math
from dataclasses import dataclass, field
from typing import Annotated, ClassVar

from reprolib.settings.declared import LATER, Amount, Count, Fraction, OneOf, Positive, Settings, Whole

OPTIMISERS = ("adam", "adamw", "sgd", "muon")
SCHEDULES = ("constant", "cosine", "halving", "doubling", "plateau")


@dataclass(frozen=True)
class Training(Settings):
    """How a model is trained. Batch sizes count the examples of all workers."""

    part: ClassVar[str] = "train"

    steps: Whole
    batch: Count = 64
    block: Count = 1  # consecutive examples that stay in one batch, as the questions of one picture
    rate: Positive = 1e-3
    schedule: Annotated[str, OneOf(*SCHEDULES)] = "constant"  # see `rate_factor`
    warmup: Whole = 0  # steps of linear warm-up
    optimiser: Annotated[str, OneOf(*OPTIMISERS)] = "adam"
    weight_decay: Amount = 0.0
    clip: Positive | None = None  # largest norm of the gradient
    evaluate_every: Count = 1000  # steps between validations, each followed by a checkpoint
    patience: Count | None = None  # validations without a better score before training stops
    precision: Annotated[str, OneOf("fp32", "tf32", "bf16")] = "fp32"  # where the device has instructions for it
    shuffle: bool = field(default=True, metadata=LATER)  # False: the same order in every epoch
    plateau: Whole = field(default=10, metadata=LATER)  # of the schedule "plateau": validations without a better score
    cooldown: Whole = field(default=0, metadata=LATER)  # validations after a halving that do not count
    floor: Amount = field(default=0.0, metadata=LATER)  # part of the rate that is always left
    average: Fraction = field(default=0.0, metadata=LATER)  # decay of a running mean of the weights; 0: they themselves
    easy_first: Whole = field(default=0, metadata=LATER)  # steps, at the start, on easy examples alone (column "easy")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.batch % self.block:
            raise self.refused("batch", f"give a multiple of train.block, {self.block}")


def learning_rate(training: Training, step: int) -> float:
    """Rate of a step: linear warm-up, then the schedule."""
    warm = min(1.0, (step + 1) / max(1, training.warmup))
    return training.rate * warm * rate_factor(training.schedule, step, training.steps)


def rate_factor(schedule: str, step: int, steps: int) -> float:
    """What a schedule leaves of the full rate at a step, from 0 to 1.

    Cosine: to zero over all steps. Halving: after 2/5 and 4/5 of the steps, as NRI does after 200 and 400 of 500
    epochs. Doubling: from a hundredth up, seven times in 2/5 of the steps, as replications of CLEVR do every 20 epochs.
    Plateau: a learner halves the rate by what validation says.
    """
    if schedule == "cosine":
        return 0.5 * (1 + math.cos(math.pi * step / steps))
    if schedule == "halving":
        return 0.5 ** (5 * step // (2 * steps))
    if schedule == "doubling":
        return min(1.0, 0.01 * 2 ** (35 * step // (2 * steps)))
    return 1.0
