"""Ratios measured side by side in one run: the library against the plain version of the same thing, kept here."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd

from reprolib import devices, paths
from reprolib.bench import drawing, edges_found, graph_blocks, modular_steps, nri, relation, simulators
from reprolib.bench.measure import LiveBytes, Ratio
from reprolib.errors import InputError
from reprolib.evidence import records
from reprolib.files import write_text
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
    path, (commit, dirty) = paths.results() / paths.SPEED, records.commit()
    new, old = pd.DataFrame([asdict(ratio) for ratio in ratios]), lists.measured()
    new["date"], new["commit"] = f"{datetime.now(UTC):%Y-%m-%d}", f"{commit}{'-dirty' if dirty else ''}"
    again = old.set_index(SAME).index.isin(new.set_index(SAME).index)
    both = pd.concat([old[~again], new]) if len(old) else new
    write_text(path, both.sort_values("name", kind="stable").to_csv(index=False, float_format="%.4g"))
    return path
