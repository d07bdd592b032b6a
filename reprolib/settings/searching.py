"""Settings of modular meta-learning; defaults are those of the official code (Alet et al. 2019)."""

from dataclasses import dataclass, field, replace
from typing import Annotated

from reprolib.settings.declared import LATER, Amount, AtLeast, Count, Fraction, OneOf, Positive, Proportion, Whole
from reprolib.settings.moving import MotionSettings
from reprolib.settings.recipe import Training

LEARNINGS = ("bouncegrad", "scores", "blocks")  # the paper's; ours
PROPOSALS = ("uniform", "node", "learned", "exact")
MOST_GUESSES = 256  # of one scene, which are followed together


@dataclass(frozen=True)
class ModularModel(MotionSettings):
    """One node module and some edge modules, and how the structure of a scene is found that no training saw.

    Examples:
        >>> from reprolib import ModularModel
        >>> ModularModel(modules=3, first_is_none=True).width  # no edge, and two kinds that act
        256
    """

    width: Count = 256
    modules: Count = 2  # of edges
    first_is_none: bool = False  # the first edge module is "no edge"
    restart: Count = 10  # an annealer's error: steps predicted from a true frame
    proposal: Annotated[str, OneOf(*PROPOSALS)] = "learned"  # what an annealer tries
    search: Count | None = None  # proposals for a scene of the test; None: all assignments of every receiver compared
    least_error: Positive = 1e-7  # what is added to a squared error before its logarithm, where all are compared
    encoder_width: Count = 512  # of the learned proposal
    encoder_dropout: Fraction = 0.5
    block: Count | None = field(default=None, metadata=LATER)  # senders that a search compares together; None: all
    sweeps: Count = field(default=3, metadata=LATER)  # blocks: how often every sender is met in a search
    starts: Count = field(default=8, metadata=LATER)  # blocks: a guess, and random structures, to search from
    symmetric: bool = field(default=False, metadata=LATER)  # ours: both directions of a pair have one module

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.first_is_none and self.modules < 2:
            raise self.refused("modules", "give 2 or more, or set model.first_is_none to False")
        if self.symmetric and (self.search is not None or self.block is not None):
            raise self.refused("symmetric", "whole graphs are compared then: set model.search and model.block to None")


@dataclass(frozen=True)
class UnseenModel(ModularModel):
    """Modules, and how the state of an object is found that nobody observes; visible ones restart from true frames."""

    guesses: Annotated[int, AtLeast(1, MOST_GUESSES)] = 4  # random first states of the unseen object, a scene
    descents: Whole = 100  # gradient steps of each guess
    descent_rate: Positive = 0.05  # of Adam, in normalised units; it falls to zero as a cosine


@dataclass(frozen=True)
class MeanStateModel(MotionSettings):
    """The mean state of all objects, whatever is observed: nothing to set."""


@dataclass(frozen=True)
class Searching(Training):
    """How modules are trained while the structures of the training scenes are searched for.

    BounceGrad (the paper's): one proposal a scene an epoch, accepted by simulated annealing. Scores (ours): a moving
    average of the errors of all assignments of every receiver, from which a structure is drawn at every step. Blocks
    (ours, for more senders): a structure that is kept for every scene, and drawn anew at some senders at every step.
    """

    learning: Annotated[str, OneOf(*LEARNINGS)] = "bouncegrad"
    horizon: Count = 800  # BounceGrad: epochs in which the share of accepted worsening proposals falls by e^5
    encoder_rate: Positive = 1e-3  # BounceGrad: of the gradient descent of the learned proposal, with momentum 0.9
    frames: Count = 32  # ours: starting frames of a scene in a step, drawn anew
    decay: Fraction = 0.5  # scores: what is left of a scene's scores when it is met again
    warmth: Amount = 0.5  # ours: temperature at the start, in standard deviations of the scores
    cooling: Proportion = 0.5  # ours: part of the steps in which it falls to zero
    least_error_from: Positive = 1e-2  # ours: what is added to a squared error before its logarithm, at the start
    least_error: Positive = 1e-7  # ours: in the end
    falling: Proportion = 0.6  # ours: part of the steps in which it falls geometrically
    senders: Count = field(default=4, metadata=LATER)  # blocks: those that are compared together
    follow: Whole = field(default=0, metadata=LATER)  # ours: last steps, for rollouts, by a copy of the modules
    alike: bool = field(default=False, metadata=LATER)  # in these the first frame's error counts as much as the last's

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.follow and self.learning == "bouncegrad":
            raise self.refused("follow", "BounceGrad learns rollouts from the start: set it to 0")
        if self.follow and self.follow >= self.steps:
            raise self.refused("follow", f"give fewer than train.steps, {self.steps}")
        if self.least_error_from < self.least_error:
            raise self.refused("least_error_from", f"give train.least_error, {self.least_error}, or more")

    @property
    def parts(self) -> tuple[Training, Training]:
        """The steps of the search and those after it, each with a schedule of its own."""
        return replace(self, steps=self.steps - self.follow, follow=0), replace(self, steps=self.follow, follow=0)

    def least_error_at(self, step: int) -> float:
        """What is added to squared errors at a step."""
        left = max(0.0, 1 - step / (self.falling * self.steps)) if self.falling else 0.0
        return self.least_error * (self.least_error_from / self.least_error) ** left

    def warmth_at(self, step: int) -> float:
        """The temperature at a step."""
        return self.warmth * max(0.0, 1 - step / (self.cooling * self.steps)) if self.cooling else 0.0
