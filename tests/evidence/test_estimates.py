"""Standard errors, bounds and intervals against textbook values and against simulation."""

import itertools
import math

import numpy as np
import pytest
from scipy import stats

from reprolib.evidence import estimates
from reprolib.evidence.estimates import Estimate, average, estimate, freedom, half_width


def test_the_bound_of_three_seeds_is_students():
    found = estimate([1.0, 2.0, 3.0], [0.0, 0.0, 0.0], True)
    assert found.mean == 2.0
    assert found.error == pytest.approx(1 / math.sqrt(3))
    assert found.bound() == pytest.approx(stats.t.ppf(0.9, 2) / math.sqrt(3))


def test_the_test_set_is_shared_by_all_seeds():
    alone = estimate([5.0], [0.4], True)
    many = estimate([5.0] * 3, [0.4] * 3, True)
    assert alone.error == many.error == pytest.approx(0.4), "more seeds make no larger test set"
    assert alone.bound() == pytest.approx(0.4 * stats.norm.ppf(0.9))


def test_the_error_joins_seeds_and_test_set():
    found = estimate([1.0, 2.0, 3.0], [0.3, 0.4, 0.5], True)
    assert found.error**2 == pytest.approx(1 / 3 + (0.09 + 0.16 + 0.25) / 3)


def test_the_interval_of_a_difference_is_welchs():
    one, other = [90.0, 92.0, 91.5, 90.5], [80.0, 85.0, 83.0]
    found = [estimate(values, [0.0] * len(values), True) for values in (one, other)]
    low, high = stats.ttest_ind(one, other, equal_var=False).confidence_interval(0.9)
    assert half_width(*found) == pytest.approx((high - low) / 2)


def test_a_printed_figure_adds_nothing():
    ours = estimate([1.0, 2.0, 3.0], [0.0] * 3, True)
    assert half_width(ours, Estimate(7.0)) == pytest.approx(stats.t.ppf(0.95, 2) * ours.error)
    assert freedom((Estimate(7.0), Estimate(8.0))) == math.inf
    assert half_width(Estimate(7.0), Estimate(8.0)) == 0.0


def test_a_wider_spread_never_gives_a_smaller_bound():
    bounds = [estimate([50 - spread, 50.0, 50 + spread], [0.5] * 3, True).bound() for spread in np.linspace(0, 20, 200)]
    assert all(after >= before for before, after in itertools.pairwise(bounds))


def test_the_interval_covers_the_truth_nine_times_in_ten():
    rng, hits = np.random.default_rng(0), 0
    for _ in range(2000):
        one, other = rng.normal(3, 2, 3), rng.normal(1, 1, 3)
        found = [estimate(list(values), [0.0] * 3, True) for values in (one, other)]
        hits += abs(found[0].mean - found[1].mean - 2) <= half_width(*found)
    assert 0.88 <= hits / 2000 <= 0.95, "Welch's interval is a little wide with three seeds"


def test_the_mean_of_two_estimates():
    found = average([Estimate(1.0, 0.4, 0.2, 3, True), Estimate(3.0, 0.0, 0.2, 0, True)])
    assert found == Estimate(2.0, pytest.approx(0.1), pytest.approx(0.1), 0, True)
    assert not average([Estimate(1.0), Estimate(1.0, enough=False)]).enough


def test_confidence_is_that_of_the_design():
    assert estimates.CONFIDENCE == 0.9
