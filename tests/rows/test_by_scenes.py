"""How many scenes a curve needs, and how curves are cut out of records."""

import pytest

from reprolib.rows.by_scenes import curves, scenes_needed

RISING = {50: 55.0, 150: 60.0, 500: 70.0, 1_500: 75.0, 5_000: 80.0, 20_000: 90.0}


def test_the_scenes_that_are_needed_lie_on_the_line_in_their_logarithm():
    assert scenes_needed({100: 70.0, 10_000: 90.0}, 80) == pytest.approx(1_000)
    assert scenes_needed({10_000: 90.0, 100: 70.0}, 75) == pytest.approx(10**2.5), "in any order"
    assert scenes_needed(RISING, 80) == 5_000
    assert scenes_needed(RISING | {500: 81.0, 1_500: 79.0}, 80) < 500, "the first time counts"
    assert scenes_needed({50: 80.0, 150: 90.0}, 80) == 50
    assert scenes_needed({50: 60.0, 150: 79.9}, 80) is None


def test_each_system_has_the_curve_of_its_own_records(record_of):
    found = [record_of(metrics={"accuracy/all": value, "accuracy/part": 0.0}) for value in (1.0, 2.0, 3.0, 4.0)]
    assert curves(found, (10, 20), "accuracy/all") == [{10: 1.0, 20: 2.0}, {10: 3.0, 20: 4.0}]
    with pytest.raises(ValueError, match="shorter"):
        curves(found[:3], (10, 20), "accuracy/all")
