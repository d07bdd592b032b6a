"""Tasks 1 and 9-14: where people are, when all they do is move. Two facts, one question, five times over."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from reprolib.data.babi.story import QUESTIONS, WINDOW, Dice, Story
from reprolib.data.babi.world import PEOPLE, ROOMS, TOWN, TOWN_PEOPLE, Event, World, sentence, walked

SHE = ("Mary", "Sandra")
THEN = ("After that", "Afterwards", "Following that", "Then")
TIMES = ("yesterday", "this morning", "this afternoon", "this evening")


def where_is_person(dice: Dice) -> Story:
    """Task 1, one supporting fact: "Where is John?"."""
    world, story = World(dice), Story()
    for _ in range(QUESTIONS):
        for _ in range(2):
            event = world.step(("go",))
            world.tell(event, story, sentence(event, dice))
        walk = _last_of_recent(world)
        story.ask(f"Where is {walk.actor}?", walk.place, (walk.line,))
    return story


def _last_of_recent(world: World) -> Event:
    """The last event of whoever acts in one of the last facts."""
    person = world.dice.choice(world.history[-WINDOW:]).actor
    return next(event for event in reversed(world.history) if event.actor == person)


@dataclass(frozen=True)
class Report:
    """What one sentence says about a person's place after a move."""

    sentence: str
    place: str  # the place that a question is about when it asks for what was said
    answer: str  # to that question
    maybe: tuple[str, ...] = ()  # the places left open


def negation(dice: Dice) -> Story:
    """Task 9, simple negation: people may be reported by where they no longer are."""
    return _reports(World(dice), _say_or_deny)


def indefinite(dice: Dice) -> Story:
    """Task 10, indefinite knowledge: "Bill is either in the school or the park.". Such a place is a "maybe".

    As released, the second place is drawn from all six, so that one in six names the same place twice, and even then
    the answer is "maybe".
    """
    return _reports(World(dice, people=TOWN_PEOPLE, places=TOWN), _say_or_waver)


def _reports(world: World, report: Callable[[World, Event], Report]) -> Story:
    story, reports = Story(), {}
    for _ in range(QUESTIONS):
        for _ in range(2):
            event = world.step(("go",))
            said = report(world, event)
            reports[world.tell(event, story, said.sentence).line] = said
        last = _last_of_recent(world)
        _ask_if_there(world, story, last, reports[last.line])
    return story


def _ask_if_there(world: World, story: Story, last: Event, said: Report) -> None:
    """Ask about the place reported, or (never after a denial) half the time about another one."""
    place, answer = said.place, said.answer
    if answer != "no" and world.dice.chance(1 / 2):
        place = world.dice.choice([other for other in world.places if other != place])
        answer = "maybe" if place in said.maybe else "no"
    story.ask(f"Is {last.actor} in the {place}?", answer, (last.line,))


def _say(world: World, event: Event) -> Report:
    return Report(sentence(event, world.dice), event.place, "yes")


def _say_or_deny(world: World, event: Event) -> Report:
    kind = world.dice.below(4)
    if kind < 2:
        return _say(world, event)
    if kind == 2:
        return Report(f"{event.actor} is in the {event.place}.", event.place, "yes")
    denial = world.dice.choice(("no longer", "not"))
    return Report(f"{event.actor} is {denial} in the {event.origin}.", event.origin, "no")


def _say_or_waver(world: World, event: Event) -> Report:
    kind = world.dice.below(4)
    if kind < 2:
        return _say(world, event)
    if kind == 2:
        return Report(f"{event.actor} is in the {event.place}.", event.place, "yes")
    pair = (event.place, world.dice.choice(world.places))
    first, second = world.dice.sample(pair, 2)
    return Report(f"{event.actor} is either in the {first} or the {second}.", event.place, "maybe", pair)


def basic_coreference(dice: Dice) -> Story:
    """Task 11: "Daniel went to the garden. Then he moved to the office. Where is Daniel?"."""
    world, story = World(dice), Story()
    for _ in range(QUESTIONS):
        first = world.step(("go",))
        world.tell(first, story, sentence(first, dice))
        second = None
        while second is None:
            second = world.go(first.actor)
        pronoun = f"{dice.choice(THEN)} {'she' if first.actor in SHE else 'he'}"
        world.tell(second, story, walked(dice, pronoun, second.place) + ".")
        walk = _last_of_recent(world)
        story.ask(f"Where is {walk.actor}?", walk.place, (walk.line - 1, walk.line))
    return story


