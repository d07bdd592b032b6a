"""Reader of a folder of CLEVR or CoGenT: the scenes and the questions of a split; the pictures are left alone.

It reads the releases, and what the official generator writes: `type` in the place of `function` in programs, and truth
values and numbers as answers.

A file is parsed element by element, with a few MiB of its text in memory at a time. Scenes and questions are given one
at a time, since those of training would take gigabytes; `read_scenes` holds scenes, to answer questions about them.
"""

import json
import re
from collections.abc import Container, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from reprolib.data.clevr.programs import ATTRIBUTES, RELATIONS, parse
from reprolib.data.clevr.scenes import OBJECTS
from reprolib.errors import InputError
from reprolib.reading import DECODER, parse_json, reason

SPLITS = ("train", "val")
COGENT = ("trainA", "valA", "valB")  # of the Compositional Generalization Test
UNANSWERED = ("test", "testA", "testB")  # splits whose answers, programs and scenes were never released
TEXTS, PICTURES = ("scenes", "questions"), "images"  # the parts of a folder
ANSWERS = (
    *("yes", "no"),
    *map(str, range(11)),
    *(value for values in ATTRIBUTES.values() for value in values),
)  # the 28 answers of the release
CATEGORIES: Mapping[str, str] = {
    "count": "count",
    "exist": "exist",
    **dict.fromkeys(("equal_integer", "less_than", "greater_than"), "compare numbers"),
    **{f"query_{attribute}": "query attribute" for attribute in ATTRIBUTES},
    **{f"equal_{attribute}": "compare attribute" for attribute in ATTRIBUTES},
}  # of a question, by the last function of its program (Santoro et al. 2017, Table 1)

SCENE = {"image_index": int, "objects": list, "relationships": dict}
QUESTION = {"question": str, "image_index": int}
FURTHER = {"program": list, "question_family_index": int, "question_index": int}  # may be missing or null
COORDINATES = ("3d_coords", "pixel_coords")  # of an object: x, y, z; column, row, depth
LARGEST = 2.0**127  # that a number may be, so that float32 holds it
WINDOW = 1 << 20  # characters read at a time
LONGEST = 1 << 22  # characters of the longest element that is believed
SPACE = re.compile(r"\s*")
SEPARATOR = re.compile(r"\s*([,\]])")


@dataclass(frozen=True)
class Question:
    """One question with its program in CLEVR's JSON form, and the index of the scene that it asks about."""

    text: str
    program: tuple[Mapping, ...]  # () where nobody says
    answer: str  # "" in a split without answers
    image_index: int
    function: str  # the last of the program, which is the question's type; "" without a program
    family: int | None  # of its template
    number: int | None = None  # what the file calls it

    @property
    def category(self) -> str:
        """The column of Table 1 that it counts for; "" without a program."""
        return CATEGORIES.get(self.function, "")


def stream_scenes(folder: Path, split: str) -> Iterator[dict]:
    """The scenes of a split in CLEVR's JSON form, in the file's order, one at a time.

    Raises:
        InputError: names the file and the scene: no such split, file missing or cut off, a scene that is incomplete,
            there twice or of more than OBJECTS objects, an attribute outside the vocabulary, a coordinate or rotation
            that is no finite number, relationships that do not fit the objects, directions that are no vectors.
    """
    indices: set[int] = set()
    with _opened(folder, "scenes", split) as file:
        for position, scene in enumerate(_elements(file, "scenes")):
            where = f"scene {position}"
            _check_fields(scene, SCENE, where)
            if scene["image_index"] in indices:
                raise InputError(f"{where}: image_index {scene['image_index']} is there twice")
            _check_objects(scene["objects"], where)
            _check_relations(scene, where)
            _check_directions(scene, where)
            indices.add(scene["image_index"])
            yield scene


