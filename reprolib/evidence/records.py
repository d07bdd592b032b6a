"""The record of one run: schema and provenance; read, write, validate."""

import hashlib
import json
import math
import os
import platform
import re
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints

import numpy
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from safetensors.torch import save as as_safetensors
from torch import Tensor, nn

from reprolib import __version__, paths
from reprolib.errors import InputError
from reprolib.evidence.deviations import Deviation
from reprolib.files import write_atomically, write_text

SCHEMA = 3
LARGEST_WEIGHTS = 8 << 20  # bytes; larger files are not kept
INNER = {  # types of what the fields of these names hold
    "data": {"name": str, "kind": str, "procedure": str, "split": str, "hash": str, "sizes": dict[str, int]},
    "deviations": {"kind": str, "text": str, "less": bool},
    "starts_from": {"experiment": str, "row": str, "sha256": str},
    "weights": {"file": str | None, "sha256": str | None, "dtype": str, "bytes": int},
}


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
        InputError: a field of the wrong type, such as a metric that is not finite; nothing is written then.
    """
    path = location(record, root)
    content = json.loads(json.dumps(asdict(record) | {"digest": record.content_digest()}))
    _check_fields(content, get_type_hints(Record), f"{path}")
    write_text(path, json.dumps(content, indent=1, sort_keys=True) + "\n")
    named = record.weights["file"] if record.weights else None
    for weights in path.parent.glob(f"{path.stem}.*safetensors"):
        if weights.name != named:
            weights.unlink()
    return path


def read(path: Path) -> Record:
    """Read and check one record.

    Raises:
        InputError: not JSON, a missing, unknown or wrongly typed field, another schema, an unknown kind of deviation,
            or content that does not fit its digest (edited by hand).
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise InputError(f"{path} cannot be read as a record ({error}): restore it or run its row again") from None
    if not isinstance(content, dict):
        raise InputError(f"{path} holds no JSON object: restore it or run its row again")
    if content.get("schema") != SCHEMA:
        raise InputError(f"{path} has schema {content.get('schema')!r}, this release reads {SCHEMA}: run its row again")
    _check_fields(content, get_type_hints(Record), f"{path}")
    record = Record(**content)
    if record.digest != record.content_digest():
        raise InputError(f"{path} does not fit its digest, so it was edited by hand: restore it or run its row again")
    try:
        record.departures  # noqa: B018  of kinds that there are
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
    return record


def _check_fields(content: dict[str, Any], hints: Mapping[str, Any], where: str) -> None:
    """Raise InputError unless the fields are all there, known, and of the right types."""
    remedy = "restore it or run its row again"
    for name in sorted(set(hints) ^ set(content)):
        word = "misses the field" if name in hints else "has the unknown field"
        raise InputError(f"{where} {word} {name!r}: {remedy}")
    for name, hint in hints.items():
        if not _fits(content[name], hint):
            raise InputError(f"{where} has {content[name]!r:.200} in the field {name!r}, the wrong type: {remedy}")
        if name in INNER and content[name] is not None:
            inner = content[name] if isinstance(content[name], list) else [content[name]]
            for each in inner:
                _check_fields(each, INNER[name], f"{where}, field {name!r},")


def _fits(value: Any, hint: Any) -> bool:
    """Whether a JSON value has a field's type, down to what its dicts and lists hold; numbers must be finite."""
    kind, inner = get_origin(hint) or hint, get_args(hint)
    if kind is Any:
        return True
    if kind is UnionType:
        return any(_fits(value, option) for option in inner)
    if kind is float:
        return type(value) in (int, float) and math.isfinite(value)
    if type(value) is not kind:
        return False
    held = {dict: lambda: value.values(), list: lambda: value}.get(kind, tuple)()
    return all(_fits(item, inner[-1]) for item in held)


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
        InputError: the run kept no weights, or the file is missing or was changed.
    """
    require_weights(record, path)
    try:
        model.load_state_dict(load_file(path.parent / record.weights["file"]))
    except (SafetensorError, RuntimeError) as error:
        raise InputError(f"the weights of {path} do not fit its configuration ({error}): run the row again") from None


def require_weights(record: Record, path: Path) -> None:
    """Raise InputError unless the run kept its weights and they are as recorded."""
    if record.weights is None or record.weights["file"] is None:
        why = "only headline rows above smoke scale keep them" if record.weights is None else "they exceed 8 MiB"
        raise InputError(f"{path} has no weights file ({why}): to measure it again, run {record.command}")
    check_weights(record, path)


def check_weights(record: Record, path: Path) -> None:
    """Raise InputError unless the weights file named in a record is there and has the recorded hash."""
    if record.weights is None or record.weights["file"] is None:
        return
    weights = path.parent / record.weights["file"]
    if not weights.exists():
        raise InputError(f"{weights} is missing, but {path.name} names it: restore it or run the row again")
    if hashlib.sha256(weights.read_bytes()).hexdigest() != record.weights["sha256"]:
        raise InputError(f"{weights} does not fit the hash in {path.name}: restore it or run the row again")


def versions() -> dict[str, str]:
    """Versions that can move a number."""
    return {
        "python": platform.python_version(),
        "torch": torch.__version__,
        "numpy": numpy.__version__,
        "reprolib": __version__,
    }


def commit() -> tuple[str | None, bool | None]:
    """Commit and whether the tree was dirty; a copy without .git names its commit in REPROLIB_COMMIT."""
    named = os.environ.get("REPROLIB_COMMIT")
    if named:
        return named.removesuffix("-dirty"), named.endswith("-dirty")
    try:
        head = _git("rev-parse", "HEAD")
        return head, bool(_git("status", "--porcelain", "--untracked-files=no", "--", "reprolib"))
    except (OSError, subprocess.CalledProcessError):
        return None, None


def _git(*arguments: str) -> str:
    command = ["git", "-C", str(paths.ROOT), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
