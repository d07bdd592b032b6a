"""How close a figure is and whether an order holds, on made-up seeds."""

import itertools

import pytest

from reprolib.evidence.estimates import Estimate
from reprolib.judgement import verdicts
from reprolib.judgement.verdicts import Measurement, better, closeness, improving, level, no_worse

ACCURACY, ERROR = "accuracy/all", "mse/all"


@pytest.fixture
def measured(record_of):
    """measured([89, 90, 91]) -> a Measurement of these values, one a seed; steps=0 for a system that is not trained."""

    def make(values, metric=ACCURACY, error=0.0, **changes):
        seeds = changes.pop("seeds", range(len(values)))
        shared = {"steps": 20} | changes
        return Measurement(
            tuple(
                record_of(seed=seed, metrics={metric: float(value)}, errors={metric: error}, **shared)
                for seed, value in zip(seeds, values, strict=True)
            )
        )

    return make


@pytest.fixture
def judged(measured, line_of):
    """judged([89, 90, 91], printed=90) -> close, unsure or short."""

    def judge(values, printed, metric=ACCURACY, baseline=False, bound="", **options):
        line = line_of(metric=metric, value=printed, bound=bound)
        return closeness(line, measured(values, metric, **options), baseline)

    return judge


@pytest.mark.parametrize(
    ("values", "printed", "plain", "baseline"),
    [
        ([90.0] * 3, 90.0, "close", "close"),
        ([89.0] * 3, 90.0, "close", "close"),  # exactly a point
        ([88.9] * 3, 90.0, "short", "short"),
        ([99.0] * 3, 90.0, "close", "short"),  # better is enough, but not for a baseline
        ([91.0] * 3, 90.0, "close", "close"),
        ([88.5, 89.5, 90.5], 90.0, "unsure", "unsure"),  # the mean is near, its bound of 1.09 is not
        ([89.9, 90.0, 90.1], 90.0, "close", "close"),
        ([90.0, 90.0], 90.0, "unsure", "unsure"),  # two seeds
        ([90.0], 90.0, "unsure", "unsure"),
        ([99.6] * 3, 99.9, "close", "close"),  # 0.3 points where 99 or more is printed
        ([99.5] * 3, 99.9, "short", "short"),
        ([98.1] * 3, 99.0, "short", "short"),
    ],
)
def test_accuracies(judged, values, printed, plain, baseline):
    assert judged(values, printed) == plain
    assert judged(values, printed, baseline=True) == baseline


@pytest.mark.parametrize(
    ("factor", "plain", "baseline"),
    [
        (1.0, "close", "close"),
        (1.49, "close", "close"),
        (1.51, "short", "short"),
        (0.68, "close", "close"),
        (0.66, "close", "short"),
        (0.001, "close", "short"),
    ],
)
def test_squared_errors_are_compared_by_a_factor(judged, factor, plain, baseline):
    assert judged([2e-5 * factor] * 3, 2e-5, ERROR) == plain
    assert judged([2e-5 * factor] * 3, 2e-5, ERROR, baseline=True) == baseline


def test_squared_errors_are_averaged_as_logarithms(judged):
    """A mean of 1.4e-5 by logarithms, 1.7e-5 by the errors themselves; the latter would be too far from 1e-5."""
    values = [0.7e-5, 1.4e-5, 2.8e-5]
    assert judged(values, 1e-5, ERROR) == "unsure"
    assert judged([3e-5, 3e-5, 0.3e-5], 1e-5, ERROR) == "unsure"
    assert judged([3e-5] * 3, 1e-5, ERROR) == "short"


def test_93_is_not_above_94(judged):
    assert judged([93.1] * 3, 94.0, bound="above") == "short"
    assert judged([93.1] * 3, 94.0) == "close", "where 94.0 itself is printed, a point is allowed"
    assert judged([94.0] * 3, 94.0, bound="above") == "short"
    assert judged([94.1] * 3, 94.0, bound="above") == "close"
    assert judged([94.1] * 3, 94.0, bound="above", error=0.7) == "unsure", "2,000 test questions cannot tell"
    assert judged([94.1] * 3, 94.0, bound="above", error=0.07) == "close"
    assert judged([99.0] * 3, 94.0, bound="above", baseline=True) == "close", "above has one side"


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([18, 18, 18], "close"),
        ([17, 18, 19], "close"),
        ([16, 18, 18], "short"),
        ([17, 17, 18], "short"),
        ([17, 17, 19], "short"),
        ([18, 18], "unsure"),
        ([20], "unsure"),
        ([17], "short"),
        ([19, 20, 20], "close"),
    ],
)
def test_counts_take_the_median_and_no_seed_far_below(judged, values, expected):
    assert judged(values, 18, "tasks_passed") == expected


@pytest.mark.parametrize("metric", [ACCURACY, ERROR])
def test_of_two_results_with_the_same_mean_the_wider_spread_never_does_better(measured, line_of, metric):
    order = ["close", "unsure", "short"]
    for printed, baseline in itertools.product((85, 89, 90, 91, 95), (False, True)):
        line = line_of(metric=metric, value=float(printed))
        found = []
        for share in (1.0, 1.001, 1.01, 1.05, 1.2, 1.5, 3.0):
            spread = [90 / share, 90, 90 * share] if metric == ERROR else [90 - share, 90, 90 + share]
            found.append(closeness(line, measured(spread, metric), baseline))
        assert found == sorted(found, key=order.index), (printed, baseline)


