"""What there is to read: every file that somebody may bring, fetch or edit, and what reads it."""

import csv
import hashlib
import json
import os
import shutil
import socket
import tarfile
import threading
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np

from reprolib import paths
from reprolib.contracts.source import Source
from reprolib.data import cache, catalogue, sources
from reprolib.data.basketball.tracked_games import SPLITS
from reprolib.data.clevr import mapped
from reprolib.data.cmu.trials import read_walk
from reprolib.data.fetch import download
from reprolib.errors import InputError
from reprolib.evidence import claims, gains, printed_costs, published, records
from reprolib.own import track_files
from reprolib.own.edge_files import read_edges
from reprolib.own.scene_files import read_scenes
from reprolib.own.story_files import read_stories
from reprolib.settings.data_sets import BasketballData, ClevrData, MotionData, WalkData
from tests.fuzz.search import Target

RESULTS = paths.ROOT / "results"
TABLES = {module.FILE.name: module for module in (published, claims, gains, printed_costs)}
BVH = """HIERARCHY
ROOT hips
{
  OFFSET 0 0 0
  CHANNELS 6 Xposition Yposition Zposition Zrotation Xrotation Yrotation
  JOINT spine
  {
    OFFSET 0 2 0
    CHANNELS 3 Zrotation Xrotation Yrotation
    End Site
    {
      OFFSET 1 0 0
    }
  }
}
MOTION
Frames: 3
Frame Time: 0.0083
0 0 0 0 0 0 0 0 0
1 0 0 0 90 0 10 0 0
2 0 0 0 0 45 0 0 5
"""


# Data sets


def of_catalogue(
    name: str, write: Callable[[Path], object], source: Source | None = None, settings: Any = None
) -> Target:
    """A data set under REPROLIB_DATA: `reprolib data check` refuses or reports whatever loading refuses."""
    sound: list[int] = []  # findings that the sound files differ from the release

    def written(folder: Path) -> None:
        write(folder)
        with data_in(folder):
            sound.append(_differing(catalogue.check(name)))

    def read(folder: Path) -> None:
        with data_in(folder):
            differing = _differing(catalogue.check(name))
            try:
                if source is not None and source.available(settings, "real") is None:
                    source.load(settings, "real")
            except InputError as error:
                if differing <= sound[-1]:
                    raise AssertionError(f"`data check` passes what loading refuses: {error}") from None
                raise

    return Target(written, read)


def _differing(lines: list[str]) -> int:
    return sum(line.startswith("differs") for line in lines)


@contextmanager
def data_in(folder: Path) -> Iterator[None]:
    """REPROLIB_DATA names the folder, and what is built of its files is kept beside it."""
    with (
        patch.dict(os.environ, {"REPROLIB_DATA": str(folder)}),
        patch.object(paths, "BUILD", folder.with_name(f"{folder.name} build")),
    ):
        yield


