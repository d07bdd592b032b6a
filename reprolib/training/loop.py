"""The only training loop: epochs, validation, progress, checkpoints and resume, synchronous data parallelism."""

import math
import sys
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch
from torch import Tensor, nn
from tqdm import tqdm

from reprolib import devices
from reprolib.data.split import Split, shuffled
from reprolib.errors import InputError
from reprolib.files import write_atomically
from reprolib.settings.recipe import Training
from reprolib.training import parallel
from reprolib.training.averaging import Average
from reprolib.training.capture import Captured
from reprolib.training.learner import Job, Learner, Moment

Validate = Callable[[nn.Module], dict[str, float]]


class OutOfTimeError(Exception):
    """Training stopped at its deadline, with a checkpoint."""


class StaleCheckpointError(InputError):
    """The checkpoint to go on from belongs to another configuration."""


@dataclass
class State:
    """Everything that a checkpoint holds beside the tensors of model and optimiser."""

    step: int = 0
    best_step: int = 0
    best_score: float = -math.inf
    seconds: float = 0.0
    processor_seconds: float = 0.0
    history: list[dict] = field(default_factory=list)


@dataclass(frozen=True)
class Fit:
    """What training gave: the learning curve and its cost with validation. The model holds the best weights."""

    history: list[dict]
    best_step: int
    steps: int
    seconds: float
    processor_seconds: float  # of all threads; of further workers not
    samples_per_second: float | None


def fit(
    model: nn.Module,
    learner: Learner,
    data: Split,
    validate: Validate,
    select: str,
    training: Training,
    *,
    watch: tuple[str, ...] = (),
    seed: int,
    identity: str,
    checkpoint: Path | None = None,
    resume: bool = False,
    deadline: float | None = None,
    title: str | None = None,
    capture: bool = False,
) -> Fit:
    """Train a model on the device that its data are on and leave the best validated weights in it.

    Args:
        learner: makes the steps; a fresh one, such as `Learner(loss)`.
        validate: metrics of the model on held-out data; `select` names the one that should be large.
        watch: further metrics that the learning curve keeps.
        identity: hash of the whole configuration and the device's kind; a checkpoint with another one is refused.
        checkpoint: file to write after every validation; with `resume` training goes on from it.
        deadline: value of time.monotonic() after which training stops at its next checkpoint.
        title: what stands before the progress bar.
        capture: launch a step's kernels at once, where a CUDA device trains it alone and the learner can; every step
            of the model must do the same on other rows.

    Raises:
        OutOfTimeError: the deadline has passed; the checkpoint is written.
        StaleCheckpointError: the checkpoint to go on from belongs to another configuration.
        InputError: a checkpoint that cannot be read, a batch that workers cannot share, a loss that is not finite.
    """
    if not training.steps:
        return Fit([], 0, 0, 0.0, 0.0, None)
    trainer = _Trainer(model, learner, data, validate, (select, *watch), training, seed, identity, checkpoint, deadline)
    if resume and trainer.restore() and title and not trainer.rank:
        tqdm.write(f"{title}: goes on from step {trainer.state.step:,} of {training.steps:,}", sys.stderr)
    return trainer.run(title, capture)


class _Clock:
    """Adds the time since its making, of the wall and of the processor, to that of a state."""

    def __init__(self, state: State):
        self.state = state
        self.wall, self.processor = state.seconds - time.perf_counter(), state.processor_seconds - time.process_time()

    def read(self) -> None:
        self.state.seconds = self.wall + time.perf_counter()
        self.state.processor_seconds = self.processor + time.process_time()


