"""What a model sees of tracks: units, changes, who is there."""

import numpy as np
import pytest
import torch

from reprolib.data import simulations
from reprolib.errors import InputError
from reprolib.own.linear_steps import FromLinearStep, fitted
from reprolib.own.states import states
from reprolib.own.tracks import of_arrays


def every(tracks):
    return np.ones(len(tracks.scenes), bool)


def test_units_are_those_of_the_training_scenes_wherever_the_origin_is(walks):
    """Places far from the origin, as of maps, keep their digits."""
    near = walks(6, 3)
    far = near * [2.0, 1.0] + [5e6, 0]
    training = np.arange(6) < 4
    seen = states(of_arrays(far), training, "all")
    torch.testing.assert_close(seen.values, states(of_arrays(near), training, "all").values, rtol=1e-4, atol=1e-4)
    trained = seen.values[training].flatten(0, 2)
    assert trained[:, 2:].std(0, correction=0).sub(1).abs().max() < 1e-5, "changes"
    scale = simulations.scale(near[training])
    assert np.abs(scale.apply(near[training]).reshape(-1, 2).std(0) - 1).max() < 1e-12


def test_a_feature_that_never_changes_stays_finite():
    values = np.concatenate([np.random.default_rng(0).normal(size=(5, 6, 3, 1)), np.full((5, 6, 3, 1), 7.0)], -1)
    seen = states(of_arrays(values), np.ones(5, bool))
    assert seen.changes == ("feature_1",)
    assert seen.values[..., 1].abs().max() == 0


def test_changes_are_added_where_they_say_more(springs):
    scenes = springs(20, 3).trajectories
    names = ["x", "y", "vx", "vy"]
    assert states(of_arrays(scenes, features=names), np.ones(20, bool)).changes == ()
    places = of_arrays(scenes[..., :2], features=names[:2])
    assert states(places, np.ones(20, bool)).changes == ("x", "y")
    assert states(places, np.ones(20, bool), "none").values.shape == (20, 49, 3, 2)
    assert states(places, np.ones(20, bool)).values.shape == (20, 48, 3, 4)


def test_an_object_counts_from_its_second_frame_on(walks):
    present = np.ones((5, 20, 3), bool)
    present[1, 4:7, 2] = False
    seen = states(of_arrays(walks(5, 3), present), np.ones(5, bool))
    assert seen.masked
    assert seen.present[1, :, 2].tolist() == [True] * 3 + [False] * 4 + [True] * 12
    assert seen.values[1, 3:7, 2].abs().max() == 0


@pytest.mark.parametrize(
    ("values", "present", "said"),
    [
        (np.ones((5, 8, 2, 1)), None, "nothing moves"),
        (np.random.default_rng(0).normal(size=(5, 1, 2, 1)), None, "nothing moves"),
        (np.random.default_rng(0).normal(size=(5, 4, 2, 1)), None, "scenes of 4 frames are too short"),
        (np.full((5, 8, 2, 1), 1e300) * np.arange(8)[:, None, None], None, "too large to be squared"),
        (np.random.default_rng(0).normal(size=(5, 8, 2, 1)), [0], "no scene has two objects"),
    ],
    ids=["still", "one_frame", "short", "huge", "alone"],
)
def test_what_nothing_can_be_learned_from_is_named(values, present, said):
    if present is not None:
        present = np.broadcast_to(np.arange(values.shape[2]) == 0, values.shape[:3])
    tracks = of_arrays(values, present)
    with pytest.raises(InputError, match=said):
        states(tracks, every(tracks), "all")


def test_scenes_in_which_nobody_stays_are_named(walks):
    present = np.ones((5, 20, 3), bool)
    present[3] = (np.arange(20)[:, None] + np.arange(3)) % 2 == 0
    with pytest.raises(InputError, match="in scene 3 nobody stays"):
        states(of_arrays(walks(5, 3), present), np.ones(5, bool))


def test_a_decoder_starts_from_what_goes_on_as_it_does():
    """Objects that move straight, and one feature that never changes: the linear step leaves nothing."""
    rng = np.random.default_rng(0)
    place, speed, mass = rng.normal(size=(3, 6, 1, 4, 1))
    values = np.concatenate(
        [place + np.arange(9)[:, None, None] * speed, *(np.tile(v, (1, 9, 1, 1)) for v in (speed, mass))], -1
    )
    paths = torch.from_numpy(values).float()
    step = fitted(paths, torch.ones(6, 9, 4, dtype=torch.bool))
    assert step.spread.max() < 1e-5
    decoder = FromLinearStep(step, width=8, types=2)
    after, _ = decoder(paths[:, 3], torch.rand(6, 4, 3, 2))
    torch.testing.assert_close(after, paths[:, 4], rtol=1e-4, atol=1e-4)
    assert step.left(paths).shape == (6, 8, 4, 3)
