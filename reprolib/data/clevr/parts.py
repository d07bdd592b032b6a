"""Scenes with the questions on them, read from files or generated, and kept as arrays. S scenes, Q questions."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, fields
from multiprocessing import get_context, parent_process
from pathlib import Path
from typing import TypeVar

import numpy as np
from tqdm import tqdm

from reprolib.data import cache
from reprolib.data.clevr import placing, questions, tokens
from reprolib.data.clevr.clevr_reader import TEXTS, Question, file_of, read_questions, remedy, stream_scenes
from reprolib.data.clevr.scenes import Scenes, empty, from_json
from reprolib.data.clevr.tokens import Tokens
from reprolib.data.compiled import sources
from reprolib.errors import InputError

T = TypeVar("T")
CHUNK = 500  # scenes whose questions one process makes at a time: the questions depend on it
VERSION = f"parts 1, chunks of {CHUNK}, tokens {tokens.VERSION}"
KEPT = " ".join(field.name for kind in (Scenes, Tokens) for field in fields(kind))  # of a part, in a file


@dataclass(frozen=True, eq=False)
class Part:
    """S scenes and the questions on them."""

    scenes: Scenes
    indices: np.ndarray  # int64 [S]: image index of every scene
    tokens: Tokens

    def __len__(self) -> int:
        return len(self.scenes)

    def select(self, scenes: slice, most: int) -> "Part":
        """Some consecutive scenes, each with at most so many questions, its first."""
        chosen = self.tokens[self.asked(scenes, most)]
        columns = {field.name: getattr(chosen, field.name) for field in fields(chosen)}
        moved = Tokens(**columns | {"scenes": chosen.scenes - scenes.indices(len(self))[0]})
        return Part(self.scenes[scenes], self.indices[scenes], moved)

    def asked(self, scenes: slice, most: int) -> np.ndarray:
        """Rows of the questions on some consecutive scenes, of each at most so many, its first."""
        start, stop, _ = scenes.indices(len(self))
        on = self.tokens.scenes
        return np.flatnonzero((on >= start) & (on < stop) & (_rank(on) < most))


def _rank(scenes: np.ndarray) -> np.ndarray:
    """Which question on its scene each is, counted from 0: [Q]."""
    order = np.argsort(scenes, kind="stable")
    rank = np.empty_like(order)
    rank[order] = np.arange(len(scenes)) - np.searchsorted(scenes[order], scenes[order])
    return rank


def released(folder: Path, split: str) -> Part:
    """All scenes and questions of a split of the real files.

    Raises:
        InputError: as the reader does.
    """
    recipe = f"clevr {split} {content(folder, split)} {VERSION} {KEPT}"
    return _part(cache.arrays("clevr", f"released_{split}", recipe, lambda: _read(Path(folder), split)))


def are_there(folder: Path, split: str) -> bool:
    """Whether the files of a split's scenes and questions are there."""
    return all(path.is_file() for path in _files(folder, split))


def content(folder: Path, split: str) -> str:
    """Hash of the scenes and questions of a split."""
    try:
        return " ".join(map(cache.file_hash, _files(folder, split)))
    except OSError as error:
        path = Path(error.filename)
        raise InputError(f"{path} is missing: {remedy(folder, path.parent.name, split)}") from None


def _files(folder: Path, split: str) -> list[Path]:
    return [file_of(folder, part, split) for part in TEXTS]


def _read(folder: Path, split: str) -> cache.Arrays:
    rows: dict[int, int] = {}  # of the scenes, by image index
    scenes = from_json(_numbered(stream_scenes(folder, split), rows))
    found = read_questions(folder, split, rows)
    with tqdm(found, desc=f"questions of {split}", unit="question", disable=None) as bar:
        asked = tokens.encode(bar, rows)
    return _arrays(scenes, np.array(list(rows), np.int64), asked)


