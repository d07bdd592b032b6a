"""Models that answer CLEVR's questions: how they are built, trained and measured (Santoro et al. 2017, Table 1)."""

from typing import Any

import torch
from torch import nn

from reprolib.contracts.configuration import Config
from reprolib.data.clevr import clevr_tensors
from reprolib.data.clevr.clevr_reader import ANSWERS as WORDS
from reprolib.data.clevr.scenes import OBJECTS
from reprolib.data.clevr.tokens import CATEGORY_NAMES
from reprolib.data.split import Dataset, Split
from reprolib.errors import InputError
from reprolib.evidence.metrics import accuracy, grouped_accuracy
from reprolib.methods.answers import RaggedLearner, answer_loss
from reprolib.models import clevr as models
from reprolib.models.majority import MajorityAnswer
from reprolib.settings import relating
from reprolib.settings.relating import Majority
from reprolib.training.learner import Learner

ANSWERS = 29  # outputs of the paper; 28 answers occur
AT_ONCE = 250  # questions evaluated at once
CATEGORIES = dict(enumerate(kind.replace(" ", "_") for kind in CATEGORY_NAMES))
SHARED, LONGEST = 4, 28  # functions that share a figure, 1 to 4, 5 to 8, ...; the longest program has 25
MARGINS = {most: f"margin_{most:g}" for most in (0.5, 0.7, 1.0, 2.0, 9.0)}  # world units, up to; all are less than 9
HIDDEN = {most / 100: f"hidden_{most}" for most in (0, 10, 20, 40, 100)}  # percent of an object, up to
SEEING = relating.PixelModel, relating.FlatModel, relating.AttentionModel
NETWORKS = {
    relating.QuestionModel: models.QuestionNetwork,
    relating.SetModel: models.SetNetwork,
    relating.StateModel: models.StateRelationNetwork,
    relating.PixelModel: models.PixelRelationNetwork,
    relating.FlatModel: models.FlatNetwork,
    relating.AttentionModel: models.AttentionNetwork,
}


def learner() -> Learner:
    """Gradient descent on the cross-entropy of the answers."""
    return RaggedLearner(answer_loss)


def build(config: Config, data: Dataset) -> nn.Module:
    """The model of a row."""
    if isinstance(config.model, Majority):
        columns = data.splits["train"].columns
        return MajorityAnswer(columns["types"], columns["answers"], ANSWERS, column="types")
    if isinstance(config.model, SEEING) and not config.data.pictures:
        raise InputError("this model sees pictures, but data.pictures is False: set it to True")
    sides = {"side": config.data.side} if isinstance(config.model, relating.FlatModel) else {}
    return NETWORKS[type(config.model)](config.model, data.facts["words"] - 1, ANSWERS, **sides)


@torch.no_grad()
def evaluate(model: nn.Module, split: Split) -> dict[str, float]:
    """Percent right: of all questions, by category, by number of objects, by the program's size and depth.

    Where the split says how hard its questions are to see, also by their margins and by the share of an object that is
    hidden (see reprolib.data.clevr.hardness); questions that have none of the two are in none of these groups.
    """
    right = torch.cat([model(batch).argmax(1) == batch["answers"] for batch in split.batches(AT_ONCE)])
    columns, overall = split.columns, accuracy(right)
    groups = [
        (columns["categories"], CATEGORIES),
        (split.tables["counts"][columns["scenes"]], {count: f"objects_{count}" for count in range(OBJECTS + 1)}),
        ((columns["functions"] - 1) // SHARED, _up_to("functions")),
        ((columns["depths"] - 1) // SHARED, _up_to("depth")),
    ]
    hard = [(columns[name], names) for name, names in (("margins", MARGINS), ("hidden", HIDDEN)) if name in columns]
    groups += [(torch.bucketize(of, of.new_tensor(list(names))), dict(enumerate(names.values()))) for of, names in hard]
    parts = {name: value for of, names in groups for name, value in grouped_accuracy(right, of, names).items()}
    if split.released_as == clevr_tensors.VALIDATION:
        parts["validation"] = overall
    return {f"accuracy/{name}": value for name, value in ({"overall": overall} | parts).items()}


@torch.no_grad()
def answers(model: nn.Module, split: Split) -> list[dict[str, Any]]:
    """What a model answers, one entry a question: its number in the file, question_index, and the answer as a word."""
    best = torch.cat([model(batch)[:, : len(WORDS)].argmax(1) for batch in split.batches(AT_ONCE)]).tolist()
    pairs = zip(split.columns["numbers"].tolist(), best, strict=True)
    return [{"question_index": number, "answer": WORDS[answer]} for number, answer in pairs]


def _up_to(measure: str) -> dict[int, str]:
    """The groups of programs, each named after the largest that it takes."""
    return dict(enumerate(f"{measure}_{most}" for most in range(SHARED, LONGEST + 1, SHARED)))
