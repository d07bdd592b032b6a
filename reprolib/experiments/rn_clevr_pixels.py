"""Relation networks on CLEVR from pictures (Santoro et al. 2017, section 5.1 and Table 1).

Paper: CNN+LSTM+RN 95.5 % of the questions, stacked attention trained the same way 76.6 %, people 92.6 %.
"""

from typing import Any

from reprolib.data.clevr.dataset import ClevrData
from reprolib.experiments import clevr
from reprolib.experiments.entry import Comparison, Config, Row
from reprolib.experiments.order import published_order
from reprolib.models.clevr import AttentionModel, FlatModel, PixelModel, QuestionModel

TASK = "clevr_pixels"
SYSTEMS = "Q-type baseline", "LSTM", "CNN+LSTM", "CNN+LSTM+SA (re-tuned)", "CNN+LSTM+RN"
TYPES, READING, FLAT, ATTENDING, RELATING = SYSTEMS
DATA, BLIND = ClevrData(pictures=True), ClevrData()  # the same scenes and questions
EPOCHS = 350  # of replications; the paper's number of iterations was recalled, not read
TRAINING = clevr.training(EPOCHS)
AS_REPLICATED = {"reverse": True, "norm_first": True, "coordinates": 4.0}
LARGER = {  # the paper: smaller is better
    f"{RELATING} (LSTM 256)": {"lstm": 256},
    f"{RELATING} (LSTM 512)": {"lstm": 512},
    f"{RELATING} (32 kernels)": {"kernels": (32, 32, 32, 32)},
    f"{RELATING} (64 kernels)": {"kernels": (64, 64, 64, 64)},
}
SMALL = {
    "data.train": 15_000,
    "data.valid": 150,
    "data.test": 1_000,
    "data.side": 96,  # 36 cells and not 64: a third of the pairs
    "train.steps": 20_000,
    "train.optimiser": "muon",
    "train.rate": 2e-3,
    "train.batch": 64,
    "train.weight_decay": 0.0,
    "train.together": 4,
    "train.schedule": "cosine",
    "train.warmup": 200,
    "train.evaluate_every": 1_000,
}
SMOKE = clevr.SMOKE | {"data.train": 20, "data.valid": 5, "data.test": 10, "train.batch": 20}  # pictures take time
NARROW = {"model.g": (64, 64, 64), "model.f": (128, 128), "model.pairs": "unordered", "model.norm": True}
APART = 10  # points from which on the paper's order must show


def _order(system: str) -> tuple[Comparison, ...]:
    return published_order(clevr.PAPER, TASK, system, APART, among=SYSTEMS)


def _tiny(model: Any) -> dict[str, Any]:
    """Sizes at smoke scale, as far apart from one network to another as at paper scale."""
    return {"model.kernels": tuple(count // 3 for count in model.kernels), "model.lstm": model.lstm // 8}


def _relation_network(system: str, sizes: dict[str, Any]) -> Row:
    plain, model = system == RELATING, PixelModel(**AS_REPLICATED | sizes)
    return Row(
        task=TASK,
        system=system,
        config=Config(DATA, model, TRAINING),
        scales={
            "smoke": SMOKE | _tiny(model) | NARROW | {"model.g": (16, 16), "model.f": (16,)},
            "small": SMALL | NARROW,
        },
        minutes={"smoke": 0.2, "small": 45, "paper": 120},
        headline=plain,
        comparisons=_order(system) if plain else (),
    )


def _baseline(system: str, model: Any, minutes: float) -> Row:
    sees = isinstance(model, FlatModel | AttentionModel)
    return Row(
        task=TASK,
        system=system,
        config=Config(DATA if sees else BLIND, model, TRAINING),
        scales={"smoke": SMOKE | (_tiny(model) if sees else {}) | {"model.hidden": (16,)}, "small": SMALL},
        minutes={"smoke": 0.2, "small": minutes, "paper": 30},
        baseline=True,
        comparisons=_order(system),
    )


def rows() -> tuple[Row, ...]:
    """Table 1 without people and without the row of pretrained features, then the larger networks."""
    seeing = {"norm_first": True, "coordinates": 4.0}
    return (
        clevr.question_type(TASK, BLIND, SMOKE, SMALL, *_order(TYPES)),
        _baseline(READING, QuestionModel(reverse=True), 20),
        _baseline(FLAT, FlatModel(reverse=True, **seeing), 45),
        _baseline(ATTENDING, AttentionModel(reverse=True, **seeing), 40),
        _relation_network(RELATING, {}),
        *(_relation_network(system, sizes) for system, sizes in LARGER.items()),
    )


EXPERIMENT = clevr.experiment(
    name="rn_clevr_pixels",
    title="CLEVR from pictures",
    table="Table 1",
    rows=rows(),
)
