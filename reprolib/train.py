"""The only training loop: device, precision, progress, checkpoints and resume, synchronous data parallelism."""

import math
import os
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel
from tqdm import tqdm

from reprolib.data.split import Split
from reprolib.errors import InputError
from reprolib.files import write_atomically

Loss = Callable[[nn.Module, dict[str, Tensor]], Tensor]
Validate = Callable[[nn.Module], dict[str, float]]


@dataclass(frozen=True)
class Training:
    """How a model is trained. Batch sizes count the examples of all workers together."""

    steps: int
    batch: int = 64
    together: int = 1  # consecutive examples that stay in one batch, as the questions of one picture
    rate: float = 1e-3
    schedule: str = "constant"  # or "cosine": to zero over all steps
    warmup: int = 0  # steps of linear warm-up
    optimiser: str = "adam"
    weight_decay: float = 0.0
    clip: float | None = None  # largest norm of the gradient
    evaluate_every: int = 1000  # steps between validations, each followed by a checkpoint
    patience: int | None = None  # validations without a better score before training stops
    precision: str = "fp32"  # or "bf16": autocast


class OutOfTimeError(Exception):
    """Training stopped at its deadline, with a checkpoint."""


@dataclass
class State:
    """Everything that a checkpoint holds beside the tensors of model and optimiser."""

    step: int = 0
    best_step: int = 0
    best_score: float = -math.inf
    seconds: float = 0.0
    history: list[dict] = field(default_factory=list)


@dataclass(frozen=True)
class Fit:
    """What training gave: the learning curve and what it cost. The model holds the best weights."""

    history: list[dict]
    best_step: int
    steps: int
    seconds: float
    samples_per_second: float | None


def fit(
    model: nn.Module,
    loss: Loss,
    data: Split,
    validate: Validate,
    select: str,
    training: Training,
    *,
    seed: int,
    identity: str,
    checkpoint: Path | None = None,
    resume: bool = False,
    deadline: float | None = None,
) -> Fit:
    """Train a model on the device that its data are on and leave the best validated weights in it.

    Args:
        loss: mean loss of a batch, called with the model and a batch of `data`.
        validate: metrics of the model on held-out data; `select` names the one that should be large.
        identity: hash of the whole configuration; a checkpoint with another one is refused.
        checkpoint: file to write after every validation; with `resume` training goes on from it.
        deadline: value of time.monotonic() after which training stops at its next checkpoint.

    Raises:
        OutOfTimeError: the deadline has passed; the checkpoint is written.
        InputError: a checkpoint of another configuration, a batch that workers cannot share, a loss that is not finite.
    """
    trainer = _Trainer(model, loss, data, validate, select, training, seed, identity, checkpoint, deadline)
    if resume:
        trainer.restore()
    return trainer.run()


