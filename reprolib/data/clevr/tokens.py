"""Questions as numbers: words, scene, answer, category, type, size and depth of the program.

Q questions, at most L words each.
"""

import re
from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np

from reprolib.data.clevr.clevr_reader import ANSWERS, CATEGORIES, Question
from reprolib.data.clevr.programs import depth
from reprolib.errors import InputError

VERSION = 1  # part of the data's identity: raise it whenever the same questions give other numbers

PAD = 0
MOST_WORDS = 255  # that a vocabulary can hold, since a word is one byte and 0 is padding
WORD = re.compile(r"[\w'-]+|[;,]")  # the question mark and the full stop end every question and say nothing
CATEGORY_NAMES = tuple(
    dict.fromkeys(CATEGORIES.values())
)  # count, exist, compare numbers, query attribute, compare attribute
TYPES = tuple(CATEGORIES)  # functions that a program ends with
ANSWER, KIND, TYPE = (
    {name: position for position, name in enumerate((*names, ""))} for names in (ANSWERS, CATEGORY_NAMES, TYPES)
)  # the last position is that of what nobody says


@dataclass(frozen=True, eq=False)
class Tokens:
    """Q questions; word w is vocabulary[w - 1], and 0 fills up the ends of the rows."""

    questions: np.ndarray  # uint8 [Q, L], in reading order
    scenes: np.ndarray  # int64 [Q]: rows of the scenes that are asked about
    answers: np.ndarray  # uint8 [Q]: positions in reader.ANSWERS; of these three, one more where nobody says
    categories: np.ndarray  # uint8 [Q]: positions in CATEGORY_NAMES
    types: np.ndarray  # uint8 [Q]: positions in TYPES
    functions: np.ndarray  # uint8 [Q]: nodes of the program, 0 without one
    depths: np.ndarray  # uint8 [Q]: nodes on its longest chain
    vocabulary: np.ndarray  # words in alphabetical order

    def __len__(self) -> int:
        return len(self.scenes)

    def __getitem__(self, index: slice | np.ndarray) -> "Tokens":
        return Tokens(*(getattr(self, field.name)[index] for field in fields(self)[:-1]), self.vocabulary)


def words(text: str) -> list[str]:
    """The words of a question in small letters; a comma and a semicolon count as words."""
    return WORD.findall(text.lower())


def spell(numbers: Iterable[int], vocabulary: Sequence[str]) -> str:
    """The words of one row."""
    return " ".join(vocabulary[int(number) - 1] for number in numbers if number != PAD)


def encode(questions: Iterable[Question], rows: Mapping[int, int] | Sequence[int]) -> Tokens:
    """Questions as numbers over the vocabulary of their own; some 50 bytes a question are held.

    Args:
        rows: row of the scene of every image index; a range where they are the same.

    Raises:
        InputError: more than MOST_WORDS different words, or more than 255 words or program nodes of a question.
    """
    numbers: dict[str, int] = {}  # in the order of appearance
    flat, lengths, scenes = array("B"), array("B"), array("q")
    rest = array("B")  # answer, category, type, number of functions and depth of every question
    for question in questions:
        found = [numbers.setdefault(word, len(numbers) + 1) for word in words(question.text)]
        kinds = ANSWER[question.answer], KIND[question.category], TYPE[question.function]
        values = *kinds, len(question.program), depth(question.program)
        if max(len(numbers), len(found), *values) > MOST_WORDS:
            raise InputError(
                f"{question.text!r:.120}: at most {MOST_WORDS} different words, words of a question and "
                "program nodes can be held; correct the questions"
            )
        flat.extend(found)
        lengths.append(len(found))
        scenes.append(rows[question.image_index])
        rest.extend(values)
    columns = np.array(rest, np.uint8).reshape(-1, 5).T  # [5, Q]
    tokens = Tokens(_padded(flat, lengths), np.array(scenes), *columns, np.array(list(numbers), np.str_))
    return recode(tokens, sorted(numbers))


def _padded(flat: array, lengths: array) -> np.ndarray:
    """Rows of words, filled up with PAD to the longest: [Q, L]."""
    lengths = np.array(lengths, np.int64)
    taken = np.arange(lengths.max(initial=0)) < lengths[:, None]
    rows = np.full(taken.shape, PAD, np.uint8)
    rows[taken] = flat
    return rows


def vocabulary(parts: Iterable[Tokens]) -> list[str]:
    """All words of some questions in alphabetical order."""
    return sorted({str(word) for part in parts for word in part.vocabulary})


def recode(tokens: Tokens, vocabulary: Sequence[str], longest: int = 0) -> Tokens:
    """The same questions over a vocabulary that holds at least their words, in rows of `longest` words or more.

    Raises:
        InputError: more than MOST_WORDS words.
    """
    if len(vocabulary) > MOST_WORDS:
        raise InputError(f"the questions have {len(vocabulary)} different words: at most {MOST_WORDS} can be held")
    places = {word: number for number, word in enumerate(vocabulary, 1)}
    table = np.array([PAD, *(places[word] for word in tokens.vocabulary)], np.uint8)
    questions = table[tokens.questions]
    missing = max(0, longest - questions.shape[1])
    questions = np.pad(questions, ((0, 0), (0, missing)), constant_values=PAD)  # [Q, L]
    rest = (getattr(tokens, field.name) for field in fields(tokens)[1:-1])
    return Tokens(questions, *rest, np.array(vocabulary, np.str_))


def join(parts: Sequence[Tokens]) -> Tokens:
    """Questions one after the other, over their joint vocabulary."""
    shared, longest = vocabulary(parts), max(part.questions.shape[1] for part in parts)
    parts = [recode(part, shared, longest) for part in parts]
    columns = (np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(Tokens)[:-1])
    return Tokens(*columns, parts[0].vocabulary)
