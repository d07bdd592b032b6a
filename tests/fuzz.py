"""Damaged files, for as long as somebody asks: `make fuzz MINUTES=30`.

A folder of sound files is written once. Case by case one of its files is damaged, and the folder is read. A reader
takes it, or refuses it with one InputError of one line. Whatever else happens is a finding: another exception, a reader
that hangs, a file that was left beside the others. Every finding is kept with its damaged files, and a case is repeated
by its target and number.
"""

import argparse
import itertools
import json
import os
import random
import re
import shutil
import signal
import sys
import tempfile
import time
import traceback
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tqdm import tqdm

from reprolib import paths
from reprolib.data import catalogue
from reprolib.errors import InputError
from reprolib.evidence import records
from reprolib.own import track_files
from reprolib.own.scene_files import read_scenes
from reprolib.own.story_files import read_stories

_NUMBER = re.compile(rb"-?\d+(?:\.\d+)?")
PATIENCE = 60  # seconds that reading a small folder may take
KEPT = paths.BUILD / "fuzz"
ODD = (  # in the place of a number
    *(b"-1", b"0", b"1e999", b"-0.5", b"NaN", b"Infinity", b"null", b"true", b'"7"', b"[]", b"{}"),
    *(b"9" * 5_000, b"1" + b"0" * 400, b"0x10", b"18446744073709551616", b"", "\u0663".encode()),
)
STRANGE = (  # anywhere
    *(
        b"\x00",
        b"\xff\xfe",
        b"\xef\xbb\xbf",
        b"\r",
        b"\n\n",
        b"\t",
        b'"',
        b"{",
        b"]",
        b",",
        b"/../",
        b"\xf0\x9f\x90\x98",
    ),
    *(b"[" * 20_000, b'{"a":' * 20_000, b" " * 100_000),
)


@dataclass(frozen=True)
class Target:
    """What is damaged and read: `write` fills an empty folder with sound files, `read` reads them all."""

    write: Callable[[Path], object]
    read: Callable[[Path], object]


@dataclass(frozen=True)
class Finding:
    """A case that did not end as it should, in words."""

    target: str
    number: int
    said: str


def damaged(content: bytes, draw: random.Random) -> bytes:
    """The same bytes with one to three defects; nothing but `draw` decides which."""
    for _ in range(draw.choice((1, 1, 2, 3))):
        content = draw.choice(DEFECTS)(content, draw)
    return content


def _flipped(content: bytes, draw: random.Random) -> bytes:
    changed = bytearray(content)
    for _ in range(draw.choice((1, 4, 32)) if changed else 0):
        changed[draw.randrange(len(changed))] = draw.randrange(256)
    return bytes(changed)


def _cut(content: bytes, draw: random.Random) -> bytes:
    return content[: draw.randint(0, len(content))]


def _without(content: bytes, draw: random.Random) -> bytes:
    start, end = _span(content, draw)
    return content[:start] + content[end:]


def _twice(content: bytes, draw: random.Random) -> bytes:
    start, end = _span(content, draw)
    return content[:end] + content[start:end] + content[end:]


def _another_number(content: bytes, draw: random.Random) -> bytes:
    """One run of digits is something else now."""
    runs = [match.span() for match in itertools.islice(_NUMBER.finditer(content), 10_000)]
    if not runs:
        return _flipped(content, draw)
    start, end = draw.choice(runs)
    return content[:start] + draw.choice(ODD) + content[end:]


def _strange(content: bytes, draw: random.Random) -> bytes:
    place = draw.randint(0, len(content))
    return content[:place] + draw.choice(STRANGE) + content[place:]


def _lines_swapped(content: bytes, draw: random.Random) -> bytes:
    lines = content.split(b"\n")
    one, other = draw.randrange(len(lines)), draw.randrange(len(lines))
    lines[one], lines[other] = lines[other], lines[one]
    return b"\n".join(lines)


def _span(content: bytes, draw: random.Random) -> tuple[int, int]:
    start = draw.randint(0, len(content))
    return start, min(len(content), start + draw.choice((1, 8, 64, 1_024)))


DEFECTS = (_flipped, _cut, _without, _twice, _another_number, _another_number, _strange, _lines_swapped)


def replaced(path: Path, draw: random.Random) -> None:
    """A file turns into something that is no file of its kind."""
    path.unlink()
    kind = draw.choice(("folder", "dangling", "loop", "nothing"))
    if kind == "folder":
        path.mkdir()
    elif kind == "dangling":
        path.symlink_to(path.with_name("nowhere"))
    elif kind == "loop":
        path.symlink_to(path.name)


def case(name: str, target: Target, sound: Path, number: int, kept: Path = KEPT) -> Finding | None:
    """Damage a copy of the sound files as the number says, and read it."""
    draw = random.Random(f"{name} {number}")
    with tempfile.TemporaryDirectory(prefix="fuzz-") as place:
        folder = Path(shutil.copytree(sound, Path(place) / "data"))
        path = draw.choice(sorted(each for each in folder.rglob("*") if each.is_file()))
        if draw.random() < 0.05:
            replaced(path, draw)
        else:
            path.write_bytes(damaged(path.read_bytes(), draw))
        before = _names(folder)
        said = _outcome(target, folder)
        left = _names(folder) - before
        if said is None and left:
            said = f"left behind: {', '.join(sorted(left))}"
        if said is None:
            return None
        saved = kept / f"{name}-{number}"
        shutil.rmtree(saved, ignore_errors=True)
        shutil.copytree(folder, saved, symlinks=True)
        (saved.with_suffix(".txt")).write_text(f"{path.relative_to(folder)}\n{said}\n", encoding="utf-8")
        return Finding(name, number, said)


