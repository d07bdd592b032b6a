"""The released archives: found whole, unpacked part by part, and nothing of the user's touched."""

import os
import resource
import signal
import subprocess
import sys
import zipfile
from collections import namedtuple

import pytest

from reprolib import paths
from reprolib.data import checks
from reprolib.data.clevr import archive
from reprolib.data.clevr.clevr_reader import SPLITS, TEXTS
from reprolib.errors import InputError

CONTENT = {
    **{f"{part}/CLEVR_{split}_{part}.json": f"{part} of {split}" for part in TEXTS for split in SPLITS},
    "questions/CLEVR_test_questions.json": "questions of test",
    **{f"images/{split}/CLEVR_{split}_000000.png": f"picture of {split}" for split in ("train", "val", "test")},
}
ALL = ("scenes", "questions", "images")


def zipped(path, content=CONTENT, top="CLEVR_v1.0/", **more):
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(f"{top}README.txt", "read me")
        for name, text in {f"{top}{name}": text for name, text in content.items()}.items():
            file.writestr(name, text)
        for name, text in more.items():
            file.writestr(name, text)
    return path


def read_from(parts=ALL):
    """What is unpacked of CONTENT: that of the test split, which has no answers, is left."""
    return {name: text for name, text in CONTENT.items() if name.startswith(parts) and "test" not in name}


def files_in(folder):
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def path(tmp_path):
    return zipped(tmp_path / "CLEVR_v1.0.zip")


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "clevr").mkdir()
    return tmp_path / "clevr"


@pytest.mark.parametrize("top", ["CLEVR_v1.0/", "", "data/CLEVR_v1.0/"])
def test_the_parts_below_the_top_folder_are_unpacked(tmp_path, folder, top):
    archive.unpack(zipped(tmp_path / "a.zip", top=top), folder, ALL)
    assert files_in(folder) == read_from()
    assert archive.missing(folder, True) == []


def test_only_the_parts_asked_for(path, folder):
    assert archive.missing(folder, True) == list(ALL)
    assert archive.missing(folder, False) == ["scenes", "questions"]
    archive.unpack(path, folder, ("questions",))
    assert files_in(folder) == read_from(("questions",))
    assert archive.missing(folder, True) == ["scenes", "images"]


def test_what_is_in_the_folder_already_stays(path, folder):
    (folder / "scenes").mkdir()
    (folder / "scenes" / "mine.txt").write_text("mine")
    (folder / "notes.txt").write_text("mine")
    archive.unpack(path, folder, ("images",))
    assert {"scenes/mine.txt", "notes.txt"} < set(files_in(folder))


def test_a_part_that_is_there_in_half_is_named(folder):
    (folder / "scenes").mkdir()
    (folder / "scenes" / "CLEVR_train_scenes.json").write_text("{}")
    with pytest.raises(InputError, match=r"clevr/scenes is there without scenes/CLEVR_val_scenes\.json: move it away"):
        archive.missing(folder, False)


def test_no_pictures_are_needed_without(tmp_path):
    path = zipped(tmp_path / "a.zip", {name: text for name, text in CONTENT.items() if not name.startswith("images")})
    archive.require(path, with_pictures=False)
    with pytest.raises(InputError, match=r"a\.zip is not CLEVR v1\.0: it holds no images/train"):
        archive.require(path, with_pictures=True)


@pytest.mark.parametrize("lost", [name for name in CONTENT if "test" not in name])
def test_an_archive_without_a_part(tmp_path, lost):
    path = zipped(tmp_path / "a.zip", {name: text for name, text in CONTENT.items() if name != lost})
    with pytest.raises(InputError, match=r"a\.zip is not CLEVR v1\.0: it holds"):
        archive.require(path, with_pictures=True)


@pytest.mark.parametrize("name", ["../x", "CLEVR_v1.0/../../x", "/tmp/x", "CLEVR_v1.0/scenes/..\\x"])
def test_an_archive_that_reaches_outside(tmp_path, folder, name):
    path = zipped(tmp_path / "a.zip", **{name: "x"})
    for call in (lambda: archive.require(path, with_pictures=True), lambda: archive.unpack(path, folder, ALL)):
        with pytest.raises(InputError, match="lies outside its folder"):
            call()
    assert {entry.name for entry in tmp_path.iterdir()} == {"a.zip", "clevr"}
    assert not list(folder.iterdir())


@pytest.mark.parametrize("share", [0, 0.5, 0.99])
def test_an_archive_cut_off(path, share):
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    with pytest.raises(InputError, match=r"CLEVR_v1\.0\.zip is not a complete zip archive"):
        archive.require(path, with_pictures=True)


