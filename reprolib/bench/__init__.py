"""Ratios measured side by side in one run: the library against the plain version of the same thing, kept here."""

from collections.abc import Iterator

from reprolib import devices
from reprolib.bench import nri, pictures, relation, simulators
from reprolib.bench.measure import LiveBytes, Ratio
from reprolib.errors import InputError

__all__ = ["NAMES", "LiveBytes", "Ratio", "run"]

BENCHMARKS = {
    "relation": relation.ratios,
    "nri": nri.ratios,
    "pictures": pictures.ratios,
    "simulators": simulators.ratios,
}
NAMES = tuple(BENCHMARKS)


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
