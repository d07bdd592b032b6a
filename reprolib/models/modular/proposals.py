"""What an annealer tries next: interchangeable functions from structures to changed ones, one change a scene.

B scenes, N objects, K edge modules, C assignments of a receiver.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from reprolib.models.modular.receivers import assignments

Propose = Callable[[Tensor, float, torch.Generator], Tensor]  # structures [B, N, N - 1], at a temperature -> others


def one_edge(modules: int) -> Propose:
    """Proposal "uniform": another module on one edge; all edges and modules are equally likely."""

    def propose(structures: Tensor, temperature: float, generator: torch.Generator) -> Tensor:
        flat = structures.flatten(1)  # [B, E]
        edge = torch.randint(flat.shape[1], (len(flat), 1), generator=generator).to(flat.device)
        further = torch.randint(1, max(2, modules), (len(flat), 1), generator=generator).to(flat.device)
        return flat.scatter(1, edge, (flat.gather(1, edge) + further) % modules).view_as(structures)

    return propose


def into_a_node(modules: int) -> Propose:
    """Proposal "node": all edges into one receiver anew, since they are correlated; all modules are equally likely."""

    def propose(structures: Tensor, temperature: float, generator: torch.Generator) -> Tensor:
        scenes, objects, senders = structures.shape
        receiver = torch.randint(objects, (scenes,), generator=generator)
        return _with(structures, receiver, torch.randint(modules, (scenes, senders), generator=generator))

    return propose


def from_probabilities(probabilities: Tensor) -> Propose:
    """Proposal "learned": all edges into one receiver anew, each from an encoder's probabilities [B, N, N - 1, K]."""

    def propose(structures: Tensor, temperature: float, generator: torch.Generator) -> Tensor:
        receiver = torch.randint(structures.shape[1], structures.shape[:1], generator=generator)
        return _with(structures, receiver, drawn(_of(receiver, probabilities).log(), generator))

    return propose


def from_scores(scores: Tensor, modules: int) -> Propose:
    """Proposal "exact": all edges into one receiver anew, from softmax(-score / temperature) over its assignments.

    Where a scene's error is the sum of its receivers' scores [B, N, C], this is its exact conditional distribution.
    """
    around = assignments(scores.shape[1] - 1, modules, scores.device)  # [C, N - 1]

    def propose(structures: Tensor, temperature: float, generator: torch.Generator) -> Tensor:
        receiver = torch.randint(structures.shape[1], structures.shape[:1], generator=generator)
        return _with(structures, receiver, around[drawn(-_of(receiver, scores) / temperature, generator)])

    return propose


def drawn(logits: Tensor, generator: torch.Generator) -> Tensor:
    """An index of the last dimension, drawn from the softmax of logits [..., K]: [...]."""
    uniform = torch.rand(logits.shape, generator=generator).clamp(min=1e-30).to(logits.device)
    return (logits - (-uniform.log()).log()).argmax(-1)


def _of(receiver: Tensor, values: Tensor) -> Tensor:
    """What belongs to one receiver [B] of each scene: [B, N, ...] -> [B, ...]."""
    return values[torch.arange(len(values), device=values.device), receiver.to(values.device)]


def _with(structures: Tensor, receiver: Tensor, edges: Tensor) -> Tensor:
    """Structures [B, N, N - 1] with other edges [B, N - 1] into one receiver [B] of each."""
    device, changed = structures.device, structures.clone()
    changed[torch.arange(len(changed), device=device), receiver.to(device)] = edges.to(device)
    return changed
