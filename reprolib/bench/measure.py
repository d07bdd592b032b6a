"""How two versions of one computation are compared: they agree, then their time and memory are taken in turn.

On a CPU the time of one thread is in processor seconds, so that other work on the machine disturbs it little. That of
several threads is by the clock, and wants a machine that does nothing else.
"""

import statistics
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from reprolib import devices

PRECISIONS = {"fp32": torch.float32, "bf16": torch.bfloat16}
ROUNDS = 5  # of ours, then the reference


@dataclass(frozen=True)
class Ratio:
    """One comparison; `ratio` is reference time / ours, `peak_memory_ratio` reference bytes / ours."""

    name: str
    case: str
    ours: float
    reference: float
    unit: str
    ratio: float
    peak_memory_ratio: float
    device: str


def measure(
    name: str,
    case: str,
    ours: Callable[[], object],
    reference: Callable[[], object],
    device: torch.device,
    rounds: int = ROUNDS,
    memory: tuple[int, int] | None = None,
    threads: int = 1,
) -> Ratio:
    """Median time of a call and the bytes it needs, of ours and of the reference, by turns.

    Args:
        memory: the bytes of both, where a call does not show them.
        threads: of a CPU.
    """
    sides = ours, reference
    clock = time.process_time if device.type == "cpu" and threads == 1 else time.perf_counter
    with on_threads(threads):
        name_of_device = devices.name(device)
        memory = memory or tuple(peak_bytes(side, device) for side in sides)
        times = [[_seconds(side, device, clock) for side in sides] for _ in range(rounds)]
    seconds = [statistics.median(column) for column in zip(*times, strict=True)]
    return Ratio(
        name=name,
        case=case,
        ours=1000 * seconds[0],
        reference=1000 * seconds[1],
        unit="CPU ms" if clock is time.process_time else "ms",
        ratio=seconds[1] / seconds[0],
        peak_memory_ratio=memory[1] / memory[0],
        device=name_of_device,
    )


def check_agreement(title: str, ours: list[Tensor], reference: list[Tensor], first: float, others: float) -> None:
    """Compare what both sides compute: results first, then gradients, each with its bound on the relative difference.

    Gradients get a looser one: rounding that turns a ReLU on or off hardly shows in a result, but does in a gradient.

    Raises:
        RuntimeError: they differ by more, so their times say nothing.
    """
    result, *gradients = differences(ours, reference)
    if not (result < first and all(gradient < others for gradient in gradients)):  # NaN is below nothing
        raise RuntimeError(
            f"{title}: ours and the reference differ by {result:.1e}, gradients by {max(gradients, default=0):.1e}"
        )


def differences(ours: list[Tensor], reference: list[Tensor]) -> list[float]:
    """Norm of each difference relative to that of the reference's tensor."""
    pairs = ((a.double(), b.double()) for a, b in zip(ours, reference, strict=True))
    return [float((a - b).norm() / b.norm().clamp(min=1e-12)) for a, b in pairs]


class LiveBytes(TorchDispatchMode):
    """Counts the bytes of every tensor storage that operations make, until it is freed."""

    def __init__(self) -> None:
        super().__init__()
        self.now = self.peak = 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        result = function(*args, **(kwargs or {}))
        given = {tensor.untyped_storage().data_ptr() for tensor in _tensors([*args, *(kwargs or {}).values()])}
        for tensor in _tensors([result]):
            if tensor.untyped_storage().data_ptr() not in given:  # neither a view nor written in place
                self._add(tensor.untyped_storage())
        return result

    def _add(self, storage: torch.UntypedStorage) -> None:
        self.now += storage.nbytes()
        self.peak = max(self.peak, self.now)
        weakref.finalize(storage, self._free, storage.nbytes())

    def _free(self, size: int) -> None:
        self.now -= size


def _tensors(values: object) -> Iterator[Tensor]:
    """The tensors among values and lists of values."""
    for value in values:
        if isinstance(value, Tensor):
            yield value
        elif isinstance(value, (list, tuple)):
            yield from _tensors(value)


def _seconds(function: Callable[[], object], device: torch.device, clock: Callable[[], float]) -> float:
    wait = partial(torch.cuda.synchronize, device) if device.type == "cuda" else lambda: None
    wait()
    start = clock()
    function()
    wait()
    return clock() - start


def peak_bytes(function: Callable[[], object], device: torch.device) -> int:
    """Bytes of all tensors that a call makes, when they are most."""
    if device.type == "cuda":
        before = torch.cuda.memory_allocated(device)
        torch.cuda.reset_peak_memory_stats(device)
        function()
        return torch.cuda.max_memory_allocated(device) - before
    with LiveBytes() as live:
        function()
    return live.peak


@contextmanager
def on_threads(count: int) -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)
