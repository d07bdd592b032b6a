"""CLEVR's 90 question families as data (Johnson et al. 2017, section 3.2), numbered as the official templates are.

A family is a list of steps. A step stands for a function of `programs`, for the filters that follow it, and for the
`unique` after them where it must leave one object; what the filters and relations name is bound for each question.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from reprolib.data.clevr.masks import ALL, BITS, DESCRIPTIONS, NAMES
from reprolib.data.clevr.programs import RELATIONS

# How the filters of a step are chosen: so that they leave ONE object, SOME (at least one filter, of a set that is
# related at least one object), any for a count or to ask whether one EXISTs, or a VALUE of the one attribute that is
# free, whether it occurs or not. NONE: no filters.
NONE, ONE, SOME, COUNT, EXIST, VALUE = "none", "one", "some", "count", "exist", "value"


@dataclass(frozen=True)
class Step:
    """A function with its filters."""

    function: str
    inputs: tuple[int, ...] = ()  # earlier steps
    filters: str = NONE
    free: int = 0  # the attributes that the filters may name, as in BITS


@dataclass(frozen=True)
class Family:
    """A question family: `differ` are two steps whose results must not be equal."""

    group: str
    steps: tuple[Step, ...]
    differ: tuple[int, int] | None = None

    @property
    def end(self) -> str:
        """The function that gives the answer."""
        return self.steps[-1].function


class Choice(NamedTuple):
    """What a question binds in a step: the position of a relation in RELATIONS, and the number of a description."""

    relation: int = 0
    description: int = 0


def program(steps: Sequence[Step], choices: Sequence[Choice]) -> tuple[dict, ...]:
    """The program of a question in the release's form. Empty choices give the family's skeleton."""
    nodes: list[dict] = []
    ends: list[int] = []  # the last node of each step

    def put(function: str, inputs: list[int], *values: str) -> None:
        nodes.append({"inputs": inputs, "function": function, "value_inputs": list(values)})

    for step, choice in zip(steps, choices, strict=True):
        relation = (RELATIONS[choice.relation],) if step.function == "relate" else ()
        put(step.function, [ends[source] for source in step.inputs], *relation)
        for name, value in zip(NAMES, DESCRIPTIONS[choice.description], strict=True):
            if value:
                put(f"filter_{name}", [len(nodes) - 1], value)
        if step.filters == ONE:
            put("unique", [len(nodes) - 1])
        ends.append(len(nodes) - 1)
    return tuple(nodes)


def _without(*names: str) -> int:
    return ALL & ~sum(BITS[name] for name in names)


def _chain(relations: int, filters: str, free: int = ALL, start: int = 0) -> tuple[Step, ...]:
    """An object, one that stands in a relation to it, and so on; `filters` and `free` are those of the last step."""
    steps = [Step("scene", (), ONE, ALL), *(Step("relate", (start + k,), ONE, ALL) for k in range(relations))]
    return (*steps[:-1], replace(steps[-1], filters=filters, free=free))


def _asked(end: str, *also: str) -> tuple[str, int]:
    """Filters and free attributes of the set that `end` asks about: an attribute that is asked for is not given."""
    kind, _, attribute = end.partition("_")
    return (ONE, _without(attribute, *also)) if kind == "query" else (kind, _without(*also))


def _hops(group: str, relations: int, ends: Sequence[str]) -> Iterator[Family]:
    for end in ends:
        yield Family(group, (*_chain(relations, *_asked(end)), Step(end, (relations,))))


def _compare_integer() -> Iterator[Family]:
    """Two counts. Official: without relations they differ, so that "equal" is always no, which the balancing refuses.

    With relations our two sets differ; officially they need not.
    """
    for first, second in ((0, 0), (1, 0), (1, 1)):
        left = _chain(first, COUNT)
        right = _chain(second, COUNT, start=len(left) + 1)
        counts = len(left), len(left) + len(right) + 1
        sets = counts[0] - 1, counts[1] - 1
        for end in ("equal_integer", "less_than", "greater_than"):
            steps = (*left, Step("count", sets[:1]), *right, Step("count", sets[1:]), Step(end, counts))
            yield Family("compare_integer", steps, differ=sets if first else counts)


def _comparison() -> Iterator[Family]:
    """The same attribute of two objects."""
    for name in ("size", "color"):  # both objects, then both attributes
        objects = (Step("scene", (), ONE, _without(name)),) * 2
        queries = (Step(f"query_{name}", (0,)), Step(f"query_{name}", (1,)))
        yield Family("comparison", (*objects, *queries, Step(f"equal_{name}", (2, 3))), differ=(0, 1))
    yield from (_compared(name, 0, 0) for name in ("material", "shape"))
    for name in NAMES:
        yield from (_compared(name, *relations) for relations in ((1, 0), (0, 1), (1, 1)))


def _compared(name: str, first: int, second: int) -> Family:
    left = _chain(first, ONE, _without(name))
    right = _chain(second, ONE, _without(name), start=len(left) + 1)
    queries = len(left), len(left) + len(right) + 1
    objects = queries[0] - 1, queries[1] - 1
    query = f"query_{name}"
    steps = (*left, Step(query, objects[:1]), *right, Step(query, objects[1:]), Step(f"equal_{name}", queries))
    return Family("comparison", steps, differ=objects)


def _same_relate() -> Iterator[Family]:
    """Other objects that share an attribute's value, which is not given."""
    for bare in (True, False):
        for end in ("exist", "count"):
            yield from (_shared(name, end, bare) for name in NAMES)
    for name in NAMES:
        yield from (_shared(name, f"query_{other}", False) for other in NAMES if other != name)


