"""What the experiments on CLEVR share: how models are built, and what is measured (Santoro et al. 2017, Table 1)."""

import torch
from torch import Tensor, nn

from reprolib.data.clevr import dataset
from reprolib.data.clevr.dataset import ClevrData
from reprolib.data.clevr.scenes import OBJECTS
from reprolib.data.clevr.tokens import KINDS
from reprolib.data.split import Dataset, Split
from reprolib.experiments.entry import Comparison, Config, Experiment, Row
from reprolib.metrics import accuracy, grouped_accuracy
from reprolib.models import clevr as models
from reprolib.train import Training

PAPER = "santoro2017"
ANSWERS = 29  # outputs of the paper; 28 answers occur
TOGETHER = 250  # questions evaluated at once
LENGTHS = 4  # program functions that share a bar: 1 to 4, 5 to 8, ...
LONGEST = 28  # functions of the longest official program, 25, rounded up
WORKERS, EACH = 10, 64  # the paper's synchronous batch
EPOCH = 700_000 // (WORKERS * EACH)  # steps
SMOKE = {
    "data.train": 40,
    "data.valid": 10,
    "data.test": 40,
    "train.steps": 20,
    "train.batch": 32,
    "train.evaluate_every": 10,
}


def training(epochs: int, rate: float) -> Training:
    """At paper scale, with the rate that replications found necessary: it doubles from a hundredth up."""
    return Training(
        epochs * EPOCH,
        batch=WORKERS * EACH,
        together=10,  # questions of a picture share its features
        rate=rate,
        schedule="doubling",
        weight_decay=1e-4,
        clip=50.0,
        evaluate_every=2 * EPOCH,
        precision="bf16",
    )
