"""The data sets that `reprolib data list|fetch|generate|check` knows: one entry each, one module a data set."""

import sys
from pathlib import Path

from reprolib import paths
from reprolib.data.catalogue import (
    babi_files,
    balls_on_a_table,
    clevr_files,
    drawn_scenes,
    simulated_motion,
    tracked_basketball,
    walking_files,
)
from reprolib.data.catalogue.known import Entry
from reprolib.errors import InputError
from reprolib.files import locked, temporary_beside

MARK = 9  # characters that say what a finding is: ok, differs
ENTRIES = (
    babi_files.ENTRY,
    *clevr_files.ENTRIES,
    drawn_scenes.ENTRY,
    balls_on_a_table.ENTRY,
    *simulated_motion.ENTRIES,
    walking_files.ENTRY,
    tracked_basketball.ENTRY,
)


def entries() -> tuple[Entry, ...]:
    """All data sets in reading order."""
    return ENTRIES


def get(name: str) -> Entry:
    """The data set called sort_of_clevr or sort-of-clevr.

    Raises:
        InputError: there is none of that name.
    """
    known = {entry.name: entry for entry in ENTRIES}
    try:
        return known[name.replace("-", "_")]
    except KeyError:
        raise InputError(f"unknown data set {name!r}: choose one of {', '.join(known)}") from None


def fetch(name: str, url: str | None = None) -> Path:
    """Download the real files, unless they are there already, and return their folder; one process at a time.

    Args:
        url: another address of the same archive than the entry's, https, http or file.

    Raises:
        InputError: nothing to download, or what `fetch.download` raises.
    """
    entry = get(name)
    if entry.by_hand:
        raise InputError(
            f"{name} has to be brought by hand, {entry.by_hand}: put it under REPROLIB_DATA as {entry.layout}"
        )
    if entry.download is None:
        raise InputError(f"{name} was never released as files: use `reprolib data generate {entry.name}`")
    folder = paths.downloads()
    with locked(folder / ".fetch", waits=lambda: print(f"another fetch into {folder} is at work", file=sys.stderr)):
        return entry.download(url or entry.url)


def check(name: str) -> list[str]:
    """Findings, one a line: each begins with "ok" or, where the data are not as released, with "differs".

    Raises:
        InputError: the files are missing or damaged.
    """
    return get(name).check()


def check_all() -> list[str]:
    """The findings on every data set, each with its name; of one whose real files are not there, "absent"."""
    return [f"{line[:MARK]}{entry.name}: {line[MARK:]}" for entry in ENTRIES for line in _findings(entry)]


def _findings(entry: Entry) -> list[str]:
    if not entry.there():
        return [f"{'absent':{MARK}}looked for under REPROLIB_DATA: {entry.layout}"]
    try:
        return entry.check()
    except InputError as error:
        return [f"{'differs':{MARK}}{error}"]


def generate(name: str, folder: Path, size: int) -> Path:
    """Write generated data to `folder`, which appears only when complete; seed 0, so the same bytes each time.

    Args:
        size: what it counts is said by the entry's `generator`.

    Raises:
        InputError: the folder holds files already or cannot be written, or the size is too small.
    """
    write = get(name).write
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(f"{folder} is there already and not an empty folder: name another one or empty it")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with temporary_beside(folder, folder=True) as temporary:
            write(temporary, size)
            temporary.chmod(0o755)
            return temporary.replace(folder)
    except OSError as error:
        raise InputError(f"could not write {folder} ({error}): free some space or choose another folder") from error
