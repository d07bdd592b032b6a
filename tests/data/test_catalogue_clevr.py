"""CLEVR's entries: from a served archive to a batch, counts beside the release's, and files that read back."""

import json
import re
import shutil
import sys
import threading
import time
import zipfile
from collections import namedtuple
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch

from reprolib import paths
from reprolib.data import catalogue, checks
from reprolib.data.clevr import archive, clevr_tensors, pictures
from reprolib.data.clevr.clevr_reader import read_questions, read_scenes
from reprolib.data.clevr.clevr_tensors import LAYOUTS
from reprolib.errors import InputError
from reprolib.settings.data_sets import ClevrData

SIZE = 12  # training scenes of the small set, with one more for val
FREE = namedtuple("FREE", "free")
NOWHERE = "http://127.0.0.1:9/nowhere"


@pytest.fixture(autouse=True)
def data(tmp_path, monkeypatch):
    """An empty REPROLIB_DATA, an empty cache, and archives of any content and size."""
    monkeypatch.setattr(catalogue.clevr_files, "CHECKSUMS", {})
    monkeypatch.setattr(catalogue.clevr_files, "SIZES", dict.fromkeys((True, False), 10_000_000))
    monkeypatch.setattr(catalogue.clevr_files, "UNPACKED", dict.fromkeys(catalogue.clevr_files.UNPACKED, 1_000_000))
    monkeypatch.setenv("REPROLIB_DATA", str(tmp_path / "data"))
    monkeypatch.setattr(paths, "BUILD", tmp_path / "build")
    return tmp_path / "data"


def paint(scenes, height, width):
    """The first object's place as a colour."""
    colors = torch.from_numpy((40 * scenes.positions[:, 0] + 120).astype("uint8"))
    return colors[:, None, None].expand(-1, height, width, 3).contiguous()


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A small set with pictures, written by `generate`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(catalogue.clevr_files.render, "render", paint)
        return catalogue.generate("clevr", tmp_path_factory.mktemp("small") / "clevr", SIZE)


def zipped(source, target, with_pictures=True):
    """A folder under the release's names."""
    with zipfile.ZipFile(target, "w") as file:
        file.writestr("CLEVR_v1.0/README.txt", "read me")
        for path in sorted(source.rglob("*")):
            name = path.relative_to(source)
            if path.is_file() and name.parts[0] in ("scenes", "questions", "images")[: 2 + with_pictures]:
                file.write(path, f"CLEVR_v1.0/{name}")
    return target


