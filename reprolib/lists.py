"""Tables that set nothing beside a paper: what was tried, and how fast the kernels are."""

from collections.abc import Iterable

import pandas as pd

from reprolib import experiments, paths, published
from reprolib.errors import InputError
from reprolib.records import Record
from reprolib.wording import number

NUMBERS = ("ours", "reference", "ratio", "peak_memory_ratio")
MEASURED = ("name", "case", "unit", "device", "date", "commit", *NUMBERS)


def attempts(found: Iterable[Record]) -> pd.DataFrame:
    """Runs with --set, oldest first: what was changed and what came of it."""
    ordered = sorted(found, key=lambda record: record.started)
    return pd.DataFrame(
        {
            "date": [record.started[:10] for record in ordered],
            "row": [f"{record.row}, {record.scale}, {record.kind}" for record in ordered],
            "changed": [", ".join(f"`{key}={value}`" for key, value in record.changes.items()) for record in ordered],
            "result": [_result(record) for record in ordered],
            "steps": [record.steps for record in ordered],
            "seconds": [round(record.seconds) for record in ordered],
        }
    )


def measured() -> pd.DataFrame:
    """What `bench --keep` wrote, a comparison a line; none where it was not run.

    Raises:
        InputError: the file is damaged.
    """
    path = paths.results() / paths.SPEED
    try:
        kept = pd.read_csv(path) if path.exists() else pd.DataFrame(columns=MEASURED)
        return kept[list(MEASURED)].astype(dict.fromkeys(NUMBERS, float))
    except (OSError, ValueError, KeyError) as error:
        raise InputError(f"{path} cannot be read ({error}): delete it, then run reprolib bench --keep") from None


def speed() -> pd.DataFrame:
    """What `bench --keep` wrote, for reading."""
    kept = measured()
    return pd.DataFrame(
        {
            "benchmark": kept["name"],
            "case": kept["case"],
            "plain → ours": [f"{_short(row.reference)} → {_short(row.ours)} {row.unit}" for row in kept.itertuples()],
            "times as fast": kept["ratio"].map(_short),
            "times less memory": kept["peak_memory_ratio"].map(_short),
            "device": kept["device"],
            "date": kept["date"],
        }
    )


def _short(value: float) -> str:
    """Three digits, or whole numbers from 100 on."""
    return f"{value:,.0f}" if value >= 100 else f"{value:#.3g}"


def _result(record: Record) -> str:
    """What its experiment's table shows of a task, as measured on test; the metric it selects by where that is all."""
    experiment = experiments.get(record.experiment)
    asked = [line.metric for line in published.read() if line.task == record.task]
    shown = [metric for metric in dict.fromkeys(asked) if metric in record.metrics]
    if "*" in experiment.metrics or not shown:
        shown = [experiment.select]
    return ", ".join(f"{metric} {number(record.metrics.get(metric), metric)}" for metric in shown)
