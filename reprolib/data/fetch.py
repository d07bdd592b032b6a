"""Downloading one archive: progress, resume after a break, checksum, and nothing wrong or half-written in its place.

The beginning of a file is kept in PATH.part and belongs to one address and to one version of the file, which are noted
in PATH.part.from: only there is it gone on with.
"""

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from http.client import HTTPException, HTTPMessage, HTTPResponse, InvalidURL
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import Request, url2pathname, urlopen

from tqdm import tqdm

from reprolib.data.checks import check_room
from reprolib.errors import InputError
from reprolib.files import check_no_folder, write_text
from reprolib.reading import read_json

ATTEMPTS = 3  # connections a call, each going on where the last one broke off
TIMEOUT = 30.0  # seconds without a byte
CHUNK = 1 << 18  # bytes
NOTE = 1 << 16  # bytes of a note, at most
LENGTH_DIGITS = 18  # of a length that a server may tell

PARTIAL_CONTENT, RANGE_NOT_SATISFIABLE = 206, 416
THEIR_FAULT = 500  # and above: the server may be well again soon


@dataclass(frozen=True)
class Begun:
    """What a .part file is the beginning of."""

    address: str
    version: str  # that the server tells of it: an entity tag, or when it was last modified


def download(
    url: str,
    path: Path,
    checksum: str | None = None,
    check: Callable[[Path], object] | None = None,
    most: int | None = None,
) -> Path:
    """Download `url` to `path`, which appears only when the whole file is there and right.

    Until then the bytes are in `path`.part, from which the next call goes on if this one is cut short and the server
    tells versions apart.

    Args:
        checksum: "sha256:..." or "md5:..." of the file.
        check: called with the complete .part file; raises InputError when its content is wrong.
        most: bytes; a larger file is not the one that is wanted.

    Raises:
        InputError: what is no address, no answer, an error page, broken connections, a full disk, too many or wrong
            bytes. The .part file stays only where the next call can go on from it.
    """
    part = path.with_name(f"{path.name}.part")
    with _new_folders(part, url):
        try:
            _complete(url, part, most)
        except InputError:
            if _begun(part) is None:
                _drop(part)
            raise
        try:
            if checksum is not None:
                _compare(part, url, checksum)
            if check is not None:
                check(part)
        except Exception:
            _drop(part)
            raise
        _note(part).unlink(missing_ok=True)
        return part.replace(path)


@contextmanager
def _new_folders(part: Path, url: str) -> Iterator[None]:
    """The folder of a .part file is there, where nothing is in the way of it; if need be, it is made until an error."""
    new = [folder for folder in part.parents if not folder.exists()]
    try:
        part.parent.mkdir(parents=True, exist_ok=True)
        check_no_folder(part.with_suffix(""), part, _note(part))
        yield
    except BaseException as error:
        with suppress(OSError):  # folders that are not empty stay
            for folder in new:
                folder.rmdir()
        if isinstance(error, OSError):
            raise _unwritten(url, part, error) from error
        raise


def fetched(url: str, path: Path) -> int:
    """Bytes of a file that an earlier call from the same address has left, as far as is known before asking."""
    part = path.with_name(f"{path.name}.part")
    begun = _begun(part)
    return part.stat().st_size if begun and begun.address == url else 0


def _note(part: Path) -> Path:
    return part.with_name(f"{part.name}.from")


def _begun(part: Path) -> Begun | None:
    """What a .part file is the beginning of; None where there is none or nothing is known of it."""
    try:
        note = read_json(_note(part), "a note", "delete it", NOTE)
        return Begun(**{name: str(note[name]) for name in ("address", "version")}) if part.is_file() else None
    except (InputError, LookupError, TypeError):
        return None


def _drop(part: Path) -> None:
    """Remove a .part file, then what was noted of it."""
    part.unlink(missing_ok=True)
    _note(part).unlink(missing_ok=True)


def _complete(url: str, part: Path, most: int | None) -> None:
    try:
        if any(_go_on(url, part, most) for _ in range(ATTEMPTS)):
            return
    except HTTPError as error:
        if error.code < THEIR_FAULT:
            _drop(part)
        raise InputError(
            f"{url} answers {error.code} {error.reason}: name another address, or put the file itself in {part.parent}"
        ) from None
    except URLError as error:
        raise InputError(
            f"{url} cannot be reached ({error.reason}): check the network, or put the file itself in {part.parent}"
        ) from None
    except OSError as error:
        raise _unwritten(url, part, error) from error
    goes_on = f", it goes on from {part}" if _begun(part) else ""
    raise InputError(f"{url} broke off {ATTEMPTS} times: run the same command again{goes_on}")


