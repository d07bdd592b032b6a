"""Neural relational inference: which objects interact (Kipf et al. 2018, Table 1).

Paper: 99.9 / 82.1 / 96.0 % of edges for 5 objects and 98.4 / 70.8 / 75.7 % for 10 (springs, charged, Kuramoto).
"""

from reprolib.experiments import motion
from reprolib.experiments.entry import Config, Row, only_data
from reprolib.experiments.motion import KINDS, PAPER, CorrelationModel
from reprolib.experiments.order import published_order
from reprolib.models.nri import EdgeClassifierModel, NRIModel
from reprolib.train import Training

OTHERS = (3, 4, 5, 6, 7, 8, 9, 10)  # objects of scenes on which a model of 5 is tested
LEARNED, LSTM, PATH = "NRI (learned)", "Corr. (LSTM)", "Corr. (path)"
SMALL_ENCODER = {  # convolutions along every edge cost most
    "springs": {"model.width": 128},
    "charged": {"model.width": 64},
    "kuramoto": {"model.width": 64},
}
SMALL_LEARNING = {
    "springs": {},
    "charged": {  # close encounters first, then the rest of the motion, whose errors are far smaller
        "model.temperature": 2.0,
        "model.peak": 2e-3,
        "model.peak_from": 1_500,
    },
    "kuramoto": {},
}


def rows() -> tuple[Row, ...]:
    """All rows of Table 1."""
    tasks = [(kind, objects) for objects in (5, 10) for kind in KINDS]
    makers = (_path, _lstm, _simulated, _learned, _supervised)
    return tuple(maker(*task) for task in tasks for maker in makers if maker is not _simulated or task[0] != "kuramoto")


def _learned(kind: str, objects: int) -> Row:
    task = f"{kind}_{objects}"
    data = motion.scenes(kind, objects, others=OTHERS if objects == 5 else ())
    model = NRIModel(encoder=_encoder(kind), **motion.published_settings(kind))
    return Row(
        task=task,
        system=LEARNED,
        config=Config(data, model, motion.ROUNDED),
        scales={
            "smoke": motion.SMOKE | motion.TINY | {"data.of_others": 10},
            "small": motion.small(objects)
            | SMALL_ENCODER[kind]
            | motion.SMALL_DECODING[kind]
            | motion.SMALL_PREDICTION[kind]
            | SMALL_LEARNING[kind],
        },
        minutes={"smoke": 0.1, "small": {"springs": 12, "charged": 45, "kuramoto": 45}[kind], "paper": 20},
        headline=True,
        comparisons=published_order(PAPER, task, LEARNED),
    )


def _supervised(kind: str, objects: int) -> Row:
    return Row(
        task=f"{kind}_{objects}",
        system="Supervised",
        config=Config(motion.scenes(kind, objects), EdgeClassifierModel(encoder=_encoder(kind)), motion.TRAINING),
        scales={
            "smoke": motion.SMOKE | {"model.width": 16},
            "small": motion.small(objects)
            | SMALL_ENCODER[kind]
            | motion.MUON
            | {"train.steps": 6_000, "model.dropout": 0.0},
        },
        minutes={"smoke": 0.1, "small": 3 if kind == "springs" else 12, "paper": 10},
        baseline=True,
        comparisons=published_order(PAPER, f"{kind}_{objects}", "Supervised"),
    )


def _simulated(kind: str, objects: int) -> Row:
    """The encoder learned through the true simulator; its decoder has no weights."""
    task = f"{kind}_{objects}"
    model = NRIModel(encoder=_encoder(kind), decoder="simulator", first_is_none=False, restart=1)
    coarse = {"model.substeps": 10, "model.restart": 10, "model.windows": 1, "train.clip": 1.0, "train.steps": 2_000}
    return Row(
        task=task,
        system="NRI (sim.)",
        config=Config(motion.scenes(kind, objects), model, motion.TRAINING),
        scales={
            "smoke": motion.SMOKE | {"model.width": 16, "model.substeps": 2},
            "small": motion.small(objects) | SMALL_ENCODER[kind] | coarse,
        },
        minutes={"smoke": 0.1, "small": 10, "paper": 60},
        baseline=True,
        comparisons=published_order(PAPER, task, "NRI (sim.)"),
    )


def _lstm(kind: str, objects: int) -> Row:
    return Row(
        task=f"{kind}_{objects}",
        system=LSTM,
        config=Config(motion.scenes(kind, objects), CorrelationModel("lstm"), motion.TRAINING),
        scales={
            "smoke": motion.SMOKE | {"model.hidden": 8, "model.reference": 50},
            "small": motion.small(objects) | {"train.steps": 1_000, "model.hidden": 64},
        },
        minutes={"smoke": 0.1, "small": 4, "paper": 20},
        baseline=True,
        comparisons=published_order(PAPER, f"{kind}_{objects}", LSTM),
    )


def _path(kind: str, objects: int) -> Row:
    return Row(
        task=f"{kind}_{objects}",
        system=PATH,
        config=Config(motion.scenes(kind, objects), CorrelationModel(), Training(steps=0)),
        scales={scale: only_data(values) for scale, values in motion.SCALES.items()},
        minutes={"smoke": 0.1, "small": 0.2, "paper": 1},
        baseline=True,
        comparisons=published_order(PAPER, f"{kind}_{objects}", PATH),
    )


def _encoder(kind: str) -> str:
    """The official choice: the whole trajectory at once for springs, convolutions over time for the others."""
    return "mlp" if kind == "springs" else "cnn"


EXPERIMENT = motion.experiment(
    name="nri_edges",
    title="Neural relational inference: accuracy of the inferred graph",
    table="Table 1",
    rows=rows(),
    metrics=("accuracy/*",),
    watch=("accuracy/edges",),
)
