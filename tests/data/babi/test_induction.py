"""Rules that answer task 16, and rules that only seem to."""

from reprolib.data.babi.babi_reader import Question, open_source
from reprolib.data.babi.babi_tensors import generated
from reprolib.data.babi.induction import RULES, accuracies, facts
from reprolib.data.babi.solver import solve

STORY = Question(
    16,
    (
        "Lily is a swan.",
        "Bernhard is a lion.",
        "Greg is a swan.",
        "Bernhard is white.",
        "Julius is a swan.",
        "Lily is gray.",
        "Greg is gray.",
        "Brian is a swan.",
        "Julius is green.",
    ),
    "What color is Brian?",
    "green",
    (7, 4, 8),
)


def test_rules_on_a_story_worked_out_by_hand():
    answers = [rule(facts(STORY)) for rule in RULES.values()]
    assert answers == ["green", "gray", "gray", "green", "gray", "white"]


def test_the_first_rule_is_the_solvers():
    questions = generated(16, "test", 300, seed=3)
    rule = next(iter(RULES.values()))
    assert all(rule(facts(question)) == solve(16, question.story, question.text) for question in questions)


def test_the_release_follows_the_first_rule_and_shortcuts_stay_at_chance(babi):
    source = open_source(babi)
    shares = accuracies(source.questions(16, "test"))
    right, majority, first, *shortcuts = shares.values()
    assert right == 100.0
    assert majority > 95.0
    assert first > 95.0
    assert max(shortcuts) < 51.0