def conjunction(dice: Dice) -> Story:
    """Task 12: "Mary and John went to the office. Where is John?". A fact is what is said of one of the two."""
    at, facts, lines, story = _places(dice), [], {}, Story()
    for _ in range(QUESTIONS):
        for _ in range(2):
            pair = _draw_outing(dice, at)
            line = story.tell(walked(dice, " and ".join(pair), at[pair[0]]) + ".")
            lines.update(dict.fromkeys(pair, line))
            facts += pair
        person = dice.choice(facts[-WINDOW:])
        story.ask(f"Where is {person}?", at[person], (lines[person],))
    return story


def compound_coreference(dice: Dice) -> Story:
    """Task 13: "Mary and John went to the office. Then they moved to the garden. Where is John?"."""
    at, facts, lines, story = _places(dice), [], {}, Story()
    for _ in range(QUESTIONS):
        pair = _draw_outing(dice, at)
        first = story.tell(walked(dice, " and ".join(pair), at[pair[0]]) + ".")
        place = dice.choice([room for room in ROOMS if room != at[pair[0]]])
        second = story.tell(walked(dice, f"{dice.choice(THEN)} they", place) + ".")
        at.update(dict.fromkeys(pair, place))
        lines.update(dict.fromkeys(pair, (first, second)))
        facts += [*pair, *pair]
        person = dice.choice(facts[-WINDOW:])
        story.ask(f"Where is {person}?", at[person], lines[person])
    return story


def _places(dice: Dice) -> dict[str, str]:
    return {person: dice.choice(ROOMS) for person in PEOPLE}


def _draw_outing(dice: Dice, at: dict[str, str]) -> list[str]:
    """Two people move to a place where neither of them is yet."""
    while True:
        pair, place = dice.sample(PEOPLE, 2), dice.choice(ROOMS)
        if all(at[person] != place for person in pair):
            at.update(dict.fromkeys(pair, place))
            return pair


@dataclass(frozen=True)
class Visit:
    """Where somebody went at a time of day (a position in TIMES)."""

    person: str
    time: int
    place: str


def time_reasoning(dice: Dice) -> Story:
    """Task 14: visits told out of order, "Where was Julie before the park?"; of two visits the later one is meant.

    Facts come in blocks, two at a time; the first block ends when somebody has been to two places.
    """
    story, visits, lines = Story(), [], {}
    while story.questions < QUESTIONS:
        block: list[Visit] = []
        while not any(visit.time for visit in visits):
            block += _draw_visits(dice, visits)
        block = block or _draw_visits(dice, visits)
        for visit in _derange(dice, block):
            lines[visit] = story.tell(_dated(dice, visit))
        _ask_before_place(dice, story, visits, lines)
    return story


def _draw_visits(dice: Dice, visits: list[Visit]) -> list[Visit]:
    """Two more visits, appended in order of time: everybody starts yesterday and goes somewhere else each time."""
    for _ in range(2):
        counts = {person: sum(visit.person == person for visit in visits) for person in TOWN_PEOPLE}
        person = dice.choice([person for person in TOWN_PEOPLE if counts[person] < len(TIMES)])
        last = next((visit.place for visit in reversed(visits) if visit.person == person), None)
        place = dice.choice([place for place in TOWN if place != last])
        visits.append(Visit(person, counts[person], place))
    return visits[-2:]


def _derange(dice: Dice, block: Sequence[Visit]) -> list[Visit]:
    """A random cyclic permutation (Sattolo's): no fact keeps its place, so a pair is always reversed, as released."""
    order = list(block)
    for last in range(len(order) - 1, 0, -1):
        other = dice.below(last)
        order[last], order[other] = order[other], order[last]
    return order


def _dated(dice: Dice, visit: Visit) -> str:
    walk, time = walked(dice, visit.person, visit.place), TIMES[visit.time]
    return f"{time.capitalize()} {walk}." if dice.chance(1 / 2) else f"{walk} {time}."


def _ask_before_place(dice: Dice, story: Story, visits: list[Visit], lines: dict[Visit, int]) -> None:
    by_time = {(visit.person, visit.time): visit for visit in visits}
    latest = {(visit.person, visit.place): visit for visit in visits}
    recent = [latest[visit.person, visit.place] for visit in visits[-WINDOW:]]
    visit = dice.choice([visit for visit in recent if visit.time])
    before = by_time[visit.person, visit.time - 1]
    question = f"Where was {visit.person} before the {visit.place}?"
    story.ask(question, before.place, (lines[visit], lines[before]))
