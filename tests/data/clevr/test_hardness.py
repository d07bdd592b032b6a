"""What makes questions hard to see: against distances by hand and a walk from the answer back, and in the files."""

import json
import math
import shutil

import numpy as np
import pytest

from reprolib import paths
from reprolib.data import catalogue
from reprolib.data.clevr import hardness, parts, placing
from reprolib.data.clevr.programs import ATTRIBUTES, execute, parse
from reprolib.data.clevr.visibility import hidden_shares
from reprolib.errors import InputError

TURN = 0.3  # of the camera about the vertical, so that directions are no axes
LEFT, FRONT = [-math.cos(TURN), -math.sin(TURN), 0.0], [math.sin(TURN), -math.cos(TURN), 0.0]
DIRECTIONS = {"left": LEFT, "right": [-x for x in LEFT], "front": FRONT, "behind": [-x for x in FRONT]}


@pytest.fixture(autouse=True)
def build(tmp_path, monkeypatch):
    """An empty cache."""
    monkeypatch.setattr(paths, "BUILD", tmp_path / "build")


def thing(words, left, front):
    """thing("red cube", 1, 2): small and of rubber, 1 to the left and 2 to the front of the origin."""
    place = np.dot([left, front], [LEFT, FRONT]).tolist()
    looks = {name: next((w for w in words.split() if w in values), values[0]) for name, values in ATTRIBUTES.items()}
    return looks | {"3d_coords": place}


def scene_of(*objects):
    """A scene in the release's form, with its relations."""
    places = np.array([item["3d_coords"] for item in objects])
    related = {
        name: [np.flatnonzero((places - one) @ way > 0.2).tolist() for one in places]
        for name, way in DIRECTIONS.items()
    }
    return {"objects": list(objects), "directions": DIRECTIONS, "relationships": related}


def program(*steps):
    """A chain of steps, "filter_color red" or "unique", as nodes."""
    nodes = []
    for step in ("scene", *steps):
        name, *value = step.split()
        nodes.append({"function": name, "inputs": [len(nodes) - 1] if nodes else [], "value_inputs": value})
    return nodes


SCENE = scene_of(
    thing("red cube", 0.0, 0.0),
    thing("blue sphere", 1.5, 0.6),  # left and in front of the cube
    thing("green sphere", -0.5, 2.0),  # right and in front
    thing("red cylinder", 0.9, -3.0),  # left and behind
)
CUBE, SPHERES = ("filter_shape cube", "unique"), ("filter_shape sphere", "count")


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ((*CUBE, "relate left", "count"), 0.5),  # the green sphere stands to the right, and least far
        ((*CUBE, "relate left", *SPHERES), 0.5),
        ((*CUBE, "relate left", "filter_color red", "count"), 0.9),  # of the cube itself nobody asks
        ((*CUBE, "relate left", "filter_color blue", *SPHERES), 1.5),
        ((*CUBE, "relate behind", "filter_shape cylinder", "unique", "query_color"), 3.0),
        ((*CUBE, "relate front", "filter_shape sphere", "filter_color blue", "unique", "relate right", "count"), 0.6),
        ((*CUBE, "relate left", "filter_color purple", "exist"), math.inf),  # no such object would be kept
        ((*CUBE, "query_color"), math.inf),
    ],
)
def test_the_margin_of_a_chain_by_hand(steps, expected):
    nodes = parse(program(*steps))
    results = execute(nodes, SCENE)
    assert hardness.margin(nodes, results, SCENE) == pytest.approx(expected)
    bare = {name: part for name, part in SCENE.items() if name != "directions"}
    assert hardness.margin(nodes, results, bare) == math.inf


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ((*CUBE, "query_color"), 0.1),
        ((*CUBE, "relate left", "count"), 0.4),  # the cube and all to its left
        ((*CUBE, "relate left", *SPHERES), 0.2),  # the cube and the blue sphere
        (("filter_color green", "exist"), 0.3),
        (("count",), 0.4),
        (("filter_color purple", "exist"), math.inf),
    ],
)
def test_what_a_program_finds_is_as_hidden_as_its_most_hidden_object(steps, expected):
    nodes = parse(program(*steps))
    assert hardness.most_hidden(nodes, execute(nodes, SCENE), [0.1, 0.2, 0.3, 0.4]) == expected


