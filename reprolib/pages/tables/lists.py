"""Tables that set nothing beside a paper: what was tried, what waits for its run, how fast the kernels are."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import groupby
from typing import Any

import pandas as pd

from reprolib import experiments, paths
from reprolib.contracts.entry import SCALES
from reprolib.contracts.requests import Request, is_stale, repeats, request_of, selected_by
from reprolib.errors import InputError
from reprolib.evidence import published, records
from reprolib.evidence.records import Record
from reprolib.evidence.spelling import number
from reprolib.judgement.verdicts import SEEDS
from reprolib.pages.tables.markup import Markdown, code
from reprolib.pages.tables.table import Table

NUMBERS = ("ours", "reference", "ratio", "peak_memory_ratio")
WAITING = ("row", "scale", "data", "minutes a seed", "why", "command")
TRIED = ("date", "row", "changed", "result", "steps", "seconds")
SPEED = ("benchmark", "case", "plain → ours", "times as fast", "times less memory", "device", "date")
SHARES = ("row", "scale", "part", "share", "device", "date", "commit")
AROUND = ("rest", "backward", "optimiser", "batching", "evaluation")  # the parts of a model, in a step and after it
PROFILE = ("row", "scale", "forward, by part", *AROUND, "device", "date")
MEASURED = ("name", "case", "unit", "device", "date", "commit", *NUMBERS)


def attempts(found: Iterable[Record]) -> Table:
    """Runs with --set, oldest first: what was changed and what came of it."""
    return Table(TRIED, [_attempt(record) for record in sorted(found, key=lambda record: record.started)])


def _attempt(record: Record) -> tuple[str | int, ...]:
    row = f"{record.row}, {record.scale}, {record.kind}"
    changed = Markdown(", ".join(code(f"{key}={value}") for key, value in record.changes.items()))
    return record.started[:10], row, changed, _result(record), record.steps, round(record.seconds)


def waiting() -> Table:
    """Rows that wait for their run: every one with a stale record, and every one without a record above smoke scale.

    Of a record whose row is gone nothing is said here: `verify` asks for its removal.
    """
    stale, ran = [], set()
    for path, record in records.read_all(paths.results()):
        with suppress(InputError):
            request = request_of(record, path)
            if is_stale(record, request, paths.results()):
                stale.append(request)
            if record.scale != "smoke":
                ran.add(request.row.name)
    runs = [("its record is stale", request) for request in stale]
    runs += [("no record above smoke scale", request) for request in _never_ran(ran)]
    return Table(WAITING, [_line(why, requests) for why, requests in _by_row(runs)])


def _line(why: str, requests: Sequence[Request]) -> tuple[str, ...]:
    first = requests[0]
    return first.row.name, first.scale, first.kind, f"{first.row.minutes[first.scale]:g}", why, repeats(requests)


def _never_ran(ran: set[str]) -> Iterator[Request]:
    """Runs at the smallest scale above smoke of rows that have no record there."""
    for experiment in experiments.every():
        for row in experiment.rows:
            scale = next((scale for scale in SCALES[1:] if scale in row.minutes), None)
            if scale and row.name not in ran:
                for seed in SEEDS if row.learns(scale) else SEEDS[:1]:
                    yield Request(experiment, row, scale, seed, row.source.papers_kind)


def _by_row(runs: Iterable[tuple[str, Request]]) -> Iterator[tuple[str, list[Request]]]:
    """Runs that differ only in their seeds together."""
    same = groupby(runs, key=lambda run: (run[0], run[1].row.name, run[1].scale, run[1].kind))
    return ((why, [request for _, request in group]) for (why, *_), group in same)


def measured() -> pd.DataFrame:
    """What `bench --keep` wrote, a comparison a line; none where it was not run.

    Raises:
        InputError: the file is damaged.
    """
    return _kept(paths.SPEED, MEASURED, NUMBERS, "bench")


def shares() -> pd.DataFrame:
    """What `profile --keep` wrote, a part of a row's training a line; none where it was not run.

    Raises:
        InputError: the file is damaged.
    """
    return _kept(paths.PROFILE, SHARES, ("share",), "profile")


def _kept(file: str, columns: Sequence[str], numbers: Sequence[str], command: str) -> pd.DataFrame:
    path = paths.results() / file
    try:
        kept = pd.read_csv(path) if path.exists() else pd.DataFrame(columns=columns)
        return kept[list(columns)].astype(dict.fromkeys(numbers, float))
    except (OSError, ValueError, KeyError) as error:
        raise InputError(f"{path} cannot be read ({error}): delete it, then run reprolib {command} --keep") from None


def speed() -> Table:
    """What `bench --keep` wrote, for reading."""
    return Table(SPEED, [_gain(row) for row in measured().itertuples()])


def profile() -> Table:
    """What `profile --keep` wrote, for reading: a row of the registry a line, in percent of its training time."""
    rows = shares().groupby(["row", "scale", "device", "date"], sort=False)
    return Table(PROFILE, [_profiled(*key, dict(zip(of["part"], of["share"], strict=True))) for key, of in rows])


def _profiled(row: str, scale: str, device: str, date: str, percents: dict[str, float]) -> tuple[str, ...]:
    """The parts of the model in one cell, the largest first; what lies around it in cells of its own."""
    parts = [f"{part} {share:.0f}" for part, share in percents.items() if part not in AROUND]
    return row, scale, ", ".join(parts), *(f"{percents.get(part, 0):.0f}" for part in AROUND), device, date


def _gain(row: Any) -> tuple[str, ...]:
    change = f"{short(row.reference)} → {short(row.ours)} {row.unit}"
    return row.name, row.case, change, short(row.ratio), short(row.peak_memory_ratio), row.device, row.date


def short(value: float) -> str:
    """Three digits, or whole numbers from 100 on."""
    return f"{value:,.0f}" if value >= 100 else f"{value:#.3g}"


def _result(record: Record) -> str:
    """What its experiment's table shows of a task, as measured on test; the metric it selects by where that is all."""
    experiment = experiments.get(record.experiment)
    asked = [line.metric for line in published.read() if line.task == record.task]
    shown = [metric for metric in dict.fromkeys(asked) if metric in record.metrics]
    if "*" in experiment.metrics or not shown:
        shown = [selected_by(record)]
    return ", ".join(f"{metric} {number(record.metrics.get(metric), metric)}" for metric in shown)