def read_scenes(folder: Path, split: str, wanted: Container[int] | None = None) -> dict[int, dict]:
    """{image index: scene in CLEVR's JSON form} of a split, held at once: those wanted, by default all.

    Raises:
        InputError: as `stream_scenes` does, for scenes that are not wanted too.
    """
    scenes = ((scene["image_index"], scene) for scene in stream_scenes(folder, split))
    return {index: scene for index, scene in scenes if wanted is None or index in wanted}


def read_questions(folder: Path, split: str, scenes: Container[int] | None) -> Iterator[Question]:
    """The questions of a split, in the file's order, one at a time.

    Args:
        folder: holds scenes/ and questions/, as CLEVR_v1.0.zip unpacks.
        split: one of `SPLITS`, of `COGENT`, or of `UNANSWERED`, of which answers are not read.
        scenes: image indices of the same split's scenes; None where it has none.

    Raises:
        InputError: names the file and the question: no such split, file missing or cut off, a question that is
            incomplete or has no scene, an answer outside `ANSWERS`, a malformed program.
    """
    with _opened(folder, "questions", split) as file:
        for position, content in enumerate(_elements(file, "questions")):
            yield _question(content, scenes, split not in UNANSWERED, f"question {position}")


def remedy(folder: Path, part: str, split: str = SPLITS[0]) -> str:
    """What brings a part back: only the two splits of the release are fetched, which leaves what is there as it is."""
    place = Path(folder) / part
    if split not in SPLITS:
        return f"restore or correct it, or unpack {part}/ of the released archive there"
    fetch = f"run `reprolib data fetch {'clevr' if part == PICTURES else 'clevr_no_images'}`"
    return f"restore or correct it, or if it was fetched, move {place} away, then {fetch}" if place.exists() else fetch


@contextmanager
def _opened(folder: Path, part: str, split: str) -> Iterator[TextIO]:
    """The file of one part of a split; what is wrong in it is raised with its name and the remedy."""
    known = (*SPLITS, *COGENT, *UNANSWERED)
    if split not in known:
        raise InputError(f"CLEVR has no split {split!r}: choose one of {', '.join(known)}")
    path, again = file_of(folder, part, split), remedy(folder, part, split)
    if not path.is_file():
        raise InputError(f"{path} is missing: {again}")
    try:
        with path.open(encoding="utf-8-sig") as file:
            yield file
    except InputError as error:
        raise InputError(f"{path}, {error}; {again}") from None
    except (OSError, ValueError, RecursionError) as error:  # of the disk, of the UTF-8, or of the JSON
        raise InputError(f"{path} is cut off or damaged ({reason(error).partition(':')[0]}): {again}") from None


def file_of(folder: Path, part: str, split: str) -> Path:
    """The file of a split's scenes or questions."""
    return Path(folder) / part / f"CLEVR_{split}_{part}.json"


def _question(content: Mapping, scenes: Container[int] | None, answered: bool, where: str) -> Question:
    further = {name: kind for name, kind in FURTHER.items() if content.get(name) is not None}
    _check_fields(content, QUESTION | further, where)
    if not content["question"].strip():
        raise InputError(f"{where}: the question has no words")
    if scenes is not None and content["image_index"] not in scenes:
        raise InputError(f"{where}: image {content['image_index']} has no scene (move scenes/ away as well)")
    return Question(
        text=content["question"],
        program=tuple(content["program"]) if "program" in further else (),
        answer=_answer(content.get("answer"), where) if answered else "",
        image_index=content["image_index"],
        function=_last(content["program"], where) if "program" in further else "",
        family=content.get("question_family_index"),
        number=content.get("question_index"),
    )


def _answer(found: object, where: str) -> str:
    """An answer as the release spells it: the generator writes truth values and numbers."""
    spelt = ("no", "yes")[found] if isinstance(found, bool) else str(found) if isinstance(found, int) else found
    if spelt not in ANSWERS:
        raise InputError(f"{where}: {found!r:.60} is none of CLEVR's 28 answers")
    return spelt