def _unwritten(url: str, part: Path, error: OSError) -> InputError:
    return InputError(
        f"could not download {url} to {part} ({error}): free some space or choose another folder, then run it again"
    )


def _go_on(url: str, part: Path, most: int | None) -> bool:
    """Append what is missing to `part`, in one connection; False when it breaks off."""
    begun = _begun(part)
    if begun is None or begun.address != url:
        begun = None
    done = part.stat().st_size if begun else 0
    try:
        with _open(url, done, begun) as response:
            return _receive(response, url, part, begun, most)
    except HTTPError as error:
        if begun is None or error.code != RANGE_NOT_SATISFIABLE:
            raise
        whole = error.headers.get("Content-Range") == f"bytes */{done}"  # a call before was stopped after the last byte
        if not whole:
            _drop(part)
        return whole
    except (HTTPException, ConnectionError, TimeoutError):
        return False


def _open(url: str, done: int, begun: Begun | None) -> HTTPResponse:
    """The answer that begins behind the first `done` bytes, where the server can do that and the file is the same."""
    resuming = {"Range": f"bytes={done}-", "If-Range": begun.version} if begun and done else {}
    try:
        parts = urlsplit(url)
        if parts.scheme == "file" and not Path(url2pathname(parts.path)).is_file():  # a pipe would be waited for
            raise URLError("no file is there")
        return urlopen(Request(url, headers=resuming), timeout=TIMEOUT)
    except (ValueError, InvalidURL) as error:
        raise InputError(
            f"{url!r} is no address ({error}): write one like https://host/file or file:///folder/file"
        ) from None


def _receive(response: HTTPResponse, url: str, part: Path, begun: Begun | None, most: int | None) -> bool:
    """Write the answer to `part`, behind its first bytes unless the server starts again; is it all there?"""
    version, start = _version(response.headers), 0
    if response.status == PARTIAL_CONTENT:
        start = part.stat().st_size
        begins = (response.headers.get("Content-Range") or "").startswith(f"bytes {start}-")
        if begun is None or not begins or version not in (None, begun.version):
            _drop(part)
            return False
    else:
        _drop(part)
        if version is not None:
            write_text(_note(part), json.dumps(asdict(Begun(url, version))))
    length = _length(response.headers)
    total = None if length is None else start + length
    if total is not None:
        _require_small(total, url, part, most)
        check_room(part.parent, length, "what is still to come")
    with part.open("ab") as stream:
        with tqdm(desc=part.stem, total=total, initial=start, unit="B", unit_scale=True, disable=None) as bar:
            while chunk := response.read(CHUNK):
                _require_small(stream.tell() + len(chunk), url, part, most)
                stream.write(chunk)
                bar.update(len(chunk))
        return total is None or stream.tell() == total


def _version(headers: HTTPMessage) -> str | None:
    """What tells a file from another one at the same address; None where the server says nothing that is reliable."""
    tag = headers.get("ETag", "")
    return tag if tag.startswith('"') else headers.get("Last-Modified")


def _length(headers: HTTPMessage) -> int | None:
    """Bytes of an answer, where they are told."""
    told = headers.get("Content-Length", "")
    return int(told) if told.isdecimal() and len(told) <= LENGTH_DIGITS else None


def _require_small(size: int, url: str, part: Path, most: int | None) -> None:
    """Raise InputError, and keep nothing, where a file is larger than the one that is wanted."""
    if most is not None and size > most:
        _drop(part)
        raise InputError(f"{url} gives more than {most} bytes, so it is not the published file: name another address")


def _compare(part: Path, url: str, checksum: str) -> None:
    algorithm, _, expected = checksum.partition(":")
    with part.open("rb") as stream:
        found = hashlib.file_digest(stream, algorithm).hexdigest()
    if found != expected:
        raise InputError(
            f"{part.stem} from {url} is not the published file: its {algorithm} is {found} instead of {expected}; "
            "run the same command again, or name another address"
        )
