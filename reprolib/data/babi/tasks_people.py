"""Tasks 15, 16 and 20: what follows from what somebody is."""

from reprolib.data.babi.story import Dice, Story
from reprolib.data.babi.world import TOOK, walked

NAMES = ("Emily", "Gertrude", "Jessica", "Winona")
PLURALS = {"cat": "cats", "mouse": "mice", "sheep": "sheep", "wolf": "wolves"}

ANIMALS = ("Bernhard", "Brian", "Greg", "Julius", "Lily")
SPECIES = ("frog", "lion", "rhino", "swan")
COLOURS = ("gray", "green", "white", "yellow")
ALIKE = (1, 3, 4)  # how many others are of the asked animal's species; two, for whatever reason, never occurs

MOVERS = ("Antoine", "Jason", "Sumit", "Yann")
MOTIVES = {
    "hungry": ("kitchen", "apple"),
    "thirsty": ("kitchen", "milk"),
    "bored": ("garden", "football"),
    "tired": ("bedroom", "pajamas"),
}


def deduction(dice: Dice) -> Story:
    """Task 15: "Sheep are afraid of wolves. Gertrude is a sheep. What is gertrude afraid of?". Four questions."""
    story, fears, kinds = Story(), {}, {}
    while len(fears) < len(PLURALS) or len(kinds) < len(NAMES):
        kind = dice.choice(list(PLURALS))
        name = dice.choice(NAMES)
        if kind not in fears:
            feared = dice.choice([other for other in PLURALS if other != kind])
            fears[kind] = feared, story.tell(f"{PLURALS[kind].capitalize()} are afraid of {PLURALS[feared]}.")
        elif name not in kinds:
            kinds[name] = kind, story.tell(f"{name} is a {kind}.")
    for _ in range(4):
        name = dice.choice(NAMES)
        kind, line = kinds[name]
        feared, because = fears[kind]
        story.ask(f"What is {name.lower()} afraid of?", feared, (line, because))
    return story


def induction(dice: Dice) -> Story:
    """Task 16 (version 1.2): "Lily is a swan. Lily is white. Greg is a swan. What color is Greg?". One question.

    A species may show several colours: the answer is that of the animal whose species was told last.
    """
    while True:
        story, species, colours = Story(), {}, {}
        _describe(dice, story, species, colours)
        (asked,) = set(ANIMALS) - set(colours)
        kind, line = species[asked]
        others = [name for name, (other, _) in species.items() if other == kind and name != asked]
        if len(others) in ALIKE:
            alike = others[-1]
            colour, shown = colours[alike]
            story.ask(f"What color is {asked}?", colour, (line, species[alike][1], shown))
            return story


def _describe(dice: Dice, story: Story, species: dict, colours: dict) -> None:
    """Tell every species and all colours but one. A species takes a new colour whenever another animal joins it."""
    current: dict[str, str] = {}
    while len(species) < len(ANIMALS) or len(colours) < len(ANIMALS) - 1:
        name = dice.choice(ANIMALS)
        if name not in species:
            kind = dice.choice(SPECIES)
            current[kind] = dice.choice(COLOURS)
            species[name] = kind, story.tell(f"{name} is a {kind}.")
        elif name not in colours and len(colours) < len(ANIMALS) - 1:
            colour = current[species[name][0]]
            colours[name] = colour, story.tell(f"{name} is {colour}.")


def motivations(dice: Dice) -> Story:
    """Task 20: somebody is hungry, goes to the kitchen and takes the apple if it is still there; each step is asked."""
    story, taken = Story(), set()
    motives = {name: dice.choice(list(MOTIVES)) for name in MOVERS}
    told: dict[str, list[int]] = {name: [] for name in MOVERS}
    while any(len(lines) < 2 for lines in told.values()) or taken != set(motives.values()):
        name = dice.choice(MOVERS)
        motive, stage = motives[name], len(told[name])
        if stage == 3 or (stage == 2 and motive in taken):
            continue
        if stage == 2:
            taken.add(motive)
        told[name].append(story.tell(_act(dice, name, motive, stage)))
        _ask_motive(story, name.lower(), motive, stage, told[name][0])
    return story


def _act(dice: Dice, name: str, motive: str, stage: int) -> str:
    place, thing = MOTIVES[motive]
    if stage == 0:
        return f"{name} is {motive}."
    if stage == 1:
        return walked(dice, name, place) + "."
    return f"{name} {dice.choice(TOOK)} the {thing} there."


def _ask_motive(story: Story, name: str, motive: str, stage: int, line: int) -> None:
    place, thing = MOTIVES[motive]
    if stage == 0:
        story.ask(f"Where will {name} go?", place, (line,))
    else:
        story.ask(f"Why did {name} {f'go to the {place}' if stage == 1 else f'get the {thing}'}?", motive, (line,))
