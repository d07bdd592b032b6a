"""A toy experiment that runs in a second, in place of the suite's, for every test of what surrounds the models;
and the real data, where they are at hand.

Run as a program, this file is the command line on the toy experiment:

    REPROLIB_RESULTS=results TOY_CHECKPOINTS=checkpoints python tests/conftest.py run toy --row toy/Net

TOY_SIGNAL=9@35 makes the process send itself signal 9 at the 35th training step, TOY_DOUBLE=1 computes in float64.
"""

import json
import os
import signal
import subprocess
import sys
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from reprolib import __main__, experiments, paths
from reprolib.contracts import requests
from reprolib.contracts.configuration import Config
from reprolib.contracts.entry import Experiment, Row
from reprolib.contracts.method import Method
from reprolib.contracts.source import Source
from reprolib.data.sources import AS_IN_THE_PAPER
from reprolib.data.split import Dataset, Split
from reprolib.errors import InputError
from reprolib.evidence import claims, published, records
from reprolib.evidence.deviations import Deviation
from reprolib.evidence.metrics import accuracy
from reprolib.models.majority import MajorityAnswer
from reprolib.running import runs
from reprolib.settings.recipe import Training
from reprolib.settings.relating import Majority
from reprolib.training import parallel
from reprolib.training.learner import Learner

torch.set_num_threads(1)
CLASSES, FEATURES = 3, 4


@pytest.fixture(scope="session")
def babi():
    """The folder of the real bAbI files; without it the test is skipped."""
    return real("babi")


@pytest.fixture(scope="session")
def mini():
    """The folder of the small set of real CLEVR scenes; without it the test is skipped."""
    return real("clevr-mini")


@pytest.fixture(scope="session")
def cmu():
    """The folder of the recorded walks; without it the test is skipped."""
    return real("cmu") / "subjects" / "35"


@pytest.fixture(scope="session")
def basketball():
    """The folder of the real tracked games; without it the test is skipped."""
    return real("basketball")


def real(name):
    """A folder of REPROLIB_DATA, or a skip where it holds none of that name."""
    data = os.environ.get("REPROLIB_DATA")
    if not data or not (Path(data) / name).is_dir():
        pytest.skip(f"REPROLIB_DATA names no folder with {name}/")
    return Path(data) / name


@dataclass(frozen=True)
class ToyData:
    """Points in the plane of four features, labelled by the largest of three fixed projections."""

    train: int = 96
    valid: int = 32
    test: int | None = 64
    seed: int = 0


@dataclass(frozen=True)
class ToyModel:
    """A network with one hidden layer."""

    hidden: tuple[int, ...] = (16,)
    dropout: float = 0.2
    norm: bool = False


class Toy(nn.Module):
    """Dropout or batch norm as asked, and one parameter that the output does not depend on."""

    def __init__(self, sizes: ToyModel):
        super().__init__()
        width = sizes.hidden[0]
        norm = [nn.BatchNorm1d(width)] * sizes.norm
        self.net = nn.Sequential(
            nn.Linear(FEATURES, width), *norm, nn.Tanh(), nn.Dropout(sizes.dropout), nn.Linear(width, CLASSES)
        )
        self.unused = nn.Parameter(torch.ones(2))

    def forward(self, batch):
        return self.net(batch["inputs"])


def load(settings, kind):
    if missing := available(settings, kind):
        raise InputError(missing)
    splits = {}
    for stream, name in enumerate(("train", "valid", "test")):
        generator = torch.Generator().manual_seed(3 * settings.seed + stream)
        inputs = torch.randn(getattr(settings, name) or 0, FEATURES, generator=generator)
        projections = torch.arange(CLASSES * FEATURES).view(FEATURES, CLASSES).sin() * 3  # [4, 3]
        answers = (inputs @ projections).argmax(1)
        groups = torch.zeros(len(inputs), dtype=torch.long)
        splits[name] = Split({"inputs": inputs.to(torch.get_default_dtype()), "answers": answers, "groups": groups})
    return Dataset(
        "toy", kind, identity(settings, kind), splits, deviations=(Deviation("choice", "A toy, not a paper."),)
    )


