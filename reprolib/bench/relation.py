"""The relation network against g on the concatenation of all pairs: a training step.

B scenes, N objects, D features an object, Q features of the question, G features of a relation.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn

from reprolib.bench.measure import PRECISIONS, ROUNDS, Ratio, check_agreement, measure
from reprolib.models.relation_network import RelationNetwork, mlp

AGREE = {"fp32": (1e-5, 5e-3), "bf16": (2e-2, 0.3)}  # relative norm of the differences of logits, of a gradient


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


def ratios(device: torch.device) -> Iterator[Ratio]:
    """Every case in every precision, each when it has been measured."""
    return (compare(case, precision, device) for case in CASES for precision in PRECISIONS)


def compare(case: Case, precision: str, device: torch.device, rounds: int = ROUNDS) -> Ratio:
    """Check that both sides agree on a case, then measure their training steps in turn."""
    ours, reference, batch = build(case, device)
    sides = [partial(step, model, batch, precision) for model in (ours, reference)]
    check_agreement(f"{case.title} in {precision}", *(side() for side in sides), *AGREE[precision])
    return measure("relation", f"{case.title} {precision}", *sides, device, rounds)


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
