"""Renamed questions are valid questions of the same task."""

import pytest

from reprolib.data.babi.babi_reader import Question
from reprolib.data.babi.babi_tensors import generated
from reprolib.data.babi.rename import EXCHANGEABLE, renamed
from reprolib.data.babi.solver import solve

STORY = Question(
    16,
    ("Lily is a frog.", "Brian is a lion.", "Greg is a frog.", "Lily is gray.", "Brian is white."),
    "What color is Greg?",
    "gray",
    (2, 0, 3),
)


def test_a_renamed_question_keeps_its_answer_true():
    copies = renamed([STORY], copies=50, seed=0, tasks=[16])
    assert len(copies) == 50
    assert all(solve(16, copy.story, copy.text) == copy.answer for copy in copies)
    assert {copy.support for copy in copies} == {STORY.support}


def test_renaming_reaches_every_word_of_a_class():
    copies = renamed([STORY], copies=300, seed=1, tasks=[16])
    assert {copy.answer for copy in copies} == set(EXCHANGEABLE[16][2])
    assert {copy.text for copy in copies} == {f"What color is {name}?" for name in EXCHANGEABLE[16][0]}


def test_renaming_is_one_to_one_within_a_story():
    for copy in renamed([STORY], copies=100, seed=2, tasks=[16]):
        names = [sentence.split()[0] for sentence in copy.story]
        assert (names[0], names[1]) == (names[3], names[4])
        assert len(set(names)) == 3


@pytest.mark.parametrize("task", sorted(EXCHANGEABLE))
def test_the_solver_gives_the_renamed_answer(task):
    questions = generated(task, "train", 200, seed=3)
    copies = renamed(questions, copies=3, seed=0, tasks=[task])
    assert all(solve(task, copy.story, copy.text) == copy.answer for copy in copies)
    changed = sum(copy.story != question.story for copy, question in zip(copies, questions * 3, strict=True))
    assert changed > 500, "nearly every one of the 600 copies is another story"


def test_names_of_several_words_are_exchanged_whole():
    story = ("The box of chocolates fits inside the box.", "The chest is bigger than the box.")
    question = Question(18, story, "Does the chest fit in the box of chocolates?", "no", (0, 1))
    for copy in renamed([question], copies=50, seed=0, tasks=[18]):
        assert copy.story[0].startswith("The box of chocolates fits inside the ")
        assert copy.text.endswith(" fit in the box of chocolates?")


def test_other_tasks_are_left_alone():
    other = Question(1, ("Mary went to the office.",), "Where is Mary?", "office", (0,))
    assert renamed([other, STORY], copies=3, seed=0, tasks=[17]) == []
    assert [copy.task for copy in renamed([other, STORY], copies=3, seed=0, tasks=[16])] == [16] * 3


def test_a_task_that_is_named_twice_gets_twice_the_copies():
    other = Question(4, ("The office is north of the garden.",), "What is north of the garden?", "office", (0,))
    copies = renamed([other, STORY], copies=2, seed=0, tasks=[16, 4, 16])
    assert sorted(copy.task for copy in copies) == [4] * 2 + [16] * 4
