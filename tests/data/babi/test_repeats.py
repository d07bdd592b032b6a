"""Test questions that were asked in training: counted by hand, in the release, and in what we generate."""

import json
from dataclasses import replace

import pytest

from reprolib.data.babi import repeats
from reprolib.data.babi.babi_reader import Question
from reprolib.paths import NOTEBOOKS

FIRST = Question(1, ("Mary went home.",), "Where is Mary?", "home", (0,))
RELEASED = {4: 711, 17: 131, 20: 201}  # of 1,000 test questions; of every other task fewer than 50


def test_only_the_same_story_with_the_same_question_is_a_repeat():
    other = replace(FIRST, text="Where is John?")
    longer = replace(FIRST, story=("John went home.", *FIRST.story))
    elsewhere = replace(FIRST, support=())
    assert repeats.percent([FIRST, other, longer, elsewhere], [FIRST]) == 50.0
    assert repeats.percent([FIRST], [other, longer]) == 0.0
    assert repeats.percent([FIRST, FIRST, other], [longer, FIRST, FIRST]) == pytest.approx(200 / 3)


def counts(found):
    return {int(task.removeprefix("task ")): round(10 * share) for task, share in found.items()}


def test_the_release_asks_most_of_task_4_again(babi):
    found = counts(repeats.of_test("real"))
    assert {task: found.pop(task) for task in RELEASED} == RELEASED
    assert max(found.values()) < 50


def test_the_page_says_how_often():
    cells = json.loads((NOTEBOOKS / "rn_babi.ipynb").read_text())["cells"]
    text = next("".join(cell["source"]).replace("\n", " ") for cell in cells if cell["id"] == "repeats")
    for words in (
        "test questions of task 4, 711 stand",
        "of task 20 it is 201",
        "of task 17 it is 131",
        "fewer than 50",
    ):
        assert words in text


def test_generated_questions_repeat_themselves_about_as_often(monkeypatch):
    monkeypatch.setattr(repeats, "BABI_TASKS", tuple(RELEASED))
    found = counts(repeats.of_test("generated"))
    assert {task: found[task] for task in RELEASED} == pytest.approx(RELEASED, abs=40)
