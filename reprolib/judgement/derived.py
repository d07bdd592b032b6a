"""Figures that are computed from the records of several rows, as measurements like any other."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from reprolib.contracts.entry import Derived
from reprolib.evidence.records import Record
from reprolib.judgement.verdicts import FURTHER, SEEDS, Key, Measurement


def derived(figure: Derived, measured: Mapping[Key, Measurement]) -> dict[Key, Measurement]:
    """A derived figure at every scale and on every kind of data that all its rows were measured at."""
    found = {}
    for setting in dict.fromkeys(key[2:] for key in measured):
        parts = [measured.get((row.task, row.system, *setting)) for row in figure.rows]
        made = None if None in parts else _combined(figure, parts)
        if made:
            found[(figure.task, figure.system, *setting)] = made
    return found


def _combined(figure: Derived, parts: Sequence[Measurement]) -> Measurement | None:
    """One value for every seed that all trained rows have; None where there is none."""
    seeds = (*SEEDS, *FURTHER) if any(part.trained for part in parts) else SEEDS[:1]
    sets = {seed: [_of_seed(part, seed) for part in parts] for seed in seeds}
    sets = {seed: records for seed, records in sets.items() if None not in records}
    used = {id(record): record for records in sets.values() for record in records}
    made = tuple(_computed(figure, records, seed) for seed, records in sets.items())
    by_row = sorted(used.values(), key=lambda record: (record.row, record.seed))
    return Measurement(made, tuple(by_row)) if made else None


def _of_seed(part: Measurement, seed: int) -> Record | None:
    """A row's record of a seed; of a row without training its only one."""
    if not part.trained:
        return part.first
    return next((record for record in part.counted if record.seed == seed), None)


def _computed(figure: Derived, records: Sequence[Record], seed: int) -> Record:
    """The figure of one seed in the form of a record; it stands in no file."""
    return replace(
        records[0],
        task=figure.task,
        system=figure.system,
        seed=seed,
        metrics=dict(figure.compute(records)),
        errors={},
        curve=[],
        steps=max(record.steps for record in records),
        weights=None,
    )