def test_no_seed_is_left_out_and_two_more_count_only_together(measured):
    assert [record.seed for record in measured([90] * 4, seeds=(0, 1, 2, 3)).counted] == [0, 1, 2]
    assert [record.seed for record in measured([90] * 5).counted] == [0, 1, 2, 3, 4]
    assert [record.seed for record in measured([99, 99, 99], seeds=(5, 6, 7)).counted] == []
    assert not measured([99, 99, 99], seeds=(0, 1, 7)).enough
    assert measured([99], steps=0).enough, "a row without training needs one record"
    assert not measured([99], steps=0, starts_from={"row": "toy/Other"}).enough, "the other row has seeds"


def test_an_unmeasured_metric_is_not_judged(measured, line_of):
    assert closeness(line_of(metric="accuracy/other"), measured([90] * 3), False) is None
    assert closeness(line_of(value=None), measured([90] * 3), False) is None


def sure(mean, error=0.0, seeds=3, enough=True):
    return Estimate(mean, error**2, 0.0, seeds, enough)


@pytest.mark.parametrize(
    ("one", "other", "printed", "expected"),
    [
        (sure(90.0, 0.3), sure(80.0, 0.3), None, "holds"),
        (sure(80.0, 0.3), sure(90.0, 0.3), None, "fails"),
        (sure(90.0), sure(90.0), None, "fails"),
        (sure(80.1, 0.01), sure(80.0, 0.01), 19.0, "fails"),  # a lead of 0.1 does not show one of 19
        (sure(89.4, 0.1), sure(80.0, 0.1), 19.0, "fails"),
        (sure(89.6, 0.01), sure(80.0, 0.01), 19.0, "holds"),  # half of it does
        (sure(90.0, 4.0), sure(80.0, 4.0), None, "unsure"),
        (sure(90.0, 0.0, 1, False), sure(80.0), None, "unsure"),
        (sure(90.0), sure(80.0, 0.0, 2, False), None, "unsure"),
        (sure(90.0, 0.3), Estimate(80.0), None, "holds"),  # a printed figure of a system that is only quoted
    ],
)
def test_better(one, other, printed, expected):
    assert better(ACCURACY, one, other, printed) == expected


def test_smaller_errors_are_better():
    assert better(ERROR, sure(-10.0, 0.1), sure(-8.0, 0.1), None) == "holds"
    assert better(ERROR, sure(-8.0, 0.1), sure(-10.0, 0.1), None) == "fails"


@pytest.mark.parametrize(
    ("gap", "error", "tied", "no_loss"),
    [
        (0.0, 0.1, "holds", "holds"),
        (1.5, 0.1, "holds", "holds"),
        (1.5, 1.0, "unsure", "holds"),
        (3.0, 0.1, "fails", "holds"),
        (-1.5, 0.1, "holds", "holds"),
        (-1.5, 1.0, "unsure", "unsure"),
        (-3.0, 0.1, "fails", "fails"),
        (-3.0, 5.0, "fails", "fails"),  # an inverted order is not credited for being noisy
    ],
)
def test_ties(gap, error, tied, no_loss):
    one, other = sure(90.0 + gap, error), sure(90.0, error)
    assert level(ACCURACY, one, other) == tied
    assert no_worse(ACCURACY, one, other) == no_loss


def test_health_is_five_points_or_a_factor_of_three():
    assert verdicts.healthy(ACCURACY, sure(75.0), 80.0)
    assert not verdicts.healthy(ACCURACY, sure(74.9), 80.0)
    assert verdicts.healthy(ACCURACY, sure(99.0), 80.0), "a better baseline counts as it is"
    logarithm = -7.0
    printed = 2.718281828459045**logarithm
    assert verdicts.healthy(ERROR, sure(logarithm + 1.09), printed)
    assert not verdicts.healthy(ERROR, sure(logarithm + 1.11), printed)


def test_chance_is_beaten_by_the_bound():
    assert verdicts.beats(ACCURACY, sure(52.0, 0.5), Estimate(50.0))
    assert not verdicts.beats(ACCURACY, sure(52.0, 2.0), Estimate(50.0))
    assert not verdicts.beats(ACCURACY, sure(48.0, 0.1), Estimate(50.0)), "worse than chance is no merit"


@pytest.mark.parametrize(
    ("metric", "scores", "expected"),
    [
        (ACCURACY, [50, 60, 70, 80, 80.4], False),
        (ACCURACY, [50, 60, 70, 80, 80.5], True),
        (ACCURACY, [50, 90, 70, 80, 90.2], False),  # the best so far is what counts
        ("score", [-4.0, -2.0, -1.0, -1.0, -0.96], False),
        ("score", [-4.0, -2.0, -1.0, -1.0, -0.94], True),
        ("log_temperature", [-9.8, -9.0, -8.0, -7.0, -5.0], False),  # what a learner tells of itself
    ],
)
def test_what_gained_in_the_last_fifth_is_still_improving(record_of, metric, scores, expected):
    curve = [{"step": 20 * (i + 1), "loss": 1.0, metric: float(score)} for i, score in enumerate(scores)]
    assert improving(record_of(curve=curve, steps=100)) == expected
    assert not improving(record_of(curve=[], steps=0))
