"""bAbI questions as integer arrays: a table of distinct sentences, and questions that point into it.

S distinct sentences, L words of the longest, M questions, W sentences in the window.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from reprolib.data.babi.babi_reader import Question
from reprolib.errors import InputError
from reprolib.settings.data_sets import BABI_WINDOW


def words(sentence: str) -> list[str]:
    """Lower-cased words of a sentence or question, without its final mark."""
    return sentence.lower().rstrip(".?").split()


@dataclass(frozen=True)
class Vocabulary:
    """Words read (0 is padding) and answers given (whole strings: 'milk,football' is one answer)."""

    words: tuple[str, ...]
    answers: tuple[str, ...]

    @property
    def said(self) -> tuple[str, ...]:
        """The words of all answers: 'milk,football' has two."""
        return tuple(sorted({word for answer in self.answers for word in answer.split(",")}))

    @property
    def spelled(self) -> np.ndarray:
        """Which of the words `said` each answer consists of, bool [answers, said]."""
        return np.array([[word in answer.split(",") for word in self.said] for answer in self.answers])


@dataclass(frozen=True)
class Arrays:
    """Questions as arrays. Sentence 0 is empty; a window lists the most recent sentence first."""

    sentences: np.ndarray  # uint8 [S, L], int32 where there are more than 255 words; 0 pads
    windows: np.ndarray  # int32 [M, W], rows of `sentences`, 0 where the story is shorter
    questions: np.ndarray  # int32 [M], rows of `sentences`
    answers: np.ndarray  # int64 [M]
    tasks: np.ndarray  # int64 [M]


def as_a_set(question: Question) -> Question:
    """The question with its answer's words as a set: 'n,n' is 'n', 'milk,football' the same as 'football,milk'."""
    return replace(question, answer=",".join(sorted(set(question.answer.split(",")))))


def vocabulary(questions: Iterable[Question]) -> Vocabulary:
    """Joint vocabulary over all tasks and splits."""
    sentences, answers = set(), set()
    for question in questions:
        sentences.update(question.story, (question.text,))
        answers.add(question.answer)
    read = {word for sentence in sentences for word in words(sentence)}
    return Vocabulary(tuple(sorted(read)), tuple(sorted(answers)))


def encode(splits: dict[str, Sequence[Question]], vocab: Vocabulary, window: int = BABI_WINDOW) -> dict[str, Arrays]:
    """Arrays of every split over one shared table of sentences.

    Raises:
        InputError: a word or an answer outside the vocabulary, or a window below 1.
    """
    if window < 1:
        raise InputError(f"window is {window}: give at least 1 sentence")
    rows: dict[str, int] = {"": 0}
    for question in (question for split in splits.values() for question in split):
        for sentence in (*question.story[-window:], question.text):
            rows.setdefault(sentence, len(rows))
    sentences = _sentence_table(rows, vocab)
    answers = {answer: index for index, answer in enumerate(vocab.answers)}
    return {name: _split(split, rows, sentences, answers, window) for name, split in splits.items()}


def _sentence_table(rows: dict[str, int], vocab: Vocabulary) -> np.ndarray:
    index = {word: number for number, word in enumerate(vocab.words, start=1)}
    tokens = [words(sentence) for sentence in rows]
    kind = np.uint8 if len(index) <= np.iinfo(np.uint8).max else np.int32
    table = np.zeros((len(rows), max(map(len, tokens))), dtype=kind)
    for row, sentence in zip(table, tokens, strict=True):
        try:
            row[: len(sentence)] = [index[word] for word in sentence]
        except KeyError as error:
            raise InputError(f"the word {error} is not in the vocabulary: build it over every split") from None
    return table


def _split(
    split: Sequence[Question], rows: dict[str, int], sentences: np.ndarray, answers: dict[str, int], window: int
) -> Arrays:
    windows = np.zeros((len(split), window), dtype=np.int32)
    for row, question in zip(windows, split, strict=True):
        recent = question.story[-window:][::-1]
        row[: len(recent)] = [rows[sentence] for sentence in recent]
    unknown = {question.answer for question in split} - set(answers)
    if unknown:
        raise InputError(f"the answer {sorted(unknown)[0]!r} is not in the vocabulary: build it over every split")
    return Arrays(
        sentences=sentences,
        windows=windows,
        questions=np.array([rows[question.text] for question in split], dtype=np.int32),
        answers=np.array([answers[question.answer] for question in split], dtype=np.int64),
        tasks=np.array([question.task for question in split], dtype=np.int64),
    )
