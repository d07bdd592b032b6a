"""Tracks from files: arrays as .npy or .npz, tables as .csv.

    .csv   columns scene, frame, object, then one a feature; a row where an object is present, in any order
    .npz   trajectories [S, T, N, D] and, where objects are absent at times, present, bool [S, T, N]
    .npy   [S, T, N, D]; of several files the features are joined

Files called loc_* and vel_* are those of the official code of Kipf et al. 2018: [S, T, D, N].

S scenes, T frames, N objects, D features, R rows of a table.
"""

import csv
import io
import math
import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from reprolib.data.array_files import read_arrays
from reprolib.errors import InputError
from reprolib.own.tracks import Tracks, checked, of_arrays
from reprolib.reading import read_text, reason

KEYS = ("scene", "frame", "object")
ARRAYS = ("trajectories", "values")  # what an archive may call them
OFFICIAL = {"loc_": ("x", "y"), "vel_": ("vx", "vy")}  # beginnings of names, and the features of such files
EMPTY = ("", "na", "nan", "none", "null")  # cells without a value
TABLE, CORRECT = "a table with commas", "correct the file"  # what a .csv should be, and the remedy
SPARSE = 50  # places of an array for one row of a table: more of them are a mistake in the frames' numbers
ROOM = 10**6  # places that are always allowed


def read(paths: Sequence[Path]) -> Tracks:
    """The tracks of a file, or of several .npy files with some of the features each.

    Raises:
        InputError: a file that is not there or cannot be read as tracks; names the file and, where there is one, the
            line, scene or object.
    """
    kinds = {path.suffix.lower() for path in paths}
    if len(paths) > 1 and kinds != {".npy"}:
        raise InputError("several files are joined feature by feature: give .npy files, or one .csv or .npz")
    if not kinds <= {".csv", ".npy", ".npz"}:
        raise InputError(f"{paths[0]} is no .csv, .npy or .npz: give trajectories in one of these")
    if kinds == {".csv"}:
        return _of_table(paths[0])
    if kinds == {".npz"}:
        return _of_archive(paths[0])
    parts = [_official(path) for path in paths]
    shapes = [values.shape[:3] for values, _ in parts]
    if len(set(shapes)) > 1:
        said = " and ".join(f"{path.name} has {list(shape)}" for path, shape in zip(paths, shapes, strict=True))
        raise InputError(f"{said} scenes, frames and objects: give files of the same ones")
    names = [name for _, features in parts for name in features]
    joined = np.concatenate([values for values, _ in parts], -1)
    return of_arrays(joined, features=names, source=str(paths[0]))


def load(path: Path) -> dict[str, np.ndarray]:
    """The arrays of a .npz by their names, or that of a .npy under the name "".

    Raises:
        InputError: no file, no arrays, or objects that would have to be unpickled.
    """
    return read_arrays(path, "save it with numpy")


def _official(path: Path) -> tuple[np.ndarray, tuple[str, ...]]:
    """The array of a .npy file as [S, T, N, D], and the names of its features."""
    (values,) = load(path).values()
    if values.ndim != 4:
        raise InputError(f"{path} has the shape {list(values.shape)}: give [scenes, frames, objects, features]")
    known = next((names for start, names in OFFICIAL.items() if path.name.startswith(start)), None)
    if known is None:
        return values, tuple(f"{path.stem}_{number}" for number in range(1, values.shape[3] + 1))
    if values.shape[2] != len(known):
        raise InputError(f"{path} has the shape {list(values.shape)}: a file of that name holds [S, T, 2, objects]")
    return values.swapaxes(2, 3), known


def _of_archive(path: Path) -> Tracks:
    arrays = load(path)
    name = next((name for name in ARRAYS if name in arrays), None)
    if name is None:
        held = ", ".join(arrays) or "nothing"
        raise InputError(f"{path} holds {held}: call the array [scenes, frames, objects, features] trajectories")
    return of_arrays(arrays[name], arrays.get("present"), source=str(path))


def _of_table(path: Path) -> Tracks:
    table, features = rows(path, KEYS)
    if not features:
        raise InputError(f"{path} has no column beside scene, frame and object: give one a feature")
    values = np.stack([numbers(path, table, name) for name in features], 1)  # [R, D]
    _check_finite(path, table, features, values)
    scene, scenes = pd.factorize(table["scene"])
    slot, objects = _slots(scene, table["object"])
    frame = _frames(path, table, scene)
    shape = len(scenes), int(frame.max()) + 1, max(map(len, objects))
    if math.prod(shape) > SPARSE * len(table) + ROOM:
        raise InputError(
            f"{path}: frames reach up to {frame.max():,} steps of one scene, but there are {len(table):,} "
            "rows in all: number the frames of each scene one after another"
        )
    _check_once(path, table, np.stack([scene, frame, slot]))
    filled, present = np.zeros((*shape, len(features))), np.zeros(shape, bool)
    filled[scene, frame, slot], present[scene, frame, slot] = values, True
    names = tuple((*some, *("",) * (shape[2] - len(some))) for some in objects)
    return checked(Tracks(filled, present, tuple(scenes), names, tuple(features)), str(path))


