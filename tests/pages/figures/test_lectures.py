"""What the lectures plot: lines where they belong."""

import numpy as np

from reprolib.pages.figures import (
    answer_maps,
    asked_pictures,
    by_distance,
    by_examples,
    close_pairs,
    joined_paths,
    seen_and_held_out,
    whereabouts,
)


def lines(axis):
    """The ends of every line of two points, as sorted pairs."""
    return sorted(tuple(sorted(map(tuple, line.get_xydata()))) for line in axis.lines if len(line.get_xydata()) == 2)


def test_lines_join_close_dots_and_are_counted():
    dots = np.array([[[0.1, 0.1], [0.2, 0.1], [0.9, 0.9]], [[0.1, 0.1], [0.5, 0.5], [0.9, 0.9]]])
    figure = close_pairs(dots, 0.3)
    assert [axis.get_title(loc="left") for axis in figure.axes] == ["1", "0"]
    assert [lines(axis) for axis in figure.axes] == [[((0.1, 0.1), (0.2, 0.1))], []]


def test_paths_are_joined_at_their_ends_along_the_edges():
    places = np.arange(24.0).reshape(1, 4, 3, 2)  # of three objects in four frames
    edges = np.array([[[0, 1], [0, 0], [1, 0]]])  # 2 -> 0 and 0 -> 2
    (axis,) = joined_paths(places, edges).axes
    assert lines(axis) == [((18.0, 19.0), (22.0, 23.0))] * 2
    assert sum(len(line.get_xydata()) == 4 for line in axis.lines) == 3


def test_a_dot_for_every_pair():
    (axis,) = by_distance(np.array([0.1, 0.2]), np.array([1.0, 0.0]), "what it adds").axes
    assert axis.lines[-1].get_xydata().tolist() == [[0.1, 1.0], [0.2, 0.0]]
    assert (axis.get_xlabel(), axis.get_ylabel()) == ("distance", "what it adds")
    (axis,) = by_distance(np.array([0.1]), np.array([1.0]), "chance", along="spread").axes
    assert axis.get_xlabel() == "spread"


def test_a_line_for_each_network_by_its_examples():
    (axis,) = by_examples({"a": {100: 20.0, 1000: 30.0}, "b": {100: 40.0, 1000: 90.0}}).axes
    assert [line.get_xydata().tolist() for line in axis.lines] == [[[100, 20], [1000, 30]], [[100, 40], [1000, 90]]]
    assert axis.get_xscale() == "log"


def test_pictures_stand_under_their_titles_and_maps_under_theirs():
    figure = asked_pictures(np.zeros((2, 4, 4, 3)), ["yes", "no"])
    assert [axis.get_title(loc="left") for axis in figure.axes] == ["yes", "no"]
    (axis,) = answer_maps({"rule": np.array([[0.0, np.nan], [1.0, 0.5]])}).axes
    assert axis.get_title(loc="left") == "rule"
    assert axis.images[0].get_array().mask.tolist() == [[False, True], [False, False]]
    assert axis.images[0].get_clim() == (0, 1)


def test_everybody_is_where_the_story_says_until_it_says_otherwise():
    (axis,) = whereabouts(["Mary went to the hall.", "John moved to the attic.", "Mary went to the attic."]).axes
    shown = {line.get_label(): line.get_xydata().tolist() for line in axis.lines if line.get_marker() == "o"}
    assert [label.get_text() for label in axis.get_yticklabels()] == ["attic", "hall"]
    assert shown == {"Mary": [[1, 1], [3, 0]], "John": [[2, 0]]}
    steps = [line.get_xydata().tolist() for line in axis.lines if line.get_marker() != "o"]
    assert steps == [[[1, 1], [3, 0], [3, 0]], [[2, 0], [3, 0]]], "up to the end of the story"


def test_losses_of_what_is_held_out_are_minus_its_score():
    history = [{"step": 1, "loss": 2.0, "score": -3.0}, {"step": 2, "loss": 1.0, "score": -4.0}]
    (axis,) = seen_and_held_out({"plain": history}).axes
    assert [line.get_ydata().tolist() for line in axis.lines] == [[2, 1], [3, 4]]