def test_bytes_changed_inside(tmp_path, folder):
    text = "".join(map(str, range(5000)))
    path = zipped(tmp_path / "a.zip", CONTENT | {"questions/CLEVR_val_questions.json": text})
    with zipfile.ZipFile(path) as file:
        start = file.getinfo("CLEVR_v1.0/questions/CLEVR_val_questions.json").header_offset
    content = bytearray(path.read_bytes())
    content[start + 2000] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"a\.zip, .*CLEVR_val_questions\.json': damaged .*fetch it again"):
        archive.unpack(path, folder, ALL)
    assert set(files_in(folder)) == set(read_from(("scenes",)))


@pytest.mark.parametrize("packing", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_bytes_changed_however_they_are_packed(packing, tmp_path):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", packing) as file:
        for name, text in CONTENT.items():
            file.writestr(name, 500 * text)
        info = file.infolist()[0]
    content = bytearray(path.read_bytes())
    start = info.header_offset + 30 + len(info.filename)
    content[start : start + info.compress_size] = bytes(info.compress_size)
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"a\.zip, .*_scenes\.json': damaged \(.+\): fetch it again"):
        archive.require(path, with_pictures=True, whole=True)


def test_a_member_without_a_name_is_none_of_the_release(tmp_path, folder):
    path = zipped(tmp_path / "a.zip", Z="nothing")
    content = bytearray(path.read_bytes())
    lengths = content.rindex(b"PK\x01\x02") + 28  # of the last name, and of what follows it
    content[lengths : lengths + 4] = b"\0\0\1\0"
    path.write_bytes(content)
    archive.unpack(path, folder, ALL)
    assert files_in(folder) == read_from()


def test_a_name_of_two_lines_is_named_in_one(tmp_path):
    path = zipped(tmp_path / "a.zip", **{"CLEVR_v1.0/images/train/a\nb.png": "x"})
    with zipfile.ZipFile(path) as file:
        info = file.getinfo("CLEVR_v1.0/images/train/a\nb.png")
    content = bytearray(path.read_bytes())
    content[info.header_offset + 30 + len(info.filename)] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"train/a\\nb\.png': damaged \(.+\): fetch it again"):
        archive.require(path, with_pictures=True, whole=True)


def test_too_little_room_is_seen_before_the_first_byte(path, folder, monkeypatch):
    usage = namedtuple("usage", "free")
    needed = sum(map(len, read_from().values()))
    monkeypatch.setattr(checks.shutil, "disk_usage", lambda folder: usage(needed - 1))
    with pytest.raises(InputError, match=r"clevr has 0\.0 MB free, but to unpack CLEVR takes 0\.\d MB: free some"):
        archive.unpack(path, folder, ALL)
    assert not list(folder.iterdir())
    monkeypatch.setattr(checks.shutil, "disk_usage", lambda folder: usage(needed))
    archive.unpack(path, folder, ALL)
    assert files_in(folder) == read_from()


def test_a_disk_that_fills_up_leaves_nothing_of_the_part(tmp_path, folder, request):
    """The limit on the size of files stands for the disk's."""
    path = zipped(tmp_path / "a.zip", CONTENT | {"images/val/CLEVR_val_000001.png": "x" * 500_000})
    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    request.addfinalizer(lambda: resource.setrlimit(resource.RLIMIT_FSIZE, old))
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, old[1]))
    with pytest.raises(InputError, match=r"could not unpack .*a\.zip .*File too large.*free some space"):
        archive.unpack(path, folder, ALL)
    assert archive.missing(folder, True) == ["images"]
    assert {name.name for name in folder.iterdir()} == {"scenes", "questions"}


KILLED = """
import os, signal, sys
from pathlib import Path
from reprolib.data.clevr import archive
from reprolib.data.clevr.clevr_reader import SPLITS
folder = Path(sys.argv[2])
class Bar:
    def update(self, count):
        if (folder / ".images.unpacking").exists():
            os.kill(os.getpid(), signal.SIGKILL)
    def __enter__(self):
        return self
    def __exit__(self, *error):
        pass
archive.tqdm = lambda **settings: Bar()
archive.unpack(Path(sys.argv[1]), folder, ("scenes", "questions", "images"))
"""


def test_killed_while_unpacking(path, folder):
    command = [sys.executable, "-c", KILLED, str(path), str(folder)]
    done = subprocess.run(command, cwd=paths.ROOT, env=os.environ, check=False)
    assert done.returncode == -signal.SIGKILL
    assert archive.missing(folder, True) == ["images"]
    archive.unpack(path, folder, ["images"])
    assert files_in(folder) == read_from()
