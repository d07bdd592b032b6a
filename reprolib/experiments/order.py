"""The order that a paper's figures claim, as comparisons that our rows must show."""

from collections.abc import Collection

from reprolib import kinds, published
from reprolib.experiments.entry import Comparison

POINTS, FACTOR = 15.0, 1.5  # from which on two published accuracies, two published errors count as ordered


def published_order(
    paper: str, task: str, system: str, points: float = POINTS, among: Collection[str] | None = None
) -> tuple[Comparison, ...]:
    """A row's order against every other system of its task, wherever the paper puts them clearly apart.

    Args:
        points: from which difference on two accuracies count as ordered.
        among: the systems to compare with; None: all that the paper names.
    """
    lines = [line for line in published.read() if line.paper == paper and line.task == task and line.value is not None]
    own = {line.metric: line.value for line in lines if line.system == system}
    wanted = {line.system for line in lines} if among is None else set(among)
    others = [line for line in lines if line.system in wanted - {system} and line.metric in own]
    found = (_order(line.metric, line.system, own[line.metric], line.value, points) for line in others)
    return tuple(comparison for comparison in found if comparison)


def _order(metric: str, other: str, ours: float, theirs: float, points: float) -> Comparison | None:
    """The order of two published figures; None where they are too close to tell."""
    if metric.startswith("mse/"):
        margin, better, worse = FACTOR, theirs >= FACTOR * ours, ours >= FACTOR * theirs
    else:
        lead = kinds.of(metric).gain(ours, theirs)
        margin, better, worse = points, lead >= points, lead <= -points
    return Comparison(metric, other, margin if better else -margin) if better != worse else None
