"""Synchronous data parallelism: processes started by torchrun that together equal one at the same total batch.

They do so but for what is drawn at random within a step: every worker has dropout masks and samples of its own.
"""

import os
from collections.abc import Mapping
from functools import partial

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm


def rank() -> int:
    """This worker's number; 0 without torchrun."""
    return int(os.environ.get("RANK", 0))


def count() -> int:
    """Number of workers; 1 without torchrun."""
    return int(os.environ.get("WORLD_SIZE", 1))


def join(model: nn.Module, device: torch.device) -> None:
    """Join the group that torchrun announces; every worker's model then starts from the weights of the first."""
    if not dist.is_initialized():
        dist.init_process_group("nccl" if device.type == "cuda" else "gloo")
    for tensor in model.state_dict().values():
        dist.broadcast(tensor, 0)
    for module in model.modules():
        if isinstance(module, _BatchNorm):
            module.forward = partial(_batch_norm, module)


def average_gradients(model: nn.Module) -> None:
    """Replace every gradient by its mean over the workers; one that a worker lacks counts as zero."""
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    gradients = [torch.zeros_like(p) if p.grad is None else p.grad for p in parameters]
    flat = mean(torch.cat([gradient.flatten() for gradient in gradients]))
    for parameter, part in zip(parameters, flat.split([p.numel() for p in parameters]), strict=True):
        parameter.grad = part.view_as(parameter)


def share_rows(tensors: Mapping[str, Tensor], rows: Tensor) -> None:
    """Write into every worker's tensors [M, ...] the rows [B] that any of them has changed, as many by each."""
    if not tensors:
        return
    everyone = _gathered(rows)
    for tensor in tensors.values():
        tensor[everyone] = _gathered(tensor[rows])


def _gathered(part: Tensor) -> Tensor:
    """The parts of all workers, one after the other."""
    parts = [torch.empty_like(part) for _ in range(count())]
    dist.all_gather(parts, part.contiguous())
    return torch.cat(parts)


def mean(tensor: Tensor) -> Tensor:
    """Mean over the workers."""
    if count() > 1:
        dist.all_reduce(tensor)
    return tensor / count()


def decided(value: float, device: torch.device) -> float:
    """The first worker's value, so that all take the same decision."""
    if count() == 1:
        return value
    tensor = torch.tensor(value, dtype=torch.float64, device=device)
    dist.broadcast(tensor, 0)
    return tensor.item()


class _Total(torch.autograd.Function):
    """Sum over the workers, of values forwards and of gradients backwards."""

    @staticmethod
    def forward(_, part: Tensor) -> Tensor:
        total = part.clone()
        dist.all_reduce(total)
        return total

    @staticmethod
    def backward(_, gradient: Tensor) -> Tensor:
        return _Total.forward(_, gradient.contiguous())


def _batch_norm(module: _BatchNorm, rows: Tensor) -> Tensor:
    """Batch norm of rows [R, C, ...] with the statistics of all workers' rows; R may differ between workers."""
    if not module.training:
        return type(module).forward(module, rows)
    shape = [1, -1, *[1] * (rows.ndim - 2)]
    axes = [0, *range(2, rows.ndim)]
    values = rows.to(module.running_mean.dtype)  # half precision under autocast
    number = _Total.apply(values.new_tensor(values.numel() / values.shape[1]))
    centre = _Total.apply(values.sum(axes)) / number  # [C]
    centred = values - centre.view(shape)
    variance = _Total.apply(centred.square().sum(axes)) / number  # [C]
    with torch.no_grad():
        module.num_batches_tracked += 1
        module.running_mean.lerp_(centre, module.momentum)
        module.running_var.lerp_(variance * number / (number - 1).clamp(min=1), module.momentum)
    scale = module.weight * (variance + module.eps).rsqrt()  # [C]
    return (centred * scale.view(shape) + module.bias.view(shape)).to(rows.dtype)
