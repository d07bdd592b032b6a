"""One run, end to end: data, model, fit, record."""

import datetime
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch
from torch import nn

from reprolib import devices, experiments, files, paths
from reprolib.contracts.configuration import change
from reprolib.contracts.method import Method
from reprolib.contracts.requests import Request, began, request_of
from reprolib.data.split import Dataset, Split
from reprolib.errors import InputError
from reprolib.evidence import code_version, records
from reprolib.evidence.deviations import Deviation
from reprolib.evidence.metrics import Figure
from reprolib.evidence.records import Record
from reprolib.settings.recipe import Training
from reprolib.training import parallel
from reprolib.training.learner import evaluated
from reprolib.training.loop import Fit, fit

TESTED = ("data.test", "data.test_frames", "data.others", "data.of_others")  # settings that no training sees


def run(
    request: Request,
    *,
    device: str | None = None,
    resume: bool = False,
    root: Path | None = None,
    deadline: float | None = None,
    capture: bool = True,
    claim: bool = True,
) -> Record:
    """Run a request and write its record, with weights where the row is a headline.

    Args:
        resume: go on from the checkpoint of an interrupted run, if there is one.
        root: results folder; by default the committed one (or REPROLIB_RESULTS).
        deadline: value of time.monotonic() at which training stops with a checkpoint and raises OutOfTimeError.
        capture: on a CUDA device, launch all kernels of a step at once where the learner allows it.
        claim: keep other processes off the same run; False where the caller has `claimed` it.

    Raises:
        InputError: data that are not there or damaged, settings that give no model, a run that another process is on,
            a folder that takes no record, and what `fit` raises.
    """
    root, method, config = root or paths.results(), request.row.method, request.config
    started, place, origin = datetime.datetime.now(datetime.UTC), devices.pick(device), code_version.commit()
    devices.prepare_memory(place)
    data = _load(request, place)
    torch.manual_seed(request.seed)
    model = _build(request, data)
    begins = _begin(request, model, root)
    model = model.to(place)
    splits = {name: split.to(place) for name, split in data.splits.items()}
    options = {
        "identity": f"{config.hash} {data.hash} {place.type}",
        "checkpoint": request.checkpoint(root),
        "capture": capture,
    }
    files.check_folder(request.place(root).parent)
    with claimed(request, root) if claim else nullcontext(True) as free, devices.products(tf32=False):
        if not free:
            raise InputError(f"{request.row.name} seed {request.seed} is being run by another process: wait for it")
        outcome = _fit(request, model, splits, resume=resume, deadline=deadline, **options)
        saved = records.round_weights(model, method.weights) if request.keeps_weights else None
        record = replace(
            _record(request, data, place, outcome, started, origin),
            starts_from=begins,
            **_measured(method, model.eval(), splits),
        )
        if parallel.rank() == 0:
            if saved is not None:
                record = replace(record, weights=records.save_weights(saved, request.place(root), method.weights))
            records.write(record, root)
            request.checkpoint(root).unlink(missing_ok=True)
    return record


@contextmanager
def claimed(request: Request, root: Path, waits: Callable[[], object] | None = None) -> Iterator[bool]:
    """Whether no other process runs a request, and none can begin it within; further workers follow the first.

    Args:
        waits: called where another process does, which is then waited for.
    """
    if parallel.rank():
        yield True
        return
    waiting = {"wait": False} if waits is None else {"waits": waits}
    with files.locked(request.checkpoint(root), **waiting) as free:
        yield free


def _load(request: Request, device: torch.device) -> Dataset:
    """The row's data, still in main memory; an empty split is the user's mistake."""
    sizes = ", ".join(f"{key}={value}" for key, value in request.config.flat().items() if key.startswith("data."))
    with devices.using(device), _memory_for(f"the data of {request.row.name} take", f"ask for fewer ({sizes})"):
        data = request.row.source.load(request.config.data, request.kind)
    for name, size in data.sizes.items():
        if not size:
            raise InputError(f"{request.row.name} has no example in its {name} split: set data.{name} to at least 1")
    return data


