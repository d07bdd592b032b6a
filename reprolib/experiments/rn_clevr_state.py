"""Relation networks on CLEVR from state descriptions (Santoro et al. 2017, section 5.2).

Paper: 96.4 % of the questions, from rows of coordinates, colour, shape, material and size. The paper prints no other
system; deep sets, which see the same objects and relate none, and the LSTM, which sees none, are references of ours.
"""

from reprolib.contracts.configuration import Config
from reprolib.contracts.entry import Experiment, Row
from reprolib.data.sources import CLEVR
from reprolib.rows import clevr_rows as clevr
from reprolib.settings.data_sets import ClevrData
from reprolib.settings.relating import QuestionModel, SetModel, StateModel

TASK = "clevr_state"
RELATING, SEEING, READING = "LSTM+RN", "LSTM+deep sets", "LSTM"
EPOCHS = 200  # unstated in the paper
TRAINING = clevr.training(EPOCHS)
SMALL = {
    "data.train": 40_000,
    "data.valid": 300,
    "data.test": 2_000,
    "model.lstm": 128,
    "model.norm": True,
    "train.steps": 20_000,
    "train.optimiser": "muon",
    "train.rate": 2e-3,
    "train.batch": 128,
    "train.weight_decay": 0.0,
    "train.block": 1,
    "train.schedule": "cosine",
    "train.warmup": 200,
    "train.evaluate_every": 1_000,
}
LONG = SMALL | {
    "data.train": 70_000,
    "data.valid": 500,
    "data.test": 15_000,
    "train.steps": 45_000,
    "train.batch": 512,
    "train.warmup": 500,
}
SUMMING = {"model.g": (256, 256, 256, 256), "model.f": (256, 256)}
PAIRS = {"model.pairs": "unordered"}
TINY = clevr.SMOKE | {"model.lstm": 32}

RELATION_NETWORK = Row(
    task=TASK,
    system=RELATING,
    source=CLEVR,
    method=clevr.METHOD,
    config=Config(ClevrData(), StateModel(reverse=True), TRAINING),
    scales={
        "smoke": TINY | {"model.g": (64, 64), "model.f": (64,)},
        "small": SMALL | SUMMING | PAIRS,
        "long": LONG | SUMMING | PAIRS,
    },
    minutes={"smoke": 0.1, "small": 20, "long": 150, "paper": 60},
    headline=True,
    deviations=clevr.AS_REPLICATED,
)
DEEP_SETS = Row(
    task=TASK,
    system=SEEING,
    source=CLEVR,
    method=clevr.METHOD,
    config=Config(ClevrData(), SetModel(reverse=True), TRAINING),
    scales={
        "smoke": TINY | {"model.g": (64, 64), "model.f": (64,)},
        "small": SMALL | SUMMING,
        "long": LONG | SUMMING,
    },
    minutes={"smoke": 0.1, "small": 18, "long": 95, "paper": 30},
    baseline=True,
)
LSTM = Row(
    task=TASK,
    system=READING,
    source=CLEVR,
    method=clevr.METHOD,
    config=Config(ClevrData(), QuestionModel(lstm=256, reverse=True), TRAINING),
    scales={"smoke": TINY | {"model.hidden": (32,)}, "small": SMALL, "long": LONG},
    minutes={"smoke": 0.1, "small": 10, "long": 55, "paper": 20},
    baseline=True,
    deviations=clevr.AS_REPLICATED,
)
QUESTION_TYPE = clevr.question_type(TASK, ClevrData(), {"smoke": clevr.SMOKE, "small": SMALL, "long": LONG})

EXPERIMENT = Experiment(
    name="rn_clevr_state",
    title="CLEVR from state descriptions",
    paper=clevr.PAPER,
    table="Sec. 5.2",
    rows=(RELATION_NETWORK, DEEP_SETS, LSTM, QUESTION_TYPE),
    chance=clevr.CHANCE,
)
