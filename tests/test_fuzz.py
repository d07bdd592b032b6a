"""The search for damaged files that no reader refuses as it should: it finds planted ones, and is repeatable."""

import random
import shutil
import time

import pytest

from reprolib.errors import InputError
from tests import fuzz

SOUND = b"".join(b"%d 1.5 word\n" % number for number in range(20))


def target(read):
    """One file of lines, which `read` is given."""

    def write(folder):
        folder.mkdir()
        (folder / "lines.txt").write_bytes(SOUND)

    return fuzz.Target(write, lambda folder: read(folder / "lines.txt"))


def after(cases):
    """Says that it is enough after so many cases."""
    left = iter(range(cases))
    return lambda: next(left, None) is None


def search(read, kept, cases=40):
    return fuzz.run({"planted": target(read)}, after(cases), kept=kept)


def strict(path):
    """Refuses whatever is not as it was written."""
    if not path.is_file() or path.read_bytes() != SOUND:
        raise InputError(f"{path} is damaged: write it again")


def test_a_reader_that_refuses_every_damage_in_one_line_is_sound(tmp_path):
    assert search(strict, tmp_path) == []
    assert list(tmp_path.iterdir()) == []


def test_another_exception_is_found_kept_and_repeated(tmp_path):
    def careless(path):
        return [int(line.split()[0]) for line in path.read_text().splitlines()]

    findings = search(careless, tmp_path)
    assert findings
    for found in findings:
        kept = tmp_path / f"planted-{found.number}"
        assert (kept / "lines.txt").is_symlink() or (kept / "lines.txt").exists() or not any(kept.iterdir())
        assert found.said in kept.with_suffix(".txt").read_text()
        again = fuzz.run({"planted": target(careless)}, after(1), first=found.number, kept=tmp_path)
        assert [each.number for each in again] == [found.number]


def test_an_error_of_two_lines_and_a_file_left_behind_are_found(tmp_path):
    def wordy(path):
        raise InputError(f"{path}\nis damaged")

    def untidy(path):
        path.with_suffix(".part").touch()

    assert "several lines" in search(wordy, tmp_path, cases=1)[0].said
    assert "left behind: lines.part" in search(untidy, tmp_path, cases=1)[0].said


def test_a_reader_that_hangs_is_found(tmp_path, monkeypatch):
    monkeypatch.setattr(fuzz, "PATIENCE", 1)
    (found,) = search(lambda _: time.sleep(30), tmp_path, cases=1)
    assert "TimeoutError" in found.said


@pytest.mark.parametrize("defect", fuzz.DEFECTS, ids=lambda defect: defect.__name__)
def test_every_defect_takes_any_bytes_and_is_drawn_alone(defect):
    for content in (b"", b"\x00", SOUND):
        assert defect(content, random.Random(1)) == defect(content, random.Random(1))
    assert any(defect(SOUND, random.Random(seed)) != SOUND for seed in range(5))


@pytest.mark.parametrize("name", ["stories", "scenes", "tracks", "record", "babi_zip"])
def test_no_reader_of_ours_is_caught(name, tmp_path):
    assert fuzz.run({name: fuzz.TARGETS[name]}, after(25), kept=tmp_path) == []


def test_every_target_reads_its_sound_files(tmp_path):
    for name in ("stories", "scenes", "tracks", "record", "babi", "babi_zip", "cmu"):
        fuzz.TARGETS[name].write(tmp_path / name)
        fuzz.TARGETS[name].read(tmp_path / name)
        shutil.rmtree(tmp_path / name)
