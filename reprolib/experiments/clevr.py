"""What the experiments on CLEVR share: how models are built, trained and measured (Santoro et al. 2017, Table 1)."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from reprolib.data.clevr import dataset
from reprolib.data.clevr.dataset import ClevrData
from reprolib.data.clevr.scenes import OBJECTS
from reprolib.data.clevr.tokens import KINDS
from reprolib.data.split import Dataset, Split
from reprolib.errors import InputError
from reprolib.evidence.deviations import Deviation
from reprolib.evidence.metrics import accuracy, grouped_accuracy
from reprolib.experiments.entry import Config, Experiment, Row, answer_loss, only_data
from reprolib.models import clevr as models
from reprolib.models.baselines import Majority, MajorityAnswer
from reprolib.training.recipe import Training

PAPER = "santoro2017"
ANSWERS = 29  # outputs of the paper; 28 answers occur
TOGETHER = 250  # questions evaluated at once
CATEGORIES = dict(enumerate(kind.replace(" ", "_") for kind in KINDS))
SHARED, LONGEST = 4, 28  # functions that share a figure, 1 to 4, 5 to 8, ...; the longest program has 25
WORKERS, EACH, ASKED = 10, 64, 10  # the paper's workers, questions of each, questions about a scene
EPOCH = 700_000 // (WORKERS * EACH)  # steps
SMOKE = {
    "data.train": 60,
    "data.valid": 15,
    "data.test": 30,
    "train.steps": 40,
    "train.batch": 40,
    "train.rate": 2e-3,
    "train.schedule": "constant",
    "train.evaluate_every": 20,
}
AS_REPLICATED = (  # at every scale
    Deviation("training", "the rate doubles up to 5e-4, with weight decay and clipped gradients, as in replications"),
    Deviation("choice", "the last word first, batch norm before the ReLU, coordinates to 4: as in replications"),
)
SEEING = models.PixelModel, models.FlatModel, models.AttentionModel
NETWORKS = {
    models.QuestionModel: models.QuestionNetwork,
    models.SetModel: models.SetNetwork,
    models.StateModel: models.StateRelationNetwork,
    models.PixelModel: models.PixelRelationNetwork,
    models.FlatModel: models.FlatNetwork,
    models.AttentionModel: models.AttentionNetwork,
}


def training(epochs: int) -> Training:
    """At paper scale: the batch of the paper's ten workers, and the settings with which replications trained."""
    return Training(
        epochs * EPOCH,
        batch=WORKERS * EACH,
        together=ASKED,
        rate=5e-4,
        schedule="doubling",
        weight_decay=1e-4,
        clip=50.0,
        evaluate_every=2 * EPOCH,
        precision="bf16",
    )


def load(config: Config, kind: str) -> Dataset:
    """Training, validation and test questions over one vocabulary."""
    return dataset.load(config.data, kind)


def fingerprint(config: Config, kind: str) -> str | None:
    """Hash of the data, None where the real ones are not there."""
    return dataset.fingerprint(config.data, kind)


def build(config: Config, data: Dataset) -> nn.Module:
    """The model of a row."""
    if isinstance(config.model, Majority):
        columns = data.splits["train"].columns
        return MajorityAnswer(columns["types"], columns["answers"], ANSWERS, column="types")
    if isinstance(config.model, SEEING) and not config.data.pictures:
        raise InputError("this model sees pictures, but data.pictures is False: set it to True")
    sides = {"side": config.data.side} if isinstance(config.model, models.FlatModel) else {}
    return NETWORKS[type(config.model)](config.model, data.facts["words"] - 1, ANSWERS, **sides)


@torch.no_grad()
def evaluate(model: nn.Module, split: Split) -> dict[str, float]:
    """Percent right: of all questions, by category, by number of objects, by the program's size and depth."""
    right = torch.cat([model(batch).argmax(1) == batch["answers"] for batch in split.batches(TOGETHER)])
    columns, overall = split.columns, accuracy(right)
    groups = (
        (columns["categories"], CATEGORIES),
        (split.tables["counts"][columns["scenes"]], {count: f"objects_{count}" for count in range(OBJECTS + 1)}),
        ((columns["functions"] - 1) // SHARED, _up_to("functions")),
        ((columns["depths"] - 1) // SHARED, _up_to("depth")),
    )
    parts = {name: value for of, names in groups for name, value in grouped_accuracy(right, of, names).items()}
    if split.released_as == dataset.VALIDATION:
        parts["validation"] = overall
    return {f"accuracy/{name}": value for name, value in ({"overall": overall} | parts).items()}


def _up_to(measure: str) -> dict[int, str]:
    """The groups of programs, each named after the largest that it takes."""
    return dict(enumerate(f"{measure}_{most}" for most in range(SHARED, LONGEST + 1, SHARED)))


def question_type(task: str, data: ClevrData, scales: Mapping[str, Mapping[str, Any]]) -> Row:
    """The most frequent answer to each type of question, which sees nothing; scales change its data alone."""
    return Row(
        task=task,
        system="Q-type baseline",
        config=Config(data, Majority(), Training(steps=0)),
        scales={scale: only_data(changes) for scale, changes in scales.items()},
        minutes={"smoke": 0.1, "small": 0.2, "long": 1, "paper": 2},
        baseline=True,
    )


def experiment(name: str, title: str, table: str, rows: tuple[Row, ...]) -> Experiment:
    """An experiment on CLEVR, for one table or section of the paper."""
    return Experiment(
        name=name,
        title=title,
        paper=PAPER,
        table=table,
        rows=rows,
        load=load,
        build=build,
        loss=answer_loss,
        evaluate=evaluate,
        select="accuracy/overall",
        fingerprint=fingerprint,
        chance={"*": "Q-type baseline"},
        watch=("accuracy/count", "accuracy/exist"),
    )