def _outcome(target: Target, folder: Path) -> str | None:
    """What is wrong with how reading ended; None: nothing."""
    try:
        with patience(PATIENCE):
            target.read(folder)
    except InputError as error:
        return None if len(str(error).splitlines()) == 1 else f"an error of several lines: {error}"
    except (Exception, SystemExit):
        return traceback.format_exc()
    return None


@contextmanager
def patience(seconds: int) -> Iterator[None]:
    """TimeoutError in what takes longer."""

    def stop(*_: object) -> None:
        raise TimeoutError(f"it was not done after {seconds} seconds")

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


# What there is to read


def of_catalogue(name: str, size: int, layout: str, zipped: bool = False) -> Target:
    """Files in a data set's released layout, read as `reprolib data check` reads them."""

    def write(folder: Path) -> None:
        catalogue.generate(name, folder / layout, size)
        if zipped:
            _zip(folder / layout)

    def read(folder: Path) -> None:
        with data_in(folder):
            catalogue.check(name)

    return Target(write, read)


def _zip(folder: Path) -> None:
    """An archive takes a folder's place."""
    with zipfile.ZipFile(folder / "archive.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*.txt")):
            archive.write(path, path.relative_to(folder.parent))
    for path in folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path)


@contextmanager
def data_in(folder: Path) -> Iterator[None]:
    """REPROLIB_DATA names the folder."""
    before = os.environ.get("REPROLIB_DATA")
    os.environ["REPROLIB_DATA"] = str(folder)
    try:
        yield
    finally:
        del os.environ["REPROLIB_DATA"]
        if before is not None:
            os.environ["REPROLIB_DATA"] = before


def _write_stories(folder: Path) -> None:
    folder.mkdir()
    lines = ["1 Mary went to the kitchen.", "2 John took the milk.", "3 Where is Mary?\tkitchen\t1"]
    (folder / "mine.txt").write_text("\n".join(3 * lines) + "\n", encoding="utf-8")


def _write_scenes(folder: Path) -> None:
    folder.mkdir()
    cube, ball = {"shape": "cube", "place": [0.0, 1.0]}, {"shape": "ball", "place": [2.0, 1.0]}
    scenes = {"scenes": [{"image_index": number, "objects": [cube, ball]} for number in range(3)]}
    asked = [{"image_index": number, "question": "What is left of the ball?", "answer": "cube"} for number in range(3)]
    (folder / "scenes.json").write_text(json.dumps(scenes), encoding="utf-8")
    (folder / "questions.json").write_text(json.dumps({"questions": asked}), encoding="utf-8")


def _write_tracks(folder: Path) -> None:
    folder.mkdir()
    tracks = np.random.default_rng(0).normal(size=(3, 6, 4, 2))
    np.save(folder / "tracks.npy", tracks)
    np.savez(folder / "tracks.npz", trajectories=tracks, present=np.ones((3, 6, 4), bool))
    rows = ["scene,frame,object,x,y", *(f"{s},{t},{n},{x:.4f},{y:.4f}" for (s, t, n), (x, y) in _places(tracks))]
    (folder / "tracks.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")


def _places(tracks: np.ndarray) -> Iterator[tuple[tuple[int, ...], np.ndarray]]:
    return ((place, tracks[place]) for place in np.ndindex(tracks.shape[:3]))


def _read_tracks(folder: Path) -> None:
    refused = []
    for path in sorted(folder.glob("tracks.*")):
        try:
            track_files.read([path])
        except InputError as error:
            refused.append(error)
    if refused:
        raise refused[0]


def _write_record(folder: Path) -> None:
    folder.mkdir()
    committed = next(iter(sorted((paths.ROOT / "results").glob("*/*/*.json"))))
    shutil.copy(committed, folder / committed.name)


TARGETS = {
    "babi": of_catalogue("babi", 10, "babi"),
    "babi_zip": of_catalogue("babi", 10, "babi", zipped=True),
    "clevr": of_catalogue("clevr", 2, "clevr"),
    "cmu": of_catalogue("cmu", 20, "cmu"),
    "stories": Target(_write_stories, lambda folder: read_stories(train=folder / "mine.txt", window=5)),
    "scenes": Target(
        _write_scenes, lambda folder: read_scenes(train=(folder / "scenes.json", folder / "questions.json"))
    ),
    "tracks": Target(_write_tracks, _read_tracks),
    "record": Target(_write_record, lambda folder: [records.read(path) for path in folder.glob("*.json")]),
}


def main(words: Sequence[str] | None = None) -> int:
    """The command: 0 where nothing was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--first", type=int, default=0, help="number of the first case; the same numbers do the same")
    parser.add_argument("--only", choices=TARGETS, help="one target alone")
    parser.add_argument("--cases", type=int, help="of each target, in place of minutes")
    asked = parser.parse_args(words)
    targets = {name: target for name, target in TARGETS.items() if asked.only in (None, name)}
    end, left = time.monotonic() + 60 * asked.minutes, itertools.count()
    enough = (
        (lambda: time.monotonic() > end) if asked.cases is None else lambda: next(left) >= asked.cases * len(targets)
    )
    findings = run(targets, enough, asked.first)
    print(f"fuzz: {len(findings)} findings" + (f", kept in {KEPT}" if findings else ""))
    for found in findings:
        print(f"  python -m tests.fuzz --only {found.target} --first {found.number} --cases 1")
    return min(1, len(findings))


if __name__ == "__main__":
    sys.exit(main())
