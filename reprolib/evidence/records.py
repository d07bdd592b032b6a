"""The record of one run: schema; read, write, validate; its weights."""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, get_type_hints

import torch
from safetensors import SafetensorError
from safetensors.torch import load as from_safetensors
from safetensors.torch import save as as_safetensors
from torch import Tensor, nn

from reprolib.errors import InputError
from reprolib.evidence.deviations import Deviation
from reprolib.evidence.record_fields import REMEDY, check_types, check_values
from reprolib.files import write_atomically, write_text
from reprolib.reading import read_json, read_regular, reason

SCHEMA = 3
LARGEST_WEIGHTS = 8 << 20  # bytes; larger files are not kept
HALVES = ("float16", "bfloat16")
LARGEST_RECORD = 8 << 20  # bytes


@dataclass(frozen=True)
class Record:
    """One run. Metrics are those of the saved weights on the test split; percent is 0 to 100."""

    schema: int
    experiment: str
    task: str
    system: str
    scale: str
    seed: int
    changes: dict[str, Any]  # what --set changed: not empty for an attempt
    config: dict[str, Any]
    config_hash: str
    data: dict[str, Any]  # name, kind, the procedure that made it, the split that was measured, hash, sizes
    metrics: dict[str, float]
    errors: dict[str, float]  # the standard error that the size of the test set leaves on a metric, where it is known
    validation: dict[str, float]
    curve: list[dict[str, float]]
    best_step: int
    steps: int
    starts_from: dict[str, str] | None  # experiment, row and hash of the weights that the run began with; None: fresh
    weights: dict[str, Any] | None  # file, sha256, dtype, bytes
    parameters: int
    device: str
    workers: int
    seconds: float
    processor_seconds: float | None  # of all threads of the run; None in records that are older than the field
    samples_per_second: float | None
    peak_memory: int  # bytes: of the accelerator, or of the process on a CPU
    versions: dict[str, str]
    commit: str | None
    dirty: bool | None
    started: str  # ISO 8601, UTC
    deviations: list[dict[str, Any]]  # kind, text, and whether it is less of the same
    command: str
    digest: str = ""

    @property
    def row(self) -> str:
        """TASK/SYSTEM."""
        return f"{self.task}/{self.system}"

    @property
    def kind(self) -> str:
        """Kind of data, real or generated."""
        return self.data["kind"]

    @property
    def learned(self) -> bool:
        """Whether its weights were learned, in this run or before it, so that another seed has others."""
        return self.steps > 0 or self.starts_from is not None

    @property
    def departures(self) -> list[Deviation]:
        """How this run departs from the paper by its data, its split or its precision."""
        return [Deviation(**each) for each in self.deviations]

    def content_digest(self) -> str:
        """Hash of everything but the digest itself."""
        content = {key: value for key, value in asdict(self).items() if key != "digest"}
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def stem(task: str, system: str, kind: str, seed: int, attempt: str = "") -> str:
    """File name without ending of a run's record and weights."""
    slug = re.sub(r"[^a-z0-9]+", "-", f"{system}".lower()).strip("-")
    return f"{task}--{slug}--{kind}--seed{seed}" + (f"--{attempt}" if attempt else "")


def place(root: Path, experiment: str, scale: str, name: str, attempt: bool) -> Path:
    """The file of a record under a results folder: EXPERIMENT/SCALE/..., attempts apart."""
    return root / experiment / ("attempts" if attempt else "") / scale / f"{name}.json"


def location(record: Record, root: Path) -> Path:
    """Where a record belongs."""
    attempt = record.config_hash[:8] if record.changes else ""
    name = stem(record.task, record.system, record.kind, record.seed, attempt)
    return place(root, record.experiment, record.scale, name, attempt=bool(attempt))


def write(record: Record, root: Path) -> Path:
    """Write a record with its digest, then remove the weights of the run that it replaces; returns the file.

    Raises:
        InputError: a field of the wrong type, such as a metric that is not finite, or with a value that no run gives;
            nothing is written then.
    """
    path = location(record, root)
    content = json.loads(json.dumps(asdict(record) | {"digest": record.content_digest()}))
    check_types(content, get_type_hints(Record), f"{path}")
    check_values(content, f"{path}")
    write_text(path, json.dumps(content, indent=1, sort_keys=True) + "\n")
    named = record.weights["file"] if record.weights else None
    for weights in path.parent.glob(f"{path.stem}.*safetensors"):
        if weights.name != named:
            weights.unlink()
    return path


def read(path: Path) -> Record:
    """Read and check one record.

    Raises:
        InputError: no file of JSON, a missing, unknown or wrongly typed field, another schema, an unknown kind of
            metric or deviation, content that does not fit its digest (edited by hand), values that no run gives.
    """
    content = read_json(path, "a record", REMEDY, LARGEST_RECORD)
    if not isinstance(content, dict):
        raise InputError(f"{path} holds no JSON object: {REMEDY}")
    if content.get("schema") != SCHEMA:
        raise InputError(
            f"{path} has schema {content.get('schema')!r:.200}, this release reads {SCHEMA}: run its row again"
        )
    check_types(content, get_type_hints(Record), f"{path}")
    record = Record(**content)
    if record.digest != record.content_digest():
        raise InputError(f"{path} does not fit its digest, so it was edited by hand: {REMEDY}")
    check_values(content, f"{path}")
    try:
        record.departures  # noqa: B018  of kinds that there are
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
    return record


