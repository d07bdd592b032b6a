"""The three demonstrations of the graph network library (Battaglia et al. 2018): shortest paths, sorting, springs.

The paper prints no figures for them. It claims that one kind of network does all three, and that what it learned on
small graphs serves larger ones. The same network with one processing step, deep sets and an MLP are references of ours.
"""

from typing import Any

from reprolib.contracts.configuration import Config
from reprolib.contracts.entry import Experiment, Row
from reprolib.contracts.method import Method
from reprolib.data.sources import GRAPH_TASKS
from reprolib.evidence.deviations import Deviation
from reprolib.settings.on_graphs import LabelledGraphs, PaddedModel, ProcessModel, SpringChains, StillModel
from reprolib.settings.recipe import Training

CODE = "reprolib.methods.graph_demonstrations"
LABELLING = {
    "shortest_path": Method(CODE, select="accuracy/solved"),
    "sorting": Method(CODE, select="score", watch=("accuracy/solved",)),  # all lists are soon right
}
MOVING = Method(CODE, select="score")
PROCESSING, ONE_STEP, SETS, FLAT, STATIC = "Encode-process-decode", "One step", "Deep sets", "MLP", "Static"
TRAINING = Training(10_000, batch=32, rate=1e-3, evaluate_every=1_000)  # the demonstrations'
STEPPING = Training(100_000, batch=256, rate=1e-3, evaluate_every=5_000)
FAST = {"train.optimiser": "muon", "train.rate": 3e-3, "train.schedule": "cosine", "train.clip": 1.0}
AS_RELEASED = (  # and where it differs
    Deviation("data", "20,000 graphs are seen again and again, in place of new ones for every step", less=True),
    Deviation("choice", "one logit a label in place of two; the path's edges lead from start to end"),
)
OF_LONG_LISTS = Deviation(
    "choice", "small scale: steps, schedule and averaging were chosen on long lists of another seed than the test lists"
)
OWN_UNITS = (
    Deviation("data", "2,000 chains are seen at 50 moments each, in place of new ones for every step", less=True),
    Deviation("choice", "spring constants in units of 50 N/m and gravity in units of 10 N"),
)
SMALL = {  # after more steps, or without a mean of the weights, lists longer than in training are sorted worse
    "shortest_path": FAST | {"train.steps": 10_000, "train.evaluate_every": 1_000},
    "sorting": FAST
    | {"train.steps": 1_250, "train.evaluate_every": 250, "train.schedule": "constant", "train.average": 0.995},
}
SMOKE_LABELS = {"data.train": 64, "data.valid": 20, "data.test": 60, "train.steps": 20, "train.evaluate_every": 10}
SMOKE_CHAINS = {"data.train": 8, "data.moments": 5, "data.valid": 5, "data.test": 5}
SMOKE_STEPS = {"train.steps": 20, "train.batch": 16, "train.evaluate_every": 10}
MINUTES = {  # at small scale
    PROCESSING: {"shortest_path": 4, "sorting": 1.5, "springs": 3},
    ONE_STEP: {"shortest_path": 1.5, "sorting": 1},
    SETS: {"shortest_path": 3, "sorting": 1, "springs": 3},
    FLAT: {"shortest_path": 6, "sorting": 1, "springs": 4},
    STATIC: {"springs": 0.2},
}


def _labels(kind: str, system: str, model: Any) -> Row:
    return Row(
        task=f"gn_{kind}",
        system=system,
        source=GRAPH_TASKS,
        method=LABELLING[kind],
        config=Config(LabelledGraphs(kind), model, TRAINING),
        scales={"smoke": SMOKE_LABELS, "small": SMALL[kind]},
        minutes={"smoke": 0.1, "small": MINUTES[system][kind], "paper": 10},
        baseline=system != PROCESSING,
        headline=system == PROCESSING,
        deviations=AS_RELEASED + (OF_LONG_LISTS,) * (kind == "sorting"),
    )


def _springs(system: str, model: Any) -> Row:
    trained = not isinstance(model, StillModel)
    fast = FAST | {"train.steps": 20_000, "train.evaluate_every": 2_000}
    return Row(
        task="gn_springs",
        system=system,
        source=GRAPH_TASKS,
        method=MOVING,
        config=Config(SpringChains(), model, STEPPING if trained else Training(steps=0)),
        scales={"smoke": SMOKE_CHAINS | SMOKE_STEPS, "small": fast} if trained else {"smoke": SMOKE_CHAINS},
        minutes={"smoke": 0.1, "small": MINUTES[system]["springs"], "paper": 30},
        baseline=system != PROCESSING,
        headline=system == PROCESSING,
        deviations=OWN_UNITS,
    )


def rows() -> tuple[Row, ...]:
    """The rows of the three demonstrations."""
    models = {
        PROCESSING: ProcessModel(),
        ONE_STEP: ProcessModel(steps=1),
        SETS: ProcessModel(messages=False),
        FLAT: PaddedModel(),
    }
    labels = (_labels(kind, system, model) for kind in SMALL for system, model in models.items())
    moving = {
        PROCESSING: ProcessModel(steps=1),
        SETS: ProcessModel(steps=1, messages=False),
        FLAT: PaddedModel(nodes=9),
        STATIC: StillModel(),
    }
    return (*labels, *(_springs(system, model) for system, model in moving.items()))


EXPERIMENT = Experiment(
    name="gn_tasks",
    title="Graph networks at work: paths, sorting, springs",
    paper="battaglia2018",
    table="companion library",
    rows=rows(),
    chance={"mse/*": STATIC},
)
