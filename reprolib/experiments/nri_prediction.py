"""Neural relational inference: the motion of the next 20 frames (Kipf et al. 2018, Table 2).

Paper, springs after 20 frames: 2.13e-5 with the learned graph, 6.31e-3 with all edges, 7.02e-4 for the joint LSTM. The
rows of the learned graph are those of the experiment nri_edges.
"""

from reprolib.experiments import motion
from reprolib.experiments import motion_scales as scales
from reprolib.experiments.entry import Config, Row
from reprolib.experiments.motion import KINDS, StaticModel
from reprolib.models.motion import LSTMModel
from reprolib.models.nri import NRIModel
from reprolib.training.recipe import Training

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
    return tuple(maker(kind) for kind in KINDS for maker in makers)


def _static(kind: str) -> Row:
    return Row(
        task=f"{kind}_{OBJECTS}",
        system="Static",
        config=Config(motion.scenes(kind), StaticModel(), Training(steps=0)),
        scales=scales.SCENES,
        minutes={"smoke": 0.1, "small": 0.1, "long": 0.5, "paper": 0.5},
        baseline=True,
    )


def _single(kind: str) -> Row:
    return _lstm(kind, SINGLE, LSTMModel(**motion.AS_OFFICIAL))


def _joint(kind: str) -> Row:
    return _lstm(kind, JOINT, LSTMModel(joint=True, **motion.AS_OFFICIAL))


def _lstm(kind: str, system: str, model: LSTMModel) -> Row:
    config = Config(motion.scenes(kind), model, motion.TRAINING)
    units = {"model.hidden": UNITS[system]}
    return _row(kind, system, config, scales.below_paper(kind, OBJECTS, {"model.hidden": 8}, lambda *_: units))


def _full(kind: str) -> Row:
    settings = motion.published_settings(kind) | {"types": 1, "first_is_none": False}
    return _given(kind, FULL, NRIModel(graph="full", **settings), motion.ROUNDED)


def _true(kind: str) -> Row:
    return _given(kind, TRUE, NRIModel(graph="true", **motion.published_settings(kind)), motion.TRAINING)


def _given(kind: str, system: str, model: NRIModel, training: Training) -> Row:
    config, parts = Config(motion.scenes(kind), model, training), (scales.decoder, scales.decoding, scales.likelihood)
    return _row(kind, system, config, scales.below_paper(kind, OBJECTS, scales.TINY, *parts))


def _row(kind: str, system: str, config: Config, changes: dict[str, scales.Changes]) -> Row:
    task = f"{kind}_{OBJECTS}"
    return Row(
        task=task,
        system=system,
        config=config,
        scales=changes,
        minutes={"smoke": 0.1} | dict(zip(("small", "long", "paper"), MINUTES[system][kind], strict=True)),
        baseline=True,
    )


EXPERIMENT = motion.experiment(
    name="nri_prediction",
    title="Neural relational inference: error of the predicted motion",
    table="Table 2",
    rows=rows(),
    metrics=("mse/*",),
)
