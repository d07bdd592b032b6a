"""A trained network and a few inputs to look into: what the plots of relations show.

The network is that of the largest committed run whose weights are kept; before there is one, an untrained network of
smoke size, which is said beside the plot. All inputs are generated, so that no download is needed.

Dimensions: N objects, G features of a relation.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import safe_open
from torch import Tensor, nn

from reprolib import experiments, paths
from reprolib.contracts.configuration import Config, change
from reprolib.contracts.entry import SCALES
from reprolib.contracts.requests import Request
from reprolib.contracts.source import KINDS
from reprolib.data import sort_of_clevr
from reprolib.data.babi import dataset, induction
from reprolib.data.split import Dataset
from reprolib.evidence import records
from reprolib.evidence.records import Record
from reprolib.models.relation_network import RelationNetwork

STORY_TASK, SHORTEST, LONGEST = 2, 6, 9  # two supporting facts; sentences of the story
FEW_STORIES = {"data.train": 50, "data.valid": 1, "data.test": 50}  # of each task: enough for all words
INDUCTION, INDUCTIONS, FARTHEST = "babi_16", 1_000, 5  # task 16 alone; questions; sentences
FEW_SCENES = {"data.train": 1, "data.valid": 1}
HEAD = re.compile(r"relation_network\.f\.\d+\.bias")  # of the layer that gives the answer
CELLS = 5  # along each side of the last feature map


@dataclass(frozen=True)
class Specimen:
    """A network with the configuration, the few data, and in words where its weights come from."""

    model: nn.Module
    config: Config
    data: Dataset
    source: str


@dataclass(frozen=True)
class StoryView:
    """One question about a story, oldest sentence first."""

    sentences: tuple[str, ...]
    support: tuple[int, ...]  # positions of the supporting facts
    question: str
    answer: str
    magnitudes: np.ndarray  # |g| [N, N], NaN where a pair is not part of the sum
    source: str


@dataclass(frozen=True)
class DistanceView:
    """Percent of task 16's questions that a network answers right, by a distance in sentences."""

    system: str
    shares: Mapping[int, float]  # the largest distance stands for all from there on
    source: str


@dataclass(frozen=True)
class SceneView:
    """One question about a picture, with the places of the objects (or cells) in pixels."""

    image: np.ndarray  # uint8 [75, 75, 3]
    question: str
    answer: str
    said: str  # the network's answer
    places: np.ndarray  # [N, 2]: x, y
    magnitudes: np.ndarray  # |g| [N, N], NaN where a pair is not part of the sum
    source: str


def specimen(name: str, row: str, few: Mapping[str, Any], kinds: tuple[str, ...] = KINDS) -> Specimen:
    """The network of a row, with so few data as its pictures need.

    Args:
        few: changes of the data's sizes; smaller splits are prefixes of larger ones.
        kinds: of the data that the network may have learned from; it is shown generated data.

    Raises:
        InputError: the weights are damaged.
    """
    experiment, kept = experiments.get(name), _kept(name, row, kinds)
    request = _request(name, row, kept[1]) if kept else Request(experiment, experiment.row(row))
    config = change(request.config, few)
    data = request.row.source.load(config.data, "generated")
    torch.manual_seed(request.seed)
    if kept is None:
        model = request.row.method.build(config, data)
        return Specimen(model.eval(), config, data, "untrained network: no fitting weights are committed yet")
    path, record = kept
    known = _answers(path.with_name(record.weights["file"]))  # the network may know answers that few data lack
    model = request.row.method.build(config, Dataset(**vars(data) | {"facts": data.facts | known}))
    records.load_weights(model, record, path)
    source = f"committed weights: {record.scale} scale, {record.kind} data, seed {record.seed}"
    return Specimen(model.eval(), config, data, source)


def _request(name: str, row: str, record: Record) -> Request:
    experiment = experiments.get(name)
    return Request(experiment, experiment.row(row), record.scale, record.seed, record.kind)


