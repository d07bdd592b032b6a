"""The graphs of the demonstrations as tensors (Battaglia et al. 2018, companion library): see `padded_graphs`."""

import hashlib

import numpy as np
import torch

from reprolib.data import mass_springs, shortest_paths, sorting
from reprolib.data.padded_graphs import Columns
from reprolib.data.split import Dataset, Split
from reprolib.errors import InputError
from reprolib.settings.declared import counted
from reprolib.settings.on_graphs import LabelledGraphs, SpringChains

Graphs = LabelledGraphs | SpringChains
SMALL, LARGE = (8, 16), (16, 32)  # nodes of the graphs to train on and to test on
CHAINS, OTHERS, SPACING = (5, 8), (4, 9), 0.5  # masses to train on, further ones to test on; metres, of test chains
LABELLING = {"shortest_path": shortest_paths, "sorting": sorting}
NODE_AXES = {"nodes": (1,), "joined": (1, 2), "edges": (1, 2), "rollout": (2,)}  # of the columns of chains
STREAMS = {"train": 0, "valid": 1, "test": 2}


def available(settings: Graphs, kind: str) -> str | None:
    """None where the data can be had, else the reason."""
    return "these graphs are drawn by a generator: use --data generated" if kind == "real" else None


def identity(settings: Graphs, kind: str) -> str:
    """Hash of the recipe."""
    versions = {module.__name__.split(".")[-1]: module.VERSION for module in (shortest_paths, sorting, mass_springs)}
    version = versions["mass_springs"] if isinstance(settings, SpringChains) else sorted(versions.items())
    recipe = f"{type(settings).__name__} {sorted(counted(settings).items())} {version}"
    return hashlib.sha256(recipe.encode()).hexdigest()


def load(settings: Graphs, kind: str) -> Dataset:
    """Training, validation and test graphs; `facts["of"]` is the module that says which features they have.

    Raises:
        InputError: real data are asked for.
    """
    if missing := available(settings, kind):
        raise InputError(missing)
    chains = isinstance(settings, SpringChains)
    name, made = ("springs", _chains(settings)) if chains else (settings.kind, _labelled(settings))
    splits = {which: _split(columns) for which, columns in made.items()}
    module = mass_springs if chains else LABELLING[settings.kind]
    return Dataset(f"gn_{name}", kind, identity(settings, kind), splits, {"of": module})


def _labelled(settings: LabelledGraphs) -> dict[str, Columns]:
    generate, sizes = LABELLING[settings.kind].generate, {"train": SMALL, "valid": SMALL, "test": LARGE}
    return {
        name: generate(getattr(settings, name), sizes[name], settings.seed, stream) for name, stream in STREAMS.items()
    }


def _chains(settings: SpringChains) -> dict[str, Columns]:
    """Single steps to train on, rollouts to validate and to test."""

    def drawn(count: int, sizes: tuple[int, int], name: str, **further: tuple[float, float]) -> Columns:
        return mass_springs.generate(count, sizes, settings.seed, STREAMS[name], **further)

    def tested(*sizes: int) -> Columns:
        return drawn(settings.test, (sizes[0], sizes[-1]), "test", spacings=(SPACING, SPACING))

    train = mass_springs.transitions(drawn(settings.train, CHAINS, "train"), settings.moments, settings.seed)
    parts = [tested(OTHERS[0]), tested(*CHAINS), tested(OTHERS[1])]
    return {"train": train, "valid": drawn(settings.valid, CHAINS, "valid"), "test": joined(parts)}


def joined(parts: list[Columns]) -> Columns:
    """Chains of several sets as one, all padded to the largest number of masses."""
    largest = max(part["nodes"].shape[1] for part in parts)
    return {name: np.concatenate([_padded(name, part[name], largest) for part in parts]) for name in parts[0]}


def _padded(name: str, column: np.ndarray, largest: int) -> np.ndarray:
    """A column with as many places for nodes as that, the new ones zero."""
    grows = NODE_AXES.get(name, ())
    return np.pad(column, [(0, largest - size if axis in grows else 0) for axis, size in enumerate(column.shape)])


def _split(columns: Columns) -> Split:
    return Split({name: torch.from_numpy(np.ascontiguousarray(column)) for name, column in columns.items()})