def rows(path: Path, keys: Sequence[str]) -> tuple[pd.DataFrame, list[str]]:
    """A table whose key columns are text, its index the lines of the file, and the names of all other columns.

    Raises:
        InputError: no file, no text, a column that is missing or there twice, a line of another length, an empty key.
    """
    text = read_text(path, TABLE, CORRECT)
    try:
        header = [name.strip() for name in next(csv.reader(io.StringIO(text, newline="")), [])]
        lacking = [name for name in keys if name not in header]
        if lacking:
            raise InputError(
                f"{path} has no column {lacking[0]}: its first line names {', '.join(header) or 'nothing'}"
            )
        doubled = next((name or "without a name" for name in header if not name or header.count(name) > 1), None)
        if doubled:
            raise InputError(f"{path} has a column {doubled} that is not the only one: give each a name of its own")
        table = _parsed(text, header, keys)
    except (csv.Error, pd.errors.ParserError, pd.errors.ParserWarning) as error:
        raise InputError(f"{path} cannot be read as {TABLE} ({reason(error)}): {CORRECT}") from None
    blank = (table == "").all(axis=1)
    table = table[~blank]
    if table.empty:
        raise InputError(f"{path} has no row below its first line")
    for name in keys:
        table[name] = table[name].str.strip()
        if (empty := table.index[table[name] == ""]).size:
            raise InputError(f"{path} line {empty[0]}: the {name} is missing")
    return table, [name for name in header if name not in keys]


def _parsed(text: str, header: list[str], keys: Sequence[str]) -> pd.DataFrame:
    with warnings.catch_warnings():
        warnings.simplefilter("error", pd.errors.ParserWarning)  # a line that is longer than the first
        table = pd.read_csv(
            io.StringIO(text, newline=""),
            skiprows=1,
            names=header,
            index_col=False,
            dtype=dict.fromkeys(keys, str),
            keep_default_na=False,
            skip_blank_lines=False,
            low_memory=False,
        )
    table.index += 2  # the line of the file
    return table.fillna("") if table[list(keys)].isna().to_numpy().any() else table  # a line that is too short


def numbers(path: Path, table: pd.DataFrame, name: str) -> np.ndarray:
    """A column as float64 [R], NaN where a cell is empty; raises InputError where it holds other text."""
    column = table[name]
    found = pd.to_numeric(column, errors="coerce").astype(float)
    text = column.astype(str).str.strip()
    wrong = found.isna() & ~text.str.lower().isin(EMPTY)
    if wrong.any():
        raise InputError(f"{path} line {wrong.idxmax()}: {name} is {text[wrong.idxmax()]!r}, which is no number")
    return found.to_numpy()


def _check_finite(path: Path, table: pd.DataFrame, features: Sequence[str], values: np.ndarray) -> None:
    wrong = np.argwhere(~np.isfinite(values))
    if len(wrong):
        row, feature = wrong[0]
        line, here = table.index[row], table.iloc[row]
        raise InputError(
            f"{path} line {line}: {features[feature]} of object {here['object']} in scene {here['scene']} is "
            f"{values[row, feature]}: leave the row out where an object is absent"
        )


def _frames(path: Path, table: pd.DataFrame, scene: np.ndarray) -> np.ndarray:
    """Every row's frame [R], from 0 for the first of its scene, in steps of the largest number that divides all."""
    found = numbers(path, table, "frame")
    wrong = ~(np.isfinite(found) & (found == np.round(found)) & (np.abs(found) < 2**53))
    if wrong.any():
        row = int(wrong.argmax())
        raise InputError(
            f"{path} line {table.index[row]}: the frame is {table['frame'].iloc[row]!r}: give a whole number"
        )
    whole = found.astype(np.int64)
    first = np.full(scene.max() + 1, whole.max())
    np.minimum.at(first, scene, whole)
    since = whole - first[scene]
    return since // max(1, int(np.gcd.reduce(since)))


def _slots(scene: np.ndarray, objects: pd.Series) -> tuple[np.ndarray, list[list[str]]]:
    """Every row's object as a number within its scene [R], in the order of the whole file, and the names of each."""
    code, names = pd.factorize(objects)
    pairs, place = np.unique(np.stack([scene, code]), axis=1, return_inverse=True)  # [2, P], sorted
    first = np.searchsorted(pairs[0], np.arange(scene.max() + 1))
    slot = np.arange(pairs.shape[1]) - first[pairs[0]]
    of_scenes = np.split(pairs[1], first[1:])
    return slot[place.ravel()], [list(names[some]) for some in of_scenes]


def _check_once(path: Path, table: pd.DataFrame, places: np.ndarray) -> None:
    doubled = pd.DataFrame(places.T, index=table.index).duplicated(keep=False)
    if doubled.any():
        line = doubled.idxmax()
        where = table.loc[line]
        said = f"object {where['object']} of scene {where['scene']} in frame {where['frame']}"
        raise InputError(f"{path} line {line}: {said} is there more than once: keep one row")
