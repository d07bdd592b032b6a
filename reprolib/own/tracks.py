"""Somebody's own trajectories, checked: scenes of objects that move, and may be absent part of the time.

S scenes, T frames, N objects of the fullest scene, D features.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from reprolib.data.checks import as_reals
from reprolib.errors import InputError


@dataclass(frozen=True, eq=False)
class Tracks:
    """S scenes. Scenes need not hold the same objects, so that each has names of its own."""

    values: np.ndarray  # float64 [S, T, N, D], 0 where absent
    present: np.ndarray  # bool [S, T, N]
    scenes: tuple[str, ...]
    objects: tuple[tuple[str, ...], ...]  # N of every scene; "" where a scene has fewer
    features: tuple[str, ...]

    def named(self, scene: int, slot: int) -> str:
        """An object for reading."""
        return f"object {self.objects[scene][slot] or slot} of scene {self.scenes[scene]}"


def of_arrays(
    values: Any, present: Any = None, features: Sequence[str] | None = None, source: str = "values"
) -> Tracks:
    """Tracks of an array; scenes and objects are called by their numbers, from 0.

    Args:
        values: [S, T, N, D]; any finite number, or none, where an object is absent.
        present: bool [S, T, N]; None: everybody is always there.
        features: what the features are called; None: feature_1, feature_2, ...
        source: the file that they come from, for errors.

    Raises:
        InputError: another shape, no real numbers, or values that are not finite; names scene and object.
    """
    values = as_reals(source, values)
    if values.ndim != 4 or 0 in values.shape:
        raise InputError(f"{source} has the shape {list(values.shape)}: give [scenes, frames, objects, features]")
    here = np.ones(values.shape[:3], bool) if present is None else _presence(present, values.shape[:3], source)
    scenes, _, objects, width = values.shape
    names = tuple(map(str, range(objects)))
    called = tuple(features or (f"feature_{number}" for number in range(1, width + 1)))
    return checked(Tracks(values, here, tuple(map(str, range(scenes))), (names,) * scenes, called), source)


def checked(tracks: Tracks, source: str) -> Tracks:
    """The tracks, with zeros where objects are absent.

    Raises:
        InputError: fewer than two objects, values that are not finite; names scene and object.
    """
    objects = tracks.values.shape[2]
    if objects < 2:
        raise InputError(f"{source} has {objects} object in every scene: an interaction takes two")
    wrong = np.argwhere(~np.isfinite(tracks.values) & tracks.present[..., None])
    if len(wrong):
        scene, frame, slot, feature = wrong[0]
        value = tracks.values[scene, frame, slot, feature]
        raise InputError(
            f"{source}: {tracks.features[feature]} of {tracks.named(scene, slot)} is {value} in frame {frame} "
            "(counting from 0): say that an object is absent there, or leave the scene out"
        )
    values = np.where(tracks.present[..., None], tracks.values, 0.0)
    return Tracks(values, tracks.present, tracks.scenes, tracks.objects, tracks.features)


def _presence(present: Any, shape: tuple[int, ...], source: str) -> np.ndarray:
    found = np.asarray(present)
    if found.shape != shape:
        raise InputError(f"present of {source} has the shape {list(found.shape)}: give {list(shape)}")
    if found.dtype != bool and not (found.dtype.kind in "iu" and np.isin(found, (0, 1)).all()):
        raise InputError(f"present of {source} says where objects are: give True or False")
    return found.astype(bool)
