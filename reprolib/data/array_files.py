"""Arrays in files of numpy, .npy and .npz, from whoever wrote them."""

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import numpy as np

from reprolib.errors import InputError
from reprolib.reading import DAMAGED, open_regular, reason

HEADS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}  # by version


def read_arrays(path: Path, remedy: str) -> dict[str, np.ndarray]:
    """The arrays of a .npz by their names, or that of a .npy under the name "".

    Args:
        remedy: what to do about a wrong file, as an error says it.

    Raises:
        InputError: no file, no arrays, or objects that would have to be unpickled.
    """
    return _read(path, remedy, _loaded)


def read_array(path: Path, remedy: str, mapped: bool = False) -> np.ndarray:
    """The array of a .npy file; with `mapped` read from the disk where it is looked at.

    Raises:
        InputError: as `read_arrays` does, and where it is an archive of arrays.
    """
    found = _read(path, remedy, _mapped if mapped else _loaded)
    if list(found) != [""]:
        raise InputError(f"{path} is an archive and not one array: {remedy}")
    return found[""]


def _read(path: Path, remedy: str, load: Callable[[Path, BinaryIO], dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    try:
        with open_regular(path) as stream, warnings.catch_warnings(action="ignore"):  # of a head that is odd
            return load(path, stream)
    except DAMAGED as error:
        raise InputError(f"{path} cannot be read as arrays of numbers ({reason(error)}): {remedy}") from None


def _loaded(path: Path, stream: BinaryIO) -> dict[str, np.ndarray]:
    found = np.load(stream, allow_pickle=False)
    arrays = {"": found} if isinstance(found, np.ndarray) else {name: found[name] for name in found.files}
    for name, each in arrays.items():
        if not isinstance(each, np.ndarray):  # as numpy gives bytes that are none of its own
            raise ValueError(f"{name!r} is no array")
    return arrays


def _mapped(path: Path, stream: BinaryIO) -> dict[str, np.ndarray]:
    version = np.lib.format.read_magic(stream)
    if version not in HEADS:
        raise ValueError(f"version {version} holds no plain numbers")
    if HEADS[version](stream)[2].itemsize == 0:  # by which numpy divides, and the process ends
        raise ValueError("its values have no bytes")
    return {"": np.load(path, mmap_mode="r", allow_pickle=False)}
