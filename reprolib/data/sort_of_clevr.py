"""Sort-of-CLEVR (Santoro et al. 2017, Sec. 4.2 and supplement): scenes of six coloured shapes, each with 20 questions.

What the paper leaves open, and what is done here:

1. Objects are crisp, on white, with half-size 5 as in replications: a square of 11 x 11 = 121 pixels, or the 81 pixels
   whose centres are at most 5 from the centre's.
2. A layout is uniform over all that have no overlap and no tie; shapes are independent of it. No overlap: the centres
   of any two objects differ by at least 11 pixels in x or in y, so not even their bounding boxes share a pixel.
3. No tie: no centre on the middle row or column, and every object has one closest and one furthest other object
   (distances between centres). The second rejects 3 % of the layouts without overlap.
4. Colour and subtype of a question are uniform and independent, with repetition, as in replications.
5. Positions are asked for as "on the left or right?" (12 answers, the paper's wording) or, as replications do,
   as "on the left?" and "at the top?" (10 answers).

Dimensions: S scenes, O = 6 objects in the order of COLOURS, Q = 20 questions a scene, D = 10 features of an object.
"""

from dataclasses import dataclass

import numpy as np

from reprolib.data.checks import check_whole
from reprolib.errors import InputError

VERSION = 1  # part of the data's identity: raise it whenever the same seed gives other bytes

COLOURS = ("red", "blue", "green", "orange", "yellow", "gray")
RGB = ((255, 0, 0), (0, 0, 255), (0, 255, 0), (255, 156, 0), (255, 255, 0), (128, 128, 128))
WHITE = 255
IMAGE = 75  # pixels a side
HALF = 5  # an object covers centre - 5 .. centre + 5
SIDE = 2 * HALF + 1
MIDDLE = IMAGE // 2  # the column, or row, that belongs to neither half
QUESTIONS = 10  # of each type

# Question = 11 bits: colour one-hot (6), relational, non-relational, subtype one-hot (3).
RELATIONAL_BIT, SUBTYPE_BIT, QUESTION_BITS = 6, 8, 11
CLOSEST, FURTHEST, COUNT = 0, 1, 2  # relational subtypes
SHAPE, HORIZONTAL, VERTICAL = 0, 1, 2  # non-relational subtypes
ANSWER_KINDS = (
    ("shape", "shape", "count"),
    ("shape", "horizontal", "vertical"),
)  # of answer: [relational first, subtype]

SHAPES, COUNTS, YES_NO = ("square", "circle"), ("1", "2", "3", "4", "5", "6"), ("yes", "no")
WORDS = {
    "paper": {"shape": SHAPES, "horizontal": ("left", "right"), "vertical": ("top", "bottom"), "count": COUNTS},
    "yes_no": {"shape": SHAPES, "horizontal": YES_NO, "vertical": YES_NO, "count": COUNTS},
}
RELATIONAL_TEXTS = (
    "What is the shape of the object closest to the {} object?",
    "What is the shape of the object furthest from the {} object?",
    "How many objects have the shape of the {} object?",
)
SHAPE_TEXT = "What is the shape of the {} object?"
NON_RELATIONAL_TEXTS = {
    "paper": (
        SHAPE_TEXT,
        "Is the {} object on the left or right?",
        "Is the {} object at the top or bottom?",
    ),
    "yes_no": (SHAPE_TEXT, "Is the {} object on the left?", "Is the {} object at the top?"),
}

BLOCK = 512  # scenes that share one random stream: any number of scenes is a prefix of any larger number
ROUNDS = 200  # of rejection sampling: 23 % of the draws are kept, so about 5 are needed


@dataclass(frozen=True, eq=False)
class Scenes:
    """S scenes with their questions: the first ten of each scene are relational, the last ten are not."""

    images: np.ndarray  # uint8 [S, 75, 75, 3], RGB
    centres: np.ndarray  # int64 [S, 6, 2]: x to the right and y downwards, in pixels, rows in the order of COLOURS
    circles: np.ndarray  # bool [S, 6]: True is a circle, False a square
    questions: np.ndarray  # uint8 [S, 20, 11]
    answers: np.ndarray  # int64 [S, 20], indices into names
    names: tuple[str, ...]  # 12 or 10


