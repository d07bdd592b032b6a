"""The generator and the solver were written apart from each other; every generated question must come out alike."""

from dataclasses import replace

import pytest

from reprolib.data.babi import agreement, babi_tensors
from reprolib.data.babi.babi_tensors import generated
from reprolib.data.babi.solver import solve
from reprolib.settings.data_sets import BABI_TASKS

QUESTIONS = 2000


@pytest.mark.parametrize("task", BABI_TASKS)
def test_the_solver_answers_every_generated_question(task):
    questions = generated(task, "train", QUESTIONS, seed=11)
    wrong = [question for question in questions if solve(task, question.story, question.text) != question.answer]
    assert len(questions) == QUESTIONS
    assert wrong == []


def test_agreement_is_told_task_by_task(monkeypatch):
    monkeypatch.setitem(babi_tensors.RELEASED, "test", 4)
    assert agreement.of_test("generated") == {f"task {task}": 100.0 for task in BABI_TASKS}
    first = babi_tensors.test_questions(1, "generated")[0]
    monkeypatch.setattr(babi_tensors, "generated", lambda *which, **seed: [first, replace(first, answer="nowhere")])
    assert (
        agreement.solver.agreement(
            1, ((q.story, q.text, q.answer) for q in babi_tensors.test_questions(1, "generated"))
        )
        == 0.5
    )
