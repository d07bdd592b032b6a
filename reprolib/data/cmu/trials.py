"""The walks of subject 35 of the CMU database, or walks of ours in their place, and which of them train, choose, test.

The paper says how many trials are in each split and not which: ours are dealt out in the order of their numbers. A
trial that is missing is missing from its split, and the others stay where they are.
"""

from collections.abc import Collection
from pathlib import Path

import numpy as np

from reprolib import paths
from reprolib.data.cmu import walker
from reprolib.data.cmu.acclaim import Body, read_amc, read_asf
from reprolib.data.cmu.biovision import read_bvh
from reprolib.data.cmu.skeleton import Walk
from reprolib.errors import InputError

LAYOUT = Path("cmu") / "subjects" / "35"  # under REPROLIB_DATA
SKELETON = "35.asf"
RATE = 120.0  # frames a second, of the database
TRIALS = (*range(1, 17), *range(28, 35))  # that the database calls walks
TEST = TRIALS[1::3][:7]  # every third, seven of them
VALID = tuple(trial for trial in TRIALS if trial not in TEST)[::4]  # every fourth of the rest, four of them
SPLITS = {  # 12, 4 and 7 trials
    "train": tuple(trial for trial in TRIALS if trial not in (*TEST, *VALID)),
    "valid": VALID,
    "test": TEST,
}
CALLED = {"train": "training", "valid": "validation", "test": "test"}
SHORTEST, LONGEST = 240, 420  # frames of a walk of ours; recorded ones have 224 to 497


def folder() -> Path | None:
    """Where the recorded walks lie; None where there is no folder of real data."""
    root = paths.real_data()
    return None if root is None else root / LAYOUT


def file_of(place: Path, trial: int) -> Path:
    """The file of one recorded walk."""
    return place / f"35_{trial:02}.amc"


def present(place: Path) -> tuple[int, ...]:
    """The trials whose file is there."""
    return tuple(trial for trial in TRIALS if file_of(place, trial).is_file())


def missing() -> str | None:
    """None where there are recorded walks for every split, else what is missing and how to get it."""
    place = folder()
    if place is None or not (place / SKELETON).is_file():
        looked = "REPROLIB_DATA is not set" if place is None else f"{place / SKELETON} is not there"
        return f"the recorded walks are missing ({looked}): run `reprolib data fetch cmu`"
    there = present(place)
    for split, trials in SPLITS.items():
        if not set(trials) & set(there):
            return f"{place} holds no {CALLED[split]} trial, 35_{trials[0]:02}.amc or so: run `reprolib data fetch cmu`"
    return None


def lacking(there: Collection[int]) -> str:
    """Which trials are missing and what follows, in words; empty where none is.

    "trials 03, 04 and 06 are missing: 9 of 12 training trials".
    """
    absent = [trial for trial in TRIALS if trial not in there]
    if not absent:
        return ""
    *rest, last = (f"{trial:02}" for trial in absent)
    named = f"trials {', '.join(rest)} and {last} are missing" if rest else f"trial {last} is missing"
    left = (
        f"{len(set(trials) & set(there))} of {len(trials)} {CALLED[split]} trials"
        for split, trials in SPLITS.items()
        if set(trials) & set(absent)
    )
    return f"{named}: {', '.join(left)}"


def recorded(place: Path) -> dict[int, Walk]:
    """The walks of a folder by trial, in the skeleton's unit of length.

    Raises:
        InputError: a file that is damaged, or not of this skeleton.
    """
    body = read_asf(place / SKELETON)
    return {trial: read_walk(file_of(place, trial), body) for trial in present(place)}


def read_walk(path: Path, body: Body | None = None) -> Walk:
    """A walk from an AMC file, whose body is given, or from a BVH file, which has its own.

    Raises:
        InputError: the file cannot be read, or is of another format.
    """
    if path.suffix.lower() == ".bvh":
        return read_bvh(path)
    if path.suffix.lower() != ".amc" or body is None:
        raise InputError(f"{path} is no walk: give a BVH file, or an AMC file with its skeleton")
    return body.walk(read_amc(path, body), RATE)


def generated(seed: int) -> dict[int, Walk]:
    """A walk of ours for every trial, of a length of its own."""
    lengths = np.random.default_rng(seed).integers(SHORTEST, LONGEST + 1, len(TRIALS))
    pairs = zip(TRIALS, lengths.tolist(), strict=True)
    return {trial: walker.walk(frames, seed, trial) for trial, frames in pairs}
