"""Writing files so that a kill or a full disk leaves the old content or none, never half of the new; locks."""

import fcntl
import os
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from reprolib.errors import InputError


def write_atomically(path: Path, write: Callable[[Path], object]) -> None:
    """Let `write` fill a temporary file beside `path`, then move it into place.

    Raises:
        InputError: the file could not be written (a full disk, no permission); `path` is then as it was.
    """
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        os.close(handle)
        temporary = Path(name)
        write(temporary)
        with temporary.open("rb") as stream:
            os.fsync(stream.fileno())
        temporary.chmod(0o644)
        temporary.replace(path)
    except (OSError, RuntimeError) as error:  # torch.save reports a full disk as RuntimeError
        raise InputError(f"could not write {path} ({error}): free some space or choose another folder") from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text atomically."""
    write_atomically(path, lambda temporary: temporary.write_text(text, encoding="utf-8"))


def read_regular(path: Path, most: int) -> bytes:
    """The content of a file of at most `most` bytes; nothing else, such as a pipe or a device, is waited for.

    Raises:
        OSError: it cannot be read.
        ValueError: it is no file, or a larger one.
    """
    with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as stream:
        found = os.fstat(stream.fileno())
        if not stat.S_ISREG(found.st_mode):
            raise ValueError("it is no regular file")
        if found.st_size > most:
            raise ValueError(f"it holds {found.st_size} bytes, more than {most}")
        return stream.read()


def check_folder(folder: Path) -> None:
    """Make a folder, unless it is there, and raise InputError where no file can be written into it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        raise InputError(f"could not write into {folder} ({error}): free some space or choose another folder") from None


@contextmanager
def locked(path: Path, wait: bool = True) -> Iterator[bool]:
    """Hold the lock of a file (PATH.lock beside it), which the system takes back from a process that is killed.

    Args:
        wait: until no other process holds it; otherwise yields False at once where one does.

    Raises:
        InputError: the lock could not be written.
    """
    lock = path.with_suffix(".lock")
    try:
        lock.parent.mkdir(parents=True, exist_ok=True)
        stream = lock.open("a")
    except OSError as error:
        raise InputError(f"could not write {lock} ({error}): free some space or choose another folder") from error
    with stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True
