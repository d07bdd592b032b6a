"""Scenes as arrays: the same relations, directions and pixels as the official tools wrote."""

import json

import numpy as np
import pytest

from reprolib.data.clevr.programs import RELATIONS
from reprolib.data.clevr.scenes import OBJECTS, Scenes, empty, from_json


def official(mini, split):
    """Scenes of the mini set in the release's form, and their cameras."""
    folder = mini / "scenes"
    scenes = json.loads((folder / f"CLEVR_{split}_scenes.json").read_text())["scenes"]
    cameras = json.loads((folder / f"CLEVR_{split}_cameras.json").read_text())
    return scenes, [cameras[str(scene["image_index"])] for scene in scenes]


def looking_along_y(*positions):
    """One scene of objects before a camera at the origin that looks along the y axis."""
    scenes = empty(1)
    scenes.counts[0] = len(positions)
    scenes.positions[0, : len(positions)] = positions
    scenes.cameras[0] = np.array([[1, 0, 0, 0], [0, 0, -1, 0], [0, 1, 0, 0], [0, 0, 0, 1]])
    return scenes


@pytest.mark.parametrize("split", ["train", "val"])
def test_arrays_give_the_official_json_back(mini, split):
    scenes, cameras = official(mini, split)
    arrays = from_json(scenes, cameras)
    for index, scene in enumerate(scenes):
        ours = arrays.json(index, split, scene["image_index"])
        assert ours["image_filename"] == scene["image_filename"]
        for relation in RELATIONS:
            assert ours["relationships"][relation] == [sorted(row) for row in scene["relationships"][relation]]
        for name, direction in scene["directions"].items():
            assert ours["directions"][name] == pytest.approx(direction, abs=1e-6)
        for mine, theirs in zip(ours["objects"], scene["objects"], strict=True):
            assert mine["pixel_coords"] == pytest.approx(theirs["pixel_coords"], abs=1e-4)
            assert mine["3d_coords"] == pytest.approx(theirs["3d_coords"])
            assert {key: mine[key] for key in ("size", "color", "material", "shape")}.items() <= theirs.items()


def test_an_object_is_related_from_a_margin_on():
    scenes = looking_along_y((0, 5, 0), (0.19, 5, 0), (0.21, 5.5, 0))
    left, right, front, behind = scenes.relations()[0, :, 0, :3].tolist()
    assert (left, right) == ([False, False, False], [False, False, True])
    assert (front, behind) == ([False, False, False], [False, False, True])


def test_relations_come_in_opposite_pairs_and_leave_out_absent_objects():
    scenes = looking_along_y(*np.random.default_rng(0).uniform(2, 6, (7, 3)))
    left, right, front, behind = scenes.relations()[0]
    assert (left == right.T).all()
    assert (front == behind.T).all()
    assert left.any()
    assert not scenes.relations()[0, :, 7:].any()
    assert not scenes.relations()[0, :, :, 7:].any()


def test_a_centre_on_the_axis_is_in_the_middle_of_the_picture():
    found = looking_along_y((0, 4, 0)).pixels()[0]
    assert found[0].tolist() == [160, 120, 4]
    assert not found[1:].any(), "absent objects have zeros"


def test_parts_of_scenes():
    scenes = empty(5)
    assert len(scenes[1:3]) == 2
    assert isinstance(scenes[1:3], Scenes)
    assert scenes.present.shape == (5, OBJECTS)
    assert not scenes.present.any()
