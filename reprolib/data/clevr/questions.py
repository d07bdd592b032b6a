"""Questions about scenes, after CLEVR's procedure (Johnson et al. 2017, section 3.3); the wording is our own.

As officially: a scene tries the families in the order of how seldom they were asked so far; a family's steps are
bound from the first to the last, a `unique` must leave one object, and what the question asks for is not given in it;
1 in 10 relations may leave its filters' set unchanged, the others must not; where a relation stands without filters,
another answer must come out without it; an answer that its family gave too often is refused (`_too_common`); what
was asked and answered is forgotten every PERIOD scenes.
Differently: an instance is found by a bounded number of random draws instead of a search through all of them, the share
of descriptions that may fit nothing is fixed (UNSEEN), families that were asked equally often come in random order, and
no program is asked twice about a scene.
"""

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from reprolib.data.checks import check_whole
from reprolib.data.clevr.clevr_reader import Question
from reprolib.data.clevr.masks import DESCRIPTIONS, FUNCTIONS, GIVEN, Value, View, views
from reprolib.data.clevr.programs import ATTRIBUTES, RELATIONS
from reprolib.data.clevr.scenes import Scenes
from reprolib.data.clevr.templates import COUNT, EXIST, FAMILIES, NONE, ONE, SOME, VALUE, Choice, Family, Step, program
from reprolib.data.clevr.wording import wording
from reprolib.errors import InputError

VERSION = 1  # part of the data's identity: raise it whenever the same seed gives other questions

PERIOD = 250  # scenes
DRAWS = 60  # of a description, until one fits
TRIES = 25  # of a family in a scene, before the next family's turn
ROUNDS = 8  # through all families, before a scene is given up
TRIVIAL = 0.1  # of the relations may leave the set unchanged
UNSEEN: Mapping[str, float] = {EXIST: 0.5, COUNT: 0.35, SOME: 0.35}  # of the descriptions are drawn from all


@dataclass(slots=True)
class _Tally:
    """What was asked and answered since the last period began."""

    asked: list[int]  # by family
    answers: list[dict[str, int]]  # by family


def generate(scenes: Scenes, per_scene: int = 10, seed: int = 0, stream: int = 0, first: int = 0) -> Iterator[Question]:
    """`per_scene` different questions about the first scene, then about the second, and so on.

    The same arguments give the same questions, and fewer scenes a beginning of them; seed, stream and first each give
    others.

    Args:
        first: image_index of the first scene.

    Raises:
        InputError: a number that is out of range, scenes without cameras, a scene about which too few questions are
            found.
    """
    check_whole(1, per_scene=per_scene)
    check_whole(0, seed=seed, stream=stream, first=first)
    return _generate(scenes, per_scene, first, random.Random(f"clevr questions {VERSION} {seed} {stream} {first}"))


def _generate(scenes: Scenes, per_scene: int, first: int, draw: random.Random) -> Iterator[Question]:
    for start in range(0, len(scenes), PERIOD):
        tally = _Tally([0] * len(FAMILIES), [_no_answers(family.end) for family in FAMILIES])
        for index, view in enumerate(views(scenes[start : start + PERIOD]), first + start):
            yield from _about(view, per_scene, index, tally, draw)


def _no_answers(end: str) -> dict[str, int]:
    """Zero for every answer that a last function can give."""
    kind, _, attribute = end.partition("_")
    if kind == "query":
        return dict.fromkeys(ATTRIBUTES[attribute], 0)
    return dict.fromkeys(map(str, range(11)) if kind == "count" else ("yes", "no"), 0)


def _about(view: View, per_scene: int, index: int, tally: _Tally, draw: random.Random) -> Iterator[Question]:
    """The questions of one scene."""
    seen: set[tuple] = set()
    for _ in range(ROUNDS):
        ties = [draw.random() for _ in FAMILIES]
        for number in sorted(range(len(FAMILIES)), key=lambda number: (tally.asked[number], ties[number])):
            if len(seen) == per_scene:
                return
            family = FAMILIES[number]
            if (found := _instance(family, view, tally.answers[number], seen, draw)) is None:
                continue
            choices, answer = found
            tally.asked[number] += 1
            tally.answers[number][answer] += 1
            yield Question(
                text=wording(family.steps, choices, draw),
                program=program(family.steps, choices),
                answer=answer,
                image_index=index,
                function=family.end,
                family=number,
            )
    if len(seen) < per_scene:
        raise InputError(
            f"only {len(seen)} of {per_scene} different questions were found about scene {index}, which has "
            f"{len(view.rows)} object(s): lower data.questions, or leave such scenes out"
        )


