"""Ratios measured side by side in one run: the library against the plain version of the same thing, kept here.

On a CPU the time is that of one thread, in processor seconds, so that other work on the machine disturbs it little.

B scenes, N objects, D features an object, Q features of the question, G features of a relation.
"""

import statistics
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

from reprolib.errors import InputError
from reprolib.models.relation_network import RelationNetwork, mlp
from reprolib.train import pick_device

NAMES = ("relation",)
PRECISIONS = {"fp32": torch.float32, "bf16": torch.bfloat16}
AGREE = {"fp32": (1e-5, 5e-3), "bf16": (2e-2, 0.3)}  # relative norm of the differences of logits, of a gradient
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


@dataclass(frozen=True)
class Case:
    """A relation network of the paper with a batch of made-up scenes."""

    title: str
    objects: int
    features: int
    question: int
    g: tuple[int, ...]
    f: tuple[int, ...]
    batch: int = 64
    cpu_batch: int = 64
    fewest: int | None = None  # objects of the smallest scene, where scenes differ in size
    chunk: int | None = None


CLEVR = Case("CLEVR pixels", 64, 26, 128, (256,) * 4, (256, 256, 29), cpu_batch=16)
CASES = (
    CLEVR,
    Case("CLEVR pixels, chunk 4096", 64, 26, 128, (256,) * 4, (256, 256, 29), cpu_batch=16, chunk=4096),
    Case("CLEVR state", 10, 9, 256, (512,) * 4, (512, 1024, 29)),
    Case("Sort-of-CLEVR", 25, 258, 11, (2000,) * 4, (2000, 1000, 500, 100, 12), cpu_batch=8),
    Case("bAbI, 2-20 sentences", 20, 52, 32, (256,) * 4, (256, 512, 159), fewest=2),
)


@dataclass(frozen=True)
class Batch:
    """What a training step reads; mask None: all objects are real."""

    objects: Tensor  # [B, N, D]
    question: Tensor  # [B, Q]
    mask: Tensor | None  # [B, N]
    answers: Tensor  # [B]


class ConcatenatedPairs(nn.Module):
    """The reference: g on the concatenation (o_i, o_j, q) of all N^2 pairs, padded ones blanked after it."""

    def __init__(self, g: nn.Module, f: nn.Module):
        super().__init__()
        self.g, self.f = g, f

    def forward(self, objects: Tensor, question: Tensor, mask: Tensor | None = None) -> Tensor:
        count = objects.shape[1]
        first = objects[:, :, None].expand(-1, -1, count, -1)  # [B, N, N, D]
        second = objects[:, None].expand(-1, count, -1, -1)
        context = question[:, None, None].expand(-1, count, count, -1)  # [B, N, N, Q]
        relations = self.g(torch.cat([first, second, context], dim=-1).flatten(1, 2))  # [B, N * N, G]
        if mask is not None:
            real = (mask[:, :, None] & mask[:, None]).flatten(1)  # [B, N * N]
            relations = relations.masked_fill(~real[..., None], 0)
        return self.f(relations.sum(1))


def run(name: str | None = None, device: str = "cpu") -> list[Ratio]:
    """All comparisons of a benchmark, or of all benchmarks.

    Raises:
        InputError: no benchmark or no device of that name.
    """
    if name is not None and name not in NAMES:
        raise InputError(f"unknown benchmark {name!r}: choose one of {', '.join(NAMES)}")
    with _one_thread():
        return [compare(case, precision, pick_device(device)) for case in CASES for precision in PRECISIONS]


def compare(case: Case, precision: str, device: torch.device, rounds: int = ROUNDS) -> Ratio:
    """Check that both sides agree on a case, then measure their training steps in turn."""
    ours, reference, batch = build(case, device)
    sides = [lambda model=model: step(model, batch, precision) for model in (ours, reference)]
    _check_agreement(f"{case.title} in {precision}", *(side() for side in sides), *AGREE[precision])
    memory = [_peak_bytes(side, device) for side in sides]
    times = [[_seconds(side, device) for side in sides] for _ in range(rounds)]
    seconds = [statistics.median(column) for column in zip(*times, strict=True)]
    return Ratio(
        name="relation",
        case=f"{case.title} {precision}",
        ours=1000 * seconds[0],
        reference=1000 * seconds[1],
        unit="ms" if device.type == "cuda" else "CPU ms",
        ratio=seconds[1] / seconds[0],
        peak_memory_ratio=memory[1] / memory[0],
        device=torch.cuda.get_device_name(device) if device.type == "cuda" else device.type,
    )


def build(case: Case, device: torch.device, seed: int = 0) -> tuple[RelationNetwork, ConcatenatedPairs, Batch]:
    """Our network and the reference on the same weights, and a batch."""
    torch.manual_seed(seed)
    g = mlp([2 * case.features + case.question, *case.g])
    f = mlp([case.g[-1], *case.f], last_relu=False)
    scenes = case.cpu_batch if device.type == "cpu" else case.batch
    sizes = torch.randint(case.fewest or case.objects, case.objects + 1, (scenes, 1))
    batch = Batch(
        objects=torch.randn(scenes, case.objects, case.features, device=device, requires_grad=True),
        question=torch.randn(scenes, case.question, device=device, requires_grad=True),
        mask=None if case.fewest is None else (torch.arange(case.objects) < sizes).to(device),
        answers=torch.randint(case.f[-1], (scenes,), device=device),
    )
    return RelationNetwork(g, f, chunk=case.chunk).to(device), ConcatenatedPairs(g, f).to(device), batch


def step(model: nn.Module, batch: Batch, precision: str) -> list[Tensor]:
    """Forward and backward pass of a training step: logits and the gradients of inputs and weights."""
    inputs = [batch.objects, batch.question, *model.parameters()]
    with torch.autocast(batch.objects.device.type, torch.bfloat16, enabled=precision == "bf16"):
        logits = model(batch.objects, batch.question, batch.mask)
    loss = nn.functional.cross_entropy(logits.float(), batch.answers)
    return [logits.detach(), *torch.autograd.grad(loss, inputs)]


def _check_agreement(title: str, ours: list[Tensor], reference: list[Tensor], logits: float, gradient: float) -> None:
    """Rounding that turns a ReLU of f on or off hardly shows in the logits, but does in a gradient."""
    pairs = ((a.double(), b.double()) for a, b in zip(ours, reference, strict=True))
    first, *others = (float((a - b).norm() / b.norm().clamp(min=1e-12)) for a, b in pairs)
    if not (first < logits and max(others) < gradient):
        raise RuntimeError(f"{title}: ours and the reference differ by {first:.1e}, gradients by {max(others):.1e}")


def _seconds(function: Callable[[], object], device: torch.device) -> float:
    if device.type == "cpu":
        start = time.process_time()
        function()
        return time.process_time() - start
    torch.cuda.synchronize(device)
    start = time.perf_counter()
    function()
    torch.cuda.synchronize(device)
    return time.perf_counter() - start


def _peak_bytes(function: Callable[[], object], device: torch.device) -> int:
    """Bytes of all tensors that a call makes, when they are most."""
    if device.type == "cuda":
        before = torch.cuda.memory_allocated(device)
        torch.cuda.reset_peak_memory_stats(device)
        function()
        return torch.cuda.max_memory_allocated(device) - before
    with LiveBytes() as live:
        function()
    return live.peak


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


@contextmanager
def _one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
