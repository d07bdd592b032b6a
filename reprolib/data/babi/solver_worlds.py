"""The small worlds behind `solver`: each function answers one kind of question from the facts that a story states.

Facts come oldest first, in lower case, as (kind, argument, ...):
    ("move", who, place)  ("leave", who, place)  ("either", who, place, other place)
    ("visit", who, place, when)  ("visit when", when, who, place)
    ("take", who, thing)  ("drop", who, thing)  ("give", giver, thing, receiver)
    ("lie", one, way, other): one lies that way of the other
    ("bigger", one, other)  ("fits", one, other)
    ("kind", who, species)  ("is", who, colour or mood)  ("fear", plural, plural)
Every answer is the release's spelling of it, or None where the facts leave it open.
"""

from collections import defaultdict, deque
from collections.abc import Sequence
from itertools import pairwise

Fact = tuple[str, ...]

NUMBERS = ("none", "one", "two", "three")
TIMES = ("yesterday", "this morning", "this afternoon", "this evening")
STEPS = {  # (east, north); pictures use the words on the right for the same four steps
    "north": (0, 1), "south": (0, -1), "east": (1, 0), "west": (-1, 0),
    "above": (0, 1), "below": (0, -1), "right": (1, 0), "left": (-1, 0),
}  # fmt: skip
SINGULAR = {"wolves": "wolf", "mice": "mouse", "cats": "cat", "sheep": "sheep"}
GOALS = {"hungry": "kitchen", "thirsty": "kitchen", "tired": "bedroom", "bored": "garden"}


def _yes(holds: bool) -> str:
    return "yes" if holds else "no"


# People who move about (tasks 1, 6, 9 to 14)


def where(facts: Sequence[Fact], who: str) -> str | None:
    """The place the person moved to last (tasks 1, 11, 12, 13)."""
    return next((fact[2] for fact in reversed(facts) if fact[:2] == ("move", who)), None)


def is_in(facts: Sequence[Fact], who: str, place: str) -> str | None:
    """Only the last sentence that places the person counts (tasks 6, 9, 10).

    "Either in A or B" answers maybe for A and B and no elsewhere; "not in A" denies A and leaves other places open.
    """
    for fact in reversed(facts):
        match fact:
            case ("move", mover, at) if mover == who:
                return _yes(at == place)
            case ("either", mover, *options) if mover == who:
                return "maybe" if place in options else "no"
            case ("leave", mover, at) if mover == who:
                return "no" if at == place else None
    return None


def where_before(facts: Sequence[Fact], who: str, place: str) -> str | None:
    """The place visited before the last visit to `place`, by the time of day that the sentences name (task 14)."""
    visits = [fact[1:] if fact[0] == "visit" else (*fact[2:], fact[1]) for fact in facts]
    ordered = sorted(visits, key=lambda visit: TIMES.index(visit[2]))
    return _before([at for mover, at, _ in ordered if mover == who], place)


def _before(places: Sequence[str], place: str) -> str | None:
    """What stands just before the last `place`."""
    return next((earlier for earlier, later in reversed(list(pairwise(places))) if later == place), None)


# Things that people carry (tasks 2, 3, 5, 7, 8)


def contradiction(facts: Sequence[Fact]) -> Fact | None:
    """The first fact that cannot be: handling a thing that is not at hand, or giving across two places."""
    place: dict[str, str | None] = {}  # of people, and of things that lie somewhere
    holder: dict[str, str] = {}
    for fact in facts:
        match fact:
            case ("move", who, at):
                place[who] = at
            case ("take", who, thing):
                if thing in holder or _apart(place, who, thing):
                    return fact
                holder[thing] = who
            case ("drop", who, thing):
                if holder.pop(thing, None) != who:
                    return fact
                place[thing] = place.get(who)
            case ("give", giver, thing, receiver):
                if holder.get(thing) != giver or _apart(place, giver, receiver):
                    return fact
                holder[thing] = receiver
    return None


