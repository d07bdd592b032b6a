"""CLEVR's functional programs: checked, then executed on a scene graph (Johnson et al. 2017, section 3).

A program is a list of nodes in CLEVR's own JSON form: `function` (or `type`), `inputs`, the positions of earlier nodes,
and `value_inputs` (or `side_inputs`). Its last node gives the answer. `FUNCTIONS` is the whole language.
"""

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from reprolib.errors import InputError

ATTRIBUTES: Mapping[str, tuple[str, ...]] = {
    "size": ("large", "small"),
    "color": ("gray", "red", "blue", "green", "brown", "purple", "cyan", "yellow"),
    "material": ("rubber", "metal"),
    "shape": ("cube", "sphere", "cylinder"),
}
RELATIONS = ("left", "right", "front", "behind")

Scene = Mapping  # a scene of CLEVR's JSON: `objects` and `relationships`
Objects = frozenset[int]  # positions in the scene's `objects`
Value = Objects | int | bool | str  # what a node gives


@dataclass(frozen=True)
class Function:
    """A function of the language; an attribute's values are a kind of their own, so that sizes meet only sizes."""

    takes: tuple[str, ...]  # kinds of its inputs: objects, object, integer, or an attribute's name
    gives: str  # a kind as above, or truth
    apply: Callable[..., Value]  # scene, inputs, value -> what the node gives
    values: tuple[str, ...] = ()  # the values it can be given; empty for a function that takes none


@dataclass(frozen=True)
class Node:
    """A checked node of a program."""

    function: str
    inputs: tuple[int, ...]
    values: tuple[str, ...]


def answer(program: Sequence[Mapping], scene: Scene) -> str:
    """The answer of a program on a scene, as the release spells it ("yes", "3", "cube"). Neither is changed.

    `scene["relationships"][relation][i]` lists the objects that stand in the relation to object i.

    Raises:
        ValueError: a `unique` is given no object or more than one.
        InputError: names the node of a malformed program (see `parse`), or what the scene lacks.
    """
    return _spell(execute(parse(program), scene)[-1])


def execute(nodes: Sequence[Node], scene: Scene) -> list[Value]:
    """What each node of a parsed program gives on a scene; raises as `answer` does."""
    results: list[Value] = []
    for position, node in enumerate(nodes):
        inputs = [results[source] for source in node.inputs]
        try:
            results.append(FUNCTIONS[node.function].apply(scene, *inputs, *node.values))
        except ValueError as error:
            raise type(error)(f"node {position} ({node.function}): {error}") from None
    return results


def parse(program: Sequence[Mapping]) -> tuple[Node, ...]:
    """The nodes of a program, checked without a scene.

    Raises:
        InputError: names the node and its function: an unknown function, an input that is missing, of another kind, or
            not an earlier node (a cycle), a wrong number of inputs or values, an unknown value, a last node that gives
            no answer.
    """
    if not isinstance(program, Sequence) or isinstance(program, str) or not program:
        raise InputError("a program is a list of at least one node; this one has none")
    nodes: list[Node] = []
    for position, content in enumerate(program):
        node = _node(content, f"node {position}")
        _check(node, nodes, f"node {position} ({node.function})")
        nodes.append(node)
    if FUNCTIONS[nodes[-1].function].gives in ("object", "objects"):
        raise InputError(f"node {position} ({node.function}): the last node gives no answer; end with a query or count")
    return tuple(nodes)


def depth(program: Sequence[Mapping]) -> int:
    """How many functions stand on the longest way from a `scene` to the answer of a program that `parse` takes.

    None do where there is no program.
    """
    depths: list[int] = []
    for node in program:
        depths.append(1 + max((depths[source] for source in node.get("inputs", ())), default=0))
    return depths[-1] if depths else 0


def _node(content: Mapping, where: str) -> Node:
    """The node in either spelling of its JSON form."""
    if not isinstance(content, Mapping):
        raise InputError(f"{where}: expected an object with function, inputs and value_inputs, found {content!r}")
    name = content.get("function", content.get("type"))
    if not isinstance(name, str) or name not in FUNCTIONS:
        raise InputError(f"{where}: unknown function {name!r}; use one of {', '.join(FUNCTIONS)}")
    inputs, values = content.get("inputs", []), content.get("value_inputs", content.get("side_inputs", []))
    if not isinstance(inputs, Sequence) or not isinstance(values, Sequence) or isinstance(values, str):
        raise InputError(f"{where} ({name}): give inputs and values as lists, not {inputs!r} and {values!r}")
    return Node(name, tuple(inputs), tuple(values))


