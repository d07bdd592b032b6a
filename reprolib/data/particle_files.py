"""The files that the official code of Kipf et al. 2018 writes, in its `data/generate_dataset.py`.

For SPLIT train, valid and test, of N particles on springs, or of charged ones:

    loc_SPLIT_springsN.npy    [M, T, 2, N], positions
    vel_SPLIT_springsN.npy    [M, T, 2, N], velocities
    edges_SPLIT_springsN.npy  [M, N, N], 1 for a spring and 0 for none; of charges their products, 1 and -1

What stands on the diagonal of edges is passed over: for charges it holds their squares. M scenes, T frames, N objects.
"""

import hashlib
import re
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from reprolib import paths
from reprolib.data import cache
from reprolib.data.array_files import read_array
from reprolib.data.simulations import Scale, Simulations, senders
from reprolib.errors import InputError
from reprolib.settings.data_sets import PARTICLES

FOLDER = "nri"  # under REPROLIB_DATA
PARTS, SPLITS = ("loc", "vel", "edges"), ("train", "valid", "test")
LARGEST = 1e9  # that a coordinate may be
RESTORE = "write it anew with the official generate_dataset.py"


def folder() -> Path | None:
    """The user's files, where there are any."""
    data = paths.real_data()
    return data / FOLDER if data and (data / FOLDER).is_dir() else None


def missing(place: Path, kind: str, objects: int, splits: Iterable[str] = SPLITS) -> str | None:
    """Which file of a system is not there, and what to do; None where all are."""
    if kind not in PARTICLES:
        return f"the official code writes files of {' and '.join(PARTICLES)}, not of {kind}: use --data generated"
    wanted = (path for split in splits for path in _files(place, kind, objects, split))
    absent = next((path for path in wanted if not path.is_file()), None)
    return absent and f"{absent} is not there: {RESTORE}, or use --data generated"


def held(place: Path, kind: str) -> dict[int, list[str]]:
    """{number of objects: splits} of a system of which there is at least one file."""
    found: dict[int, list[str]] = {}
    name = re.compile(rf"(?:{'|'.join(PARTS)})_({'|'.join(SPLITS)})_{kind}([1-9]\d{{0,3}})\.npy", re.ASCII)
    for match in filter(None, (name.fullmatch(path.name) for path in sorted(place.iterdir()))):
        splits = found.setdefault(int(match[2]), [])
        if match[1] not in splits:
            splits.append(match[1])
    return {objects: sorted(found[objects], key=SPLITS.index) for objects in sorted(found)}


def read(place: Path, kind: str, objects: int, split: str, count: int | None, frames: int) -> Simulations:
    """The first scenes of a split, at most `count` or all, and the first frames of each.

    Raises:
        InputError: a file that is not there, cannot be read, has another shape, fewer frames, or values that cannot be;
            names the file and, where there is one, the scene.
    """
    if said := missing(place, kind, objects, (split,)):
        raise InputError(said)
    *motion, edges = _files(place, kind, objects, split)
    states = [_motion(path, objects) for path in motion]
    if states[0].shape != states[1].shape:
        raise InputError(f"{motion[1]} has other scenes or frames than {motion[0].name}: {RESTORE}")
    scenes, found = states[0].shape[:2]
    if found < frames:
        raise InputError(f"{motion[0]} has {found} frames a scene: give {frames} or more, as the official code does")
    kept = np.concatenate([part[:count, :frames] for part in states], axis=2)  # [M, T, 4, N]
    return Simulations(kept.swapaxes(2, 3).astype(np.float32), _edges(edges, scenes, objects)[:count])


def scale(place: Path, kind: str, objects: int) -> Scale:
    """To [-1, 1] as the official loader does: by the least and largest value of all training scenes, x and y alike."""
    ends = [(float(found.min()), float(found.max())) for found in _training(place, kind, objects)]
    return Scale((ends[0], ends[0], ends[1], ends[1]))


def digest(place: Path, kind: str, objects: int, splits: Iterable[str] = SPLITS) -> str:
    """Hash of the files of a system."""
    hashes = [cache.file_hash(path) for split in splits for path in _files(place, kind, objects, split)]
    return hashlib.sha256(" ".join(hashes).encode()).hexdigest()


def _files(place: Path, kind: str, objects: int, split: str) -> list[Path]:
    return [place / f"{part}_{split}_{kind}{objects}.npy" for part in PARTS]


def _training(place: Path, kind: str, objects: int) -> Iterable[np.ndarray]:
    for path in _files(place, kind, objects, SPLITS[0])[:2]:
        found = _motion(path, objects)
        if found.min() == found.max():
            raise InputError(f"{path} holds {found.min():g} everywhere, so nothing moves: {RESTORE}")
        yield found


def _array(path: Path) -> np.ndarray:
    """An array of one scene or more, read from the disk where it is looked at."""
    found = read_array(path, RESTORE, mapped=True)
    if found.dtype.kind not in "fiu" or not found.size:
        raise InputError(f"{path} does not hold one array of real numbers: {RESTORE}")
    return found


def _motion(path: Path, objects: int) -> np.ndarray:
    """Positions or velocities [M, T, 2, N], all finite."""
    found = _array(path)
    if found.ndim != 4 or found.shape[2:] != (2, objects):
        raise InputError(f"{path} has the shape {list(found.shape)} and not [scenes, frames, 2, {objects}]: {RESTORE}")
    if not max(-found.min(), found.max()) <= LARGEST:
        scene = np.argwhere(~(np.abs(found) <= LARGEST))[0, 0]
        said = f"scene {scene} (counting from 0), holds a value that is not finite or beyond {LARGEST:g}"
        raise InputError(f"{path}, {said}: {RESTORE}")
    return found


def _edges(path: Path, scenes: int, objects: int) -> np.ndarray:
    """Types of the edges, int64 [M, N, N - 1]: 1 where there is a spring or a repulsion, else 0."""
    found = _array(path)
    if found.shape != (scenes, objects, objects):
        raise InputError(f"{path} has the shape {list(found.shape)} and not {[scenes, objects, objects]}: {RESTORE}")
    others = found[:, np.arange(objects)[:, None], senders(objects)]  # [M, N, N - 1]
    wrong = ~np.isin(others, (-1, 0, 1))
    if wrong.any():
        scene = np.argwhere(wrong)[0, 0]
        raise InputError(
            f"{path}, scene {scene} (counting from 0), holds an edge of {others[wrong][0]:g}: give 1 and 0 for springs "
            "and their absence, 1 and -1 for products of charges"
        )
    return (others > 0).astype(np.int64)