def unanswered(folder: Path, split: str) -> tuple[Part, list[int]]:
    """The questions of a split without answers, and what its file calls each: by default its position.

    A split whose scenes were not released has empty ones, an image each, in the order in which they are asked about.

    Raises:
        InputError: as the reader does.
    """
    rows: dict[int, int] = {}
    if file_of(folder, "scenes", split).is_file():
        scenes = from_json(_numbered(stream_scenes(folder, split), rows))
        asked = list(read_questions(folder, split, rows))
    else:
        asked = list(read_questions(folder, split, None))
        rows = {index: row for row, index in enumerate(dict.fromkeys(each.image_index for each in asked))}
        scenes = empty(len(rows))
    numbers = [position if each.number is None else each.number for position, each in enumerate(asked)]
    return Part(scenes, np.array(list(rows), np.int64), tokens.encode(asked, rows)), numbers


def _numbered(scenes: Iterable[dict], rows: dict[int, int]) -> Iterator[dict]:
    """The same scenes; the row of each is noted under its image index."""
    for row, scene in enumerate(scenes):
        rows[scene["image_index"]] = row
        yield scene


def generated(count: int, per_scene: int, seed: int, stream: int) -> Part:
    """The first `count` scenes of an endless sequence, each with its questions.

    Args:
        stream: number of one of the independent sequences of a seed.

    Raises:
        InputError: as the generators do.
    """
    recipe = f"clevr generated {count} {per_scene} {seed} {stream} {version()} {sources()}"
    name = f"generated_{stream}_{count}"
    return _part(cache.arrays("clevr", name, recipe, lambda: _generate(count, per_scene, seed, stream)))


def version() -> str:
    """All that generated scenes and questions depend on beside their numbers."""
    return f"placing {placing.VERSION}, questions {questions.VERSION}, {VERSION}"


def _generate(count: int, per_scene: int, seed: int, stream: int) -> cache.Arrays:
    scenes = placing.generate(count, seed, stream)
    asked = over_chunks(_encoded, f"questions on {count} scenes", scenes, per_scene, seed, stream)
    return _arrays(scenes, np.arange(count), tokens.join(asked))


def over_chunks(work: Callable[..., T], title: str, scenes: Scenes, per_scene: int, seed: int, stream: int) -> list[T]:
    """What a function makes of each chunk of some generated scenes, on all cores, in order.

    Args:
        work: of a module; takes the arguments of `questions.generate` for one chunk.

    Raises:
        InputError: as `work` does, or it is asked for while a process starts.
    """
    if parent_process() is not None:  # a child would wait for the parent's lock, and the parent for the child
        raise InputError("scenes are asked for while a process starts: put your call under if __name__ == '__main__':")
    chunks = _chunks(scenes, per_scene, seed, stream)
    workers = min(len(chunks), os.cpu_count() or 1)
    if workers == 1:
        return [work(*chunk) for chunk in chunks]
    with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
        found = pool.map(work, *zip(*chunks, strict=True))
        return list(tqdm(found, title, len(chunks), unit="chunk", disable=None))


def ask(scenes: Scenes, per_scene: int, seed: int, stream: int) -> Iterator[Question]:
    """The questions on all of some generated scenes, one at a time: those of `generated`."""
    for chunk in _chunks(scenes, per_scene, seed, stream):
        yield from questions.generate(*chunk)


def _chunks(scenes: Scenes, per_scene: int, seed: int, stream: int) -> list[tuple]:
    """What `questions.generate` is called with."""
    firsts = range(0, len(scenes), CHUNK)
    return [(scenes[first : first + CHUNK], per_scene, seed, stream, first) for first in firsts]


def _encoded(scenes: Scenes, per_scene: int, seed: int, stream: int, first: int) -> Tokens:
    """The questions on a chunk over their own vocabulary; the same in whichever process."""
    asked = questions.generate(scenes, per_scene, seed, stream, first)
    return tokens.encode(asked, range(first + len(scenes)))


def _arrays(scenes: Scenes, indices: np.ndarray, asked: Tokens) -> cache.Arrays:
    """A part as it is kept."""
    named = {
        f"{name}_{field.name}": getattr(part, field.name)
        for name, part in (("scenes", scenes), ("tokens", asked))
        for field in fields(part)
    }
    return named | {"indices": indices}


def _part(arrays: Mapping[str, np.ndarray]) -> Part:
    made = [
        kind(**{field.name: arrays[f"{name}_{field.name}"] for field in fields(kind)})
        for name, kind in (("scenes", Scenes), ("tokens", Tokens))
    ]
    return Part(made[0], arrays["indices"], made[1])
