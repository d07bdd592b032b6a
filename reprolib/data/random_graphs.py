"""Random graphs on which exact properties are tried; the examples are seeds, from which the graphs are drawn."""

import hashlib

import torch

from reprolib.data.split import Dataset, Split
from reprolib.errors import InputError
from reprolib.settings.declared import counted
from reprolib.settings.on_graphs import RandomGraphs


def available(settings: RandomGraphs, kind: str) -> str | None:
    """None where the data can be had, else the reason."""
    return "these graphs are drawn at random, there are no files: use --data generated" if kind == "real" else None


def identity(settings: RandomGraphs, kind: str) -> str:
    """Hash of the recipe."""
    return hashlib.sha256(f"random graphs {sorted(counted(settings).items())}".encode()).hexdigest()


def load(settings: RandomGraphs, kind: str) -> Dataset:
    """One split in three places, as nothing is trained.

    Raises:
        InputError: real data are asked for.
    """
    if missing := available(settings, kind):
        raise InputError(missing)
    split = Split({"graphs": torch.arange(settings.test)})
    splits = dict.fromkeys(("train", "valid", "test"), split)
    return Dataset("random_graphs", kind, identity(settings, kind), splits, {"seed": settings.seed})
