"""Neural relational inference on basketball: the ball and four players (Kipf et al. 2018, section 5.2 and Fig. 6).

The paper shows curves and no figures. Its plays, 12,000 pick-and-rolls, were never released: with --data real plays cut
from tracked games of the NBA stand in for them, and by default a small generated game does.
"""

from typing import Any

from reprolib.contracts.configuration import Config, only_data
from reprolib.contracts.entry import Experiment, Row
from reprolib.contracts.method import Method
from reprolib.data.sources import BASKETBALL
from reprolib.evidence.deviations import Deviation
from reprolib.rows import motion_rows as motion
from reprolib.settings.data_sets import PLAY_FRAMES, PLAY_READ, BasketballData
from reprolib.settings.moving import LSTMModel, NRIModel, StaticModel
from reprolib.settings.recipe import Training

LEARNED, FULL, JOINT, SINGLE, STATIC = "NRI (learned)", "NRI (full graph)", "LSTM (joint)", "LSTM (single)", "Static"
METHOD = Method("reprolib.methods.basketball_plays", select="score", weights="float32")
EPOCH = 78  # steps: 10,000 plays, 128 at a time
TRAINING = Training(500 * EPOCH, batch=128, rate=5e-4, schedule="halving", evaluate_every=5 * EPOCH)
DECODING: dict[str, Any] = {"decoder": "recurrent", "restart": PLAY_FRAMES - PLAY_READ + 1}  # given all that is read
READING = {"burn_in": PLAY_READ, "restart": PLAY_FRAMES}  # of the LSTMs: the same frames, and never a true one after
PLAYS = {"data.mirrored": True}
FAST = motion.FAST | {  # few real games are soon learned by heart: few steps, and decay of the weights
    "train.steps": 1_000,
    "train.batch": 64,
    "train.rate": 8e-3,
    "train.weight_decay": 0.3,
    "train.clip": 1.0,
    "train.evaluate_every": 50,
}
NARROW = {LEARNED: {"model.width": 64, "model.decoder_width": 128}, FULL: {"model.decoder_width": 128}}
UNITS = {JOINT: 32, SINGLE: 64}  # an object, at small scale
MINUTES = {LEARNED: 4, FULL: 3, JOINT: 1.5, SINGLE: 1, STATIC: 0.2}  # at small scale
AS_WE_READ_IT = (
    Deviation("training", "validation picks by the error of the predicted frames, not of one step"),
    Deviation("choice", "edges of the first type carry nothing, so that the other type is what acts"),
)


def _trained(system: str, model: NRIModel | LSTMModel, smoke: dict[str, Any], small: dict[str, Any]) -> Row:
    return Row(
        task="basketball",
        system=system,
        source=BASKETBALL,
        method=METHOD,
        config=Config(BasketballData(), model, TRAINING),
        scales={"smoke": motion.SMOKE | smoke, "small": PLAYS | FAST | small},
        minutes={"smoke": 0.1, "small": MINUTES[system], "paper": 20},
        baseline=system != LEARNED,
        headline=system == LEARNED,
        deviations=AS_WE_READ_IT,
    )


def _nri(system: str, smoke: dict[str, Any], **settings: Any) -> Row:
    return _trained(system, NRIModel(**DECODING | settings), smoke, NARROW[system])


def _lstm(system: str, joint: bool) -> Row:
    model = LSTMModel(joint=joint, **READING)
    return _trained(system, model, {"model.hidden": 8}, {"model.hidden": UNITS[system]})


def _static() -> Row:
    return Row(
        task="basketball",
        system=STATIC,
        source=BASKETBALL,
        method=METHOD,
        config=Config(BasketballData(), StaticModel(), Training(steps=0)),
        scales={"smoke": only_data(motion.SMOKE), "small": PLAYS},
        minutes={"smoke": 0.1, "small": MINUTES[STATIC], "paper": 0.1},
        baseline=True,
    )


EXPERIMENT = Experiment(
    name="basketball",
    title="Neural relational inference: basketball",
    paper=motion.PAPER,
    table="Fig. 6",
    rows=(
        _nri(LEARNED, motion.TINY, encoder="cnn"),
        _nri(FULL, {"model.decoder_width": 16}, graph="full", types=1, first_is_none=False),
        _lstm(JOINT, joint=True),
        _lstm(SINGLE, joint=False),
        _static(),
    ),
    chance={"mse/*": STATIC},
)
