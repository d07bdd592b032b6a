"""Settings of the balls on a table (Santoro et al. 2017, section 5.5), whose making the paper leaves open.

Lengths are in metres, times in seconds, masses in kilograms.
"""

from dataclasses import dataclass, field
from typing import Annotated, ClassVar

from reprolib.settings.data_sets import DataSettings
from reprolib.settings.declared import LATER, Amount, Count, OneOf, Positive, Proportion, Settings, Whole


@dataclass(frozen=True)
class World(Settings):
    """The table, its balls and their hidden links. The paper gives the 10 balls and the 16 frames, and no constant."""

    part: ClassVar[str] = "data.world"

    half_width: Positive = 1.0  # from the middle to a wall: positions lie between -1 and 1, as networks like them
    radius: Positive = 0.06  # of a ball: small enough that random places are found, large enough for collisions
    mass: Positive = 1.0  # of every ball: a motion then tells about links and not about masses
    speed: Positive = 0.5  # standard deviation of each component at the start: a ball crosses the table about once
    shortest: Positive = 0.25  # of the lengths of links, drawn evenly: linked balls may be no nearest neighbours
    longest: Positive = 0.7  # of these lengths: a system of ten still finds room on the table
    rigid: Proportion = 0.5  # chance of a link to be rigid: neither kind can be guessed
    stiffness: Positive = 40.0  # of a spring, N/m: two balls swing once in 0.7 s, by about a tenth of a metre
    spring_damping: Amount = 0.0  # N s/m: a spring swings as strongly in the last frame as in the first
    drag: Amount = 0.0  # friction with the table, N s/m: none, as a ball that rests tells nothing about its links
    bounce: Positive = 4000.0  # stiffness of a contact over the mass, 1/s^2: balls touch for about 0.05 s
    bounce_damping: Amount = 5.0  # of a contact over the mass, 1/s: a collision keeps about nine tenths of the speed
    step: Positive = 0.01  # of the engine: a seventieth of a spring's period, a fifth of a contact
    steps: Count = 20  # of the engine from frame to frame, 0.2 s: a spring swings four times in 16 frames

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 2 * self.radius < self.shortest:
            raise self.refused("shortest", f"linked balls overlap: give more than {2 * self.radius:g}")
        if not self.shortest <= self.longest < self.half_width:
            raise self.refused("longest", f"give {self.shortest:g} or more, and less than half the table")


@dataclass(frozen=True)
class PhysicsData(DataSettings):
    """How many scenes, what a ball's row holds beside its positions, and what is asked of a scene."""

    train: Count = 200_000  # unstated in the paper; as many as one core simulates in a dozen minutes
    valid: Count = 2_000
    test: Count = 10_000  # a standard error of 0.26 points at 93 %
    colour: Annotated[str, OneOf("number", "rgb")] = "number"  # the supplement's one float, or the text's RGB
    seed: Whole = 0
    world: World = World()
    asked: Annotated[str, OneOf("connections", "systems")] = field(default="connections", metadata=LATER)
