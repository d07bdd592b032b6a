"""The picture and the animation of balls on a table: every ball and every link is drawn where it is."""

import numpy as np
import pytest
from matplotlib.collections import LineCollection, PatchCollection

from reprolib.errors import InputError
from reprolib.pages.figures.rn_physics.plots_of_physics import REACH, hidden_links, moving_links, zigzag

PLACES = np.random.default_rng(0).uniform(-0.9, 0.9, (10, 16, 2))
LINKS = np.zeros((10, 10))
LINKS[0, 1] = LINKS[1, 0] = 1
LINKS[2, 5] = LINKS[5, 2] = 2


def test_a_scene_without_its_links_and_with_them():
    seen, hidden = hidden_links(PLACES, LINKS).axes
    assert [len(axis.findobj(LineCollection)) for axis in (seen, hidden)] == [1, 2]
    assert [len(axis.findobj(PatchCollection)[0].get_paths()) for axis in (seen, hidden)] == [10, 10]
    spring, rigid = hidden.findobj(LineCollection)[1].get_segments()
    assert len(spring) > len(rigid) == 2
    np.testing.assert_array_equal(spring[[0, -1]], PLACES[[0, 1], -1])
    np.testing.assert_array_equal(rigid, PLACES[[2, 5], -1])


def test_a_zigzag_leans_to_both_sides():
    corners = zigzag(np.array([0.0, 0.0]), np.array([1.0, 0.0]))
    assert (np.diff(corners[:, 0]) > 0).all()
    assert set(np.round(corners[:, 1], 6)) == {-REACH, 0, REACH}
    assert np.isfinite(zigzag(np.zeros(2), np.zeros(2))).all()


def test_the_animation_has_every_frame_at_its_time():
    movie = moving_links(PLACES[:, :3], LINKS)
    assert (len(movie.frames), movie.pace, movie.length) == (3, 200, 600)
    assert movie.html() == moving_links(PLACES[:, :3], LINKS).html()


def test_other_shapes_are_refused():
    for places, links in ((PLACES[..., :1], LINKS), (PLACES, LINKS[:5]), (PLACES[:, :0], LINKS)):
        with pytest.raises(InputError, match=r"trajectories|connections"):
            hidden_links(places, links)
