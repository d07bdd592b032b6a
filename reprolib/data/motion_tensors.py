"""Simulated motion as tensors: trajectories in the units of the paper's training scenes, and the true edges.

M scenes, T frames, N objects, D features.
"""

import hashlib

import torch
from torch import Tensor

from reprolib.data import ranges, simulations
from reprolib.data.split import Dataset, Split
from reprolib.errors import InputError
from reprolib.settings.data_sets import FRAMES, MotionData
from reprolib.settings.declared import counted


def available(settings: MotionData, kind: str) -> str | None:
    """None where the data can be had, else the reason."""
    if kind == "real":
        return f"the {settings.kind} data were never released as files: use --data generated, their own procedure"
    return None


def load(settings: MotionData, kind: str) -> Dataset:
    """Normalised splits from independent streams; the units are those of the paper's 50,000 training scenes.

    Columns: trajectories float32 [M, T, N, D], edges int64 [M, N, N - 1]. Tables of the test split hold those of scenes
    with other numbers of objects, as trajectories/3 and edges/3.

    Raises:
        InputError: real data are asked for.
    """
    if missing := available(settings, kind):
        raise InputError(missing)
    lengths = {"train": FRAMES, "valid": FRAMES, "test": settings.test_frames}
    drawn = {
        name: _draw(settings, getattr(settings, name), settings.objects, frames, stream)
        for stream, (name, frames) in enumerate(lengths.items())
    }
    scale = ranges.scale(settings.kind, settings.objects, settings.seed)
    splits = {name: Split(_columns(scenes, scale)) for name, scenes in drawn.items()}
    for objects in settings.others:
        scenes = _draw(settings, settings.of_others, objects, FRAMES, len(drawn))
        for name, column in _columns(scenes, scale).items():
            splits["test"].tables[f"{name}/{objects}"] = column
    facts = {"features": drawn["train"].trajectories.shape[-1], "scale": scale}
    return Dataset(f"{settings.kind}_{settings.objects}", kind, identity(settings, kind), splits, facts)


def identity(settings: MotionData, kind: str) -> str:
    """Hash of the recipe, which fixes the scenes, and of their units."""
    units = ranges.identity(settings.kind, settings.objects, settings.seed)
    recipe = f"motion {sorted(counted(settings).items())} generator {simulations.VERSION} units {units}"
    return hashlib.sha256(recipe.encode()).hexdigest()


def _draw(settings: MotionData, count: int, objects: int, frames: int, stream: int) -> simulations.Simulations:
    return simulations.cached(settings.kind, count, objects, frames, settings.seed, stream)


def _columns(scenes: simulations.Simulations, scale: simulations.Scale) -> dict[str, Tensor]:
    trajectories = torch.from_numpy(scale.apply(scenes.trajectories)).float()
    return {"trajectories": trajectories, "edges": torch.from_numpy(scenes.edges)}