def files_in(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def take_for_the_release(monkeypatch):
    monkeypatch.setattr(clevr_tensors, "RELEASED", {"train": (SIZE, 10 * SIZE), "val": (1, 10)})


# Fetching


def test_from_a_server_to_a_batch(mini, site, data):
    folder, address = site
    zipped(mini, folder / "CLEVR_v1.0.zip")
    assert catalogue.fetch("clevr", f"{address}/CLEVR_v1.0.zip") == data / "clevr"
    head, train, val = catalogue.check("clevr")
    assert head == f"ok       {data / 'clevr'}"
    assert train == (
        "differs  train: 120 scenes and pictures, 1200 questions; should hold 70000 and 699989; "
        "120 sampled pictures can be read; programs give 500 of 500 sampled answers"
    )
    assert val.startswith("differs  val: 40 scenes and pictures, 400 questions; should hold 15000 and 149991; ")
    assert val.endswith("programs give 400 of 400 sampled answers")
    loaded = clevr_tensors.load(ClevrData(pictures=True), "real")
    assert loaded.sizes == {"train": 1080, "valid": 120, "test": 400}
    batch = loaded.splits["train"].batch(torch.tensor([0, 999]))
    assert {name: len(tensor) for name, tensor in batch.items()} == {
        **dict.fromkeys(("questions", "scenes", "answers", "categories", "types", "functions", "depths"), 2),
        **dict.fromkeys(("objects", "counts", "images"), 108),
    }
    assert batch["images"].float().std((1, 2, 3)).min() > 5


def test_states_first_and_pictures_later(small, site, data):
    folder, address = site
    zipped(small, folder / "texts.zip", with_pictures=False)
    zipped(small, folder / "all.zip")
    assert catalogue.fetch("clevr_no_images", f"{address}/texts.zip") == data / "clevr"
    there = {name for name in files_in(small) if not name.startswith("images")}
    assert set(files_in(data / "clevr")) == there | {"CLEVR_v1.0_no_images.zip"}
    assert len(clevr_tensors.load(ClevrData(), "real").splits["test"]) == 10
    catalogue.fetch("clevr", f"{address}/all.zip")
    assert files_in(data / "clevr").items() >= files_in(small).items()


def test_nothing_is_fetched_twice(small, site, data):
    folder, address = site
    zipped(small, folder / "all.zip")
    catalogue.fetch("clevr", f"{address}/all.zip")
    (folder / "all.zip").unlink()
    for name in ("clevr", "clevr_no_images"):
        assert catalogue.fetch(name, f"{address}/all.zip") == data / "clevr"


@pytest.mark.parametrize("place", ["clevr", "."])
def test_an_archive_of_the_users_is_unpacked_and_stays(small, data, place):
    (data / "clevr").mkdir(parents=True)
    path = zipped(small, data / place / "CLEVR_v1.0.zip")
    catalogue.fetch("clevr-no-images", NOWHERE)
    assert not (data / "clevr" / "images").exists()
    catalogue.fetch("clevr", NOWHERE)
    assert files_in(data / "clevr").items() >= files_in(small).items()
    assert path.exists()


@pytest.mark.parametrize("layout", ["CLEVR_v1.0", "clevr/CLEVR_v1.0"])
def test_a_release_that_lies_elsewhere_is_found(small, data, layout):
    shutil.copytree(small, data / layout)
    assert catalogue.fetch("clevr", NOWHERE) == data / layout


def test_wrong_bytes_from_a_mirror_are_removed(small, site, data, monkeypatch):
    """Whatever its address, an archive is held against the checksum that was published for it."""
    folder, address = site
    zipped(small, folder / "all.zip")
    monkeypatch.setitem(catalogue.clevr_files.CHECKSUMS, True, f"sha256:{'0' * 64}")
    with pytest.raises(InputError, match=r"CLEVR_v1\.0\.zip from .* is not the published file"):
        catalogue.fetch("clevr", f"{address}/all.zip")
    assert files_in(data) == {}


def test_an_archive_far_too_large_is_not_fetched(small, site, data, monkeypatch):
    folder, address = site
    zipped(small, folder / "all.zip")
    monkeypatch.setitem(catalogue.clevr_files.SIZES, True, 1000)
    with pytest.raises(InputError, match="gives more than 2000 bytes, so it is not the published file"):
        catalogue.fetch("clevr", f"{address}/all.zip")
    assert files_in(data) == {}


def test_two_fetches_at_once_take_turns(small, site, data, monkeypatch):
    folder, address = site
    zipped(small, folder / "all.zip")
    at_work, most, begun = [], [], threading.Event()

    def watched(function):
        def call(*given, **options):
            at_work.append(function)
            most.append(len(at_work))
            begun.set()
            time.sleep(0.2)
            try:
                return function(*given, **options)
            finally:
                at_work.pop()

        return call

    monkeypatch.setattr(catalogue.clevr_files, "download", watched(catalogue.clevr_files.download))
    monkeypatch.setattr(archive, "unpack", watched(archive.unpack))
    with ThreadPoolExecutor() as pool:
        first = pool.submit(catalogue.fetch, "clevr", f"{address}/all.zip")
        begun.wait()
        others = [pool.submit(catalogue.fetch, name, f"{address}/all.zip") for name in ("clevr", "clevr_no_images")]
        assert {fetch.result() for fetch in (first, *others)} == {data / "clevr"}
    assert most == [1, 1], "one download, one unpacking, and nothing for those that waited"
    assert files_in(data / "clevr").items() >= files_in(small).items()
    assert not list(data.rglob("*.lock"))


@pytest.mark.parametrize("harm", ["a changed byte", "cut"])
def test_a_damaged_archive_blocks_no_later_fetch(small, site, data, harm):
    """One that lies there is moved aside, since it may be the user's; one that was just fetched is removed."""
    folder, address = site
    whole = zipped(small, folder / "all.zip").read_bytes()
    place = whole.index(b"CLEVR_train_questions.json") + 1000
    broken = whole[:-100] if harm == "cut" else whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :]
    (folder / "broken.zip").write_bytes(broken)
    with pytest.raises(InputError, match=r"is not a complete zip archive|damaged \(Bad CRC"):
        catalogue.fetch("clevr", f"{address}/broken.zip")
    assert files_in(data) == {}
    there = data / "clevr" / "CLEVR_v1.0.zip"
    there.parent.mkdir(exist_ok=True)
    there.write_bytes(broken)
    with pytest.raises(InputError, match=r"it now lies at .*CLEVR_v1\.0\.zip\.damaged, so run the same command again"):
        catalogue.fetch("clevr", NOWHERE)
    catalogue.fetch("clevr", f"{address}/all.zip")
    assert files_in(data / "clevr").items() >= files_in(small).items()
    assert there.with_name(f"{there.name}.damaged").read_bytes() == broken


