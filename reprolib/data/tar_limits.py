"""Limits on a tar archive, held against its declared and its real sizes before anything of it is kept in memory."""

import bz2
import gzip
import lzma
import tarfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from reprolib.errors import InputError

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
BROKEN = (tarfile.TarError, EOFError, OSError, ValueError, OverflowError, RecursionError, zlib.error, lzma.LZMAError)


def require_modest(path: Path) -> None:
    """Raise InputError unless a tar archive is whole, and small enough to be read into memory."""
    try:
        with _opened(path) as stream:
            said = _excess(stream)
        if said is None:
            with tarfile.open(path) as archive:
                said = _excess_of_members(archive)
    except BROKEN as error:
        reason = str(error).partition(":")[0]  # the rest names every kind of archive that it is not
        raise InputError(f"{path} is not a complete tar archive ({reason}): fetch it again") from None
    if said is not None:
        raise InputError(f"{path} holds {said}, more than any released archive: fetch it again")


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


def _excess_of_members(archive: tarfile.TarFile) -> str | None:
    """What is too much of the members, by the sizes that they declare: with the holes of sparse ones."""
    size = 0
    for count, member in enumerate(archive, 1):
        size += member.size
        if count > MOST_MEMBERS:
            return f"more than {MOST_MEMBERS} members"
        if len(member.name) > LONGEST_NAME:
            return f"a name of {len(member.name)} characters"
        if member.size > LARGEST_MEMBER or size > LARGEST:
            return f"a member of {member.size} bytes, {size} with those before it"
    return None