def generate(scenes: int, seed: int, answers: str = "paper") -> Scenes:
    """The first `scenes` scenes of an endless sequence that `seed` fixes: give training and test data different seeds.

    answers: "paper" (12 classes) or "yes_no" (10). The pictures and questions do not depend on it.
    Raises InputError when scenes < 1, seed < 0 or the wording is unknown.
    """
    check_whole(1, scenes=scenes)
    check_whole(0, seed=seed)
    names = answer_names(answers)
    blocks = [_block(seed, index) for index in range(-(-scenes // BLOCK))]
    centres, circles, questions = (np.concatenate(parts)[:scenes] for parts in zip(*blocks, strict=True))
    return Scenes(
        images=render(centres, circles),
        centres=centres,
        circles=circles,
        questions=questions,
        answers=answer_questions(centres, circles, questions, answers),
        names=names,
    )


def answer_names(answers: str = "paper") -> tuple[str, ...]:
    """The answer classes in the order of their indices."""
    if answers not in WORDS:
        raise InputError(f"answers is {answers!r}: choose one of {', '.join(WORDS)}")
    return tuple(dict.fromkeys(word for words in WORDS[answers].values() for word in words))


def first_answers(answers: str = "paper") -> np.ndarray:
    """The class of the first word that answers each kind of question, int64 [2 (relational first), 3 (subtype)]."""
    names = answer_names(answers)
    return np.array([[names.index(WORDS[answers][kind][0]) for kind in kinds] for kinds in ANSWER_KINDS])


def _block(seed: int, index: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Centres, circles and questions of BLOCK scenes, from a stream of their own."""
    rng = np.random.Generator(np.random.PCG64(np.random.SeedSequence(int(seed), spawn_key=(index,))))
    return layouts(rng, BLOCK), rng.integers(2, size=(BLOCK, len(COLOURS))) == 1, draw_questions(rng, BLOCK)


def layouts(rng: np.random.Generator, count: int, rounds: int = ROUNDS) -> np.ndarray:
    """Centres, int64 [count, 6, 2], uniform over the layouts without overlap or tie: whole layouts are rejected.

    Raises InputError when `rounds` draws of `count` layouts do not yield enough of them.
    """
    places = np.delete(np.arange(HALF, IMAGE - HALF), MIDDLE - HALF)
    kept, total = [], 0
    for _ in range(rounds):
        drawn = places[rng.integers(len(places), size=(count, len(COLOURS), 2))]
        drawn = drawn[_is_apart(drawn)]
        kept.append(drawn[_has_no_tie(drawn)])
        total += len(kept[-1])
        if total >= count:
            return np.concatenate(kept)[:count]
    raise InputError(f"found {total} of {count} scenes without overlap in {rounds} rounds: allow more rounds")


def _is_apart(centres: np.ndarray) -> np.ndarray:
    first, second = np.triu_indices(len(COLOURS), 1)
    gaps = np.abs(centres[:, first] - centres[:, second])  # [S, 15, 2]
    return (gaps.max(axis=2) >= SIDE).all(axis=1)  # [S]


def _has_no_tie(centres: np.ndarray) -> np.ndarray:
    ranked = np.sort(_squared_distances(centres), axis=2)  # [S, O, O], the object itself first
    tie = (ranked[..., 1] == ranked[..., 2]) | (ranked[..., -1] == ranked[..., -2])  # [S, O]
    return ~tie.any(axis=1)  # [S]


def _squared_distances(centres: np.ndarray) -> np.ndarray:
    gaps = centres[:, :, None] - centres[:, None]  # [S, O, O, 2]
    return (gaps**2).sum(axis=3)  # [S, O, O]


def draw_questions(rng: np.random.Generator, scenes: int) -> np.ndarray:
    """Ten relational, then ten non-relational questions a scene, uint8 [scenes, 20, 11]."""
    shape = (scenes, 2 * QUESTIONS)
    colours = np.eye(6, dtype=np.uint8)[rng.integers(6, size=shape)]  # [S, Q, 6]
    types = np.broadcast_to(np.eye(2, dtype=np.uint8).repeat(QUESTIONS, axis=0), (*shape, 2))  # [S, Q, 2]
    subtypes = np.eye(3, dtype=np.uint8)[rng.integers(3, size=shape)]  # [S, Q, 3]
    return np.concatenate([colours, types, subtypes], axis=2)  # [S, Q, 11]


def is_relational(questions: np.ndarray) -> np.ndarray:
    """bool [...] of questions [..., 11]."""
    return questions[..., RELATIONAL_BIT] == 1


def subtype(questions: np.ndarray) -> np.ndarray:
    """int64 [...] of questions [..., 11]: CLOSEST, FURTHEST, COUNT if relational, else SHAPE, HORIZONTAL, VERTICAL."""
    return questions[..., SUBTYPE_BIT:].argmax(axis=-1)


def colour(questions: np.ndarray) -> np.ndarray:
    """int64 [...] of questions [..., 11]: the index in COLOURS of the object asked about."""
    return questions[..., :RELATIONAL_BIT].argmax(axis=-1)


def answer_questions(
    centres: np.ndarray, circles: np.ndarray, questions: np.ndarray, answers: str = "paper"
) -> np.ndarray:
    """Class indices, int64 [S, Q], of questions [S, Q, 11] about centres [S, 6, 2] and circles [S, 6]."""
    classes = _values(centres, circles) + first_answers(answers)[:, :, None]  # [S, 2, 3, O]
    scene = np.arange(len(questions))[:, None]
    return classes[scene, (~is_relational(questions)).astype(int), subtype(questions), colour(questions)]


def _values(centres: np.ndarray, circles: np.ndarray) -> np.ndarray:
    """Every possible answer, as a place among its kind's words: [S, 2 (relational first), 3 (subtype), O]."""
    distances = _squared_distances(centres)
    beyond = np.eye(len(COLOURS), dtype=int) * 2 * IMAGE**2  # more than any distance: nothing is closest to itself
    closest = np.take_along_axis(circles, (distances + beyond).argmin(axis=2), axis=1)  # [S, O]
    furthest = np.take_along_axis(circles, distances.argmax(axis=2), axis=1)
    same = (circles[:, :, None] == circles[:, None]).sum(axis=2)  # itself included: 1 .. 6
    right, bottom = np.moveaxis(centres > MIDDLE, 2, 0)
    relational = np.stack([closest, furthest, same - 1], axis=1)  # [S, 3, O]
    return np.stack([relational, np.stack([circles, right, bottom], axis=1)], axis=1)


def render(centres: np.ndarray, circles: np.ndarray) -> np.ndarray:
    """Pictures, uint8 [S, 75, 75, 3], of centres [S, 6, 2] and circles [S, 6]; bounding boxes must not overlap."""
    offsets = np.arange(-HALF, HALF + 1)
    disc = offsets[:, None] ** 2 + offsets**2 <= HALF**2
    masks = np.stack([np.ones_like(disc), disc])  # [2, 11, 11]: square, circle
    stamps = np.where(masks[:, None, None], np.array(RGB, dtype=np.uint8)[:, :, None, None], WHITE)  # [2, O, 3, 11, 11]
    images = np.full((len(centres), IMAGE, IMAGE, 3), WHITE, dtype=np.uint8)
    windows = np.lib.stride_tricks.sliding_window_view(images, (SIDE, SIDE), axis=(1, 2), writeable=True)
    x, y = np.moveaxis(centres - HALF, 2, 0)  # [S, O]
    windows[np.arange(len(centres))[:, None], y, x] = stamps[circles.astype(int), np.arange(len(COLOURS))]
    return images


def state(scenes: Scenes) -> np.ndarray:
    """State descriptions, float32 [S, 6, 10]: x, y (-1 to 1, 0 the middle, y downwards), colour (6), square, circle."""
    position = (scenes.centres - MIDDLE) / MIDDLE  # [S, O, 2]
    colours = np.broadcast_to(np.eye(6), (*scenes.circles.shape, 6))  # [S, O, 6]
    shapes = np.stack([~scenes.circles, scenes.circles], axis=2)  # [S, O, 2]
    return np.concatenate([position, colours, shapes], axis=2).astype(np.float32)  # [S, O, 10]


def describe(question: np.ndarray, answer: int, answers: str = "paper") -> str:
    """A question [11] and its answer (a class index) in English, e.g. "What is the shape of the red object? circle".

    Raises InputError when the bits are no question or the class does not answer it.
    """
    names, question = answer_names(answers), np.asarray(question)
    groups = (slice(0, RELATIONAL_BIT), slice(RELATIONAL_BIT, SUBTYPE_BIT), slice(SUBTYPE_BIT, QUESTION_BITS))
    if question.shape != (QUESTION_BITS,) or any(sorted(question[group])[-2:] != [0, 1] for group in groups):
        raise InputError(f"question is {question.tolist()}: give 11 bits with one colour, one type and one subtype set")
    kind, detail = int(~is_relational(question)), int(subtype(question))
    word = names[answer] if 0 <= answer < len(names) else None
    if word not in WORDS[answers][ANSWER_KINDS[kind][detail]]:
        raise InputError(f"answer is {answer} ({word}), which does not answer this question in the wording {answers!r}")
    text = (RELATIONAL_TEXTS, NON_RELATIONAL_TEXTS[answers])[kind][detail]
    return f"{text.format(COLOURS[colour(question)])} {word}"
