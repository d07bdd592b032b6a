"""What networks trained on bAbI make of generated stories."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch

from reprolib import experiments
from reprolib.data.babi import babi_tensors, induction
from reprolib.pages.figures.shared.specimens import magnitudes, specimen

STORY_TASK, SHORTEST, LONGEST = 2, 6, 9  # two supporting facts; sentences of the story
FEW_STORIES = {"data.train": 50, "data.valid": 1, "data.test": 50}  # of each task: enough for all words
INDUCTION, INDUCTIONS, FARTHEST = "babi_16", 1_000, 5  # task 16 alone; questions; sentences


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


@torch.no_grad()
def story() -> StoryView:
    """The relations that the network sees in one generated story, for a question with two supporting facts."""
    found = specimen("rn_babi", "babi_joint_10k/RN", FEW_STORIES)
    asked = babi_tensors.generated(STORY_TASK, "test", FEW_STORIES["data.test"], found.config.data.seed)
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
    asked = babi_tensors.generated(induction.TASK, "test", INDUCTIONS, found.config.data.seed)
    distances = torch.tensor([induction.distance(question) for question in asked]).clamp(max=FARTHEST)
    shares = {d: 100.0 * right[distances == d].float().mean().item() for d in range(1, FARTHEST + 1)}
    return DistanceView(system, shares, found.source)
