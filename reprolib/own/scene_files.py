"""Scenes with questions from JSON files in the form of CLEVR's states (Johnson et al. 2017).

    {"scenes": [{"image_index": 0, "objects": [{"shape": "cube", "3d_coords": [1.0, 0.5, 0.7]}, ...]}, ...]}
    {"questions": [{"image_index": 0, "question": "What is left of the cube?", "answer": "sphere"}, ...]}

Attributes may have any names and values, the same names for all objects: a text becomes one number for each value that
occurs, a number or a list of numbers stays what it is, in units of its own spread. Whatever else the files hold, such
as relationships and programs, is not read: a relation has to be learned from the objects.

S scenes, N objects of the fullest, D features, M questions, L words of the longest.
"""

import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from reprolib.data.simulations import scale
from reprolib.data.split import Split
from reprolib.errors import InputError
from reprolib.reading import read_json

Files = tuple[str | Path, str | Path]  # scenes, questions
Numbers = list[float]


@dataclass(frozen=True, eq=False)
class Scenes:
    """Questions with their scenes.

    Columns of a split: questions int64 [M, L], numbers of words, filled up with 0; scenes [M], rows of the tables;
    answers [M], positions in `answers`. Tables: objects float32 [S, N, D], counts int64 [S].
    """

    splits: dict[str, Split]
    questions: dict[str, Sequence[Mapping[str, Any]]]  # as the files have them
    words: int  # of the vocabulary
    answers: tuple[str, ...]  # that occur
    features: tuple[str, ...]  # D names: of an attribute's value, or of a number


def read_scenes(**files: Files) -> Scenes:
    """Scenes and questions, each pair of files a split: read_scenes(train=("scenes.json", "questions.json"), test=...).

    Raises:
        InputError: no files, one that cannot be read, objects that differ in their attributes, a question without
            text, answer or scene; names the file and the scene, object or question.

    Examples:
        >>> import json
        >>> from pathlib import Path
        >>> from tempfile import mkdtemp
        >>> from reprolib import read_scenes
        >>> cube, ball = {"shape": "cube", "place": [0.0, 1.0]}, {"shape": "ball", "place": [2.0, 1.0]}
        >>> folder = Path(mkdtemp())
        >>> scenes = {"scenes": [{"image_index": 7, "objects": [cube, ball]}]}
        >>> asked = {"questions": [{"image_index": 7, "question": "What is left of the ball?", "answer": "cube"}]}
        >>> _ = (folder / "scenes.json").write_text(json.dumps(scenes))
        >>> _ = (folder / "questions.json").write_text(json.dumps(asked))
        >>> mine = read_scenes(train=(folder / "scenes.json", folder / "questions.json"))
        >>> mine.features, mine.answers
        (('place 0', 'place 1', 'shape ball', 'shape cube'), ('cube',))
        >>> mine.splits["train"].tables["objects"]
        tensor([[[-1.,  0.,  0.,  1.],
                 [ 1.,  0.,  1.,  0.]]])
    """
    pairs = [isinstance(pair, list | tuple) and len(pair) == 2 for pair in files.values()]
    if not pairs or not all(pairs):
        raise InputError("read_scenes needs two files for each split: name them as train=(scenes, questions)")
    scenes = {name: _scenes(Path(first)) for name, (first, _) in files.items()}
    questions = {name: _questions(Path(second), scenes[name]) for name, (_, second) in files.items()}
    features, objects = _encoded(scenes, _alike(scenes, {name: str(first) for name, (first, _) in files.items()}))
    asked = [each for part in questions.values() for each in part]
    words = sorted({word for each in asked for word in _words(each["question"])})
    answers = tuple(sorted({str(each["answer"]) for each in asked}))
    longest = max(len(_words(each["question"])) for each in asked)
    splits = {}
    for name, part in questions.items():
        rows = {index: row for row, index in enumerate(scenes[name])}
        columns = {
            "questions": [_numbered(each["question"], words, longest) for each in part],
            "scenes": [rows[each["image_index"]] for each in part],
            "answers": [answers.index(str(each["answer"])) for each in part],
        }
        splits[name] = Split({key: torch.tensor(column) for key, column in columns.items()}, objects[name])
    return Scenes(splits, questions, len(words), answers, features)


def _list(path: Path, key: str) -> list[dict[str, Any]]:
    """The objects under one key of a JSON file; not none."""
    content = read_json(path, "JSON", "correct the file")
    found = content.get(key) if isinstance(content, dict) else None
    if not isinstance(found, list) or not found or not all(isinstance(each, dict) for each in found):
        raise InputError(f'{path} holds no {key}: give {{"{key}": [{{...}}, ...]}}')
    return found


