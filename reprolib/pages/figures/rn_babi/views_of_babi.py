"""What a network trained on bAbI makes of a generated story."""

from dataclasses import dataclass

import numpy as np
import torch

from reprolib.data.babi import babi_tensors
from reprolib.pages.figures.shared.specimens import magnitudes, specimen

STORY_TASK, SHORTEST, LONGEST = 2, 6, 9  # two supporting facts; sentences of the story
FEW_STORIES = {"data.train": 50, "data.valid": 1, "data.test": 50}  # of each task: enough for all words
READER = "babi_joint_10k/RN (words kept and in place, Muon)"


@dataclass(frozen=True)
class StoryView:
    """One question about a story, oldest sentence first."""

    sentences: tuple[str, ...]
    support: tuple[int, ...]  # positions of the supporting facts
    question: str
    answer: str
    magnitudes: np.ndarray  # |g| [N, N], NaN where a pair is not part of the sum
    source: str


@torch.no_grad()
def story() -> StoryView:
    """The relations that the network sees in one generated story, for a question with two supporting facts."""
    found = specimen("rn_babi", READER, FEW_STORIES)
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