@pytest.mark.parametrize("harm", ["cut", "page", "no pictures"])
def test_anything_else_is_refused_and_removed(small, site, data, harm):
    folder, address = site
    whole = zipped(small, folder / "all.zip", with_pictures=harm != "no pictures").read_bytes()
    content = {"cut": whole[:-100], "page": b"<html>This domain is for sale.</html>", "no pictures": whole}[harm]
    (folder / "all.zip").write_bytes(content)
    with pytest.raises(InputError, match=r"is not a complete zip archive|is not CLEVR v1\.0: it holds no images/train"):
        catalogue.fetch("clevr", f"{address}/all.zip")
    assert files_in(data) == {}


def test_a_disk_too_small_for_unpacking_keeps_the_archive(small, site, data, monkeypatch):
    folder, address = site
    zipped(small, folder / "all.zip")
    check_room = archive.check_room

    def with_little_room(*words):
        with monkeypatch.context() as patch:
            patch.setattr(checks.shutil, "disk_usage", lambda folder: FREE(1000))
            check_room(*words)

    monkeypatch.setattr(archive, "check_room", with_little_room)
    with pytest.raises(InputError, match=r"clevr has 0\.0 MB free, but to unpack CLEVR takes 0\.\d MB"):
        catalogue.fetch("clevr", f"{address}/all.zip")
    assert set(files_in(data)) == {"clevr/CLEVR_v1.0.zip"}
    monkeypatch.setattr(archive, "check_room", check_room)
    (folder / "all.zip").unlink()
    catalogue.fetch("clevr", f"{address}/all.zip")
    assert files_in(data / "clevr").items() >= files_in(small).items()


def test_too_little_room_to_fetch_and_unpack_is_seen_before_the_first_byte(small, site, data, monkeypatch):
    folder, address = site
    zipped(small, folder / "all.zip")
    part = data / "clevr" / "CLEVR_v1.0.zip.part"
    part.parent.mkdir(parents=True)
    part.write_bytes(bytes(400))
    part.with_name(f"{part.name}.from").write_text(json.dumps({"address": f"{address}/all.zip", "version": '"1"'}))
    needed = 10_000_000 - 400 + 3_000_000
    monkeypatch.setattr(checks.shutil, "disk_usage", lambda folder: FREE(needed - 1))
    with pytest.raises(InputError, match=r"clevr has 13\.0 MB free, but to fetch and unpack CLEVR takes 13\.0 MB"):
        catalogue.fetch("clevr", f"{address}/all.zip")
    assert part.read_bytes() == bytes(400)
    monkeypatch.setattr(checks.shutil, "disk_usage", lambda folder: FREE(needed))
    catalogue.fetch("clevr", f"{address}/all.zip")
    assert files_in(data / "clevr").items() >= files_in(small).items()


