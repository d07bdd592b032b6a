"""The Graph Network block: what it is by construction (Battaglia et al. 2018, sections 3.2 and 4; Santoro et al. 2017,
section 2).

The papers print no figures for it. Each property is measured as the largest difference between two ways to compute the
same, which may be no more than rounding.
"""

from reprolib.contracts.configuration import Config
from reprolib.contracts.entry import Experiment, Row
from reprolib.contracts.method import Method
from reprolib.data.sources import RANDOM_GRAPHS
from reprolib.settings.on_graphs import ExactProperty, RandomGraphs
from reprolib.settings.recipe import Training

METHOD = Method("reprolib.methods.exact_properties", select="difference/largest")
MINUTES = {"smoke": 0.1, "small": 0.1, "paper": 0.1}
SYSTEMS = {"configurations": "Block", "relabelling": "Block", "order": "RN"}  # by property


def _row(kind: str, system: str) -> Row:
    return Row(
        task=f"gn_{kind}",
        system=system,
        source=RANDOM_GRAPHS,
        method=METHOD,
        config=Config(RandomGraphs(), ExactProperty(kind), Training(steps=0)),
        scales={"smoke": {"data.test": 8}, "small": {"data.test": 64}},
        minutes=MINUTES,
    )


EXPERIMENT = Experiment(
    name="gn_block",
    title="The Graph Network block: exact properties",
    paper="battaglia2018",
    table="Sec. 3.2, 4",
    rows=tuple(_row(kind, system) for kind, system in SYSTEMS.items()),
    metrics=("difference/*",),
)
