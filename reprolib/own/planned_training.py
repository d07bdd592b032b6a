"""As many steps as the time allows, fixed in a plan, and models trained by it that can be resumed."""

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import torch
from torch import nn

from reprolib.data.split import Split
from reprolib.errors import InputError
from reprolib.files import check_folder, write_text
from reprolib.own.graph_methods import VALIDATIONS, GraphMethod
from reprolib.own.inferred_graph import Inference
from reprolib.reading import read_json
from reprolib.training.loop import Fit, fit

PLAN, DONE = "plan.json", "summary.md"
ELSEWHERE = "choose another folder with --out"
WARM, TRIED = 3, 20  # steps before the speed is measured, and those by which it is
LEAST_STEPS = 20
SAFE = 0.85  # part of the time that is planned for training


@dataclass(frozen=True)
class Plan:
    """What a run in a folder does."""

    identity: str  # of tracks, options and the kind of device
    steps: int


class Run(NamedTuple):
    """Where a run keeps what it has done, and when it began."""

    folder: Path | None  # None: nowhere
    resume: bool  # go on with the run that the folder holds
    started: float  # by time.monotonic()


def claim(folder: Path, resume: bool) -> None:
    """Take a folder for a run.

    Raises:
        InputError: it holds something else, a finished run, or one that is not to be resumed; it cannot be written.
    """
    if (folder / DONE).exists():
        raise InputError(f"{folder} holds a finished run: choose another folder with --out")
    if (folder / PLAN).exists() and not resume:
        raise InputError(
            f"{folder} holds a run that is not finished: add --resume, or choose another folder with --out"
        )
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder} is no folder: choose another one with --out")
    if folder.is_dir() and not (folder / PLAN).exists() and any(folder.iterdir()):
        raise InputError(f"{folder} holds other files: choose another folder with --out")
    check_folder(folder)


class PlannedTraining:
    """Trains the two models of every seed, with checkpoints in a folder where there is one.

    Args:
        splits: "train" and "valid".
        identity: of tracks, options and the kind of device.

    Raises:
        InputError: as `claim` does, or the folder's plan is of other tracks or options, or damaged.
    """

    def __init__(
        self, run: Run, method: GraphMethod, splits: dict[str, Split], identity: str, asked: Inference
    ) -> None:
        self.folder, self.method, self.splits, self.identity = run.folder, method, splits, identity
        if run.folder is not None:
            claim(run.folder, run.resume)
        self.steps = self._planned(asked, run.started)

    def _planned(self, asked: Inference, started: float) -> int:
        """The number of steps: that of the folder's plan, the one that is asked for, or what the time allows."""
        path = self.folder / PLAN if self.folder else None
        if path is not None and path.exists():
            return _read(path, self.identity).steps
        steps = asked.steps or self._affordable(60 * asked.minutes - (time.monotonic() - started), asked.seeds)
        if path is not None:
            write_text(path, json.dumps(vars(Plan(self.identity, steps)), indent=1) + "\n")
        return steps

    def _affordable(self, seconds: float, seeds: int) -> int:
        """Steps of each model for which the seconds suffice, at least a few."""
        started = time.perf_counter()
        step = validation = 0.0
        for make in (self.method.alone, lambda: self.method.connected(None)):
            self._fit(*make(), WARM, "warming up")
            model, learner = make()
            tried = self._fit(model, learner, TRIED, "measuring the speed")
            since = time.perf_counter()
            self._validated(model.eval())
            once = time.perf_counter() - since
            step, validation = step + max(0.0, tried.seconds - once) / TRIED, validation + once
        left = SAFE * (seconds - (time.perf_counter() - started)) / seeds - (VALIDATIONS + 1) * validation
        return max(LEAST_STEPS, int(left / step))

    def trained(self, seed: int) -> tuple[nn.Module, nn.Module]:
        """The model in which nobody hears another, and the one that infers a graph."""
        torch.manual_seed(seed)
        alone, learner = self.method.alone()
        self._fit(alone, learner, self.steps, f"seed {seed}, without edges", seed, f"seed{seed}_alone.pt")
        score = self._validated(alone.eval())["score"]
        torch.manual_seed(seed)
        connected, learner = self.method.connected(score)
        self._fit(connected, learner, self.steps, f"seed {seed}, with a graph", seed, f"seed{seed}_graph.pt")
        return alone, connected.eval()

    def _fit(self, model: nn.Module, learner, steps: int, title: str, seed: int = 0, name: str | None = None) -> Fit:
        place = self.splits["train"].columns["trajectories"].device
        return fit(
            model.to(place),
            learner,
            self.splits["train"],
            self._validated,
            "score",
            self.method.training(steps),
            seed=seed,
            identity=f"{self.identity} {name} {steps}",
            checkpoint=self.folder / name if self.folder and name else None,
            resume=True,
            title=title,
        )

    @torch.no_grad()
    def _validated(self, model: nn.Module) -> dict[str, float]:
        return {"score": self.method.score(model, self.splits["valid"])}


def clean(folder: Path) -> None:
    """Delete the checkpoints of a run."""
    for path in folder.glob("seed*.pt"):
        path.unlink()


def _read(path: Path, identity: str) -> Plan:
    found, elsewhere = read_json(path, "a plan", ELSEWHERE), f"{path} is no plan: {ELSEWHERE}"
    if not isinstance(found, dict) or found.keys() != Plan.__dataclass_fields__.keys():
        raise InputError(elsewhere)
    plan = Plan(**found)
    if type(plan.steps) is not int or plan.steps < 1:
        raise InputError(elsewhere)
    if plan.identity != identity:
        raise InputError(f"{path} is of other trajectories, options or device: {ELSEWHERE}")
    return plan
