"""Where half precision is too little."""

import torch
from torch import Tensor


def at_least_single(values: Tensor) -> Tensor:
    """Values in half precision become single; single and double stay what they are."""
    return values.to(torch.promote_types(values.dtype, torch.float32))
