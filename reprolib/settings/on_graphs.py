"""Settings of what is tried on graphs (Battaglia et al. 2018)."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from reprolib.settings.data_sets import DataSettings
from reprolib.settings.declared import AtLeast, Count, OneOf, Settings, Whole

LABELLED = ("shortest_path", "sorting")
PROPERTIES = ("configurations", "relabelling", "order")


@dataclass(frozen=True)
class RandomGraphs(DataSettings):
    """How many random graphs a property is tried on."""

    test: Count = 512
    seed: Whole = 0


@dataclass(frozen=True)
class ExactProperty(Settings):
    """A property that holds by construction, up to rounding; nothing is trained."""

    part: ClassVar[str] = "model"

    kind: Annotated[str, OneOf(*PROPERTIES)] = "configurations"


# The demonstrations of the companion library


@dataclass(frozen=True)
class LabelledGraphs(DataSettings):
    """Graphs whose nodes and edges are to be labelled: small ones to train on, larger ones to be tested on."""

    kind: Annotated[str, OneOf(*LABELLED)] = "shortest_path"
    train: Count = 20_000
    valid: Count = 1_000
    test: Count = 4_000  # of 16 to 32 nodes, every size as likely
    seed: Whole = 0


@dataclass(frozen=True)
class SpringChains(DataSettings):
    """Chains of masses on springs, 5 to 8 to train on; tested are rollouts of 4, of 5 to 8, and of 9."""

    train: Count = 2_000
    moments: Annotated[int, AtLeast(1, 50)] = 50  # of a chain's rollout that training sees
    valid: Count = 200
    test: Count = 500  # of each of the three
    seed: Whole = 0


@dataclass(frozen=True)
class GraphSettings(Settings):
    """Raises an InputError that names the setting where a value makes no model."""

    part: ClassVar[str] = "model"


@dataclass(frozen=True)
class ProcessModel(GraphSettings):
    """The encode-process-decode network; the sizes are the demonstrations'."""

    width: Count = 16
    layers: Count = 2  # of every MLP
    steps: Count = 10  # of processing
    messages: bool = True  # False: deep sets


@dataclass(frozen=True)
class PaddedModel(GraphSettings):
    """An MLP on padded features."""

    nodes: Count = 32  # places for nodes; a larger graph is refused
    width: Count = 256
    layers: Count = 2


@dataclass(frozen=True)
class StillModel(GraphSettings):
    """Nothing moves: nothing to set."""
