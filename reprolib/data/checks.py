"""Checks of what is given: whole numbers, arrays of finite values, room on a disk."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np

from reprolib.errors import InputError


def check_whole(least: int, **numbers: Any) -> None:
    """Raise InputError unless every number, given by its name, is whole and at least `least`."""
    for name, value in numbers.items():
        if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
            raise InputError(f"{name} is {value!r}: give a whole number of at least {least}")


def as_reals(name: str, values: Any) -> np.ndarray:
    """The values as a float64 array; raises InputError where they are ragged, complex or no numbers."""
    try:
        return np.asarray(values).astype(np.float64, order="C", casting="same_kind", copy=False)
    except (TypeError, ValueError) as error:
        raise InputError(f"{name} is no array of real numbers: {error}") from error


def check_values(name: str, values: np.ndarray, shape: tuple[int | None, ...]) -> np.ndarray:
    """The values as float64; raises InputError when they have another shape (None: any length) or are not finite."""
    values = as_reals(name, values)
    fits = values.ndim == len(shape) and all(b in (None, a) for a, b in zip(values.shape, shape, strict=True))
    if not fits:
        expected = ", ".join("any" if length is None else str(length) for length in shape)
        raise InputError(f"{name} has the shape {list(values.shape)}: give [{expected}]")
    if not np.isfinite(values).all():
        scene = np.argwhere(~np.isfinite(values))[0, 0]
        raise InputError(f"{name} of scene {scene} (counting from 0) contain NaN or infinity: give finite numbers")
    return values


def check_room(folder: Path, needed: int, work: str) -> None:
    """Raise InputError unless the disk of a folder, which may not be there yet, has room for the bytes of some work."""
    free = shutil.disk_usage(next(place for place in (folder, *folder.parents) if place.exists())).free
    if free < needed:
        raise InputError(
            f"{folder} has {_size(free)} free, but {work} takes {_size(needed)}: free some space or choose another disk"
        )


def _size(count: int) -> str:
    """Bytes for reading."""
    return f"{count / 1e9:,.1f} GB" if count >= 1e9 else f"{count / 1e6:,.1f} MB"
