"""The optimisers of the training loop, by name."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

PLAIN = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW, "sgd": torch.optim.SGD}
CAPTURABLE = ("adam", "adamw")  # their steps can be part of a CUDA graph


class Combined:
    """Optimisers of one model's parameters, each with its own, used as one.

    Args:
        flat: parameters that an optimiser takes in another shape, each with the one that it takes in its place, which
            lies on the same memory.
    """

    def __init__(self, *parts: torch.optim.Optimizer, flat: Sequence[tuple[nn.Parameter, nn.Parameter]] = ()):
        self.parts, self.flat = parts, flat

    @property
    def param_groups(self) -> list[dict[str, Any]]:
        return [group for part in self.parts for group in part.param_groups]

    def zero_grad(self, set_to_none: bool = True) -> None:
        for part in self.parts:
            part.zero_grad(set_to_none)
        for parameter, _ in self.flat:
            parameter.grad = None

    def step(self) -> None:
        for parameter, matrix in self.flat:
            matrix.grad = None if parameter.grad is None else parameter.grad.reshape_as(matrix)
        for part in self.parts:
            part.step()

    def state_dict(self) -> dict[str, Any]:
        return {"parts": [part.state_dict() for part in self.parts]}

    def load_state_dict(self, content: dict[str, Any]) -> None:
        for part, kept in zip(self.parts, content["parts"], strict=True):
            part.load_state_dict(kept)


def make(name: str, model: nn.Module, rate: float, weight_decay: float) -> torch.optim.Optimizer | Combined:
    """An optimiser, one of `recipe.OPTIMISERS`, of all parameters of a model.

    "muon" (Jordan et al. 2024) turns the momentum of a weight matrix M = U S V^T into a step along U V^T, so that
    directions that are rarely asked for are learnt as fast as common ones. The kernels of a convolution are a matrix
    [kernels, inputs * size]; embeddings, biases and norms take Adam's steps. A matrix's step is as long as Adam's usual
    one, so that a rate means the same to both.
    """
    if name in PLAIN:
        return PLAIN[name](model.parameters(), weight_decay=weight_decay, **_on_device(name, model, rate))
    matrices, kernels, others = _split(model)
    flat = [(kernel, nn.Parameter(kernel.detach().view(len(kernel), -1))) for kernel in kernels]
    matrices += [matrix for _, matrix in flat]
    parts: list[torch.optim.Optimizer] = []
    if matrices:
        parts.append(torch.optim.Muon(matrices, lr=rate, weight_decay=weight_decay, adjust_lr_fn="match_rms_adamw"))
    if others:
        parts.append(torch.optim.AdamW(others, lr=rate, weight_decay=weight_decay))
    return Combined(*parts, flat=flat)


def set_rate(optimiser: torch.optim.Optimizer | Combined, rate: float) -> None:
    """Let the next step have this learning rate."""
    for group in optimiser.param_groups:
        if isinstance(group["lr"], Tensor):
            group["lr"].fill_(rate)
        else:
            group["lr"] = rate


def _on_device(name: str, model: nn.Module, rate: float) -> dict[str, Any]:
    """The rate, on a CUDA device in its memory, where one kernel makes the step of all parameters."""
    device = next(model.parameters()).device
    if device.type != "cuda" or name not in CAPTURABLE:
        return {"lr": rate}
    return {"lr": torch.tensor(rate, device=device), "fused": True}


def allow_capture(optimiser: torch.optim.Optimizer) -> None:
    """Let the steps of a `CAPTURABLE` optimiser on a CUDA device be part of a graph."""
    for group in optimiser.param_groups:
        group["capturable"] = True


def _split(model: nn.Module) -> tuple[list[nn.Parameter], list[nn.Parameter], list[nn.Parameter]]:
    """Weight matrices, kernels of convolutions, everything else; an embedding's rows are words, no matrix that maps."""
    words = {id(module.weight) for module in model.modules() if isinstance(module, nn.Embedding)}
    weights = [each for each in model.parameters() if each.ndim > 1 and id(each) not in words]
    taken = {id(each) for each in weights}
    return (
        [each for each in weights if each.ndim == 2],
        [each for each in weights if each.ndim > 2],
        [each for each in model.parameters() if id(each) not in taken],
    )
