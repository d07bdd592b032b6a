"""Modular meta-learning: which objects interact, found by search (Alet et al. 2019, Tables 1 and 2).

Paper: 99.9 % of the edges of springs and 88.4 % of those of charges; 3.13e-8 and 1.03e-3 after one frame.
"""

from dataclasses import replace

from reprolib.contracts.configuration import Config
from reprolib.contracts.entry import Experiment, Row, Start
from reprolib.contracts.method import Method
from reprolib.data.sources import SIMULATED_MOTION
from reprolib.evidence.deviations import Deviation
from reprolib.rows import motion_rows as motion
from reprolib.settings.searching import ModularModel, Searching

PAPER, OBJECTS = "alet2019", 5
METHOD = Method(
    "reprolib.methods.modular_search", select="score", watch=("accuracy/edges",), weights="float32"
)  # errors of springs are below half precision
RATE = {"springs": 1e-2, "charged": 1e-4}
LOWEST = 1e-5  # rate
EPOCHS = {"springs": 1_000, "charged": 4_000}
BETWEEN = 10  # epochs between validations
PATIENCE, PAUSE = 200, 1_000  # epochs before the rate is halved, and after it
ALONG_SCORES = motion.FAST | {  # ours: few scenes at once, and many of their frames
    "train.learning": "scores",
    "train.batch": 32,
    "train.plateau": 10,
    "train.cooldown": 0,
    "train.floor": 0.0,
}
SIZES = {  # scenes, steps of the search, and steps after it; springs are predicted as well without these
    "springs": {"small": (2_000, 1_000, 0), "long": (10_000, 4_000, 0)},
    "charged": {"small": (10_000, 3_600, 4_000), "long": (20_000, 20_000, 10_000)},
}
WIDTH, VALIDATIONS = 128, 10  # below paper scale
SMOKE = {
    "springs": {},
    "charged": {"train.learning": "scores", "train.frames": 4, "train.follow": 2},  # so that both are tried
}
SEARCHED_ONCE = Deviation(
    "choice",
    "test scenes are searched once, after training, among all graphs; the official code anneals them meanwhile",
)
WITHOUT_A_RESTART = Deviation("choice", "the error after 20 frames is that of one rollout, not of two of 10 frames")
TIED = Deviation(
    "model", "an extension: both directions of a pair share a module, and whole graphs are compared; the paper's do not"
)


def rows() -> tuple[Row, ...]:
    """Springs and charges, and as an extension charges whose forces are known to be symmetric."""
    charged = _row("charged")
    return _row("springs"), charged, _symmetric(charged)


def _symmetric(row: Row) -> Row:
    """The modules of a row, and a search that knows that whoever acts is acted on."""
    return replace(
        row,
        system=f"{row.system} (symmetric)",
        config=Config(
            motion.scenes("charged", train=1, valid=1), ModularModel(symmetric=True), Searching(0, learning="scores")
        ),
        scales={"smoke": {"data.test": 20, "model.width": 16}}
        | {"small": {"data.test": 2_000, "model.width": WIDTH}, "long": {"model.width": WIDTH}},
        minutes=motion.minutes(0.1, 3, 12, 12),
        headline=False,
        deviations=(*row.deviations, TIED),
        starts_from=Start("modular_edges", row.name),
    )


def _row(kind: str) -> Row:
    return Row(
        task=f"{kind}_{OBJECTS}",
        system="Modular meta-learning",
        source=SIMULATED_MOTION,
        method=METHOD,
        config=Config(motion.scenes(kind), ModularModel(), as_printed(kind)),
        scales={"smoke": _smoke(kind)} | {scale: _fast(kind, scale) for scale in motion.TRAINED},
        minutes=motion.minutes(0.1, *{"springs": (5, 18, 200), "charged": (20, 75, 800)}[kind]),
        headline=True,
        deviations=(SEARCHED_ONCE, WITHOUT_A_RESTART),
    )


def as_printed(kind: str) -> Searching:
    """BounceGrad with the learned proposal, as the official code has it."""
    return Searching(
        EPOCHS[kind] * motion.EPOCH,
        batch=128,
        rate=RATE[kind],
        schedule="plateau",
        plateau=PATIENCE // BETWEEN,
        cooldown=PAUSE // BETWEEN,
        floor=LOWEST / RATE[kind],
        evaluate_every=BETWEEN * motion.EPOCH,
    )


def _smoke(kind: str) -> motion.Changes:
    return motion.SMOKE | {"model.width": 16, "model.encoder_width": 16} | SMOKE[kind]


def _fast(kind: str, scale: str) -> motion.Changes:
    scenes, steps, after = SIZES[kind][scale]
    sizes = {"data.train": scenes, "train.steps": steps + after, "train.evaluate_every": (steps + after) // VALIDATIONS}
    sizes |= {"train.follow": after, "train.alike": True} if after else {}
    return motion.SCENES[scale] | ALONG_SCORES | sizes | {"model.width": WIDTH}


EXPERIMENT = Experiment(
    name="modular_edges",
    title="Modular meta-learning: the graph that a search finds",
    paper=PAPER,
    table="Table 2",
    rows=rows(),
    metrics=("accuracy/*", "mse/*"),
    chance=motion.CHANCE,
)
