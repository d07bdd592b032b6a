"""Neural relational inference on a walking body: the next 50 frames of 31 joints (Kipf et al. 2018, Figure 6).

The paper shows curves and prints no figures. On the learned graph the error is said to be lower than on all edges, on
the skeleton and without a graph, and lower still where the graph is inferred anew at every step.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from reprolib.contracts.configuration import Config, only_data
from reprolib.contracts.entry import Derived, Experiment, Row
from reprolib.contracts.method import Method
from reprolib.data.sources import WALKS
from reprolib.evidence.deviations import Deviation
from reprolib.rows import motion_rows as motion
from reprolib.settings.data_sets import WalkData
from reprolib.settings.moving import LSTMModel, NRIModel, StaticModel
from reprolib.settings.recipe import Training

if TYPE_CHECKING:
    from reprolib.evidence.records import Record

TASK = "mocap_walk"
LEARNED, REINFERRED, TOLD = "NRI (static)", "NRI (re-inferred)", "NRI (re-inferred, true frames)"
FULL, SKELETON, JOINT, SINGLE, STATIC = "NRI (full graph)", "NRI (skeleton)", "LSTM (joint)", "LSTM (single)", "Static"
METHOD = Method("reprolib.methods.walking_bodies", select="score", weights="float32")
TYPES = {"types": 4, "prior": 0.91}  # of edges, the first of which is none
TRAINING = Training(20_000, batch=8, rate=5e-4, schedule="halving", evaluate_every=500)
SMOKE = {"data.frames": 20, "data.stride": 40, "train.steps": 6, "train.evaluate_every": 3}
SMALL = motion.FAST | {"train.steps": 2_000, "train.evaluate_every": 200}
INFERRING = {"smoke": motion.TINY, "small": {"model.width": 64, "model.decoder_width": 64}}
GIVEN = {"smoke": motion.TINY, "small": {"model.decoder_width": 64}}
UNITS = {JOINT: {"smoke": 2, "small": 16}, SINGLE: {"smoke": 8, "small": 64}}  # of an LSTM, a joint
MINUTES = {LEARNED: 36, FULL: 13, SKELETON: 13, JOINT: 10, SINGLE: 3, STATIC: 0.2}  # at small scale
OPEN = (
    Deviation("choice", "which trials train, validate and test is not said: they are dealt out by their numbers"),
    Deviation("choice", "50 frames are read and 50 predicted; windows that train begin at every frame"),
    Deviation("choice", "velocities are differences to the frame before; one range for all places of a window"),
    Deviation("choice", "an MLP encoder; batches of 8 and 20,000 steps, all of which the paper leaves open"),
)


def rows() -> tuple[Row, ...]:
    """The rows of the figure."""
    return (
        _row(LEARNED, NRIModel(decoder="recurrent", **TYPES), INFERRING),
        _row(FULL, NRIModel(decoder="recurrent", graph="full", types=1, first_is_none=False), GIVEN),
        _row(SKELETON, NRIModel(decoder="recurrent", graph="true"), GIVEN),  # types 0 and 1: no bone and a bone
        _lstm(JOINT, joint=True),
        _lstm(SINGLE, joint=False),
        _row(STATIC, StaticModel(), {}),
    )


def _lstm(system: str, joint: bool) -> Row:
    """Given as many frames as the recurrent decoder, as in the official code: all but the last 9."""
    model = LSTMModel(joint=joint, burn_in=41, restart=50)
    return _row(system, model, {scale: {"model.hidden": units} for scale, units in UNITS[system].items()})


def _row(system: str, model: Any, widths: dict[str, motion.Changes]) -> Row:
    trained = not isinstance(model, StaticModel)
    scales = {"smoke": SMOKE, "small": SMALL} if trained else {"smoke": only_data(SMOKE)}
    return Row(
        task=TASK,
        system=system,
        source=WALKS,
        method=METHOD,
        config=Config(WalkData(), model, TRAINING if trained else Training(steps=0)),
        scales={scale: changes | widths.get(scale, {}) for scale, changes in scales.items()},
        minutes={"smoke": 0.2, "small": MINUTES[system], "paper": 60 if trained else 0.2},
        baseline=system != LEARNED,
        headline=system == LEARNED,
        deviations=OPEN,
    )


def _renamed(name: str, records: Sequence[Record]) -> dict[str, float]:
    """The errors of a learned graph that is inferred anew, under the names that they have for other systems."""
    start = f"mse/{name}_"
    figures = records[0].metrics.items()
    return {f"mse/step_{metric.removeprefix(start)}": value for metric, value in figures if metric.startswith(start)}


ROWS = rows()
ANEW = {REINFERRED: "reinferred", TOLD: "told"}  # and how the learned graph's row calls their errors

EXPERIMENT = Experiment(
    name="mocap",
    title="Neural relational inference: a walking body",
    paper=motion.PAPER,
    table="Fig. 6",
    rows=ROWS,
    derived=tuple(
        Derived(TASK, system, (ROWS[0],), lambda records, name=name: _renamed(name, records))
        for system, name in ANEW.items()
    ),
    chance=motion.CHANCE,
    metrics=("mse/step_*",),
)
