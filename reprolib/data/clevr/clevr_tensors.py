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
from reprolib.data.clevr.clevr_reader import PICTURES, TEXTS, file_of, remedy
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
COGENT = {"trainA": (70_000, 699_960), "valA": (15_000, 149_991), "valB": (15_000, 149_991)}  # of its release
LAYOUTS = ("clevr", "clevr/CLEVR_v1.0", "CLEVR_v1.0")  # of the release under REPROLIB_DATA
COGENT_LAYOUTS = ("clevr-cogent", "CLEVR_CoGenT_v1.0")
MINI = "clevr-mini"  # a small set in the same layout: for tests, never taken for the release
COLUMNS = ("scenes", "answers", "categories", "types", "functions", "depths")  # numbers, one a question
VALIDATION = "validation"  # the split of the release, which is what real data are tested on
DRAWN = 1024  # pictures at a time on a CUDA device
NOT_THERE = (
    "set REPROLIB_DATA to a folder that holds clevr/ with scenes/ and questions/ for real data "
    "(`reprolib data fetch clevr`, or clevr_no_images where states are enough)"
)
COGENT_NOT_THERE = "set REPROLIB_DATA to a folder that holds CLEVR_CoGenT_v1.0/ with scenes/ and questions/"
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
    if missing := available(settings, kind):
        raise InputError(missing)
    made = {name: _generated(settings, name) for name in STREAMS}
    images = {name: _rendered(settings, name, part) if settings.pictures else None for name, part in made.items()}
    hard = hardness.generated(made["test"], settings.questions, settings.seed, STREAMS.index("test"))
    return _dataset("clevr", kind, identity(settings, kind), made, images, hard, words=VOCABULARY)


def available(settings: ClevrData, kind: str) -> str | None:
    """None where the data can be had; the release has to be whole, and the mini set is not it."""
    if kind != "real":
        named = f"data.cogent={settings.cogent} names released files: give --data real, or leave it out"
        return named if settings.cogent else None
    found = find(COGENT_LAYOUTS if settings.cogent else LAYOUTS)
    if found is None:
        return COGENT_NOT_THERE if settings.cogent else NOT_THERE
    lacking = _lacking(settings, found)
    return f"{found / lacking} is not as released: {remedy(found, lacking, _splits(settings)[0])}" if lacking else None


def unanswered(settings: ClevrData, known: Dataset, split: str) -> Split:
    """The questions of a split whose answers were not released, in the words of the data that a model has learned from.

    Columns and tables as `load` gives them, and numbers, int64 [Q]: what the file calls each question.

    Args:
        split: test, testA or testB.

    Raises:
        InputError: the files are not there or damaged, the model sees states, of which such splits have none, or a
            question has a word that it has never read.
    """
    folder = source(cogent=split[-1:] in ("A", "B"))
    part, numbers = parts.unanswered(folder, split)
    if not settings.pictures and not file_of(folder, "scenes", split).is_file():
        raise InputError(f"{folder} has no scenes of {split}: give a record of a row that sees pictures")
    if new := sorted({*map(str, part.tokens.vocabulary)} - {*known.facts["vocabulary"]}):
        path = file_of(folder, "questions", split)
        raise InputError(f"{path} has the word {new[0]!r}, which the model has never read: give one that has")
    images = None
    if settings.pictures:
        images = torch.from_numpy(pictures.preprocess(folder, split, part.indices, settings.side))
    made = _split(part, known.facts["vocabulary"], known.facts["longest"], images)
    return replace(made, columns=made.columns | {"numbers": torch.tensor(numbers)})


def identity(settings: ClevrData, kind: str) -> str:
    """Hash of the data that the settings stand for."""
    if kind == "real":
        return _of_files(settings, source(settings.cogent is not None))
    recipe = f"clevr {kind} {sorted(counted(settings).items())} {parts.version()}"
    recipe += f", render {render.VERSION}" if settings.pictures else ""
    return hashlib.sha256(recipe.encode()).hexdigest()


def source(cogent: bool = False) -> Path:
    """Folder of the user's real files: the mini set only where nothing of the release is there.

    Args:
        cogent: of the Compositional Generalization Test.

    Raises:
        InputError: there is none, or it lacks its scenes or questions.
    """
    found = find(COGENT_LAYOUTS) if cogent else find() or find((MINI,))
    if found is None:
        raise InputError(COGENT_NOT_THERE if cogent else NOT_THERE)
    for part in TEXTS:
        if not (found / part).is_dir():
            raise InputError(f"{found / part} is missing: {remedy(found, part, 'trainA' if cogent else 'train')}")
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
    folder, names = source(settings.cogent is not None), _splits(settings)
    train, val = (parts.released(folder, split) for split in names)
    held = min(settings.valid, max(1, len(train) // 10))
    kept = {"train": slice(0, min(settings.train, len(train) - held)), "valid": slice(len(train) - held, len(train))}
    made = {name: train.select(some, settings.questions) for name, some in kept.items()}
    tested = slice(0, settings.test), settings.questions
    made["test"] = val.select(*tested)
    hard = {name: values[val.asked(*tested)] for name, values in hardness.released(folder, names[1]).items()}
    images: dict[str, Tensor | None] = dict.fromkeys(made)
    if settings.pictures:
        pairs = zip(names, (train, val), strict=True)
        scaled = [pictures.preprocess(folder, split, part.indices, settings.side) for split, part in pairs]
        images = {name: torch.from_numpy(scaled[0][some]) for name, some in kept.items()}
        images["test"] = torch.from_numpy(scaled[1][: settings.test])
    name = "clevr-cogent" if settings.cogent else MINI if folder.name == MINI else "clevr"
    less = _missing(folder, dict(zip(names, (train, val), strict=True)))
    deviations = (_chosen_by(held, len(train), len(made["test"].tokens)), *less)
    return _dataset(name, "real", _of_files(settings, folder), made, images, hard, deviations, released_as=VALIDATION)


def _splits(settings: ClevrData) -> tuple[str, str]:
    """What the files call the split that trains and the one that tests."""
    return ("trainA", f"val{settings.cogent}") if settings.cogent else ("train", "val")


def _chosen_by(held: int, scenes: int, questions: int) -> Deviation:
    return Deviation(
        "split",
        f"the figures are of {questions:,} questions of the validation split, because the answers of the test split "
        f"were never released; {held:,} of the {scenes:,} training scenes are held out to choose by",
    )


def _missing(folder: Path, read: Mapping[str, Part]) -> list[Deviation]:
    """Where the files at hand hold less than the release."""
    released = RELEASED | COGENT
    return [
        Deviation(
            "data",
            f"the real files at hand ({folder.name}) are not the release: {split} holds {len(part):,} scenes and "
            f"{len(part.tokens):,} questions instead of {released[split][0]:,} and {released[split][1]:,}",
        )
        for split, part in read.items()
        if (len(part), len(part.tokens)) != released[split]
    ]


def _lacking(settings: ClevrData, folder: Path) -> str | None:
    """A part that the settings need and that is not there; None where all is."""
    if not all(parts.are_there(folder, split) for split in _splits(settings)):
        return next((part for part in TEXTS if not (folder / part).is_dir()), TEXTS[0])
    seen = not settings.pictures or all(pictures.listing(folder, split) for split in _splits(settings))
    return None if seen else PICTURES


def _of_files(settings: ClevrData, folder: Path) -> str:
    """Hash of the real files: content of scenes and questions, names and sizes of pictures."""
    recipe = f"clevr real {sorted(counted(settings).items())} {parts.VERSION}"
    for split in _splits(settings):
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
