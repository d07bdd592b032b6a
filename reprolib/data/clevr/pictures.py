"""CLEVR's pictures from PNG or JPEG files, scaled to the paper's 128 x 128 pixels (or others) once and memory-mapped.

Pillow is needed only while files are read or written. S scenes.
"""

import hashlib
import os
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from io import BytesIO
from pathlib import Path

import numpy as np

from reprolib.data.clevr import mapped
from reprolib.data.clevr.clevr_reader import PICTURES, remedy
from reprolib.errors import InputError
from reprolib.reading import DAMAGED, open_regular, reason
from reprolib.settings.data_sets import PICTURE_SIDE

VERSION = 1  # part of the data's identity: raise it whenever the same files give other pictures

SIZES = (
    (480, 320),
    (320, 240),
    (PICTURE_SIDE, PICTURE_SIDE),
)  # of the release, of the official renderer's default, of `write`
FORMATS = {".jpeg": "JPEG", ".jpg": "JPEG", ".png": "PNG"}  # of two files of a scene, the last one is taken
ENDS = {"PNG": b"\0\0\0\0IEND\xaeB`\x82", "JPEG": b"\xff\xd9"}  # the last bytes of a whole file
LAST = max(map(len, ENDS.values()))


def name(split: str, index: int) -> str:
    """The file's name of a scene's picture, as it was released."""
    return f"CLEVR_{split}_{index:06d}.png"


def listing(folder: Path, split: str) -> Mapping[str, int]:
    """{file name: bytes} of a split's pictures; empty where there are none."""
    place = Path(folder) / PICTURES / split
    if not place.is_dir():
        return {}
    found = (path for path in place.iterdir() if path.suffix.lower() in FORMATS)
    return {path.name: path.stat().st_size for path in found if path.is_file()}


def files(folder: Path, split: str, indices: Iterable[int]) -> list[Path]:
    """The files of some scenes' pictures, of any of `FORMATS`.

    Raises:
        InputError: names the first that is missing.
    """
    place = Path(folder) / PICTURES / split
    there = {Path(found).stem: found for found in sorted(listing(folder, split), key=lambda one: one.lower())}
    wanted = [place / name(split, index) for index in indices]
    if absent := next((path for path in wanted if path.stem not in there), None):
        raise InputError(_remedy(absent, "is missing"))
    return [place / there[path.stem] for path in wanted]


def require(folder: Path, split: str, indices: Sequence[int], whole: bool = False) -> None:
    """All pictures of some scenes are there.

    Args:
        whole: also look whether each ends as a file of its format does.

    Raises:
        InputError: names the first that is missing or cut off.
    """
    for path in files(folder, split, indices):
        if whole:
            _require_end(path, _content(path, LAST))


def verify(folder: Path, split: str, indices: Sequence[int]) -> None:
    """The pictures of some scenes can be read.

    Raises:
        InputError: as `read` does, of the first that cannot.
    """
    for path in files(folder, split, indices):
        read(path)


def preprocess(folder: Path, split: str, indices: Sequence[int], side: int = PICTURE_SIDE) -> np.ndarray:
    """The pictures of some scenes, uint8 [S, side, side, 3], from the disk: scaled in one pass, then kept.

    A pass that is cut short goes on where it was. A changed list of files, or sizes of files, begins a new one.

    Raises:
        InputError: names the picture that is missing, damaged or of another size, or the disk has too little room.
    """
    paths, there = files(folder, split, indices), sorted(listing(folder, split).items())
    source = hashlib.sha256(repr((list(map(int, indices)), there)).encode()).hexdigest()
    recipe = f"clevr pictures of {split} {source} side {side} version {VERSION}"
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return mapped.pictures(
            f"pictures_{split}",
            recipe,
            (len(paths), side, side, 3),
            lambda some: np.stack(list(pool.map(partial(read, side=side), paths[some]))),
        )


def read(path: Path, side: int = PICTURE_SIDE) -> np.ndarray:
    """One picture, scaled: uint8 [side, side, 3].

    Raises:
        InputError: the file is missing, damaged, or of another size than `SIZES`; Pillow is not installed.
    """
    image = pillow()
    content = _content(path)
    _require_end(path, content)
    try:
        formats = tuple(FORMATS.values())
        with image.open(BytesIO(content), formats=formats) as picture:
            if picture.size not in SIZES:
                raise InputError(_remedy(path, f"is {picture.width} x {picture.height} pixels, which CLEVR's are not"))
            picture.verify()  # the checksums, which reading alone leaves out
        with image.open(BytesIO(content), formats=formats) as picture:
            scaled = picture.convert("RGB").resize((side, side), image.Resampling.BILINEAR)
    except InputError:
        raise
    except (image.DecompressionBombError, *DAMAGED):  # as Pillow reports damage
        raise InputError(_remedy(path, "is cut off or damaged")) from None
    return np.array(scaled)


def write(path: Path, picture: np.ndarray) -> None:
    """Write one picture, uint8 [height, width, 3].

    Raises:
        InputError: Pillow is not installed.
    """
    pillow().fromarray(picture).save(path, format="PNG")


def pillow():
    """Pillow's module for images.

    Raises:
        InputError: Pillow is not installed.
    """
    try:
        from PIL import Image
    except ModuleNotFoundError:
        raise InputError(
            "pictures are read and written with Pillow, which is not installed: install pillow, or do without pictures"
        ) from None
    return Image


def _content(path: Path, last: int = 0) -> bytes:
    """The bytes of a file, or only its last ones."""
    try:
        with open_regular(path) as stream:
            stream.seek(max(0, os.fstat(stream.fileno()).st_size - last) if last else 0)
            return stream.read()
    except FileNotFoundError:
        raise InputError(_remedy(path, "is missing")) from None
    except OSError as error:
        raise InputError(f"{path} cannot be read ({reason(error)}): make it readable") from None


def _require_end(path: Path, content: bytes) -> None:
    if not content.endswith(ENDS[FORMATS[path.suffix.lower()]]):
        raise InputError(_remedy(path, "is cut off or damaged"))


def _remedy(path: Path, trouble: str) -> str:
    return f"{path} {trouble}: {remedy(path.parents[2], PICTURES, path.parent.name)}, or use states, which need none"
