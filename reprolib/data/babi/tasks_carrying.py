"""Tasks 2, 3 and 5-8: who is where, who has what, when people carry objects about.

Two events are told, then a question is put if there is something to ask, and so on until there are five questions.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from reprolib.data.babi.story import QUESTIONS, WINDOW, Dice, Story
from reprolib.data.babi.world import THERE, Event, World, sentence

GIVERS = ("Mary", "Fred", "Bill", "Jeff")  # task 5
NUMBERS = ("none", "one", "two", "three")

Ask = Callable[[World, Story], None]  # puts a question if it can


def _play(world: World, verbs: Sequence[str], ask: Ask, took_there: float = 1.0) -> Story:
    story = Story()
    while story.questions < QUESTIONS:
        for _ in range(2):
            event = world.step(verbs)
            world.tell(event, story, sentence(event, world.dice, took_there))
        ask(world, story)
    return story


@dataclass
class Trail:
    """What a reader knows of an object's way: who touched it last, and where it went."""

    touch: Event  # the last time it was taken or dropped
    moves: list[Event] = field(default_factory=list)  # walks of its holder since it was taken
    arrival: Event | None = None  # the last walk, told before `touch`, of who dropped it


class Trails(World):
    """A world that remembers the trail of every object."""

    def __init__(self, dice: Dice):
        super().__init__(dice)
        self.trails: dict[str, Trail] = {}
        self.walks: dict[str, Event] = {}  # the last of each person

    def tell(self, event: Event, story: Story, text: str) -> Event:
        told = super().tell(event, story, text)
        if told.verb == "go":
            self.walks[told.actor] = told
            for thing in self.held(told.actor):
                self.trails[thing].moves.append(told)
        elif told.verb == "get":
            self.trails[told.thing] = Trail(told)
        else:
            self.trails[told.thing].touch = told
            self.trails[told.thing].arrival = self.walks.get(told.actor)
        return told

    def askable(self, known: Callable[[Trail], bool]) -> Trail | None:
        """The trail of an object that one of the last facts mentions and of which enough is known, or None."""
        mentioned = [self.trails[event.thing] for event in self.history[-WINDOW:] if event.thing]
        trails = [trail for trail in mentioned if known(trail)]
        return self.dice.choice(trails) if trails else None


def where_is_object(dice: Dice) -> Story:
    """Task 2, two supporting facts: "Where is the milk?". A held object is asked for once its holder has walked."""
    return _play(Trails(dice), ("go", "get", "drop"), _ask_where)


def _ask_where(world: Trails, story: Story) -> None:
    trail = world.askable(lambda trail: _whereabouts(trail) is not None)
    if trail is None:
        return
    walk = _whereabouts(trail)
    story.ask(f"Where is the {trail.touch.thing}?", walk.place, (trail.touch.line, walk.line))


def _whereabouts(trail: Trail) -> Event | None:
    if trail.touch.verb == "drop":
        return trail.arrival
    return trail.moves[-1] if trail.moves else None


def where_was_object(dice: Dice) -> Story:
    """Task 3, three supporting facts: "Where was the milk before the office?", of an object carried through both.

    Any two places in a row that it was carried through since it was taken; the last visit when there were several.
    """
    return _play(Trails(dice), ("go", "get", "drop"), _ask_before, took_there=THERE)


def _ask_before(world: Trails, story: Story) -> None:
    trail = world.askable(lambda trail: len(trail.moves) > 1)
    if trail is None:
        return
    place = world.dice.choice(trail.moves[1:]).place
    last = max(step for step, move in enumerate(trail.moves) if move.place == place)
    before, after = trail.moves[last - 1 : last + 1]
    question = f"Where was the {trail.touch.thing} before the {place}?"
    story.ask(question, before.place, (trail.touch.line, after.line, before.line))


def who_gave_what(dice: Dice) -> Story:
    """Task 5, three-argument relations: who gave what to whom, each time the last such gift."""
    world = World(dice, people=GIVERS)
    return _play(world, ("go", "get", "drop", "give"), _ask_gift)


def _ask_gift(world: World, story: Story) -> None:
    gifts = [event for event in world.history if event.verb == "give"]
    last_gifts = {gift.thing: gift for gift in gifts}  # of each object
    recent = [last_gifts[event.thing] for event in world.history[-WINDOW:] if event.verb == "give"]
    if not recent:
        return
    gift = world.dice.choice(recent)
    last_between = [event for event in gifts if (event.actor, event.receiver) == (gift.actor, gift.receiver)][-1]
    unknown = ("thing", "actor", "receiver") if last_between is gift else ("actor", "receiver")
    question, answer = _about(gift, world.dice.choice(unknown), world.dice)
    story.ask(question, answer, (gift.line,))


def _about(gift: Event, unknown: str, dice: Dice) -> tuple[str, str]:
    if unknown == "thing":
        return f"What did {gift.actor} give to {gift.receiver}?", gift.thing
    if unknown == "actor":
        forms = (f"Who gave the {gift.thing}?", f"Who gave the {gift.thing} to {gift.receiver}?")
        return dice.choice(forms), gift.actor
    forms = (f"Who received the {gift.thing}?", f"Who did {gift.actor} give the {gift.thing} to?")
    return dice.choice(forms), gift.receiver


def is_person_there(dice: Dice) -> Story:
    """Task 6, yes/no questions: "Is John in the kitchen?"."""
    return _play(World(dice), ("go", "get", "drop"), _ask_there)


def _ask_there(world: World, story: Story) -> None:
    walks = [event for event in world.history[-WINDOW:] if event.verb == "go"]
    if not walks:
        return
    person = world.dice.choice(walks).actor
    walk = [event for event in world.history if event.verb == "go" and event.actor == person][-1]
    yes = world.dice.chance(1 / 2)
    place = walk.place if yes else world.dice.choice([place for place in world.places if place != walk.place])
    story.ask(f"Is {person} in the {place}?", "yes" if yes else "no", (walk.line,))


def how_many(dice: Dice) -> Story:
    """Task 7, counting: "How many objects is Mary carrying?", of somebody who has just taken, dropped or given."""
    return _play(World(dice), ("go", "get", "drop", "give"), _ask_number)


def _ask_number(world: World, story: Story) -> None:
    person = _handler(world)
    if person is None:
        return
    support = [event.line for event in world.history if event.thing and person in (event.actor, event.receiver)]
    story.ask(f"How many objects is {person} carrying?", NUMBERS[len(world.held(person))], support)


def carrying_what(dice: Dice) -> Story:
    """Task 8, lists: "What is Mary carrying?". Answer and support go by object, in the order of first taking."""
    return _play(World(dice), ("go", "get", "drop"), _ask_list)


def _ask_list(world: World, story: Story) -> None:
    person = _handler(world)
    if person is None:
        return
    handled: dict[str, list[int]] = {}  # object: lines, in the order of first taking
    for event in world.history:
        if event.thing and event.actor == person:
            handled.setdefault(event.thing, []).append(event.line)
    held = [thing for thing in handled if world.spot[thing] == person]
    support = [line for lines in handled.values() for line in lines]
    story.ask(f"What is {person} carrying?", ",".join(held) or "nothing", support)


def _handler(world: World) -> str | None:
    """Who took, dropped or gave something in one of the last facts."""
    people = [event.actor for event in world.history[-WINDOW:] if event.thing]
    return world.dice.choice(people) if people else None
