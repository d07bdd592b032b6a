"""Our pictures of the scenes that Blender drew, from the few that the book keeps."""

import json

import numpy as np
from PIL import Image

from reprolib import paths
from reprolib.evidence.spelling import number
from reprolib.pages import tables
from reprolib.pages.figures.rn_clevr.blender import agreement, beside_blender


def test_the_pictures_are_alike_and_the_scenes_are_the_same():
    axes = beside_blender().axes
    theirs, ours = (np.stack([axis.images[0].get_array() for axis in row]) for row in (axes[::2], axes[1::2]))
    assert theirs.shape == ours.shape == (3, 240, 320, 3)
    errors = np.abs(theirs / 255.0 - ours / 255.0).mean((1, 2, 3))
    assert errors.max() < 0.02
    assert errors.max() < 0.5 * np.abs(theirs[0] / 255.0 - ours[1] / 255.0).mean()  # of two different scenes


def test_the_agreement_is_tabled_as_measured():
    found = agreement()
    assert len(found) == 3
    assert min(one.overlap for one in found) > 0.9
    assert max(one.apart for one in found) < 2
    assert max(one.objects for one in found) < 0.05
    text = tables.agreement(found).text
    assert text.count("<tr>") == 4
    assert all(number(100 * one.overlap) in text and number(one.apart) in text for one in found)


def test_every_kept_picture_has_its_scene_and_the_licence_stands_beside_them():
    kept = json.loads((paths.BLENDER / "scenes.json").read_text())
    assert "Creative Commons Attribution 4.0" in kept["licence"]
    assert sorted(scene["image_filename"] for scene in kept["scenes"]) == sorted(
        p.name for p in paths.BLENDER.glob("*.png")
    )
    assert all(Image.open(picture).size == (320, 240) for picture in paths.BLENDER.glob("*.png"))
