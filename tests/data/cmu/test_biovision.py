"""BVH files: the same motion as in AMC gives the same places, and what is refused."""

import numpy as np
import pytest

from reprolib.data.cmu.acclaim import read_amc, read_asf
from reprolib.data.cmu.trials import read_walk
from reprolib.errors import InputError


def test_the_same_motion_in_both_formats_gives_the_same_places(files):
    """Without axes of its own a bone's turn is that of the BVH joint where it begins; angles come last first."""
    rng = np.random.default_rng(0)
    values = rng.uniform(-90, 90, (4, 8)).round(6)  # x, y, z of the root; upper's rx, ry, rz; lower's rx, rz
    files["asf"].write_text(files["asf"].read_text().replace("axis 90 0 0", "axis 0 0 0"))
    acclaim, biovision = [], []
    for number, (x, y, z, *upper, rx, rz) in enumerate(values.tolist(), 1):
        acclaim += [f"{number}", f"root {x} {y} {z} 0 0 0", "upper {} {} {}".format(*upper), f"lower {rx} {rz}"]
        biovision.append(" ".join(map(str, (x, y, z, *upper[::-1], rz, rx))))
    files["amc"].write_text("\n".join(acclaim))
    head = files["bvh"].read_text().partition("0 0 0 0 0 0 0 0")[0].replace("Frames: 2", "Frames: 4")
    files["bvh"].write_text(head + "\n".join(biovision))
    one, other = read_walk(files["bvh"]), read_walk(files["amc"], read_asf(files["asf"]))
    np.testing.assert_allclose(one.positions, other.positions, atol=1e-9)
    assert one.skeleton.names == ("root", "upper", "upper_end")
    assert one.skeleton.parents == other.skeleton.parents
    assert one.rate == pytest.approx(other.rate)
    assert len(read_amc(files["amc"], read_asf(files["asf"]))) == 4


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("MOTION\n", "", "line 16: 'Frames:' is not expected here"),
        ("  }\n}\n", "}\n", "line 15: MOTION comes before the hierarchy is closed"),
        ("OFFSET 0 2 0", "OFFSET 0 2", "line 8: 2 numbers are there and 3 are needed"),
        ("      OFFSET 1 0 0\n", "", "the joint 'upper_end' has no OFFSET"),
        ("CHANNELS 2 Z", "CHANNELS 3 Z", "line 9: CHANNELS announces 3, and 2 follow"),
        ("Zrotation Xrotation\n", "Zrotation Xposition\n", "line 9: 'Xposition' is no channel here"),
        ("JOINT upper", "JOINT root", "line 6: the joint 'root' is there twice"),
        ("JOINT upper", "ROOT upper", "line 6: ROOT stands outside of all braces"),
        ("Frames: 2", "Frames: 3", "line 17: 3 frames are announced and 2 are there"),
        ("Frames: 2", "Frames: two", "line 17: 'two' is no whole number"),
        ("Frame Time: 0.008333333", "Frame Time: 0", "line 18: the time of a frame must be 1e-06 or more"),
        ("Frame Time: 0.008333333\n", "", "line 18: expected 'Frame Time:'"),
        ("10 0 0 90 0 0 0 0", "10 0 0 90 0 0 0", "line 20: 7 numbers are there and 8 are needed"),
        ("10 0 0 90 0 0 0 0", "10 0 0 nan 0 0 0 0", "line 20: '10 0 0 nan 0 0 0 0' are not all finite numbers"),
    ],
)
def test_a_damaged_file_is_refused(files, before, after, message):
    text = files["bvh"].read_text()
    assert before in text
    files["bvh"].write_text(text.replace(before, after))
    with pytest.raises(InputError, match=message) as error:
        read_walk(files["bvh"])
    assert str(files["bvh"]) in str(error.value)


def test_a_file_that_is_cut_off_or_of_another_format(files):
    text = files["bvh"].read_text()
    files["bvh"].write_text(text[: text.index("MOTION")])
    with pytest.raises(InputError, match="has no MOTION"):
        read_walk(files["bvh"])
    files["bvh"].write_text(text[: text.index("Frames")])
    with pytest.raises(InputError, match="ends before its 'Frames:'"):
        read_walk(files["bvh"])
    with pytest.raises(InputError, match=r"body\.amc is no walk: give a BVH file, or an AMC file with its skeleton"):
        read_walk(files["amc"])
