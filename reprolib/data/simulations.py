"""Simulated scenes as the models of motion see them: trajectories and the type of every directed edge.

Dimensions: M scenes, T frames, N objects, D features (x, y and their velocities; oscillators: see `kuramoto.features`).
Directed edges are receiver-major, [M, N, N-1]: entry (i, k) is the edge into receiver i from senders(N)[i, k].
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from tqdm import tqdm

from reprolib.data import cache, kuramoto, particles
from reprolib.data.checks import check_whole
from reprolib.errors import InputError
from reprolib.settings.data_sets import PARTICLES

VERSION = 1  # part of the data's identity: raise it whenever the same seed gives other bytes

SYSTEMS = (*PARTICLES, "kuramoto")
VIEWS = {  # of the same oscillators, as options of `kuramoto.features`
    "kuramoto": {},  # each rate by its oscillator's range, as later releases have it
    "kuramoto_raw": {"scaled": False},  # all rates by one range, as the paper's tables imply
    "kuramoto_phase": {"scaled": False, "cosine": True},
}
SIMULATED = (*PARTICLES, *VIEWS)
CHUNK = 2048  # scenes that share one random stream: any number of scenes is a prefix of any larger number
SAMPLE_EVERY = {"springs": 100, "charged": 100, "kuramoto": 10}  # steps a frame
FULL = 99  # frames over which the rates of oscillators are scaled, however few are kept
RESOLUTION = 1e-12  # of a value: a spread that is smaller is rounding
LEAST = {"count": 1, "objects": 2, "frames": 1, "seed": 0, "stream": 0}


@dataclass(frozen=True, eq=False)
class Simulations:
    """M scenes with their true edges."""

    trajectories: np.ndarray  # float32 [M, T, N, D]: raw for particles, features for oscillators
    edges: np.ndarray  # int64 [M, N, N-1]: 1 where there is a spring, a repulsion, a coupling; 0 elsewhere


@dataclass(frozen=True)
class Scale:
    """The linear map of every feature to [-1, 1]."""

    ranges: tuple[tuple[float, float], ...]  # (low, high) of each of the D features

    def apply(self, trajectories: np.ndarray) -> np.ndarray:
        """Trajectories [..., D] in units of the models; values outside the ranges lie beyond -1 and 1."""
        low, high = np.array(self.ranges).T
        middle, half = np.array([(low + high) / 2, (high - low) / 2], trajectories.dtype)
        return (trajectories - middle) / half


def scale(trajectories: np.ndarray, present: np.ndarray | None = None) -> Scale:
    """The units of any features: each with its own mean at 0 and its own standard deviation as 1.

    Features of one unit, such as x and y, are not tied to each other: nobody says which they are, and a network can
    learn a stretched plane. A feature that is always the same is only moved to 0.

    Args:
        trajectories: of the training scenes, [..., D].
        present: bool [...], what counts; None: all.

    Raises:
        InputError: values that are too large to be squared.
    """
    seen = trajectories.reshape(-1, trajectories.shape[-1]) if present is None else trajectories[present]  # [C, D]
    mean = seen.mean(0)
    with np.errstate(over="ignore"):
        spread = (seen - mean).std(0)
    if not np.isfinite(spread).all():
        raise InputError("values are too large to be squared: give them in larger units")
    spread[spread <= RESOLUTION * np.abs(seen).max(0)] = 1.0
    return Scale(tuple(zip((mean - spread).tolist(), (mean + spread).tolist(), strict=True)))


def senders(objects: int) -> np.ndarray:
    """Indices [N, N-1] of the objects that send to each receiver: all but itself, ascending."""
    everyone = np.broadcast_to(np.arange(objects), (objects, objects))
    return everyone[~np.eye(objects, dtype=bool)].reshape(objects, objects - 1)


def system(kind: str) -> str:
    """What is simulated: a kind without how it is seen."""
    return "kuramoto" if kind in VIEWS else kind


def simulate(kind: str, count: int, objects: int = 5, frames: int = 49, seed: int = 0, stream: int = 0) -> Simulations:
    """The first `count` scenes of an endless sequence, from the first frame on, on all cores.

    Args:
        kind: "springs", "charged", "kuramoto", or another of its `VIEWS`.
        frames: T; 49 in the paper's training, 99 in its test scenes.
        stream: number of one of the independent sequences of a seed: give training and test data different ones.

    Raises:
        InputError: unknown kind, fewer than two objects, or numbers that are not whole or are too small.

    Examples:
        >>> from reprolib import simulate
        >>> scenes = simulate("springs", 3)  # or "charged", "kuramoto"
        >>> scenes.trajectories.shape  # scenes, frames, particles, (x, y and their velocities)
        (3, 49, 5, 4)
        >>> scenes.edges[0, 1]  # who pulls particle 1 of the first scene: particles 0, 2, 3, 4
        array([1, 1, 0, 0])
    """
    check(kind, count=count, objects=objects, frames=frames, seed=seed, stream=stream)
    features = 3 + VIEWS[kind].get("cosine", False) if kind in VIEWS else 4
    trajectories = np.empty((count, frames, objects, features), np.float32)
    edges = np.empty((count, objects, objects - 1), np.int64)
    for place, part in chunks(kind, count, objects, frames, seed, stream):
        trajectories[place], edges[place] = part.trajectories, part.edges
    return Simulations(trajectories, edges)


def chunks(
    kind: str, count: int, objects: int, frames: int, seed: int, stream: int
) -> Iterator[tuple[slice, Simulations]]:
    """As `simulate`, a chunk at a time: its place among the scenes, and its scenes."""
    with tqdm(total=count, desc=f"{kind}, {objects} objects", unit="scene", delay=2) as bar:
        for index, start in enumerate(range(0, count, CHUNK)):
            place = slice(start, min(start + CHUNK, count))
            entropy = np.random.SeedSequence((seed, stream, objects, SYSTEMS.index(system(kind))), spawn_key=(index,))
            rng = np.random.Generator(np.random.PCG64(entropy))
            yield place, _chunk(kind, place.stop - start, objects, frames, rng)
            bar.update(place.stop - start)


def recipe(kind: str, count: int, objects: int, frames: int, seed: int, stream: int) -> str:
    """All that the scenes depend on, as text."""
    values = {"version": VERSION, "kind": kind, "count": count, "objects": objects, "frames": frames}
    return json.dumps(values | {"seed": seed, "stream": stream})


def cached(kind: str, count: int, objects: int, frames: int, seed: int, stream: int) -> Simulations:
    """As `simulate`, but kept in a file under _build/simulations.

    A file that is damaged, or whose recipe or content is not what it should be, is generated anew.

    Raises:
        InputError: as `simulate` does, or the file cannot be written.
    """
    numbers = check(kind, count=count, objects=objects, frames=frames, seed=seed, stream=stream)
    kept = cache.arrays("simulations", kind, recipe(kind, *numbers), lambda: vars(simulate(kind, *numbers)))
    return Simulations(**kept)


def _chunk(kind: str, count: int, objects: int, frames: int, rng: np.random.Generator) -> Simulations:
    """The first `count` scenes of a chunk."""
    every = SAMPLE_EVERY[system(kind)]
    if kind in VIEWS:
        phases, frequencies, couplings = (part[:count] for part in kuramoto.draw(CHUNK, objects, rng))
        seen = kuramoto.simulate(phases, frequencies, couplings, (max(frames, FULL) + 1) * every, every)
        trajectories = kuramoto.features(*seen, frequencies, couplings, **VIEWS[kind])[:, :frames]
    else:
        positions, velocities, couplings = (part[:count] for part in particles.draw(kind, CHUNK, objects, rng))
        seen = particles.simulate(kind, positions, velocities, couplings, (frames + 1) * every, every)
        trajectories = np.concatenate(seen, axis=3)
    edges = (couplings > 0)[:, np.arange(objects)[:, None], senders(objects)]
    return Simulations(trajectories.astype(np.float32), edges.astype(np.int64))


def check(kind: str, **numbers: int) -> tuple[int, ...]:
    """The numbers, by the names of `LEAST`, as plain integers.

    Raises:
        InputError: unknown kind, or a number that is not whole or too small.
    """
    if kind not in SIMULATED:
        raise InputError(f"kind is {kind!r}: choose one of {', '.join(SIMULATED)}")
    for name, value in numbers.items():
        check_whole(LEAST[name], **{name: value})
    return tuple(int(value) for value in numbers.values())
