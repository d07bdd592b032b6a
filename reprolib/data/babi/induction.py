"""Task 16, basic induction, taken apart: what a reader gets who follows one rule, right or wrong.

A story says of five animals what species each is and of four which colour each has; the question asks for the colour of
the fifth. "Lily is a swan. Lily is gray. Greg is a swan. What color is Greg?" - gray.
"""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from reprolib.data.babi.babi_reader import Question
from reprolib.data.babi.babi_tensors import test_questions

TASK = 16
SPECIES = re.compile(r"(\w+) is an? (\w+)\.")
COLOUR = re.compile(r"(\w+) is (\w+)\.")
ASKED = re.compile(r"What color is (\w+)\?")


@dataclass(frozen=True)
class Facts:
    """A story's facts in the order of their sentences, and who is asked about."""

    species: dict[str, str]
    colour: dict[str, str]
    asked: str

    @property
    def alike(self) -> list[str]:
        """Coloured animals of the asked one's species, in the order in which their species was told."""
        return [who for who, kind in self.species.items() if kind == self.species[self.asked] and who in self.colour]


def facts(question: Question) -> Facts:
    """Read a story of task 16."""
    species = dict(match.groups() for text in question.story if (match := SPECIES.fullmatch(text)))
    colour = dict(match.groups() for text in question.story if (match := COLOUR.fullmatch(text)))
    return Facts(species, colour, ASKED.fullmatch(question.text)[1])


def _most_frequent(colours: Sequence[str]) -> str:
    """The most frequent colour; the last named of several."""
    counts = Counter(colours)
    return max(reversed(colours), key=lambda colour: counts[colour])


RULES: dict[str, Callable[[Facts], str]] = {
    "same species, told last (the release's rule)": lambda story: story.colour[story.alike[-1]],
    "same species, most frequent colour": lambda story: _most_frequent([story.colour[who] for who in story.alike]),
    "same species, told first": lambda story: story.colour[story.alike[0]],
    "any species, colour named last": lambda story: list(story.colour.values())[-1],
    "any species, most frequent colour": lambda story: _most_frequent(list(story.colour.values())),
    "any species, colour named first": lambda story: next(iter(story.colour.values())),
}


def of_test(kind: str) -> dict[str, float]:
    """`accuracies` on task 16's test questions: the released ones, or as many generated ones.

    Raises:
        InputError: real data are asked for and not there.
    """
    return accuracies(test_questions(TASK, kind))


def accuracies(questions: Sequence[Question]) -> dict[str, float]:
    """Percent of questions of task 16 that each rule answers right."""
    stories = [facts(question) for question in questions]
    return {
        name: 100.0
        * sum(rule(story) == question.answer for story, question in zip(stories, questions, strict=True))
        / len(questions)
        for name, rule in RULES.items()
    }
