"""The generator and the solver were written apart from each other; every generated question must come out alike."""

import pytest

from reprolib.data.babi.dataset import generated
from reprolib.data.babi.reader import TASKS
from reprolib.data.babi.solver import solve

QUESTIONS = 2000


@pytest.mark.parametrize("task", TASKS)
def test_the_solver_answers_every_generated_question(task):
    questions = generated(task, "train", QUESTIONS, seed=11)
    wrong = [question for question in questions if solve(task, question.story, question.text) != question.answer]
    assert len(questions) == QUESTIONS
    assert wrong == []
