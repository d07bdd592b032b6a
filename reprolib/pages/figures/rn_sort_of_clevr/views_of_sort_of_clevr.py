"""What networks trained on Sort-of-CLEVR answer about its first test scenes."""

import numpy as np
import torch
from torch import Tensor

from reprolib.contracts.configuration import change
from reprolib.data import sort_of_clevr
from reprolib.data.sources import SORT_OF_CLEVR
from reprolib.pages.figures.shared.specimens import SceneView, magnitudes, specimen

FEW_SCENES = {"data.train": 1, "data.valid": 1}
CELLS = 5  # along each side of the last feature map


@torch.no_grad()
def scenes(row: str, count: int) -> list[SceneView]:
    """Two questions about each of the first test scenes, a relational and another, with the network's answers.

    Args:
        row: sort_of_clevr/CNN+RN or sort_of_clevr_state/RN.
    """
    few = FEW_SCENES | {"data.test": count}
    found = specimen("rn_sort_of_clevr", row, few)
    views = {
        view: SORT_OF_CLEVR.load(change(found.config, {"data.view": view}).data, "generated")
        for view in ("pictures", "states")
    }
    images = views["pictures"].splits["test"].tables["images"].numpy()
    states = views["states"].splits["test"].tables["objects"].numpy()
    split = found.data.splits["test"]
    batch = split.batch(_varied(split.columns["questions"], count))
    objects, queries = found.model.encode(batch)  # [B, N, D], [B, 11]
    lengths = [
        magnitudes(found.model.relation_network, *pair) for pair in zip(objects[:, None], queries[:, None], strict=True)
    ]
    said, wording = found.model(batch).argmax(1).tolist(), found.config.data.answers
    asked = [
        sort_of_clevr.describe(bits, answer, wording).rpartition(" ")
        for bits, answer in zip(batch["questions"].numpy(), batch["answers"].tolist(), strict=True)
    ]
    names = sort_of_clevr.answer_names(wording)
    return [
        SceneView(images[i // 2], text, answer, names[said[i]], _places(states[i // 2], row), lengths[i], found.source)
        for i, (text, _, answer) in enumerate(asked)
    ]


@torch.no_grad()
def lengths(few: int = 200) -> dict[str, float]:
    """How long g's vectors are on states, by the kind of pair, in percent of the mean over all pairs of all questions.

    Args:
        few: test scenes, with 20 questions each.
    """
    found = specimen("rn_sort_of_clevr", "sort_of_clevr_state/RN", FEW_SCENES | {"data.test": few})
    batch = found.data.splits["test"].batch(slice(None))
    values = found.model.relation_network.each_relation(*found.model.encode(batch)).norm(dim=-1)  # [B, 6, 6]
    asked = torch.from_numpy(sort_of_clevr.colour(batch["questions"].numpy()))  # [B]
    one = asked[:, None] == torch.arange(len(sort_of_clevr.COLOURS))  # [B, 6]
    related = torch.from_numpy(sort_of_clevr.is_relational(batch["questions"].numpy()))
    return {
        f"{question}: {pair}": float(100 * values[chosen & which[:, None, None]].mean() / values.mean())
        for question, which in (("relational question", related), ("other question", ~related))
        for pair, chosen in _kinds_of_pair(one).items()
    }


def _kinds_of_pair(asked: Tensor) -> dict[str, Tensor]:
    """Which pairs [B, 6, 6] are of which kind, by which object is asked about [B, 6]."""
    same = torch.eye(asked.shape[1], dtype=torch.bool)
    both, either = asked[:, :, None] & asked[:, None], asked[:, :, None] | asked[:, None]
    return {
        "the asked object and another": either & ~same,
        "the asked object and itself": both,
        "two others": ~either & ~same,
        "another and itself": ~either & same,
    }


def _varied(questions: Tensor, count: int) -> Tensor:
    """Rows of two questions a scene, one of each type; scenes take turns with the subtypes as far as they ask them."""
    subtypes = questions[:, sort_of_clevr.SUBTYPE_BIT :].argmax(1).view(count, 2, sort_of_clevr.QUESTIONS)
    turn = torch.arange(count)[:, None, None] % 3
    first = (subtypes == turn).int().argmax(2)  # [S, 2], 0 where the subtype is not asked for
    starts = torch.arange(2 * count).view(count, 2) * sort_of_clevr.QUESTIONS
    return (starts + first).flatten()


def _places(state: np.ndarray, row: str) -> np.ndarray:
    """Centres in pixels of a scene's objects [6, 2], or of the picture's cells, row by row [25, 2]."""
    if row.startswith("sort_of_clevr_state"):
        return sort_of_clevr.MIDDLE * (1 + state[:, :2])
    side = (np.arange(CELLS) + 0.5) * sort_of_clevr.IMAGE / CELLS
    return np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)
