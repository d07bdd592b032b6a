"""The claims of the papers: how they are read, and that each names what there is."""

import csv
import dataclasses
import itertools

import pytest

from reprolib import experiments
from reprolib.errors import InputError
from reprolib.evidence import claims, kinds, published
from reprolib.evidence.claims import Comparison

GOOD = {
    "id": "a-claim",
    "paper": "toy2017",
    "place": "Table 1",
    "headline": "yes",
    "claim": "A is better.",
    "figures": "toy/A/accuracy/all; toy/B*/accuracy/*",
    "comparisons": "toy accuracy/all: A > B",
    "waits_for": "",
}


@pytest.fixture
def read(tmp_path):
    """read({"id": "b"}, {"id": "c"}) -> the claims of a file with these lines, other columns as in GOOD."""

    def make(*changes):
        file = tmp_path / "claims.csv"
        with file.open("w", newline="") as stream:
            rows = [GOOD | change for change in changes]
            writer = csv.DictWriter(stream, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
        return claims.read(file)

    return make


def pairs(claim):
    return [(one.one, one.sign, one.other) for one in claim.comparisons]


def test_a_claim_is_read(read):
    (claim,) = read({})
    assert (claim.id, claim.headline, claim.figures) == ("a-claim", True, ("toy/A/accuracy/all", "toy/B*/accuracy/*"))
    assert claim.comparisons == (Comparison(("toy",), ("accuracy/all",), "A", ">", "B"),)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("t accuracy/all: A > B > C", [("A", ">", "B"), ("B", ">", "C")]),
        ("t accuracy/all: A > B & C", [("A", ">", "B"), ("A", ">", "C")]),
        ("t accuracy/all: A & B > C ~ D", [("A", ">", "C"), ("B", ">", "C"), ("C", "~", "D")]),
        ("t accuracy/all: A >~ B + C", [("A", ">~", "B + C")]),
        ("t accuracy/all: A (x, y) > 80", [("A (x, y)", ">", "80")]),
        ("t accuracy/all: A > B; u mse/step_1: C ~ A", [("A", ">", "B"), ("C", "~", "A")]),
        ("", []),
    ],
)
def test_orders(read, text, expected):
    assert pairs(read({"comparisons": text})[0]) == expected


def test_several_tasks_and_metrics_and_a_difference_of_two(read):
    (claim,) = read({"comparisons": "t u accuracy/a mse/* accuracy/a-accuracy/b: A > 0.5"})
    (one,) = claim.comparisons
    assert (one.tasks, one.metrics) == (("t", "u"), ("accuracy/a", "mse/*", "accuracy/a-accuracy/b"))
    assert one.systems == ("A",)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"headline": "maybe"}, "line 2: headline is 'maybe', write yes or no"),
        ({"comparisons": "toy: A > B"}, "is no comparison: write TASK METRIC"),
        ({"comparisons": "toy luck/all: A > B"}, "is no comparison"),
        ({"comparisons": "accuracy/all: A > B"}, "is no comparison"),
        ({"comparisons": "toy accuracy/all: A"}, "is no comparison"),
        ({"comparisons": "toy accuracy/all A > B"}, "is no comparison"),
    ],
)
def test_what_cannot_be_read_is_named_with_its_line(read, changes, said):
    with pytest.raises(InputError, match=said):
        read(changes)


def test_a_system_may_be_of_another_task(read):
    (claim,) = read({"comparisons": "t accuracy/all: A > u/B"})
    assert [claims.placed("t", system) for system in claim.comparisons[0].systems] == [("t", "A"), ("u", "B")]


def test_a_label_cannot_be_typed_by_hand(read):
    with pytest.raises(InputError, match="line 2: expected the columns id, paper"):
        read({"label": "reproduced"})


def test_identifiers_are_unique(read):
    with pytest.raises(InputError, match="the identifier 'a-claim' occurs twice"):
        read({}, {})


def test_the_suites_claims():
    found = claims.read()
    assert len(found) == 52
    assert sum(claim.headline for claim in found) == 28
    papers = [key for key, _ in itertools.groupby(found, key=lambda claim: claim.paper)]
    assert papers == ["santoro2017", "kipf2018", "alet2019", "battaglia2018"]


def test_every_claim_rests_on_something():
    for claim in claims.read():
        assert claim.figures or claim.comparisons or claim.rests_on or claim.waits_for, claim.id


def test_every_figure_of_a_claim_is_a_printed_line():
    lines = published.read()
    for claim in claims.read():
        for pattern in claim.figures:
            alone = dataclasses.replace(claim, figures=(pattern,))
            assert alone.lines(lines), f"{claim.id}: {pattern} names no line"


def test_every_comparison_names_systems_that_there_are_or_waits_for_them():
    rows = {(row.task, row.system) for experiment in experiments.every() for row in experiment.rows}
    tasks = {task for task, _ in rows}
    printed = {(line.task, line.system) for line in published.read()}
    for claim in claims.read():
        for one in claim.comparisons:
            assert all(kinds.of(metric) for metric in one.metrics)
            for task, system in itertools.product(one.tasks, one.systems):
                name = claims.placed(task, system)
                assert name[0] not in tasks or name in rows | printed or "Modular" in one.one, (claim.id, system)
