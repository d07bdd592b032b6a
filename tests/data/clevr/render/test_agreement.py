"""Agreement of pictures: exact with ourselves, told apart by what was changed, and Blender's pictures held to it."""

import json

import numpy as np
import pytest
from PIL import Image

from reprolib.data.clevr import placing
from reprolib.data.clevr.programs import ATTRIBUTES
from reprolib.data.clevr.render import render
from reprolib.data.clevr.render.likeness import agreements
from reprolib.data.clevr.scenes import Scenes, from_json

PICKS = (2, 7, 12, 16, 21, 27, 33, 38)  # of the validation scenes at hand, in their order


@pytest.fixture(scope="module")
def scenes():
    """Two generated scenes."""
    return placing.generate(2, seed=3)


def changed(scenes, change):
    """A copy of the scenes, changed."""
    copy = Scenes(**{name: value.copy() for name, value in vars(scenes).items()})
    change(copy)
    return copy


def pictures(scenes):
    return render(scenes, 120, 160).numpy()


def test_our_own_pictures_agree_wholly(scenes):
    for found in agreements(pictures(scenes), scenes):
        assert (found.overlap, found.apart, found.objects, found.ground) == (1, 0, 0, 0)


def test_another_colour_changes_no_silhouette(scenes):
    def paint(copy):
        place = list(ATTRIBUTES).index("color")
        copy.attributes[0, 0, place] = (copy.attributes[0, 0, place] + 3) % len(ATTRIBUTES["color"])

    found, other = agreements(pictures(changed(scenes, paint)), scenes)
    assert found.overlap > 0.97
    assert found.apart < 1
    assert found.objects > 0.001 > 10 * found.ground
    assert (other.overlap, other.objects) == (1, 0)


def test_a_moved_object_is_found_apart(scenes):
    def move(copy):
        copy.positions[0, 0, :2] += 0.15

    found, other = agreements(pictures(changed(scenes, move)), scenes)
    assert found.apart > 1
    assert found.overlap < 0.99
    assert other.apart == 0


def test_an_object_that_is_missing_is_infinitely_far(scenes):
    def remove(copy):
        copy.counts[0] -= 1

    assert agreements(pictures(changed(scenes, remove)), scenes)[0].apart == np.inf


@pytest.mark.parametrize("threshold", [0.06, 0.1])
def test_blender_s_pictures_agree_with_ours(mini, threshold):
    listed = json.loads((mini / "scenes" / "CLEVR_val_scenes.json").read_text())["scenes"]
    listed = [listed[pick] for pick in PICKS]
    cameras = json.loads((mini / "scenes" / "CLEVR_val_cameras.json").read_text())
    files = [mini / "images" / "val" / scene["image_filename"] for scene in listed]
    theirs = np.stack([np.asarray(Image.open(file).convert("RGB")) for file in files])
    found = agreements(theirs, from_json(listed, [cameras[str(s["image_index"])] for s in listed]), threshold)
    assert min(one.overlap for one in found) > 0.9
    assert max(one.apart for one in found) < 2
    assert max(one.objects for one in found) < 0.05
    assert max(one.ground for one in found) < 0.01