# Mending


DAMAGE = {
    "scenes/CLEVR_train_scenes.json": lambda path: path.write_bytes(path.read_bytes()[:-9]),
    "scenes/CLEVR_val_scenes.json": Path.unlink,
    "questions/CLEVR_val_questions.json": lambda path: path.write_text(path.read_text().replace("answer", "word")),
    f"images/train/{pictures.name('train', 7)}": lambda path: path.write_bytes(flipped(path.read_bytes())),
    f"images/val/{pictures.name('val', 0)}": Path.unlink,
}


def flipped(content):
    """One bit in the middle is another."""
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


@pytest.mark.parametrize("name", DAMAGE)
@pytest.mark.parametrize(("layout", "kept"), [(LAYOUTS[0], False), *((name, True) for name in LAYOUTS)])
def test_what_the_message_says_mends_a_file(small, site, data, name, layout, kept):
    folder, address = site
    there = Path(shutil.copytree(small, data / layout))
    zipped(small, (there.parent if kept else folder) / "CLEVR_v1.0.zip")
    DAMAGE[name](there / name)
    with pytest.raises(InputError, match=re.escape(str(there / name))) as error:
        catalogue.check("clevr")
    place, entry = re.search(r"move (\S+) away, then run `reprolib data fetch (\w+)`", str(error.value)).groups()
    Path(place).rename(f"{place}.old")
    assert catalogue.fetch(entry, NOWHERE if kept else f"{address}/CLEVR_v1.0.zip") == there
    assert files_in(there).items() >= files_in(small).items()
    assert len(catalogue.check("clevr")) == 3


# Checking


@pytest.fixture
def copied(small, data):
    """The small set as the user's."""
    return Path(shutil.copytree(small, data / "clevr"))


def test_check_accepts_the_counts_of_the_release(copied, monkeypatch):
    take_for_the_release(monkeypatch)
    assert catalogue.check("clevr") == [
        f"ok       {copied}",
        "ok       train: 12 scenes and pictures, 120 questions; 12 sampled pictures can be read; "
        "programs give 120 of 120 sampled answers",
        "ok       val: 1 scenes and pictures, 10 questions; 1 sampled pictures can be read; "
        "programs give 10 of 10 sampled answers",
    ]
    shutil.rmtree(copied / "images")
    assert [line[:8] for line in catalogue.check("clevr_no_images")] == ["ok      "] * 3


def test_check_counts_all_scenes_and_not_the_sampled_ones(copied, monkeypatch):
    take_for_the_release(monkeypatch)
    monkeypatch.setattr(catalogue.clevr_files, "SAMPLE", 3)
    train = catalogue.check("clevr_no_images")[1]
    assert train == "ok       train: 12 scenes, 120 questions; programs give 3 of 3 sampled answers"


def test_check_without_files():
    with pytest.raises(InputError, match="set REPROLIB_DATA"):
        catalogue.check("clevr")


def test_check_of_the_mini_set(mini, monkeypatch):
    monkeypatch.setenv("REPROLIB_DATA", str(mini.parent))
    if clevr_tensors.find() is not None:
        pytest.skip("REPROLIB_DATA holds the release, which is taken instead")
    lines = catalogue.check("clevr_no_images")
    assert lines[0].startswith("differs ")
    assert lines[0].endswith("clevr-mini is a small set of the same layout, not the release")
    assert all("sampled answers" in line and line.startswith("differs ") for line in lines[1:])


def test_check_counts_wrong_answers(copied, monkeypatch):
    take_for_the_release(monkeypatch)
    path = copied / "questions" / "CLEVR_val_questions.json"
    content = json.loads(path.read_text())
    content["questions"][3]["answer"] = "purple" if content["questions"][3]["answer"] != "purple" else "red"
    path.write_text(json.dumps(content))
    line = catalogue.check("clevr")[2]
    assert line.startswith("differs  val: 1 scenes and pictures, 10 questions; ")
    assert line.endswith("programs give 9 of 10 sampled answers")


