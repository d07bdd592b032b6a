"""Pictures from PNG and JPEG files: scaled as described, kept in a file that outlives a kill, damage is named."""

import shutil
import subprocess
import sys
import threading
import zlib
from collections import namedtuple
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from reprolib import paths
from reprolib.data import checks
from reprolib.data.clevr import mapped, pictures
from reprolib.errors import InputError

FETCHED = r"restore or correct it, or if it was fetched, move \S+/set/images away, then run `reprolib data fetch clevr`"
AGAIN = FETCHED + ", or use states"


@pytest.fixture(autouse=True)
def build(tmp_path, monkeypatch):
    """An empty cache."""
    monkeypatch.setattr(paths, "BUILD", tmp_path / "build")
    return tmp_path / "build" / "clevr"


def picture(seed, size=(48, 32)):
    """A smooth random picture, scaled up from a few colours."""
    few = np.random.default_rng(seed).integers(0, 256, (4, 6, 3), np.uint8)
    return Image.fromarray(few).resize(size, Image.Resampling.BICUBIC)


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """Pictures 0 to 9 of train, in the release's size and mode."""
    place = tmp_path_factory.mktemp("drawn") / "images" / "train"
    place.mkdir(parents=True)
    for index in range(10):
        picture(index, (480, 320)).convert("RGBA").save(place / pictures.name("train", index), compress_level=1)
    return place.parents[1]


@pytest.fixture
def folder(drawn, tmp_path):
    """A copy of them."""
    return Path(shutil.copytree(drawn, tmp_path / "set"))


def file(folder, index):
    return folder / "images" / "train" / pictures.name("train", index)


def by_areas(path):
    """The mean of the pixels under each of the PICTURE_SIDE x PICTURE_SIDE places, from a hundredth of a pixel."""
    values = np.asarray(Image.open(path).convert("RGB"), np.float64)
    for axis in (0, 1):
        length = values.shape[axis]
        sums = np.concatenate([np.zeros_like(np.take(values, [0], axis)), np.cumsum(values, axis)], axis)
        edges = np.linspace(0, length, pictures.PICTURE_SIDE + 1)
        low = np.minimum(edges.astype(int), length - 1)
        part = np.expand_dims(edges - low, tuple({0, 1, 2} - {axis}))
        at = np.take(sums, low, axis) * (1 - part) + np.take(sums, low + 1, axis) * part
        values = np.diff(at, axis=axis) * pictures.PICTURE_SIDE / length
    return values


def test_names():
    assert pictures.name("val", 42) == "CLEVR_val_000042.png"


def test_pictures_of_another_size_are_kept_apart(folder):
    few, more = (pictures.preprocess(folder, "train", [7, 2], side) for side in (32, 128))
    assert (few.shape, more.shape) == ((2, 32, 32, 3), (2, 128, 128, 3))
    np.testing.assert_array_equal(few[0], pictures.read(file(folder, 7), 32))


def test_pictures_are_scaled_and_in_the_order_asked_for(folder):
    found = pictures.preprocess(folder, "train", [7, 2, 9])
    assert (found.shape, found.dtype) == ((3, 128, 128, 3), np.uint8)
    for index, one in zip((7, 2, 9), found, strict=True):
        assert np.abs(one - by_areas(file(folder, index))).mean() < 2
        np.testing.assert_array_equal(one, pictures.read(file(folder, index)))


def test_each_picture_is_read_once(folder, monkeypatch):
    first = pictures.preprocess(folder, "train", range(10))
    monkeypatch.setattr(pictures, "read", None)
    again = pictures.preprocess(folder, "train", range(10))
    np.testing.assert_array_equal(first, again)


def test_writing_to_the_array_changes_no_file(folder):
    found = pictures.preprocess(folder, "train", range(3))
    before = found.copy()
    found[:] = 0
    np.testing.assert_array_equal(pictures.preprocess(folder, "train", range(3)), before)


def test_other_files_are_read_anew(folder):
    before = pictures.preprocess(folder, "train", range(10))[4].copy()
    picture(99, (320, 240)).save(file(folder, 4))
    after = pictures.preprocess(folder, "train", range(10))[4]
    assert np.abs(before.astype(int) - after).mean() > 10
    np.testing.assert_array_equal(after, pictures.read(file(folder, 4)))


