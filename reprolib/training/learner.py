"""What the training loop drives: a learner turns a batch into a step, and keeps what lies beside the model's weights.

M examples, B of them in a batch.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim.lr_scheduler import ReduceLROnPlateau

from reprolib import devices
from reprolib.data.split import Split
from reprolib.settings.recipe import Training, learning_rate
from reprolib.training import optimisers, parallel

Loss = Callable[[nn.Module, dict[str, Tensor]], Tensor]
Evaluate = Callable[[nn.Module, Split], dict[str, float]]


@dataclass(frozen=True)
class Job:
    """What is to be trained: a model on a split, on the device that both are on, with settings and a precision."""

    model: nn.Module
    data: Split
    training: Training
    device: torch.device
    precision: str


@dataclass(frozen=True)
class Moment:
    """A step of training, as a learner is told of it."""

    rows: Tensor  # [B], of the split: this worker's
    step: int
    epoch: int
    seed: int

    @cached_property
    def generator(self) -> torch.Generator:
        """Random numbers of this worker's step, the same whether training was interrupted or not."""
        return torch.Generator().manual_seed(hash((self.seed, parallel.rank(), self.step)))


class Learner:
    """Gradient descent on one loss by one optimiser; another learner overrides what it does otherwise.

    `examples` are tensors [M, ...] with a row for every example of the split, such as a guess that is made better from
    epoch to epoch. A step writes the rows of its batch. The loop gives every worker the rows of all, and keeps the
    tensors in checkpoints, never in weights.

    Args:
        loss: mean loss of a batch, called with the model and a batch of the split.
    """

    def __init__(self, loss: Loss):
        self.loss = loss
        self.examples: dict[str, Tensor] = {}

    def begin(self, job: Job) -> None:
        """Take the job, before the first step and before a state is loaded."""
        training = job.training
        self.job, self.plateau = job, Plateau(training) if training.schedule == "plateau" else None
        self.optimiser = optimisers.make(training.optimiser, job.model, training.rate, training.weight_decay)

    def set_rates(self, step: int) -> None:
        """Set the rates of the step to come; apart from `update`, which may be captured."""
        factor = self.plateau.factor if self.plateau else 1.0
        optimisers.set_rate(self.optimiser, factor * learning_rate(self.job.training, step))

    def update(self, moment: Moment) -> Tensor:
        """Make one step on the rows of a batch; their mean loss, a scalar without a graph."""
        job = self.job
        batch = job.data.batch(moment.rows)
        self.optimiser.zero_grad(set_to_none=True)
        with devices.products(tf32=job.precision == "tf32"):
            with torch.autocast(job.device.type, torch.bfloat16, enabled=job.precision == "bf16"):
                loss = self.loss(job.model, batch)
            loss.backward()
        if parallel.count() > 1:
            parallel.average_gradients(job.model)
        if job.training.clip is not None:
            nn.utils.clip_grad_norm_(job.model.parameters(), job.training.clip)
        self.optimiser.step()
        return loss.detach()

    def end_of_epoch(self, epoch: int) -> None:
        """Called after the last step of an epoch."""

    def validated(self, score: float) -> None:
        """Called after every validation with its score, the better the larger."""
        if self.plateau:
            self.plateau.step(score)

    def statistics(self) -> dict[str, float]:
        """What the learning curve keeps of the steps since the last call."""
        return {}

    def adapt(self, model: nn.Module, split: Split, generator: torch.Generator) -> Split:
        """The split with what is found out about its examples before the model is evaluated on it; may use gradients.

        It leaves the weights as they are. Its random numbers come from the generator, not from those of the training.
        """
        return split

    def can_capture(self) -> bool:
        """Whether `update` does the same at every step, on other rows, and so may become one CUDA graph."""
        return type(self).update is Learner.update and self.job.training.optimiser in optimisers.CAPTURABLE

    def prepare_capture(self) -> None:
        """Called before the first step that is captured."""
        optimisers.allow_capture(self.optimiser)

    def state_dict(self) -> dict[str, Any]:
        """All that a checkpoint has to hold beside the weights and `examples`."""
        plateau = {"plateau": self.plateau.state_dict()} if self.plateau else {}
        return {"optimiser": self.optimiser.state_dict()} | plateau

    def load_state_dict(self, content: Mapping[str, Any]) -> None:
        """Take what `state_dict` gave."""
        self.optimiser.load_state_dict(content["optimiser"])
        if self.plateau:
            self.plateau.load_state_dict(content["plateau"])


class Plateau:
    """The factor of the rate that is left: halved where validation has not improved for a number of times."""

    def __init__(self, training: Training):
        self.carrier = torch.optim.SGD([nn.Parameter(torch.zeros(()))], lr=1.0)  # whose rate is the factor
        self.schedule = ReduceLROnPlateau(
            self.carrier,
            mode="max",
            factor=0.5,
            patience=training.plateau,
            cooldown=training.cooldown,
            threshold=0.0,
            min_lr=training.floor,
        )

    @property
    def factor(self) -> float:
        """From 1 down to the floor."""
        return self.carrier.param_groups[0]["lr"]

    def step(self, score: float) -> None:
        """Take the score of a validation."""
        self.schedule.step(score)

    def state_dict(self) -> dict[str, Any]:
        """The factor, and since when nothing has improved."""
        return {"factor": self.factor, "schedule": self.schedule.state_dict()}

    def load_state_dict(self, content: Mapping[str, Any]) -> None:
        """Take what `state_dict` gave."""
        self.schedule.load_state_dict(content["schedule"])
        self.carrier.param_groups[0]["lr"] = content["factor"]


def evaluated(learner: Learner, evaluate: Evaluate, model: nn.Module, split: Split, seed: int) -> dict[str, float]:
    """The metrics of a model on a split that the learner has adapted to, with random numbers of its own."""
    device = next(iter(split.columns.values())).device
    generator = torch.Generator().manual_seed(seed)
    with torch.random.fork_rng([device] if device.type == "cuda" else []), torch.enable_grad():
        split = learner.adapt(model, split, generator)
    return evaluate(model, split)