def identity(settings, kind):
    return f"toy {asdict(settings)}"


def available(settings, kind):
    return "the toy has no real data: use --data generated" if kind == "real" else None


def build(config, data):
    if isinstance(config.model, Majority):
        columns = data.splits["train"].columns
        return MajorityAnswer(columns["groups"], columns["answers"], CLASSES, column="groups")
    return Toy(config.model)


def loss(model, batch):
    return nn.functional.cross_entropy(model(batch), batch["answers"])


@torch.no_grad()
def evaluate(model, split):
    right = torch.cat([model(batch).argmax(1) == batch["answers"] for batch in split.batches(20)])
    return {"accuracy/all": accuracy(right), "error/all": 100 - accuracy(right)}


SOURCE = Source(SimpleNamespace(load=load, identity=identity, available=available), AS_IN_THE_PAPER)
METHOD = Method(SimpleNamespace(build=build, learner=lambda: Learner(loss), evaluate=evaluate), select="accuracy/all")


def row(system, **options):
    training = Training(steps=60, batch=16, rate=1e-2, schedule="cosine", warmup=5, clip=1.0, evaluate_every=10)
    model = ToyModel(**options)
    return Row(
        task="toy",
        system=system,
        source=SOURCE,
        method=METHOD,
        config=Config(ToyData(), model, training),
        scales={"smoke": {"train.steps": 20}},
        minutes={"smoke": 0.1, "small": 1, "paper": 2},
        headline=True,
    )


EXPERIMENT = Experiment(
    name="toy",
    title="A toy",
    paper="toy2017",
    table="Table 1",
    rows=(
        row("Net"),
        Row(
            "toy",
            "Majority",
            SOURCE,
            METHOD,
            Config(ToyData(), Majority(), Training(steps=0)),
            {},
            {"smoke": 0.1, "small": 0.1, "paper": 0.1},
        ),
        row("Norm", norm=True, dropout=0.0),
    ),
    chance={"*": "Majority"},
)


def of_source(experiment, procedures=AS_IN_THE_PAPER, **functions):
    """An experiment whose rows read their data otherwise: of_source(toy, identity=lambda settings, kind: "new")."""
    source = Source(SimpleNamespace(**vars(SOURCE.reader) | functions), procedures)
    return replace(experiment, rows=tuple(replace(row, source=source) for row in experiment.rows))


def line(**changes):
    """A published line of the toy."""
    usual = {
        "paper": "toy2017",
        "table": "Table 1",
        "system": "Net",
        "task": "toy",
        "metric": "accuracy/all",
        "value": 90.0,
        "bound": "",
        "std": None,
        "unit": "percent",
        "provenance": "read",
        "note": "",
    }
    return published.Line(**(usual | changes))


LINES = (
    line(),
    line(paper="later2019", value=91.0, provenance="recalled"),
    line(metric="error/all", value=10.0),
    line(system="Human", value=99.0),
    line(paper="reprolib", system="Majority", value=None, provenance="ours"),
)


CLAIMS = (
    claims.Claim(
        id="toy-net",
        paper="toy2017",
        place="Table 1",
        headline=True,
        claim="The net answers 90 %, far more than the majority answer.",
        figures=("toy/Net/accuracy/all",),
        comparisons=(claims.Comparison(("toy",), ("accuracy/all",), "Net", ">", "Majority"),),
    ),
)


def install(checkpoints):
    """Put the toy in the place of the suite's experiments."""
    experiments.NAMES = ("toy",)
    sys.modules["reprolib.experiments.toy"] = SimpleNamespace(EXPERIMENT=EXPERIMENT)
    paths.CHECKPOINTS = checkpoints


