"""Neural relational inference: the motion of the next 20 frames (Kipf et al. 2018, Table 2).

Paper, springs after 20 frames: 2.13e-5 with the learned graph, 6.31e-3 with all edges, 7.02e-4 for the joint LSTM. The
rows of the learned graph are those of the experiment nri_edges.
"""

from reprolib.experiments import motion
from reprolib.experiments.entry import Config, Row, only_data
from reprolib.experiments.motion import KINDS, PAPER, StaticModel
from reprolib.experiments.order import published_order
from reprolib.models.motion import LSTMModel
from reprolib.models.nri import NRIModel
from reprolib.recipe import Training

OBJECTS = 5


def rows() -> tuple[Row, ...]:
    """All rows of Table 2 but those of the learned graph."""
    makers = (_static, _single, _joint, _full, _true)
    return tuple(maker(kind) for kind in KINDS for maker in makers)


def _static(kind: str) -> Row:
    return Row(
        task=f"{kind}_{OBJECTS}",
        system="Static",
        config=Config(motion.scenes(kind), StaticModel(), Training(steps=0)),
        scales={scale: only_data(values) for scale, values in motion.SCALES.items()},
        minutes={"smoke": 0.1, "small": 0.1, "paper": 0.5},
        baseline=True,
        comparisons=published_order(PAPER, f"{kind}_{OBJECTS}", "Static"),
    )


def _single(kind: str) -> Row:
    return _lstm(kind, "LSTM (single)", LSTMModel(**motion.AS_OFFICIAL), hidden=64, minutes=25)


def _joint(kind: str) -> Row:
    return _lstm(kind, "LSTM (joint)", LSTMModel(joint=True, **motion.AS_OFFICIAL), hidden=32, minutes=20)


def _lstm(kind: str, system: str, model: LSTMModel, hidden: int, minutes: float) -> Row:
    """Small and long rather than wide and short, which errs more at the same cost."""
    return Row(
        task=f"{kind}_{OBJECTS}",
        system=system,
        config=Config(motion.scenes(kind), model, motion.TRAINING),
        scales={
            "smoke": motion.SMOKE | {"model.hidden": 8},
            "small": motion.small(OBJECTS) | motion.SMALL_PREDICTION[kind] | {"model.hidden": hidden},
        },
        minutes={"smoke": 0.1, "small": minutes, "paper": 60},
        baseline=True,
        comparisons=published_order(PAPER, f"{kind}_{OBJECTS}", system),
    )


def _full(kind: str) -> Row:
    settings = motion.published_settings(kind) | {"types": 1, "first_is_none": False}
    return _given(kind, "NRI (full graph)", NRIModel(graph="full", **settings), motion.ROUNDED)


def _true(kind: str) -> Row:
    return _given(kind, "NRI (true graph)", NRIModel(graph="true", **motion.published_settings(kind)), motion.TRAINING)


def _given(kind: str, system: str, model: NRIModel, training: Training) -> Row:
    return Row(
        task=f"{kind}_{OBJECTS}",
        system=system,
        config=Config(motion.scenes(kind), model, training),
        scales={
            "smoke": motion.SMOKE | motion.TINY,
            "small": motion.small(OBJECTS) | motion.SMALL_DECODING[kind] | motion.SMALL_PREDICTION[kind],
        },
        minutes={"smoke": 0.1, "small": 12, "paper": 6},
        baseline=True,
        comparisons=published_order(PAPER, f"{kind}_{OBJECTS}", system),
    )


EXPERIMENT = motion.experiment(
    name="nri_prediction",
    title="Neural relational inference: error of the predicted motion",
    table="Table 2",
    rows=rows(),
    metrics=("mse/*",),
)
