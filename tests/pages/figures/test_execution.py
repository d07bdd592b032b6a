"""What an execution ran: no result at smoke scale outside its fold, and no curve of two points."""

import re

import pytest

from reprolib import paths
from reprolib.evidence import records
from reprolib.pages import figures, tables


def curve(points):
    return [{"step": step, "loss": 1.0, "accuracy/all": 70.0 + step} for step in range(points)]


@pytest.fixture
def outside():
    """What is left of a page when nothing is unfolded."""
    return lambda html: re.sub(r"<details.*?</details>", "", html, flags=re.DOTALL)


def test_smoke_runs_stand_in_one_fold_and_others_do_not(toy, record_of, outside):
    for scale, folds in (("smoke", 1), ("small", 0)):
        found = [record_of(scale=scale, metrics={"accuracy/all": 87.25})]
        shown = figures.execution(found, True, figures.learning_curves(found)).text
        assert "87.2" in shown
        assert shown.count("<details") == folds
        assert ("87.2" in outside(shown)) == (not folds)


def test_a_run_of_two_points_has_no_curve(toy, record_of):
    for points, drawn in ((2, 0), (3, 1)):
        found = [record_of(scale="smoke", curve=curve(points))]
        plot = figures.learning_curves(found)
        assert len(plot.axes) == drawn
        assert figures.execution(found, True, plot).text.count("<img") == drawn


def test_no_smoke_result_stands_beside_a_paper_s(toy, record_of, outside):
    records.write(record_of(scale="smoke", metrics={"accuracy/all": 87.25}), paths.results())
    assert "87.2" not in tables.paper_against_ours("toy").text


def test_without_records_there_is_a_sentence_and_no_plot():
    shown = figures.execution([], False, figures.learning_curves([])).text
    assert "Nothing was trained" in shown
    assert "<img" not in shown