def test_a_picture_of_its_own_size_is_left_as_it_is(folder):
    drawn = np.asarray(picture(5, (128, 128)))
    pictures.write(file(folder, 0), drawn)
    np.testing.assert_array_equal(pictures.read(file(folder, 0)), drawn)


@pytest.mark.parametrize("suffix", [".jpg", ".jpeg", ".JPG"])
def test_pictures_as_jpeg(folder, suffix):
    """Almost those of the PNG files, which are preferred where there are both."""
    exact = pictures.preprocess(folder, "train", range(10)).copy()
    for index in range(10):
        path = file(folder, index)
        Image.open(path).convert("RGB").save(path.with_suffix(suffix), format="JPEG", quality=95)
    np.testing.assert_array_equal(pictures.preprocess(folder, "train", range(10)), exact)
    for index in range(10):
        file(folder, index).unlink()
    found = pictures.preprocess(folder, "train", range(10))
    assert 0 < np.abs(found.astype(int) - exact).mean() < 3
    pictures.require(folder, "train", range(10), whole=True)
    pictures.verify(folder, "train", range(10))


@pytest.mark.parametrize("share", [0, 0.5, 0.99])
def test_a_jpeg_cut_off_is_named(folder, share):
    path = file(folder, 5).with_suffix(".jpg")
    file(folder, 5).unlink()
    picture(5, (480, 320)).save(path)
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    for check in (partial(pictures.require, whole=True), pictures.preprocess):
        with pytest.raises(InputError, match=rf"CLEVR_train_000005\.jpg is cut off or damaged: {AGAIN}"):
            check(folder, "train", range(10))


# Bad input


def test_a_missing_picture_is_named_before_any_is_read(folder, monkeypatch):
    file(folder, 6).unlink()
    monkeypatch.setattr(pictures, "read", None)
    with pytest.raises(InputError, match=rf"images/train/CLEVR_train_000006\.png is missing: {AGAIN}"):
        pictures.preprocess(folder, "train", range(10))


@pytest.mark.parametrize("kind", ["folder", "dangling", "loop"])
def test_what_is_no_file_is_a_missing_picture(folder, kind):
    path = pictures.files(folder, "train", [0])[0]
    path.unlink()
    if kind == "folder":
        path.mkdir()
    else:
        path.symlink_to(path.name if kind == "loop" else "nowhere")
    with pytest.raises(InputError, match=f"{path.name} is missing: "):
        pictures.verify(folder, "train", [0])


def test_a_missing_folder(folder):
    with pytest.raises(InputError, match=rf"images/val/CLEVR_val_000000\.png is missing: {AGAIN}"):
        pictures.preprocess(folder, "val", [0])
    shutil.rmtree(folder / "images")
    with pytest.raises(InputError, match=r"CLEVR_val_000000\.png is missing: run `reprolib data fetch clevr`, or use"):
        pictures.preprocess(folder, "val", [0])


@pytest.mark.parametrize("share", [0, 0.01, 0.5, 0.99])
def test_a_picture_cut_off_is_named_and_nothing_wrong_is_kept(folder, build, share):
    whole = file(folder, 5).read_bytes()
    file(folder, 5).write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(InputError, match=rf"CLEVR_train_000005\.png is cut off or damaged.*{AGAIN}"):
        pictures.preprocess(folder, "train", range(10))
    assert not list(build.glob("*.npy"))
    for check in (partial(pictures.require, whole=True), pictures.verify):
        with pytest.raises(InputError, match=r"CLEVR_train_000005\.png is cut off or damaged"):
            check(folder, "train", range(10))


