"""The experiments, one module each, named like its notebook."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from reprolib.errors import InputError

if TYPE_CHECKING:
    from reprolib.contracts.entry import Experiment

NAMES = (
    "gn_block",
    "gn_tasks",
    "rn_clevr_pixels",
    "rn_clevr_state",
    "rn_babi",
    "rn_sort_of_clevr",
    "rn_data",
    "rn_physics",
    "nri_edges",
    "nri_prediction",
    "mocap",
    "basketball",
    "modular_edges",
    "modular_proposals",
    "modular_unseen",
    "modular_data",
    "modular_sizes",
)


def get(name: str) -> Experiment:
    """The experiment called rn_babi or rn-babi.

    Raises:
        InputError: there is none of that name.
    """
    module = name.replace("-", "_")
    if module not in NAMES:
        raise InputError(f"unknown experiment {name!r}: choose one of {', '.join(NAMES)}")
    return importlib.import_module(f"reprolib.experiments.{module}").EXPERIMENT


def every() -> list[Experiment]:
    """All experiments in reading order."""
    return [get(name) for name in NAMES]
