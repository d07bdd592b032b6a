"""How often a test question was asked before, word for word and after the same story, in the file to train on.

A network that learns its training stories by heart gets such a question right, whatever the task is meant to ask.
"""

from collections.abc import Iterable

from reprolib.data.babi.babi_reader import Question
from reprolib.data.babi.babi_tensors import RELEASED, generated, source
from reprolib.settings.data_sets import BABI_TASKS


def of_test(kind: str) -> dict[str, float]:
    """Percent of every task's test questions: of the released files, or of as many generated questions.

    Raises:
        InputError: real data are asked for and not there.
    """
    files = source() if kind == "real" else None

    def asked(task: int, split: str) -> list[Question]:
        return files.questions(task, split) if files else generated(task, split, RELEASED[split], seed=0)

    return {f"task {task}": percent(asked(task, "test"), asked(task, "train")) for task in BABI_TASKS}


def percent(tested: Iterable[Question], trained: Iterable[Question]) -> float:
    """Percent of the tested questions whose story and words are those of one trained on."""
    known = {(question.story, question.text) for question in trained}
    again = [(question.story, question.text) in known for question in tested]
    return 100.0 * sum(again) / len(again)
