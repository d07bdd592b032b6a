"""Sort-of-CLEVR: no files were released; the generator is held against pinned bytes."""

import hashlib
from pathlib import Path

import numpy as np

from reprolib.data import sort_of_clevr
from reprolib.data.catalogue.known import Entry

SAMPLE = {"scenes": 16, "seed": 5}
SHA256 = "927ccf038bb17a5b31ac46e4b2d1941d7db5fc7e3c2c4305d6bf10c1fab0653c"  # of VERSION 1


def _arrays(scenes: sort_of_clevr.Scenes) -> dict[str, np.ndarray]:
    return {name: getattr(scenes, name) for name in ("images", "centres", "circles", "questions", "answers")}


def _check() -> list[str]:
    scenes = sort_of_clevr.generate(**SAMPLE)
    found = hashlib.sha256(b"".join(array.tobytes() for array in _arrays(scenes).values())).hexdigest()
    if found != SHA256:
        return [f"differs  the generator draws other scenes here: sha256 {found} instead of {SHA256}"]
    return [f"ok       the generator draws the pinned pictures, questions and answers: sha256 {found}"]


def _write(folder: Path, size: int) -> None:
    scenes = sort_of_clevr.generate(size, seed=0)
    np.savez_compressed(folder / "scenes.npz", names=np.array(scenes.names), **_arrays(scenes))


ENTRY = Entry(
    name="sort_of_clevr",
    title="Sort-of-CLEVR (Santoro et al. 2017)",
    licence="generated; nothing was released",
    url=None,
    size=None,
    layout="none: the paper's own procedure is the generator",
    generator="scenes.npz with images, centres, circles, questions, answers, names; size: scenes of 20 questions",
    download=None,
    check=_check,
    write=_write,
)
