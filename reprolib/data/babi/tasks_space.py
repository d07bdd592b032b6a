"""Tasks 4, 17, 18 and 19: how places and things lie to each other, and which are larger."""

from reprolib.data.babi.story import QUESTIONS, Dice, Story
from reprolib.data.babi.world import ROOMS

OPPOSITE = {"north": "south", "south": "north", "east": "west", "west": "east"}
STEPS = {"below": (0, -1), "above": (0, 1), "to the left of": (-1, 0), "to the right of": (1, 0)}
SHAPES = ("blue square", "pink rectangle", "red sphere", "red square", "triangle", "yellow square")
SIZES = ("chocolate", "box of chocolates", "box", "chest", "container", "suitcase")  # the last four in random order
ASKED = 8  # questions of a story of task 17
FACTS = 5  # told at a time in task 18
TRIES = 50  # to find a question in task 18

Exits = dict[str, dict[str, str]]  # place: {direction: neighbour}


def _join(exits: Exits, place: str, direction: str, neighbour: str) -> None:
    exits.setdefault(place, {})[direction] = neighbour
    exits.setdefault(neighbour, {})[OPPOSITE[direction]] = place


def _tour(dice: Dice, exits: Exits) -> list[tuple[str, str, str]]:
    """Every connection once, as (place, direction, neighbour): of random exits of random places, those that are new."""
    told: dict[frozenset[str], tuple[str, str, str]] = {}
    places, connections = list(exits), sum(map(len, exits.values())) // 2
    while len(told) < connections:
        place = dice.choice(places)
        direction = dice.choice(list(exits[place]))
        neighbour = exits[place][direction]
        told.setdefault(frozenset((place, neighbour)), (place, direction, neighbour))
    return list(told.values())


def _tell_map(dice: Dice, story: Story, exits: Exits) -> dict[frozenset[str], tuple[str, str, str, int]]:
    """Tell all connections; returns {both places: (subject, relation, object, line)}."""
    facts = {}
    for place, direction, neighbour in _tour(dice, exits):
        relation = OPPOSITE[direction]
        line = story.tell(f"The {place} is {relation} of the {neighbour}.")
        facts[frozenset((place, neighbour))] = (place, relation, neighbour, line)
    return facts


def two_argument_relations(dice: Dice) -> Story:
    """Task 4: three places in a row; the subject of one of the two facts is asked for, in either direction."""
    story, exits = Story(), {}
    middle, first, second = dice.sample(ROOMS, 3)
    direction = dice.choice(list(OPPOSITE))
    _join(exits, middle, direction, first)
    _join(exits, middle, OPPOSITE[direction], second)
    subject, relation, place, line = dice.choice(list(_tell_map(dice, story, exits).values()))
    forms = (f"What is {relation} of the {place}?", f"What is the {place} {OPPOSITE[relation]} of?")
    story.ask(dice.choice(forms), subject, (line,))
    return story


def path_finding(dice: Dice) -> Story:
    """Task 19: a way of two steps, and three more places around it (where they lie in the plane may coincide)."""
    story, exits = Story(), {}
    start, middle, end, *others = dice.sample(ROOMS, len(ROOMS))
    first = dice.choice(list(OPPOSITE))
    second = dice.choice([direction for direction in OPPOSITE if direction != OPPOSITE[first]])
    _join(exits, start, first, middle)
    _join(exits, middle, second, end)
    free = [(place, way) for place in (start, middle, end) for way in OPPOSITE if way not in exits[place]]
    for (place, way), other in zip(dice.sample(free, len(others)), others, strict=True):
        _join(exits, place, way, other)
    facts = _tell_map(dice, story, exits)
    support = [facts[frozenset(pair)][-1] for pair in ((start, middle), (middle, end))]
    story.ask(f"How do you go from the {start} to the {end}?", f"{first[0]},{second[0]}", support)
    return story


def positional_reasoning(dice: Dice) -> Story:
    """Task 17: two things lie beside a third; each question is about those two, and half of the answers are yes."""
    story = Story()
    middle, *ends = dice.sample(SHAPES, 3)
    sides = dict(zip(ends, dice.sample(list(STEPS), 2), strict=True))  # end: its relation to the middle
    lines = {}
    for end in dice.sample(ends, 2):
        dx, dy = STEPS[sides[end]]
        back = next(relation for relation, step in STEPS.items() if step == (-dx, -dy))
        subject, relation, other = (end, sides[end], middle) if dice.chance(1 / 3) else (middle, back, end)
        lines[end] = story.tell(f"The {subject} is {relation} the {other}.")
    for _ in range(ASKED):
        one, two = dice.sample(ends, 2)
        (x, y), (u, v) = STEPS[sides[one]], STEPS[sides[two]]
        true = [relation for relation, (dx, dy) in STEPS.items() if (x - u) * dx + (y - v) * dy > 0]
        yes = dice.chance(1 / 2)
        relation = dice.choice(true if yes else [relation for relation in STEPS if relation not in true])
        story.ask(f"Is the {one} {relation} the {two}?", "yes" if yes else "no", (lines[one], lines[two]))
    return story


def size_reasoning(dice: Dice) -> Story:
    """Task 18: five random comparisons, then up to five questions that join two, and so on until five are put."""
    story, facts = Story(), []
    ranks = {name: rank for rank, name in enumerate((*SIZES[:2], *dice.sample(SIZES[2:], 4)))}
    while story.questions < QUESTIONS:
        facts += [_compare(dice, story, ranks) for _ in range(FACTS)]
        for _ in range(QUESTIONS):
            _ask_size(dice, story, facts)
    return story


def _compare(dice: Dice, story: Story, ranks: dict[str, int]) -> tuple[str, str, bool, int]:
    """One fact: (smaller, larger, a hidden sense, line); facts are the same when all but their line agree."""
    smaller, larger = sorted(dice.sample(list(ranks), 2), key=ranks.__getitem__)
    forms = (f"The {larger} is bigger than the {smaller}.", f"The {smaller} fits inside the {larger}.")
    return smaller, larger, dice.chance(1 / 2), story.tell(dice.choice(forms))


def _ask_size(dice: Dice, story: Story, facts: list[tuple[str, str, bool, int]]) -> None:
    """Draw a fact and one of its ends; the first other fact with that end must lead on to a third thing."""
    for _ in range(TRIES):
        drawn = dice.choice(facts)
        end = dice.below(2)  # 0: the smaller one joins the two facts
        joint, one = drawn[end], drawn[1 - end]
        fact = [other for other in facts if other[:3] == drawn[:3]][-1]
        joined = next((other for other in facts if other is not fact and joint in other[:2]), None)
        if joined is not None and joined[1 - end] == joint:
            _ask_pair(dice, story, one, joined[end], end == 0, (fact[-1], joined[-1]))
            return


def _ask_pair(dice: Dice, story: Story, one: str, two: str, larger: bool, support: tuple[int, int]) -> None:
    """Ask whether the first thing is the larger."""
    forms = (f"Is the {one} bigger than the {two}?", f"Does the {two} fit in the {one}?")
    story.ask(dice.choice(forms), "yes" if larger else "no", support)
