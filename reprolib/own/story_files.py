"""Stories with questions from text files in the form of bAbI (Weston et al. 2015).

    1 Mary went to the kitchen.
    2 John is in the garden.
    3 Where is Mary?<tab>kitchen<tab>1

Lines are numbered, from 1 on in every story. A question has its answer and the numbers of the lines that it rests on
between tabs. Further lines may follow, which belong to the same story.

M questions, W sentences in the window, S distinct sentences, L words of the longest.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from reprolib.data.babi.arrays import Arrays, encode, vocabulary
from reprolib.data.babi.babi_reader import Question, parse
from reprolib.data.split import Split
from reprolib.errors import InputError
from reprolib.reading import read_text
from reprolib.settings.data_sets import BABI_WINDOW

TASK = 0  # own stories are of none of the twenty


@dataclass(frozen=True, eq=False)
class Stories:
    """Questions with their stories.

    Columns of a split: windows int64 [M, W], rows of the table, the most recent sentence first; questions [M], rows of
    the table; answers [M], positions in `answers`. Table: sentences int64 [S, L], numbers of words, filled up with 0.
    """

    splits: dict[str, Split]
    questions: dict[str, Sequence[Question]]  # the same in words
    words: int  # of the vocabulary
    answers: tuple[str, ...]  # that occur
    window: int


def read_stories(*, window: int = BABI_WINDOW, **files: str | Path) -> Stories:
    """The stories of some files over their joint vocabulary, each file a split: read_stories(train=..., test=...).

    Args:
        window: sentences of a story that are kept, the last ones before the question.

    Raises:
        InputError: no file, or one that cannot be read as stories; names the file and, where there is one, the line.

    Examples:
        >>> from pathlib import Path
        >>> from tempfile import mkdtemp
        >>> from reprolib import read_stories
        >>> path = Path(mkdtemp()) / "mine.txt"
        >>> _ = path.write_text("1 Mary went to the kitchen.\\n2 Where is Mary?\\tkitchen\\t1\\n")
        >>> stories = read_stories(train=path, window=5)
        >>> stories.words, stories.answers  # different words, answers
        (7, ('kitchen',))
        >>> {name: column.shape for name, column in stories.splits["train"].columns.items()}
        {'windows': torch.Size([1, 5]), 'questions': torch.Size([1]), 'answers': torch.Size([1])}
    """
    if not files:
        raise InputError("read_stories needs a file: name one as train=...")
    questions = {name: _questions(Path(file)) for name, file in files.items()}
    vocab = vocabulary(question for part in questions.values() for question in part)
    arrays = encode(questions, vocab, window)
    splits = {name: _split(part) for name, part in arrays.items()}
    return Stories(splits, questions, len(vocab.words), vocab.answers, window)


def _questions(path: Path) -> list[Question]:
    return list(parse(read_text(path, "text", "give a text file in UTF-8"), TASK, str(path)))


def _split(arrays: Arrays) -> Split:
    columns = {name: getattr(arrays, name).astype(np.int64) for name in ("windows", "questions", "answers")}
    tables = {"sentences": torch.from_numpy(arrays.sentences.astype(np.int64))}
    return Split({name: torch.from_numpy(column) for name, column in columns.items()}, tables)
