"""True edges from files, where somebody knows them: which sender acts on which receiver, and how.

    .csv          columns scene, receiver, sender, type; without scene of all scenes; pairs that are not named are 0
    .npy or .npz  [S, N, N] or [S, N, N - 1], or of all scenes [N, N] or [N, N - 1]; an archive calls them edges

A row of an array is a receiver and a column a sender, in ascending order and, where there are N - 1, without itself.
Type 0 is no interaction.

S scenes, N objects.
"""

from pathlib import Path

import numpy as np

from reprolib.data.simulations import senders
from reprolib.errors import InputError
from reprolib.own.track_files import load, numbers, rows
from reprolib.own.tracks import Tracks
from reprolib.settings.moving import MOST_TYPES


def read_edges(path: Path, tracks: Tracks) -> np.ndarray:
    """The types of all edges, int64 [S, N, N - 1].

    Raises:
        InputError: a file that cannot be read or does not fit the tracks; names the file and, where there is one, the
            line.
    """
    square = _of_table(path, tracks) if path.suffix.lower() == ".csv" else _of_array(path, tracks)  # [S, N, N]
    objects = square.shape[1]
    return square[:, np.arange(objects)[:, None], senders(objects)]


def _of_array(path: Path, tracks: Tracks) -> np.ndarray:
    arrays = load(path)
    if not {"", "edges"} & set(arrays):
        raise InputError(f"{path} holds {', '.join(arrays) or 'nothing'}: call the array of edge types edges")
    found = arrays[""] if "" in arrays else arrays["edges"]
    scenes, _, objects = tracks.present.shape
    if found.shape in ((objects, objects), (objects, objects - 1)):
        found = np.broadcast_to(found, (scenes, *found.shape))
    if found.shape not in ((scenes, objects, objects), (scenes, objects, objects - 1)):
        raise InputError(
            f"{path} has the shape {list(found.shape)}: give {[scenes, objects, objects]}, row receiver, column sender"
        )
    if found.dtype.kind not in "iufb" or not (np.isfinite(found) & (found >= 0) & (found == np.round(found))).all():
        raise InputError(f"{path} does not hold types of edges: give whole numbers from 0 up")
    whole = _few(path, found)
    if whole.shape[2] == objects:
        return whole
    square = np.zeros((scenes, objects, objects), np.int64)
    square[:, np.arange(objects)[:, None], senders(objects)] = whole
    return square


def _of_table(path: Path, tracks: Tracks) -> np.ndarray:
    table, others = rows(path, ("receiver", "sender", "type"))
    scenes, _, objects = tracks.present.shape
    kind = numbers(path, table, "type")
    wrong = ~((kind >= 0) & (kind == np.round(kind)))
    if wrong.any():
        raise InputError(f"{path} line {table.index[wrong.argmax()]}: the type is no whole number from 0 up")
    places = {name: number for number, name in enumerate(tracks.scenes)}
    square = np.zeros((scenes, objects, objects), np.int64)
    of_scene = table["scene"].astype(str).str.strip() if "scene" in others else [None] * len(table)
    lines = zip(table.index, of_scene, table["receiver"], table["sender"], _few(path, kind), strict=True)
    for line, scene, receiver, sender, type_ in lines:
        if scene is not None and scene not in places:
            raise InputError(f"{path} line {line}: there is no scene {scene} among the trajectories")
        named = 0
        for number in range(scenes) if scene is None else [places[scene]]:
            slots = {name: slot for slot, name in enumerate(tracks.objects[number]) if name}
            if receiver in slots and sender in slots and receiver != sender:
                square[number, slots[receiver], slots[sender]] = type_
                named += 1
        if not named:
            raise InputError(f"{path} line {line}: {sender} and {receiver} are no two objects of a scene")
    return square


def _few(path: Path, types: np.ndarray) -> np.ndarray:
    """The types as whole numbers, of which there are not too many."""
    if types.max(initial=0) >= MOST_TYPES:
        raise InputError(f"{path} holds type {types.max():g}: give fewer than {MOST_TYPES} types, numbered from 0")
    return types.astype(np.int64)
