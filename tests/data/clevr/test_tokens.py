"""Questions as numbers: what was encoded can be spelt out again, whatever the vocabulary and the order of the parts."""

import random
from itertools import pairwise

import numpy as np
import pytest

from reprolib.data.clevr import tokens
from reprolib.data.clevr.clevr_reader import ANSWERS, CATEGORIES, Question
from reprolib.data.clevr.programs import depth
from reprolib.data.clevr.tokens import CATEGORY_NAMES, TYPES, encode, join, recode, spell, vocabulary, words
from reprolib.errors import InputError

NOUNS = ("cube", "ball", "cylinder", "thing")


def question(text, index=0, answer="yes", function="exist", family=3, nodes=2):
    program = tuple({"function": "scene", "inputs": [at // 2] * bool(at)} for at in range(nodes))
    return Question(text, program, answer, index, function, family)


def some(count, seed):
    """Random questions of different lengths on scenes of different indices."""
    draw = random.Random(seed)
    return [
        question(
            "Is there a " + ", ".join(draw.choices(NOUNS, k=draw.randint(1, 9))) + "?",
            draw.randrange(50),
            draw.choice(ANSWERS),
            draw.choice(TYPES),
            draw.randrange(90),
            draw.randint(2, 25),
        )
        for _ in range(count)
    ]


def spelt(found):
    return [spell(row, found.vocabulary) for row in found.questions]


def facts(found):
    return np.stack(
        [found.scenes, found.answers, found.categories, found.types, found.functions, found.depths], 1
    ).tolist()


def test_words_are_small_and_the_end_says_nothing():
    assert words("There is a Metal-like cube; what's its size?") == [
        *("there", "is", "a", "metal-like", "cube", ";", "what's", "its", "size"),
    ]


def test_the_categories_are_those_of_table_1():
    assert CATEGORY_NAMES == ("count", "exist", "compare numbers", "query attribute", "compare attribute")
    assert set(CATEGORY_NAMES) == set(CATEGORIES.values())


def test_what_was_encoded_can_be_spelt():
    asked = some(200, 0)
    rows = {index: 49 - index for index in range(50)}
    found = encode(iter(asked), rows)
    assert spelt(found) == [" ".join(words(q.text)) for q in asked]
    assert found.vocabulary.tolist() == sorted({word for q in asked for word in words(q.text)})
    kinds = [(ANSWERS.index(q.answer), CATEGORY_NAMES.index(q.category), TYPES.index(q.function)) for q in asked]
    sizes = [(len(q.program), depth(q.program)) for q in asked]
    assert facts(found) == [[49 - q.image_index, *a, *b] for q, a, b in zip(asked, kinds, sizes, strict=True)]
    assert found.questions.dtype == np.uint8
    assert found.questions.shape == (200, max(len(words(q.text)) for q in asked))


def test_rows_are_filled_up_with_zeros_at_the_end():
    found = encode([question("a b c"), question("c")], range(1))
    assert found.questions.tolist() == [[1, 2, 3], [3, 0, 0]]


def test_the_order_of_the_questions_does_not_change_the_vocabulary():
    asked = some(60, 1)
    one, other = encode(asked, range(50)), encode(asked[::-1], range(50))
    np.testing.assert_array_equal(one.questions, other.questions[::-1])


@pytest.mark.parametrize("cuts", [(), (1,), (7, 40), (20, 21, 22)])
def test_parts_are_joined_as_if_encoded_together(cuts):
    asked = some(60, 2)
    bounds = [0, *cuts, 60]
    parts = [encode(asked[a:b], range(50)) for a, b in pairwise(bounds)]
    whole, joined = encode(asked, range(50)), join(parts)
    for name in vars(whole):
        np.testing.assert_array_equal(getattr(joined, name), getattr(whole, name))


def test_a_larger_vocabulary_and_longer_rows_say_the_same():
    found = encode(some(60, 3), range(50))
    larger = sorted({*vocabulary([found]), "aardvark", "zebra"})
    wider = recode(found, larger, 60)
    assert wider.questions.shape == (60, 60)
    assert spelt(wider) == spelt(found)
    assert facts(wider) == facts(found)


def test_an_index_takes_all_columns():
    found = encode(some(60, 4), range(50))
    chosen = np.array([5, 3, 59])
    assert spelt(found[chosen]) == [spelt(found)[i] for i in chosen]
    assert facts(found[chosen]) == [facts(found)[i] for i in chosen]
    assert len(found[chosen]) == 3


def test_no_question():
    found = encode([], range(0))
    assert len(found) == len(found.vocabulary) == 0
    assert len(join([found, encode(some(3, 0), range(50))])) == 3


def test_as_many_words_as_a_byte_can_tell_apart():
    texts = [f"w{number}" for number in range(tokens.MOST_WORDS)]
    found = encode([question(text) for text in texts], range(1))
    assert spelt(found) == texts
    with pytest.raises(InputError, match=r"'one more': at most 255 different words"):
        encode([*map(question, texts), question("one more")], range(1))
    with pytest.raises(InputError, match="256 different words: at most 255"):
        join([found, encode([question("more")], range(1))])


def test_numbers_that_a_byte_does_not_hold_are_named():
    for wrong in (question("a b", nodes=300), question("a " * 256)):
        with pytest.raises(InputError, match="words of a question and program nodes"):
            encode([wrong], range(1))
