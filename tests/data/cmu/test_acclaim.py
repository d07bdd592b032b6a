"""ASF and AMC files: places in closed form, the real files against another implementation, and what is refused."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from reprolib.data.cmu.acclaim import amc_text, read_amc, read_asf
from reprolib.errors import InputError


def walk(files):
    body = read_asf(files["asf"])
    return body.walk(read_amc(files["amc"], body), 120)


def test_a_body_of_two_bones_moves_as_computed_by_hand(files):
    found = walk(files)
    assert found.skeleton.names == ("root", "upper", "lower")
    assert found.skeleton.parents == (-1, 0, 1)
    np.testing.assert_allclose(found.skeleton.lengths, [0, 2, 1])
    rest = [[1, 2, 3], [1, 4, 3], [2, 4, 3]]
    tilted = [[11, 2, 3], [9, 2, 3], [9, 3, 3]]  # moved by 10 along x; a quarter about z: y becomes -x, and x becomes y
    both = [[1, 2, 3], [1, 4, 3], [2, 4, 3]]  # lower turns about its own z, the world's -y; root turns all of it back
    np.testing.assert_allclose(found.positions, [rest, tilted, both], atol=1e-12)


def test_angles_turn_about_x_first_then_y_then_z(files):
    files["amc"].write_text("1\nroot 0 0 0 0 0 0\nupper 90 0 90\nlower 0 0\n")
    np.testing.assert_allclose(walk(files).positions[0, 1], [1, 2, 5], atol=1e-12)  # y becomes z, which stays


def test_what_is_written_is_read_again(files):
    body = read_asf(files["asf"])
    values = np.random.default_rng(0).normal(size=(3, 11))
    files["amc"].write_text(amc_text(values, body))
    np.testing.assert_array_equal(read_amc(files["amc"], body), values)


def by_recursion(body, frame, joint):
    """World rotation and place of one joint in one frame, by scipy's rotations."""
    name, channels = body.skeleton.names[joint], body.channels[joint]
    values = dict(zip(channels, frame[body.slices[name]], strict=True)) if channels else {}
    kinds = [kind for kind in channels if kind[0] == "r"]
    own = Rotation.identity()
    if kinds:
        own = Rotation.from_euler("".join(kind[1] for kind in kinds), [values[kind] for kind in kinds], degrees=True)
    axes = Rotation.from_matrix(body.axes[joint])
    own = axes * own * axes.inv()
    if joint == 0:
        return own, body.place + [values[kind] for kind in ("tx", "ty", "tz")]
    before, place = by_recursion(body, frame, body.skeleton.parents[joint])
    return before * own, place + (before * own).apply(body.skeleton.offsets[joint])