@pytest.fixture
def toy(monkeypatch, tmp_path):
    """The toy experiment, installed, with results and checkpoints in a folder of the test."""
    monkeypatch.setattr(experiments, "NAMES", ("toy",))
    monkeypatch.setitem(sys.modules, "reprolib.experiments.toy", SimpleNamespace(EXPERIMENT=EXPERIMENT))
    monkeypatch.setattr(paths, "CHECKPOINTS", tmp_path / "checkpoints")
    monkeypatch.setattr(published, "read", lambda: LINES)
    monkeypatch.setattr(claims, "read", lambda: CLAIMS)
    monkeypatch.setenv("REPROLIB_RESULTS", str(tmp_path / "results"))
    monkeypatch.setenv("REPROLIB_COMMIT", "0123abc")
    monkeypatch.delenv("REPROLIB_DATA", raising=False)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    return EXPERIMENT


@pytest.fixture
def parts():
    """What the toy's rows are made of: its source, the code of its method, its loss, and `of_source`."""
    return SimpleNamespace(source=SOURCE, code=METHOD.code, select=METHOD.select, loss=loss, of_source=of_source)


@pytest.fixture
def guessing():
    """The class of a learner unlike the default."""
    return Guessing


@pytest.fixture
def request_of(toy):
    """request_of("Net", "small", seed=1) -> what to run."""

    def make(system="Net", scale="smoke", seed=0, **changes):
        settings = tuple((key.replace("__", "."), value) for key, value in changes.items())
        return requests.Request(toy, toy.row(f"toy/{system}"), scale, seed, "generated", settings)

    return make


@pytest.fixture
def done(toy, request_of, tmp_path):
    """done("Net", "small") -> the record of a finished run and its file."""

    def make(*words, **changes):
        request = request_of(*words, **changes)
        return runs.run(request, device="cpu"), request.place(paths.results())

    return make


@pytest.fixture
def record_of():
    """record_of(seed=1, metrics={...}) -> a record of the toy that was never run, without a digest."""

    def make(kind="generated", **changes):
        best = min(10, changes.get("steps", 20))
        usual = {
            "schema": records.SCHEMA,
            "experiment": "toy",
            "task": "toy",
            "system": "Net",
            "scale": "paper",
            "seed": 0,
            "changes": {},
            "config": {"model": "ToyModel", "model.hidden": [16]},
            "config_hash": "0" * 16,
            "data": {
                "name": "toy",
                "kind": kind,
                "procedure": "paper" if kind == "generated" else "released",
                "split": "test",
                "hash": "abc",
                "sizes": {"train": 96},
            },
            "metrics": {"accuracy/all": 90.0},
            "errors": {},
            "validation": {"accuracy/all": 91.0},
            "curve": [{"step": best, "loss": 0.5, "accuracy/all": 91.0}] if best else [],
            "best_step": best,
            "steps": 20,
            "starts_from": None,
            "weights": None,
            "parameters": 7,
            "device": "a processor, 1 thread",
            "workers": 1,
            "seconds": 0.5,
            "processor_seconds": 0.4,
            "samples_per_second": 100.0,
            "peak_memory": 1 << 20,
            "versions": {"python": "3.11.0"},
            "commit": "0123abc",
            "dirty": False,
            "started": "2026-01-01T00:00:00+00:00",
            "deviations": [],
            "command": "reprolib run toy --row 'toy/Net' --scale paper --seed 0 --data generated",
        }
        return records.Record(**(usual | changes))

    return make


@pytest.fixture
def line_of():
    """line_of(value=90.0) -> a published line."""
    return line


@pytest.fixture
def cli(toy, monkeypatch, capfd):
    """cli("run", "toy") -> (exit code, standard output, standard error) of the command line, in this process."""

    def call(*words):
        monkeypatch.setattr(sys, "argv", ["reprolib", *map(str, words)])
        capfd.readouterr()
        with pytest.raises(SystemExit) as ended:
            __main__.main()
        return ended.value.code, *capfd.readouterr()

    return call


