"""Neural relational inference: the motion of the next 20 frames (Kipf et al. 2018, Table 2).

Paper, springs after 20 frames: 2.13e-5 with the learned graph, 6.31e-3 with all edges, 7.02e-4 for the joint LSTM. The
rows of the learned graph are those of the experiment nri_edges.
"""

from reprolib.contracts.configuration import Config
from reprolib.contracts.entry import Experiment, Row
from reprolib.data.sources import SIMULATED_MOTION
from reprolib.rows import motion_rows as motion
from reprolib.settings.moving import LSTMModel, NRIModel, StaticModel
from reprolib.settings.recipe import Training

OBJECTS = 5
SINGLE, JOINT, FULL, TRUE = "LSTM (single)", "LSTM (joint)", "NRI (full graph)", "NRI (true graph)"
UNITS = {SINGLE: 64, JOINT: 32}  # an object, below paper scale: an LSTM needs steps more than width
MINUTES = {  # of a seed at small, long and paper scale
    SINGLE: {"springs": (13, 35, 60), "charged": (17, 22, 60), "kuramoto": (31, 49, 60)},
    JOINT: {"springs": (11, 38, 60), "charged": (14, 26, 60), "kuramoto": (26, 55, 60)},
    FULL: {"springs": (8, 38, 6), "charged": (8, 11, 6), "kuramoto": (16, 39, 6)},
    TRUE: {"springs": (8, 40, 6), "charged": (12, 17, 6), "kuramoto": (18, 36, 6)},
}


def rows() -> tuple[Row, ...]:
    """All rows of Table 2 but those of the learned graph."""
    makers = (_static, _single, _joint, _full, _true)
    return tuple(maker(kind) for kind in motion.SYSTEMS for maker in makers)


def _static(kind: str) -> Row:
    return Row(
        task=f"{kind}_{OBJECTS}",
        system="Static",
        source=SIMULATED_MOTION,
        method=motion.PREDICTING,
        config=Config(motion.scenes(kind), StaticModel(), Training(steps=0)),
        scales=motion.SCENES,
        minutes=motion.minutes(0.1, 0.1, 0.5, 0.5),
        baseline=True,
    )


def _single(kind: str) -> Row:
    return _lstm(kind, SINGLE, LSTMModel(**motion.AS_OFFICIAL))


def _joint(kind: str) -> Row:
    return _lstm(kind, JOINT, LSTMModel(joint=True, **motion.AS_OFFICIAL))


def _lstm(kind: str, system: str, model: LSTMModel) -> Row:
    config = Config(motion.scenes(kind), model, motion.TRAINING)
    units = {"model.hidden": UNITS[system]}
    return _row(kind, system, config, motion.below_paper(kind, OBJECTS, {"model.hidden": 8}, lambda *_: units))


def _full(kind: str) -> Row:
    settings = motion.published_settings(kind) | {"types": 1, "first_is_none": False}
    return _given(kind, FULL, NRIModel(graph="full", **settings), motion.ROUNDED)


def _true(kind: str) -> Row:
    return _given(kind, TRUE, NRIModel(graph="true", **motion.published_settings(kind)), motion.TRAINING)


def _given(kind: str, system: str, model: NRIModel, training: Training) -> Row:
    config, parts = Config(motion.scenes(kind), model, training), (motion.decoder, motion.decoding, motion.likelihood)
    return _row(kind, system, config, motion.below_paper(kind, OBJECTS, motion.TINY, *parts))


def _row(kind: str, system: str, config: Config, changes: dict[str, motion.Changes]) -> Row:
    task = f"{kind}_{OBJECTS}"
    return Row(
        task=task,
        system=system,
        source=SIMULATED_MOTION,
        method=motion.PREDICTING,
        config=config,
        scales=changes,
        minutes=motion.minutes(0.1, *MINUTES[system][kind]),
        baseline=True,
    )


EXPERIMENT = Experiment(
    name="nri_prediction",
    title="Neural relational inference: error of the predicted motion",
    paper=motion.PAPER,
    table="Table 2",
    rows=rows(),
    metrics=("mse/step_*",),
    chance=motion.CHANCE,
)
