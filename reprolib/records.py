"""The record of one run: schema and provenance; read, write, validate."""

import hashlib
import json
import math
import os
import platform
import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from reprolib import __version__, paths
from reprolib.errors import InputError
from reprolib.files import write_atomically, write_text

SCHEMA = 1
LARGEST_WEIGHTS = 8 << 20  # bytes; larger files are not kept


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
    data: dict[str, Any]  # name, kind, hash, sizes
    metrics: dict[str, float]
    validation: dict[str, float]
    curve: list[dict[str, float]]
    best_step: int
    steps: int
    weights: dict[str, Any] | None  # file, sha256, dtype
    parameters: int
    device: str
    workers: int
    seconds: float
    samples_per_second: float | None
    peak_memory: int  # bytes: of the accelerator, or of the process on a CPU
    versions: dict[str, str]
    commit: str | None
    dirty: bool | None
    started: str  # ISO 8601, UTC
    deviations: list[str]
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

    def content_digest(self) -> str:
        """Hash of everything but the digest itself."""
        content = {key: value for key, value in asdict(self).items() if key != "digest"}
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def stem(task: str, system: str, kind: str, seed: int, attempt: str = "") -> str:
    """File name without ending of a run's record and weights."""
    slug = re.sub(r"[^a-z0-9]+", "-", f"{system}".lower()).strip("-")
    return f"{task}--{slug}--{kind}--seed{seed}" + (f"--{attempt}" if attempt else "")


def location(record: Record, root: Path) -> Path:
    """Where a record belongs: EXPERIMENT/SCALE/..., attempts apart."""
    attempt = record.config_hash[:8] if record.changes else ""
    folder = root / record.experiment / ("attempts/" if attempt else "") / record.scale
    return folder / f"{stem(record.task, record.system, record.kind, record.seed, attempt)}.json"


def write(record: Record, root: Path) -> Path:
    """Write a record with its digest; returns the file."""
    path = location(record, root)
    content = asdict(record) | {"digest": record.content_digest()}
    write_text(path, json.dumps(content, indent=1, sort_keys=True) + "\n")
    return path


def read(path: Path) -> Record:
    """Read and check one record.

    Raises:
        InputError: not JSON, a missing, unknown or wrongly typed field, another schema, content that does not fit
            its digest (edited by hand), a file in the wrong place.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise InputError(f"{path} cannot be read as a record ({error}): restore it or run its row again") from None
    if not isinstance(content, dict):
        raise InputError(f"{path} holds no JSON object: restore it or run its row again")
    if content.get("schema") != SCHEMA:
        raise InputError(f"{path} has schema {content.get('schema')!r}, this release reads {SCHEMA}: run its row again")
    expected = {item.name for item in fields(Record)}
    for field in sorted(expected ^ set(content)):
        word = "misses the field" if field in expected else "has the unknown field"
        raise InputError(f"{path} {word} {field!r}: restore it or run its row again")
    record = Record(**content)
    if record.digest != record.content_digest():
        raise InputError(f"{path} does not fit its digest, so it was edited by hand: restore it or run its row again")
    for name, value in record.metrics.items():
        if not isinstance(value, int | float) or not math.isfinite(value):
            raise InputError(f"{path}: metric {name!r} is {value!r}, not a number: run its row again")
    return record


def read_all(root: Path, experiment: str = "*", attempts: bool = False) -> Iterator[tuple[Path, Record]]:
    """All records under a results folder, in the order of their paths."""
    pattern = f"{experiment}/attempts/*/*.json" if attempts else f"{experiment}/*/*.json"
    for path in sorted(root.glob(pattern)):
        yield path, read(path)


def save_weights(model: nn.Module, path: Path, dtype: torch.dtype) -> dict[str, Any] | None:
    """Save parameters in `dtype` and load them back into the model, so that metrics are those of the file.

    Returns:
        The record's entry; with "file" None where the file would exceed 8 MiB and is not kept.
    """
    saved = {name: _as_saved(name, tensor, model, dtype) for name, tensor in model.state_dict().items()}
    model.load_state_dict(saved)
    size = sum(tensor.numel() * tensor.element_size() for tensor in saved.values())
    entry = {"file": None, "sha256": None, "dtype": str(dtype).removeprefix("torch."), "bytes": size}
    if size > LARGEST_WEIGHTS:
        path.unlink(missing_ok=True)
        return entry
    write_atomically(path, lambda temporary: save_file(saved, temporary))
    return entry | {"file": path.name, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}


def _as_saved(name: str, tensor: Tensor, model: nn.Module, dtype: torch.dtype) -> Tensor:
    """Parameters in `dtype`; buffers (running statistics, counts) as they are."""
    tensor = tensor.detach().cpu().contiguous()
    return tensor.to(dtype) if name in dict(model.named_parameters()) else tensor


def load_weights(model: nn.Module, record: Record, path: Path) -> None:
    """Load a record's weights, checked by hash.

    Args:
        path: the record's own file; the weights lie beside it.

    Raises:
        InputError: the run kept no weights, or the file is missing or was changed.
    """
    if record.weights is None or record.weights["file"] is None:
        why = "no weights are kept for this row" if record.weights is None else "its weights exceed 8 MiB"
        raise InputError(f"{path} has no weights file ({why}): run {record.command}")
    check_weights(record, path)
    try:
        model.load_state_dict(load_file(path.parent / record.weights["file"]))
    except (SafetensorError, RuntimeError) as error:
        raise InputError(f"the weights of {path} do not fit its configuration ({error}): run the row again") from None


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


def device_name(device: torch.device) -> str:
    """The accelerator's name, or the processor's with the number of threads."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    info = Path("/proc/cpuinfo")
    names: Mapping[str, str] = {}
    if info.exists():
        names = dict(line.split(":", 1) for line in info.read_text().splitlines() if line.startswith("model name"))
    name = next(iter(names.values()), platform.processor() or platform.machine()).strip()
    return f"{name}, {torch.get_num_threads()} thread{'s' * (torch.get_num_threads() > 1)}"