def _instance(
    family: Family, view: View, answers: dict[str, int], seen: set[tuple], draw: random.Random
) -> tuple[tuple[Choice, ...], str] | None:
    """Choices that make a good question, and its answer; they are added to those seen."""
    for _ in range(TRIES):
        if (found := _drawn(family, view, draw)) is None:
            continue
        choices, answer = found
        if _too_common(answer, answers) or _is_degenerate(family, choices, answer, view):
            continue
        asked = (tuple(step.function for step in family.steps), choices)  # equal for equal programs
        if asked not in seen:
            seen.add(asked)
            return choices, answer
    return None


def _too_common(answer: str, answers: Mapping[str, int]) -> bool:
    """The official rule: above 1.1 times the second most common answer, or 5 times the median (5 at least)."""
    counts = sorted(answers.values())
    return answers[answer] > min(1.1 * counts[-2], 5 * max(counts[len(counts) // 2], 5))


def _drawn(family: Family, view: View, draw: random.Random) -> tuple[tuple[Choice, ...], str] | None:
    """Random choices and their answer; None where they lead into a dead end."""
    choices: list[Choice] = []
    values: list[Value] = []
    for step in family.steps:
        choice = _choice(step, values, view, draw)
        if choice is None or (value := _value(step, choice, values, view)) is None:
            return None
        choices.append(choice)
        values.append(value)
    if family.differ and values[family.differ[0]] == values[family.differ[1]]:
        return None
    return tuple(choices), _spelled(values[-1])


def _choice(step: Step, values: list[Value], view: View, draw: random.Random) -> Choice | None:
    if step.function == "relate":
        return _relation(step, values[step.inputs[0]], view, draw)
    if step.filters == NONE:
        return Choice()
    base = FUNCTIONS[step.function](view, None, *(values[source] for source in step.inputs))
    number = _description(step, base, view, draw)
    return None if number is None else Choice(0, number)


def _relation(step: Step, one: int, view: View, draw: random.Random) -> Choice | None:
    """A relation to an object, and a description that another set of objects would fit without the relation."""
    if step.filters == NONE:
        return Choice(int(draw.random() * len(RELATIONS)))
    for trivial in (True, False) if draw.random() < TRIVIAL else (False,):
        for _ in range(DRAWS):
            relation = int(draw.random() * len(RELATIONS))
            number = view.options[int(draw.random() * len(view.options))]
            whole = view.masks[number]
            found = whole & view.related[relation][one]
            if (found == whole) == trivial and not GIVEN[number] & ~step.free and _suffices(step.filters, found):
                return Choice(relation, number)
    return None


def _suffices(filters: str, found: int) -> bool:
    """Whether a set is large enough, and small enough, for what the filters have to leave."""
    if filters == ONE:
        return found > 0 and not found & (found - 1)
    return found > 0 or filters != SOME


def _description(step: Step, base: int, view: View, draw: random.Random) -> int | None:
    """A description for a step's filters, given the set that they narrow."""
    if step.filters == VALUE:
        values = [number for number, given in enumerate(GIVEN) if given == step.free]
        return values[int(draw.random() * len(values))]
    unseen = step.filters in UNSEEN and draw.random() < UNSEEN[step.filters]
    options = range(len(DESCRIPTIONS)) if unseen else view.options
    for _ in range(DRAWS):
        number = options[int(draw.random() * len(options))]
        if GIVEN[number] & ~step.free or (step.filters == ONE and not _suffices(ONE, view.masks[number] & base)):
            continue
        if number or step.filters != SOME:
            return number
    return None


def _value(step: Step, choice: Choice, values: list[Value | None], view: View) -> Value | None:
    """A step's result; None where it should leave one object and does not, or where an input is None."""
    inputs = [values[source] for source in step.inputs]
    if None in inputs:
        return None
    found = FUNCTIONS[step.function](view, choice.relation, *inputs)
    if step.filters != NONE:
        found &= view.masks[choice.description]
    if step.filters != ONE:
        return found
    return found.bit_length() - 1 if _suffices(ONE, found) else None


def _is_degenerate(family: Family, choices: tuple[Choice, ...], answer: str, view: View) -> bool:
    """Whether the same answer comes out when a relation without filters is left out."""
    for place, step in enumerate(family.steps):
        if step.function != "relate" or step.filters != NONE:
            continue
        values: list[Value | None] = []
        for now, (other, choice) in enumerate(zip(family.steps, choices, strict=True)):
            values.append(view.everything if now == place else _value(other, choice, values, view))
        if values[-1] is not None and _spelled(values[-1]) == answer:
            return True
    return False


def _spelled(value: Value) -> str:
    return ("no", "yes")[value] if isinstance(value, bool) else str(value)
