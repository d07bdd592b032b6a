"""CLEVR as tensors: the real files where the user has them, generated scenes, questions and pictures by default.

S scenes, N = 10 places for objects, D = 13 numbers an object, Q questions of at most L words.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from reprolib import devices, paths
from reprolib.data.clevr import hardness, mapped, parts, pictures, placing, render, tokens
from reprolib.data.clevr.clevr_reader import PICTURES, TEXTS, remedy
from reprolib.data.clevr.parts import Part
from reprolib.data.clevr.programs import ATTRIBUTES
from reprolib.data.clevr.scenes import COLORS, Scenes
from reprolib.data.clevr.wording import VOCABULARY
from reprolib.data.compiled import sources
from reprolib.data.split import Dataset, Split
from reprolib.errors import InputError
from reprolib.evidence.deviations import Deviation
from reprolib.settings.data_sets import ClevrData
from reprolib.settings.declared import counted

RELEASED = {"train": (70_000, 699_989), "val": (15_000, 149_991)}  # scenes and questions
LAYOUTS = ("clevr", "clevr/CLEVR_v1.0", "CLEVR_v1.0")  # of the release under REPROLIB_DATA
MINI = "clevr-mini"  # a small set in the same layout: for tests, never taken for the release
COLUMNS = ("scenes", "answers", "categories", "types", "functions", "depths")  # numbers, one a question
VALIDATION = "validation"  # the split of the release, which is what real data are tested on
DRAWN = 1024  # pictures at a time on a CUDA device
NOT_THERE = (
    "set REPROLIB_DATA to a folder that holds clevr/ with scenes/ and questions/ for real data "
    "(`reprolib data fetch clevr`, or clevr_no_images where states are enough)"
)
STREAMS = ("train", "valid", "test")  # of generated data, numbered in this order


def load(settings: ClevrData, kind: str) -> Dataset:
    """The three splits; the vocabulary is that of the real files, or all words that can be generated.

    Columns, one row a question: questions uint8 [Q, L] (0 fills up), scenes, answers (positions in reader.ANSWERS),
    categories (positions in tokens.CATEGORY_NAMES), types (in tokens.TYPES), functions, depths, int64 [Q] each. Tables,
    one row a scene: objects float32 [S, N, D], counts int64 [S] and, where settings.pictures, images uint8
    [S, side, side, 3]. Of the test split also how hard each question is to see, float32 [Q]: margins (hardness.margin)
    and, of generated scenes, hidden (hardness.most_hidden).

    Raises:
        InputError: real data are asked for and REPROLIB_DATA names none, or files are missing or damaged.
    """
    if kind == "real":
        return _real(settings)
    made = {name: _generated(settings, name) for name in STREAMS}
    images = {name: _rendered(settings, name, part) if settings.pictures else None for name, part in made.items()}
    hard = hardness.generated(made["test"], settings.questions, settings.seed, STREAMS.index("test"))
    return _dataset("clevr", kind, identity(settings, kind), made, images, hard, words=VOCABULARY)


def available(settings: ClevrData, kind: str) -> str | None:
    """None where the data can be had; the release has to be whole, and the mini set is not it."""
    if kind != "real":
        return None
    found = find()
    if found is None:
        return NOT_THERE
    lacking = _lacking(settings, found)
    return f"{found / lacking} is not as released: {remedy(found, lacking)}" if lacking else None


def identity(settings: ClevrData, kind: str) -> str:
    """Hash of the data that the settings stand for."""
    if kind == "real":
        return _of_files(settings, source())
    recipe = f"clevr {kind} {sorted(counted(settings).items())} {parts.version()}"
    recipe += f", render {render.VERSION}" if settings.pictures else ""
    return hashlib.sha256(recipe.encode()).hexdigest()


def source() -> Path:
    """Folder of the user's real files: the mini set only where nothing of the release is there.

    Raises:
        InputError: there is none, or it lacks its scenes or questions.
    """
    found = find() or find((MINI,))
    if found is None:
        raise InputError(NOT_THERE)
    for part in TEXTS:
        if not (found / part).is_dir():
            raise InputError(f"{found / part} is missing: {remedy(found, part)}")
    return found


def find(layouts: tuple[str, ...] = LAYOUTS) -> Path | None:
    """The first folder under REPROLIB_DATA with scenes and questions, else with any part; by default of the release."""
    root = paths.real_data()
    places = [root / layout for layout in layouts] if root else []
    there = {place: [part for part in (*TEXTS, PICTURES) if (place / part).is_dir()] for place in places}
    whole = [place for place, found in there.items() if {*found} >= {*TEXTS}]
    begun = [place for place, found in there.items() if found]
    return next(iter(whole + begun), None)


# Real data


def _real(settings: ClevrData) -> Dataset:
    """The answers of the release's test split were never published: its validation split takes that part."""
    folder = source()
    train, val = (parts.released(folder, split) for split in RELEASED)
    held = min(settings.valid, max(1, len(train) // 10))
    kept = {"train": slice(0, min(settings.train, len(train) - held)), "valid": slice(len(train) - held, len(train))}
    made = {name: train.select(some, settings.questions) for name, some in kept.items()}
    tested = slice(0, settings.test), settings.questions
    made["test"] = val.select(*tested)
    hard = {name: values[val.asked(*tested)] for name, values in hardness.released(folder, "val").items()}
    images: dict[str, Tensor | None] = dict.fromkeys(made)
    if settings.pictures:
        side = settings.side
        scaled = {split: pictures.preprocess(folder, split, part.indices, side) for split, part in _both(train, val)}
        images = {name: torch.from_numpy(scaled["train"][some]) for name, some in kept.items()}
        images["test"] = torch.from_numpy(scaled["val"][: settings.test])
    name = MINI if folder.name == MINI else "clevr"
    deviations = (_chosen_by(held, len(train), len(made["test"].tokens)), *_missing(folder, train, val))
    return _dataset(name, "real", _of_files(settings, folder), made, images, hard, deviations, released_as=VALIDATION)


def _both(train: Part, val: Part) -> tuple[tuple[str, Part], ...]:
    return tuple(zip(RELEASED, (train, val), strict=True))


def _chosen_by(held: int, scenes: int, questions: int) -> Deviation:
    return Deviation(
        "split",
        f"the figures are of {questions:,} questions of the validation split, because the answers of the test split "
        f"were never released; {held:,} of the {scenes:,} training scenes are held out to choose by",
    )


def _missing(folder: Path, train: Part, val: Part) -> list[Deviation]:
    """Where the files at hand hold less than the release."""
    return [
        Deviation(
            "data",
            f"the real files at hand ({folder.name}) are not the release: {split} holds {len(part):,} scenes and "
            f"{len(part.tokens):,} questions instead of {RELEASED[split][0]:,} and {RELEASED[split][1]:,}",
        )
        for split, part in _both(train, val)
        if (len(part), len(part.tokens)) != RELEASED[split]
    ]


def _lacking(settings: ClevrData, folder: Path) -> str | None:
    """A part that the settings need and that is not there; None where all is."""
    if not all(parts.are_there(folder, split) for split in RELEASED):
        return next((part for part in TEXTS if not (folder / part).is_dir()), TEXTS[0])
    seen = not settings.pictures or all(pictures.listing(folder, split) for split in RELEASED)
    return None if seen else PICTURES


def _of_files(settings: ClevrData, folder: Path) -> str:
    """Hash of the real files: content of scenes and questions, names and sizes of pictures."""
    recipe = f"clevr real {sorted(counted(settings).items())} {parts.VERSION}"
    for split in RELEASED:
        recipe += f" {split} {parts.content(folder, split)}"
        if settings.pictures:
            recipe += f" {sorted(pictures.listing(folder, split).items())} pictures {pictures.VERSION}"
    return hashlib.sha256(recipe.encode()).hexdigest()


# Generated data


def _generated(settings: ClevrData, name: str) -> Part:
    return parts.generated(getattr(settings, name), settings.questions, settings.seed, STREAMS.index(name))


def _rendered(settings: ClevrData, name: str, part: Part) -> Tensor:
    """Pictures of generated scenes, uint8 [S, side, side, 3]: kept on the disk, or on the CUDA device in use."""
    side, device = settings.side, devices.pick(None)

    def draw(some: slice) -> Tensor:
        return render.render(part.scenes[some], side, side, device)

    if device.type == "cuda" and devices.in_use():  # drawn in seconds, and they never leave it
        starts = tqdm(range(0, len(part), DRAWN), desc=f"rendered_{name}", unit=f"{DRAWN} pictures", disable=None)
        return torch.cat([draw(slice(start, start + DRAWN)) for start in starts])
    stream = STREAMS.index(name)
    recipe = (
        f"clevr rendered {len(part)} {settings.seed} {stream} {placing.VERSION} {render.VERSION} {side} {sources()}"
    )
    shape = (len(part), side, side, 3)
    return torch.from_numpy(mapped.pictures(f"rendered_{name}", recipe, shape, lambda some: draw(some).cpu().numpy()))


# Tensors


def objects(scenes: Scenes) -> np.ndarray:
    """State descriptions, float32 [S, N, D]: x, y, z; red, green, blue from 0 to 1; shape, material, size one-hot."""
    size, color, material, shape = np.moveaxis(scenes.attributes, 2, 0)
    one_hot = [np.eye(len(ATTRIBUTES[name]), dtype=np.float32) for name in ("shape", "material", "size")]
    hot = [rows[values] for rows, values in zip(one_hot, (shape, material, size), strict=True)]
    states = np.concatenate([scenes.positions, COLORS[color] / 255, *hot], 2)  # [S, N, D]
    return states * scenes.present[:, :, None]


def _dataset(
    name: str,
    kind: str,
    identity: str,
    made: Mapping[str, Part],
    images: Mapping[str, Tensor | None],
    hard: Mapping[str, np.ndarray],  # of the test questions
    deviations: tuple[Deviation, ...] = (),
    words: Sequence[str] = (),
    released_as: str = "",
) -> Dataset:
    """The splits as tensors; without `words` over the joint vocabulary of the questions."""
    words = words or tokens.vocabulary(part.tokens for part in made.values())
    longest = max(part.tokens.questions.shape[1] for part in made.values())
    splits = {which: _split(part, words, longest, images[which]) for which, part in made.items()}
    columns = splits["test"].columns | {name: torch.from_numpy(values) for name, values in hard.items()}  # [Q]
    splits["test"] = replace(splits["test"], columns=columns, released_as=released_as)
    facts = {"words": len(words) + 1, "vocabulary": list(words), "longest": longest}
    return Dataset(name, kind, identity, splits, facts, deviations, released_as or "test")


def _split(part: Part, words: Sequence[str], longest: int, images: Tensor | None) -> Split:
    asked = tokens.recode(part.tokens, words, longest)
    columns = {name: torch.from_numpy(getattr(asked, name).astype(np.int64)) for name in COLUMNS}  # [Q]
    columns = {"questions": torch.from_numpy(asked.questions)} | columns  # [Q, L]
    tables = {"objects": torch.from_numpy(objects(part.scenes)), "counts": torch.from_numpy(part.scenes.counts)}
    return Split(columns, tables if images is None else tables | {"images": images})
