"""Scenes of CLEVR to look at, and what a trained network makes of some: what the plots of the CLEVR pages show.

Places are in pixels of a picture of WIDTH x HEIGHT, whatever the size of the picture that is drawn under them.
N objects, or cells of a picture.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import torch

from reprolib.data.clevr import parts, placing, questions, tokens
from reprolib.data.clevr.clevr_reader import ANSWERS
from reprolib.data.clevr.clevr_tensors import STREAMS
from reprolib.data.clevr.render import render
from reprolib.data.clevr.scenes import HEIGHT, WIDTH, Scenes
from reprolib.data.clevr.visibility import visible
from reprolib.methods import clevr_questions
from reprolib.pages.figures.shared.specimens import SceneView, Specimen, magnitudes, specimen

SIZE = (120, 160)  # height and width of pictures that are rendered for a plot
ROWS = MappingProxyType(
    {
        "clevr_pixels": ("rn_clevr_pixels", "clevr_pixels/CNN+LSTM+RN"),
        "clevr_state": ("rn_clevr_state", "clevr_state/LSTM+RN"),
    }
)
FEW = MappingProxyType({"clevr_pixels": 10, "clevr_state": 40})  # test scenes; those of pictures must be rendered
PLACING = ("left", "right", "front", "behind")  # words that relate two objects by their places
ALIKE = ("same", "share")  # and by what they have in common


@dataclass(frozen=True)
class DrawnView:
    """A generated scene with one question."""

    image: np.ndarray  # uint8 [height, width, 3]
    question: str
    answer: str


@dataclass(frozen=True)
class ClevrView(SceneView):
    """One question about a scene with what the network answers; magnitudes are NaN where an object is absent."""

    category: str


def drawn(count: int) -> list[DrawnView]:
    """The first scenes of the generator, each with one question about it."""
    scenes = placing.generate(count, 0)
    asked = questions.generate(scenes, per_scene=1)
    pictures = render(scenes, *SIZE).numpy()
    return [DrawnView(image, one.text, one.answer) for image, one in zip(pictures, asked, strict=True)]


def network(task: str) -> Specimen:
    """The relation network of a task, clevr_pixels or clevr_state, with a few generated test scenes.

    Raises:
        InputError: the weights are damaged.
    """
    few = {"data.train": 1, "data.valid": 1, "data.test": FEW[task]}
    return specimen(*ROWS[task], few, kinds=("generated",))  # real questions have other words


@torch.no_grad()
def failures(found: Specimen) -> list[ClevrView]:
    """A question of every category that the network gets wrong, of the hardest scene; different scenes where it can be.

    Hard is where an object hardly shows, in pictures, and where two objects stand almost level, in states.
    """
    split = found.data.splits["test"]
    ease = (_least_shown if "images" in split.tables else _most_level)(_scenes(found))  # [scenes]
    wrong = [found.model(batch).argmax(1) != batch["answers"] for batch in split.batches(clevr_questions.AT_ONCE)]
    columns = {name: split.columns[name].tolist() for name in ("categories", "scenes")}
    chosen: list[int] = []
    for category in range(len(tokens.CATEGORY_NAMES)):
        rows = [row for row in torch.cat(wrong).nonzero()[:, 0].tolist() if columns["categories"][row] == category]
        shown = {columns["scenes"][row] for row in chosen}
        chosen += sorted(rows, key=lambda row: (columns["scenes"][row] in shown, ease[columns["scenes"][row]]))[:1]
    return _views(found, chosen)


def _least_shown(scenes: Scenes) -> np.ndarray:
    """Pixels of the object that shows least in each scene: [M]."""
    return np.where(scenes.present, visible(scenes), WIDTH * HEIGHT).min(1)


def _most_level(scenes: Scenes) -> np.ndarray:
    """How far apart two objects are, at least, to the left or to the front: [M], in world units."""
    left, _, front, _ = scenes.directions().transpose(1, 0, 2)  # [M, 3] each
    along = np.einsum("mnc,rmc->mrn", scenes.positions, np.stack([left, front]))  # [M, 2, N]
    gaps = np.abs(along[..., None] - along[:, :, None])  # [M, 2, N, N]
    pairs = np.triu(scenes.present[:, :, None] & scenes.present[:, None], 1)  # [M, N, N]
    return np.where(pairs[:, None], gaps, np.inf).min((1, 2, 3))


@torch.no_grad()
def relations(found: Specimen) -> list[ClevrView]:
    """The first question for an attribute of an object that is found by one relation, and the first without any."""
    columns = found.data.splits["test"].columns
    asked = [tokens.spell(row, found.data.facts["vocabulary"]).split() for row in columns["questions"].tolist()]
    queries = columns["categories"] == tokens.CATEGORY_NAMES.index("query attribute")
    rows = [row for row in queries.nonzero()[:, 0].tolist() if not set(ALIKE) & set(asked[row])]
    related = [sum(word in PLACING for word in asked[row]) for row in rows]
    return _views(found, [rows[related.index(count)] for count in (1, 0)])


def _views(found: Specimen, rows: Sequence[int]) -> list[ClevrView]:
    """The test questions in these rows."""
    if not rows:
        return []
    split = found.data.splits["test"]
    batch = split.batch(torch.tensor(rows))
    objects, question, mask = found.model.encode(batch)
    counts = [objects.shape[1]] * len(rows) if mask is None else mask.sum(1).tolist()
    said, about = found.model(batch).argmax(1).tolist(), batch["scenes"].numpy()
    scenes = _scenes(found)[about]
    pictures = split.tables["images"].numpy()[about] if mask is None else render(scenes, *SIZE).numpy()
    return [
        ClevrView(
            image=pictures[i],
            question=_sentence(batch["questions"][i].tolist(), found.data.facts),
            answer=ANSWERS[int(batch["answers"][i])],
            said=_answer(said[i]),
            places=_cells(count) if mask is None else scenes.pixels()[i, :count, :2],
            magnitudes=magnitudes(found.model.relation_network, objects[i : i + 1, :count], question[i : i + 1]),
            source=found.source,
            category=tokens.CATEGORY_NAMES[int(batch["categories"][i])],
        )
        for i, count in enumerate(counts)
    ]


def _scenes(found: Specimen) -> Scenes:
    """The test scenes, with their cameras."""
    data = found.config.data
    return parts.generated(data.test, data.questions, data.seed, STREAMS.index("test")).scenes


def _answer(number: int) -> str:
    """What an output of the network stands for: the paper has one more than there are answers."""
    return ANSWERS[number] if number < len(ANSWERS) else "the output without an answer"


def _sentence(numbers: Sequence[int], facts: Mapping) -> str:
    """A question as it is written: a capital, no space before a comma or a semicolon, a question mark."""
    text = tokens.spell(numbers, facts["vocabulary"]).replace(" ,", ",").replace(" ;", ";")
    return f"{text[:1].upper()}{text[1:]}?"


def _cells(count: int) -> np.ndarray:
    """The middles of `count` equal tiles of the picture, row by row: [N, 2]."""
    side = (np.arange(round(count**0.5)) + 0.5) / round(count**0.5)
    return np.stack(np.meshgrid(side * WIDTH, side * HEIGHT), axis=-1).reshape(-1, 2)
