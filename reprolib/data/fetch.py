"""Downloading one archive: progress, resume after a break, checksum, and nothing wrong or half-written in its place."""

import hashlib
from collections.abc import Callable
from contextlib import suppress
from http.client import HTTPException, HTTPResponse, InvalidURL
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from tqdm import tqdm

from reprolib.data.checks import check_room
from reprolib.errors import InputError

ATTEMPTS = 3  # connections a call, each going on where the last one broke off
TIMEOUT = 30.0  # seconds without a byte
CHUNK = 1 << 18  # bytes

PARTIAL_CONTENT, RANGE_NOT_SATISFIABLE = 206, 416


def download(url: str, path: Path, checksum: str | None = None, check: Callable[[Path], object] | None = None) -> Path:
    """Download `url` to `path`, which appears only when the whole file is there and right.

    Until then the bytes are in `path`.part, from which the next call goes on if this one is cut short.

    Args:
        checksum: "sha256:..." or "md5:..." of the file.
        check: called with the complete .part file; raises InputError when its content is wrong.

    Raises:
        InputError: what is no address, no answer, an error page, broken connections, a full disk, wrong bytes (the
            .part file is then removed, otherwise kept).
    """
    part = path.with_name(f"{path.name}.part")
    new = [folder for folder in part.parents if not folder.exists()]
    try:
        _complete(url, part)
    except InputError:
        with suppress(OSError):  # folders that are not empty stay
            for folder in new:
                folder.rmdir()
        raise
    try:
        if checksum is not None:
            _compare(part, url, checksum)
        if check is not None:
            check(part)
    except InputError:
        part.unlink()
        raise
    return part.replace(path)


def _complete(url: str, part: Path) -> None:
    try:
        part.parent.mkdir(parents=True, exist_ok=True)
        if any(_go_on(url, part) for _ in range(ATTEMPTS)):
            return
    except HTTPError as error:
        raise InputError(
            f"{url} answers {error.code} {error.reason}: name another address, or put the file itself in {part.parent}"
        ) from None
    except URLError as error:
        raise InputError(
            f"{url} cannot be reached ({error.reason}): check the network, or put the file itself in {part.parent}"
        ) from None
    except OSError as error:
        raise InputError(
            f"could not download {url} to {part} ({error}): free some space or choose another folder, then run it again"
        ) from error
    raise InputError(f"{url} broke off {ATTEMPTS} times: run the same command again, it goes on from {part}")


def _go_on(url: str, part: Path) -> bool:
    """Append what is missing to `part`, in one connection; False when it breaks off."""
    done = part.stat().st_size if part.exists() else 0
    try:
        with _open(url, done) as response:
            return _receive(response, part, done)
    except HTTPError as error:
        if done and error.code == RANGE_NOT_SATISFIABLE:  # a call before was stopped after the last byte
            return True
        raise
    except (HTTPException, ConnectionError, TimeoutError):
        return False


def _open(url: str, done: int) -> HTTPResponse:
    """The answer that begins behind the first `done` bytes, where the server can do that."""
    try:
        return urlopen(Request(url, headers={"Range": f"bytes={done}-"} if done else {}), timeout=TIMEOUT)
    except (ValueError, InvalidURL) as error:
        raise InputError(
            f"{url!r} is no address ({error}): write one like https://host/file or file:///folder/file"
        ) from None


def _receive(response: HTTPResponse, part: Path, done: int) -> bool:
    """Write the answer to `part`, behind its first `done` bytes unless the server starts again; is it all there?"""
    resumes = response.status == PARTIAL_CONTENT
    start, length = done if resumes else 0, response.headers.get("Content-Length")
    total = start + int(length) if length else None
    if total is not None:
        check_room(part.parent, total - start, "what is still to come")
    with part.open("ab" if resumes else "wb") as stream:
        with tqdm(desc=part.stem, total=total, initial=start, unit="B", unit_scale=True, disable=None) as bar:
            while chunk := response.read(CHUNK):
                stream.write(chunk)
                bar.update(len(chunk))
        return total is None or stream.tell() == total


def _compare(part: Path, url: str, checksum: str) -> None:
    algorithm, _, expected = checksum.partition(":")
    with part.open("rb") as stream:
        found = hashlib.file_digest(stream, algorithm).hexdigest()
    if found != expected:
        raise InputError(
            f"{part.stem} from {url} is not the published file: its {algorithm} is {found} instead of {expected}; "
            "run the same command again, or name another address"
        )