def _kept(name: str, row: str, kinds: tuple[str, ...]) -> tuple[Path, Record] | None:
    """The row's record with weights of the largest scale, real data before generated ones, smallest seed."""
    found = [
        (path, record)
        for path, record in records.read_all(paths.results(), name)
        if record.row == row and record.kind in kinds and record.weights and record.weights["file"]
        if _request(name, row, record).config.hash == record.config_hash
    ]
    return min(found, key=lambda item: _rank(item[1]), default=None)


def _rank(record: Record) -> tuple[int, bool, int]:
    return -SCALES.index(record.scale), record.kind != "real", record.seed


def _answers(weights: Path) -> dict[str, int]:
    """How many answers a saved network gives, if it answers questions."""
    with safe_open(weights, framework="pt") as file:
        heads = [name for name in file.keys() if HEAD.fullmatch(name)]  # noqa: SIM118  not a dict
        return dict.fromkeys(("answers", "outputs"), file.get_slice(max(heads)).get_shape()[0]) if heads else {}


@torch.no_grad()
def story() -> StoryView:
    """The relations that the network sees in one generated story, for a question with two supporting facts."""
    found = specimen("rn_babi", "babi_joint_10k/RN", FEW_STORIES)
    asked = dataset.generated(STORY_TASK, "test", FEW_STORIES["data.test"], found.config.data.seed)
    number, question = next((i, q) for i, q in enumerate(asked) if SHORTEST <= len(q.story) <= LONGEST)
    split = found.data.splits["test"]
    rows = (split.columns["tasks"] == STORY_TASK).nonzero()[:, 0]
    objects, query, mask = found.model.encode(split.batch(rows[number : number + 1]))
    recent_first = magnitudes(found.model.relation_network, objects[:, : int(mask.sum())], query)
    return StoryView(
        sentences=question.story,
        support=question.support,
        question=question.text,
        answer=question.answer,
        magnitudes=recent_first[::-1, ::-1],
        source=found.source,
    )


def inductions() -> list[DistanceView]:
    """`induction_by_distance` of every network that was trained on task 16 alone."""
    return [induction_by_distance(row.system) for row in experiments.get("rn_babi").rows if row.task == INDUCTION]


@torch.no_grad()
def induction_by_distance(system: str) -> DistanceView:
    """How a network trained on task 16 answers generated questions, by how far apart the deciding facts are told."""
    found = specimen("rn_babi", f"{INDUCTION}/{system}", FEW_STORIES | {"data.test": INDUCTIONS})
    batch = found.data.splits["test"].batch(slice(None))
    right = found.model(batch).argmax(1) == batch["answers"]
    asked = dataset.generated(induction.TASK, "test", INDUCTIONS, found.config.data.seed)
    distances = torch.tensor([induction.distance(question) for question in asked]).clamp(max=FARTHEST)
    shares = {d: 100.0 * right[distances == d].float().mean().item() for d in range(1, FARTHEST + 1)}
    return DistanceView(system, shares, found.source)


@torch.no_grad()
def scenes(row: str, count: int) -> list[SceneView]:
    """Two questions about each of the first test scenes, a relational and another, with the network's answers.

    Args:
        row: sort_of_clevr/CNN+RN or sort_of_clevr_state/RN.
    """
    few = FEW_SCENES | {"data.test": count}
    found = specimen("rn_sort_of_clevr", row, few)
    views = {
        view: experiments.get("rn_sort_of_clevr").load(change(found.config, {"data.view": view}), "generated")
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


def magnitudes(network: RelationNetwork, objects: Tensor, question: Tensor) -> np.ndarray:
    """|g(o_i, o_j, q)| [N, N] of one scene [1, N, D], NaN for pairs that are not part of the network's sum."""
    values = network.each_relation(objects, question)[0].norm(dim=-1)  # [N, N]
    summed = torch.zeros_like(values, dtype=torch.bool)
    summed[tuple(network.chosen(len(values)).T)] = True
    return values.masked_fill(~summed, torch.nan).numpy()
