"""What the lectures plot: lines where they belong."""

import numpy as np

from reprolib.pages.figures import by_distance, close_pairs, joined_paths


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
    assert axis.get_ylabel() == "what it adds"