@pytest.fixture
def process(toy, tmp_path):
    """process("run", "toy", TOY_SIGNAL="9@35") -> the finished command line on the toy, in a process of its own."""

    def call(*words, launcher=(), **environment):
        usual = {"TOY_CHECKPOINTS": str(paths.CHECKPOINTS), "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
        settings = usual | {"PYTHONPATH": str(paths.ROOT)} | environment
        command = [sys.executable, *launcher, __file__, *map(str, words)]
        return subprocess.run(command, env=os.environ | settings, capture_output=True, text=True, check=False)

    return call


@pytest.fixture
def edited():
    """edited(path, seed=3) changes fields of a record by hand, as no run would."""

    def change(path, **changes):
        content = json.loads(path.read_text())
        path.write_text(json.dumps(content | changes))

    return change


def signal_at(step, number, learner):
    """Let a learner send a signal to its own process at a training step."""
    update = learner.update

    def signalling(self, moment):
        if moment.step == step - 1:
            os.kill(os.getpid(), number)
        return update(self, moment)

    learner.update = signalling


class Guessing(Learner):
    """A learner unlike the default: two optimisers, and a guess for every example that steps and epochs make better.

    Each step goes down the loss with one optimiser, and moves a shift of the logits with another at a rate of its own.
    The guess of an example follows its loss, and is halved at the end of an epoch. Before an evaluation the learner
    finds, by gradients, a scale of the inputs.
    """

    def __init__(self):
        super().__init__(loss)

    def begin(self, job):
        super().begin(job)
        self.shift = nn.Parameter(torch.zeros(CLASSES, dtype=torch.get_default_dtype(), device=job.device))
        self.slow = torch.optim.SGD([self.shift], lr=1.0)
        self.examples["guess"] = torch.zeros(len(job.data), device=job.device)
        self.epochs, self.drawn = 0, 0.0

    def set_rates(self, step):
        super().set_rates(step)
        self.slow.param_groups[0]["lr"] = 0.1 / (1 + step)

    def update(self, moment):
        batch = self.job.data.batch(moment.rows)
        self.optimiser.zero_grad()
        self.slow.zero_grad()
        losses = nn.functional.cross_entropy(self.job.model(batch) + self.shift, batch["answers"], reduction="none")
        losses.mean().backward()
        if parallel.count() > 1:
            parallel.average_gradients(self.job.model)
            self.shift.grad = parallel.mean(self.shift.grad)
        self.optimiser.step()
        self.slow.step()
        guess = self.examples["guess"]
        guess[moment.rows] = 0.9 * guess[moment.rows] + 0.1 * losses.detach().to(guess.dtype)
        self.drawn = torch.rand((), generator=moment.generator).item()
        return losses.mean().detach()

    def end_of_epoch(self, epoch):
        self.epochs = epoch + 1
        self.examples["guess"] *= 0.5

    def statistics(self):
        return {"guess": self.examples["guess"].double().sum().item(), "epochs": self.epochs, "drawn": self.drawn}

    def adapt(self, model, split, generator):
        inputs = split.columns["inputs"]
        scale = (1 + 0.1 * torch.rand(1, generator=generator, dtype=inputs.dtype)).requires_grad_()
        logits = model({"inputs": inputs * scale})
        (slope,) = torch.autograd.grad(logits.logsumexp(1).mean(), scale)
        torch.rand(3)  # from the stream of the training, which must not notice
        return Split(split.columns | {"inputs": inputs * (scale - 0.01 * slope).detach()}, split.tables)

    def state_dict(self):
        own = {"slow": self.slow.state_dict(), "shift": self.shift.detach(), "epochs": self.epochs}
        return super().state_dict() | own

    def load_state_dict(self, content):
        super().load_state_dict(content)
        self.slow.load_state_dict(content["slow"])
        self.shift.data.copy_(content["shift"])
        self.epochs = content["epochs"]


if __name__ == "__main__":
    if os.environ.get("TOY_GUESSING"):
        METHOD.code.learner = Guessing
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs are born ignoring it
    if os.environ.get("TOY_DOUBLE"):
        torch.set_default_dtype(torch.float64)
        object.__setattr__(METHOD, "weights", "float64")
    if os.environ.get("TOY_SIGNAL"):
        number, step = map(int, os.environ["TOY_SIGNAL"].split("@"))
        signal_at(step, number, type(METHOD.learner()))
    install(Path(os.environ["TOY_CHECKPOINTS"]))
    __main__.main()
