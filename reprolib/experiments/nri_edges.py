"""Neural relational inference: which objects interact (Kipf et al. 2018, Table 1).

Paper: 99.9 / 82.1 / 96.0 % of edges for 5 objects and 98.4 / 70.8 / 75.7 % for 10 (springs, charged, Kuramoto).
"""

from reprolib.contracts.configuration import Config
from reprolib.contracts.entry import Experiment, Row
from reprolib.data.sources import SIMULATED_MOTION
from reprolib.rows import motion_rows as motion
from reprolib.settings.data_sets import MotionData
from reprolib.settings.moving import CorrelationModel, EdgeClassifierModel, NRIModel
from reprolib.settings.recipe import Training

OTHERS = (3, 4, 5, 6, 7, 8, 9, 10)  # objects of scenes on which a model of 5 is tested
FEWER = {"data.of_others": 10}  # scenes of each of these, at smoke scale
LEARNED, SIMULATED, SUPERVISED = "NRI (learned)", "NRI (sim.)", "Supervised"
LSTM, PATH = "Corr. (LSTM)", "Corr. (path)"
MINUTES = {  # of a seed at small, long and paper scale
    LEARNED: {
        "springs_5": (12, 50, 20),
        "charged_5": (30, 60, 20),
        "kuramoto_5": (40, 74, 20),
        "springs_10": (12, 92, 20),
        "charged_10": (35, 125, 20),
        "kuramoto_10": (40, 150, 20),
    },
    SUPERVISED: {
        "springs_5": (2, 6, 10),
        "charged_5": (9, 23, 10),
        "kuramoto_5": (9, 22, 10),
        "springs_10": (2, 9, 10),
        "charged_10": (9, 50, 10),
        "kuramoto_10": (9, 50, 10),
    },
    SIMULATED: {
        "springs_5": (9, 15, 60),
        "charged_5": (24, 28, 60),
        "springs_10": (8, 17, 60),
        "charged_10": (24, 54, 60),
    },
    LSTM: {
        "springs_5": (9, 11, 20),
        "charged_5": (12, 10, 20),
        "kuramoto_5": (22, 11, 20),
        "springs_10": (8, 13, 20),
        "charged_10": (10, 13, 20),
        "kuramoto_10": (18, 17, 20),
    },
}


def rows() -> tuple[Row, ...]:
    """All rows of Table 1."""
    tasks = [(kind, objects) for objects in (5, 10) for kind in motion.SYSTEMS]
    makers = (_path, _lstm, _simulated, _learned, _supervised)
    return tuple(maker(*task) for task in tasks for maker in makers if maker is not _simulated or task[0] != "kuramoto")


def _learned(kind: str, objects: int) -> Row:
    task = f"{kind}_{objects}"
    model = NRIModel(encoder=_encoder(kind), **motion.published_settings(kind))
    parts = (motion.encoder, motion.decoder, motion.decoding, motion.likelihood, motion.sampling)
    return Row(
        task=task,
        system=LEARNED,
        source=SIMULATED_MOTION,
        method=motion.INFERRING,
        config=Config(_scenes(kind, objects), model, motion.ROUNDED),
        scales=motion.below_paper(kind, objects, motion.TINY | FEWER, *parts),
        minutes=_minutes(LEARNED, task),
        headline=True,
    )


def _supervised(kind: str, objects: int) -> Row:
    task = f"{kind}_{objects}"
    return Row(
        task=task,
        system=SUPERVISED,
        source=SIMULATED_MOTION,
        method=motion.INFERRING,
        config=Config(motion.scenes(kind, objects), EdgeClassifierModel(encoder=_encoder(kind)), motion.TRAINING),
        scales=motion.below_paper(kind, objects, {"model.width": 16}, motion.encoder, _told),
        minutes=_minutes(SUPERVISED, task),
        baseline=True,
    )


def _told(scale: str, kind: str) -> motion.Changes:
    """Who is told the edges needs fewer steps, has no dropout in them and, at long scale, affords wide convolutions.

    On charges it would learn its scenes by heart, and sees them turned and mirrored.
    """
    wide = {"model.width": 256 if kind == "springs" else 128} if scale == "long" else {}
    views = {"model.views": True} if kind == "charged" else {}
    return wide | views | {"train.steps": {"small": 6_000, "long": 8_000}[scale], "model.dropout": 0.0}


def _simulated(kind: str, objects: int) -> Row:
    """The encoder learned through the true simulator; its decoder has no weights."""
    task = f"{kind}_{objects}"
    model = NRIModel(encoder=_encoder(kind), decoder="simulator", first_is_none=False, restart=1)
    parts = (motion.encoder, motion.decoding, motion.likelihood, motion.sampling, _coarse)
    return Row(
        task=task,
        system=SIMULATED,
        source=SIMULATED_MOTION,
        method=motion.INFERRING,
        config=Config(motion.scenes(kind, objects), model, motion.TRAINING),
        scales=motion.below_paper(kind, objects, {"model.width": 16, "model.substeps": 2}, *parts),
        minutes=_minutes(SIMULATED, task),
        baseline=True,
    )


def _coarse(scale: str, kind: str) -> motion.Changes:
    """Larger steps of the simulator, whose gradients can be steep; at long scale fewer steps of training."""
    return {"model.substeps": 10, "train.clip": 1.0} | ({"train.steps": 8_000} if scale == "long" else {})


def _lstm(kind: str, objects: int) -> Row:
    task = f"{kind}_{objects}"
    return Row(
        task=task,
        system=LSTM,
        source=SIMULATED_MOTION,
        method=motion.INFERRING,
        config=Config(_scenes(kind, objects), CorrelationModel("lstm"), motion.TRAINING),
        scales=motion.below_paper(kind, objects, FEWER | {"model.hidden": 8, "model.reference": 50}, _narrow),
        minutes=_minutes(LSTM, task),
        baseline=True,
    )


def _narrow(scale: str, kind: str) -> motion.Changes:
    """An LSTM of fewer units; its correlations do not change for long."""
    return {"model.hidden": 64} | ({"train.steps": 6_000} if scale == "long" else {})


def _path(kind: str, objects: int) -> Row:
    task = f"{kind}_{objects}"
    return Row(
        task=task,
        system=PATH,
        source=SIMULATED_MOTION,
        method=motion.INFERRING,
        config=Config(_scenes(kind, objects), CorrelationModel(), Training(steps=0)),
        scales=motion.SCENES | {"smoke": motion.SCENES["smoke"] | FEWER},
        minutes=motion.minutes(0.1, 0.2, 1, 1),
        baseline=True,
    )


def _scenes(kind: str, objects: int) -> MotionData:
    """Tested on other numbers of objects, too, where there are five in training."""
    return motion.scenes(kind, objects, others=OTHERS if objects == 5 else ())


def _minutes(system: str, task: str) -> dict[str, float]:
    return motion.minutes(0.1, *MINUTES[system][task])


def _encoder(kind: str) -> str:
    """The official choice: the whole trajectory at once for springs, convolutions over time for the others."""
    return "mlp" if kind == "springs" else "cnn"


EXPERIMENT = Experiment(
    name="nri_edges",
    title="Neural relational inference: accuracy of the inferred graph",
    paper=motion.PAPER,
    table="Table 1",
    rows=rows(),
    metrics=("accuracy/*",),
    chance=motion.CHANCE,
)
