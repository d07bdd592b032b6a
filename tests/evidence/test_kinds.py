"""The registry of metric kinds: one place knows which way is better and how far is near."""

import pytest

from reprolib import experiments
from reprolib.errors import InputError
from reprolib.evidence import kinds, published


@pytest.mark.parametrize(
    ("metric", "lower", "by_factor"),
    [
        ("accuracy/task_16", False, False),
        ("error/task_16", True, False),
        ("mse/step_20", True, True),
        ("tasks_passed", False, False),
        ("auroc/skeleton", False, False),
        ("data_efficiency/ratio", False, True),
    ],
)
def test_which_way_is_better_and_how_two_are_compared(metric, lower, by_factor):
    kind = kinds.of(metric)
    assert (kind.lower, kind.by_factor) == (lower, by_factor)
    better, worse = (1.0, 2.0) if lower else (2.0, 1.0)
    assert kind.gain(better, worse) > 0 > kind.gain(worse, better)
    assert kind.gain(better, better) == 0


@pytest.mark.parametrize("metric", ["nll/step_1", "", "score", "accuracy2/x", "mse curve"])
def test_an_unknown_kind_is_an_error(metric):
    with pytest.raises(InputError, match="is of no known kind: begin its name with one of accuracy, error"):
        kinds.of(metric)


def test_figures_are_close_within_points_or_a_factor():
    assert kinds.of("accuracy/x").close(98.9) == 1.0
    assert kinds.of("accuracy/x").close(99.0) == 0.3
    assert kinds.of("error/x").close(99.9) == 1.0, "only an accuracy has a ceiling"
    squared = kinds.of("mse/x")
    assert squared.gain(1.0, 1.5) == pytest.approx(squared.close(1e-5))


def test_a_logarithm_and_back():
    squared = kinds.of("mse/x")
    assert squared.unscaled(squared.scaled(3e-7)) == pytest.approx(3e-7)
    assert squared.scaled(0.0) < squared.scaled(1e-200), "an error of zero is the best"
    assert kinds.of("accuracy/x").unscaled(90.0) == 90.0


@pytest.mark.parametrize(
    ("metric", "recorded", "now", "again"),
    [
        ("accuracy/all", 90.0, 90.1, True),
        ("accuracy/all", 90.0, 90.3, False),
        ("mse/step_1", 1e-5, 1.01e-5, True),
        ("mse/step_1", 1e-5, 1.03e-5, False),
        ("tasks_passed", 17.0, 18.0, False),
    ],
)
def test_what_another_machine_may_move(metric, recorded, now, again):
    kind = kinds.of(metric)
    assert kind.within(kind.rounding, now, recorded) == again


def test_every_metric_of_the_suite_is_of_a_known_kind():
    for line in published.read():
        kinds.of(line.metric)
    for experiment in experiments.every():
        for pattern in (*experiment.metrics, *experiment.chance):
            assert pattern == "*" or kinds.of(pattern)