def _check(node: Node, earlier: Sequence[Node], where: str) -> None:
    """Compare a node with the signature of its function."""
    function = FUNCTIONS[node.function]
    if len(node.inputs) != len(function.takes):
        raise InputError(f"{where}: the number of inputs is {len(function.takes)}, not {len(node.inputs)}; correct it")
    for source, kind in zip(node.inputs, function.takes, strict=True):
        if type(source) is not int or not 0 <= source < len(earlier):
            raise InputError(f"{where}: input {source!r} is not an earlier node; give the position of one")
        given = FUNCTIONS[earlier[source].function].gives
        if given != kind:
            raise InputError(f"{where}: input {source} gives {given}, not {kind}; choose another node")
    if len(node.values) != len(function.values[:1]):
        raise InputError(
            f"{where}: the number of values is {len(function.values[:1])}, not {len(node.values)}; correct it"
        )
    for value in node.values:
        if value not in function.values:
            raise InputError(f"{where}: unknown value {value!r}; use one of {', '.join(function.values)}")


def _spell(result: Value) -> str:
    return ("no", "yes")[result] if isinstance(result, bool) else str(result)


def _everything(scene: Scene) -> Objects:
    objects = scene.get("objects") if isinstance(scene, Mapping) else None
    if not isinstance(objects, Sequence) or not all(isinstance(item, Mapping) for item in objects):
        raise InputError("the scene lists no objects; give them under 'objects', each with its attributes")
    return frozenset(range(len(objects)))


def _query(attribute: str, scene: Scene, one: int) -> str:
    value = scene["objects"][one].get(attribute)
    if value not in ATTRIBUTES[attribute]:
        known = ", ".join(ATTRIBUTES[attribute])
        raise InputError(f"object {one} of the scene has the {attribute} {value!r}; give it one of {known}")
    return value


def _filter(attribute: str, scene: Scene, objects: Objects, value: str) -> Objects:
    return frozenset(one for one in objects if _query(attribute, scene, one) == value)


def _same(attribute: str, scene: Scene, one: int) -> Objects:
    """The other objects that share the attribute's value: the object itself is left out."""
    return _filter(attribute, scene, _everything(scene), _query(attribute, scene, one)) - {one}


def _unique(scene: Scene, objects: Objects) -> int:
    if len(objects) != 1:
        raise ValueError(f"expected exactly one object, found {len(objects)}")
    return next(iter(objects))


def _relate(scene: Scene, one: int, relation: str) -> Objects:
    """The objects that are `relation` of the object."""
    try:
        related = frozenset(scene["relationships"][relation][one])
    except (KeyError, IndexError, TypeError):
        raise InputError(f"the scene's relationships have no list {relation!r} of object {one}; add it") from None
    if not related <= _everything(scene):
        raise InputError(f"the scene's relationships {relation!r} of object {one} name objects that are not there")
    return related


def _without_scene(compute: Callable[..., Value]) -> Callable[..., Value]:
    return lambda scene, *inputs: compute(*inputs)


def _of_attribute(attribute: str, values: tuple[str, ...]) -> dict[str, Function]:
    """The four functions that every attribute has."""
    return {
        f"filter_{attribute}": Function(("objects",), "objects", partial(_filter, attribute), values),
        f"query_{attribute}": Function(("object",), attribute, partial(_query, attribute)),
        f"same_{attribute}": Function(("object",), "objects", partial(_same, attribute)),
        f"equal_{attribute}": Function((attribute, attribute), "truth", _without_scene(operator.eq)),
    }


FUNCTIONS: Mapping[str, Function] = {
    "scene": Function((), "objects", _everything),
    "unique": Function(("objects",), "object", _unique),
    "relate": Function(("object",), "objects", _relate, RELATIONS),
    "union": Function(("objects", "objects"), "objects", _without_scene(operator.or_)),
    "intersect": Function(("objects", "objects"), "objects", _without_scene(operator.and_)),
    "count": Function(("objects",), "integer", _without_scene(len)),
    "exist": Function(("objects",), "truth", _without_scene(bool)),
    "equal_integer": Function(("integer", "integer"), "truth", _without_scene(operator.eq)),
    "less_than": Function(("integer", "integer"), "truth", _without_scene(operator.lt)),
    "greater_than": Function(("integer", "integer"), "truth", _without_scene(operator.gt)),
} | {name: function for attribute in ATTRIBUTES.items() for name, function in _of_attribute(*attribute).items()}