def test_check_counts_what_cannot_be_answered(copied, monkeypatch):
    path = copied / "scenes" / "CLEVR_val_scenes.json"
    content = json.loads(path.read_text())
    scene = content["scenes"][0]
    scene["objects"].append(scene["objects"][0])
    for lists in scene["relationships"].values():
        lists.append([])
    path.write_text(json.dumps(content))
    right = int(catalogue.check("clevr")[2].rpartition("programs give ")[2].split()[0])
    assert right < 10


def test_the_sample_is_spread_over_all_questions():
    count, sample = catalogue.clevr_files._sample(iter(range(5000)))
    assert count == 5000
    assert len(set(sample)) == len(sample) == catalogue.clevr_files.SAMPLE
    assert all(30 < sum(low <= item < low + 500 for item in sample) < 70 for low in range(0, 5000, 500))
    assert catalogue.clevr_files._sample(iter(range(7))) == (7, list(range(7)))


@pytest.mark.parametrize("harm", ["missing", "cut off"])
def test_check_names_a_picture(copied, harm):
    path = copied / "images" / "train" / pictures.name("train", 7)
    content = path.read_bytes()
    path.unlink() if harm == "missing" else path.write_bytes(content[:-9])
    with pytest.raises(InputError, match=rf"CLEVR_train_000007\.png is {harm}"):
        catalogue.check("clevr")
    assert len(catalogue.check("clevr_no_images")) == 3


# Generating


def test_generated_files_have_the_released_layout(small):
    assert set(files_in(small)) == {
        *(f"{part}/CLEVR_{split}_{part}.json" for part in ("scenes", "questions") for split in ("train", "val")),
        *(f"images/train/{pictures.name('train', index)}" for index in range(SIZE)),
        f"images/val/{pictures.name('val', 0)}",
    }
    for split, count in (("train", SIZE), ("val", 1)):
        scenes = read_scenes(small, split)
        asked = list(read_questions(small, split, scenes))
        assert [question.image_index for question in asked] == [index for index in range(count) for _ in range(10)]
        keys = ("scenes", "questions")
        for content in (json.loads((small / key / f"CLEVR_{split}_{key}.json").read_text()) for key in keys):
            assert content["info"]["split"] == split
        assert [question["question_index"] for question in content["questions"]] == list(range(10 * count))
        names = {scene["image_filename"] for scene in scenes.values()}
        assert names == {question["image_filename"] for question in content["questions"]}


def test_generated_files_are_read_as_real_ones(small, data):
    shutil.copytree(small, data / "clevr")
    loaded = clevr_tensors.load(ClevrData(pictures=True), "real")
    assert loaded.sizes == {"train": 110, "valid": 10, "test": 10}
    for split in loaded.splits.values():
        first = split.tables["objects"][:, 0, :3]
        assert torch.equal(split.tables["images"][:, 64, 64], (40 * first + 120).to(torch.uint8))


def test_the_same_bytes_each_time_and_fewer_without_pictures(small, tmp_path, monkeypatch):
    monkeypatch.setattr(catalogue.clevr_files.render, "render", None)
    again = files_in(catalogue.generate("clevr_no_images", tmp_path / "clevr", SIZE))
    assert again == {name: content for name, content in files_in(small).items() if not name.startswith("images")}


@pytest.mark.parametrize("name", ["clevr", "clevr-no-images"])
def test_a_size_too_small_leaves_nothing(tmp_path, name):
    with pytest.raises(InputError, match="size is 0: give at least 1 training scene"):
        catalogue.generate(name, tmp_path / "new", 0)
    assert not (tmp_path / "new").exists()


def test_without_pillow_nothing_is_begun(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(InputError, match="install pillow, or do without pictures"):
        catalogue.generate("clevr", tmp_path / "new", 1)
    assert not (tmp_path / "new").exists()