@contextmanager
def _memory_for(what: str, remedy: str) -> Iterator[None]:
    """Within, memory that a computer or an accelerator does not have is the user's mistake."""
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        lacking = isinstance(error, MemoryError | torch.OutOfMemoryError) or "can't allocate memory" in str(error)
        if not lacking:
            raise
        raise InputError(f"{what} more memory than there is: {remedy}") from error


def _build(request: Request, data: Dataset) -> nn.Module:
    """The row's model; settings that give none are the user's mistake."""
    try:
        return request.row.method.build(request.config, data)
    except (ValueError, TypeError, RuntimeError, LookupError) as error:
        if not request.changes:
            raise
        settings = ", ".join(f"{key}={value}" for key, value in request.changes)
        raise InputError(f"{request.row.name} cannot be built with {settings} ({error})") from error


def _begin(request: Request, model: nn.Module, root: Path) -> dict[str, str] | None:
    """Give a model the weights that its row starts from, if any; what the record says of them.

    They are those of the same results folder or, where its run is not there, the committed ones.

    Raises:
        InputError: the record that they belong to is in neither, or kept none.
    """
    if request.start is None:
        return None
    home = root if request.start.place(root).exists() else paths.results()
    path = request.start.place(home)
    if not path.exists():
        raise InputError(f"{request.row.name} starts from {path}, which is not there: run {request.start.command}")
    records.load_weights(model, records.read(path), path)
    return began(request, home)


def _fit(request: Request, model: nn.Module, splits: dict[str, Split], **options: Any) -> Fit:
    """Train the row's model; the options are those of `fit` that the request does not say."""
    method, training = request.row.method, request.config.train
    with _memory_for(f"the training of {request.row.name} takes", f"lower train.batch={training.batch}, or its sizes"):
        return fit(
            model,
            method.learner(),
            splits["train"],
            lambda model: _evaluated(method, model, splits["valid"]),
            method.select,
            training,
            watch=method.watch,
            seed=request.seed,
            title=f"{request.row.name} {request.scale} seed {request.seed}",
            **options,
        )


def _evaluated(method: Method, model: nn.Module, split: Split) -> dict[str, float]:
    """Metrics on a split, which a learner of its own may adapt to first; the same whenever they are asked for."""
    return evaluated(method.learner(), method.evaluate, model, split, seed=0)


def _measured(method: Method, model: nn.Module, splits: dict[str, Split]) -> dict[str, Any]:
    """The fields of a record that its model gives."""
    figures = _evaluated(method, model, splits["test"])
    return {
        "metrics": figures,
        "errors": {name: figure.error for name, figure in figures.items() if isinstance(figure, Figure)},
        "validation": _evaluated(method, model, splits["valid"]),
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
    }


def _record(
    request: Request,
    data: Dataset,
    device: torch.device,
    outcome: Fit,
    started: datetime.datetime,
    origin: tuple[str | None, bool | None],
) -> Record:
    """The run's record, still without what its model says and weighs."""
    config, (commit, dirty) = request.config, origin
    return Record(
        schema=records.SCHEMA,
        experiment=request.experiment.name,
        task=request.row.task,
        system=request.row.system,
        scale=request.scale,
        seed=request.seed,
        changes=dict(request.changes),
        config=config.flat(),
        config_hash=config.hash,
        data=_facts(request, data),
        metrics={},
        errors={},
        validation={},
        curve=outcome.history,
        best_step=outcome.best_step,
        steps=outcome.steps,
        starts_from=None,
        weights=None,
        parameters=0,
        device=devices.name(device),
        workers=parallel.count(),
        seconds=round(outcome.seconds, 3),
        processor_seconds=round(outcome.processor_seconds, 3),
        samples_per_second=outcome.samples_per_second,
        peak_memory=devices.peak_memory(device),
        versions=code_version.versions(),
        commit=commit,
        dirty=dirty,
        started=started.isoformat(timespec="seconds"),
        deviations=[asdict(each) for each in (*data.deviations, *_precision(config.train, device))],
        command=request.command,
    )