def _shared(name: str, end: str, bare: bool) -> Family:
    asked = (NONE, 0) if bare else _asked(end, name)
    one = Step("scene", (), ONE, _without(name))
    return Family("same_relate", (one, Step(f"same_{name}", (0,), *asked), Step(end, (1,))))


def _single_and() -> Iterator[Family]:
    related = (Step("scene", (), ONE, ALL), Step("relate", (0,)), Step("scene", (), ONE, ALL), Step("relate", (2,)))
    for end in ("count", *(f"query_{name}" for name in NAMES)):
        yield Family("single_and", (*related, Step("intersect", (1, 3), *_asked(end)), Step(end, (4,))))


def _single_or() -> Iterator[Family]:
    """The objects of two sets, of one value of an attribute where it is named: then it is not given in the sets."""
    plain, related = _chain(0, SOME), _chain(1, SOME)
    yield _either(plain, plain)
    yield from (_either_with("size"), _either_with("color"))
    yield _either(related, _chain(1, SOME, start=2))
    yield from (_either_with("material"), _either_with("shape"))
    yield _either(related, plain)
    yield _either(plain, _chain(1, SOME, start=1))


def _either_with(name: str) -> Family:
    plain = _chain(0, SOME, _without(name))
    return _either(plain, plain, VALUE, BITS[name])


def _either(left: tuple[Step, ...], right: tuple[Step, ...], filters: str = NONE, free: int = 0) -> Family:
    sets = len(left) - 1, len(left) + len(right) - 1
    union = Step("union", sets, filters, free)
    return Family("single_or", (*left, *right, union, Step("count", (sets[1] + 1,))), differ=sets)


SIZE, COLOR, MATERIAL, SHAPE = (f"query_{name}" for name in NAMES)
FAMILIES: tuple[Family, ...] = (
    *_compare_integer(),
    *_comparison(),
    *_hops("one_hop", 1, ("count", "exist", SIZE, COLOR, MATERIAL, SHAPE)),
    *_same_relate(),
    *_single_and(),
    *_single_or(),
    *_hops("three_hop", 3, ("count", "exist", SIZE, SHAPE, COLOR, MATERIAL)),
    *_hops("two_hop", 2, ("count", "exist", SIZE, COLOR, MATERIAL, SHAPE)),
    *_hops("zero_hop", 0, ("count", "exist", SHAPE, MATERIAL, COLOR, SIZE)),
)
