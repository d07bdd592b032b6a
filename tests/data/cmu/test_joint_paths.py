"""Chosen joints as points in a plane, and which of them the body joins."""

import numpy as np
import pytest

from reprolib.data.cmu import walker
from reprolib.data.cmu.joint_paths import connections, joint_paths
from reprolib.data.cmu.skeleton import Walk
from reprolib.errors import InputError

FEW = ("head", "lhumerus", "rhumerus", "lradius", "ltibia", "rtibia", "lfoot", "root")


@pytest.fixture(scope="module")
def skeleton():
    return walker.body().skeleton


def test_places_in_a_plane_at_another_rate(skeleton):
    positions = np.random.default_rng(0).normal(size=(13, 31, 3)).cumsum(0)
    walk = Walk(skeleton, positions, 120.0)
    hands = ("rhand", "lhand")
    chosen = [skeleton.names.index(name) for name in hands]
    np.testing.assert_array_equal(joint_paths(walk, hands, "zy"), positions[:, chosen][..., [2, 1]])
    np.testing.assert_allclose(joint_paths(walk, hands, "xz", 40.0), positions[::3][:, chosen][..., [0, 2]])
    between = joint_paths(walk, hands, "xy", 80.0)
    assert len(between) == 9
    np.testing.assert_allclose(between[1], (positions[1, chosen, :2] + positions[2, chosen, :2]) / 2)
    np.testing.assert_allclose(between[-1], positions[-1, chosen, :2])
    assert joint_paths(Walk(skeleton, positions[:1], 120.0), hands, "xy", 5.0).shape == (1, 2, 2)


def test_joints_are_joined_where_no_other_chosen_one_lies_between(skeleton):
    found = connections(skeleton, FEW)
    pairs = {tuple(sorted((FEW[i], FEW[j]))) for i, j in np.argwhere(found)}
    trunk = {("head", "lhumerus"), ("head", "rhumerus"), ("lhumerus", "rhumerus")}  # all meet at the thorax
    to_root = {("head", "root"), ("lhumerus", "root"), ("rhumerus", "root")}
    limbs = {("lhumerus", "lradius"), ("lfoot", "ltibia"), ("ltibia", "root"), ("root", "rtibia")}
    ordered = {tuple(sorted(pair)) for pair in trunk | to_root | limbs}
    assert pairs == ordered
    np.testing.assert_array_equal(found, found.T)
    np.testing.assert_array_equal(connections(skeleton, skeleton.names), skeleton.adjacency)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"joints": ("head", "tail")}, "there is no joint 'tail': choose some of root, "),
        ({"joints": ("head", "head")}, "the joint 'head' is named twice"),
        ({"plane": "xx"}, "plane is 'xx': give two different axes"),
        ({"plane": "xw"}, "plane is 'xw'"),
        ({"rate": 0.0}, "rate is 0.0: give frames a second, above 0"),
        ({"rate": float("nan")}, "rate is nan"),
    ],
)
def test_what_cannot_be_is_refused(skeleton, options, message):
    walk = Walk(skeleton, np.zeros((4, 31, 3)), 120.0)
    with pytest.raises(InputError, match=message):
        joint_paths(walk, **{"joints": ("head",)} | options)
