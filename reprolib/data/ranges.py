"""The ranges that are mapped to [-1, 1]: of the paper's 50,000 training scenes, however few of them train.

Extremes grow with the number of scenes. Taken from the scenes that train, they would give every size of the training
set units of its own, and squared errors could not be compared. The ranges of the tables' systems are committed beside
this file. Those of other scenes are found when they are asked for, and kept under _build.
"""

import csv
import functools
import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from reprolib.data import cache, simulations
from reprolib.data.simulations import SYSTEMS, VIEWS, Scale
from reprolib.files import write_text

FILE = Path(__file__).with_name("ranges.csv")
COLUMNS = ("system", "objects", "seed", "quantity", "low", "high")
SCENES, FRAMES, STREAM = 50_000, 49, 0  # the paper's training set, which is the first stream of a seed
LARGER = (7, 14, 20)  # further numbers of particles on springs
COMMITTED = (  # system, objects, seed
    *((system, objects, 0) for system in SYSTEMS for objects in (5, 10)),
    *(("springs", objects, 0) for objects in LARGER),
)
RAW = {"kuramoto": "kuramoto_raw"}  # the view whose features are not scaled yet
QUANTITIES = {  # and their features; x and y share a range, as in the official loader
    "springs": {"position": slice(0, 2), "velocity": slice(2, 4)},
    "charged": {"position": slice(0, 2), "velocity": slice(2, 4)},
    "kuramoto": {"rate": slice(0, 1)},
}
CLOSE = 1e-5  # of a range: as far as another processor's sines may move its ends

Range = tuple[float, float]
Ranges = Mapping[str, Range]  # quantity: (low, high)


def scale(kind: str, objects: int, seed: int) -> Scale:
    """From raw features to the models' units; what a view of oscillators has scaled already stays as it is.

    Raises:
        InputError: unknown kind, fewer than two objects or a negative seed.
    """
    simulations.check(kind, objects=objects, seed=seed)
    if kind in VIEWS:
        view, unit = VIEWS[kind], (-1.0, 1.0)
        rate = unit if view.get("scaled", True) else of(kind, objects, seed)["rate"]
        return Scale((rate, *(unit,) * (2 + view.get("cosine", False))))
    position, velocity = (of(kind, objects, seed)[name] for name in ("position", "velocity"))
    return Scale((position, position, velocity, velocity))


def of(kind: str, objects: int, seed: int) -> Ranges:
    """The committed ranges of a system, or else those that are found now: 50,000 scenes take a minute or so."""
    system = simulations.system(kind)
    if (system, objects, seed) in committed():
        return committed()[system, objects, seed]
    known = simulations.recipe(RAW.get(system, system), SCENES, objects, FRAMES, seed, STREAM)
    kept = cache.arrays("ranges", system, known, lambda: _arrays(found(system, objects, seed)))
    return {name: (float(low), float(high)) for name, (low, high) in kept.items()}


def identity(kind: str, objects: int, seed: int) -> str:
    """What the units are, for the data's identity: the committed ranges, or how others are found."""
    known = committed().get((simulations.system(kind), objects, seed))
    return json.dumps(known) if known else f"the ranges of {SCENES} scenes"


def found(system: str, objects: int, seed: int, scenes: int = SCENES) -> Ranges:
    """The least and the largest value of each quantity over the first training scenes, a chunk of them at a time."""
    parts = QUANTITIES[system]
    ends = dict.fromkeys(parts, (np.inf, -np.inf))
    for _, chunk in simulations.chunks(RAW.get(system, system), scenes, objects, FRAMES, seed, STREAM):
        for name, features in parts.items():
            values, (low, high) = chunk.trajectories[..., features], ends[name]
            ends[name] = min(low, float(values.min())), max(high, float(values.max()))
    return ends


def _arrays(ranges: Ranges) -> dict[str, np.ndarray]:
    return {name: np.array(ends) for name, ends in ranges.items()}


@functools.cache
def committed(file: Path = FILE) -> Mapping[tuple[str, int, int], Ranges]:
    """The table beside this file, by system, objects and seed."""
    known: dict[tuple[str, int, int], dict[str, Range]] = {}
    with file.open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            key = row["system"], int(row["objects"]), int(row["seed"])
            known.setdefault(key, {})[row["quantity"]] = float(row["low"]), float(row["high"])
    return known


def check() -> Iterator[str]:
    """A line a system, which says whether its ranges come out as in the table."""
    for key in COMMITTED:
        ranges, known = found(*key), committed().get(key, {})
        system, objects, seed = key
        said = "ok     " if agree(known, ranges) else "differs"
        yield f"{said}  {system}, {objects} objects, seed {seed}: {json.dumps(ranges)}"


def write(file: Path = FILE) -> Path:
    """Make the table anew; returns its file.

    Raises:
        InputError: the file cannot be written.
    """
    write_text(file, text({key: found(*key) for key in COMMITTED}))
    committed.cache_clear()
    return file


def text(table: Mapping[tuple[str, int, int], Ranges]) -> str:
    """A table as CSV."""
    lines = [COLUMNS, *((*key, name, *ends) for key, ranges in table.items() for name, ends in ranges.items())]
    return "".join(",".join(map(str, line)) + "\n" for line in lines)


def agree(some: Ranges, others: Ranges) -> bool:
    """Whether two systems' ranges are the same but for rounding."""
    return some.keys() == others.keys() and all(
        np.allclose(ends, others[name], rtol=0, atol=CLOSE * (ends[1] - ends[0])) for name, ends in some.items()
    )