class _Trainer:
    def __init__(self, model, loss, data, validate, select, training, seed, identity, checkpoint, deadline):
        self.rank, self.workers = _join_workers()
        if training.batch % self.workers:
            raise InputError(f"batch {training.batch} cannot be shared by {self.workers} workers: choose a multiple")
        self.model, self.loss, self.data, self.validate, self.select = model, loss, data, validate, select
        self.training, self.seed, self.identity = training, seed, identity
        self.checkpoint, self.deadline = checkpoint, deadline
        self.device = next(iter(data.columns.values())).device
        self.parallel = DistributedDataParallel(model) if self.workers > 1 else model
        self.optimiser = _optimiser(model, training) if training.steps else None
        self.state, self.best = State(), _copy(model)
        self.per_epoch = max(1, len(data) // training.batch)
        self.order = None, None  # epoch, permutation

    def run(self) -> Fit:
        if not self.training.steps:
            return Fit([], 0, 0, 0.0, None)
        before, start = self.state.seconds, time.perf_counter()
        total, since = torch.zeros((), device=self.device), 0
        bar = tqdm(
            total=self.training.steps, initial=self.state.step, unit="step", disable=self.rank > 0, mininterval=1
        )
        while self.state.step < self.training.steps and not self._out_of_patience():
            total += self._step()
            since += 1
            bar.update()
            if self.state.step % self.training.evaluate_every == 0 or self.state.step == self.training.steps:
                self.state.seconds = before + time.perf_counter() - start
                self._assess(float(total) / since)
                bar.set_postfix({key: f"{value:.4g}" for key, value in self.state.history[-1].items() if key != "step"})
                total, since = torch.zeros((), device=self.device), 0
                self._check_time()
        bar.close()
        self.model.load_state_dict(self.best)
        seconds = self.state.seconds
        return Fit(
            history=self.state.history,
            best_step=self.state.best_step,
            steps=self.state.step,
            seconds=seconds,
            samples_per_second=self.state.step * self.training.batch / seconds if seconds else None,
        )

    def _step(self) -> Tensor:
        self.parallel.train()
        for group in self.optimiser.param_groups:
            group["lr"] = learning_rate(self.training, self.state.step)
        batch = self.data.batch(self._indices())
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.training.precision == "bf16"):
            loss = self.loss(self.parallel, batch)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        if self.training.clip is not None:
            nn.utils.clip_grad_norm_(self.model.parameters(), self.training.clip)
        self.optimiser.step()
        self.state.step += 1
        return loss.detach()

    def _indices(self) -> Tensor:
        """This worker's part of the step's batch; the order depends only on the seed and the epoch."""
        epoch, position = divmod(self.state.step, self.per_epoch)
        if self.order[0] != epoch:
            generator = torch.Generator().manual_seed(1_000_003 * self.seed + epoch)
            self.order = epoch, shuffled(len(self.data), self.training.together, generator).to(self.device)
        batch = self.order[1][position * self.training.batch : (position + 1) * self.training.batch]
        return batch.tensor_split(self.workers)[self.rank]

    def _assess(self, loss: float) -> None:
        """Validate, remember the best weights, write a checkpoint."""
        if not math.isfinite(loss):
            raise InputError(f"the loss is {loss} at step {self.state.step}: lower train.rate or set train.clip")
        self.model.eval()
        with torch.no_grad():
            score = self.validate(self.model)[self.select]
        self.state.history.append({"step": self.state.step, "loss": loss, self.select: score})
        if score > self.state.best_score:
            self.state.best_score, self.state.best_step = score, self.state.step
            self.best = _copy(self.model)
        if self.checkpoint is not None and self.rank == 0:
            self._save()

    def _check_time(self) -> None:
        if self.deadline is not None and time.monotonic() > self.deadline and self.state.step < self.training.steps:
            raise OutOfTimeError(f"stopped at step {self.state.step} of {self.training.steps}; --resume goes on")

    def _out_of_patience(self) -> bool:
        if self.training.patience is None:
            return False
        return self.state.step - self.state.best_step >= self.training.patience * self.training.evaluate_every

    def _save(self) -> None:
        content = {
            "identity": self.identity,
            "state": asdict(self.state),
            "model": self.model.state_dict(),
            "best": self.best,
            "optimiser": self.optimiser.state_dict(),
            "random": torch.get_rng_state(),
            "random_device": torch.cuda.get_rng_state() if self.device.type == "cuda" else None,
        }
        write_atomically(self.checkpoint, lambda path: torch.save(content, path))

    def restore(self) -> None:
        """Take everything from the checkpoint, if there is one."""
        if self.checkpoint is None or not self.checkpoint.exists():
            return
        try:
            content = torch.load(self.checkpoint, map_location=self.device, weights_only=True)
        except Exception as error:
            raise InputError(f"{self.checkpoint} is not a readable checkpoint ({error}): delete it") from None
        if content["identity"] != self.identity:
            raise InputError(f"{self.checkpoint} belongs to another configuration: delete it or run without --resume")
        self.model.load_state_dict(content["model"])
        self.optimiser.load_state_dict(content["optimiser"])
        self.best, self.state = content["best"], State(**content["state"])
        torch.set_rng_state(content["random"].cpu())
        if content["random_device"] is not None:
            torch.cuda.set_rng_state(content["random_device"].cpu())


def shuffled(count: int, together: int, generator: torch.Generator) -> Tensor:
    """A random order that keeps blocks of `together` consecutive examples; a last, shorter block is left out."""
    blocks = torch.randperm(count // together, generator=generator)
    return (blocks[:, None] * together + torch.arange(together)).flatten()


def learning_rate(training: Training, step: int) -> float:
    """Rate of a step: linear warm-up, then constant or a cosine to zero."""
    rate = training.rate * min(1.0, (step + 1) / max(1, training.warmup))
    if training.schedule == "cosine":
        return rate * 0.5 * (1 + math.cos(math.pi * step / training.steps))
    return rate


def pick_device(name: str | None) -> torch.device:
    """The named device, or an accelerator where there is one.

    Raises:
        InputError: the device is unknown or not there.
    """
    if name is None:
        name = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        device = torch.device(name)
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError) as error:
        raise InputError(
            f"device {name!r} cannot be used here ({str(error).splitlines()[0]}): try --device cpu"
        ) from None
    return device


def _optimiser(model: nn.Module, training: Training) -> torch.optim.Optimizer:
    known = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW, "sgd": torch.optim.SGD}
    if training.optimiser not in known:
        raise InputError(f"train.optimiser is {training.optimiser!r}: choose one of {', '.join(known)}")
    return known[training.optimiser](model.parameters(), lr=training.rate, weight_decay=training.weight_decay)


def _copy(model: nn.Module) -> dict[str, Tensor]:
    return {name: tensor.detach().clone() for name, tensor in model.state_dict().items()}


def rank() -> int:
    """This worker's number; 0 without torchrun."""
    return int(os.environ.get("RANK", 0))


def _join_workers() -> tuple[int, int]:
    """Rank and number of workers, joining the group that torchrun announces."""
    if "WORLD_SIZE" not in os.environ:
        return 0, 1
    if not dist.is_initialized():
        dist.init_process_group("nccl" if torch.cuda.is_available() else "gloo")
    return dist.get_rank(), dist.get_world_size()
