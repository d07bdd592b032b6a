"""The question families: what the official ones compute, and nothing that gives an answer away."""

import json
from collections import Counter

import pytest

from reprolib.data.clevr.masks import BITS
from reprolib.data.clevr.programs import ATTRIBUTES, FUNCTIONS, parse
from reprolib.data.clevr.templates import FAMILIES, NONE, ONE, Choice, program


def named(step):
    """The attributes that a step's filters may name."""
    return {name for name, bit in BITS.items() if step.free & bit}


def split(nodes):
    """A program without its filters, as (function, inputs), and the attributes filtered right after each node."""
    bare, filters, stands_for = [], [], []
    for node in nodes:
        what, _, attribute = node["function"].partition("_")
        if what == "filter":
            stands_for.append(stands_for[node["inputs"][0]])
            filters[stands_for[-1]].append(attribute)
        else:
            stands_for.append(len(bare))
            bare.append((node["function"], [stands_for[source] for source in node["inputs"]]))
            filters.append([])
    return bare, filters


def bare_program(family):
    return program(family.steps, [Choice()] * len(family.steps))


@pytest.fixture(scope="module")
def official(mini):
    """All questions of the mini set."""
    return [
        question
        for part in ("train", "val")
        for question in json.loads((mini / "questions" / f"CLEVR_{part}_questions.json").read_text())["questions"]
    ]


def test_number_of_families_in_each_group():
    assert Counter(family.group for family in FAMILIES) == {
        "compare_integer": 9,
        "comparison": 16,
        "one_hop": 6,
        "same_relate": 28,
        "single_and": 5,
        "single_or": 8,
        "three_hop": 6,
        "two_hop": 6,
        "zero_hop": 6,
    }
    assert [family.group for family in FAMILIES] == sorted(family.group for family in FAMILIES)


@pytest.mark.parametrize("number", range(len(FAMILIES)))
def test_skeletons_are_programs(number):
    family = FAMILIES[number]
    nodes = parse(bare_program(family))
    assert nodes[-1].function == family.end
    used = {source for node in nodes for source in node.inputs}
    assert used == set(range(len(nodes) - 1)), "every step but the last serves another"


def test_every_function_of_the_language_is_used():
    used = {node["function"] for family in FAMILIES for node in bare_program(family)}
    assert used == {name for name in FUNCTIONS if not name.startswith("filter")}


def test_no_family_is_there_twice():
    assert len({family.steps for family in FAMILIES}) == 90


@pytest.mark.parametrize("attribute", ATTRIBUTES)
def test_what_is_asked_for_is_never_described(attribute):
    """Neither the queried object's attribute, nor the attribute that two sets of objects share."""
    met = set()
    for family in FAMILIES:
        for step in family.steps:
            if step.function in (f"query_{attribute}", f"same_{attribute}"):
                assert attribute not in named(family.steps[step.inputs[0]])
                met.add(step.function)
            if step.function == f"same_{attribute}":
                assert attribute not in named(step)
    assert len(met) == 2


def test_a_step_that_serves_as_one_object_leaves_one():
    for family in FAMILIES:
        for step in family.steps:
            for source, kind in zip(step.inputs, FUNCTIONS[step.function].takes, strict=True):
                assert (family.steps[source].filters == ONE) == (kind == "object")


def test_bound_steps_become_nodes_in_the_order_of_the_attributes():
    steps = FAMILIES[27].steps  # the size of an object that stands in a relation to another
    nodes = program(steps, [Choice(0, 323), Choice(3, 6), Choice()])
    assert [(node["function"], node["inputs"], node["value_inputs"]) for node in nodes] == [
        ("scene", [], []),
        ("filter_size", [0], ["small"]),
        ("filter_color", [1], ["yellow"]),
        ("filter_material", [2], ["metal"]),
        ("filter_shape", [3], ["cylinder"]),
        ("unique", [4], []),
        ("relate", [5], ["behind"]),
        ("filter_material", [6], ["rubber"]),
        ("filter_shape", [7], ["sphere"]),
        ("unique", [8], []),
        ("query_size", [9], []),
    ]


def test_official_programs_are_instances_of_the_family_of_their_number(official):
    """Every family occurs. In the official family 13 the second object may be described by the size asked for."""
    for question in official:
        family = FAMILIES[question["question_family_index"]]
        skeleton, filters = split(question["program"])
        assert skeleton == split(bare_program(family))[0], question
        steps = [step for step in family.steps for _ in range(1 + (step.filters == ONE))]  # with their `unique`
        beyond = [set(given) - named(step) for step, given in zip(steps, filters, strict=True)]
        allowed = {"size"} if question["question_family_index"] == 13 else set()
        assert set().union(*beyond) <= allowed, question
        assert all(step.filters != NONE or not given for step, given in zip(steps, filters, strict=True))
    assert {question["question_family_index"] for question in official} == set(range(90))


def test_official_filters_name_every_attribute_that_ours_may(official):
    """Over all questions of a group, so that rare filters occur: our families are not narrower."""
    theirs, ours = {}, {}
    for question in official:
        family = FAMILIES[question["question_family_index"]]
        given = theirs.setdefault(family.group, set())
        given.update((family.end, name) for names in split(question["program"])[1] for name in names)
    for family in FAMILIES:
        given = ours.setdefault(family.group, set())
        given.update((family.end, name) for step in family.steps for name in named(step))
    assert theirs == ours
