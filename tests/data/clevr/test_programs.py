"""CLEVR's programs: every function against brute force, the official answers, malformed programs."""

import copy
import json
import random

import pytest

from reprolib.data.clevr import answer
from reprolib.data.clevr.programs import ATTRIBUTES, FUNCTIONS, RELATIONS, depth, parse
from reprolib.errors import InputError

AHEAD = {"left": (-1, 0), "right": (1, 0), "front": (0, -1), "behind": (0, 1)}  # directions on the ground


def stands(other, relation, one):
    """Whether an object is in a relation to another, by their places; two at the same height or depth are in none."""
    (x, y), (dx, dy) = AHEAD[relation], (b - a for a, b in zip(one["place"], other["place"], strict=True))
    return x * dx + y * dy > 0


def scene_of(objects):
    relationships = {
        relation: [[i for i, other in enumerate(objects) if stands(other, relation, one)] for one in objects]
        for relation in RELATIONS
    }
    return {"objects": objects, "relationships": relationships}


def thing(words, x=0, y=0):
    """thing("large red metal cube", 1, 2)"""
    found = {attribute: word for attribute, values in ATTRIBUTES.items() for word in words.split() if word in values}
    return found | {"place": (x, y)}


def node(function, *inputs, value=None):
    return {"function": function, "inputs": list(inputs), "value_inputs": [] if value is None else [value]}


def random_scene(draw, size):
    """A scene with few values and places, so that ties are common."""
    return scene_of(
        [
            {name: draw.choice(values[:2]) for name, values in ATTRIBUTES.items()}
            | {"place": (draw.randrange(3), draw.randrange(3))}
            for _ in range(size)
        ]
    )


def random_program(draw, last, scene):
    """A well-formed program that ends in the function `last`: inputs are made as they are needed."""
    nodes = []

    def put(name, *inputs, value=None):
        nodes.append(node(name, *inputs, value=value))
        return len(nodes) - 1

    def add(name, depth):
        if name == "unique" and scene["objects"] and draw.random() < 0.9:
            return put("unique", described(draw.choice(scene["objects"])))
        inputs = [add(draw.choice(makers(kind, depth)), depth + 1) for kind in FUNCTIONS[name].takes]
        values = FUNCTIONS[name].values[: len(RELATIONS) if name == "relate" else 2]
        return put(name, *inputs, value=draw.choice(values) if values else None)

    def described(item):
        position = put("scene")
        for attribute in ATTRIBUTES:
            position = put(f"filter_{attribute}", position, value=item[attribute])
        return position

    def makers(kind, depth):
        found = [name for name, function in FUNCTIONS.items() if function.gives == kind]
        return ["scene"] if kind == "objects" and depth > 5 else found

    add(last, 0)
    return nodes


class NotOneError(Exception):
    """The reference met a `unique` that is not."""


def reference(program, scene, position=-1):
    """What a node gives, from the last back to the scene, on the objects themselves and their places."""
    step = program[position]
    name, value = step["function"], (step["value_inputs"] or [None])[0]
    given = [reference(program, scene, source) for source in step["inputs"]]
    what, _, attribute = name.partition("_")
    if what == "scene":
        return scene["objects"]
    if what == "unique":
        if len(given[0]) != 1:
            raise NotOneError
        return given[0][0]
    if what == "relate":
        return [other for other in scene["objects"] if stands(other, value, given[0])]
    if what in ("union", "intersect"):
        needed = 1 if what == "union" else 2
        return [one for one in scene["objects"] if sum(any(one is other for other in g) for g in given) >= needed]
    if what == "filter":
        return [one for one in given[0] if one[attribute] == value]
    if what == "same":
        return [one for one in scene["objects"] if one is not given[0] and one[attribute] == given[0][attribute]]
    return {
        "count": lambda a: str(len(a)),
        "exist": lambda a: "yes" if len(a) else "no",
        "query": lambda a: a[attribute],
        "equal": lambda a, b: "yes" if a == b else "no",
        "less": lambda a, b: "yes" if int(a) < int(b) else "no",
        "greater": lambda a, b: "yes" if int(a) > int(b) else "no",
    }[what](*given)


def outcome(function, program, scene):
    try:
        return function(program, scene)
    except InputError:
        raise
    except (NotOneError, ValueError):
        return "not unique"


ENDS = [name for name, function in FUNCTIONS.items() if function.gives not in ("object", "objects")]


def cases(last, trials=300):
    draw = random.Random(last)
    for _ in range(trials):
        scene = random_scene(draw, draw.choice([0, 1, 1, 2, 2, 3, 4, 6]))
        yield random_program(draw, last, scene), scene, draw


