"""The released archives, CLEVR_v1.0.zip and CLEVR_v1.0_no_images.zip: what they hold, and how they are unpacked."""

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from zipfile import ZipFile, ZipInfo

from tqdm import tqdm

from reprolib.data.checks import check_room
from reprolib.data.clevr.clevr_reader import PICTURES, SPLITS, TEXTS
from reprolib.errors import InputError
from reprolib.reading import DAMAGED, reason

FIRST = f"scenes/CLEVR_{SPLITS[0]}_scenes.json"  # by which the top folder of an archive is found
CHUNK = 1 << 20  # bytes
LARGEST = {"scenes": 1 << 31, "questions": 1 << 33, "images": 1 << 36}  # bytes, as declared: more are never unpacked
MOST_FILES = 250_000
LONGEST_NAME = 200  # characters

Members = dict[str, ZipInfo]  # by path below the archive's top folder


class DamagedError(InputError):
    """An archive cannot be read, or holds more than the released one could."""


def missing(folder: Path, with_pictures: bool) -> list[str]:
    """The parts that a folder lacks: scenes, questions, images.

    Raises:
        InputError: a part is there, but not whole.
    """
    wanted = (*TEXTS, PICTURES) if with_pictures else TEXTS
    absent = [part for part in wanted if not (folder / part).exists()]
    for part in wanted:
        lacking = [name for name in _required(part) if not (folder / name).exists()]
        if part not in absent and lacking:
            raise InputError(f"{folder / part} is there without {lacking[0]}: move it away, then run it again")
    return absent


def _required(part: str) -> list[str]:
    """Files, or folders of pictures, that a part must hold."""
    return [f"{part}/{split}" if part == PICTURES else f"{part}/CLEVR_{split}_{part}.json" for split in SPLITS]


def require(path: Path, with_pictures: bool, whole: bool = False) -> None:
    """The archive holds what its release does.

    Args:
        whole: every file of it is read, and its checksum compared.

    Raises:
        InputError: it is cut off, damaged, reaches outside its folder, lacks a part or holds too much.
    """
    with _opened(path) as archive:
        members = _members(archive, path, (*TEXTS, PICTURES) if with_pictures else TEXTS)
        for member in members.values() if whole else ():
            for _ in _content(archive, path, member):
                pass


def unpack(path: Path, folder: Path, parts: Sequence[str]) -> None:
    """Unpack what is read of some parts of an archive: into a folder where each appears only when it is complete.

    Raises:
        InputError: what `require` raises; the disk has too little room, which is seen before the first byte; a damaged
            file in the archive. Nothing of the part is then left.
    """
    with _opened(path) as archive:
        members = _members(archive, path, parts)
        for part in parts:
            shutil.rmtree(_staging(folder, part), ignore_errors=True)  # of a call that was killed
        size = sum(member.file_size for member in members.values())
        check_room(folder, size, "to unpack CLEVR")
        with tqdm(desc=f"unpacking {path.stem}", total=size, unit="B", unit_scale=True, disable=None) as bar:
            for part in parts:
                some = {name: member for name, member in members.items() if PurePosixPath(name).parts[0] == part}
                _unpack_part(archive, path, some, folder, part, bar)


def _unpack_part(archive: ZipFile, path: Path, members: Members, folder: Path, part: str, bar: tqdm) -> None:
    staging = _staging(folder, part)
    try:
        for name, member in members.items():
            target = staging / name
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("wb") as stream:
                for chunk in _content(archive, path, member):
                    bar.update(stream.write(chunk))
        (staging / part).replace(folder / part)
    except OSError as error:
        raise InputError(
            f"could not unpack {path} to {folder} ({error}): free some space, then run it again"
        ) from error
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _content(archive: ZipFile, path: Path, member: ZipInfo) -> Iterator[bytes]:
    """A file of an archive piece by piece, to its checksum."""
    try:
        with archive.open(member) as source:
            while chunk := source.read(CHUNK):
                yield chunk
    except DAMAGED as error:
        raise DamagedError(f"{path}, {member.filename!r}: damaged ({reason(error)}): fetch it again") from None


def _staging(folder: Path, part: str) -> Path:
    return folder / f".{part}.unpacking"


def _opened(path: Path) -> ZipFile:
    try:
        return ZipFile(path)
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error}): make it readable, then run it again") from None
    except DAMAGED as error:
        raise DamagedError(f"{path} is not a complete zip archive ({reason(error)}): fetch it again") from None


def _members(archive: ZipFile, path: Path, parts: Sequence[str]) -> Members:
    """The files of some parts that are read: nothing needs those of the test split, which has no answers."""
    elsewhere = "move it away or name another address"
    files = [member for member in archive.infolist() if not member.filename.endswith("/")]
    longest = max((len(member.filename) for member in files), default=0)
    if len(files) > MOST_FILES or longest > LONGEST_NAME:
        said = f"{len(files)} files with names of up to {longest} characters"
        raise DamagedError(f"{path} holds {said}, more than CLEVR v1.0: fetch it again")
    for member in files:
        inside = PurePosixPath(member.filename)
        if inside.is_absolute() or ".." in inside.parts or "\\" in member.filename:
            raise InputError(f"{path}: {member.filename!r} lies outside its folder; {elsewhere}")
    tops = [member.filename.removesuffix(FIRST) for member in files if member.filename.endswith(FIRST)]
    if len(tops) != 1:
        raise InputError(f"{path} is not CLEVR v1.0: it holds {FIRST} {len(tops)} times; {elsewhere}")
    below = {m.filename.removeprefix(tops[0]): m for m in files if m.filename.startswith(tops[0])}
    members: Members = {}
    for name in (name for part in parts for name in _required(part)):
        some = {found: member for found, member in below.items() if found == name or found.startswith(f"{name}/")}
        if not some:
            raise InputError(f"{path} is not CLEVR v1.0: it holds no {name}; {elsewhere}")
        members |= some
    if (size := sum(member.file_size for member in members.values())) > sum(LARGEST[part] for part in parts):
        raise DamagedError(f"{path} holds {size} bytes, far more than CLEVR v1.0: fetch it again")
    return members