def test_real_files_move_as_by_another_implementation_and_bones_keep_the_lengths_of_the_skeleton(cmu):
    body = read_asf(cmu / "35.asf")
    values = read_amc(cmu / "35_01.amc", body)
    positions = body.walk(values, 120).positions
    assert positions.shape == (224, 31, 3)
    for frame, joint in ((0, 5), (0, 30), (100, 22), (223, 16)):
        np.testing.assert_allclose(positions[frame, joint], by_recursion(body, values[frame], joint)[1], atol=1e-9)
    bones = positions[:, 1:] - positions[:, list(body.skeleton.parents[1:])]
    lengths = np.broadcast_to(body.skeleton.lengths[1:], (224, 30))
    np.testing.assert_allclose(np.linalg.norm(bones, axis=2), lengths, atol=1e-9)
    assert body.skeleton.lengths[2] == pytest.approx(7.41015)  # lfemur, as the file says
    feet = positions[:, [5, 10], 1].min()  # toes: the floor is at 0, and no foot is far below or above it all the time
    assert abs(feet) < 0.5


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        (":version 1.10\n:units\n", "", "line 2: expected a section"),
        ("root upper\n", "root other\n", "line 33: there is no bone 'other'"),
        ("    upper lower\n", "", "the bone 'lower' does not hang on the root"),
        ("    upper lower\n", "    upper lower\n    lower upper\n", "line 35: the bone 'upper' has two parents"),
        ("length 2\n", "length -2\n", "line 16: a bone needs a direction and a length above 0"),
        ("length 2\n", "length nan\n", "line 16: 'nan' are not all finite numbers"),
        ("direction 1 0 0", "direction 1e-200 0 0", "line 27: a bone needs a direction and a length above 0"),
        ("length 2\n", "length 1e300\n", r"line 16: '1e300' are not all finite numbers of at most 1e\+09"),
        ("direction 1 0 0", "direction 1 0", "line 26: 2 numbers are there and 3 are needed"),
        ("dof rx rz", "dof rx l", "line 29: 'l' is no channel or is there twice"),
        ("axis 90 0 0 XYZ", "axis 90 0 0 XXZ", "line 28: 'XXZ' is no order of axes"),
        ("angle deg", "angle rad", "line 5: only angles in degrees are read"),
        (":hierarchy", ":other", "has no section :hierarchy: it is no whole ASF file"),
        ("   orientation 0 0 0\n", "", "the root lacks its orientation"),
        ("     length 1\n", "", "line 24: the bone that begins here lacks its length"),
        ("  end\n:hierarchy", ":hierarchy", "the last begin has no end: the file is cut off"),
        ("name lower", "name upper", "line 25: the bone 'upper' is there twice"),
    ],
)
def test_a_damaged_skeleton_is_refused(files, before, after, message):
    text = files["asf"].read_text()
    assert before in text
    files["asf"].write_text(text.replace(before, after))
    with pytest.raises(InputError, match=message) as error:
        read_asf(files["asf"])
    assert str(files["asf"]) in str(error.value)


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("\n8\n", "\n9\n", "line 8: frame 9 follows frame 7: frames are missing"),
        ("lower 0 0\n8", "8", "line 4: frame 7 lacks the bones lower"),
        ("upper 0 0 90", "neck 0 0 90", "line 10: the skeleton has no bone 'neck' that turns"),
        ("upper 0 0 90", "upper 0 90", "line 10: 2 numbers are there and 3 are needed"),
        ("upper 0 0 90", "upper 0 0 inf", "line 10: '0 0 inf' are not all finite numbers"),
        ("upper 0 0 90", "upper 0 0 x", "line 10: '0 0 x' are not all finite numbers"),
        ("upper 0 0 90", "root 0 0 0 0 0 0", "line 10: the bone 'root' is there twice in frame 8"),
        (":DEGREES", ":RADIANS", "line 3: :RADIANS is not known"),
        (":DEGREES\n7\n", ":DEGREES\n", "line 4: expected the number of a frame before its bones"),
        ("lower 0 90\n", "", "line 12: frame 9 lacks the bones lower"),
    ],
)
def test_a_damaged_motion_is_refused(files, before, after, message):
    text = files["amc"].read_text()
    assert before in text
    files["amc"].write_text(text.replace(before, after))
    with pytest.raises(InputError, match=message) as error:
        walk(files)
    assert str(files["amc"]) in str(error.value)


def test_no_motion_no_text_and_no_file(files, tmp_path):
    body = read_asf(files["asf"])
    files["amc"].write_text("# nothing\n")
    with pytest.raises(InputError, match="holds no frame"):
        read_amc(files["amc"], body)
    files["amc"].write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match=r"line 1 is no text in UTF-8"):
        read_amc(files["amc"], body)
    with pytest.raises(InputError, match=r"none\.asf cannot be read as text \(No such file"):
        read_asf(tmp_path / "none.asf")


def test_the_number_of_a_frame_has_no_thousands_of_digits(files):
    body = read_asf(files["asf"])
    files["amc"].write_text(files["amc"].read_text().replace("\n8\n", f"\n{'8' * 5000}\n"))
    with pytest.raises(InputError, match=r"line 8: '8+ is no whole number"):
        read_amc(files["amc"], body)


def test_a_chain_of_thousands_of_bones_is_read(files):
    head, *_ = files["asf"].read_text().partition(":bonedata")
    names = [f"b{number}" for number in range(3000)]
    bones = [f"begin\nname {name}\ndirection 0 1 0\nlength 1\naxis 0 0 0 XYZ\nend" for name in names]
    chain = [f"{parent} {name}" for parent, name in zip(["root", *names], names, strict=False)]
    files["asf"].write_text("\n".join([head, ":bonedata", *bones, ":hierarchy", *chain]) + "\n")
    assert read_asf(files["asf"]).skeleton.parents == (-1, *range(3000))
