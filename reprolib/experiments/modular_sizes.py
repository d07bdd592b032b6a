"""Modular meta-learning of larger scenes, an extension: how many particles a search can take (Alet et al. 2019).

Ten particles have 512 assignments of a receiver, twenty have 524,288. Modules do not know how many particles there are.
So those of five are the first ones of seven, those of seven the first ones of ten, and so on. The paper has five
particles throughout, and says that a learned proposal makes problems one to two orders of magnitude larger tractable.
"""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING

from reprolib.contracts.configuration import Config
from reprolib.contracts.entry import Derived, Experiment, Row, Start
from reprolib.data.sources import SIMULATED_MOTION
from reprolib.evidence.deviations import Deviation
from reprolib.experiments import modular_edges
from reprolib.experiments.modular_edges import METHOD, SEARCHED_ONCE, WIDTH, WITHOUT_A_RESTART
from reprolib.rows import motion_rows as motion
from reprolib.settings.searching import ModularModel, Searching

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reprolib.evidence.records import Record

NAME, SYSTEM = "modular_sizes", "Modular meta-learning"
SIZES = (7, 10, 14, 20)  # particles: each about 1.4 times as many as the one before
EXACT = 10  # particles, up to which a test scene is searched among all graphs
BLOCK, STARTS = 4, 16  # senders that are compared together, and structures that such a search begins with
SCENES = {7: (1_000, 16, 200), 10: (1_000, 16, 200), 14: (640, 8, 60), 20: (320, 4, 40)}  # to train, at once, to test
STEPS, VALIDATIONS = {7: 160, 10: 160, 14: 160, 20: 200}, 2  # at small scale
MINUTES = {7: (2, 30), 10: (5, 60), 14: (9, 90), 20: (14, 150)}  # at small and paper scale
WANTED, BUDGET = 95, 30  # percent of the edges, core minutes
LARGER = Deviation("data", "an extension: more particles than the paper's five")
GROWN = Deviation("training", "modules begin as those that were learned with fewer particles")


def rows() -> tuple[Row, ...]:
    """Springs of growing size, each from the modules of the one before."""
    begun = Start("modular_edges", f"springs_{modular_edges.OBJECTS}/{SYSTEM}")
    found = []
    for objects in SIZES:
        found.append(_row(objects, begun))
        begun = Start(NAME, found[-1].name)
    return tuple(found)


def _row(objects: int, begun: Start) -> Row:
    small, paper = MINUTES[objects]
    search = None if objects <= EXACT else BLOCK
    return Row(
        task=f"springs_{objects}",
        system=SYSTEM,
        source=SIMULATED_MOTION,
        method=METHOD,
        config=Config(motion.scenes("springs", objects), ModularModel(block=search, starts=STARTS), _training()),
        scales={
            "smoke": motion.SMOKE
            | {"data.test": 5, "data.valid": 5}
            | {"model.width": 16, "model.starts": 2, "train.frames": 4},
            "small": _fast(objects),
        },
        minutes={"smoke": 0.1, "small": small, "paper": paper},
        deviations=(LARGER, GROWN, SEARCHED_ONCE, WITHOUT_A_RESTART),
        starts_from=begun,
    )


def _training() -> Searching:
    """Modules that are nearly right: the best graphs count from the start, and small errors soon."""
    return Searching(
        20 * motion.EPOCH,
        batch=32,
        rate=1e-3,
        optimiser="muon",
        schedule="cosine",
        warmup=50,
        evaluate_every=2 * motion.EPOCH,
        learning="blocks",
        senders=BLOCK,
        warmth=0.0,
        least_error_from=1e-5,
        falling=0.4,
    )


def _fast(objects: int) -> motion.Changes:
    train, batch, test = SCENES[objects]
    sizes = {"data.train": train, "data.valid": 10, "data.test": test, "train.batch": batch}
    steps = {"train.steps": STEPS[objects], "train.evaluate_every": STEPS[objects] // VALIDATIONS}
    return sizes | steps | {"train.precision": "bf16", "model.width": WIDTH}


def reached(found: Sequence[Record]) -> dict[str, float]:
    """The most particles of which the edges are found within the budget; what smaller sizes took is part of it."""
    minutes = accumulate((record.processor_seconds or 0) / 60 for record in found)
    fits = [
        record.config["data.objects"]
        for record, spent in zip(found, minutes, strict=True)
        if spent <= BUDGET and record.metrics["accuracy/edges"] >= WANTED
    ]
    return {f"objects/in_{BUDGET}_minutes": float(max(fits, default=0))}


ROWS = rows()
FIVE = modular_edges.EXPERIMENT.row(f"springs_{modular_edges.OBJECTS}/{SYSTEM}")

EXPERIMENT = Experiment(
    name=NAME,
    title="Modular meta-learning: how many particles a search can take",
    paper="alet2019",
    table="Sec. 6",
    rows=ROWS,
    derived=(Derived("search_size", SYSTEM, (FIVE, *ROWS), reached),),
    metrics=("accuracy/edges", "objects/*"),
    chance=motion.CHANCE,
)