def read_all(root: Path, experiment: str = "*", attempts: bool = False) -> Iterator[tuple[Path, Record]]:
    """All records under a results folder, in the order of their paths.

    Raises:
        InputError: what `read` raises, and a record that lies where another one belongs.
    """
    pattern = f"{experiment}/attempts/*/*.json" if attempts else f"{experiment}/*/*.json"
    for path in sorted(root.glob(pattern)):
        record = read(path)
        check_place(record, path, root)
        yield path, record


def good(root: Path) -> list[Record]:
    """The records under a results folder that can be read; `verify` tells of the others."""
    found = []
    for path in sorted(root.glob("*/*/*.json")):
        with suppress(InputError):
            found.append(read(path))
    return found


def check_place(record: Record, path: Path, root: Path) -> None:
    """Raise InputError unless a record lies where its content says, so that no run counts twice."""
    belongs = location(record, root)
    if path != belongs:
        raise InputError(f"{path} belongs at {belongs}: move it there or delete it")


def round_weights(model: nn.Module, dtype: str) -> dict[str, Tensor]:
    """Round a model's parameters, so that its metrics are those of the file, and return what to save.

    The type is called as torch calls it, such as float16. Buffers (running statistics, counts) stay as they are.
    """
    parameters = dict(model.named_parameters())
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in model.state_dict().items()}
    saved = {
        name: tensor.to(getattr(torch, dtype)) if name in parameters else tensor for name, tensor in tensors.items()
    }
    model.load_state_dict(saved)
    return saved


def save_weights(saved: Mapping[str, Tensor], path: Path, dtype: str) -> dict[str, Any]:
    """Write rounded weights beside the record that will name them, at `path`, and return its entry.

    The file's name holds its hash, so that an older record keeps its own weights until it is replaced. "file" is None
    above 8 MiB: such weights are not kept.
    """
    content = as_safetensors(dict(saved))
    digest = hashlib.sha256(content).hexdigest()
    entry = {"file": None, "sha256": None, "dtype": dtype, "bytes": len(content)}
    if len(content) > LARGEST_WEIGHTS:
        return entry
    weights = path.with_name(f"{path.stem}.{digest[:8]}.safetensors")
    write_atomically(weights, lambda temporary: temporary.write_bytes(content))
    return entry | {"file": weights.name, "sha256": digest}


def load_weights(model: nn.Module, record: Record, path: Path) -> None:
    """Load a record's weights, checked by hash.

    Args:
        path: the record's own file; the weights lie beside it.

    Raises:
        InputError: the run kept no weights, or what `check_weights` raises.
    """
    require_weights(record, path)
    try:
        model.load_state_dict(_weights(record, path))
    except RuntimeError as error:
        raise InputError(
            f"the weights of {path} do not fit its configuration ({reason(error)}): run the row again"
        ) from None


def require_weights(record: Record, path: Path) -> None:
    """Raise InputError unless the run kept its weights and they are as recorded."""
    if record.weights is None or record.weights["file"] is None:
        why = "only headline rows above smoke scale keep them" if record.weights is None else "they exceed 8 MiB"
        raise InputError(f"{path} has no weights file ({why}): to measure it again, run {record.command}")
    check_weights(record, path)


def check_weights(record: Record, path: Path) -> None:
    """Raise InputError unless the weights file named in a record is there, its own, and as recorded.

    As recorded are its hash and how many parameters it holds; whether each has the shape that the configuration gives
    it, only `load_weights` sees. All numbers have to be finite.
    """
    if record.weights is None or record.weights["file"] is None:
        return
    weights, tensors = path.parent / record.weights["file"], _weights(record, path)
    if not all(tensor.double().isfinite().all() for tensor in tensors.values()):
        raise InputError(f"{weights} holds numbers that are not finite: restore it or run the row again")
    dtype, held = record.weights["dtype"], sum(tensor.numel() for tensor in tensors.values())
    if dtype in HALVES:  # to which buffers are not rounded
        held = sum(tensor.numel() for tensor in tensors.values() if str(tensor.dtype) == f"torch.{dtype}")
    if held < record.parameters or (dtype in HALVES and held > record.parameters):
        raise InputError(
            f"{weights} holds {held} numbers, but {path.name} has {record.parameters} parameters: run the row again"
        )


def _weights(record: Record, path: Path) -> dict[str, Tensor]:
    """The tensors of a record's weights file, which has its own name and the recorded hash."""
    named, sha256 = record.weights["file"], f"{record.weights['sha256']}"
    weights = path.parent / named
    if named not in (f"{path.stem}.{sha256[:8]}.safetensors", f"{path.stem}.safetensors"):  # as older runs called it
        raise InputError(f"{path} names {named!r:.200} as its weights, which is no file of its own: {REMEDY}")
    try:
        content = read_regular(weights, LARGEST_WEIGHTS)
    except FileNotFoundError:
        raise InputError(f"{weights} is missing, but {path.name} names it: restore it or run the row again") from None
    except (OSError, ValueError) as error:
        raise InputError(f"{weights} cannot be read ({reason(error)}): restore it or run the row again") from None
    if hashlib.sha256(content).hexdigest() != sha256:
        raise InputError(f"{weights} does not fit the hash in {path.name}: restore it or run the row again")
    try:
        return from_safetensors(content)
    except SafetensorError as error:
        raise InputError(
            f"{weights} is no file of weights ({reason(error)}): restore it or run the row again"
        ) from None
