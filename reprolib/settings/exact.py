"""Settings of what is tried on graphs (Battaglia et al. 2018)."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from reprolib.settings.data_sets import DataSettings
from reprolib.settings.declared import Count, OneOf, Settings, Whole

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