def _last(program: Sequence[Mapping], where: str) -> str:
    """The last function of a program."""
    try:
        return parse(program)[-1].function
    except InputError as error:
        raise InputError(f"{where}, {str(error).partition(';')[0]}") from None  # a file has another remedy


def _check_fields(content: Mapping, fields: Mapping[str, type], where: str) -> None:
    for name, kind in fields.items():
        if type(content.get(name)) is not kind:
            raise InputError(f"{where}: {name} must be of type {kind.__name__}, not {content.get(name)!r:.60}")


def _check_objects(items: Sequence[object], where: str) -> None:
    """There are not too many, and every one has its four attributes, its coordinates and its rotation."""
    if len(items) > OBJECTS:
        raise InputError(f"{where} has {len(items)} objects: CLEVR's have at most {OBJECTS}")
    for position, item in enumerate(items):
        place, known = f"{where}, object {position}", item if isinstance(item, dict) else {}
        for attribute, values in ATTRIBUTES.items():
            if (found := known.get(attribute)) not in values:
                raise InputError(f"{place}: unknown {attribute} {found!r:.60}")
        for name in COORDINATES:
            _check_vector(known.get(name), f"{place}: {name}")
        if not _is_finite(found := known.get("rotation")):
            raise InputError(f"{place}: rotation must be a finite number, not {found!r:.60}")


def _check_vector(found: object, name: str) -> None:
    if not (isinstance(found, list) and len(found) == 3 and all(map(_is_finite, found))):
        raise InputError(f"{name} must be three finite numbers, not {found!r:.60}")


def _is_finite(value: object) -> bool:
    """Whether it is a number that float32 holds; NaN is not."""
    return type(value) in (int, float) and abs(value) < LARGEST


def _check_relations(scene: Mapping, where: str) -> None:
    """Every relation has one list an object, of objects that are there."""
    everything = range(len(scene["objects"]))
    for relation in RELATIONS:
        lists = scene["relationships"].get(relation)
        if not isinstance(lists, list) or len(lists) != len(everything):
            raise InputError(f"{where}: relation {relation!r} needs one list for each object")
        if not all(_are_some(others, everything) for others in lists):
            raise InputError(f"{where}: relation {relation!r} names objects that are not there")


def _are_some(others: object, everything: range) -> bool:
    return isinstance(others, list) and all(type(other) is int and other in everything for other in others)


def _check_directions(scene: Mapping, where: str) -> None:
    """A scene may list no directions; where it does, every relation has one."""
    if "directions" in scene:
        _check_fields(scene, {"directions": dict}, where)
        for relation in RELATIONS:
            _check_vector(scene["directions"].get(relation), f"{where}: the direction {relation!r}")


def _elements(file: TextIO, key: str) -> Iterator[dict]:
    """The objects of the list under `key`; when they end, the rest of the file has been checked as well.

    Raises:
        ValueError: the text is not JSON.
    """
    text = file.read(WINDOW)
    start = re.search(rf'"{key}"\s*:\s*\[\s*(?={{)', text)
    if not start:
        raise ValueError(f"it holds no {key}")
    frame, position, mark = text[: start.end()], start.end(), ","
    while mark == ",":
        if (found := _next(text, position)) is None:
            more = file.read(WINDOW)
            if not more or len(text) - position > LONGEST:
                raise ValueError(f"it breaks off in the {key}")
            text, position = text[position:] + more, 0
            continue
        element, mark, position = found
        yield element
    parse_json(f"{frame}]{text[position:]}{file.read()}")  # the file without the elements


def _next(text: str, position: int) -> tuple[dict, str, int] | None:
    """An object, the comma or bracket after it, and where that ends; None where the text does not hold them all."""
    try:
        element, end = DECODER.raw_decode(text, SPACE.match(text, position).end())
    except json.JSONDecodeError:
        return None
    mark = SEPARATOR.match(text, end)
    return (element, mark[1], mark.end()) if mark and isinstance(element, dict) else None