def _facts(request: Request, data: Dataset) -> dict[str, Any]:
    """What a record says of its data."""
    procedure = request.row.source.procedures[data.kind]
    names = {"name": data.name, "kind": data.kind, "procedure": procedure, "split": data.measured}
    return names | {"hash": data.hash, "sizes": data.sizes}


def _precision(training: Training, device: torch.device) -> list[Deviation]:
    """What to say where the device did not compute in the precision asked for."""
    used = devices.precision(training.precision, device)
    if not training.steps or used == training.precision:
        return []
    said = f"trained in {used}, not {training.precision}: this processor has no instructions for it"
    return [Deviation("precision", said)]


def evaluate(path: Path, device: str | None = None) -> tuple[Record, dict[str, float]]:
    """Recompute a record's metrics from its weights and data.

    Returns:
        The record and the metrics as they come out now.

    Raises:
        InputError: no weights were kept, or the data at hand are not the record's.
    """
    record = records.read(path)
    request = request_of(record, path)
    method, config = request.row.method, request.config
    if config.hash != record.config_hash:
        raise InputError(f"{path} is stale, its row has another configuration today: run {request.command}")
    learned = record.weights is not None or config.train.steps > 0
    if learned:
        records.require_weights(record, path)
    place = devices.pick(device)
    data = _load(request, place)
    if data.hash != record.data["hash"]:
        raise InputError(f"{path} was measured on other data than those at hand: restore them or run {request.command}")
    model = method.build(config, data)
    _begin(request, model, paths.results())
    if learned:
        records.load_weights(model, record, path)
    with devices.products(tf32=False):
        return record, _evaluated(method, model.to(place).eval(), data.splits["test"].to(place))


def renew(path: Path, device: str | None = None) -> Record:
    """Measure a record's weights again, on the test data and by the evaluation of today, and write the record anew.

    Raises:
        InputError: no weights were kept, or the training has changed as well, so that the row has to be run.
    """
    record = records.read(path)
    request = request_of(record, path)
    method, config, source = request.row.method, request.config, request.row.source
    before = change(config, {name: record.config[name] for name in TESTED if name in record.config})
    same = before.hash == record.config_hash, source.identity(before.data, record.kind) == record.data["hash"]
    if not all(same):
        raise InputError(f"{path} was trained otherwise than its row is today: run {request.command}")
    records.require_weights(record, path)
    place = devices.pick(device)
    data = _load(request, place)
    model = method.build(config, data)
    records.load_weights(model, record, path)
    splits = {name: split.to(place) for name, split in data.splits.items()}
    with devices.products(tf32=False):
        measured = _measured(method, model.to(place).eval(), splits)
    identity = {"config": config.flat(), "config_hash": config.hash, "data": _facts(request, data)}
    renewed = replace(record, **identity, **measured)
    records.write(renewed, paths.results())
    return renewed


def execute_or_read(
    name: str, scale: str = "smoke", seeds: Iterable[int] = (0,), kind: str = "generated", train: bool = True
) -> list[Record]:
    """What a notebook calls: run every row for every seed and keep the records under _build, or read committed ones.

    Raises:
        InputError: data that cannot be had in that kind, as real files of Sort-of-CLEVR, and what `run` raises.
    """
    experiment = experiments.get(name)
    rows = [row for row in experiment.rows if scale in row.minutes]
    requests = [Request(experiment, row, scale, seed, kind) for row in rows for seed in seeds]
    if train:
        return [run(request, root=paths.EXECUTED) for request in requests]
    places = [request.place(paths.results()) for request in requests]
    return [records.read(place) for place in places if place.exists()]
