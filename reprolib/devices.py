"""The device that computes: which one, what it is called, the precision that it is good at, and its memory."""

import ctypes
import os
import platform
import re
import resource
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path

import torch

from reprolib.errors import InputError

PROCESS = Path("/proc/self")  # what Linux tells of this process
KEEP = {-1: 2**31 - 1, -4: 0}  # options of mallopt(3): trim the heap above 2 GiB, map no block by itself
HALF_ON_A_PROCESSOR = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")  # of torch.cpu, where it has them

_in_use: ContextVar[torch.device | None] = ContextVar("_in_use", default=None)


@contextmanager
def using(device: torch.device) -> Iterator[None]:
    """Within, work that names no device runs on this one, such as the drawing of a data set's pictures."""
    token = _in_use.set(device)
    try:
        yield
    finally:
        _in_use.reset(token)


def in_use() -> torch.device | None:
    """The device of `using`; None outside."""
    return _in_use.get()


def pick(name: str | None) -> torch.device:
    """The named device, or else the one in use, or else this worker's accelerator where there is one.

    Raises:
        InputError: the device is unknown or not there.
    """
    if name is None and (used := in_use()) is not None:
        return used
    if name is None:
        name = "cuda" if torch.cuda.is_available() else "cpu"
    if name == "cuda":
        name = f"cuda:{os.environ.get('LOCAL_RANK', 0)}"
    try:
        device = torch.device(name)
        torch.zeros(1, device=device).item()  # a "meta" device holds nothing
    except (RuntimeError, AssertionError) as error:
        raise InputError(f"device {name!r} cannot be used here ({error}): try --device cpu") from None
    return device


def name(device: torch.device) -> str:
    """The accelerator's name, or the processor's with the number of threads."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    info = Path("/proc/cpuinfo")
    names: Mapping[str, str] = {}
    if info.exists():
        names = dict(line.split(":", 1) for line in info.read_text().splitlines() if line.startswith("model name"))
    found = next(iter(names.values()), platform.processor() or platform.machine()).strip()
    return f"{found}, {torch.get_num_threads()} thread{'s' * (torch.get_num_threads() > 1)}"


def precision(asked: str, device: torch.device) -> str:
    """The precision to train in: fp32 in place of what a processor has no instructions for."""
    if device.type != "cpu":
        return asked
    half = any(getattr(torch.cpu, check, lambda: False)() for check in HALF_ON_A_PROCESSOR)
    return "bf16" if asked == "bf16" and half else "fp32"


@contextmanager
def products(tf32: bool) -> Iterator[None]:
    """Within, a CUDA device multiplies float32 as it is, or with factors rounded to TF32: ten bits of a mantissa."""
    backends = (torch.backends.cuda.matmul, torch.backends.cudnn.conv, torch.backends.cudnn.rnn)
    before = [backend.fp32_precision for backend in backends]
    for backend in backends:
        backend.fp32_precision = "tf32" if tf32 else "ieee"
    try:
        yield
    finally:
        for backend, precision in zip(backends, before, strict=True):
            backend.fp32_precision = precision


def prepare_memory(device: torch.device) -> None:
    """Let steps reuse what they free, and the highest of `peak_memory` begin here.

    Where the system cannot reset it, the highest is that of the whole process.
    """
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
        return
    _keep_freed_memory()
    with suppress(OSError):
        (PROCESS / "clear_refs").write_text("5")


def _keep_freed_memory() -> None:
    """Hand back what earlier work has left, and from here on nothing, where memory is glibc's.

    By itself glibc returns large blocks to the system, which clears them page by page when they are asked for again: up
    to a third of the time of an LSTM's step.
    """
    library = ctypes.CDLL(None)
    if hasattr(library, "mallopt"):
        library.malloc_trim(0)
        for option, value in KEEP.items():
            library.mallopt(option, value)


def peak_memory(device: torch.device) -> int:
    """Bytes at the highest: of the accelerator's tensors, or of the process."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    status = PROCESS / "status"
    highest = re.search(r"^VmHWM:\s+(\d+) kB$", status.read_text() if status.exists() else "", re.MULTILINE)
    if highest:
        return int(highest[1]) * 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
