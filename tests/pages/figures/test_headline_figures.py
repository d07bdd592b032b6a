"""The picture of headlines: every mark stands where its figure says, and what has no run says so."""

import html
import math
import re

import pytest

from reprolib import paths
from reprolib.evidence import records
from reprolib.evidence.claims import Claim
from reprolib.evidence.estimates import Estimate
from reprolib.evidence.published import Line
from reprolib.judgement.hearing import Figured
from reprolib.judgement.labels import Judgement, judged
from reprolib.pages.figures import headline_figures


def judgement(*figures, headline=True):
    claim = Claim("a-claim", "kipf2018", "Table 1", headline, "A claim.", (), ())
    return Judgement(claim, "inconclusive", "", figures=figures)


def figured(metric, printed, ours=None, status="close", baseline=False, seeds=3, spread=0.0, task="springs_5"):
    line = Line("kipf2018", "Table 1", "NRI", task, metric, printed, "", None, "", "read", "")
    estimate = None if ours is None else Estimate(ours, of_seeds=spread, seeds=seeds)
    return Figured(line, baseline, status if estimate else None, estimate)


def marks(axis):
    """The places of single marks by their shape."""
    found = {}
    for line in axis.get_lines():
        if len(line.get_xdata()) == 1:
            found.setdefault(line.get_marker(), []).append(pytest.approx(line.get_xdata()[0]))
    return found


def test_percentages_stand_where_they_are_and_errors_where_what_is_right_is():
    drawn = judgement(
        figured("accuracy/edges", 82.0, 90.0),
        figured("error/task_16", 2.0, 45.0, "short"),
        figured("tasks_passed", 18.0, 10.0, "unsure"),
    )
    upper, lower = headline_figures([drawn]).axes
    assert marks(upper) == {"D": [82.0, 98.0, 90.0], "o": [90.0], "v": [55.0], "s": [50.0]}
    assert upper.get_yticklabels()[0].get_text() == "Kipf et al. 2018"
    assert not marks(lower)


def test_errors_and_ratios_stand_where_they_are_better_to_the_right():
    half = figured("mse/step_1", 1e-3, math.log(0.5e-3))
    third = figured("proposal/speedup", 3.0, math.log(1.0), "short")
    _, lower = headline_figures([judgement(half, third)]).axes
    assert marks(lower) == {"o": [2.0], "v": [1 / 3]}


def test_a_bar_reaches_as_far_as_the_mean_may_be_wrong():
    one = figured("accuracy/edges", 82.0, 90.0, spread=1.0)
    upper, _ = headline_figures([judgement(one)]).axes
    (bar,) = (line for line in upper.get_lines() if list(line.get_xdata()) not in ([82.0], [90.0], [0, 1]))
    reach = one.ours.bound()
    assert reach > 1
    assert list(bar.get_xdata()) == pytest.approx([90 - reach, 90 + reach])


def test_what_has_no_run_says_so():
    upper, _ = headline_figures([judgement(figured("accuracy/edges", 82.0))]).axes
    assert [text.get_text() for text in upper.texts] == ["no run yet"]
    assert marks(upper) == {"D": [82.0]}


def test_baselines_are_left_out_unless_a_claim_is_about_nothing_else():
    ours, theirs = figured("accuracy/edges", 82.0, 90.0), figured("accuracy/edges", 60.0, 61.0, baseline=True)
    upper, _ = headline_figures([judgement(ours, theirs)]).axes
    assert marks(upper) == {"D": [82.0], "o": [90.0]}
    upper, _ = headline_figures([judgement(theirs)]).axes
    assert marks(upper) == {"D": [60.0], "o": [61.0]}


def test_the_picture_says_its_figures_in_words():
    drawn = judgement(figured("accuracy/edges", 82.0, 90.0), figured("mse/step_1", 1e-3))
    said = headline_figures([drawn]).get_label()
    assert "springs 5, edges: accuracy/edges printed 82, ours 90, close" in said
    assert "mse/step_1 printed 0.001, no run yet" in said


def test_the_picture_of_the_readme_is_of_the_records_that_are_here():
    drawn = (paths.ROOT / "results" / "headlines.svg").read_text()
    described = html.unescape(re.search("<dc:description>(.*?)</dc:description>", drawn, re.DOTALL)[1])
    today = headline_figures(judged(records.good(paths.ROOT / "results"))).get_label()
    assert described == today, "write it again: reprolib picture >results/headlines.svg"


def test_only_headlines_are_drawn():
    figure = headline_figures([judgement(figured("accuracy/edges", 82.0), headline=False)])
    assert "No headline claim" in figure.texts[0].get_text()
