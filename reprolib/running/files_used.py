"""Which files of the repository a notebook uses: its kernel notes them, and `execute` makes a rule for make of them."""

import os
import sys
from importlib.util import source_from_cache
from pathlib import Path

from reprolib import paths

SEEN = ("open", "os.listdir", "os.scandir")  # audit events whose first argument is a path that is read or listed


def watch(log: str) -> None:
    """From now on append to a file the path of all that this process and its forks open or list, each once.

    What has been imported before counts as opened. Nothing is written between two paths but a zero byte.
    """
    handle, noted = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND), set()

    def note(event: str, arguments: tuple) -> None:
        if event in SEEN and isinstance(arguments[0], str | bytes | os.PathLike):
            path = os.path.abspath(os.fsencode(arguments[0]))
            if path not in noted:
                noted.add(path)
                os.write(handle, path + b"\0")

    for module in list(sys.modules.values()):
        if getattr(module, "__file__", None):
            note("open", (module.__file__,))
    sys.addaudithook(note)


def rule(target: Path, log: Path) -> str:
    """A rule for make: the target needs what `watch` has noted of the library, the book's pictures and the records.

    Folders count where they hold records, for a new one changes what a page shows. Each prerequisite is a target
    without a recipe too, so that make takes a removed one for a changed one.
    """
    noted = {_source(Path(os.fsdecode(name))) for name in log.read_bytes().split(b"\0") if name}
    used = sorted(_escaped(path) for path in noted if _counts(path))
    return "".join([f"{_escaped(target)}:", *(f" \\\n  {path}" for path in used), "\n", *(f"{p}:\n" for p in used)])


def _source(path: Path) -> Path:
    """The module that a compiled file was made from; any other path as it is."""
    return Path(source_from_cache(path)) if path.parent.name == "__pycache__" and path.suffix == ".pyc" else path


def _counts(path: Path) -> bool:
    results = paths.results().absolute()
    if path.is_dir():
        return path.is_relative_to(results)
    return path.is_file() and any(path.is_relative_to(folder) for folder in (paths.LIBRARY, paths.BLENDER, results))


def _escaped(path: Path) -> str:
    """A path as make reads it: from the checkout where it lies in it, with what means something to make escaped."""
    place = path.relative_to(paths.WORK) if path.is_relative_to(paths.WORK) else path
    return str(place).replace("$", "$$").replace("#", "\\#").replace(" ", "\\ ")
