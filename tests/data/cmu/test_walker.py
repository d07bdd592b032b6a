"""Walks of ours: a body of the database's joints, whose bones keep their lengths while it walks."""

import numpy as np
import pytest

from reprolib.data.cmu import walker
from reprolib.data.cmu.acclaim import read_asf

FRAMES = 360


@pytest.fixture(scope="module")
def walk():
    return walker.walk(FRAMES, seed=0, number=5)


def test_bones_keep_their_lengths(walk):
    bones = walk.positions[:, 1:] - walk.positions[:, list(walk.skeleton.parents[1:])]
    lengths = np.broadcast_to(walk.skeleton.lengths[1:], (FRAMES, 30))
    np.testing.assert_allclose(np.linalg.norm(bones, axis=2), lengths, rtol=1e-9)


def test_it_moves_ahead_on_its_feet_with_one_leg_before_the_other(walk):
    place = dict(zip(walk.skeleton.names, np.moveaxis(walk.positions, 1, 0), strict=True))
    speed = np.diff(place["root"][:, 2]).mean() * walk.rate
    assert 0.7 < speed < 1.9  # metres a second
    lower = np.minimum(place["lfoot"][:, 1], place["rfoot"][:, 1])
    assert np.abs(lower).max() < 0.15
    assert place["head"][:, 1].min() > 1.4
    ahead = place["lfoot"][:, 2] - place["rfoot"][:, 2]
    steps = (np.diff(np.sign(ahead)) != 0).sum()  # that one foot passes the other
    assert FRAMES / walk.rate * 2 * 0.8 - 2 < steps < FRAMES / walk.rate * 2 * 1.05 + 2
    swing = place["lhand"][:, 2] - place["rhand"][:, 2]
    assert np.corrcoef(ahead, swing)[0, 1] < -0.8  # arms against legs


def test_each_number_and_seed_is_another_walk_and_always_the_same():
    again = walker.walk(20, seed=0, number=5).positions
    np.testing.assert_array_equal(again, walker.walk(20, seed=0, number=5).positions)
    for seed, number in ((0, 6), (1, 5)):
        assert np.abs(walker.walk(20, seed, number).positions - again).max() > 0.01


def test_real_files_have_the_same_joints_and_bones(cmu):
    ours, theirs = walker.body().skeleton, read_asf(cmu / "35.asf").skeleton
    assert ours.names == theirs.names
    assert ours.parents == theirs.parents