def _write_babi(folder: Path, packed: str = "") -> None:
    catalogue.generate("babi", folder / "babi", 10)
    released = folder / "babi" / "en-valid-10k"
    if packed == ".zip":
        with zipfile.ZipFile(folder / "babi" / "mine.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            for path in sorted(released.rglob("*.txt")):
                archive.write(path, path.relative_to(folder))
    elif packed == ".tar.gz":
        with tarfile.open(folder / "babi" / "mine.tar.gz", "w:gz") as archive:
            archive.add(released, "tasks/en-valid-10k")
    if packed:
        shutil.rmtree(released)


def _write_clevr(folder: Path) -> None:
    catalogue.generate("clevr", folder / "clevr", 4)


def _write_cmu(folder: Path) -> None:
    catalogue.generate("cmu", folder / "cmu", 12)


def _write_basketball(folder: Path) -> None:
    (folder / "basketball").mkdir(parents=True)
    rng, rows = np.random.default_rng(0), 60
    for name in SPLITS.values():
        players = rng.uniform(0.1, 0.4, (1, 10, 2)) + 0.002 * np.arange(rows)[:, None, None]
        ball = np.concatenate([players[:, 2] + 0.001, np.full((rows, 1), 3.0)], 1)
        for part, found in {
            "player_coords": players,
            "ball_coords": ball,
            "example_stop_idxs": np.array([-1, 2, rows]),
        }.items():
            np.save(folder / "basketball" / f"{part}_{name}__with_1_games.npy", found)


def _write_particles(folder: Path) -> None:
    (folder / "nri").mkdir(parents=True)
    rng = np.random.default_rng(0)
    for split, frames in (("train", 49), ("valid", 49), ("test", 99)):
        for part in ("loc", "vel"):
            np.save(folder / "nri" / f"{part}_{split}_springs5.npy", rng.normal(size=(2, frames, 2, 5)))
        np.save(folder / "nri" / f"edges_{split}_springs5.npy", np.ones((2, 5, 5)))


def _write_walk(folder: Path) -> None:
    folder.mkdir()
    (folder / "mine.bvh").write_text(BVH, encoding="utf-8")


# Downloads


def _write_archive(folder: Path) -> None:
    """CLEVR as it is fetched, at the address of a file."""
    catalogue.generate("clevr_no_images", folder / "CLEVR_v1.0", 2)
    with zipfile.ZipFile(folder / "there.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted((folder / "CLEVR_v1.0").rglob("*.json")):
            archive.write(path, path.relative_to(folder))
    shutil.rmtree(folder / "CLEVR_v1.0")


def _fetch(folder: Path) -> None:
    with data_in(folder):
        catalogue.fetch("clevr_no_images", f"file://{folder}/there.zip")


def _write_answer(folder: Path) -> None:
    """What a server sends, and what a call before has left."""
    folder.mkdir()
    body = b"a body of some bytes " * 20
    head = (
        *("HTTP/1.1 200 OK", "Content-Type: application/gzip", 'ETag: "7"', "Last-Modified: never"),
        *(f"Content-Length: {len(body)}", "Connection: close"),
    )
    (folder / "answer").write_bytes("\r\n".join(head).encode() + b"\r\n\r\n" + body)
    (folder / "partial").write_bytes(
        b"HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 4-419/420\r\nContent-Length: 416\r\n"
        b'ETag: "7"\r\nConnection: close\r\n\r\n' + body[4:]
    )
    (folder / "set.part").write_bytes(body[:4])
    (folder / "set.part.from").write_text('{"address": "ADDRESS", "version": "\\"7\\""}', encoding="utf-8")


def _download(folder: Path) -> None:
    """From a server that sends the first file to whoever asks for the whole and the second to others."""
    whole, rest = (path.read_bytes() if path.is_file() else b"" for path in (folder / "answer", folder / "partial"))
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=_serve, args=(server, whole, rest), daemon=True).start()
        address = f"http://127.0.0.1:{server.getsockname()[1]}/set"
        note = folder / "set.part.from"
        if note.is_file():
            note.write_bytes(note.read_bytes().replace(b"ADDRESS", address.encode()))
        try:
            download(address, folder / "set", most=1 << 20)
        except InputError:
            kept = [(folder / name).exists() for name in ("set.part", "set.part.from")]
            if kept == [True, False]:
                raise AssertionError("a beginning is left without what it is the beginning of") from None
            raise


def _serve(server: socket.socket, whole: bytes, rest: bytes) -> None:
    with suppress(OSError):  # as it is closed
        while True:
            caller, _ = server.accept()
            with caller, suppress(OSError):
                caller.sendall(rest if b"\r\nRange:" in caller.recv(1 << 16) else whole)
                caller.shutdown(socket.SHUT_WR)
                caller.settimeout(1)
                caller.recv(1)


# What people bring


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
    np.save(folder / "edges.npy", np.ones((4, 3)))
    (folder / "edges.csv").write_text("scene,receiver,sender,type\n0,0,1,1\n1,2,3,1\n", encoding="utf-8")


def _places(tracks: np.ndarray) -> Iterator[tuple[tuple[int, ...], np.ndarray]]:
    return ((place, tracks[place]) for place in np.ndindex(tracks.shape[:3]))


def _read_tracks(folder: Path) -> None:
    tracks = np.zeros((3, 6, 4, 2))
    known = track_files.of_arrays(tracks)
    for path in sorted(folder.glob("tracks.*")):
        _each(lambda path=path: track_files.read([path]))
    for path in sorted(folder.glob("edges.*")):
        _each(lambda path=path: _require_types(read_edges(path, known)))


def _require_types(edges: np.ndarray) -> None:
    assert edges.shape == (3, 4, 3)
    assert edges.min() >= 0, f"edges of type {edges.min()} are read"


def _each(read: Callable[[], object]) -> None:
    """One of several readers; that it refuses is no reason to leave out those that follow."""
    with suppress(InputError):
        read()


# What the suite keeps


def _write_record(folder: Path) -> None:
    folder.mkdir()
    weights = min(RESULTS.glob("*/*/*.safetensors"), key=lambda path: path.stat().st_size)
    for path in (weights, weights.with_name(f"{weights.name.split('.')[0]}.json")):
        shutil.copy(path, folder / path.name)


def _read_record(folder: Path) -> None:
    """The record, and its weights as if the record named what they are now."""
    for path in folder.glob("*.json"):
        record = records.read(path)
        for weights in filter(Path.is_file, folder.glob("*.safetensors")):
            sha256 = hashlib.sha256(weights.read_bytes()).hexdigest()
            own = weights.rename(path.with_name(f"{path.stem}.{sha256[:8]}.safetensors"))
            named = record.weights | {"file": own.name, "sha256": sha256}
            try:
                records.check_weights(replace(record, weights=named), path)
            finally:
                own.rename(weights)


def _write_tables(folder: Path) -> None:
    folder.mkdir()
    for name, module in TABLES.items():
        with module.FILE.open(encoding="utf-8", newline="") as stream:
            rows = list(csv.reader(stream))
        with (folder / name).open("w", encoding="utf-8", newline="") as stream:
            csv.writer(stream, lineterminator="\n").writerows(rows[:12])


def _read_tables(folder: Path) -> None:
    for name, module in TABLES.items():
        _each(lambda name=name, module=module: module.read(folder / name))


def _write_kept(folder: Path) -> None:
    folder.mkdir()
    _read_kept(folder)


def _read_kept(folder: Path) -> None:
    """What can be made again is made again, whatever has become of it."""
    with patch.object(paths, "BUILD", folder):
        try:
            made = cache.arrays("kept", "some", "recipe", lambda: {"a": np.arange(6.0), "b": np.ones(3, bool)})
            drawn = mapped.pictures("some", "recipe", (3, 4, 4, 3), lambda some: np.full((3, 4, 4, 3), 7)[some])
        except InputError:
            for part in folder.rglob("*.part"):  # from which the next call goes on
                part.unlink()
            raise
    assert (made["a"] == np.arange(6)).all()
    assert (drawn == 7).all()


TARGETS: Mapping[str, Target] = {
    "babi": of_catalogue("babi", _write_babi),
    "babi_zip": of_catalogue("babi", partial(_write_babi, packed=".zip")),
    "babi_tar": of_catalogue("babi", partial(_write_babi, packed=".tar.gz")),
    "clevr": of_catalogue("clevr", _write_clevr, sources.CLEVR, ClevrData(pictures=True)),
    "cmu": of_catalogue("cmu", _write_cmu, sources.WALKS, WalkData(frames=4)),
    "basketball": of_catalogue("basketball", _write_basketball, sources.BASKETBALL, BasketballData()),
    "particles": of_catalogue("springs", _write_particles, sources.SIMULATED_MOTION, MotionData(test_frames=70)),
    "walk": Target(_write_walk, lambda folder: read_walk(folder / "mine.bvh")),
    "fetch": Target(_write_archive, _fetch, keeps=True),
    "download": Target(_write_answer, _download, keeps=True),
    "stories": Target(_write_stories, lambda folder: read_stories(train=folder / "mine.txt", window=5)),
    "scenes": Target(
        _write_scenes, lambda folder: read_scenes(train=(folder / "scenes.json", folder / "questions.json"))
    ),
    "tracks": Target(_write_tracks, _read_tracks),
    "record": Target(_write_record, _read_record, keeps=True),
    "tables": Target(_write_tables, _read_tables),
    "kept": Target(_write_kept, _read_kept, keeps=True),
}
