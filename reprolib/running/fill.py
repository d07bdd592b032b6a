"""The most valuable missing records that fit a budget of time."""

import math
import re
import time
from collections.abc import Callable, Container, Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from reprolib import experiments, paths
from reprolib.contracts.entry import Experiment, Row, check_scale
from reprolib.contracts.requests import Request, is_stale
from reprolib.contracts.source import DATA_KINDS
from reprolib.errors import InputError
from reprolib.evidence import records
from reprolib.evidence.records import Record
from reprolib.judgement.labels import Court
from reprolib.judgement.verdicts import FURTHER, SEEDS
from reprolib.running.runs import claimed, run
from reprolib.training import parallel
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

    Real data are taken where they are at hand, but never at smoke scale, which is the baseline of `make book`. A row
    comes after the one whose weights it starts from. Nothing is yielded where no data can be had.
    """
    check_scale(scale)
    every = [(experiment, row) for experiment in experiments.every() for row in experiment.rows]
    rows = [(e, row) for e, row in every if fnmatchcase(row.name, only) or fnmatchcase(e.name, only)]
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
    told: set[Path] = set()
    for seed, (experiment, row) in sorted(wanted, key=turn):
        kind = _kind(row, scale)
        for request in _with_start(Request(experiment, row, scale, seed, kind)) if kind else ():
            place = request.place(paths.results())
            if place not in told and not is_current(request):
                told.add(place)
                yield request


def _kind(row: Row, scale: str) -> str | None:
    """The kind of data that a row is run on: real ones above smoke scale, where they are whole; None: neither."""
    kinds = DATA_KINDS[:1] if scale == "smoke" else reversed(DATA_KINDS)
    return next((kind for kind in kinds if row.source.available(row.at(scale).data, kind) is None), None)


def unavailable(scale: str, only: str = "*") -> list[str]:
    """One sentence for every row that cannot be run, because its data cannot be had, with what is missing."""
    rows = [row for experiment in experiments.every() for row in experiment.rows if scale in row.minutes]
    chosen = [row for row in rows if fnmatchcase(row.name, only) and _kind(row, scale) is None]
    return [f"{row.name}: {row.source.available(row.at(scale).data, row.source.papers_kind)}" for row in chosen]


def _with_start(request: Request) -> Iterator[Request]:
    """A run after those whose weights it starts from, the first one first."""
    if request.start is not None:
        yield from _with_start(request.start)
    yield request


def _seeds(row: Row, scale: str, unsure: Container[tuple[str, str]]) -> tuple[int, ...]:
    """One of a row where nothing was learned, else three, and two more where these leave a claim unsure."""
    if not row.learns(scale) and scale != "smoke":
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
    return record.data["hash"] == request.data_identity and not is_stale(record, request, paths.results())


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
            say(f"{name}: about {request.row.minutes[scale]:g} minutes; {_left(waiting)}")
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


def once(request: Request, say: Callable[[str], None] = print, **options: Any) -> Record:
    """A current record: the one there is, that of a process which is on the run, or that of a run from the checkpoint.

    Args:
        options: device and capture, as in `run`.

    Raises:
        InputError: within torchrun, whose workers could not wait together, and what `run` raises.
    """
    if parallel.count() > 1:
        raise InputError("--once is for a run in one process: leave it out within torchrun")
    root, name = paths.results(), f"{request.row.name} seed {request.seed}"
    with claimed(request, root, lambda: say(f"{name} is being run by another process: waiting for its record")):
        if is_current(request):
            return records.read(request.place(root))
        return _go_on(request, claim=False, **options)


def _take(waiting: list[Request], left: float) -> Request:
    """Remove the first request that should end within the minutes left, or the first of all where none should.

    A run whose start is missing waits for it.
    """
    ready = [place for place, one in enumerate(waiting) if one.start is None or is_current(one.start)] or [0]
    fits = (place for place in ready if waiting[place].row.minutes[waiting[place].scale] <= left)
    return waiting.pop(next(fits, ready[0]))


def _left(waiting: Sequence[Request]) -> str:
    """How many runs are still to come, and the hours that they are expected to take one core."""
    missing = [request for request in waiting if not is_current(request)]
    if not missing:
        return "the last run"
    hours = sum(request.row.minutes[request.scale] for request in missing) / 60
    return f"then {len(missing)} more, about {hours:.1f} hours of a core"


def _go_on(request: Request, **options: Any) -> Record:
    """Run a request from its checkpoint, or afresh where that is of an earlier configuration or of other data."""
    try:
        return run(request, resume=True, **options)
    except StaleCheckpointError:
        return run(request, **options)