def distances(nodes, results, scenes, index, position=-1, wanted=()):
    """All distances that a program compares, on the arrays: from its answer back, remembering filters on the way."""
    node = nodes[position]
    if node.function.startswith("filter_"):
        wanted = (*wanted, (node.function.removeprefix("filter_"), *node.values))
    found = []
    if node.function == "relate":
        one, way = results[node.inputs[0]], scenes.directions()[index, list(DIRECTIONS).index(node.values[0])]
        for other, looks in enumerate(scenes.attributes[index, : scenes.counts[index]]):
            named = {name: values[looks[at]] for at, (name, values) in enumerate(ATTRIBUTES.items())}
            if other != one and all(named[name] == value for name, value in wanted):
                found.append(abs((scenes.positions[index, other] - scenes.positions[index, one]) @ way))
    kept = wanted if node.function.startswith("filter_") else ()
    return found + [each for source in node.inputs for each in distances(nodes, results, scenes, index, source, kept)]


def test_generated_questions_have_the_least_of_all_distances_and_the_most_hidden_object(monkeypatch):
    monkeypatch.setattr(parts, "CHUNK", 7)  # of 20 scenes, in processes
    part = parts.generated(20, 10, 3, 1)
    found, shares = hardness.generated(part, 10, 3, 1), hidden_shares(part.scenes)
    assert {name: (values.dtype, values.shape) for name, values in found.items()} == {
        "margins": (np.float32, (200,)),
        "hidden": (np.float32, (200,)),
    }
    for row, question in enumerate(parts.ask(part.scenes, 10, 3, 1)):
        index, nodes = question.image_index, parse(question.program)
        results = execute(nodes, part.scenes.json(index))
        least = min(distances(nodes, results, part.scenes, index), default=math.inf)
        assert found["margins"][row] == pytest.approx(least, abs=1e-5)
        assert found["hidden"][row] == np.float32(hardness.most_hidden(nodes, results, shares[index]))
    finite = found["margins"][np.isfinite(found["margins"])]
    assert 60 < len(finite) < 140
    assert finite.min() >= 0.4 - 1e-5, "the generator keeps objects so far apart"
    assert finite.max() < 9
    assert (found["hidden"] == 0).any()
    assert ((found["hidden"] > 0) & (found["hidden"] < 1)).any()


def test_questions_are_measured_once(monkeypatch):
    part = parts.generated(2, 3, 0, 2)
    first = hardness.generated(part, 3, 0, 2)
    monkeypatch.setattr(parts, "over_chunks", None)
    again = hardness.generated(part, 3, 0, 2)
    assert all(np.array_equal(first[name], again[name]) for name in first)


# Files


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """Two training scenes and a validation scene in the release's layout."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(paths, "BUILD", tmp_path_factory.mktemp("build"))
        return catalogue.generate("clevr_no_images", tmp_path_factory.mktemp("data") / "clevr", 2)


def edited(written, folder, part, change):
    """A copy of the files in which `change` was made to the validation scenes, or questions."""
    copied = shutil.copytree(written, folder / "clevr")
    path = copied / part / f"CLEVR_val_{part}.json"
    content = json.loads(path.read_text())
    change(content[part])
    path.write_text(json.dumps(content))
    return copied


def test_questions_of_files_have_the_margins_of_their_scenes(written):
    part = parts.generated(len(parts.released(written, "val")), 10, 0, 1)
    found = hardness.released(written, "val")
    assert list(found) == ["margins"], "the files list no camera"
    np.testing.assert_allclose(found["margins"], hardness.generated(part, 10, 0, 1)["margins"], atol=1e-5)


def test_scenes_without_directions_give_no_margins(written, tmp_path):
    folder = edited(written, tmp_path, "scenes", lambda scenes: [scene.pop("directions") for scene in scenes])
    assert np.isinf(hardness.released(folder, "val")["margins"]).all()


def test_a_program_that_does_not_fit_its_scene_is_named(written, tmp_path):
    def harm(questions):
        questions[3]["program"] = program("unique", "query_color")

    folder = edited(written, tmp_path, "questions", harm)
    words = (
        r"question 3 of val, node 1 \(unique\): expected exactly one object, found \d+; restore or correct it, or if it"
    )
    with pytest.raises(InputError, match=words):
        hardness.released(folder, "val")


def test_official_scenes_keep_their_objects_apart(mini):
    """As the generator's rules say; and every official question that relates has a margin."""
    margins = hardness.released(mini, "val")["margins"]
    related = [any(node.function == "relate" for node in parse(one["program"])) for one in _questions(mini)]
    assert margins.min() >= placing.Rules().margin - 1e-5
    assert not np.isfinite(margins[~np.array(related)]).any()
    assert np.isfinite(margins[np.array(related)]).mean() > 0.9


def _questions(folder):
    return json.loads((folder / "questions" / "CLEVR_val_questions.json").read_text())["questions"]
