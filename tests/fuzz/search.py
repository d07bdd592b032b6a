"""Damaged files, for as long as somebody asks: `make fuzz MINUTES=30`.

A folder of sound files is written once. Case by case one of its files is damaged, and the folder is read. A reader
takes it, or refuses it with one InputError of one line. Whatever else happens is a finding: another exception, numbers
that overflow on the way, a reader that hangs, a file that was left beside the others. Every finding is kept with its
damaged files, and a case is repeated by its target and number.
"""

import io
import itertools
import random
import shutil
import signal
import sys
import tempfile
import traceback
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stderr
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

from reprolib import paths
from reprolib.errors import InputError
from tests.fuzz.damage import damaged, replaced

PATIENCE = 60  # seconds that reading a small folder may take
KEPT = paths.BUILD / "fuzz"


class HangError(BaseException):
    """A reader was not done in time; no OSError, which readers take for a disk's."""


@dataclass(frozen=True)
class Target:
    """What is damaged and read: `write` fills a new folder with sound files, `read` reads them all."""

    write: Callable[[Path], object]
    read: Callable[[Path], object]
    keeps: bool = False  # files that reading makes where nothing is wrong


@dataclass(frozen=True)
class Finding:
    """A case that did not end as it should, in words."""

    target: str
    number: int
    said: str


def case(name: str, target: Target, sound: Path, number: int, kept: Path = KEPT) -> Finding | None:
    """Damage a copy of the sound files as the number says, and read it."""
    draw = random.Random(f"{name} {number}")
    with tempfile.TemporaryDirectory(prefix="fuzz-") as place:
        folder = Path(shutil.copytree(sound, Path(place) / "data"))
        path = draw.choice(sorted(each for each in folder.rglob("*") if each.is_file()))
        if draw.random() < 0.05:
            replaced(path, folder, draw)
        else:
            path.write_bytes(damaged(path.read_bytes(), path.suffix, draw))
        before = _names(folder)
        said, refused = _outcome(target, folder)
        left = _names(folder) - before
        if said is None and left and (refused or not target.keeps):
            said = f"left behind: {', '.join(sorted(left))}"
        if said is None:
            return None
        saved = kept / f"{name}-{number}"
        shutil.rmtree(saved, ignore_errors=True)
        shutil.copytree(folder, saved, symlinks=True, ignore=_pipes)
        (saved.with_suffix(".txt")).write_text(f"{path.relative_to(folder)}\n{said}\n", encoding="utf-8")
        return Finding(name, number, said)


def _pipes(folder: str, names: list[str]) -> list[str]:
    """What cannot be copied."""
    return [name for name in names if (Path(folder) / name).is_fifo()]


def _outcome(target: Target, folder: Path) -> tuple[str | None, bool]:
    """What is wrong with how reading ended, None for nothing; and whether it was refused."""
    try:
        with patience(PATIENCE), redirect_stderr(io.StringIO()), warnings.catch_warnings():
            warnings.simplefilter("error", RuntimeWarning)  # of numbers that came out as none
            target.read(folder)
    except InputError as error:
        return (None if len(str(error).splitlines()) == 1 else f"an error of several lines: {error}"), True
    except (Exception, SystemExit, HangError):
        return traceback.format_exc(), True
    return None, False


@contextmanager
def patience(seconds: int) -> Iterator[None]:
    """HangError in what takes longer."""

    def stop(*_: object) -> None:
        raise HangError(f"it was not done after {seconds} seconds")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def _names(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def run(targets: Mapping[str, Target], until: Callable[[], bool], first: int = 0, kept: Path = KEPT) -> list[Finding]:
    """Cases of all targets in turn until somebody says that it is enough, from the first number on."""
    findings: list[Finding] = []
    with (
        tempfile.TemporaryDirectory(prefix="fuzz-") as place,
        tqdm(unit=" cases", mininterval=1.0, disable=None) as bar,
    ):
        for name, target in targets.items():
            target.write(Path(place) / name)
        for number in itertools.count(first):
            for name, target in targets.items():
                if until():
                    return findings
                if found := case(name, target, Path(place) / name, number, kept):
                    findings.append(found)
                    bar.write(f"fuzz: {name} {number}: {found.said.strip().splitlines()[-1]}", file=sys.stderr)
                bar.update()
    return findings
