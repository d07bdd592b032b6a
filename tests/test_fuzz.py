"""The search for damaged files that no reader refuses as it should: it finds planted ones, and is repeatable."""

import random
import shutil
import time

import pytest

from reprolib.errors import InputError
from tests.fuzz import search
from tests.fuzz.damage import DEFECTS, WITHIN, damaged
from tests.fuzz.targets import TARGETS

QUICK = [name for name in TARGETS if name not in ("babi", "clevr", "cmu", "particles")]  # which take minutes
SOUND = b"".join(b"%d 1.5 word\n" % number for number in range(20))


def target(read):
    """One file of lines, which `read` is given."""

    def write(folder):
        folder.mkdir()
        (folder / "lines.txt").write_bytes(SOUND)

    return search.Target(write, lambda folder: read(folder / "lines.txt"))


def after(cases):
    """Says that it is enough after so many cases."""
    left = iter(range(cases))
    return lambda: next(left, None) is None


def findings(read, kept, cases=40):
    return search.run({"planted": target(read)}, after(cases), kept=kept)


@pytest.fixture(autouse=True)
def little_patience(monkeypatch):
    """With a reader that waits for a pipe."""
    monkeypatch.setattr(search, "PATIENCE", 20)


def strict(path):
    """Refuses whatever is not as it was written."""
    if not path.is_file() or path.read_bytes() != SOUND:
        raise InputError(f"{path} is damaged: write it again")


def test_a_reader_that_refuses_every_damage_in_one_line_is_sound(tmp_path):
    assert findings(strict, tmp_path) == []
    assert list(tmp_path.iterdir()) == []


def test_another_exception_is_found_kept_and_repeated(tmp_path):
    def careless(path):
        return [int(line.split()[0]) for line in path.read_text().splitlines()] if path.is_file() else []

    found_here = findings(careless, tmp_path)
    assert found_here
    for found in found_here:
        kept = tmp_path / f"planted-{found.number}"
        assert (kept / "lines.txt").exists()
        assert found.said in kept.with_suffix(".txt").read_text()
        again = search.run({"planted": target(careless)}, after(1), first=found.number, kept=tmp_path)
        assert [each.number for each in again] == [found.number]


@pytest.mark.parametrize("error", [KeyError, MemoryError, RecursionError, SystemExit, AssertionError, OSError])
def test_whatever_is_raised_is_found(error, tmp_path):
    def careless(path):
        raise error("planted")

    (found,) = findings(careless, tmp_path, cases=1)
    assert found.said.strip().endswith(f"{error.__name__}: planted") or error is KeyError
    assert "planted" in (tmp_path / "planted-0.txt").read_text()


def test_an_error_of_two_lines_and_a_file_left_behind_are_found(tmp_path):
    def wordy(path):
        raise InputError(f"{path}\nis damaged")

    def untidy(path):
        path.with_suffix(".part").touch()

    assert "several lines" in findings(wordy, tmp_path, cases=1)[0].said
    assert "left behind: lines.part" in findings(untidy, tmp_path, cases=1)[0].said


def test_a_reader_that_hangs_is_found(tmp_path, monkeypatch):
    monkeypatch.setattr(search, "PATIENCE", 1)
    (found,) = findings(lambda _: time.sleep(30), tmp_path, cases=1)
    assert "HangError" in found.said


@pytest.mark.parametrize("defect", DEFECTS, ids=lambda defect: defect.__name__)
def test_every_defect_takes_any_bytes_and_is_drawn_alone(defect):
    for content in (b"", b"\x00", SOUND):
        assert defect(content, random.Random(1)) == defect(content, random.Random(1))
    assert any(defect(SOUND, random.Random(seed)) != SOUND for seed in range(5))


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    """A folder with the sound files of every target that is written in a moment."""
    folder = tmp_path_factory.mktemp("sound")
    for name in QUICK:
        TARGETS[name].write(folder / name)
    return folder


def test_a_defect_within_a_file_is_the_same_each_time(sound):
    """Of every kind of file; those of pictures are made only where scenes are drawn."""
    files = {path.suffix: path.read_bytes() for path in sound.rglob("*") if path.suffix in WITHIN}
    assert files.keys() == WITHIN.keys() - {".png"}
    for kind, content in files.items():
        drawn = [damaged(content, kind, random.Random(seed)) for seed in range(60)]
        assert drawn == [damaged(content, kind, random.Random(seed)) for seed in range(60)]
        assert sum(each != content for each in drawn) > 40


@pytest.mark.parametrize("name", QUICK)
def test_no_reader_of_ours_is_caught(name, sound, tmp_path):
    """The sound files are read, and damaged ones end as they should."""
    TARGETS[name].read(shutil.copytree(sound / name, tmp_path / name))
    cases = (search.case(name, TARGETS[name], sound / name, number, tmp_path) for number in range(25))
    assert [found for found in cases if found] == []
