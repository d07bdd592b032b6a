"""Sort-of-CLEVR: every answer is derived again from the pixels alone, in plain Python."""

import hashlib
from math import comb

import numpy as np
import pytest
import torch

from reprolib.data import sort_of_clevr, sort_of_clevr_tensors, sort_of_clevr_views
from reprolib.data.sort_of_clevr import COLOURS, answer_questions, describe, generate
from reprolib.errors import InputError
from reprolib.settings.data_sets import SceneData

PAINT = {
    "red": (255, 0, 0),
    "blue": (0, 0, 255),
    "green": (0, 255, 0),
    "orange": (255, 156, 0),
    "yellow": (255, 255, 0),
    "gray": (128, 128, 128),
}
PIXELS = {"square": 121, "circle": 81}
DIGESTS = {1: "927ccf038bb17a5b31ac46e4b2d1941d7db5fc7e3c2c4305d6bf10c1fab0653c"}


@pytest.fixture(scope="module")
def sample():
    return generate(400, seed=7)


@pytest.fixture(scope="module")
def many():
    return generate(6000, seed=11)


def objects_in(image):
    """What the picture shows: {colour: (x, y, shape, number of pixels)}."""
    found = {}
    for colour, paint in PAINT.items():
        ys, xs = np.nonzero((image == paint).all(axis=2))
        corner = image[ys.min(), xs.min()]
        shape = "square" if tuple(corner.tolist()) == paint else "circle"
        found[colour] = (float(xs.mean()), float(ys.mean()), shape, len(xs))
    return found


def read_question(bits):
    """(relational?, subtype, colour) of the eleven bits, which must be three one-hot groups."""
    groups = bits.tolist()[:6], bits.tolist()[6:8], bits.tolist()[8:]
    assert all(sorted(group) == [0] * (len(group) - 1) + [1] for group in groups)
    colour, kind, subtype = (group.index(1) for group in groups)
    return kind == 0, subtype, ("red", "blue", "green", "orange", "yellow", "gray")[colour]


def derive(objects, bits, yes_no=False):
    """The answer in words; fails on a tie."""
    relational, subtype, colour = read_question(bits)
    x, y, shape, _ = objects[colour]
    if relational and subtype == 2:
        return str(sum(other[2] == shape for other in objects.values()))
    if relational:
        others = [entry for name, entry in objects.items() if name != colour]
        ranked = sorted(((ox - x) ** 2 + (oy - y) ** 2, kind) for ox, oy, kind, _ in others)
        assert ranked[0][0] < ranked[1][0]
        assert ranked[-1][0] > ranked[-2][0]
        return ranked[0 if subtype == 0 else -1][1]
    if subtype == 0:
        return shape
    assert 37 not in (x, y)
    first = x < 37 if subtype == 1 else y < 37
    words = ("yes", "no") if yes_no else (("left", "right"), ("top", "bottom"))[subtype - 1]
    return words[0 if first else 1]


def question(relational, subtype, colour):
    bits = np.zeros(11, np.uint8)
    bits[[COLOURS.index(colour), 6 if relational else 7, 8 + subtype]] = 1
    return bits


def ask(centres, shapes, *questions):
    """Answers in words about one scene."""
    circles = np.array([[shape == "circle" for shape in shapes]])
    indices = answer_questions(np.array([centres]), circles, np.array([questions]))
    return [sort_of_clevr.answer_names()[index] for index in indices[0]]


def digest(scenes):
    arrays = (scenes.images, scenes.centres, scenes.circles, scenes.questions, scenes.answers)
    return hashlib.sha256(b"".join(array.tobytes() for array in arrays)).hexdigest()


def test_types_and_shapes(sample):
    arrays = (sample.images, sample.centres, sample.circles, sample.questions, sample.answers)
    assert [array.shape for array in arrays] == [(400, 75, 75, 3), (400, 6, 2), (400, 6), (400, 20, 11), (400, 20)]
    assert [array.dtype.name for array in arrays] == ["uint8", "int64", "bool", "uint8", "int64"]
    assert sample.names == ("square", "circle", "left", "right", "top", "bottom", "1", "2", "3", "4", "5", "6")


@pytest.mark.parametrize("wording", ["paper", "yes_no"])
def test_every_answer_follows_from_the_image_alone(wording):
    scenes = generate(400, seed=7, answers=wording)
    for image, questions, answers in zip(scenes.images, scenes.questions, scenes.answers, strict=True):
        objects = objects_in(image)
        expected = [derive(objects, bits, wording == "yes_no") for bits in questions]
        assert [scenes.names[answer] for answer in answers] == expected


