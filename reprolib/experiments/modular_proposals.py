"""Modular meta-learning: what a proposal is worth (Alet et al. 2019, section 4).

The modules are known: they are those of the row of springs in `modular_edges`. Held-out scenes are then annealed with
each proposal, and BounceGrad goes on with and without a proposal that learns. The paper prints no figure for either; it
says that learned proposals make problems one to two orders of magnitude larger tractable.
"""

from __future__ import annotations

from dataclasses import replace
from statistics import fmean
from typing import TYPE_CHECKING

from reprolib.contracts.configuration import Config
from reprolib.contracts.entry import Derived, Experiment, Row, Start
from reprolib.contracts.method import Method
from reprolib.data.sources import SIMULATED_MOTION
from reprolib.evidence.deviations import Deviation
from reprolib.experiments.modular_edges import METHOD, WIDTH, as_printed
from reprolib.rows import motion_rows as motion
from reprolib.settings.recipe import Training
from reprolib.settings.searching import ModularModel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reprolib.evidence.records import Record

KNOWN, BOUNCING, SPEED = "springs_5_known_modules", "springs_5_bouncegrad", "search_speed"
START = Start("modular_edges", "springs_5/Modular meta-learning")
TRYING = Method("reprolib.methods.proposal_tries", select="score", weights="float32")
BUDGET = 400  # proposals a scene
ANNEALED = {
    "smoke": {"data.test": 10, "model.search": 8, "model.width": 16},
    "small": {"data.test": 50, "model.width": WIDTH},
}
SMOKE = motion.SMOKE | {"model.width": 16, "model.encoder_width": 16}
ENCODER = {"model.width": WIDTH, "model.encoder_width": 128}
MODULE_RATE = 1e-6  # of the modules, which graphs that are still random would spoil
EPOCHS, SCENES, BATCH = 100, 256, 128  # of BounceGrad at small scale
BOUNCES_FAST = ENCODER | {
    "data.train": SCENES,
    "data.valid": 100,
    "data.test": 200,
    "train.steps": EPOCHS * SCENES // BATCH,
    "train.evaluate_every": EPOCHS * SCENES // BATCH // 20,
    "train.precision": "bf16",
    "train.encoder_rate": 0.05,
    "train.horizon": EPOCHS,
    "model.encoder_dropout": 0.0,
}
KNOWN_BEFORE = Deviation("choice", "modules are known beforehand; the paper learns them along with the proposal")
TAUGHT = Deviation(
    "choice", "the proposal learns what an exact search ends at, not what annealing keeps on its way there"
)


def _still(proposal: str, restart: int = 10) -> Row:
    """A proposal that does not learn."""
    return Row(
        task=KNOWN,
        system=f"{proposal.capitalize()} proposal",
        source=SIMULATED_MOTION,
        method=TRYING,
        config=Config(
            motion.scenes("springs", train=1, valid=1),
            ModularModel(proposal=proposal, search=BUDGET, restart=restart),
            Training(steps=0),
        ),
        scales=ANNEALED,
        minutes={"smoke": 0.1, "small": 1, "paper": 10},
        deviations=(KNOWN_BEFORE,),
        starts_from=START,
    )


def _learned() -> Row:
    """A proposal whose encoder learns from the best structures of training scenes."""
    fast = {"train.steps": 500, "train.evaluate_every": 100, "model.encoder_dropout": 0.0}
    return Row(
        task=KNOWN,
        system="Learned proposal",
        source=SIMULATED_MOTION,
        method=TRYING,
        config=Config(
            motion.scenes("springs"),
            ModularModel(search=BUDGET),
            Training(50 * motion.EPOCH, batch=128, rate=5e-4, evaluate_every=5 * motion.EPOCH),
        ),
        scales={
            "smoke": SMOKE | ANNEALED["smoke"],
            "small": motion.FAST | fast | ENCODER | ANNEALED["small"] | {"data.train": 4_000, "data.valid": 100},
        },
        minutes={"smoke": 0.1, "small": 3, "paper": 30},
        deviations=(KNOWN_BEFORE, TAUGHT),
        starts_from=START,
    )


def _bouncing(proposal: str) -> Row:
    """BounceGrad, from known modules and random structures on."""
    return Row(
        task=BOUNCING,
        system=f"{proposal.capitalize()} proposal",
        source=SIMULATED_MOTION,
        method=METHOD,
        config=Config(
            motion.scenes("springs"),
            ModularModel(proposal=proposal),
            replace(as_printed("springs"), rate=MODULE_RATE, floor=1.0),
        ),
        scales={"smoke": SMOKE, "small": BOUNCES_FAST},
        minutes={"smoke": 0.1, "small": 3, "paper": 600},
        deviations=(KNOWN_BEFORE,),
        starts_from=START,
    )


def speedup(found: Sequence[Record]) -> dict[str, float]:
    """How many times as many proposals single edges take as learned ones."""
    single, learned = (record.metrics["search_steps/to_95"] for record in found)
    return {"proposal/speedup": single / learned}


def gain(found: Sequence[Record]) -> dict[str, float]:
    """The share of proposals that is accepted in the last quarter of a run, over that in the first."""
    (record,) = found
    accepted = [point["accepted"] for point in record.curve]
    part = max(1, len(accepted) // 4)
    return {"acceptance/gain": fmean(accepted[-part:]) / fmean(accepted[:part])}


STILL = {proposal: _still(proposal) for proposal in ("uniform", "node")}
LEARNED, EXACT = _learned(), _still("exact", restart=1)
BOUNCES = tuple(_bouncing(proposal) for proposal in ("node", "learned"))

EXPERIMENT = Experiment(
    name="modular_proposals",
    title="Modular meta-learning: what a proposal is worth",
    paper="alet2019",
    table="Sec. 4",
    rows=(*STILL.values(), LEARNED, EXACT, *BOUNCES),
    derived=(
        Derived(SPEED, "Modular meta-learning", (STILL["uniform"], LEARNED), speedup),
        *(Derived("acceptance_in_training", row.system, (row,), gain) for row in BOUNCES),
    ),
)
