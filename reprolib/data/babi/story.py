"""What every generated bAbI story is made of: random draws, numbered lines, recent facts."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

T = TypeVar("T")

QUESTIONS = 5  # a story of tasks 1-3 and 5-14, and at least so many in task 18
WINDOW = 5  # a question is about one of so many last facts
BLOCK = 4096  # numbers drawn at a time


class Dice:
    """Uniform draws from a numpy generator, fetched in blocks because single draws are many times slower."""

    def __init__(self, *entropy: int):
        self._generator = np.random.default_rng(entropy)
        self._block: list[float] = []

    def uniform(self) -> float:
        """A number in [0, 1)."""
        if not self._block:
            self._block = self._generator.random(BLOCK).tolist()
        return self._block.pop()

    def below(self, bound: int) -> int:
        """A whole number in [0, bound)."""
        return int(self.uniform() * bound)

    def chance(self, probability: float) -> bool:
        """True with this probability."""
        return self.uniform() < probability

    def choice(self, items: Sequence[T]) -> T:
        """One of the items."""
        return items[self.below(len(items))]

    def sample(self, items: Sequence[T], size: int) -> list[T]:
        """Distinct items, in random order."""
        pool = list(items)
        return [pool.pop(self.below(len(pool))) for _ in range(size)]


@dataclass(frozen=True)
class Line:
    """A sentence, or a question with its answer and the numbers of the lines that support it."""

    text: str
    answer: str | None = None
    support: tuple[int, ...] = ()


class Story:
    """Lines numbered from 1."""

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self.questions = 0

    def tell(self, sentence: str) -> int:
        """Add a sentence; returns its number."""
        self.lines.append(Line(sentence))
        return len(self.lines)

    def ask(self, question: str, answer: str, support: Sequence[int]) -> None:
        """Add a question."""
        self.lines.append(Line(question, answer, tuple(support)))
        self.questions += 1


def render(story: Story, questions: int, gap: str) -> str:
    """The released text of a story, up to its given question; `gap` stands between a question mark and its tab."""
    rows = []
    for number, line in enumerate(story.lines, start=1):
        if line.answer is None:
            rows.append(f"{number} {line.text}\n")
            continue
        rows.append(f"{number} {line.text}{gap}\t{line.answer}\t{' '.join(map(str, line.support))}\n")
        questions -= 1
        if not questions:
            break
    return "".join(rows)
