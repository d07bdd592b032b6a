"""Reading files of whoever wrote them: whatever is wrong with one ends in an InputError of one sentence.

Archives, arrays and pictures have readers of their own, which raise one of `DAMAGED` where a file is none of theirs.
"""

import json
import lzma
import os
import stat
import struct
import tarfile
import tokenize
import zipfile
import zlib
from pathlib import Path
from typing import Any, BinaryIO

from reprolib.errors import InputError

DAMAGED = (  # what the readers of archives, arrays and pictures raise where a file is damaged, or as they cannot read
    *(tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, tokenize.TokenError),
    *(OSError, EOFError, LookupError, MemoryError, OverflowError, RuntimeError, SyntaxError, TypeError, ValueError),
)
DIGITS = 18  # of a whole number: more would fit no 64 bits


def _whole(digits: str) -> int:
    if len(digits) > DIGITS:
        raise ValueError(f"a whole number of {len(digits)} digits")
    return int(digits)


DECODER = json.JSONDecoder(parse_int=_whole)


def parse_json(text: str) -> Any:
    """A JSON text; raises ValueError where it is none, is nested too deeply, or has numbers of too many digits."""
    try:
        return DECODER.decode(text)
    except RecursionError:
        raise ValueError("too many lists or objects within one another") from None


def read_json(path: Path, kind: str, remedy: str, most: int | None = None) -> Any:
    """What a JSON file holds; the arguments and errors are those of `read_text`."""
    text = read_text(path, kind, remedy, most)
    try:
        return parse_json(text)
    except ValueError as error:
        raise _unreadable(path, kind, error, remedy) from None


def read_text(path: Path, kind: str, remedy: str, most: int | None = None) -> str:
    """The text of a file in UTF-8, its ends of lines as they are.

    Args:
        kind: what the file should be, and
        remedy: what to do where it is not, as an error says it.
        most: bytes of the file, where there is a limit.

    Raises:
        InputError: it is not there, cannot be read, or is no text.
    """
    try:
        content = read_regular(path, most)
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise _unreadable(path, kind, f"line {line} is no text in UTF-8", remedy) from None
    except (OSError, ValueError) as error:
        raise _unreadable(path, kind, error, remedy) from None


def read_regular(path: Path, most: int | None = None) -> bytes:
    """The content of a file of at most `most` bytes.

    Raises:
        OSError: it cannot be read, or is no file.
        ValueError: it is larger.
    """
    with open_regular(path) as stream:
        size = os.fstat(stream.fileno()).st_size
        if most is not None and size > most:
            raise ValueError(f"it holds {size} bytes, more than {most}")
        return stream.read()


def open_regular(path: Path) -> BinaryIO:
    """A file, to be read; nothing else, such as a pipe or a device, is waited for.

    Raises:
        OSError: it cannot be opened, or is no file.
    """
    stream = open(path, "rb", opener=lambda name, flags: os.open(name, flags | os.O_NONBLOCK))  # noqa: SIM115
    if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
        stream.close()
        raise OSError("it is no regular file")
    return stream


def reason(error: object) -> str:
    """Why a file could not be read, on one line."""
    said = error.strerror if isinstance(error, OSError) and error.strerror else error
    return " ".join(f"{said}".split()) or type(error).__name__


def _unreadable(path: Path, kind: str, error: object, remedy: str) -> InputError:
    return InputError(f"{path} cannot be read as {kind} ({reason(error)}): {remedy}")