def test_objects_are_whole_crisp_and_apart(sample):
    for image, centres, circles in zip(sample.images, sample.centres, sample.circles, strict=True):
        objects = objects_in(image)
        assert [objects[colour][:2] for colour in COLOURS] == [tuple(centre) for centre in centres.tolist()]
        assert [objects[colour][2] == "circle" for colour in COLOURS] == circles.tolist()
        assert all(PIXELS[shape] == pixels for _, _, shape, pixels in objects.values())
        assert (image == 255).all(axis=2).sum() == 75 * 75 - sum(entry[3] for entry in objects.values())


def test_ten_relational_then_ten_other_questions(sample):
    read = [[read_question(bits) for bits in questions] for questions in sample.questions]
    assert all([kind for kind, _, _ in scene] == [True] * 10 + [False] * 10 for scene in read)
    assert sort_of_clevr.is_relational(sample.questions).tolist() == [[kind for kind, _, _ in scene] for scene in read]
    assert sort_of_clevr.subtype(sample.questions).tolist() == [[subtype for _, subtype, _ in scene] for scene in read]
    asked = [[COLOURS[index] for index in scene] for scene in sort_of_clevr.colour(sample.questions)]
    assert asked == [[colour for _, _, colour in scene] for scene in read]


def test_an_object_far_from_all_others_is_not_its_own_closest():
    """A replication marks an object's squared distance to itself with 999: here every other object is beyond that."""
    centres = [(5, 5), (60, 20), (40, 60), (60, 40), (20, 62), (66, 62)]
    questions = question(True, 0, "red"), question(True, 1, "red")
    for other in ("square", "circle"):
        own = "circle" if other == "square" else "square"
        assert ask(centres, [own] + [other] * 5, *questions) == [other, other]
        # blue is closest (3,250 against 4,250 and more), gray furthest
        assert ask(centres, [own, other, own, own, own, own], *questions) == [other, own]
        assert ask(centres, [own] * 5 + [other], *questions) == [own, other]


def test_generated_scenes_hold_the_placeholder_mistake_s_cases(many):
    gaps = many.centres[:, :, None] - many.centres[:, None]
    nearest = np.sort((gaps**2).sum(axis=3), axis=2)[:, :, 1]
    lonely = nearest > 999  # [S, 6]: the object itself would be called closest
    assert 0.05 < lonely.mean() < 0.10
    hit, wrong = 0, 0
    for scene, at in zip(*np.nonzero(lonely), strict=True):
        bits, image = question(True, 0, COLOURS[at]), many.images[scene]
        ours = answer_questions(many.centres[[scene]], many.circles[[scene]], bits[None, None])[0, 0]
        wrong += many.names[ours] != derive(objects_in(image), bits)
        hit += bool(ours) != bool(many.circles[scene, at])
        if hit == 100:
            break
    assert (hit, wrong) == (100, 0)


@pytest.mark.parametrize("circles", range(7))
def test_counts_include_the_object_itself(circles):
    centres = [(5, 5), (60, 20), (40, 60), (60, 40), (20, 62), (66, 62)]
    shapes = ["circle"] * circles + ["square"] * (6 - circles)
    counts = ask(centres, shapes, *(question(True, 2, colour) for colour in COLOURS))
    assert counts == [str(circles)] * circles + [str(6 - circles)] * (6 - circles)


def test_positions_split_at_the_middle():
    centres = [(36, 38), (38, 36), (5, 69), (69, 5), (20, 20), (55, 55)]
    for subtype, expected in ((1, "left right left right left right"), (2, "bottom top bottom top top bottom")):
        assert ask(centres, ["square"] * 6, *(question(False, subtype, c) for c in COLOURS)) == expected.split()


def test_the_same_seed_gives_the_same_bytes(sample):
    assert digest(generate(400, seed=7)) == digest(sample)
    assert digest(generate(400, seed=np.int64(7))) == digest(sample)


def test_fewer_scenes_are_a_prefix_of_more():
    """Also across the boundary of the blocks that scenes are drawn in."""
    block = sort_of_clevr.BLOCK
    more = generate(block + 9, seed=3)
    for scenes in (1, 5, block, block + 1):
        fewer = generate(scenes, seed=3)
        for name in ("images", "centres", "circles", "questions", "answers"):
            np.testing.assert_array_equal(getattr(fewer, name), getattr(more, name)[:scenes])


