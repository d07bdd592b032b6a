"""Arrays that are kept in a file under _build, so that they are made once.

Names hold a hash of the recipe, and files a hash of their content: what is damaged is made anew.
"""

import hashlib
from collections.abc import Callable, Mapping
from functools import cache as remembered
from pathlib import Path

import numpy as np

from reprolib import paths
from reprolib.data.array_files import read_arrays
from reprolib.errors import InputError
from reprolib.files import locked, write_atomically
from reprolib.reading import open_regular

DIGITS = 16  # of a recipe's hash, in a name

Arrays = Mapping[str, np.ndarray]


def arrays(folder: str, name: str, recipe: str, make: Callable[[], Arrays]) -> Arrays:
    """Arrays by their names, as `make` gives them; `recipe` says all that they depend on.

    Raises:
        InputError: as `make` does, or the file cannot be written.
    """
    path = place(folder, name, recipe, "npz")
    with locked(path):
        kept = _read(path, recipe)
        if kept is None:
            kept = make()
            write_atomically(path, lambda temporary: _write(temporary, recipe, kept))
    return kept


def place(folder: str, name: str, recipe: str, suffix: str) -> Path:
    """The file of a recipe in a folder under _build."""
    return paths.BUILD / folder / f"{name}_{hashlib.sha256(recipe.encode()).hexdigest()[:DIGITS]}.{suffix}"


def file_hash(path: Path) -> str:
    """The sha256 of a file, for recipes; it is read again only after it has changed.

    Raises:
        OSError: it is not there, or cannot be read.
    """
    facts = path.stat()
    return _sha256(path, facts.st_size, facts.st_mtime_ns)


@remembered
def _sha256(path: Path, size: int, changed: int) -> str:
    """Of a file as it was then; those of real data take seconds."""
    with open_regular(path) as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _write(path: Path, recipe: str, content: Arrays) -> None:
    with path.open("wb") as stream:
        np.savez(stream, recipe=recipe, digest=_digest(content), **content)


def _read(path: Path, recipe: str) -> Arrays | None:
    """The arrays of a file, or None where there is none that is whole and holds this recipe."""
    try:
        content = read_arrays(path, "make it anew")
    except InputError:
        return None
    known, digest = str(content.pop("recipe", "")), str(content.pop("digest", ""))
    return content if known == recipe and digest == _digest(content) else None


def _digest(content: Arrays) -> str:
    """Hash of the content."""
    found = hashlib.sha256()
    for name, array in content.items():
        found.update(f"{name} {array.dtype} {array.shape}".encode())
        found.update(np.ascontiguousarray(array))
    return found.hexdigest()
