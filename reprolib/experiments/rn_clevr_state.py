"""Relation networks on CLEVR from state descriptions (Santoro et al. 2017, section 5.2).

Paper: 96.4 % of the questions, from rows of coordinates, colour, shape, material and size.
"""

from reprolib.data.clevr.dataset import ClevrData
from reprolib.experiments import clevr
from reprolib.experiments.entry import Comparison, Config, Row
from reprolib.models.clevr import QuestionModel, StateModel

TASK, RELATING = "clevr_state", "LSTM+RN"
EPOCHS = 200  # unstated in the paper
SMALL = {
    "data.train": 40_000,
    "data.valid": 300,
    "data.test": 2_000,
    "model.lstm": 128,
    "train.steps": 20_000,
    "train.optimiser": "muon",
    "train.rate": 2e-3,
    "train.batch": 128,
    "train.weight_decay": 0.0,
    "train.together": 1,
    "train.schedule": "cosine",
    "train.warmup": 200,
    "train.evaluate_every": 1_000,
}
NARROW = {"model.g": (256, 256, 256, 256), "model.f": (256, 256), "model.pairs": "unordered", "model.norm": True}

RELATION_NETWORK = Row(
    task=TASK,
    system=RELATING,
    config=Config(ClevrData(), StateModel(reverse=True), clevr.training(EPOCHS)),
    scales={
        "smoke": clevr.SMOKE | {"model.lstm": 32, "model.g": (64, 64), "model.f": (64,)},
        "small": SMALL | NARROW,
    },
    minutes={"smoke": 0.1, "small": 20, "paper": 60},
    headline=True,
    comparisons=tuple(Comparison(f"accuracy/{name}", "LSTM", 5) for name in ("overall", "count", "exist")),
)
LSTM = Row(
    task=TASK,
    system="LSTM",
    config=Config(ClevrData(), QuestionModel(lstm=256, reverse=True), clevr.training(EPOCHS)),
    scales={
        "smoke": clevr.SMOKE | {"model.lstm": 32, "model.hidden": (32,)},
        "small": SMALL | {"train.steps": 7_500, "train.evaluate_every": 500},
    },
    minutes={"smoke": 0.1, "small": 5, "paper": 20},
    baseline=True,
    comparisons=(Comparison("accuracy/overall", RELATING, -5),),
)

UNDER_LSTM = Comparison("accuracy/overall", "LSTM", -2)
QUESTION_TYPE = clevr.question_type(TASK, ClevrData(), clevr.SMOKE, SMALL, UNDER_LSTM)

EXPERIMENT = clevr.experiment(
    name="rn_clevr_state",
    title="CLEVR from state descriptions",
    table="Sec. 5.2",
    rows=(RELATION_NETWORK, LSTM, QUESTION_TYPE),
)