def _scenes(path: Path) -> dict[int, list[dict[str, Numbers | str]]]:
    """The objects of every scene, by its image_index; the values of an object are lists of numbers, and texts."""
    found: dict[int, list[dict[str, Numbers | str]]] = {}
    for position, scene in enumerate(_list(path, "scenes")):
        where, index, objects = f"{path}, scene {position}", scene.get("image_index"), scene.get("objects")
        if type(index) is not int or index in found:
            raise InputError(f"{where}: image_index is {index!r}: give every scene a number of its own")
        if not isinstance(objects, list) or not objects or not all(isinstance(each, dict) and each for each in objects):
            raise InputError(f"{where}: objects must be a list of one or more objects with attributes")
        found[index] = [
            {name: _value(value, f"{where}, object {place}: {name}") for name, value in each.items()}
            for place, each in enumerate(objects)
        ]
    return found


def _value(value: Any, where: str) -> Numbers | str:
    if isinstance(value, str):
        return value
    numbers = value if isinstance(value, list) else [value]
    if not numbers or not all(type(each) in (int, float) and abs(each) <= sys.float_info.max for each in numbers):
        raise InputError(f"{where} is {value!r:.60}: give a text, a finite number or a list of these numbers")
    return [float(each) for each in numbers]


def _questions(path: Path, scenes: Mapping[int, Any]) -> list[dict[str, Any]]:
    found = _list(path, "questions")
    for position, each in enumerate(found):
        where = f"{path}, question {position}"
        if not isinstance(each.get("question"), str) or not _words(each["question"]):
            raise InputError(f"{where}: question is {each.get('question')!r:.60}: give a text with words")
        if not isinstance(each.get("answer"), str | int) or each["answer"] == "":
            raise InputError(f"{where}: answer is {each.get('answer')!r:.60}: give a text or a whole number")
        if type(each.get("image_index")) is not int or each["image_index"] not in scenes:
            raise InputError(f"{where}: image_index is {each.get('image_index')!r:.60}: give that of a scene")
    return found


def _encoded(
    scenes: Mapping[str, Mapping[int, list]], kinds: Mapping[str, int]
) -> tuple[tuple[str, ...], dict[str, dict[str, torch.Tensor]]]:
    """The names of the features, and the tables of every split; numbers in units of the first split's spread."""
    every = [each for part in scenes.values() for objects in part.values() for each in objects]
    columns: dict[str, tuple[str, Any]] = {}  # by name of a feature: the attribute, and its value or its place
    for name, length in kinds.items():
        values = range(length) if length else sorted({each[name] for each in every})
        columns |= {name if length == 1 else f"{name} {value}": (name, value) for value in values}
    counts = {name: [len(objects) for objects in part.values()] for name, part in scenes.items()}
    most, tables = max(max(part) for part in counts.values()), {}
    for name, part in scenes.items():
        objects = np.zeros((len(part), most, len(columns)))  # [S, N, D]
        for row, there in enumerate(part.values()):
            objects[row, : len(there)] = [
                [_feature(each[key], value) for key, value in columns.values()] for each in there
            ]
        tables[name] = objects, np.array(counts[name])
    numeric = np.array([kinds[name] > 0 for name, _ in columns.values()])
    return tuple(columns), _scaled(tables, numeric)


def _alike(scenes: Mapping[str, Mapping[int, list]], files: Mapping[str, str]) -> dict[str, int]:
    """Of every attribute how many numbers it has, the same for all objects; 0 is a text."""
    places = [
        (f"{files[name]}, scene {position}, object {place}", each)
        for name, part in scenes.items()
        for position, objects in enumerate(part.values())
        for place, each in enumerate(objects)
    ]
    kinds = _kinds(places[0][1])
    for where, each in places:
        if _kinds(each) != kinds:
            raise InputError(f"{where} has {_said(_kinds(each))}, and the first object {_said(kinds)}: make them alike")
    return kinds


def _said(kinds: Mapping[str, int]) -> str:
    lengths = {0: "a text", 1: "a number"}
    return ", ".join(f"{name} ({lengths.get(count, f'{count} numbers')})" for name, count in kinds.items())


def _kinds(item: Mapping[str, Numbers | str]) -> dict[str, int]:
    return {name: 0 if isinstance(item[name], str) else len(item[name]) for name in sorted(item)}


def _feature(found: Numbers | str, value: Any) -> float:
    return float(found == value) if isinstance(found, str) else found[value]


def _scaled(
    tables: dict[str, tuple[np.ndarray, np.ndarray]], numeric: np.ndarray
) -> dict[str, dict[str, torch.Tensor]]:
    objects, counts = next(iter(tables.values()))
    units = scale(objects[..., numeric], np.arange(objects.shape[1]) < counts[:, None]) if numeric.any() else None
    found = {}
    for name, (objects, counts) in tables.items():
        if units is not None:
            there = (np.arange(objects.shape[1]) < counts[:, None])[..., None]  # [S, N, 1]
            objects[..., numeric] = np.where(there, units.apply(objects[..., numeric]), 0.0)
        found[name] = {"objects": torch.from_numpy(objects).float(), "counts": torch.from_numpy(counts)}
    return found


def _words(text: str) -> list[str]:
    return re.findall(r"[\w']+", text.lower())


def _numbered(text: str, words: Sequence[str], longest: int) -> list[int]:
    numbers = [words.index(word) + 1 for word in _words(text)]
    return numbers + [0] * (longest - len(numbers))
