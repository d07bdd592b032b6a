"""Recorded walks: subject 35 of the CMU database, a file a trial, and walks of ours in files of the same layout."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np

from reprolib import paths
from reprolib.data.catalogue.known import Entry
from reprolib.data.cmu import acclaim, trials, walker
from reprolib.data.fetch import download
from reprolib.errors import InputError

MOST = 1 << 24  # bytes of a file: many times those of the longest trial
DRIFT = 1e-9  # of a bone's length, by rounding


def _folder() -> Path:
    return paths.downloads() / trials.LAYOUT


def _download(url: str) -> Path:
    """Fetch the skeleton, then every trial that is not there or damaged; one that cannot be had holds up no other.

    Args:
        url: the address of the folder of all files.
    """
    folder, address = _folder(), url.rstrip("/")
    skeleton = folder / trials.SKELETON
    _fetch_file(f"{address}/{skeleton.name}", skeleton, acclaim.read_asf)
    body, failed = acclaim.read_asf(skeleton), []
    for trial in trials.TRIALS:
        path = trials.file_of(folder, trial)
        try:
            _fetch_file(f"{address}/{path.name}", path, lambda file: acclaim.read_amc(file, body))
        except InputError as error:
            failed.append(error)
    if failed:
        raise InputError(f"{trials.lacking(trials.present(folder))}; the first error: {failed[0]}")
    return folder


def _fetch_file(url: str, path: Path, check: Callable[[Path], object]) -> None:
    """Download a file, unless it is there and whole; a damaged one stays until a whole one takes its place."""
    try:
        check(path)
    except InputError:
        download(url, path, check=check, most=MOST)


def _check() -> list[str]:
    folder = _folder()
    body = acclaim.read_asf(folder / trials.SKELETON)
    there = trials.present(folder)
    head = f"ok       {trials.SKELETON}: {len(body.skeleton.names)} joints, sha256 {_sha256(folder / trials.SKELETON)}"
    absent = [f"differs  {said}"] if (said := trials.lacking(there)) else []
    return [head, *(_check_trial(folder, trial, body) for trial in there), *absent]


def _check_trial(folder: Path, trial: int, body: acclaim.Body) -> str:
    """Read a trial, and hold the lengths of its bones in all frames against the skeleton's."""
    path = trials.file_of(folder, trial)
    walk = trials.read_walk(path, body)
    bones = walk.positions[:, 1:] - walk.positions[:, list(walk.skeleton.parents[1:])]  # [F, J - 1, 3]
    off = np.abs(np.linalg.norm(bones, axis=2) - walk.skeleton.lengths[1:]).max()
    split = next(trials.CALLED[name] for name, known in trials.SPLITS.items() if trial in known)
    fits = "bones keep their lengths" if off < DRIFT * walk.skeleton.lengths.max() else f"bones stretch by {off:.3g}"
    mark = "ok" if fits.startswith("bones keep") else "differs"
    return f"{mark:8} {path.name} ({split}): {len(walk.positions)} frames, {fits}, sha256 {_sha256(path)}"


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _write(folder: Path, size: int) -> None:
    if size < 1:
        raise InputError(f"size is {size}: give at least 1 frame a trial")
    place, body = folder / trials.LAYOUT.relative_to("cmu"), walker.body()
    place.mkdir(parents=True)
    (place / trials.SKELETON).write_text(walker.asf().read_text(encoding="utf-8"), encoding="utf-8")
    for trial in trials.TRIALS:
        text = acclaim.amc_text(walker.channels(size, 0, trial), body)
        trials.file_of(place, trial).write_text(text, encoding="utf-8")


ENTRY = Entry(
    name="cmu",
    title="Motion capture of a walking body: subject 35 of the CMU Graphics Lab database, 23 trials",
    licence="free for all uses but resale; acknowledge mocap.cs.cmu.edu, created with funding from NSF EIA-0196217",
    url="http://mocap.cs.cmu.edu/subjects/35",
    size=6_900_000,  # of the 24 files, about
    layout=f"{trials.LAYOUT}/, with {trials.SKELETON} and 35_01.amc to 35_16.amc, 35_28.amc to 35_34.amc",
    generator="subjects/35/ in the database's layout, a skeleton and 23 walks of ours; size: frames of each",
    download=_download,
    check=_check,
    write=_write,
    there=lambda: _folder().exists(),
)