@pytest.mark.parametrize("last", ENDS)
def test_brute_force_agrees(last):
    outcomes = set()
    for program, scene, _ in cases(last):
        before = copy.deepcopy((program, scene))
        expected = outcome(reference, program, scene)
        assert outcome(answer, program, scene) == expected, (program, scene)
        assert (program, scene) == before, "program and scene are left as they were"
        outcomes.add(expected)
    assert len(outcomes - {"not unique"}) >= 2, "the cases reach more than one answer"


def test_brute_force_meets_every_function():
    met = {step["function"] for last in ENDS for program, _, _ in cases(last, 30) for step in program}
    assert met == set(FUNCTIONS)


@pytest.mark.parametrize("last", ENDS)
def test_the_order_of_the_objects_does_not_matter(last):
    for program, scene, draw in cases(last, 60):
        order = draw.sample(range(len(scene["objects"])), len(scene["objects"]))
        new = {old: i for i, old in enumerate(order)}
        moved = {
            "objects": [scene["objects"][old] for old in order],
            "relationships": {
                relation: [[new[other] for other in lists[old]] for old in order]
                for relation, lists in scene["relationships"].items()
            },
        }
        assert outcome(answer, program, moved) == outcome(answer, program, scene)


ROOM = scene_of(
    [
        thing("large red metal cube", 0, 0),
        thing("small red rubber sphere", 1, 0),  # as deep as the cube
        thing("small blue metal cylinder", 2, 1),
    ]
)
CUBE = [node("scene"), node("filter_shape", 0, value="cube"), node("unique", 1)]
SPHERE = [node("scene"), node("filter_shape", 3, value="sphere"), node("unique", 4)]


@pytest.mark.parametrize(
    ("program", "expected"),
    [
        ([node("scene"), node("count", 0)], "3"),
        ([node("scene"), node("filter_color", 0, value="green"), node("exist", 1)], "no"),
        ([node("scene"), node("filter_color", 0, value="green"), node("count", 1)], "0"),
        ([*CUBE, node("query_size", 2)], "large"),
        ([*CUBE, node("query_color", 2)], "red"),
        ([*CUBE, node("query_material", 2)], "metal"),
        ([*CUBE, node("query_shape", 2)], "cube"),
        ([*CUBE, node("relate", 2, value="right"), node("count", 3)], "2"),
        ([*CUBE, node("relate", 2, value="left"), node("exist", 3)], "no"),
        ([*CUBE, node("relate", 2, value="behind"), node("count", 3)], "1"),  # the sphere is beside it
        ([*CUBE, node("relate", 2, value="front"), node("count", 3)], "0"),
        ([*CUBE, node("same_color", 2), node("unique", 3), node("query_shape", 4)], "sphere"),  # never the cube itself
        ([*CUBE, node("same_size", 2), node("exist", 3)], "no"),
        ([*CUBE, node("same_material", 2), node("count", 3)], "1"),
        ([*CUBE, *SPHERE, node("query_color", 2), node("query_color", 5), node("equal_color", 6, 7)], "yes"),
        ([*CUBE, *SPHERE, node("query_size", 2), node("query_size", 5), node("equal_size", 6, 7)], "no"),
        ([*CUBE, node("same_color", 2), node("same_material", 2), node("union", 3, 4), node("count", 5)], "2"),
        ([*CUBE, node("same_color", 2), node("same_material", 2), node("intersect", 3, 4), node("exist", 5)], "no"),
        ([node("scene"), node("count", 0), node("equal_integer", 1, 1)], "yes"),
        ([node("scene"), node("count", 0), node("less_than", 1, 1)], "no"),
        ([node("scene"), node("count", 0), node("greater_than", 1, 1)], "no"),
    ],
)
def test_answers_worked_out_by_hand(program, expected):
    assert answer(program, ROOM) == expected
    other_spelling = [
        {"type": step["function"], "inputs": step["inputs"]}
        | ({"side_inputs": step["value_inputs"]} if step["value_inputs"] else {})
        for step in program
    ]
    assert answer(other_spelling, ROOM) == expected


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("last", ["count", "equal_integer", "less_than", "query_color"])
def test_the_depth_is_that_of_the_longest_way(last, seed):
    """Against all ways written out; programs in which two nodes share an input have fewer nodes than ways."""
    draw = random.Random(f"{last} {seed}")
    program = random_program(draw, last, random_scene(draw, 4))

    def ways(place):
        inputs = program[place]["inputs"]
        return [[place, *way] for source in inputs for way in ways(source)] or [[place]]

    assert depth(program) == max(map(len, ways(len(program) - 1))) <= len(program)


def test_depth_in_both_spellings():
    assert depth([node("scene"), node("count", 0), node("scene"), node("count", 2), node("less_than", 1, 3)]) == 3
    assert depth([{"type": "scene"}, {"type": "count", "inputs": [0]}]) == 2


