"""An independent symbolic solver for the 20 bAbI tasks: it reads only the text, and knows nothing of the generator.

A task is one entry of `TASKS`: the sentence forms of its stories, and for each form of its questions the function that
answers it. A story becomes a list of facts, such as ("move", "mary", "kitchen"), and every answer is a short query over
that list (`solver_worlds`). Where the text leaves an answer open, the rule was found on the release, v1.2 en-valid-10k,
and stands in the docstring of its function (tasks 3, 5, 8, 9, 14, 16, 17). Read so, `solve` gives every answer of the
release except 22 of task 5 (2 in test, 2 in valid, 18 in train), where the release contradicts itself.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from reprolib.data.babi import solver_worlds as worlds
from reprolib.data.babi.solver_worlds import Fact
from reprolib.errors import InputError

Answerer = Callable[
    ..., str | None
]  # facts, the question's slots by name -> answer, None where the facts leave it open


@dataclass(frozen=True)
class Task:
    """The grammar of a task. In a template <slot> stands for one word, <slot:sort> for a phrase of that sort."""

    statements: Mapping[str, str]  # template -> kind of the fact that it states; its slots are the arguments
    questions: Mapping[str, Answerer]


WENT = "(?:went|went back|moved|travelled|journeyed) to the"
PRONOUNS = ("he", "she", "they")
SORTS = {
    "word": r"\w+",
    "both": r"\w+ and \w+",
    "again": "|".join(PRONOUNS),
    "time": "[Yy]esterday|[Tt]his (?:morning|afternoon|evening)",
    "compass": "north|south|east|west",
    "height": "above|below",
    "side": "left|right",
    "shape": r"\w+(?: \w+)?",
    "box": r"box of chocolates|\w+",
}

MOVE = {f"<who> {WENT} <place>.": "move"}
MOVE_BOTH = {f"<who:both> {WENT} <place>.": "move"}
MOVE_ON = {f"(?:Then|After that|Afterwards|Following that) <who:again> {WENT} <place>.": "move"}
BE = {"<who> is in the <place>.": "move"}
BE_NOT = {"<who> is (?:not|no longer) in the <place>.": "leave"}
BE_EITHER = {"<who> is either in the <place> or the <other>.": "either"}
TAKE = {"<who> (?:got|took|grabbed|picked up) the <thing>(?: there)?.": "take"}
DROP = {"<who> (?:dropped|left|discarded|put down) the <thing>(?: there)?.": "drop"}
GIVE = {"<giver> (?:gave|handed|passed) the <thing> to <receiver>.": "give"}
VISIT = {
    f"<who> {WENT} <place> <when:time>.": "visit",
    f"<when:time> <who> {WENT} <place>.": "visit when",
}
COMPASS = {"The <one> is <way:compass> of the <other>.": "lie"}
KIND = {"<who> is an? <species>.": "kind"}
IS = {"<who> is <quality>.": "is"}

WHERE = {"Where is <who>?": worlds.where}
IS_IN = {"Is <who> in the <place>?": worlds.is_in}

TASKS: Mapping[int, Task] = {
    1: Task(MOVE, WHERE),
    2: Task(MOVE | TAKE | DROP, {"Where is the <thing>?": worlds.where_thing}),
    3: Task(MOVE | TAKE | DROP, {"Where was the <thing> before the <place>?": worlds.where_thing_before}),
    4: Task(
        COMPASS,
        {
            "What is <way:compass> of the <place>?": worlds.neighbour,
            "What is the <place> <way:compass> of?": worlds.neighbour_of,
        },
    ),
    5: Task(
        MOVE | TAKE | DROP | GIVE,
        {
            "What did <giver> give to <receiver>?": worlds.gift,
            "Who gave the <thing>?": worlds.giver,
            "Who gave the <thing> to <receiver>?": worlds.giver,
            "Who received the <thing>?": worlds.receiver,
            "Who did <giver> give the <thing> to?": worlds.receiver,
        },
    ),
    6: Task(MOVE | TAKE | DROP, IS_IN),
    7: Task(MOVE | TAKE | DROP | GIVE, {"How many objects is <who> carrying?": worlds.count}),
    8: Task(MOVE | TAKE | DROP, {"What is <who> carrying?": worlds.carried}),
    9: Task(MOVE | BE | BE_NOT, IS_IN),
    10: Task(MOVE | BE | BE_EITHER, IS_IN),
    11: Task(MOVE | MOVE_ON, WHERE),
    12: Task(MOVE_BOTH, WHERE),
    13: Task(MOVE_BOTH | MOVE_ON, WHERE),
    14: Task(VISIT, {"Where was <who> before the <place>?": worlds.where_before}),
    15: Task({"<one> are afraid of <other>.": "fear"} | KIND, {"What is <who> afraid of?": worlds.feared}),
    16: Task(KIND | IS, {"What color is <who>?": worlds.colour}),
    17: Task(
        {
            "The <one:shape> is <way:height> the <other:shape>.": "lie",
            "The <one:shape> is to the <way:side> of the <other:shape>.": "lie",
        },
        {
            "Is the <one:shape> <way:height> the <other:shape>?": worlds.is_beside,
            "Is the <one:shape> to the <way:side> of the <other:shape>?": worlds.is_beside,
        },
    ),
    18: Task(
        {
            "The <one:box> is bigger than the <other:box>.": "bigger",
            "The <one:box> fits inside the <other:box>.": "fits",
        },
        {
            "Is the <one:box> bigger than the <other:box>?": worlds.is_bigger,
            "Does the <one:box> fit in the <other:box>?": worlds.fits,
        },
    ),
    19: Task(COMPASS, {"How do you go from the <start> to the <end>?": worlds.path}),
    20: Task(
        MOVE | TAKE | IS,
        {"Where will <who> go?": worlds.goal, r"Why did <who> (?:go to|get) the \w+?": worlds.motive},
    ),
}


def solve(task: int, story: Sequence[str], question: str) -> str:
    """Answer of `question` after the statements of `story`, as the release spells it ("no", "milk,football", "s,e").

    `story` holds the statements before the question, in order, without line numbers and without earlier questions.
    Raises InputError on an unknown task, on a sentence or question outside the task's grammar, on a story that
    contradicts itself, and on a question whose answer the story leaves open.
    """
    if task not in TASKS:
        raise InputError(f"there is no bAbI task {task!r}: give a number from 1 to 20")
    template, slots = _match(task, TASKS[task].questions, question)
    facts = _facts(task, story)
    if wrong := worlds.contradiction(facts):
        raise InputError(f"bAbI task {task}: the story contradicts itself at the fact {wrong}; mend what leads there")
    answer = TASKS[task].questions[template](facts, **slots)
    if answer is None:
        raise InputError(f"bAbI task {task}: the story leaves open {question.strip()!r}; ask about what it states")
    return answer


def agreement(task: int, questions: Iterable[tuple[Sequence[str], str, str]]) -> float:
    """Share, 0 to 1, of the (story, question, answer) triples that `solve` confirms; raises InputError on none."""
    hits = [solve(task, story, question) == answer for story, question, answer in questions]
    if not hits:
        raise InputError(f"bAbI task {task}: there is no question to compare answers on; give at least one")
    return sum(hits) / len(hits)


def _facts(task: int, story: Sequence[str]) -> list[Fact]:
    """What the story states, one fact a person, with he, she and they replaced by the last who moved."""
    facts: list[Fact] = []
    movers: list[str] = []
    for sentence in story:
        template, slots = _match(task, TASKS[task].statements, sentence)
        kind, arguments = TASKS[task].statements[template], list(slots.values())
        if kind != "move":
            facts.append((kind, *arguments))
            continue
        who, place = arguments
        if who not in PRONOUNS:
            movers = who.split(" and ")
        elif not movers:
            raise InputError(f"bAbI task {task}: {sentence!r} has nobody to refer to; name the person first")
        facts.extend(("move", mover, place) for mover in movers)
    return facts


def _match(task: int, templates: Iterable[str], sentence: str) -> tuple[str, dict[str, str]]:
    """The template of the sentence, and what its slots hold, in lower case."""
    for template in templates:
        if match := _pattern(template).fullmatch(sentence.strip()):
            return template, {slot: phrase.lower() for slot, phrase in match.groupdict().items()}
    raise InputError(f"bAbI task {task} knows no sentence like {sentence!r}; its forms are in solver.TASKS[{task}]")


@cache
def _pattern(template: str) -> re.Pattern[str]:
    """The regular expression of a template: a named group for each slot, and its last character as it stands."""
    slots = re.sub(r"<(\w+)(?::(\w+))?>", lambda slot: f"(?P<{slot[1]}>{SORTS[slot[2] or 'word']})", template[:-1])
    return re.compile(slots + re.escape(template[-1]))
