"""Basketball plays as tensors: real games where the user has them, the generated game by default.

M plays, T = 25 frames, N = 5 objects in the order of `play_windows.ROLES`, D = 4 features.
"""

import hashlib
from pathlib import Path

import numpy as np
import torch

from reprolib import paths
from reprolib.data.basketball import generated_plays, play_windows, tracked_games
from reprolib.data.simulations import Scale
from reprolib.data.split import Dataset, Split
from reprolib.errors import InputError
from reprolib.evidence.deviations import Deviation
from reprolib.settings.data_sets import PLAY_FRAMES, BasketballData
from reprolib.settings.declared import counted

UNKNOWN = -1  # of a true edge: nobody knows who reacts to whom in a real game
STREAMS = {"train": 0, "valid": 1, "test": 2}
NOT_THERE = (
    "set REPROLIB_DATA to a folder that holds basketball/ with the .npy files of Tufts' team-dynamics-time-series for "
    "real data"
)
STAND_IN = Deviation("data", "plays cut from tracked games of the NBA stand in for the paper's pick-and-rolls")


def available(settings: BasketballData, kind: str) -> str | None:
    """None where the data can be had; else what is missing, and how to get it."""
    if kind != "real":
        return None
    return tracked_games.missing(folder()) if folder() else NOT_THERE


def load(settings: BasketballData, kind: str) -> Dataset:
    """Normalised plays: positions and velocities each by the range of the training plays, the same for x and y.

    Columns: trajectories float32 [M, T, N, D], x, y and their velocities; edges int64 [M, N, N - 1], 1 where the sender
    moves the receiver, 0 where not, -1 in real games, where nobody knows.

    Raises:
        InputError: real data are asked for and REPROLIB_DATA names none, or files are damaged or hold no play.
    """
    if missing := available(settings, kind):
        raise InputError(missing)
    made = {name: (_real if kind == "real" else _generated)(settings, name) for name in STREAMS}
    raw = {name: play_windows.features(positions) for name, (positions, _) in made.items()}
    scale = scale_of(raw["train"])
    splits = {
        name: Split(
            {"trajectories": torch.from_numpy(scale.apply(raw[name])).float(), "edges": torch.from_numpy(edges)}
        )
        for name, (_, edges) in made.items()
    }
    facts = {"features": raw["train"].shape[-1], "scale": scale}
    deviations = (STAND_IN,) if kind == "real" else ()
    return Dataset("basketball", kind, identity(settings, kind), splits, facts, deviations)


def identity(settings: BasketballData, kind: str) -> str:
    """Hash of the recipe, and of the real files."""
    recipe = f"basketball {kind} {sorted(counted(settings).items())} "
    if kind == "real":
        recipe += f"plays {play_windows.VERSION} {tracked_games.digest(folder())}"
    else:
        recipe += f"generator {generated_plays.VERSION}"
    return hashlib.sha256(recipe.encode()).hexdigest()


def folder() -> Path | None:
    """The user's real files, where there are any."""
    data = paths.real_data()
    return data / "basketball" if data and (data / "basketball").is_dir() else None


def scale_of(raw: np.ndarray) -> Scale:
    """The map of training plays [M, T, N, 4] to [-1, 1]; x and y keep one unit, so that a circle stays round."""
    ends = [(float(part.min()), float(part.max())) for part in (raw[..., :2], raw[..., 2:])]
    return Scale((ends[0], ends[0], ends[1], ends[1]))


def _generated(settings: BasketballData, name: str) -> tuple[np.ndarray, np.ndarray]:
    return generated_plays.generate(getattr(settings, name), settings.seed, STREAMS[name])


def _real(settings: BasketballData, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Positions [M, T + 1, N, 2] and unknown edges of a split."""
    training = name == "train"
    positions = play_windows.plays(tracked_games.read(folder(), name), settings.stride if training else PLAY_FRAMES)
    if not len(positions):
        raise InputError(f"the {name} games in {folder()} hold no play of {PLAY_FRAMES} frames: give longer games")
    if training and settings.mirrored:
        positions = np.concatenate([positions, play_windows.mirrored(positions)])
    positions = positions[: getattr(settings, name)]
    objects = len(play_windows.ROLES)
    return positions, np.full((len(positions), objects, objects - 1), UNKNOWN, np.int64)
