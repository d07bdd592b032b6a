"""Consistent renaming: a story with names exchanged for others of their kind is another story of the same task."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from reprolib.data.babi.babi_reader import Question

PLACES = ("bathroom", "bedroom", "garden", "hallway", "kitchen", "office")

# Names of a task that may change places within a story without changing what follows from it, kind by kind.
EXCHANGEABLE: Mapping[int, tuple[tuple[str, ...], ...]] = {
    4: (PLACES,),
    16: (
        ("Lily", "Bernhard", "Greg", "Julius", "Brian"),
        ("swan", "lion", "frog", "rhino"),
        ("white", "yellow", "gray", "green"),
    ),
    17: (("triangle", "pink rectangle", "blue square", "red square", "red sphere", "yellow square"),),
    18: (("box", "chest", "suitcase", "container"), ("box of chocolates",)),  # the chocolates are always the smaller
    19: (PLACES,),
}


def renamed(questions: Sequence[Question], copies: int, seed: int, tasks: Sequence[int]) -> list[Question]:
    """`copies` renamed versions of every question of `tasks`; twice as many where a task is named twice.

    Raises:
        KeyError: a task without exchangeable names.
    """
    rng = np.random.default_rng(seed)
    patterns = {task: _pattern(EXCHANGEABLE[task]) for task in tasks}
    return [
        _rename(question, patterns[task], rng)
        for task in tasks
        for _ in range(copies)
        for question in questions
        if question.task == task
    ]


def _pattern(kinds: Sequence[Sequence[str]]) -> re.Pattern[str]:
    """Finds every name as a whole, the longest first: a "box of chocolates" is no "box"."""
    names = sorted((name for kind in kinds for name in kind), key=len, reverse=True)
    return re.compile(rf"\b({'|'.join(names)})\b")


def _rename(question: Question, pattern: re.Pattern[str], rng: np.random.Generator) -> Question:
    new: dict[str, str] = {}
    for kind in EXCHANGEABLE[question.task]:
        new.update(zip(kind, rng.permutation(kind).tolist(), strict=True))

    def apply(text: str) -> str:
        return pattern.sub(lambda match: new[match[0]], text)

    return replace(
        question, story=tuple(map(apply, question.story)), text=apply(question.text), answer=apply(question.answer)
    )