def _apart(place: dict[str, str | None], one: str, other: str) -> bool:
    return len({place.get(one), place.get(other)} - {None}) > 1


def _trail(facts: Sequence[Fact], thing: str) -> list[str]:
    """The places where the thing has been, oldest first, without immediate repeats."""
    place: dict[str, str] = {}
    holder, trail = "", []
    for fact in facts:
        match fact:
            case ("move", who, at):
                place[who] = at
            case ("take", who, taken) if taken == thing:
                holder = who
            case ("drop", _, dropped) if dropped == thing:
                holder = ""
        at = place.get(holder)
        if at and trail[-1:] != [at]:
            trail.append(at)
    return trail


def where_thing(facts: Sequence[Fact], thing: str) -> str | None:
    """The place of the thing: with its holder, or where it was put down (task 2)."""
    return next(reversed(_trail(facts, thing)), None)


def where_thing_before(facts: Sequence[Fact], thing: str, place: str) -> str | None:
    """The place of the thing just before it last came to `place` (task 3).

    The first time it came explains only 639 of the release's 1,000 test answers.
    """
    return _before(_trail(facts, thing), place)


def _hands(facts: Sequence[Fact], who: str) -> list[str]:
    """What the person holds, in the order in which it first came to that person's hands, put down meanwhile or not.

    The release names the things of task 8 so: in all its 704 answers of several things; the order in which those
    things were last taken explains 640, the order of their first mention 678.
    """
    holds: dict[str, bool] = {}
    for fact in facts:
        match fact:
            case ("take", taker, thing) if taker == who:
                holds[thing] = True
            case ("give", _, thing, receiver) if receiver == who:
                holds[thing] = True
            case ("drop" | "give", giver, thing, *_) if giver == who:
                holds[thing] = False
    return [thing for thing, held in holds.items() if held]


def count(facts: Sequence[Fact], who: str) -> str | None:
    """How many of the three things the person holds, as a word (task 7)."""
    return dict(enumerate(NUMBERS)).get(len(_hands(facts, who)))


def carried(facts: Sequence[Fact], who: str) -> str:
    """The things the person holds, separated by commas, or nothing (task 8)."""
    return ",".join(_hands(facts, who)) or "nothing"


def _last_gift(facts: Sequence[Fact], **asked: str) -> dict[str, str]:
    """The last gift that agrees with what the question names (task 5).

    In 22 of its 11,000 questions the release means an earlier one ("What did X give to Y?", two gifts of different
    things). No rule can tell which: once it asks twice with no gift between, and answers first football, then apple.
    """
    for kind, *parts in reversed(facts):
        gift = dict(zip(("giver", "thing", "receiver"), parts, strict=False))
        if kind == "give" and asked.items() <= gift.items():
            return gift
    return {}


def gift(facts: Sequence[Fact], **asked: str) -> str | None:
    """What was given in the last such gift (task 5)."""
    return _last_gift(facts, **asked).get("thing")


def giver(facts: Sequence[Fact], **asked: str) -> str | None:
    """Who gave in the last such gift (task 5)."""
    return _last_gift(facts, **asked).get("giver", "").capitalize() or None


def receiver(facts: Sequence[Fact], **asked: str) -> str | None:
    """Who received in the last such gift (task 5)."""
    return _last_gift(facts, **asked).get("receiver", "").capitalize() or None


# Things that lie beside one another (tasks 4, 17, 19)


def _links(facts: Sequence[Fact]) -> dict[str, list[tuple[tuple[int, int], str]]]:
    """From each thing, the steps to the things that a fact puts beside it: {thing: [(step, neighbour)]}."""
    links = defaultdict(list)
    for _, one, way, other in facts:
        east, north = STEPS[way]
        links[other].append(((east, north), one))
        links[one].append(((-east, -north), other))
    return links


def neighbour(facts: Sequence[Fact], way: str, place: str) -> str | None:
    """What lies `way` of `place` (task 4)."""
    return next((other for step, other in _links(facts)[place] if step == STEPS[way]), None)


