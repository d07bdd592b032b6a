"""Curves of accuracy over the number of scenes that train, and how many scenes one needs for an accuracy."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reprolib.evidence.records import Record

Curve = dict[int, float]  # {scenes: percent}


def curves(found: Sequence[Record], sizes: Sequence[int], metric: str) -> list[Curve]:
    """The curve of each system, from a record of each size of the first one, then of the next one."""
    percent = [record.metrics[metric] for record in found]
    starts = range(0, len(percent), len(sizes))
    return [dict(zip(sizes, percent[start : start + len(sizes)], strict=True)) for start in starts]


def scenes_needed(accuracies: Mapping[int, float], wanted: float) -> float | None:
    """Scenes with which a curve first reaches `wanted` percent, linear in their logarithm; None: it does not.

    A curve that is there with the fewest scenes needs at most these, which are returned.
    """
    points = sorted(accuracies.items())
    if points[0][1] >= wanted:
        return float(points[0][0])
    for (few, before), (more, after) in pairwise(points):
        if after >= wanted:
            return few * (more / few) ** ((wanted - before) / (after - before))
    return None