def test_no_scene_repeats_within_or_across_seeds():
    layouts = np.concatenate([generate(1500, seed=seed).centres for seed in (0, 1, 2**32, 2**32 + 1)])
    assert len(np.unique(layouts.reshape(len(layouts), -1), axis=0)) == len(layouts)


def test_the_wording_changes_names_only(sample):
    other = generate(400, seed=7, answers="yes_no")
    for name in ("images", "centres", "circles", "questions"):
        np.testing.assert_array_equal(getattr(other, name), getattr(sample, name))
    yes = {"left": "yes", "top": "yes", "right": "no", "bottom": "no"}
    translated = [yes.get(sample.names[answer], sample.names[answer]) for answer in sample.answers.flat]
    assert translated == [other.names[answer] for answer in other.answers.flat]
    assert set(other.names) == {"square", "circle", "yes", "no", "1", "2", "3", "4", "5", "6"}


def near(share, expected, n):
    """Within five standard errors of a share of n independent cases."""
    return abs(share - expected) < 5 * (expected * (1 - expected) / n) ** 0.5


def test_counts_are_one_plus_a_binomial(many):
    scenes = len(many.circles)
    asked = np.tile(question(True, 2, "orange"), (scenes, 1, 1))
    counts = [many.names[answer] for answer in answer_questions(many.centres, many.circles, asked)[:, 0]]
    for count in range(1, 7):
        assert near(counts.count(str(count)) / scenes, comb(5, count - 1) / 2**5, scenes)


def test_shapes_and_halves_are_even_for_every_colour(many):
    for column in (many.circles, many.centres[..., 0] < 37, many.centres[..., 1] < 37):
        assert all(near(share, 0.5, len(column)) for share in column.mean(axis=0))
    assert many.centres.min() == 5
    assert many.centres.max() == 69


def test_questions_are_uniform_over_colours_and_subtypes(many):
    for bits in (many.questions[:, :10], many.questions[:, 10:]):
        cases = bits[..., :6, None] * bits[..., None, 8:]  # [S, 10, 6, 3]
        shares = cases.mean(axis=(0, 1)).ravel()
        assert all(near(share, 1 / 18, cases.shape[0] * 10) for share in shares)


def test_state_rows_say_what_the_picture_shows(sample):
    rows = sort_of_clevr.state(sample)
    assert rows.shape == (400, 6, 10)
    assert rows.dtype == np.float32
    for image, scene in zip(sample.images[:50], rows[:50].tolist(), strict=True):
        for index, (x, y, shape, _) in enumerate(objects_in(image).values()):
            position, colour, kind = scene[index][:2], scene[index][2:8], scene[index][8:]
            assert position == pytest.approx([x / 37 - 1, y / 37 - 1], abs=1e-6)
            assert colour == [float(index == other) for other in range(6)]
            assert kind == ([1.0, 0.0] if shape == "square" else [0.0, 1.0])


def test_the_bytes_of_this_version():
    assert digest(generate(16, seed=5)) == DIGESTS[sort_of_clevr.VERSION]


@pytest.mark.parametrize(
    ("bits", "answer", "wording", "text"),
    [
        (question(True, 0, "red"), 1, "paper", "What is the shape of the object closest to the red object? circle"),
        (
            question(True, 1, "gray"),
            0,
            "paper",
            "What is the shape of the object furthest from the gray object? square",
        ),
        (question(True, 2, "blue"), 11, "paper", "How many objects have the shape of the blue object? 6"),
        (question(False, 0, "green"), 0, "paper", "What is the shape of the green object? square"),
        (question(False, 1, "orange"), 2, "paper", "Is the orange object on the left or right? left"),
        (question(False, 2, "yellow"), 5, "paper", "Is the yellow object at the top or bottom? bottom"),
        (question(False, 1, "red"), 2, "yes_no", "Is the red object on the left? yes"),
        (question(False, 2, "red"), 3, "yes_no", "Is the red object at the top? no"),
    ],
)
def test_describe_reads_like_english(bits, answer, wording, text):
    assert describe(bits, answer, wording) == text


