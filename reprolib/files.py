"""Writing files so that a kill or a full disk leaves the old content or none, never half of the new; locks."""

import fcntl
import glob
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from reprolib.errors import InputError

UNFINISHED = ".unfinished"  # ends the names of temporary files and folders


def write_atomically(path: Path, write: Callable[[Path], object]) -> None:
    """Let `write` fill a temporary file beside `path`, then move it into place.

    Raises:
        InputError: the file could not be written (a full disk, no permission); `path` is then as it was.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary_beside(path) as temporary:
            write(temporary)
            with temporary.open("rb") as stream:
                os.fsync(stream.fileno())
            temporary.chmod(0o644)
            temporary.replace(path)
    except (OSError, RuntimeError) as error:  # torch.save reports a full disk as RuntimeError
        raise InputError(f"could not write {path} ({error}): free some space or choose another folder") from error


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text atomically."""
    write_atomically(path, lambda temporary: temporary.write_text(text, encoding="utf-8"))


@contextmanager
def temporary_beside(path: Path, folder: bool = False) -> Iterator[Path]:
    """A new file or folder for what is to become `path`, gone afterwards; those of killed processes go before.

    Raises:
        OSError: it cannot be made.
    """
    for left in path.parent.glob(f".{glob.escape(path.name)}.*{UNFINISHED}"):
        _remove_abandoned(left)
    options = {"dir": path.parent, "prefix": f".{path.name}.", "suffix": UNFINISHED}
    temporary = Path(tempfile.mkdtemp(**options)) if folder else None
    if temporary is None:
        handle, name = tempfile.mkstemp(**options)
        temporary = Path(name)
    else:
        handle = os.open(temporary, os.O_RDONLY)
    try:
        with suppress(OSError):  # where the disk knows no locks, what is left by a kill stays
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield temporary
    finally:
        _remove(temporary)
        os.close(handle)


def _remove_abandoned(left: Path) -> None:
    """Remove a temporary file or folder unless a process, which then holds its lock, is at work on it."""
    with suppress(OSError):
        handle = os.open(left, os.O_RDONLY | os.O_NONBLOCK)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _remove(left)
        finally:
            os.close(handle)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def check_no_folder(*places: Path) -> None:
    """Raise InputError where a folder stands in the way of a file."""
    for place in places:
        if place.is_dir():
            raise InputError(f"{place} is a folder, where a file is to be: move it away, then run it again")


def check_folder(folder: Path) -> None:
    """Make a folder, unless it is there, and raise InputError where no file can be written into it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        raise InputError(f"could not write into {folder} ({error}): free some space or choose another folder") from None


@contextmanager
def locked(path: Path, wait: bool = True, waits: Callable[[], object] = lambda: None) -> Iterator[bool]:
    """Hold the lock of a file (PATH.lock beside it), which the system takes back from a process that is killed.

    Args:
        wait: until no other process holds it; otherwise yields False at once where one does.
        waits: called once where another process holds it, before waiting.

    Raises:
        InputError: the lock could not be written.
    """
    lock = path.with_suffix(".lock")
    handle = _lock(lock, block=False)
    if handle is None and wait:
        waits()
        handle = _lock(lock, block=True)
    try:
        yield handle is not None
    finally:
        if handle is not None:
            lock.unlink(missing_ok=True)
            os.close(handle)


def _lock(lock: Path, block: bool) -> int | None:
    """The open file of a lock that is now held; None where another process holds it and `block` is off.

    Who lets go removes the file. A lock on a file that is gone by then keeps nobody away, so it is taken anew.
    """
    while True:
        try:
            lock.parent.mkdir(parents=True, exist_ok=True)
            handle = os.open(lock, os.O_RDWR | os.O_CREAT, 0o666)
        except OSError as error:
            raise InputError(f"could not write {lock} ({error}): free some space or choose another folder") from error
        try:
            fcntl.flock(handle, fcntl.LOCK_EX if block else fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _is_same(handle, lock):
                return handle
        except BlockingIOError:
            os.close(handle)
            return None
        except BaseException:
            os.close(handle)
            raise
        os.close(handle)


def _is_same(handle: int, path: Path) -> bool:
    """Whether an open file is the one that a path names."""
    with suppress(FileNotFoundError):
        return os.path.samestat(os.fstat(handle), path.stat())
    return False
