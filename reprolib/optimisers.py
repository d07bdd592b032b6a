"""The optimisers of the training loop, by name."""

from typing import Any

import torch
from torch import nn

PLAIN = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW, "sgd": torch.optim.SGD}
NAMES = (*PLAIN, "muon")


class Joined:
    """Optimisers of one model's parameters, each with its own, used as one."""

    def __init__(self, *parts: torch.optim.Optimizer):
        self.parts = parts

    @property
    def param_groups(self) -> list[dict[str, Any]]:
        return [group for part in self.parts for group in part.param_groups]

    def zero_grad(self, set_to_none: bool = True) -> None:
        for part in self.parts:
            part.zero_grad(set_to_none)

    def step(self) -> None:
        for part in self.parts:
            part.step()

    def state_dict(self) -> dict[str, Any]:
        return {"parts": [part.state_dict() for part in self.parts]}

    def load_state_dict(self, content: dict[str, Any]) -> None:
        for part, kept in zip(self.parts, content["parts"], strict=True):
            part.load_state_dict(kept)


def make(name: str, model: nn.Module, rate: float, weight_decay: float) -> torch.optim.Optimizer | Joined:
    """An optimiser, one of `NAMES`, of all parameters of a model.

    "muon" (Jordan et al. 2024) turns the momentum of a weight matrix M = U S V^T into a step along U V^T, so that
    directions that are rarely asked for are learnt as fast as common ones; embeddings, biases and norms take Adam's
    steps. A matrix's step is as long as Adam's usual one, so that a rate means the same to both.
    """
    if name in PLAIN:
        return PLAIN[name](model.parameters(), lr=rate, weight_decay=weight_decay)
    matrices, others = _split(model)
    parts: list[torch.optim.Optimizer] = []
    if matrices:
        parts.append(torch.optim.Muon(matrices, lr=rate, weight_decay=weight_decay, adjust_lr_fn="match_rms_adamw"))
    if others:
        parts.append(torch.optim.AdamW(others, lr=rate, weight_decay=weight_decay))
    return Joined(*parts)


def _split(model: nn.Module) -> tuple[list[nn.Parameter], list[nn.Parameter]]:
    """Weight matrices, and everything else; an embedding's rows are words, not a matrix that maps."""
    words = {id(module.weight) for module in model.modules() if isinstance(module, nn.Embedding)}
    matrices = [each for each in model.parameters() if each.ndim == 2 and id(each) not in words]
    taken = {id(each) for each in matrices}
    return matrices, [each for each in model.parameters() if id(each) not in taken]
