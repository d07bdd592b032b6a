"""Whatever interrupts the writing of a file, the old content stays and nothing lies beside it."""

import os
import resource
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch

from reprolib.errors import InputError
from reprolib.files import locked, temporary_beside, write_atomically, write_text
from reprolib.paths import ROOT

LARGE = 1 << 20


@pytest.fixture
def full_disk():
    """Inside this, the kernel refuses to let a file grow beyond 4 KiB, as it does when a disk is full."""
    usual = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, usual[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, usual)


@pytest.fixture
def old(tmp_path):
    path = tmp_path / "folder" / "file.json"
    write_text(path, "old")
    return path


def is_as_it_was(path):
    return path.read_text() == "old" and os.listdir(path.parent) == [path.name]


def test_round_trip_and_mode(tmp_path):
    path = tmp_path / "new" / "folder" / "ä.txt"
    write_text(path, "größer\n")
    assert path.read_text(encoding="utf-8") == "größer\n"
    assert path.stat().st_mode & 0o777 == 0o644, "readable by others, unlike a temporary file"


@pytest.mark.parametrize(
    "write",
    [
        lambda path: path.write_bytes(bytes(LARGE)),
        lambda path: torch.save({"tensor": torch.zeros(LARGE)}, path),
    ],
    ids=["bytes", "torch"],
)
def test_a_full_disk(old, write, full_disk):
    with pytest.raises(InputError, match=r"could not write .*file\.json \(.*\): free some space"):
        write_atomically(old, write)
    assert is_as_it_was(old)


def test_an_interruption(old):
    def half(path):
        path.write_text("ne")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_atomically(old, half)
    assert is_as_it_was(old)


def test_kill_9_while_writing(old):
    code = """
import os, pathlib, sys
from reprolib.files import write_atomically
def half(path):
    path.write_text("ne")
    os.kill(os.getpid(), 9)
write_atomically(pathlib.Path(sys.argv[1]), half)
"""
    child = subprocess.run([sys.executable, "-c", code, old], cwd=ROOT, check=False)
    assert child.returncode == -signal.SIGKILL
    assert old.read_text() == "old"
    assert sorted(old.parent.glob("*.json")) == [old], "what is left over is taken for a file"
    assert len(os.listdir(old.parent)) == 2
    write_text(old, "old")
    assert is_as_it_was(old), "the next one removes what was left"


def test_what_another_process_is_writing_and_what_is_not_ours_stays(old):
    mine = old.parent / ".file.json.settings"
    mine.touch()
    with temporary_beside(old) as theirs, temporary_beside(old, folder=True) as folder:
        (folder / "half").touch()
        write_text(old, "new")
        assert {path.name for path in old.parent.iterdir()} == {old.name, mine.name, theirs.name, folder.name}
    assert {path.name for path in old.parent.iterdir()} == {old.name, mine.name}


def test_a_folder_that_cannot_be(old):
    with pytest.raises(InputError, match="could not write"):
        write_text(old / "inside" / "a.json", "new")
    assert is_as_it_was(old)


def test_an_error_of_the_writer_is_not_taken_for_a_disk(old):
    with pytest.raises(ZeroDivisionError):
        write_atomically(old, lambda path: 1 / 0)
    assert is_as_it_was(old)


def test_a_lock_is_held_by_one_and_lost_with_its_process(tmp_path):
    path = tmp_path / "folder" / "run.pt"
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import pathlib, sys, time; from reprolib.files import locked\n"
            "with locked(pathlib.Path(sys.argv[1])): print('held', flush=True); time.sleep(600)",
            str(path),
        ],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout.readline() == "held\n"
    with locked(path, wait=False) as free:
        assert not free
    holder.kill()
    holder.communicate()
    with locked(path) as free:
        assert free
        with locked(path, wait=False) as again:
            assert not again, "taken twice"
    assert os.listdir(path.parent) == [], "who lets go removes the lock"


def test_locks_that_come_and_go_are_held_by_one_at_a_time(tmp_path):
    """Each removes the file that others wait for."""
    held, most = [], []

    def hold(_):
        with locked(tmp_path / "run.pt"):
            held.append(1)
            most.append(len(held))
            time.sleep(0.001)
            held.pop()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(hold, range(200)))
    assert most == [1] * 200
    assert os.listdir(tmp_path) == []


def test_a_lock_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("no folder")
    with (
        pytest.raises(InputError, match=r"could not write .*run\.lock \(.*\): free some space"),
        locked(tmp_path / "file" / "run.pt"),
    ):
        raise AssertionError("held a lock that is not there")
