"""What the rows on CLEVR have in common: how they are trained, and the baseline that sees nothing."""

from collections.abc import Mapping
from typing import Any

from reprolib.contracts.configuration import Config, only_data
from reprolib.contracts.entry import Row
from reprolib.contracts.method import Method
from reprolib.data.sources import CLEVR
from reprolib.evidence.deviations import Deviation
from reprolib.settings.data_sets import ClevrData
from reprolib.settings.recipe import Training
from reprolib.settings.relating import Majority

PAPER = "santoro2017"
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
CHANCE = {"*": "Q-type baseline"}
METHOD = Method(
    "reprolib.methods.clevr_questions", select="accuracy/overall", watch=("accuracy/count", "accuracy/exist")
)
AS_REPLICATED = (  # at every scale
    Deviation("training", "the rate doubles up to 5e-4, with weight decay and clipped gradients, as in replications"),
    Deviation("choice", "the last word first, batch norm before the ReLU, coordinates to 4: as in replications"),
)


def training(epochs: int) -> Training:
    """At paper scale: the batch of the paper's ten workers, and the settings with which replications trained."""
    return Training(
        epochs * EPOCH,
        batch=WORKERS * EACH,
        block=ASKED,
        rate=5e-4,
        schedule="doubling",
        weight_decay=1e-4,
        clip=50.0,
        evaluate_every=2 * EPOCH,
        precision="bf16",
    )


def question_type(task: str, data: ClevrData, scales: Mapping[str, Mapping[str, Any]]) -> Row:
    """The most frequent answer to each type of question, which sees nothing; scales change its data alone."""
    return Row(
        task=task,
        system="Q-type baseline",
        source=CLEVR,
        method=METHOD,
        config=Config(data, Majority(), Training(steps=0)),
        scales={scale: only_data(changes) for scale, changes in scales.items()},
        minutes={"smoke": 0.1, "small": 0.2, "long": 1, "paper": 2},
        baseline=True,
    )
