"""The plots of hidden links: every mark stands where its record says, and lines tell found, extra and missed apart."""

import dataclasses

import numpy as np
import pytest
from matplotlib.collections import LineCollection

from reprolib import paths
from reprolib.evidence import records
from reprolib.pages.figures.rn_physics import plots_of_links, views_of_links
from reprolib.pages.figures.rn_physics.views_of_links import LinkView


@pytest.fixture(scope="module")
def found():
    smoke = [record for _, record in records.read_all(paths.results(), "rn_physics") if record.scale == "smoke"]
    metrics = {f"accuracy/{kind}": 99.0 - place for place, kind in enumerate(plots_of_links.KINDS)}
    return [dataclasses.replace(record, metrics=record.metrics | metrics) for record in smoke]


def test_what_is_wrong_is_what_is_not_right(found):
    axis = plots_of_links.wrong_by_kind(found).axes[0]
    assert [line.get_label() for line in axis.lines] == list(plots_of_links.FINDERS)
    for line in axis.lines:
        np.testing.assert_allclose(line.get_ydata(), [1, 2, 3, 4, 5])


def test_a_line_a_system_that_counts(found):
    axis = plots_of_links.counts_by_systems(found).axes[0]
    assert len(axis.lines) == len(plots_of_links.COUNTERS)
    majority = axis.lines[-1].get_ydata()
    assert sorted(majority) == [0] * 9 + [100]


def test_without_records_the_plots_say_so():
    for plot in (plots_of_links.wrong_by_kind, plots_of_links.counts_by_systems):
        assert "No committed record" in plot([]).texts[0].get_text()


def test_lines_of_a_scene():
    """Of three links one is missed, and one is seen where there is none."""
    truth, chances = np.zeros((10, 10)), np.zeros((10, 10))
    for i, j in ((0, 1), (2, 3), (4, 5)):
        truth[i, j] = truth[j, i] = 1
    for i, j in ((0, 1), (2, 3), (6, 7)):
        chances[i, j] = chances[j, i] = 0.9
    places = np.random.default_rng(0).uniform(-0.9, 0.9, (10, 16, 2))
    axis = plots_of_links.links_found([LinkView(places, truth, chances, "a network")]).axes[0]
    assert axis.get_title(loc="left") == "43 of 45 pairs"
    _, known, extra, missed = axis.findobj(LineCollection)
    assert [len(lines.get_segments()) for lines in (known, extra, missed)] == [2, 1, 1]
    np.testing.assert_array_equal(extra.get_segments()[0], places[[6, 7], -1])
    np.testing.assert_array_equal(missed.get_segments()[0], places[[4, 5], -1])


def test_the_scenes_that_are_shown_have_the_numbers_of_systems_that_the_page_says():
    views = views_of_links.links()
    assert [10 - int((view.connections > 0).sum()) // 2 for view in views] == [8, 5, 2]
    assert all(view.chances.shape == (10, 10) for view in views)


def seen_links(view):
    return sum((view.connections[i, j] > 0) | (view.chances[i, j] > 0.5) for j in range(10) for i in range(j))


def test_a_body_at_four_moments():
    view = views_of_links.body()
    axes = plots_of_links.body_links(view).axes
    assert [axis.get_title(loc="left") for axis in axes] == ["frame 1", "frame 6", "frame 11", "frame 16"]
    assert int(view.connections.sum()) == 2 * 9
    bones, *links = axes[0].findobj(LineCollection)
    assert len(bones.get_segments()) == 30  # as 31 joints form a tree
    assert sum(len(lines.get_segments()) for lines in links) == seen_links(view)


def test_joints_lie_where_bones_end():
    view = views_of_links.body()
    ends = view.bones.transpose(1, 0, 2, 3).reshape(16, -1, 2)
    for frame in (0, 15):
        apart = np.abs(view.trajectories[:, frame, None] - ends[frame]).sum(-1)  # [10, ends]
        np.testing.assert_allclose(apart.min(1), 0, atol=1e-12)


def test_a_walking_body_moves_as_fast_as_it_did():
    movie = plots_of_links.walking_links(views_of_links.body())
    assert len(movie.frames) == 16
    assert movie.pace == 100  # milliseconds, of ten frames a second
