"""How sure a mean over seeds is: its standard error, its bounds, and the interval of a difference of two.

All figures are as their kind compares them: squared errors and ratios as logarithms.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from scipy.special import ndtri, stdtrit

CONFIDENCE = 0.90


@dataclass(frozen=True)
class Estimate:
    """A mean, with the squared standard error that the spread over seeds leaves on it, and that of the test set."""

    mean: float
    of_seeds: float = 0.0
    of_test: float = 0.0
    seeds: int = 0  # 0: a printed figure, which is taken as it stands
    enough: bool = True  # as many seeds as a verdict asks for

    @property
    def error(self) -> float:
        """The standard error of the mean."""
        return math.sqrt(self.of_seeds + self.of_test)

    def bound(self) -> float:
        """How far the mean may lie from the truth to one side, with a confidence of 90 %."""
        return quantile(CONFIDENCE, freedom((self,))) * self.error


def estimate(values: Sequence[float], errors: Sequence[float], enough: bool) -> Estimate:
    """The mean of one value a seed, each with the standard error that the test set leaves; all seeds share that set."""
    count = len(values)
    mean = math.fsum(values) / count
    spread = math.fsum((value - mean) ** 2 for value in values) / (count - 1) if count > 1 else 0.0
    shared = math.fsum(error**2 for error in errors) / len(errors)
    return Estimate(mean, spread / count, shared, count, enough)


def average(parts: Sequence[Estimate]) -> Estimate:
    """The mean of several independent estimates."""
    count = len(parts)
    return Estimate(
        math.fsum(part.mean for part in parts) / count,
        math.fsum(part.of_seeds for part in parts) / count**2,
        math.fsum(part.of_test for part in parts) / count**2,
        min(part.seeds for part in parts),
        all(part.enough for part in parts),
    )


def half_width(one: Estimate, other: Estimate) -> float:
    """Half of Welch's two-sided 90 % interval of the difference of two means."""
    return quantile((1 + CONFIDENCE) / 2, freedom((one, other))) * math.hypot(one.error, other.error)


def freedom(parts: Sequence[Estimate]) -> float:
    """Degrees of freedom after Welch and Satterthwaite; the error of a test set counts as known."""
    total = math.fsum(part.of_seeds + part.of_test for part in parts)
    known_badly = math.fsum(part.of_seeds**2 / (part.seeds - 1) for part in parts if part.seeds > 1)
    return total**2 / known_badly if known_badly else math.inf


def quantile(share: float, degrees: float) -> float:
    """The quantile of Student's distribution; with infinitely many degrees of freedom the normal one."""
    return float(ndtri(share) if math.isinf(degrees) else stdtrit(degrees, share))
