"""Rows of balls as the paper describes them, and what is said where the data cannot be had."""

import dataclasses
import sys

import numpy as np
import pytest
import torch

from reprolib import paths
from reprolib.data import physical_scenes
from reprolib.data.physical_scenes import generate
from reprolib.data.sources import PHYSICS
from reprolib.data.table_top import MISSING
from reprolib.errors import InputError
from reprolib.settings.physical import PhysicsData, World

SIZES = {"train": 12, "valid": 3, "test": 5}


@pytest.fixture(autouse=True)
def _own_folder(monkeypatch, tmp_path):
    monkeypatch.setattr(paths, "BUILD", tmp_path)


def load(**settings):
    return PHYSICS.load(PhysicsData(**SIZES | settings), "generated")


def test_a_row_is_a_colour_and_the_positions_in_turn():
    loaded, scenes = load(), generate(World(), 12, seed=0, stream=0)
    columns = loaded.splits["train"].columns
    assert loaded.sizes == SIZES
    assert loaded.facts == {"features": 33, "kinds": 3, "systems": 10}
    assert columns["objects"].dtype == torch.float32
    np.testing.assert_allclose(columns["objects"][:, :, 0], np.tile(np.linspace(-1, 1, 10), (12, 1)), rtol=1e-6)
    assert (columns["objects"][:, :, 1:17].numpy() == scenes.trajectories[..., 0]).all()
    assert (columns["objects"][:, :, 17:].numpy() == scenes.trajectories[..., 1]).all()
    assert (columns["connections"].numpy() == scenes.connections).all()
    assert columns["connections"].dtype == torch.int64


def test_colours_tell_the_balls_apart():
    objects = load(colour="rgb").splits["valid"].columns["objects"]
    assert objects.shape == (3, 10, 35)
    assert len(objects[0, :, :3].unique(dim=0)) == 10
    assert (objects[0, :, :3] == objects[2, :, :3]).all()


def test_the_number_of_systems_is_there_where_it_is_asked():
    plain, counted = (load(asked=asked).splits["train"].columns for asked in ("connections", "systems"))
    assert set(plain) == {"objects", "connections"}
    assert all((counted[name] == plain[name]).all() for name in plain)
    assert (counted["systems"].numpy() == generate(World(), 12, seed=0, stream=0).systems - 1).all()


def test_scenes_that_were_drawn_anew_are_told(monkeypatch):
    assert load().deviations == ()
    made = physical_scenes.cached

    def cached(*given):
        return dataclasses.replace(made(*given), redrawn=np.array([2, 0, 1]))

    monkeypatch.setattr(physical_scenes, "cached", cached)
    (told,) = load().deviations
    assert told.text == "9 scenes that went wrong were drawn anew"


def test_splits_share_no_scene():
    loaded = load()
    starts = torch.cat([split.columns["objects"][:, 0, 1] for split in loaded.splits.values()])
    assert len(starts.unique()) == sum(SIZES.values())


def test_the_identity_tells_worlds_and_sizes_apart():
    settings = (PhysicsData(), PhysicsData(train=5), PhysicsData(world=World(stiffness=20.0)), PhysicsData(seed=1))
    assert len({PHYSICS.identity(each, "generated") for each in settings}) == 4
    assert load().hash == PHYSICS.identity(PhysicsData(**SIZES), "generated")


def test_what_is_missing_is_said(monkeypatch):
    assert PHYSICS.procedures["generated"] == "ours"
    assert "never released" in PHYSICS.available(PhysicsData(), "real")
    monkeypatch.setitem(sys.modules, "mujoco", None)  # which makes its import fail
    assert PHYSICS.available(PhysicsData(), "generated") == MISSING
    assert PHYSICS.identity(PhysicsData(), "generated") is None
    with pytest.raises(InputError, match="MuJoCo, which is not installed: run `pip install mujoco`"):
        load()
