"""How often the solver, which reads only the text, comes to the answers that the questions have."""

from reprolib.data.babi import solver
from reprolib.data.babi.babi_tensors import test_questions
from reprolib.settings.data_sets import BABI_TASKS


def of_test(kind: str) -> dict[str, float]:
    """Percent of every task's test questions: of the released ones, or of as many generated ones.

    Raises:
        InputError: real data are asked for and not there.
    """
    return {f"task {task}": 100 * _share(task, kind) for task in BABI_TASKS}


def _share(task: int, kind: str) -> float:
    return solver.agreement(task, ((q.story, q.text, q.answer) for q in test_questions(task, kind)))
