"""Sort-of-CLEVR as tensors: pictures or states, and the questions about them.

S scenes with 20 questions each.
"""

import hashlib

import torch

from reprolib.data import sort_of_clevr
from reprolib.data.split import Dataset, Split
from reprolib.errors import InputError
from reprolib.settings.data_sets import SceneData
from reprolib.settings.declared import counted

SPLITS = ("train", "valid", "test")
SUBTYPES = 3  # of each of the two types of question


def available(settings: SceneData, kind: str) -> str | None:
    """None where the data can be had, else the reason."""
    if kind == "real":
        return "Sort-of-CLEVR was never released as files: use --data generated, the paper's own procedure"
    return None


def load(settings: SceneData, kind: str) -> Dataset:
    """Three splits from independent streams.

    Raises:
        InputError: real data are asked for.
    """
    if missing := available(settings, kind):
        raise InputError(missing)
    drawn = {
        name: sort_of_clevr.generate(getattr(settings, name), 3 * settings.seed + stream, settings.answers)
        for stream, name in enumerate(SPLITS)
    }
    first = torch.from_numpy(sort_of_clevr.first_answers(settings.answers)).flatten()  # [6], by group
    splits = {name: _split(scenes, settings.view, first) for name, scenes in drawn.items()}
    facts = {"answers": len(drawn["train"].names)}
    return Dataset("sort_of_clevr", kind, identity(settings, kind), splits, facts)


def identity(settings: SceneData, kind: str) -> str:
    """Hash of the recipe, which fixes the bytes."""
    recipe = f"sort_of_clevr {kind} {sorted(counted(settings).items())} generator {sort_of_clevr.VERSION}"
    return hashlib.sha256(recipe.encode()).hexdigest()


def _split(scenes: sort_of_clevr.Scenes, view: str, first: torch.Tensor) -> Split:
    count, asked, _ = scenes.questions.shape
    bits = torch.from_numpy(scenes.questions).flatten(0, 1).float()  # [S * 20, 11]
    relational, subtype = bits[:, sort_of_clevr.RELATIONAL_BIT] > 0, bits[:, sort_of_clevr.SUBTYPE_BIT :].argmax(1)
    columns = {
        "scenes": torch.arange(count).repeat_interleave(asked),  # [S * 20]
        "questions": bits,
        "answers": torch.from_numpy(scenes.answers).flatten(),
        "groups": subtype + SUBTYPES * (~relational),  # 0-2 relational, 3-5 not
        "easy": ~relational,
    }
    if view == "states":
        seen = {"objects": torch.from_numpy(sort_of_clevr.state(scenes))}
    else:
        seen = {"images": torch.from_numpy(scenes.images)}
    return Split(columns, seen | {"first_answers": first})
