"""Limits on an archive, held against its declared and its real sizes before anything of it is kept in memory."""

import bz2
import gzip
import lzma
import tarfile
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import BinaryIO

from reprolib.errors import InputError
from reprolib.reading import DAMAGED, reason

LARGEST = 1 << 29  # bytes of an archive, unpacked; several times what any released one holds
LARGEST_MEMBER = 1 << 26  # bytes
MOST_MEMBERS = 10_000
LONGEST_NAME = 1024  # characters
CHUNK = 1 << 20  # bytes
OPENERS: tuple[tuple[bytes, Callable[[Path], BinaryIO]], ...] = (  # by what a packed file begins with
    (b"\x1f\x8b", gzip.open),
    (b"BZh", bz2.open),
    (b"\xfd7zXZ\x00", lzma.open),
)


def require_modest(path: Path, remedy: str = "fetch it again") -> None:
    """Raise InputError unless an archive is whole, and small enough to be read into memory."""
    kind, excess = ("zip", _excess_of_zip) if path.suffix == ".zip" else ("tar", _excess_of_tar)
    try:
        said = excess(path)
    except DAMAGED as error:
        said = reason(error).partition(":")[0]  # the rest names every kind of archive that it is not
        raise InputError(f"{path} is not a complete {kind} archive ({said}): {remedy}") from None
    if said is not None:
        raise InputError(f"{path} holds {said}, more than any released archive: {remedy}")


def _excess_of_zip(path: Path) -> str | None:
    """What is too much of a zip archive; no more is ever read of a member than it declares."""
    with zipfile.ZipFile(path) as archive:
        return _excess_of_members((member.filename, member.file_size) for member in archive.infolist())


def _excess_of_tar(path: Path) -> str | None:
    with _opened(path) as stream:
        said = _excess(stream)
    if said is not None:
        return said
    with tarfile.open(path) as archive:
        return _excess_of_members((member.name, member.size) for member in archive)


def _opened(path: Path) -> BinaryIO:
    """The bytes of an archive, unpacked as they are read."""
    with path.open("rb") as stream:
        head = stream.read(max(len(begins) for begins, _ in OPENERS))
    opener = next((opener for begins, opener in OPENERS if head.startswith(begins)), Path.open)
    return opener(path, mode="rb")


def _excess(stream: BinaryIO) -> str | None:
    """What is too much of the whole archive, also of what follows its last member."""
    size = 0
    while chunk := stream.read(CHUNK):
        size += len(chunk)
        if size > LARGEST:
            return f"more than {LARGEST} bytes"
    return None


def _excess_of_members(members: Iterable[tuple[str, int]]) -> str | None:
    """What is too much of the members, by the names and sizes that they declare: with the holes of sparse ones."""
    size = 0
    for count, (name, declared) in enumerate(members, 1):
        size += declared
        if count > MOST_MEMBERS:
            return f"more than {MOST_MEMBERS} members"
        if len(name) > LONGEST_NAME:
            return f"a name of {len(name)} characters"
        if declared > LARGEST_MEMBER or size > LARGEST:
            return f"a member of {declared} bytes, {size} with those before it"
    return None
