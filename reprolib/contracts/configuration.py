"""Everything that decides a run beside its seed, under one name each, with a hash."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from reprolib.errors import InputError
from reprolib.settings.declared import changed, counted, flat
from reprolib.settings.recipe import Training


@dataclass(frozen=True)
class Config:
    """Everything that decides a run beside its seed; `data` and `model` are settings of any kind."""

    data: Any
    model: Any
    train: Training

    def flat(self) -> dict[str, Any]:
        """{'train.steps': 1000, ...}, as records and --set spell it, with the model's kind under 'model'."""
        return self._named(flat)

    @property
    def hash(self) -> str:
        """Short hash of all values; fields that came later count only where they are not at their default."""
        text = json.dumps(self._named(counted), sort_keys=True, default=list)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def _named(self, values: Callable[[Any], dict[str, Any]]) -> dict[str, Any]:
        parts = {"data": values(self.data), "model": values(self.model), "train": values(self.train)}
        named = {f"{part}.{name}": value for part, found in parts.items() for name, value in found.items()}
        return {"model": type(self.model).__name__} | named


def change(config: Config, changes: Mapping[str, Any]) -> Config:
    """A configuration with some values changed, {'train.steps': 100}.

    Raises:
        InputError: no such parameter, a value of another type, or one outside its limits.
    """
    known, parts = list(config.flat())[1:], {}
    for key, value in changes.items():
        if key not in known:
            raise InputError(f"unknown parameter {key!r}: choose one of {', '.join(known)}")
        part, _, name = key.partition(".")
        parts.setdefault(part, {})[name] = value
    return replace(config, **{part: changed(getattr(config, part), values, part) for part, values in parts.items()})


def only_data(changes: Mapping[str, Any]) -> dict[str, Any]:
    """Those of a scale's changes that concern the data, for rows without training."""
    return {key: value for key, value in changes.items() if key.startswith("data.")}
