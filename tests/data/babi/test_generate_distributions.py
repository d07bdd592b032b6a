"""Generated bAbI against the released files: sentence forms, entities, answers, lengths, distances of support."""

import re
from collections import Counter
from functools import cache

import pytest

from reprolib.data.babi import tasks_moving, tasks_people, tasks_space, world
from reprolib.data.babi.babi_reader import open_source
from reprolib.data.babi.generate import generate
from reprolib.settings.data_sets import BABI_TASKS

PEOPLE = (*world.PEOPLE, *world.TOWN_PEOPLE, "Jeff", *tasks_people.NAMES, *tasks_people.ANIMALS, *tasks_people.MOVERS)
CLASSES = {
    "person": PEOPLE,
    "place": (*world.ROOMS, *world.TOWN),
    "thing": (*world.OBJECTS, "pajamas", *tasks_space.SIZES[2:]),
    "kind": (*tasks_people.PLURALS, *tasks_people.SPECIES),
    "kinds": ("cats", "mice", "wolves"),
    "colour": (*tasks_people.COLOURS, "red", "blue", "pink"),
    "shape": ("square", "rectangle", "sphere", "triangle"),
}
CLASS = {name: kind for kind, names in CLASSES.items() for name in names}
CLASS |= {form(name): kind for name, kind in CLASS.items() for form in (str.lower, str.capitalize)}

# Compared by Kolmogorov-Smirnov; the other features by total variation.
ORDERED = ("story length", "distance of support", "different entities a story", "facts akin to the first support")
BOUNDS = {
    "templates": 0.04,
    "entities": 0.03,
    "different entities a story": 0.09,
    "shared with the line before": 0.03,
    "answers": 0.07,
    "asked again": 0.03,
    "supporting facts": 0.04,
    "distance of support": 0.04,
    "facts akin to the first support": 0.05,
    "story length": 0.08,
    "questions a story": 0.06,
}
FEW = {3: {"answers": 0.12}}  # task 3: 2,000 real questions, in 400 stories
QUESTIONS = {3: 2000, 17: 9000}  # compared, else 3,000: of the few real ones, and of stories with eight questions


@cache
def template(content):
    """A sentence, white space and all, with its entities replaced by their classes, and those entities."""
    parts = re.split(r"([A-Za-z]+)", content)
    classes = [CLASS[part].capitalize() if part[0].isupper() else CLASS[part] for part in parts if part in CLASS]
    kinds = iter(classes)
    form = "".join(next(kinds) if part in CLASS else part for part in parts)
    return form, frozenset(part.lower() for part in parts if part in CLASS)


def statistics(text):
    """{feature: Counter}; the values of the features in ORDERED are numbers."""
    counts = {name: Counter() for name in BOUNDS}
    for story in re.split(r"^(?=1 )", text, flags=re.MULTILINE)[1:]:
        asked, before, previous = 0, (False, frozenset()), None
        lines = [line.split(" ", 1)[1] for line in story.splitlines()]
        told = []
        for number, line in enumerate(lines, start=1):
            question, *rest = line.split("\t")
            form, entities = template(question)
            counts["templates"][form] += 1
            counts["entities"].update(entities)
            counts["shared with the line before"][before[0], bool(rest), len(before[1] & entities)] += 1
            before = bool(rest), entities
            told.append(frozenset() if rest else entities)
            if rest:
                support = [int(line) for line in rest[1].split()]
                counts["answers"][rest[0]] += 1
                counts["supporting facts"][tuple(sorted(range(len(support)), key=support.__getitem__))] += 1
                counts["distance of support"].update(number - line for line in support)
                akin = sum(not told[support[0] - 1].isdisjoint(fact) for fact in told)
                counts["facts akin to the first support"][akin] += 1
                counts["asked again"][question == previous] += 1
                asked, previous = asked + 1, question
        different = frozenset().union(*(template(line.split("\t")[0])[1] for line in lines))
        counts["different entities a story"][len(different)] += 1
        counts["story length"][len(lines)] += 1
        counts["questions a story"][asked] += 1
    return counts


def distance(one, other, ordered):
    """Between two Counters: the largest gap of their cumulative frequencies, or half the sum of all gaps."""
    total, gap, gaps = 0.0, 0.0, []
    for value in sorted({*one, *other}, key=None if ordered else repr):
        gaps.append(one[value] / one.total() - other[value] / other.total())
        total += gaps[-1]
        gap = max(gap, abs(total))
    return gap if ordered else sum(map(abs, gaps)) / 2


def distances(one, other):
    return {name: distance(one[name], other[name], name in ORDERED) for name in BOUNDS}


def too_far(task, one, other):
    """The features whose distributions differ by more than their bounds."""
    far = distances(one, other)
    return {name: gap for name, gap in far.items() if gap > FEW.get(task, {}).get(name, BOUNDS[name])}


@pytest.fixture(scope="module")
def released(babi):
    return open_source(babi)


def first_questions(text, count):
    """The text up to its count-th question."""
    ends = [match.end() for match in re.finditer(r"\t.*\n", text)]
    return text[: ends[count - 1]]


@pytest.mark.parametrize("task", BABI_TASKS)
def test_distributions_are_those_of_the_real_files(task, released):
    splits = ("valid", "test") if task == 3 else ("train",)  # most of task 3's training file is not to be had
    real = "".join(released.files[task, split].decode() for split in splits)
    count = QUESTIONS.get(task, 3000)
    count = min(count, real.count("?"))
    real, generated = statistics(first_questions(real, count)), statistics(generate(task, count, seed=1))
    assert set(generated["templates"]) == set(real["templates"])
    assert too_far(task, real, generated) == {}


WRONG = [
    (1, tasks_moving, "WINDOW", 10),
    (2, world, "THERE", 0.5),
    (9, tasks_moving, "WINDOW", 3),
    (13, tasks_moving, "WINDOW", 4),
    (14, tasks_moving, "_derange", lambda _, block: block),
    (16, tasks_people, "ALIKE", (1, 2, 3, 4)),
    (18, tasks_space, "TRIES", 10),
    (20, tasks_people, "TOOK", world.TOOK[:3]),
]


@pytest.mark.parametrize(("task", "where", "name", "wrong"), WRONG, ids=[f"{case[0]}-{case[2]}" for case in WRONG])
def test_the_bounds_tell_a_wrong_generator_from_a_right_one(task, where, name, wrong, monkeypatch):
    right = statistics(generate(task, 3000, seed=1))
    assert too_far(task, right, statistics(generate(task, 3000, seed=2))) == {}
    monkeypatch.setattr(where, name, wrong)
    assert too_far(task, right, statistics(generate(task, 3000, seed=2)))
