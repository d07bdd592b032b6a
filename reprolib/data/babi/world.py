"""The simulated world of tasks 1-3 and 5-13: people who walk between places, take, drop and give objects."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from reprolib.data.babi.story import Dice, Story

PEOPLE = ("John", "Mary", "Sandra", "Daniel")
OBJECTS = ("apple", "football", "milk")
ROOMS = ("bathroom", "bedroom", "garden", "hallway", "kitchen", "office")
TOWN_PEOPLE = ("Bill", "Fred", "Julie", "Mary")
TOWN = ("bedroom", "cinema", "kitchen", "office", "park", "school")

WALKED = ("went", "went back", "journeyed", "moved", "travelled")
TOOK = ("got", "grabbed", "picked up", "took")
DROPPED = ("discarded", "dropped", "left", "put down")
GAVE = ("gave", "handed", "passed")
THERE = 1 / 5  # how often an optional "there" is added


@dataclass(frozen=True)
class Event:
    """Something that happened. `verb` is go (to `place`, from `origin`), get, drop or give (to `receiver`)."""

    verb: str
    actor: str
    place: str = ""
    origin: str = ""
    thing: str = ""
    receiver: str = ""
    line: int = 0  # that told it; 0 until then


class World:
    """Where everybody and everything is. It starts at random and unseen: a reader only learns what is told."""

    def __init__(
        self, dice: Dice, people: Sequence[str] = PEOPLE, places: Sequence[str] = ROOMS, things: Sequence[str] = OBJECTS
    ):
        self.dice, self.people, self.places, self.things = dice, people, places, things
        self.at = {person: dice.choice(places) for person in people}
        self.spot = {thing: dice.choice(places) for thing in things}  # a place, or the person who holds it
        self.history: list[Event] = []

    def step(self, verbs: Sequence[str]) -> Event:
        """Let something happen: draw a verb and whoever does it until that is possible.

        A gift counts as possible when anybody can give, so it is frequent; the others depend on the person drawn.
        """
        while True:
            verb, person = self.dice.choice(verbs), self.dice.choice(self.people)
            event = getattr(self, verb)(person)
            if event is not None:
                return event

    def go(self, person: str) -> Event | None:
        """A walk to a random place; None when the person is there already."""
        place, origin = self.dice.choice(self.places), self.at[person]
        if place == origin:
            return None
        self.at[person] = place
        return Event("go", person, place, origin)

    def get(self, person: str) -> Event | None:
        """Taking one of the things that lie around; None where none does."""
        here = [thing for thing in self.things if self.spot[thing] == self.at[person]]
        if not here:
            return None
        thing = self.dice.choice(here)
        self.spot[thing] = person
        return Event("get", person, thing=thing)

    def drop(self, person: str) -> Event | None:
        """Putting down one of the things held; None with empty hands."""
        held = self.held(person)
        if not held:
            return None
        thing = self.dice.choice(held)
        self.spot[thing] = self.at[person]
        return Event("drop", person, thing=thing)

    def give(self, _: str) -> Event | None:
        """A gift, whoever was drawn: the first thing whose holder has company goes to the first person there."""
        for thing in self.things:
            giver = self.spot[thing]
            receivers = self.company(giver) if giver in self.at else []
            if receivers:
                self.spot[thing] = receivers[0]
                return Event("give", giver, thing=thing, receiver=receivers[0])
        return None

    def held(self, person: str) -> list[str]:
        """The things a person holds."""
        return [thing for thing in self.things if self.spot[thing] == person]

    def company(self, person: str) -> list[str]:
        """The others where a person is."""
        return [other for other in self.people if other != person and self.at[other] == self.at[person]]

    def tell(self, event: Event, story: Story, text: str) -> Event:
        """Put an event into the story and the history; returns it with its line."""
        told = replace(event, line=story.tell(text))
        self.history.append(told)
        return told


def walked(dice: Dice, who: str, place: str) -> str:
    """Somebody `travelled to the office`."""
    return f"{who} {dice.choice(WALKED)} to the {place}"


def sentence(event: Event, dice: Dice, took_there: float = 1.0) -> str:
    """An event in words; `took_there` is how often taking something ends in "there"."""
    if event.verb == "go":
        return walked(dice, event.actor, event.place) + "."
    if event.verb == "give":
        return f"{event.actor} {dice.choice(GAVE)} the {event.thing} to {event.receiver}."
    verbs, there = (TOOK, took_there) if event.verb == "get" else (DROPPED, THERE)
    return f"{event.actor} {dice.choice(verbs)} the {event.thing}{' there' * dice.chance(there)}."
