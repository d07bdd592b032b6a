"""The most valuable missing records that fit a budget of time."""

import math
import re
import time
from collections.abc import Callable, Container, Iterator
from fnmatch import fnmatchcase
from typing import Any

from reprolib import experiments, paths
from reprolib.errors import InputError
from reprolib.evidence import records
from reprolib.experiments.entry import Experiment, Row, check_scale
from reprolib.experiments.requests import Request
from reprolib.judgement.labels import Court
from reprolib.judgement.verdicts import FURTHER, SEEDS
from reprolib.running.runs import claimed, run
from reprolib.training.loop import OutOfTimeError, StaleCheckpointError

UNITS = {"s": 1 / 60, "m": 1, "h": 60}


def minutes(text: str) -> float:
    """'90s', '25m' or '2h' in minutes.

    Raises:
        InputError: anything else.
    """
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([smh])", text)
    if not match:
        raise InputError(f"--budget {text!r} is no span of time: write 90s, 25m or 2h")
    return float(match[1]) * UNITS[match[2]]


def missing(scale: str, only: str = "*") -> Iterator[Request]:
    """Requests without a current record: what headline claims rest on, other claims, then ours; seed by seed.

    Real data are taken where they are at hand, but never at smoke scale, which is the baseline of `make book`.
    """
    check_scale(scale)
    rows = [(experiment, row) for experiment in experiments.every() for row in experiment.rows]
    rows = [(e, row) for e, row in rows if fnmatchcase(row.name, only) or fnmatchcase(e.name, only)]
    if not rows:
        raise InputError(f"--only {only!r} fits no row and no experiment: `reprolib list` prints them")
    court = Court.of(records.good(paths.results()))
    needed = [{f"{task}/{system}" for task, system in court.rests_on(headline)} for headline in (True, False)]
    unsure = court.unsure(scale)
    seeds = {row.name: _seeds(row, scale, unsure) for _, row in rows if scale in row.minutes}

    def turn(one: tuple[int, tuple[Experiment, Row]]) -> tuple[int, int, bool]:
        seed, (_, row) = one
        rank = next((place for place, names in enumerate(needed) if row.name in names), len(needed))
        return rank, seed, not row.headline

    wanted = ((seed, entry) for entry in rows for seed in seeds.get(entry[1].name, ()))
    for seed, (experiment, row) in sorted(wanted, key=turn):
        real = scale != "smoke" and experiment.fingerprint(row.at(scale), "real") is not None
        kind = "real" if real else "generated"
        request = Request(experiment, row, scale, seed, kind)
        if not is_current(request):
            yield request


def _seeds(row: Row, scale: str, unsure: Container[tuple[str, str]]) -> tuple[int, ...]:
    """One of a row without training, else three, and two more where these leave a claim unsure."""
    if not row.at(scale).train.steps and scale != "smoke":
        return SEEDS[:1]
    return (*SEEDS, *FURTHER) if (row.task, row.system) in unsure else SEEDS


def is_current(request: Request) -> bool:
    """Whether a committed record is whole and fits the request's configuration and data of today."""
    path = request.place(paths.results())
    try:
        record = records.read(path)
        records.check_weights(record, path)
    except InputError:
        return False
    data_hash = request.experiment.fingerprint(request.config, request.kind)
    return record.config_hash == request.config.hash and record.data["hash"] == data_hash


def fill(
    scale: str,
    budget: float | None,
    only: str = "*",
    device: str | None = None,
    say: Callable[[str], None] = print,
    capture: bool = True,
) -> list[str]:
    """Run missing records until the budget of minutes is spent: those that should fit what is left of it, if any does.

    A run that is cut off resumes next time. Processes may fill side by side: each leaves out what another one runs or
    has run meanwhile.

    Args:
        capture: as in `run`.

    Returns:
        The names of the runs that were finished.

    Raises:
        InputError: some runs failed; the others have been run.
    """
    end = None if budget is None else time.monotonic() + 60 * budget
    root, done, failed = paths.results(), [], []
    waiting = list(missing(scale, only))
    while waiting and (end is None or time.monotonic() < end):
        request = _take(waiting, math.inf if end is None else (end - time.monotonic()) / 60)
        name = f"{request.experiment.name} {request.row.name} seed {request.seed} ({request.kind})"
        with claimed(request, root) as free:
            if not free or is_current(request):
                continue
            say(f"{name}: about {request.row.minutes[scale]:g} minutes")
            try:
                _go_on(request, device=device, deadline=end, capture=capture, claim=False)
            except OutOfTimeError as stop:
                say(f"{name}: {stop}")
                break
            except InputError as error:
                say(f"{name}: {error}")
                failed.append(name)
                continue
        done.append(name)
    if failed:
        raise InputError(f"runs failed, each for the reason given above: {'; '.join(failed)}")
    return done


def _take(waiting: list[Request], left: float) -> Request:
    """Remove the first request that should end within the minutes left, or the first of all where none should."""
    fits = (place for place, request in enumerate(waiting) if request.row.minutes[request.scale] <= left)
    return waiting.pop(next(fits, 0))


def _go_on(request: Request, **options: Any) -> None:
    """Run a request from its checkpoint, or afresh where that is of an earlier configuration or of other data."""
    try:
        run(request, resume=True, **options)
    except StaleCheckpointError:
        run(request, **options)
