"""A running mean of a model's weights, which is validated and kept in place of the weights themselves."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

SOON = 10  # steps: so much shorter is the memory of the first steps


class Average:
    """The exponential mean of all weights that are trained: m <- d m + (1 - d) w after every step.

    The memory grows with the steps, d = min(decay, (1 + step) / (10 + step)), so that the weights of the start are soon
    forgotten. Buffers, such as the statistics of a batch norm, are those of the last step.

    Args:
        decay: at least 0 and below 1; the mean reaches about 1 / (1 - decay) steps back.
    """

    def __init__(self, model: nn.Module, decay: float):
        self.decay = decay
        self.weights = [parameter for parameter in model.parameters() if parameter.requires_grad]
        self.means = [weight.detach().clone() for weight in self.weights]

    @torch.no_grad()
    def update(self, step: int) -> None:
        """Take the weights after a step, counted from 0."""
        decay = min(self.decay, (1 + step) / (SOON + step))
        torch._foreach_lerp_(self.means, self.weights, 1 - decay)

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """The model has the means as its weights, and afterwards its own again, bit for bit."""
        own = [weight.detach().clone() for weight in self.weights]
        self._put(self.means)
        try:
            yield
        finally:
            self._put(own)

    @torch.no_grad()
    def _put(self, values: list[Tensor]) -> None:
        for weight, value in zip(self.weights, values, strict=True):
            weight.copy_(value)

    def load(self, means: list[Tensor]) -> None:
        """Take the means of a checkpoint."""
        for mean, other in zip(self.means, means, strict=True):
            mean.copy_(other)
