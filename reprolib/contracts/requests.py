"""What can be run: a row of an experiment at a scale, with a seed, on a kind of data."""

import hashlib
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import groupby
from pathlib import Path
from typing import Any

from reprolib import experiments, paths
from reprolib.contracts.configuration import Config, change
from reprolib.contracts.entry import Experiment, Row, check_scale
from reprolib.contracts.source import DATA_KINDS
from reprolib.errors import InputError
from reprolib.evidence import records
from reprolib.evidence.records import Record

LARGEST_SEED = 2**31 - 1


@dataclass(frozen=True)
class Request:
    """What to run: a row of an experiment at a scale, with a seed, on a kind of data."""

    experiment: Experiment
    row: Row
    scale: str = "smoke"
    seed: int = 0
    kind: str = "generated"
    changes: tuple[tuple[str, Any], ...] = ()  # of an attempt
    keep: bool = False  # the weights of an attempt

    def __post_init__(self) -> None:
        check_scale(self.scale)
        if self.kind not in DATA_KINDS:
            raise InputError(f"unknown kind of data {self.kind!r}: choose one of {', '.join(DATA_KINDS)}")
        if not 0 <= self.seed <= LARGEST_SEED:
            raise InputError(f"the seed is {self.seed}: give a number from 0 to {LARGEST_SEED}")

    @property
    def config(self) -> Config:
        """The row's configuration at the scale, with the attempt's changes."""
        return change(self.row.at(self.scale), dict(self.changes))

    @property
    def command(self) -> str:
        """The command line that repeats this run."""
        words = f"reprolib run {self.experiment.name} --row '{self.row.name}' --scale {self.scale} --seed {self.seed}"
        settings = "".join(f" --set '{key}={value}'" for key, value in self.changes)
        return f"{words} --data {self.kind}{settings}{' --keep-weights' * (self.keep and bool(self.changes))}"

    @property
    def data_identity(self) -> str | None:
        """Today's hash of its data; None where they cannot be had."""
        return self.row.source.identity(self.config.data, self.kind)

    @property
    def start(self) -> "Request | None":
        """The run whose weights this one begins with, for transfer."""
        if self.row.starts_from is None:
            return None
        start = self.row.starts_from
        experiment = experiments.get(start.experiment)
        return Request(experiment, experiment.row(start.row), self.scale, self.seed, start.kind)

    @property
    def keeps_weights(self) -> bool:
        """Whether the weights are kept: of a headline row above smoke scale, or where another row needs them.

        Those of an attempt are where it is asked for.
        """
        if self.changes:
            return self.keep
        return (self.row.headline and self.scale != "smoke") or _is_started_from(self.experiment.name, self.row.name)

    @property
    def stem(self) -> str:
        """Name of the run's files."""
        attempt = self.config.hash[:8] if self.changes else ""
        return records.stem(self.row.task, self.row.system, self.kind, self.seed, attempt)

    def place(self, root: Path) -> Path:
        """The record's file under a results folder."""
        return records.place(root, self.experiment.name, self.scale, self.stem, attempt=bool(self.changes))

    def checkpoint(self, root: Path) -> Path:
        """The file from which an interrupted run goes on; runs into different results folders share none."""
        folder = hashlib.sha256(str(root.resolve()).encode()).hexdigest()[:8]
        return paths.CHECKPOINTS / folder / self.experiment.name / self.scale / f"{self.stem}.pt"


def select(experiment: Experiment, pattern: str, scale: str) -> list[Row]:
    """The rows whose TASK/SYSTEM, task or system fits a pattern: those with the scale, where any has it.

    Raises:
        InputError: none does.
    """
    rows = [row for row in experiment.rows if any(fnmatchcase(n, pattern) for n in (row.name, row.task, row.system))]
    if not rows:
        names = ", ".join(row.name for row in experiment.rows)
        raise InputError(f"no row of {experiment.name} fits {pattern!r}: its rows are {names}")
    return [row for row in rows if scale in row.minutes] or rows


def _is_started_from(experiment: str, row: str) -> bool:
    """Whether a row of any experiment begins with this row's weights."""
    starts = (each.starts_from for one in experiments.every() for each in one.rows)
    return any(start and (start.experiment, start.row) == (experiment, row) for start in starts)


def repeats(runs: Sequence[Request | Record]) -> str:
    """One line of shell that repeats the runs of a row, which differ in their seeds."""
    first = runs[0]
    if len(runs) == 1:
        return first.command
    seeds = " ".join(str(one.seed) for one in runs)
    return f"for seed in {seeds}; do {first.command.replace(f'--seed {first.seed} ', '--seed $seed ')}; done"


def by_row(found: Iterable[Record]) -> list[list[Record]]:
    """Records that follow one another, those of a row together."""
    return [list(of_row) for _, of_row in groupby(found, key=lambda record: record.row)]


def commands(found: Iterable[Record]) -> list[str]:
    """One line of shell for every row that records are of."""
    return [repeats(of_row) for of_row in by_row(found)]


def selected_by(record: Record) -> str:
    """The validation metric that picked a record's weights."""
    return experiments.get(record.experiment).row(record.row).method.select


def request_of(record: Record, path: Path) -> Request:
    """What to run to make a record anew.

    Raises:
        InputError: its experiment, its row or a parameter that it changes is gone.
    """
    try:
        experiment = experiments.get(record.experiment)
        changes, keep = tuple(record.changes.items()), record.weights is not None
        request = Request(experiment, experiment.row(record.row), record.scale, record.seed, record.kind, changes, keep)
        request.config  # noqa: B018  an attempt may change what is no longer there
    except InputError as error:
        raise InputError(f"{path} is stale, nothing runs it today ({error}): delete it") from None
    return request


def is_stale(record: Record, request: Request, root: Path) -> bool:
    """Whether a record's configuration, data or first weights are not those of today.

    Data that are not at hand have not changed, and neither has a start whose record is gone.
    """
    if record.config_hash != request.config.hash or request.data_identity not in (None, record.data["hash"]):
        return True
    return began(request, root) not in (None, record.starts_from)


def began(request: Request, root: Path) -> dict[str, str] | None:
    """What a record says of the weights that its run began with: whose they are, with their hash; None: fresh ones.

    None too where the record that they belong to cannot be read.
    """
    path = request.start and request.start.place(root)
    if path is None or not path.exists():
        return None
    with suppress(InputError):
        start = records.read(path)
        if start.weights and start.weights["sha256"]:
            return {"experiment": start.experiment, "row": start.row, "sha256": start.weights["sha256"]}
    return None