def test_bytes_changed_inside_a_picture(folder):
    content = bytearray(file(folder, 5).read_bytes())
    content[len(content) // 2] ^= 0xFF
    file(folder, 5).write_bytes(content)
    with pytest.raises(InputError, match=r"CLEVR_train_000005\.png is cut off or damaged"):
        pictures.read(file(folder, 5))


def test_one_bit_changed_anywhere_in_a_picture(folder, monkeypatch):
    monkeypatch.setattr(pictures, "SIZES", (*pictures.SIZES, (6, 4)))
    picture(3, (6, 4)).save(file(folder, 5))
    whole = file(folder, 5).read_bytes()
    pictures.verify(folder, "train", range(10))
    for place in range(len(whole)):
        file(folder, 5).write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        with pytest.raises(InputError, match=rf"CLEVR_train_000005\.png is cut off or damaged: {AGAIN}"):
            pictures.verify(folder, "train", [4, 5])
    pictures.verify(folder, "train", [4, 6])


def test_no_picture_at_all(folder):
    file(folder, 5).write_bytes(b"<html>This domain is for sale.</html>")
    with pytest.raises(InputError, match=r"CLEVR_train_000005\.png is cut off or damaged"):
        pictures.read(file(folder, 5))


def test_a_picture_of_another_size(folder):
    picture(0, (300, 200)).save(file(folder, 5))
    with pytest.raises(InputError, match=rf"CLEVR_train_000005\.png is 300 x 200 pixels, which CLEVR's .*{AGAIN}"):
        pictures.preprocess(folder, "train", range(10))


def test_without_pillow(folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(InputError, match="Pillow, which is not installed: install pillow, or do without pictures"):
        pictures.read(file(folder, 0))


# The file that is kept


def numbered(some):
    """Pictures of 2 x 2 pixels, each of its own number."""
    return np.arange(some.start, some.stop, dtype=np.uint8)[:, None, None, None] * np.ones((1, 2, 2, 3), np.uint8)


SHAPE = (10, 2, 2, 3)


def keep(draw, recipe="recipe"):
    return mapped.pictures("numbers", recipe, SHAPE, draw)


def test_a_pass_cut_short_goes_on_where_it_was(monkeypatch):
    monkeypatch.setattr(mapped, "CHUNK", 3)

    def interrupt(some):
        if some.start >= 6:
            raise KeyboardInterrupt
        return numbered(some)

    with pytest.raises(KeyboardInterrupt):
        keep(interrupt)
    asked = []
    found = keep(lambda some: asked.append(some) or numbered(some))
    assert [some.start for some in asked] == [6, 9]
    np.testing.assert_array_equal(found, numbered(slice(0, 10)))


KILLED = """
import os, signal, sys
from pathlib import Path
import numpy as np
from reprolib import paths
from reprolib.data.clevr import mapped
paths.BUILD, mapped.CHUNK = Path(sys.argv[1]), 3
def draw(some):
    if some.start >= 6:
        part = next((paths.BUILD / "clevr").glob("*.part"))
        with part.open("ab") as stream:  # as if the kill came while the next ones were written
            stream.write(b"half")
        os.kill(os.getpid(), signal.SIGKILL)
    return np.arange(some.start, some.stop, dtype=np.uint8)[:, None, None, None] * np.ones((1, 2, 2, 3), np.uint8)
mapped.pictures("numbers", "recipe", (10, 2, 2, 3), draw)
"""


def test_killed_while_writing(build):
    done = subprocess.run([sys.executable, "-c", KILLED, str(build.parent)], cwd=paths.ROOT, check=False)
    assert done.returncode == -9
    assert not list(build.glob("*.npy"))
    asked = []
    found = keep(lambda some: asked.append(some) or numbered(some))
    assert asked[0].start == 6
    np.testing.assert_array_equal(found, numbered(slice(0, 10)))


def test_two_at_once_draw_once():
    asked, meet = [], threading.Barrier(2)

    def work(_):
        meet.wait()
        return keep(lambda some: asked.append(some) or numbered(some))

    with ThreadPoolExecutor(2) as pool:
        for found in pool.map(work, range(2)):
            np.testing.assert_array_equal(found, numbered(slice(0, 10)))
    assert len(asked) == 1


@pytest.mark.parametrize("harm", ["flip", "cut", "lose the note", "wrong note"])
def test_a_damaged_file_is_made_anew(build, harm):
    keep(numbered)
    path, note = next(build.glob("*.npy")), next(build.glob("*.json"))
    content = bytearray(path.read_bytes())
    content[-5] ^= 1
    if harm == "lose the note":
        note.unlink()
    elif harm == "wrong note":
        note.write_text('{"recipe": "rec')
    else:
        path.write_bytes(content if harm == "flip" else content[:-7])
    asked = []
    found = keep(lambda some: asked.append(some) or numbered(some))
    assert asked
    np.testing.assert_array_equal(found, numbered(slice(0, 10)))


def test_another_recipe_has_a_file_of_its_own(build):
    keep(numbered)
    keep(lambda some: 255 - numbered(some), "another recipe")
    assert len(list(build.glob("*.npy"))) == 2
    np.testing.assert_array_equal(keep(None), numbered(slice(0, 10)))


def leave_half(recipe, shape=SHAPE):
    """A pass that is cut short by what cannot be drawn."""
    with pytest.raises(InputError, match="damaged"):
        mapped.pictures("numbers", recipe, shape, damaged)


def damaged(some):
    raise InputError("damaged")


def test_what_older_recipes_left_half_made_is_removed(build):
    keep(numbered, "whole")
    leave_half("older")
    leave_half("others", (9, 2, 2, 3))
    (build / "numbers_of_another_kind.part").write_bytes(b"")
    assert len(list(build.glob("numbers_*.part"))) == 3
    keep(numbered)
    (left,) = set(build.glob("*.part")) - {build / "numbers_of_another_kind.part"}
    assert left.read_bytes() == mapped._head((9, 2, 2, 3))
    assert len(list(build.glob("*.npy"))) == len(list(build.glob("*.json"))) == 2


def test_what_a_process_is_at_work_on_stays(build):
    def draw(some):
        keep(lambda same: 255 - numbered(same), "recipe of another process")
        return numbered(some)

    np.testing.assert_array_equal(keep(draw), numbered(slice(0, 10)))
    assert len(list(build.glob("*.npy"))) == 2


def test_too_little_room_is_seen_before_the_first_picture(monkeypatch):
    usage = namedtuple("usage", "free")
    monkeypatch.setattr(checks.shutil, "disk_usage", lambda folder: usage(119))
    with pytest.raises(InputError, match=r"MB free, but to keep the pictures takes .*: free some space"):
        keep(None)
    monkeypatch.setattr(checks.shutil, "disk_usage", lambda folder: usage(120))
    assert len(keep(numbered)) == 10


def test_a_folder_that_cannot_be_written(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setattr(paths, "BUILD", tmp_path / "file")
    with pytest.raises(InputError, match=r"could not write .*numbers_"):
        keep(numbered)


def test_the_mini_set(mini, build):
    found = pictures.preprocess(mini, "val", range(40))
    assert found.shape == (40, 128, 128, 3)
    for index in (0, 17, 39):
        expected = by_areas(mini / "images" / "val" / pictures.name("val", index))
        assert np.abs(found[index] - expected).mean() < 1
    assert 100 < found.mean() < 150  # CLEVR's grey ground
    pictures.require(mini, "train", range(120), whole=True)
    pictures.verify(mini, "train", range(120))


def test_a_picture_whose_checksums_hide_its_damage_is_found_by_the_check(folder):
    """Loading would refuse it: another size, or fewer rows than it says."""
    whole = file(folder, 5).read_bytes()
    head = whole.index(b"IHDR")
    for sizes in ((100, 100), (2**31 - 1, 2**31 - 1), (480, 0)):
        chunk = b"IHDR" + b"".join(size.to_bytes(4) for size in sizes) + whole[head + 12 : head + 17]
        file(folder, 5).write_bytes(whole[:head] + chunk + zlib.crc32(chunk).to_bytes(4) + whole[head + 21 :])
        with pytest.raises(InputError, match=r"CLEVR_train_000005\.png is ") as error:
            pictures.verify(folder, "train", range(10))
        assert len(str(error.value).splitlines()) == 1


def test_a_folder_in_the_place_of_kept_pictures_is_named(build):
    first = mapped.pictures("few", "recipe", (2, 3), lambda some: np.ones((2, 3))[some])
    path = Path(first.filename)
    path.unlink()
    path.mkdir()
    with pytest.raises(InputError, match=r"few_\w+\.npy is a folder, where a file is to be: move it away"):
        mapped.pictures("few", "recipe", (2, 3), lambda some: np.ones((2, 3))[some])
