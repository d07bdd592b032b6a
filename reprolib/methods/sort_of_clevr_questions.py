"""Models that answer the questions of Sort-of-CLEVR: how they are built, trained and measured."""

import torch
from torch import Tensor, nn

from reprolib.contracts.configuration import Config
from reprolib.data import sort_of_clevr
from reprolib.data.sort_of_clevr_tensors import SUBTYPES
from reprolib.data.sort_of_clevr_views import another_view
from reprolib.data.split import Dataset, Split
from reprolib.evidence.metrics import accuracy
from reprolib.methods.answers import RaggedLearner, answer_loss
from reprolib.models.majority import MajorityAnswer
from reprolib.models.scene_questions import PictureMLP, PictureRelationNetwork, StateMLP, StateRelationNetwork
from reprolib.settings.relating import Majority, SceneMLP
from reprolib.training.learner import Learner

PAPER_TEST = 200  # scenes that the paper withheld; metrics ending in _200 are over the first so many of ours
AT_ONCE = 500  # questions evaluated at once


def learner() -> Learner:
    """Gradient descent on the cross-entropy of the answers."""
    return RaggedLearner(loss)


def loss(model: nn.Module, batch: dict[str, Tensor]) -> Tensor:
    """Mean cross-entropy of the answers, about other views of the scenes where the model is trained on them."""
    return answer_loss(model, another_view(batch) if model.views else batch)


def build(config: Config, data: Dataset) -> nn.Module:
    """The model of a row."""
    answers = data.facts["answers"]
    if isinstance(config.model, Majority):
        columns = data.splits["train"].columns
        return MajorityAnswer(columns["groups"], columns["answers"], answers, column="groups")
    flat = isinstance(config.model, SceneMLP)
    if config.data.view == "states":
        features = data.splits["train"].tables["objects"].shape[-1]
        return (StateMLP if flat else StateRelationNetwork)(config.model, features, answers)
    return (PictureMLP if flat else PictureRelationNetwork)(config.model, answers)


@torch.no_grad()
def evaluate(model: nn.Module, split: Split) -> dict[str, float]:
    """Percent right by type of question, over all scenes and over the first 200."""
    right = torch.cat([model(batch).argmax(1) == batch["answers"] for batch in split.batches(AT_ONCE)])
    groups, scenes = split.columns["groups"], split.columns["scenes"]
    parts = {
        "relational": groups < SUBTYPES,
        "nonrelational": groups >= SUBTYPES,
        "closest_furthest": groups <= sort_of_clevr.FURTHEST,
        "count": groups == sort_of_clevr.COUNT,
        "relational_200": (groups < SUBTYPES) & (scenes < PAPER_TEST),
        "nonrelational_200": (groups >= SUBTYPES) & (scenes < PAPER_TEST),
    }
    return {"accuracy/overall": accuracy(right)} | {
        f"accuracy/{name}": accuracy(right[part]) for name, part in parts.items()
    }
