"""How a row's model is built, trained, measured and picked."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from torch import nn

    from reprolib.contracts.configuration import Config
    from reprolib.data.split import Dataset, Split
    from reprolib.training.learner import Learner


class Code(Protocol):
    """What a method's module defines; that of data with splits without answers defines `answers` as well."""

    def build(self, config: Config, data: Dataset) -> nn.Module:
        """A model with fresh weights, sized for the data."""

    def learner(self) -> Learner:
        """What trains one model, once."""

    def evaluate(self, model: nn.Module, split: Split) -> dict[str, float]:
        """Metrics of a model on a split, by names that begin with their kind."""


@dataclass(frozen=True)
class Method:
    """How a row's model is built, trained, measured and picked.

    Args:
        code: the name of a module, imported when it is first needed, or an object like one.
        select: the validation metric that picks the best weights; the larger the better.
        watch: validation metrics that the learning curve keeps beside it.
        weights: type in which trained weights are saved.
    """

    code: str | Code
    select: str
    watch: tuple[str, ...] = ()
    weights: str = "float16"

    def build(self, config: Config, data: Dataset) -> nn.Module:
        """A model with fresh weights, sized for the data."""
        return self._code.build(config, data)

    def learner(self) -> Learner:
        """What trains one model, once."""
        return self._code.learner()

    def evaluate(self, model: nn.Module, split: Split) -> dict[str, float]:
        """Metrics of a model on a split."""
        return self._code.evaluate(model, split)

    def answers(self, model: nn.Module, split: Split) -> list[dict[str, Any]]:
        """What a model answers to the questions of a split that `Source.unanswered` gives, one entry a question."""
        return self._code.answers(model, split)

    @property
    def _code(self) -> Code:
        return importlib.import_module(self.code) if isinstance(self.code, str) else self.code
