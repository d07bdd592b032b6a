"""The known data sets: fetching, checking and generating each, with the real files where they are at hand."""

import errno
import gzip
import hashlib
import io
import os
import tarfile

import numpy as np
import pytest

from reprolib import paths
from reprolib.data import catalogue, simulations, sort_of_clevr
from reprolib.data.babi.babi_reader import SPLITS, open_source
from reprolib.errors import InputError
from reprolib.settings.data_sets import BABI_TASKS

STORY = "1 Mary moved to the garden.\n2 Where is Mary? \tgarden\t1\n"


@pytest.fixture
def data(tmp_path, monkeypatch):
    """An empty REPROLIB_DATA."""
    monkeypatch.setenv("REPROLIB_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


@pytest.fixture(scope="module")
def generated(tmp_path_factory):
    """50 questions a task, written by `generate`."""
    return catalogue.generate("babi", tmp_path_factory.mktemp("generated") / "babi", 50)


def content_of(task):
    """A file of 5 questions that no other task has."""
    return STORY.replace("garden", f"garden{task}") * 5


def released_layout(mark="", train=1):
    """A small archive with the names of the release; `mark` makes it another one, `train` repeats its train files."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        for task in BABI_TASKS:
            for split in SPLITS:
                content = (content_of(task) * (train if split == "train" else 1) + mark).encode()
                member = tarfile.TarInfo(f"tasks_1-20_v1-2/en-valid-10k/qa{task}_{split}.txt")
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))
    return stream.getvalue()


def pin(monkeypatch, contents, train=5):
    """Take these test files for the released ones, beside so many questions to train on."""
    hashes = {
        (task, "test"): hashlib.sha256(content).hexdigest() for task, content in zip(BABI_TASKS, contents, strict=True)
    }
    monkeypatch.setattr(catalogue.babi_files.released, "SHA256", hashes)
    monkeypatch.setitem(catalogue.babi_files.released.COUNTS, "en-valid-10k", {"train": train, "valid": 5, "test": 5})


def files_in(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# Entries


def test_entries_are_found_by_either_spelling():
    for entry in catalogue.entries():
        assert catalogue.get(entry.name) is entry
        assert catalogue.get(entry.name.replace("_", "-")) is entry
    assert {"babi", "clevr", "clevr_no_images", "sort_of_clevr"} <= {entry.name for entry in catalogue.entries()}


def test_what_can_be_fetched_has_an_address_and_a_size():
    for entry in catalogue.entries():
        assert (entry.url is None) == (entry.download is None) == (entry.size is None)
        assert all((entry.title, entry.licence, entry.layout, entry.generator))


@pytest.mark.parametrize("command", [catalogue.get, catalogue.fetch, catalogue.check])
def test_an_unknown_data_set(command):
    with pytest.raises(InputError, match="unknown data set 'bab': choose one of babi, clevr, clevr_no_images, sort_of"):
        command("bab")


# Fetching


def test_fetched_archive_can_be_read(site, data, monkeypatch):
    folder, address = site
    pin(monkeypatch, [content_of(task).encode() for task in BABI_TASKS])
    archive = released_layout()
    (folder / "tasks.tar.gz").write_bytes(archive)
    assert catalogue.fetch("babi", f"{address}/tasks.tar.gz") == data / "babi"
    assert files_in(data) == {"babi/tasks_1-20_v1-2.tar.gz": archive}
    assert {len(open_source(data / "babi").questions(task, "train")) for task in BABI_TASKS} == {5}
    (folder / "tasks.tar.gz").unlink()
    assert catalogue.fetch("babi", f"{address}/tasks.tar.gz") == data / "babi"  # nothing is downloaded twice


def test_a_local_file_is_an_address_too(tmp_path, data, monkeypatch):
    pin(monkeypatch, [content_of(task).encode() for task in BABI_TASKS])
    (tmp_path / "tasks.tar.gz").write_bytes(released_layout())
    catalogue.fetch("babi", (tmp_path / "tasks.tar.gz").as_uri())
    assert open_source(data / "babi").variant == "en-valid-10k"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (released_layout(mark=STORY), "is not bAbI v1.2: the sha256 of task 1's test file is .* instead of 55acf66c"),
        (released_layout()[:-200], "is not a complete tar archive"),
        (b"<html>This domain is for sale.</html>", "is not a complete tar archive"),
    ],
)
def test_anything_else_is_refused_and_removed(site, data, content, reason):
    folder, address = site
    (folder / "tasks.tar.gz").write_bytes(content)
    with pytest.raises(InputError, match=reason):
        catalogue.fetch("babi", f"{address}/tasks.tar.gz")
    assert files_in(data) == {}


def test_an_archive_that_reaches_outside_is_refused_and_removed(site, data):
    folder, address = site
    with tarfile.open(folder / "tasks.tar.gz", "w:gz") as archive:
        archive.addfile(tarfile.TarInfo("../../x"))
    with pytest.raises(InputError, match="lies outside its folder"):
        catalogue.fetch("babi", f"{address}/tasks.tar.gz")
    assert files_in(data) == {}


def test_a_bomb_is_refused_and_neither_it_nor_a_damaged_archive_blocks_a_later_fetch(tmp_path, data, monkeypatch):
    pin(monkeypatch, [content_of(task).encode() for task in BABI_TASKS])
    whole = released_layout()
    (tmp_path / "tasks.tar.gz").write_bytes(whole)
    member = tarfile.TarInfo("tasks_1-20_v1-2/en-valid-10k/qa1_train.txt")
    member.size = 1 << 30
    bomb, there = gzip.compress(member.tobuf()), data / "babi" / "tasks_1-20_v1-2.tar.gz"
    (tmp_path / "bomb.tar.gz").write_bytes(bomb)
    with pytest.raises(InputError, match="holds a member of 1073741824 bytes"):
        catalogue.fetch("babi", (tmp_path / "bomb.tar.gz").as_uri())
    assert files_in(data) == {}
    for content in (bomb, whole[:-200], b""):
        there.parent.mkdir(parents=True, exist_ok=True)
        there.write_bytes(content)
        catalogue.fetch("babi", (tmp_path / "tasks.tar.gz").as_uri())
        assert there.read_bytes() == whole


def test_an_archive_with_other_counts_is_refused_and_removed(tmp_path, data, monkeypatch):
    pin(monkeypatch, [content_of(task).encode() for task in BABI_TASKS])
    (tmp_path / "tasks.tar.gz").write_bytes(released_layout(train=3))
    with pytest.raises(InputError, match="the train file of task 1 holds 15 questions and the released one 5"):
        catalogue.fetch("babi", (tmp_path / "tasks.tar.gz").as_uri())
    assert files_in(data) == {}


@pytest.mark.parametrize("name", ["en-valid/qa1_test.txt", "other.tar.gz"])
def test_fetch_refuses_to_hide_behind_other_files(tmp_path, data, monkeypatch, name):
    pin(monkeypatch, [content_of(task).encode() for task in BABI_TASKS])
    (tmp_path / "tasks.tar.gz").write_bytes(released_layout())
    there = data / "babi" / name
    there.parent.mkdir(parents=True)
    there.write_text(STORY)
    with pytest.raises(InputError, match=rf"{name} is read before what would be fetched.*move all that lies in .*babi"):
        catalogue.fetch("babi", (tmp_path / "tasks.tar.gz").as_uri())
    assert list(files_in(data)) == [f"babi/{name}"]


def test_fetch_names_the_address_that_failed(site, data):
    _, address = site
    with pytest.raises(InputError, match=rf"{address}/nowhere answers 404 .*put the file itself in .*babi"):
        catalogue.fetch("babi", f"{address}/nowhere")


def test_nothing_to_fetch():
    with pytest.raises(InputError, match="never released as files: use `reprolib data generate sort_of_clevr`"):
        catalogue.fetch("sort-of-clevr")


def test_real_archive_is_accepted(babi, site, data):
    folder, address = site
    archives = sorted(babi.glob("*.tar.gz"))
    if not archives:
        pytest.skip("REPROLIB_DATA holds bAbI as a folder, not as an archive")
    (folder / "tasks.tar.gz").write_bytes(archives[0].read_bytes())
    catalogue.fetch("babi", f"{address}/tasks.tar.gz")
    assert files_in(data) == {"babi/tasks_1-20_v1-2.tar.gz": archives[0].read_bytes()}


# Checking


def test_check_without_files(data):
    with pytest.raises(InputError, match="babi does not exist"):
        catalogue.check("babi")


def test_check_of_everything_says_what_is_absent_and_goes_on_after_what_is_damaged(data, monkeypatch):
    monkeypatch.setattr(catalogue, "ENTRIES", [catalogue.get(name) for name in ("babi", "clevr", "sort_of_clevr")])
    absent = ["absent   babi: looked for", "absent   clevr: looked for", "ok       sort_of_clevr: the generator draws"]
    assert [line.startswith(said) for line, said in zip(catalogue.check_all(), absent, strict=True)] == [True] * 3
    (data / "babi" / "en").mkdir(parents=True)
    (data / "babi" / "en" / "qa1_train.txt").write_text("1 Mary\n")
    babi, _, made = catalogue.check_all()
    assert babi.startswith("differs  babi: ")
    assert str(data) in babi
    assert made == catalogue.check_all()[2]


def test_check_says_where_files_differ_from_the_release(generated, monkeypatch):
    monkeypatch.setenv("REPROLIB_DATA", str(generated.parent))
    head, *lines = catalogue.check("babi")
    assert head.startswith(f"ok       variant en-valid-10k, 60 files, sha256 {open_source(generated).sha256}")
    assert len(lines) == 20
    for task, line in zip(BABI_TASKS, lines, strict=True):
        assert line.startswith(f"differs  task {task:2}: train 45, valid 5, test 5; train should hold 9000; ")
        assert f"{'valid, test' if task == 3 else 'train, valid, test'} NOT as released" in line
        assert line.endswith("solver agrees with 100.0% of test")


def test_check_accepts_what_is_as_released(generated, monkeypatch):
    source = open_source(generated)
    monkeypatch.setenv("REPROLIB_DATA", str(generated.parent))
    pin(monkeypatch, [source.files[task, "test"] for task in BABI_TASKS], train=45)
    assert all(line.startswith("ok ") for line in catalogue.check("babi"))


def test_check_counts_wrong_answers(generated, tmp_path, monkeypatch):
    source = open_source(generated)
    target = tmp_path / "babi" / "en-valid-10k"
    target.mkdir(parents=True)
    for (task, split), content in source.files.items():
        wrong = content.replace(b"\tyes\t", b"\tmaybe\t").replace(b"\tno\t", b"\tyes\t") if task == 17 else content
        (target / f"qa{task}_{split}.txt").write_bytes(wrong)
    monkeypatch.setenv("REPROLIB_DATA", str(tmp_path))
    shares = {line.split(":")[0][-2:]: line.rpartition("with ")[2] for line in catalogue.check("babi")[1:]}
    assert shares.pop("17") == "0.0% of test"
    assert set(shares.values()) == {"100.0% of test"}


def test_check_names_a_damaged_file(generated, tmp_path, monkeypatch):
    source = open_source(generated)
    target = tmp_path / "babi" / "en-valid-10k"
    target.mkdir(parents=True)
    for (task, split), content in source.files.items():
        (target / f"qa{task}_{split}.txt").write_bytes(content[:-20] if (task, split) == (9, "valid") else content)
    monkeypatch.setenv("REPROLIB_DATA", str(tmp_path))
    with pytest.raises(InputError, match=r"en-valid-10k/qa9_valid\.txt, line \d+"):
        catalogue.check("babi")


@pytest.mark.usefixtures("babi")
def test_check_of_the_real_files():
    """As released but for the known gap; the solver gives all answers but 2 of task 5, where the release is wrong."""
    head, *lines = catalogue.check("babi")
    assert head.startswith("ok ")
    hashed = {"train, valid, test as released", "valid, test as released", "test as released"}
    assert {line.split("; ")[-2] for line in lines} <= hashed
    assert [line.rpartition("with ")[2] for line in lines] == [
        "99.8% of test" if task == 5 else "100.0% of test" for task in BABI_TASKS
    ]
    short = [line for line in lines if not line.startswith("ok ")]
    assert [line for line in short if "train should hold" not in line] == []


@pytest.mark.parametrize("kind", ["springs", "charged", "kuramoto"])
def test_motion_is_checked_and_written(kind, tmp_path, monkeypatch):
    assert catalogue.check(kind)[0].startswith("ok ")
    with np.load(catalogue.generate(kind, tmp_path / kind, 3) / "scenes.npz") as file:
        expected = simulations.simulate(kind, 3, 5, 49, 0, 0)
        np.testing.assert_array_equal(file["trajectories"], expected.trajectories)
        np.testing.assert_array_equal(file["edges"], expected.edges)
    monkeypatch.setitem(catalogue.simulated_motion.SAMPLE, "seed", 6)
    assert catalogue.check(kind)[0].startswith("differs ")


def test_check_of_sort_of_clevr(monkeypatch):
    (line,) = catalogue.check("sort_of_clevr")
    assert line.startswith("ok ")
    monkeypatch.setattr(sort_of_clevr, "HALF", 4)
    monkeypatch.setattr(sort_of_clevr, "SIDE", 9)
    (line,) = catalogue.check("sort_of_clevr")
    assert line.startswith("differs ")


# Generating


def test_generated_babi_has_the_released_layout(generated):
    source = open_source(generated)
    assert source.variant == "en-valid-10k"
    counts = {key: len(source.questions(*key)) for key in source.files}
    assert counts == {(task, split): {"train": 45}.get(split, 5) for task in BABI_TASKS for split in SPLITS}


def test_the_same_bytes_each_time(generated, tmp_path):
    assert files_in(catalogue.generate("babi", tmp_path / "babi", 50)) == files_in(generated)
    twice = [catalogue.generate("sort_of_clevr", tmp_path / name, 8) for name in "ab"]
    assert files_in(twice[0]) == files_in(twice[1])


def test_generated_scenes(tmp_path):
    folder = catalogue.generate("sort_of_clevr", tmp_path / "deep" / "scenes", 8)
    expected = sort_of_clevr.generate(8, seed=0)
    with np.load(folder / "scenes.npz") as saved:
        assert set(saved) == {"images", "centres", "circles", "questions", "answers", "names"}
        for name in saved:
            np.testing.assert_array_equal(saved[name], getattr(expected, name))


def test_an_empty_folder_is_filled(tmp_path):
    (tmp_path / "scenes").mkdir()
    catalogue.generate("sort_of_clevr", tmp_path / "scenes", 1)
    assert list(files_in(tmp_path)) == ["scenes/scenes.npz"]


@pytest.mark.parametrize("there", ["folder/notes.txt", "folder"])
def test_nothing_is_overwritten(tmp_path, there):
    (tmp_path / there).parent.mkdir(exist_ok=True)
    (tmp_path / there).write_text("mine")
    with pytest.raises(InputError, match=r"folder is there already and not an empty folder"):
        catalogue.generate("sort_of_clevr", tmp_path / "folder", 1)
    assert files_in(tmp_path) == {there: b"mine"}


@pytest.mark.parametrize(("name", "size"), [("babi", 9), ("babi", -1), ("sort_of_clevr", 0)])
def test_a_size_too_small_leaves_nothing(tmp_path, name, size):
    with pytest.raises(InputError, match=f"{size}.*at least"):
        catalogue.generate(name, tmp_path / "new", size)
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_call_left_is_removed_by_the_next_one(tmp_path):
    left = tmp_path / ".scenes.abc.unfinished"
    left.mkdir()
    (left / "scenes.npz").write_bytes(b"half")
    catalogue.generate("sort_of_clevr", tmp_path / "scenes", 1)
    assert list(files_in(tmp_path)) == ["scenes/scenes.npz"]


def test_a_full_disk_leaves_nothing(tmp_path, monkeypatch):
    def save_half(path, **arrays):
        path.write_bytes(b"half")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(catalogue.drawn_scenes.np, "savez_compressed", save_half)
    with pytest.raises(InputError, match=r"could not write .*new .*No space left.*free some space"):
        catalogue.generate("sort_of_clevr", tmp_path / "new", 1)
    assert list(tmp_path.iterdir()) == []


def test_downloads_lie_where_real_data_are_read(data):
    assert paths.downloads() == paths.real_data() == data