class _Trainer:
    def __init__(self, model, learner, data, validate, watched, training, seed, identity, checkpoint, deadline):
        self.rank, self.workers = parallel.rank(), parallel.count()
        self.easy = _easy(data) if training.easy_first else None
        self.batch = _shared_batch(len(data if self.easy is None else self.easy), training, self.workers)
        self.model, self.learner, self.data, self.validate, self.watched = model, learner, data, validate, watched
        self.training, self.seed, self.identity = training, seed, identity
        self.checkpoint, self.deadline = checkpoint, deadline
        self.device = next(iter(data.columns.values())).device
        if not any(parameter.requires_grad for parameter in model.parameters()):
            raise InputError("this model has nothing to train: set train.steps to 0")
        if self.workers > 1:
            parallel.join(model, self.device)
        precision = devices.precision(training.precision, self.device)
        learner.begin(Job(model, data, training, self.device, precision))
        self.average = Average(model, training.average) if training.average else None
        self.state, self.best = State(), _copy(model)
        self.order = None, None  # lesson and epoch, permutation
        self._part_randomness()

    def run(self, title: str | None, capture: bool) -> Fit:
        update = self._captured() if capture and self._can_capture() else self._update
        clock = _Clock(self.state)
        total, since = torch.zeros((), device=self.device), 0
        steps, step = self.training.steps, self.state.step
        with tqdm(total=steps, initial=step, desc=title, unit="step", disable=self.rank > 0, mininterval=1) as bar:
            while self.state.step < steps and not self._out_of_patience():
                total += self._step(update)
                since += 1
                bar.update()
                if self.state.step % self.training.evaluate_every == 0 or self.state.step == steps:
                    clock.read()
                    self._assess(float(parallel.mean(total)) / since)
                    bar.set_postfix({key: f"{v:.4g}" for key, v in self.state.history[-1].items() if key != "step"})
                    total, since = torch.zeros((), device=self.device), 0
                    self._check_time()
        self.model.load_state_dict(self.best)
        state, rate = self.state, self.state.step * self.batch / self.state.seconds
        return Fit(state.history, state.best_step, state.step, state.seconds, state.processor_seconds, rate)

    def _can_capture(self) -> bool:
        """Whether a step may be captured: on a CUDA device, alone, by a learner that does the same at every step."""
        return self.device.type == "cuda" and self.workers == 1 and self.learner.can_capture()

    def _captured(self) -> Captured:
        self.learner.prepare_capture()
        return Captured(self._update, self.device)

    def _step(self, update: Callable[[Tensor], Tensor]) -> Tensor:
        self.model.train()
        self.learner.set_rates(self.state.step)
        epoch, position, steps = self._place()
        rows = self._rows(epoch, position)
        loss = update(rows)
        if self.workers > 1:
            parallel.share_rows(self.learner.examples, rows)
        if self.average:
            self.average.update(self.state.step)
        self.state.step += 1
        if position == steps - 1:
            self.learner.end_of_epoch(epoch)
        return loss

    def _update(self, rows: Tensor) -> Tensor:
        """One step of the learner on examples [B] of the split; their mean loss."""
        return self.learner.update(Moment(rows, self.state.step, self._place()[0], self.seed))

    @property
    def _lesson(self) -> Tensor | None:
        """The rows that this step may draw from; None: all."""
        return self.easy if self.state.step < self.training.easy_first else None

    def _place(self) -> tuple[int, int, int]:
        """The epoch of the lesson, the step within it, and how many steps an epoch has."""
        easy = self._lesson is not None
        count, start = (len(self.easy), 0) if easy else (len(self.data), self.training.easy_first)
        return *divmod(self.state.step - start, count // self.batch), count // self.batch

    def _rows(self, epoch: int, position: int) -> Tensor:
        """This worker's part of the step's batch; the order depends only on the seed, the lesson and the epoch."""
        easy = self._lesson is not None
        if self.order[0] != (easy, epoch):
            generator = torch.Generator().manual_seed(1_000_003 * self.seed + epoch)
            order = shuffled(len(self.easy if easy else self.data), self.training.block, generator)
            order = (order if self.training.shuffle else order.sort().values).to(self.device)
            self.order = (easy, epoch), self.easy[order] if easy else order
        batch = self.order[1][position * self.batch : (position + 1) * self.batch]
        return batch.tensor_split(self.workers)[self.rank]

    def _assess(self, loss: float) -> None:
        """Validate, remember the best weights, write a checkpoint."""
        if not math.isfinite(loss):
            raise InputError(f"the loss is {loss} at step {self.state.step}: lower train.rate or set train.clip")
        self.model.eval()
        with self.average.in_place() if self.average else nullcontext():
            self._validate(loss)
        if self.checkpoint is not None and self.rank == 0:
            self._save()
        self._part_randomness()

    def _validate(self, loss: float) -> None:
        with torch.no_grad():
            metrics = self.validate(self.model)
        select, *others = self.watched
        score = float(parallel.decided(metrics[select], self.device))
        if not math.isfinite(score):
            raise InputError(f"{select} is {score} at step {self.state.step}: is the validation split empty?")
        kept = {name: float(metrics[name]) for name in others if name in metrics}
        kept |= {name: float(value) for name, value in self.learner.statistics().items()}
        self.state.history.append({"step": self.state.step, "loss": loss, select: score} | kept)
        self.learner.validated(score)
        if score > self.state.best_score:
            self.state.best_score, self.state.best_step = score, self.state.step
            self.best = _copy(self.model)

    def _check_time(self) -> None:
        if self.deadline is None or self.state.step == self.training.steps:
            return
        if parallel.decided(time.monotonic() > self.deadline, self.device):
            raise OutOfTimeError(f"stopped at step {self.state.step} of {self.training.steps}; a later run goes on")

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
            "average": self.average.means if self.average else [],
            "learner": self.learner.state_dict(),
            "examples": self.learner.examples,
            "random": torch.get_rng_state(),
            "random_device": torch.cuda.get_rng_state(self.device) if self.device.type == "cuda" else None,
        }
        write_atomically(self.checkpoint, lambda path: torch.save(content, path))

    def restore(self) -> bool:
        """Take everything from the checkpoint; False where there is none."""
        if self.checkpoint is None or not self.checkpoint.exists():
            return False
        try:
            content = torch.load(self.checkpoint, map_location="cpu", weights_only=True)
            same = content["identity"] == self.identity
            if same:
                self._take(content)
        except (MemoryError, torch.OutOfMemoryError):
            raise
        except Exception as error:
            kind = type(error).__name__
            raise InputError(f"{self.checkpoint} is no checkpoint that can be read ({kind}): delete it") from error
        if not same:
            reason = "belongs to another configuration or device: delete it or run without --resume"
            raise StaleCheckpointError(f"{self.checkpoint} {reason}")
        return True

    def _take(self, content: dict) -> None:
        self.model.load_state_dict(content["model"])
        if self.average:
            self.average.load(content["average"])
        self.learner.load_state_dict(content["learner"])
        self.learner.examples = {name: tensor.to(self.device) for name, tensor in content["examples"].items()}
        self.best = {name: tensor.to(self.device) for name, tensor in content["best"].items()}
        self.state = State(**content["state"])
        torch.set_rng_state(content["random"].cpu())
        if content["random_device"] is not None:
            torch.cuda.set_rng_state(content["random_device"].cpu(), self.device)
        self._part_randomness()

    def _part_randomness(self) -> None:
        """Let further workers draw dropout masks of their own; from a checkpoint on the same ones, resumed or not."""
        if self.rank:
            torch.manual_seed(hash((self.seed, self.rank, self.state.step)))


def _easy(data: Split) -> Tensor:
    """Rows of the easy examples."""
    if "easy" not in data.columns or not data.columns["easy"].any():
        raise InputError("these data name no example as easy: leave train.easy_first at 0")
    return data.columns["easy"].nonzero()[:, 0]


def _shared_batch(examples: int, training: Training, workers: int) -> int:
    """Examples of one step: the batch, or all blocks there are when they are fewer."""
    batch = min(training.batch, examples // training.block * training.block)
    if not batch:
        raise InputError(f"{examples} training examples are fewer than train.block, {training.block}")
    if batch % (workers * training.block):
        raise InputError(
            f"a batch of {batch} cannot be shared by {workers} workers: set train.batch to a multiple of "
            f"{workers * training.block}"
        )
    return batch


def _copy(model: nn.Module) -> dict[str, Tensor]:
    return {name: tensor.detach().clone() for name, tensor in model.state_dict().items()}