def neighbour_of(facts: Sequence[Fact], way: str, place: str) -> str | None:
    """What `place` lies `way` of (task 4)."""
    return next((other for step, other in _links(facts)[place] if step == tuple(-x for x in STEPS[way])), None)


def _routes(facts: Sequence[Fact], start: str) -> dict[str, list[tuple[int, int]]]:
    """The shortest route, a list of steps, to everything that can be reached from `start`."""
    links, routes, queue = _links(facts), {start: []}, deque([start])
    while queue:
        here = queue.popleft()
        for step, there in links[here]:
            if there not in routes:
                routes[there] = [*routes[here], step]
                queue.append(there)
    return routes


def is_beside(facts: Sequence[Fact], one: str, way: str, other: str) -> str | None:
    """Whether one lies `way` of the other when every stated relation is one step on a grid (task 17).

    So what is only said to lie left of a triangle is neither above nor below it: the release answers no to both.
    """
    route = _routes(facts, other).get(one)
    if route is None:
        return None
    east, north = (sum(step[axis] for step in route) for axis in (0, 1))
    return _yes(east * STEPS[way][0] + north * STEPS[way][1] > 0)


def path(facts: Sequence[Fact], start: str, end: str) -> str | None:
    """The shortest way on foot, as initials of its steps (task 19)."""
    route = _routes(facts, start).get(end, [])
    initials = {step: way[0] for way, step in reversed(STEPS.items())}
    return ",".join(initials[step] for step in route) or None


# Sizes, kinds, colours and moods (tasks 15, 16, 18, 20)


def _exceeds(facts: Sequence[Fact], one: str, other: str) -> bool:
    """Whether a chain of stated facts makes one bigger than the other."""
    bigger = {(fact[1], fact[2]) if fact[0] == "bigger" else (fact[2], fact[1]) for fact in facts}
    reached, queue = set(), [one]
    while queue:
        here = queue.pop()
        new = {small for big, small in bigger if big == here} - reached
        reached |= new
        queue.extend(new)
    return other in reached


def is_bigger(facts: Sequence[Fact], one: str, other: str) -> str | None:
    """Whether one is bigger than the other; "fits inside" means smaller (task 18)."""
    if _exceeds(facts, one, other):
        return "yes"
    return "no" if _exceeds(facts, other, one) else None


def fits(facts: Sequence[Fact], one: str, other: str) -> str | None:
    """Whether one fits in the other: whether the other is bigger (task 18)."""
    return is_bigger(facts, other, one)


def feared(facts: Sequence[Fact], who: str) -> str | None:
    """What the person's species is afraid of (task 15)."""
    species = {fact[1]: fact[2] for fact in facts if fact[0] == "kind"}.get(who)
    fears = {SINGULAR.get(one): SINGULAR.get(other) for kind, one, other in facts if kind == "fear"}
    return fears.get(species)


def colour(facts: Sequence[Fact], who: str) -> str | None:
    """The colour of the animal of the same species that was classified last (task 16).

    Nine questions of ten have one example. Where several differ, the release follows the last "X is a swan": 11,000
    answers of 11,000. Rival rules on its 1,000 test questions: the last to be coloured 995, the classified nearest to
    the animal in question 991, the majority (ties to the last classified) 977, the first to be classified 953.
    """
    species = {fact[1]: fact[2] for fact in facts if fact[0] == "kind"}
    colours = {fact[1]: fact[2] for fact in facts if fact[0] == "is"}
    alike = [colours[one] for one in species if species[one] == species.get(who) and one in colours]
    return alike[-1] if alike else None


def _mood(facts: Sequence[Fact], who: str) -> str:
    return next((fact[2] for fact in reversed(facts) if fact[:2] == ("is", who)), "")


def goal(facts: Sequence[Fact], who: str) -> str | None:
    """Where the person's mood will lead (task 20)."""
    return GOALS.get(_mood(facts, who))


def motive(facts: Sequence[Fact], who: str) -> str | None:
    """The person's mood, the reason for all that person does (task 20)."""
    return _mood(facts, who) or None
