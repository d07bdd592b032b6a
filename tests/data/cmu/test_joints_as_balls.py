"""Joints in the place of balls: rows as of balls, labels that go with the colours, one scale for the whole body."""

import dataclasses

import numpy as np
import pytest
import torch

from reprolib.data.ball_views import places_of
from reprolib.data.cmu import joints_as_balls, trials
from reprolib.data.cmu.joint_paths import connections
from reprolib.data.physical_tensors import COLOURS
from reprolib.data.sources import JOINTS
from reprolib.errors import InputError
from reprolib.settings.data_sets import JointsData

FEW = JointsData(choices=3, windows=2)


@pytest.fixture(scope="module")
def walks():
    return trials.generated(0)


@pytest.fixture(scope="module")
def split():
    return JOINTS.load(FEW, "generated").splits["test"]


def test_every_trial_and_choice_has_its_windows(split):
    assert len(split) == len(trials.TEST) * (1 + 3) * 2
    assert split.columns["choices"].bincount().tolist() == [len(trials.TEST) * 2] * 4


def test_rows_are_those_of_balls(split):
    objects = split.columns["objects"]
    assert objects.dtype == torch.float32
    np.testing.assert_allclose(objects[:, :, :3], np.tile(COLOURS["rgb"], (len(split), 1, 1)), rtol=1e-6)
    assert float(places_of(objects).abs().max()) <= FEW.extent + 1e-6


def test_bones_keep_their_length_in_space_and_labels_go_with_their_colours(split, walks):
    """Of our choice the labelled pairs have the distances that the joined joints have in some stretch of the walk."""
    skeleton = walks[trials.TEST[0]].skeleton
    joined = connections(skeleton, joints_as_balls.LIMBS)
    assert joined.sum() == 2 * 9
    scene = int((split.columns["choices"] == 0).nonzero()[0])
    places = places_of(split.columns["objects"])[scene].transpose(1, 2).numpy()  # [10, 16, 2]
    walk = joints_as_balls.on_table(walks[trials.TEST[0]], joints_as_balls.LIMBS, FEW)  # [T, 10, 2]
    windows = [walk[start : start + 16] for start in range(len(walk) - 15)]
    lengths = [_lengths(window.swapaxes(0, 1), joined) for window in windows]
    labelled = _lengths(places, split.columns["connections"][scene].numpy() > 0)
    assert any(np.allclose(labelled, known, atol=1e-5) for known in lengths)


def _lengths(places, joined):
    """Distances of joined pairs over the frames, sorted."""
    apart = np.linalg.norm(places[:, None] - places[None], axis=-1)  # [10, 10, 16]
    return np.sort(apart[np.triu(joined)].sum(1))


def test_a_bone_joins_only_what_the_body_joins(split):
    assert (split.columns["bones"] <= split.columns["connections"]).all()
    assert (split.columns["connections"] == split.columns["connections"].mT).all()


def test_the_body_walks_on_the_spot_or_across(walks):
    walk = walks[trials.TEST[0]]
    still, moving = (
        joints_as_balls.on_table(walk, ("root", "thorax"), dataclasses.replace(FEW, rooted=rooted))
        for rooted in (True, False)
    )
    assert np.ptp(still[:, 0], axis=0).max() < 1e-9
    assert np.ptp(moving[:, 0], axis=0).max() > 0.5


def test_a_rate_that_leaves_too_few_frames_is_refused():
    with pytest.raises(InputError, match=r"raise data\.rate"):
        JOINTS.load(dataclasses.replace(FEW, rate=3.0), "generated")


def test_the_identity_tells_settings_apart():
    settings = (FEW, dataclasses.replace(FEW, plane="xy"), dataclasses.replace(FEW, seed=1))
    assert len({JOINTS.identity(each, "generated") for each in settings}) == 3


def test_drawn_joints_are_as_far_apart_as_the_ends_of_links(walks):
    walk = walks[trials.TRIALS[0]]
    ours, *drawn = joints_as_balls.choices(walk, dataclasses.replace(FEW, choices=20))
    assert ours == joints_as_balls.LIMBS
    assert len(set(drawn)) > 10
    for joints in drawn:
        places = walk.positions[:, walk.skeleton.indices(joints)]
        apart = np.linalg.norm(places[:, :, None] - places[:, None], axis=-1).mean(0)[np.triu_indices(10, 1)]
        side = joints_as_balls.on_table(walk, walk.skeleton.names, FEW)
        scale = FEW.extent / (np.ptp(joints_as_balls._seen(walk, walk.skeleton.names, FEW), axis=(0, 1)).max() / 2)
        assert np.ptp(side, axis=(0, 1)).max() == pytest.approx(2 * FEW.extent)
        assert scale * apart.min() >= FEW.apart


def test_joints_that_are_nowhere_far_enough_are_refused(walks):
    close = dataclasses.replace(walks[1], positions=walks[1].positions * [1e-9, 1, 1])
    with pytest.raises(InputError, match=r"smaller data\.apart"):
        joints_as_balls.choices(close, dataclasses.replace(FEW, apart=0.3))