@pytest.mark.parametrize("wording", ["paper", "yes_no"])
def test_describe_takes_every_generated_pair(wording):
    scenes = generate(20, seed=1, answers=wording)
    for bits, answer in zip(scenes.questions.reshape(-1, 11), scenes.answers.flat, strict=True):
        assert describe(bits, answer, wording).endswith(f"? {scenes.names[answer]}")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"scenes": 0}, "scenes is 0"),
        ({"scenes": 2.5}, r"scenes is 2\.5"),
        ({"scenes": True}, "scenes is True"),
        ({"seed": -1}, "seed is -1"),
        ({"seed": None}, "seed is None"),
        ({"answers": "no_yes"}, "choose one of paper, yes_no"),
    ],
)
def test_wrong_parameters_are_named(arguments, message):
    with pytest.raises(InputError, match=message):
        generate(**{"scenes": 4, "seed": 0, **arguments})


@pytest.mark.parametrize(
    ("bits", "answer", "message"),
    [
        (question(False, 1, "red"), 0, "answer is 0 .square., which does not answer"),
        (question(False, 1, "red"), 12, "answer is 12"),
        (question(False, 1, "red"), -1, "answer is -1"),
        (np.zeros(11, np.uint8), 0, "give 11 bits"),
        (question(False, 1, "red") + question(False, 1, "blue"), 2, "give 11 bits"),
        (question(False, 1, "red")[:10], 2, "give 11 bits"),
    ],
)
def test_describe_refuses_what_is_no_question_or_no_answer(bits, answer, message):
    with pytest.raises(InputError, match=message):
        describe(bits, answer)


def test_rejection_sampling_is_bounded():
    with pytest.raises(InputError, match=r"of 64 scenes .* in 1 rounds: allow more rounds"):
        sort_of_clevr.layouts(np.random.default_rng(0), 64, rounds=1)


def drawn(view, wording, scenes=30):
    """Other views of all questions of some scenes, and the split that they come from."""
    settings = SceneData(train=scenes, valid=1, test=1, view=view, answers=wording)
    split = sort_of_clevr_tensors.load(settings, "generated").splits["train"]
    torch.manual_seed(0)
    return sort_of_clevr_views.another_view(split.batch(slice(None))), split


@pytest.mark.parametrize("wording", ["paper", "yes_no"])
def test_in_another_view_every_answer_follows_from_the_image_alone(wording):
    seen, split = drawn("pictures", wording)
    names = sort_of_clevr.answer_names(wording)
    for row, image in enumerate(seen["images"].numpy()):
        bits = seen["questions"][row].byte().numpy()
        assert names[seen["answers"][row]] == derive(objects_in(image), bits, wording == "yes_no")
        relational, subtype, _ = read_question(bits)
        assert seen["groups"][row] == subtype + 3 * (not relational)
    before = split.tables["images"][split.columns["scenes"]].numpy()
    assert (before == seen["images"].numpy()).all(axis=(1, 2, 3)).mean() < 0.05
    assert sorted(pixels for *_, pixels in objects_in(before[0]).values()) == sorted(
        pixels for *_, pixels in objects_in(seen["images"][0].numpy()).values()
    )


def test_another_view_of_the_states_is_that_of_the_pictures():
    states, _ = drawn("states", "paper")
    pictures, _ = drawn("pictures", "paper")
    for name in ("questions", "answers", "groups", "scenes"):
        assert states[name].equal(pictures[name])
    for rows, image in zip(states["objects"].numpy(), pictures["images"].numpy(), strict=True):
        found = objects_in(image)
        for number, colour in enumerate(COLOURS):
            x, y, shape, _ = found[colour]
            np.testing.assert_allclose(rows[number, :2], (np.array([x, y]) - 37) / 37, atol=1e-6)
            assert rows[number, 2:8].tolist() == np.eye(6)[number].tolist()
            assert rows[number, 8:].tolist() == [shape == "square", shape == "circle"]


def test_all_symmetries_and_many_exchanges_of_colours_occur():
    seen, split = drawn("states", "paper", scenes=60)
    before = split.tables["objects"][split.columns["scenes"]]
    places, moved = (table[..., :2].sort(1).values for table in (before.abs(), seen["objects"].abs()))
    swapped = ~torch.isclose(places, moved).all((1, 2))
    assert 0.4 < swapped.float().mean() < 0.6
    kept = (before[..., 8:] == seen["objects"][..., 8:]).all((1, 2)).float().mean()
    assert kept < 0.4  # few scenes have their circles in the same colours
