"""Programs in English. Sentences and phrases are our own; most of the words are CLEVR's.

A question is worded from the end of its program back to the scene: a set of objects becomes a noun ("small balls")
and what is said of it ("are left of the red cube").
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from reprolib.data.clevr.masks import DESCRIPTIONS
from reprolib.data.clevr.programs import RELATIONS
from reprolib.data.clevr.templates import Choice, Step

VOCABULARY = tuple(  # of all questions that can be generated, so that word numbers do not depend on how many are
    """
    ; a alike also an and another any anything are as at ball balls be behind big block blocks blue both brown can color
    cube cubes cyan cylinder cylinders do does either else equal equally exactly fewer front gray green has have higher
    how in is it its large left look lower made many material matte metal metallic more number object objects of on one
    or other purple red right rubber same seen shape share shiny side size small sphere spheres take than that the there
    thing things tiny to what with yellow
    """.split()  # noqa: SIM905  93 quoted words read worse
)
SYNONYMS: Mapping[str | None, tuple[str, ...]] = {
    "large": ("large", "big"),
    "small": ("small", "tiny"),
    "metal": ("metal", "metallic", "shiny"),
    "rubber": ("rubber", "matte"),
    "cube": ("cube", "block"),
    "sphere": ("sphere", "ball"),
    None: ("thing", "object"),  # of no given shape
    "left": ("left of", "to the left of", "on the left side of"),
    "right": ("right of", "to the right of", "on the right side of"),
    "front": ("in front of",),
    "behind": ("behind",),
}
COUNTED = ("How many {things} are there?", "What is the number of {things}?", "How many {things} can be seen?")
COUNTED_SUCH = ("How many {things} {are_so}?", "What is the number of {many}?")
COUNTED_NEAR = (
    "Look at the {near}; how many {things} are {where} it?",
    "Take the {near}; what is the number of {things} {where} it?",
)
FOUND = ("Is there {one}?", "Are there any {many}?")
FOUND_SEEN = ("Can {one} be seen?", "Can any {many} be seen?")
FOUND_NEAR = (
    "Look at the {near}; is there {thing} {where} it?",
    "Take the {near}; are there any {things} {where} it?",
)
FOUND_ELSE = ("Is there anything else that {is_so}?",)
ASKED = (
    "What {name} is the {one}?",
    "What {name} does the {one} have?",
    "What is the {name} of the {one}?",
    "Look at the {one}; what {name} is it?",
    "Take the {one}; what is its {name}?",
)
ASKED_ALSO: Mapping[str, tuple[str, ...]] = {
    "size": ("How big is the {one}?", "Look at the {one}; how big is it?"),
    "color": (),
    "material": ("What is the {one} made of?", "Take the {one}; what is it made of?"),
    "shape": (),
}
COMPARED = (
    "Do the {one} and the {other} have the same {name}?",
    "Are the {one} and the {other} alike in {name}?",
    "Does the {one} share its {name} with the {other}?",
    "Is the {name} of the {one} also that of the {other}?",
    "Look at the {one}; does it have the {name} of the {other}?",
)
COMPARED_ALSO: Mapping[str, tuple[str, ...]] = {
    "size": ("Are the {one} and the {other} equally big?",),
    "color": ("Are the {one} and the {other} of one {name}?",),
    "material": ("Are the {one} and the {other} made of one {name}?",),
    "shape": ("Are the {one} and the {other} of one {name}?",),
}
COUNTS: Mapping[str, tuple[str, ...]] = {
    "equal_integer": (
        "Are there exactly as many {these} as {those}?",
        "Is the number of {these} equal to the number of {those}?",
    ),
    "less_than": (
        "Are there fewer {these} than {those}?",
        "Is the number of {these} lower than the number of {those}?",
    ),
    "greater_than": (
        "Are there more {these} than {those}?",
        "Is the number of {these} higher than the number of {those}?",
    ),
}


def wording(steps: Sequence[Step], choices: Sequence[Choice], draw: random.Random) -> str:
    """One of the many ways to put a question.

    Args:
        steps: of the question's family.
        choices: what is bound in each step.
    """
    return _Wording(steps, choices, draw).question()


@dataclass(frozen=True, slots=True)
class _Wording:
    """Phrases of steps, which are given by their positions."""

    steps: Sequence[Step]
    choices: Sequence[Choice]
    draw: random.Random

    def question(self) -> str:
        end = self.steps[-1]
        kind, _, name = end.function.partition("_")
        if end.function in COUNTS:
            these, those = (self.phrase(self.steps[source].inputs[0], many=True) for source in end.inputs)
            return self.pick(COUNTS[end.function]).format(these=these, those=those)
        if kind == "equal":
            one, other = (self.phrase(self.steps[source].inputs[0]) for source in end.inputs)
            return self.pick(COMPARED + COMPARED_ALSO[name]).format(name=name, one=one, other=other)
        if kind == "query":
            return self.pick(ASKED + ASKED_ALSO[name]).format(name=name, one=self.phrase(end.inputs[0]))
        return (self.counted if kind == "count" else self.found)(end.inputs[0])

    def counted(self, place: int) -> str:
        function = self.steps[place].function
        forms = {"scene": COUNTED, "relate": COUNTED_SUCH + COUNTED_NEAR}
        form = self.pick(forms.get(function, COUNTED_SUCH))
        if form in COUNTED_NEAR:
            return form.format(things=self.noun(place, many=True), **self.near(place))
        if form == COUNTED_SUCH[0]:
            return form.format(things=self.noun(place, many=True), are_so=" ".join(self.said(place, many=True)))
        many = self.phrase(place, many=True)
        return form.format(things=many, many=many)

    def found(self, place: int) -> str:
        also = {"scene": FOUND_SEEN, "relate": FOUND_NEAR}
        else_ = () if self.choices[place].description else FOUND_ELSE
        form = self.pick(FOUND + also.get(self.steps[place].function, else_))
        if form in FOUND_NEAR:
            return form.format(thing=_a(self.noun(place)), things=self.noun(place, many=True), **self.near(place))
        if form in FOUND_ELSE:
            return form.format(is_so=" ".join(self.said(place)))
        return form.format(one=_a(self.phrase(place)), many=self.phrase(place, many=True))

    def near(self, place: int) -> dict[str, str]:
        return {"near": self.phrase(self.steps[place].inputs[0]), "where": self.relation(place)}

    def phrase(self, place: int, many: bool = False) -> str:
        """A noun with all that is known of it, without an article."""
        noun, function = self.noun(place, many), self.steps[place].function
        if function == "scene":
            return noun
        verb, so = self.said(place, many)
        may_be_bare = verb in ("is", "are") and function != "union" and not so.startswith("the same")
        bare = may_be_bare and self.draw.random() < 0.5
        return f"{noun} {so}" if bare else f"{noun} that {verb} {so}"

    def said(self, place: int, many: bool = False) -> tuple[str, str]:
        """What a step's function says of its objects: a verb, and the rest."""
        step, be = self.steps[place], "are" if many else "is"
        kind, _, name = step.function.partition("_")
        if kind == "same":
            return self.alike(name, be, self.phrase(step.inputs[0]))
        if kind == "relate":
            return be, self.where(place)
        if kind == "intersect":
            left, right = map(self.where, step.inputs)
            return be, self.pick(("", "both ")) + f"{left} and {right}"
        left, right = (self.phrase(source, many) for source in step.inputs)
        return be, self.pick(("", "either ")) + f"{left} or {right}"

    def alike(self, name: str, be: str, one: str) -> tuple[str, str]:
        have = "have" if be == "are" else "has"
        more = ((be, "made of the same"),) if name == "material" else ((be, "of the same"), (be, "the same"))
        verb, so = self.pick(((have, "the same"), *more))
        return verb, f"{so} {name} as the {one}"

    def where(self, place: int) -> str:
        return f"{self.relation(place)} the {self.phrase(self.steps[place].inputs[0])}"

    def relation(self, place: int) -> str:
        return self.pick(SYNONYMS[RELATIONS[self.choices[place].relation]])

    def noun(self, place: int, many: bool = False) -> str:
        *adjectives, shape = DESCRIPTIONS[self.choices[place].description]
        words = [self.pick(SYNONYMS.get(value, (value,))) for value in adjectives if value]
        other = ["other"] if self.is_other(place) else []
        return " ".join([*other, *words, self.pick(SYNONYMS.get(shape, (shape,))) + ("s" if many else "")])

    def is_other(self, place: int) -> bool:
        """Whether the noun also fits the object that the set is compared with, as far as that was described."""
        step = self.steps[place]
        if not step.function.startswith("same"):
            return False
        pairs = zip(*(DESCRIPTIONS[self.choices[one].description] for one in (place, *step.inputs)), strict=True)
        return all(mine == theirs or None in (mine, theirs) for mine, theirs in pairs)

    def pick(self, options: Sequence) -> object:
        return options[int(self.draw.random() * len(options))]


def _a(noun: str) -> str:
    """With its article: "a cube", "an object", "another cube"."""
    return f"an{noun}" if noun.startswith("other") else f"{'an' if noun.startswith('object') else 'a'} {noun}"
