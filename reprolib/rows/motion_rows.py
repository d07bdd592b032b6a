"""What the rows on motion have in common: how they are trained and measured, and what the smaller scales change.

Rows that a table compares share their scenes, optimiser, schedule and batches, and those that predict the motion of a
system also their steps. A row adds what its own parts change, functions of the scale and of the kind of system.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from reprolib.contracts.configuration import only_data
from reprolib.contracts.method import Method
from reprolib.settings.data_sets import FRAMES, PARTICLES, MotionData
from reprolib.settings.recipe import Training

PAPER = "kipf2018"
SYSTEMS = (*PARTICLES, "kuramoto")  # of moving objects
CHANCE = {"accuracy/*": "50", "mse/*": "Static"}
CODE = "reprolib.methods.trajectories"
PREDICTING = Method(CODE, select="score", weights="float32")  # errors of springs are below half precision
INFERRING = replace(PREDICTING, watch=("accuracy/edges",))
AS_OFFICIAL = {"burn_in": 40, "restart": FRAMES}  # how the official code trains its LSTMs
EPOCH = 390  # steps: 50,000 scenes, 128 at a time
TRAINING = Training(500 * EPOCH, batch=128, rate=5e-4, schedule="halving", evaluate_every=5 * EPOCH)
ROUNDED = replace(TRAINING, precision="tf32")  # where the printed errors are far above such rounding

Changes = dict[str, Any]
Part = Callable[[str, str], Changes]  # of the scale and the kind

SMOKE = {
    "data.train": 64,
    "data.valid": 20,
    "data.test": 20,
    "train.steps": 6,
    "train.batch": 16,
    "train.evaluate_every": 3,
    "train.precision": "fp32",
}
TINY = {"model.width": 16, "model.decoder_width": 16}
SCENES = {
    "smoke": only_data(SMOKE),
    "small": {"data.train": 20_000, "data.valid": 500, "data.test": 2_000, "data.of_others": 500},
    "long": {"data.valid": 1_000},  # all others are the paper's
}
TRAINED = tuple(scale for scale in SCENES if scale != "smoke")  # for results, by fewer steps than the paper's
STEPS = {
    "small": {
        "springs_5": 6_000,
        "charged_5": 8_000,
        "kuramoto_5": 15_000,
        "springs_10": 6_000,
        "charged_10": 8_000,
        "kuramoto_10": 15_000,
    },
    "long": {
        "springs_5": 20_000,
        "charged_5": 14_000,
        "kuramoto_5": 32_000,
        "springs_10": 24_000,
        "charged_10": 15_000,
        "kuramoto_10": 28_000,
    },
}
BATCH = {"small": {5: 128, 10: 32}, "long": {5: 64, 10: 32}}  # by objects
EVALUATE_EVERY = {"small": 200, "long": 1_000}
FAST = {  # a higher rate than the paper's, Muon in place of Adam, and bf16
    "train.optimiser": "muon",
    "train.rate": 2e-3,
    "train.schedule": "cosine",
    "train.warmup": 50,
    "train.precision": "bf16",
}
ENCODER_WIDTH = {  # convolutions along every edge cost most; on oscillators steps are worth more than width
    "small": {"springs": 128, "charged": 64, "kuramoto": 64},
    "long": {"springs": 256, "charged": 128, "kuramoto": 64},
}
DECODER_WIDTH = {
    "small": {"springs": 128, "charged": 128, "kuramoto": 128},
    "long": {"springs": 256, "charged": 128, "kuramoto": 128},
}
LONG_WINDOW = {"model.windows": 1, "model.restart": 10}
DECODING = {  # from random frames: ten steps serve smooth motion; close encounters of charges dominate the loss
    "springs": LONG_WINDOW,
    "charged": {"model.windows": 3, "model.restart": 3, "train.clip": 10.0},
    "kuramoto": LONG_WINDOW,
}
PEAK, PEAK_FROM = 2e-3, {"small": 1_500, "long": 3_000}  # of the likelihood of charges, and its first step


def scenes(kind: str, objects: int = 5, **further: Any) -> MotionData:
    """The scenes of a row; rates of oscillators by one range over all, which gives the error of the paper's Static."""
    return MotionData("kuramoto_raw" if kind == "kuramoto" else kind, objects, **further)


def published_settings(kind: str) -> dict[str, Any]:
    """What the official code changes for a system: both types of charges act; oscillators have a larger variance."""
    return {"first_is_none": kind != "charged", "variance": 0.01 if kind == "kuramoto" else 5e-5}


def minutes(smoke: float, small: float, long: float, paper: float) -> dict[str, float]:
    """The expected minutes of a seed at each scale."""
    return {"smoke": smoke, "small": small, "long": long, "paper": paper}


def below_paper(kind: str, objects: int, smoke: Mapping[str, Any], *parts: Part) -> dict[str, Changes]:
    """The changes of each scale, for a row that is trained.

    Args:
        smoke: beside what all rows change at smoke scale.
        parts: what the row's parts change at the scales above; later ones override earlier ones.
    """
    scales = {scale: alike(scale, kind, objects) for scale in TRAINED}
    for scale, changes in scales.items():
        for part in parts:
            changes |= part(scale, kind)
    return {"smoke": SMOKE | smoke} | scales


def alike(scale: str, kind: str, objects: int) -> Changes:
    """What a scale above smoke changes for all rows of a system; those that need fewer steps say so themselves."""
    steps = {"train.steps": STEPS[scale][f"{kind}_{objects}"], "train.evaluate_every": EVALUATE_EVERY[scale]}
    return SCENES[scale] | FAST | steps | {"train.batch": BATCH[scale][objects]}


def encoder(scale: str, kind: str) -> Changes:
    """Of rows with an encoder."""
    return {"model.width": ENCODER_WIDTH[scale][kind]}


def decoder(scale: str, kind: str) -> Changes:
    """Of rows with a decoder that is learned."""
    return {"model.decoder_width": DECODER_WIDTH[scale][kind]}


def decoding(scale: str, kind: str) -> Changes:
    """Of rows with any decoder."""
    return DECODING[kind]


def likelihood(scale: str, kind: str) -> Changes:
    """Of rows with any decoder: close encounters of charges first, then the rest of their motion, which errs less."""
    return {"model.peak": PEAK, "model.peak_from": PEAK_FROM[scale]} if kind == "charged" else {}


def sampling(scale: str, kind: str) -> Changes:
    """Of rows that infer a graph without being told it: both types of charges keep some weight."""
    return {"model.temperature": 2.0} if kind == "charged" else {}
