"""Kinds of metrics: which way is better, how two figures are compared, and how one is written.

The part of a metric's name before the first slash is its kind: accuracy/task_16, mse/step_20, tasks_passed.
"""

import math
from dataclasses import dataclass

from reprolib.errors import InputError


@dataclass(frozen=True)
class Kind:
    """What is true of all metrics of a kind. Margins of squared errors and ratios are factors; others are points."""

    least: float = 0.0  # that there can be
    most: float = math.inf
    lower: bool = False  # is better
    by_factor: bool = False  # compared as logarithms
    whole: bool = False  # a count of things
    near: float = 1.0  # from a printed figure: close
    near_ceiling: float = 0.0  # the same at `ceiling` and above
    ceiling: float = math.inf
    level: float = 2.0  # between two systems: a tie
    health: float = 5.0  # worse than printed: a baseline that was badly trained
    rounding: float = 0.2  # what another machine may move
    drift: float = 10.0  # what a smoke run may move where its seeds agree by chance
    style: str = "plain"  # "percent" and "count" have one decimal, "exponent" is written as 1.09e-03

    def scaled(self, value: float) -> float:
        """A figure as it is compared: its logarithm where margins are factors."""
        return math.log(max(value, TINY)) if self.by_factor else value

    def unscaled(self, value: float) -> float:
        """The figure itself, of one as it is compared."""
        return math.exp(value) if self.by_factor else value

    def margin(self, size: float) -> float:
        """A margin as it is compared."""
        return math.log(size) if self.by_factor else size

    def gain(self, ours: float, theirs: float) -> float:
        """How much better the one is than the other, as they are compared."""
        difference = self.scaled(ours) - self.scaled(theirs)
        return -difference if self.lower else difference

    def within(self, size: float, value: float, of: float) -> bool:
        """Whether a figure lies within a share (by factor) or a number of points of another."""
        return abs(value - of) <= (size * abs(of) if self.by_factor else size)

    def close(self, printed: float) -> float:
        """How far from a printed figure ours may lie, as they are compared."""
        return self.margin(self.near_ceiling if printed >= self.ceiling else self.near)


TINY = 1e-300  # in place of an error of zero, which has no logarithm
SCORE = "score"  # what validation picks the weights of models of motion by; nobody prints it
WHOLE = 100.0 + 1e-6  # percent, and what a sum of shares may be rounded up
ROUNDING = 1e-5  # between two ways to compute the same, in units of order one: that of fp32
PERCENT = {"most": WHOLE, "near_ceiling": 0.3, "ceiling": 99.0, "style": "percent"}
FACTORS = {"by_factor": True, "near": 1.5, "level": 1.5, "health": 3.0, "rounding": 0.02, "drift": 0.5}

KINDS = {
    "accuracy": Kind(**PERCENT),
    "error": Kind(most=WHOLE, lower=True, style="percent"),
    "auroc": Kind(**PERCENT),
    "mse": Kind(lower=True, style="exponent", **FACTORS),
    "share": Kind(most=WHOLE, style="percent"),  # of something in all of its kind; neither large nor small is right
    "tasks_passed": Kind(whole=True, near=0.0, style="count"),
    "objects": Kind(whole=True, near=0.0, style="count"),  # of a scene
    "data_efficiency": Kind(**FACTORS),
    "proposal": Kind(**FACTORS),
    "search_steps": Kind(lower=True, **FACTORS),
    "acceptance": Kind(**FACTORS),
    "batching": Kind(**FACTORS),
    "difference": Kind(lower=True, near=ROUNDING, level=ROUNDING, rounding=ROUNDING, drift=ROUNDING, style="exponent"),
}


def of(metric: str) -> Kind:
    """The kind of a metric, by name.

    Raises:
        InputError: there is no such kind.
    """
    name = metric.partition("/")[0]
    if name not in KINDS:
        raise InputError(f"the metric {metric!r} is of no known kind: begin its name with one of {', '.join(KINDS)}")
    return KINDS[name]


def of_ours(metric: str) -> Kind:
    """The kind of what a record of ours holds: a metric that may be printed, or the score."""
    return Kind(least=-math.inf) if metric == SCORE else of(metric)


def is_known(metric: str) -> bool:
    """Whether a name is that of a metric, and not of another statistic."""
    return metric == SCORE or metric.partition("/")[0] in KINDS
