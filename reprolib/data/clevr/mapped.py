"""Pictures that are kept in a memory-mapped file under _build/clevr, so that they are made once.

Names hold a hash of the recipe, and a note beside the file a hash of its content: what is damaged is made anew.
"""

import hashlib
import json
import os
from collections.abc import Callable
from contextlib import suppress
from io import BytesIO
from pathlib import Path

import numpy as np
from tqdm import tqdm

from reprolib.data.cache import DIGITS, place
from reprolib.data.checks import check_room
from reprolib.errors import InputError
from reprolib.files import check_no_folder, locked, write_text
from reprolib.reading import open_regular, read_json

CHUNK = 256  # pictures that are made and written at a time


def pictures(name: str, recipe: str, shape: tuple[int, ...], draw: Callable[[slice], np.ndarray]) -> np.ndarray:
    """Pictures, uint8 of `shape`, read from the disk where they are looked at; writing to them changes no file.

    Args:
        draw: gives some consecutive pictures. A call that is cut short leaves those it has written to the next one.

    Raises:
        InputError: as `draw` does, or the disk has too little room.
    """
    path = place("clevr", name, recipe, "npy")
    with locked(path):
        if not _is_whole(path, recipe):
            check_no_folder(path)
            _clear(path, name, shape)
            _draw(path, shape, draw, name)
            note = {"recipe": recipe, "sha256": _digest(path.with_suffix(".part"))}
            write_text(path.with_suffix(".json"), json.dumps(note))
            path.with_suffix(".part").replace(path)
    return np.load(path, mmap_mode="c")


def _clear(path: Path, name: str, shape: tuple[int, ...]) -> None:
    """Remove what older recipes of a name left half-made: as many pictures of this size, and no process at work."""
    head = _head(shape)
    for part in {*path.parent.glob(f"{name}_{'?' * DIGITS}.part")} - {path.with_suffix(".part")}:
        with suppress(OSError, InputError), locked(part, wait=False) as free, part.open("rb") as stream:
            if free and stream.read(len(head)) == head:
                part.unlink()


def _draw(path: Path, shape: tuple[int, ...], draw: Callable[[slice], np.ndarray], title: str) -> None:
    """Fill the file of parts, going on behind the whole pictures that are there."""
    part, size, head = path.with_suffix(".part"), int(np.prod(shape[1:])), _head(shape)  # size: bytes of a picture
    try:
        with part.open("r+b" if part.exists() else "w+b") as stream:
            stream.write(head)
            stream.flush()
            done = min((part.stat().st_size - len(head)) // size, shape[0])
            stream.truncate(len(head) + done * size)
            stream.seek(0, os.SEEK_END)
            check_room(part.parent, (shape[0] - done) * size, "to keep the pictures")
            with tqdm(desc=title, total=shape[0], initial=done, unit="picture", disable=None) as bar:
                for start in range(done, shape[0], CHUNK):
                    some = draw(slice(start, min(start + CHUNK, shape[0])))
                    stream.write(np.ascontiguousarray(some, np.uint8).data)
                    stream.flush()
                    os.fsync(stream.fileno())
                    bar.update(len(some))
    except OSError as error:
        raise InputError(f"could not write {part} ({error}): free some space, then run it again") from error


def _head(shape: tuple[int, ...]) -> bytes:
    """The head of the npy file, which is the same each time."""
    described = {"descr": np.lib.format.dtype_to_descr(np.dtype(np.uint8)), "fortran_order": False, "shape": shape}
    stream = BytesIO()
    np.lib.format.write_array_header_1_0(stream, described)
    return stream.getvalue()


def _is_whole(path: Path, recipe: str) -> bool:
    try:
        note = read_json(path.with_suffix(".json"), "a note", "make it anew")
        return note == {"recipe": recipe, "sha256": _digest(path)}
    except (OSError, InputError):
        return False


def _digest(path: Path) -> str:
    with open_regular(path) as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
