"""Modular meta-learning: the state of a particle that nobody observes (Alet et al. 2019, section 5.2 and Fig. 4).

Paper: an MSE of 1.09e-3, less than some baselines of Table 1 that observed every particle.
"""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING

from reprolib.contracts.configuration import Config, only_data
from reprolib.contracts.entry import Derived, Experiment, Row
from reprolib.contracts.method import Method
from reprolib.data.sources import SIMULATED_MOTION
from reprolib.evidence.deviations import Deviation
from reprolib.experiments import nri_prediction
from reprolib.experiments.modular_edges import PAPER, WIDTH, as_printed
from reprolib.rows import motion_rows as motion
from reprolib.settings.declared import flat
from reprolib.settings.recipe import Training
from reprolib.settings.searching import MeanStateModel, UnseenModel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reprolib.evidence.records import Record

TASK, OBSERVED = "springs_unseen_node", "springs_5"
FIGURE, AFTER_TEN = "mse/unseen_state", "mse/step_10"
MEAN = "Mean state"
METHOD = Method("reprolib.methods.unseen_states", select="score", weights="float32")
SMOKE = motion.SMOKE | {"model.width": 16, "model.guesses": 2, "model.descents": 5}
STEPS = 1_000
SMALL = motion.FAST | {
    "data.train": 5_000,
    "data.valid": 200,
    "data.test": 200,
    "train.steps": STEPS,
    "train.batch": 32,
    "train.evaluate_every": STEPS // 10,
    "train.plateau": 10,
    "train.cooldown": 0,
    "train.floor": 0.0,
    "model.width": WIDTH,
}
JOINED_ONLY = Deviation(
    "split",
    "only scenes count in which a spring joins the hidden particle to a visible one: without, it leaves no trace",
)
ONE_STEP = Deviation("training", "modules learn by the log of their error one step from truth, not ten steps")
NO_LEAK = Deviation(
    "choice",
    "the restart is chosen by the error of the visible particles alone; the official test also reads the hidden one",
)
DESCENT = Deviation("choice", "four random states descend by themselves, with a rate of 0.05 that falls to zero")


def rows() -> tuple[Row, ...]:
    """Modules that know the true edges, and what can be said without looking."""
    found = Row(
        task=TASK,
        system="Modular meta-learning",
        source=SIMULATED_MOTION,
        method=METHOD,
        config=Config(
            motion.scenes("springs"),
            UnseenModel(),
            as_printed_with_edges(),
        ),
        scales={"smoke": SMOKE, "small": SMALL},
        minutes={"smoke": 0.1, "small": 7, "paper": 200},
        headline=True,
        deviations=(JOINED_ONLY, ONE_STEP, NO_LEAK, DESCENT),
    )
    mean = Row(
        task=TASK,
        system=MEAN,
        source=SIMULATED_MOTION,
        method=METHOD,
        config=Config(motion.scenes("springs"), MeanStateModel(), Training(steps=0)),
        scales={"smoke": only_data(SMOKE), "small": only_data(SMALL)},
        minutes={"smoke": 0.1, "small": 0.1, "paper": 0.5},
    )
    return found, mean


def as_printed_with_edges() -> Training:
    """How the official code trains modules of springs, without the settings of a search."""
    searching = flat(as_printed("springs"))
    return Training(**{each.name: searching[each.name] for each in fields(Training)})


def observing() -> tuple[Derived, ...]:
    """The systems of Table 1 that the paper compares with: they observe all particles, and predict ten frames."""
    every = {row.name: row for row in nri_prediction.EXPERIMENT.rows}
    return tuple(
        Derived(TASK, system, (every[f"{OBSERVED}/{system}"],), after_ten) for system in ("Static", nri_prediction.FULL)
    )


def after_ten(found: Sequence[Record]) -> dict[str, float]:
    """The error of a prediction after ten frames, under the name of what it is compared with."""
    (record,) = found
    return {FIGURE: record.metrics[AFTER_TEN]} if AFTER_TEN in record.metrics else {}


EXPERIMENT = Experiment(
    name="modular_unseen",
    title="Modular meta-learning: the state of a particle that nobody observes",
    paper=PAPER,
    table="Sec. 5.2",
    rows=rows(),
    derived=observing(),
    chance={"mse/unseen_*": MEAN},
)
