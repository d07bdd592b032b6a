"""Ratios measured side by side in one run: the library against the plain version of the same thing, kept here."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from reprolib import devices, paths
from reprolib.bench import drawing, edges_found, graph_blocks, keeping, modular_steps, nri, relation, simulators
from reprolib.bench.measure import LiveBytes, Ratio
from reprolib.errors import InputError
from reprolib.pages.tables import lists

__all__ = ["NAMES", "LiveBytes", "Ratio", "keep", "run"]

BENCHMARKS = {
    "relation": relation.ratios,
    "nri": nri.ratios,
    "edges": edges_found.ratios,
    "modular": modular_steps.ratios,
    "gn": graph_blocks.ratios,
    "pictures": drawing.ratios,
    "simulators": simulators.ratios,
}
NAMES = tuple(BENCHMARKS)
SAME = ["name", "device"]  # of ratios that take the place of older ones


def run(name: str | None = None, device: str | None = None) -> Iterator[Ratio]:
    """The comparisons of a benchmark, or of all benchmarks, each when it has been measured.

    Args:
        device: what to measure on; by default an accelerator where there is one.

    Raises:
        InputError: no benchmark or no device of that name.
    """
    if name is not None and name not in NAMES:
        raise InputError(f"unknown benchmark {name!r}: choose one of {', '.join(NAMES)}")
    chosen = devices.pick(device)
    return (ratio for each in ([name] if name else NAMES) for ratio in BENCHMARKS[each](chosen))


def keep(ratios: Sequence[Ratio]) -> Path:
    """Write ratios to the results folder, with day and commit, over those of the same benchmarks and device."""
    return keeping.over(paths.SPEED, ratios, lists.measured(), SAME, "name")
