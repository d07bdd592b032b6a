"""Balls on a table as tensors: rows of balls, hidden links, numbers of systems (Santoro et al. 2017, section 5.5).

S scenes, 10 balls, 16 frames.
"""

import colorsys
import hashlib
from collections.abc import Iterable

import numpy as np
import torch

from reprolib.data import physical_scenes, table_top
from reprolib.data.linked_balls import BALLS, RIGID
from reprolib.data.physical_scenes import PhysicalScenes
from reprolib.data.split import Dataset, Split
from reprolib.errors import InputError
from reprolib.evidence.deviations import Deviation
from reprolib.settings.declared import counted
from reprolib.settings.physical import PhysicsData

SPLITS = ("train", "valid", "test")
COLOURS = {  # of the ten balls [10, C]: a float in the paper's supplement, RGB in its text
    "number": np.linspace(-1, 1, BALLS)[:, None],
    "rgb": np.array([colorsys.hsv_to_rgb(ball / BALLS, 1, 1) for ball in range(BALLS)]),
}


def available(settings: PhysicsData, kind: str) -> str | None:
    """None where the data can be had, else the reason."""
    if kind == "real":
        return "the balls on a table were never released as files: use --data generated, simulations of our own"
    return table_top.missing()


def load(settings: PhysicsData, kind: str) -> Dataset:
    """Three splits from independent streams.

    Columns: objects float32 [S, 10, C + 32], a ball's colour, its x over 16 frames, and its y, from -1 to 1, in the
    order of the colours; connections int64 [S, 10, 10], the kind of link (0 none, 1 spring, 2 rigid) between two balls;
    systems int64 [S], the number of connected systems less one, where that is asked.

    Raises:
        InputError: real data are asked for, or MuJoCo is not installed.
    """
    if missing := available(settings, kind):
        raise InputError(missing)
    drawn = {
        name: physical_scenes.cached(settings.world, getattr(settings, name), settings.seed, stream)
        for stream, name in enumerate(SPLITS)
    }
    splits = {name: _split(settings, scenes) for name, scenes in drawn.items()}
    facts = {"features": splits["train"].columns["objects"].shape[-1], "kinds": 1 + RIGID, "systems": BALLS}
    return Dataset("physics", kind, identity(settings, kind), splits, facts, _redrawn(drawn.values()))


def identity(settings: PhysicsData, kind: str) -> str:
    """Hash of the recipe, which fixes the bytes for one release of MuJoCo on one kind of machine."""
    recipe = f"physics {kind} {sorted(counted(settings).items())} generator {physical_scenes.VERSION}"
    return hashlib.sha256(recipe.encode()).hexdigest()


def rows(scenes: PhysicalScenes, colour: str, half_width: float) -> np.ndarray:
    """What stands in for balls [S, 10, C + 32], in the order of their colours: the paper's state description."""
    x, y = np.moveaxis(scenes.trajectories / np.float32(half_width), -1, 0)  # [S, 10, 16] each
    colours = np.broadcast_to(COLOURS[colour].astype(np.float32), (len(scenes), *COLOURS[colour].shape))
    return np.concatenate([colours, x, y], axis=2)


def _redrawn(drawn: Iterable[PhysicalScenes]) -> tuple[Deviation, ...]:
    """What a record says of scenes that went wrong; nothing where none did."""
    count = sum(int(scenes.redrawn.sum()) for scenes in drawn)
    return (Deviation("choice", f"{count:,} scenes that went wrong were drawn anew"),) if count else ()


def _split(settings: PhysicsData, scenes: PhysicalScenes) -> Split:
    objects = rows(scenes, settings.colour, settings.world.half_width)
    columns = {"objects": objects, "connections": scenes.connections.astype(np.int64)}
    if settings.asked == "systems":
        columns["systems"] = scenes.systems - 1
    return Split({name: torch.from_numpy(column) for name, column in columns.items()})