@pytest.mark.parametrize(("value", "found"), [("red", 2), ("green", 0)])
def test_an_object_that_is_not_unique(value, found):
    program = [node("scene"), node("filter_color", 0, value=value), node("unique", 1), node("query_shape", 2)]
    with pytest.raises(ValueError, match=rf"node 2 \(unique\): expected exactly one object, found {found}") as error:
        answer(program, ROOM)
    assert not isinstance(error.value, InputError)


def test_a_unique_fails_although_the_answer_does_not_use_it():
    with pytest.raises(ValueError, match=r"node 1 \(unique\)"):
        answer([node("scene"), node("unique", 0), node("count", 0)], ROOM)


@pytest.mark.parametrize(
    ("program", "words"),
    [
        ([], "at least one node"),
        (None, "at least one node"),
        (["scene"], "node 0: expected an object"),
        ([node("look")], "node 0: unknown function 'look'"),
        ([{"inputs": []}], "node 0: unknown function None"),
        ([{"function": ["scene"], "inputs": []}], "node 0: unknown function"),
        ([node("scene"), {"function": "count", "inputs": 0}], r"node 1 \(count\): give inputs and values as lists"),
        ([node("scene"), node("count", 7)], r"node 1 \(count\): input 7 is not an earlier node"),
        ([node("scene"), node("count", -2)], r"node 1 \(count\): input -2 is not an earlier node"),
        ([node("scene"), node("count", "0")], r"node 1 \(count\): input '0' is not an earlier node"),
        ([node("scene"), node("count", False)], r"node 1 \(count\): input False is not an earlier node"),
        ([node("scene"), node("count", 1)], r"node 1 \(count\): input 1 is not an earlier node"),
        ([node("filter_size", 1, value="large"), node("filter_size", 0, value="large")], "node 0 .* input 1 is not"),
        ([node("scene"), node("count")], r"node 1 \(count\): the number of inputs is 1, not 0"),
        ([node("scene"), node("union", 0), node("count", 1)], r"node 1 \(union\): the number of inputs is 2, not 1"),
        ([node("scene"), node("scene", 0)], r"node 1 \(scene\): the number of inputs is 0, not 1"),
        ([node("scene"), node("filter_color", 0), node("count", 1)], "the number of values is 1, not 0"),
        ([node("scene"), node("count", 0, value="red")], r"node 1 \(count\): the number of values is 0, not 1"),
        ([node("scene"), node("filter_color", 0, value="cube")], r"node 1 \(filter_color\): unknown value 'cube'"),
        ([node("scene"), node("filter_color", 0, value=["red"])], r"node 1 \(filter_color\): unknown value \['red'\]"),
        ([*CUBE, node("relate", 2, value="above")], r"node 3 \(relate\): unknown value 'above'"),
        ([node("scene"), node("query_size", 0)], r"node 1 \(query_size\): input 0 gives objects, not object"),
        (
            [*CUBE, node("query_size", 2), node("query_color", 2), node("equal_size", 3, 4)],
            r"node 5 \(equal_size\): input 4 gives color, not size",
        ),
        ([node("scene")], r"node 0 \(scene\): the last node gives no answer"),
        (CUBE, r"node 2 \(unique\): the last node gives no answer"),
    ],
)
def test_malformed_programs(program, words):
    with pytest.raises(InputError, match=words):
        parse(program)
    with pytest.raises(InputError, match=words):
        answer(program, ROOM)


@pytest.mark.parametrize(
    ("scene", "words"),
    [
        *(
            (scene, r"node 0 \(scene\): the scene lists no objects; give them under 'objects'")
            for scene in ({}, None, [], "scene", {"objects": None}, {"objects": [thing("cube"), None]})
        ),
        ({"objects": [{"size": "large"}]}, r"node 1 \(filter_shape\): object 0 of the scene has the shape None"),
        ({"objects": [thing("cube")]}, r"node 3 \(relate\): the scene's relationships have no list 'left' of object 0"),
        ({"objects": [thing("cube")], "relationships": {"left": []}}, "no list 'left' of object 0"),
        ({"objects": [thing("cube")], "relationships": {"left": [[5]]}}, "objects that are not there"),
    ],
)
def test_scenes_that_lack_what_the_program_needs(scene, words):
    with pytest.raises(InputError, match=words):
        answer([*CUBE, node("relate", 2, value="left"), node("count", 3)], scene)


@pytest.mark.parametrize("split", ["train", "val"])
def test_the_official_answer_of_every_shared_question(mini, split):
    scenes = json.loads((mini / f"scenes/CLEVR_{split}_scenes.json").read_text())["scenes"]
    questions = json.loads((mini / f"questions/CLEVR_{split}_questions.json").read_text())["questions"]
    scenes = {scene["image_index"]: scene for scene in scenes}
    wrong = [q for q in questions if answer(q["program"], scenes[q["image_index"]]) != q["answer"]]
    assert len(questions) == {"train": 1200, "val": 400}[split]
    assert wrong == []
