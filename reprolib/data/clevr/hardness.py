"""What makes a question hard to answer from a picture: an object that is hidden, and places that hardly differ.

Santoro et al. (2017, Table 2 of the supplement) name both where their network fails. Q questions.
"""

import math
from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path

import numpy as np

from reprolib.data import cache
from reprolib.data.clevr import parts, questions
from reprolib.data.clevr.clevr_reader import read_questions, read_scenes, remedy
from reprolib.data.clevr.parts import Part
from reprolib.data.clevr.programs import FUNCTIONS, Node, Objects, Value, execute, parse
from reprolib.data.clevr.scenes import Scenes
from reprolib.data.clevr.visibility import hidden_shares
from reprolib.data.compiled import sources
from reprolib.errors import InputError

VERSION = 1  # of what is kept of released questions: raise it whenever they get other numbers
NONE = math.inf  # of a question that has no such thing, or no program that tells


def generated(part: Part, per_scene: int, seed: int, stream: int) -> cache.Arrays:
    """`margins` and `hidden` of the questions of a generated part, float32 [Q] each; see `margin` and `most_hidden`.

    The questions are asked again, since a part keeps no programs. Arguments after the first as in `parts.generated`.
    """
    recipe = f"clevr hardness {len(part)} {per_scene} {seed} {stream} {parts.version()} {sources()}"

    def measure() -> cache.Arrays:
        title = f"hardness of questions on {len(part)} scenes"
        found = parts.over_chunks(_of_chunk, title, part.scenes, per_scene, seed, stream)
        return dict(zip(("margins", "hidden"), np.concatenate(found, 1), strict=True))

    return cache.arrays("clevr", f"hardness_{stream}_{len(part)}", recipe, measure)


def released(folder: Path, split: str) -> cache.Arrays:
    """`margins` of all questions of a split of the real files, float32 [Q], in the file's order; see `margin`.

    The files list no camera, without which nobody can tell what hides what.

    Raises:
        InputError: as the reader does.
    """
    recipe = f"clevr hardness {VERSION} {split} {parts.content(folder, split)}"
    return cache.arrays("clevr", f"hardness_{split}", recipe, lambda: {"margins": _of_files(folder, split)})


def margin(nodes: Sequence[Node], results: Sequence[Value], scene: Mapping) -> float:
    """How finely places have to be told apart: the least distance of two objects that a `relate` step compares.

    It is measured along the direction that is asked for, on the ground, in world units: between the object that others
    are related to and each other one that the filters after the step would keep, on whichever side it stands. The line
    that decides lies scenes.MARGIN beyond the object, but no other one stands nearer than twice that on either side.
    So no scene shows where in between the line is, and the distance counts from the object itself.

    Args:
        nodes: of a parsed program.
        results: what each node gives on the scene.
        scene: in the release's form.

    Returns:
        NONE where no step relates, no object would be kept, or the scene lists no directions.
    """
    if "directions" not in scene:
        return NONE
    found = (
        _apart(scene, one, other, *node.values)
        for position, node in enumerate(nodes)
        if node.function == "relate"
        for one in (results[node.inputs[0]],)
        for other in _kept_after(nodes, position, scene) - {one}
    )
    return min(found, default=NONE)


def most_hidden(nodes: Sequence[Node], results: Sequence[Value], shares: Sequence[float]) -> float:
    """The largest hidden share of an object that a program finds, from 0 to 1.

    It finds the objects of every set that a step other than a filter is given: what filters leave to count, to compare,
    to relate others to. The largest share of the whole scene would rise with the number of objects, and with it what is
    hard also where nothing is hidden: to count and to relate them.

    Args:
        nodes: of a parsed program.
        results: what each node gives on a scene.
        shares: of every object of the scene, the share of its pixels that others hide.

    Returns:
        NONE where it finds no object.
    """
    given = (source for node in nodes if not _filters(node) for source in node.inputs)
    sets = [results[source] for source in given if FUNCTIONS[nodes[source].function].gives == "objects"]
    return max((float(shares[one]) for one in frozenset().union(*sets)), default=NONE)


def _apart(scene: Mapping, one: int, other: int, relation: str) -> float:
    """Distance of two objects along the direction of a relation."""
    places = (scene["objects"][item]["3d_coords"] for item in (one, other))
    steps = zip(*places, scene["directions"][relation], strict=True)
    return abs(sum((there - here) * along for here, there, along in steps))


def _filters(node: Node) -> bool:
    return node.function.startswith("filter_")


def _kept_after(nodes: Sequence[Node], position: int, scene: Mapping) -> Objects:
    """All objects of a scene that the filters would keep which follow a node one after the other."""
    kept = FUNCTIONS["scene"].apply(scene)
    for later, node in enumerate(nodes):
        if _filters(node) and node.inputs == (position,):
            kept, position = FUNCTIONS[node.function].apply(scene, kept, *node.values), later
    return kept


def _of_chunk(scenes: Scenes, per_scene: int, seed: int, stream: int, first: int) -> np.ndarray:
    """Margins and largest hidden shares of the questions on a chunk: [2, Q]."""
    shares, asked = hidden_shares(scenes), questions.generate(scenes, per_scene, seed, stream, first)
    found = []
    for index, about in groupby(asked, lambda question: question.image_index - first):
        scene = scenes.json(index)
        for nodes in (parse(question.program) for question in about):
            results = execute(nodes, scene)
            found.append((margin(nodes, results, scene), most_hidden(nodes, results, shares[index])))
    return np.array(list(zip(*found, strict=True)), np.float32)  # [2, Q]


def _of_files(folder: Path, split: str) -> np.ndarray:
    """Margins of the questions in the files of a split: [Q]."""
    scenes, found = read_scenes(folder, split), []
    for position, question in enumerate(read_questions(folder, split, scenes)):
        if not question.program:
            found.append(NONE)
            continue
        nodes, scene = parse(question.program), scenes[question.image_index]
        try:
            found.append(margin(nodes, execute(nodes, scene), scene))
        except ValueError as error:
            where = f"{Path(folder) / 'questions'}, question {position} of {split}"
            raise InputError(f"{where}, {error}; {remedy(folder, 'questions', split)}") from None
    return np.array(found, np.float32)  # [Q]
