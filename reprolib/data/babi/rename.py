"""Consistent renaming: a story with its names, species and colours exchanged is another story of the same task."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from reprolib.data.babi.reader import Question

# Words of a task that may change places within a story without changing what follows from it.
EXCHANGEABLE: Mapping[int, tuple[tuple[str, ...], ...]] = {
    16: (
        ("Lily", "Bernhard", "Greg", "Julius", "Brian"),
        ("swan", "lion", "frog", "rhino"),
        ("white", "yellow", "gray", "green"),
    ),
}
WORD = re.compile(r"[A-Za-z]+")


def renamed(questions: Sequence[Question], copies: int, seed: int) -> list[Question]:
    """`copies` renamed versions of every question whose task has exchangeable words."""
    rng = np.random.default_rng(seed)
    return [_rename(question, rng) for _ in range(copies) for question in questions if question.task in EXCHANGEABLE]


def _rename(question: Question, rng: np.random.Generator) -> Question:
    new: dict[str, str] = {}
    for words in EXCHANGEABLE[question.task]:
        new.update(zip(words, rng.permutation(words).tolist(), strict=True))

    def apply(text: str) -> str:
        return WORD.sub(lambda match: new.get(match[0], match[0]), text)

    return replace(
        question, story=tuple(map(apply, question.story)), text=apply(question.text), answer=apply(question.answer)
    )
