"""Accuracies against counting by hand."""

import copy
import json
import math
from itertools import permutations

import pytest
import torch

from reprolib.evidence import metrics
from reprolib.evidence.metrics import accuracy, grouped_accuracy


def test_accuracy_is_a_percentage():
    assert accuracy(torch.tensor([True, False, True, True])) == 75.0
    assert accuracy(torch.tensor([False])) == 0.0


def test_accuracy_of_a_million_is_exact():
    right = torch.ones(1_000_003, dtype=torch.bool)
    right[0] = False
    assert accuracy(right) == pytest.approx(100 * 1_000_002 / 1_000_003, abs=1e-9)


def test_grouped_accuracy_counts_every_group_and_leaves_out_absent_ones():
    rng = torch.Generator().manual_seed(0)
    groups = torch.randint(1, 4, (50,), generator=rng)
    right = torch.rand(50, generator=rng) > 0.4
    found = grouped_accuracy(right, groups, {1: "one", 2: "two", 3: "three", 4: "four"})
    expected = {
        name: 100
        * sum(bool(r) for r, g in zip(right, groups, strict=True) if g == group)
        / int((groups == group).sum())
        for group, name in {1: "one", 2: "two", 3: "three"}.items()
    }
    assert found == pytest.approx(expected)


def test_edges_are_scored_under_the_best_naming_against_all_permutations():
    torch.manual_seed(0)
    predicted, true = torch.randint(3, (4, 5, 4)), torch.randint(3, (4, 5, 4))
    shares = [(torch.tensor(names)[predicted] == true).double().mean().item() for names in permutations(range(3))]
    assert metrics.edge_accuracy(predicted, true) == pytest.approx(100 * max(shares))
    assert metrics.edge_accuracy((true + 1) % 3, true) == 100.0


def test_an_unused_type_takes_part_in_the_naming():
    assert metrics.edge_accuracy(torch.full((6,), 2), torch.tensor([0, 0, 0, 0, 1, 1])) == pytest.approx(100 * 4 / 6)


@pytest.mark.parametrize("least", [1, 2, 3, 5])
def test_a_naming_names_every_type_there_may_be_once(least):
    """The two types that occur are turned round; those that occur in neither have the names that are left."""
    naming = metrics.best_naming(torch.tensor([0, 0, 1]), torch.tensor([1, 1, 0]), least)
    assert naming[:2].tolist() == [1, 0]
    assert sorted(naming.tolist()) == list(range(max(2, least)))


def test_errors_by_step_are_not_cumulative():
    true = torch.zeros(2, 3, 4, 5)
    predicted = torch.tensor([1.0, 2.0, 3.0]).view(1, 3, 1, 1).expand(2, 3, 4, 5)
    assert metrics.errors_by_step(predicted, true).tolist() == [[1.0, 4.0, 9.0]] * 2


def test_the_error_of_an_accuracy_is_that_of_its_test_set():
    right = torch.arange(400) % 4 > 0
    found = accuracy(right)
    assert (found, found.error) == (75.0, pytest.approx(100 * (0.75 * 0.25 / 400) ** 0.5, rel=0.01))
    assert accuracy(torch.ones(100, dtype=torch.bool)).error > 0.5, "no small test is certain"


@pytest.mark.parametrize("measure", [accuracy, metrics.average])
def test_of_nothing_there_is_no_figure(measure):
    """As of a type of question that no scene of a tiny test asks; a record refuses it."""
    found = measure(torch.tensor([], dtype=torch.bool))
    assert math.isnan(found)
    assert math.isfinite(found.error)


def test_the_errors_of_groups_are_those_of_their_own_answers():
    right, groups = torch.arange(300) % 3 > 0, torch.arange(300) % 100 // 90  # 270 answers, then 30
    few, many = (accuracy(right[groups == group]) for group in (1, 0))
    found = grouped_accuracy(right, groups, {0: "many", 1: "few"})
    assert (found["few"].error, found["many"].error) == (few.error, many.error)
    assert few.error > 2 * many.error


def test_a_figure_is_a_number_like_any_other():
    found = metrics.Figure(75.0, 2.5)
    assert (found + 1, type(100 - found), sorted([found, 3.0])) == (76.0, float, [3.0, 75.0])
    assert json.loads(json.dumps({"accuracy/all": found})) == {"accuracy/all": 75.0}
    again = copy.deepcopy(found)
    assert (again, again.error) == (75.0, 2.5)


def test_edges_of_a_scene_are_found_or_missed_together():
    true = torch.zeros(100, 5, 4, dtype=torch.long)
    true[::2] = 1
    whole, single = true.clone(), true.clone()
    whole[:10] = 1 - whole[:10]  # ten scenes wholly wrong
    single.view(-1)[::10] = 1 - single.view(-1)[::10]  # a tenth of the edges of every scene
    found = [metrics.edge_accuracy(predicted, true) for predicted in (whole, single)]
    assert found[0] == found[1] == pytest.approx(90.0)
    assert found[0].error == pytest.approx(3.0, rel=0.02)
    assert found[1].error == pytest.approx(0.0, abs=1e-9)


def test_an_average_knows_its_error():
    values = torch.tensor([1.0, 3.0, 1.0, 3.0])
    found = metrics.average(values)
    assert (found, found.error) == (2.0, pytest.approx(values.std().item() / 2))
