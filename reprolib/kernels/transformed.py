"""When PyTorch can make nothing of a kernel's own gradient, and the plain definition takes its place."""

import torch


def is_transformed() -> bool:
    """Whether a model is being compiled or exported, or is under a transform of torch.func, such as vmap or hessian."""
    return torch.compiler.is_compiling() or torch._C._are_functorch_transforms_active()
