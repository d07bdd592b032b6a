"""Balls on a table, some joined by springs or rigid links that nobody sees (Santoro et al. 2017, section 5.5).

S scenes, 10 balls, T = 16 frames. The number of systems of linked balls is balanced: among every ten scenes there is
one of each number from 1 to 10.
"""

import json
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from tqdm import tqdm

from reprolib.data import cache
from reprolib.data.checks import check_whole
from reprolib.data.linked_balls import BALLS, Start, draw
from reprolib.data.table_top import Table
from reprolib.errors import InputError
from reprolib.settings.declared import counted
from reprolib.settings.physical import World

VERSION = 1  # part of the data's identity: raise it whenever the same seed gives other bytes

FRAMES = 16
BLOCK = 100  # scenes that share one random stream: any number of scenes is a prefix of any larger number
PART = 10_000  # scenes of one cached file, a whole number of blocks: more scenes are made beside those there are
PATIENCE = 100  # scenes in a row that may go wrong


@dataclass(frozen=True, eq=False)
class PhysicalScenes:
    """S scenes; a ball's number stands for its colour, which is all that tells it from the others."""

    trajectories: np.ndarray  # float32 [S, 10, 16, 2]: x and y in metres from the middle of the table
    connections: np.ndarray  # int8 [S, 10, 10], symmetric: 0 no link, 1 spring, 2 rigid link
    systems: np.ndarray  # int64 [S]: connected systems, 1 to 10; a ball alone is one
    redrawn: np.ndarray  # int64 [S]: scenes drawn before this one that the engine could not follow

    def __len__(self) -> int:
        return len(self.systems)


def generate(world: World, count: int, seed: int, stream: int, first: int = 0) -> PhysicalScenes:
    """Scenes of an endless sequence, on all cores.

    Args:
        stream: number of one of the independent sequences of a seed: give training and test data different ones.
        first: the number of the first scene, a multiple of `BLOCK`.

    Raises:
        InputError: MuJoCo is not installed, or numbers that are not whole or are too small.
    """
    check_whole(0, seed=seed, stream=stream, first=first)
    check_whole(1, count=count)
    if first % BLOCK:
        raise InputError(f"first is {first}: give a multiple of {BLOCK}")
    numbers = range(first // BLOCK, -(-(first + count) // BLOCK))
    sizes = [min(BLOCK, first + count - number * BLOCK) for number in numbers]
    with (
        ThreadPoolExecutor(os.cpu_count()) as pool,
        tqdm(total=count, desc="balls on a table", unit="scene", delay=2) as bar,
    ):
        blocks = []
        for block in pool.map(lambda number, size: _block(world, size, seed, stream, number), numbers, sizes):
            blocks.append(block)
            bar.update(len(block))
    return _joined(blocks)


def cached(world: World, count: int, seed: int, stream: int) -> PhysicalScenes:
    """As `generate`, but kept in files of 10,000 scenes under _build/physics, of which larger sets use the same.

    Raises:
        InputError: as `generate` does, or a file cannot be written.
    """
    check_whole(1, count=count)
    return _joined([_kept(world, min(PART, count - first), seed, stream, first) for first in range(0, count, PART)])


def recipe(world: World, count: int, seed: int, stream: int, first: int = 0) -> str:
    """All that the scenes depend on, as text."""
    values = {"version": VERSION, "count": count, "seed": seed, "stream": stream, "first": first}
    return json.dumps(values | counted(world))


def _kept(world: World, count: int, seed: int, stream: int, first: int) -> PhysicalScenes:
    text = recipe(world, count, seed, stream, first)
    made = cache.arrays("physics", "scenes", text, lambda: vars(generate(world, count, seed, stream, first)))
    return PhysicalScenes(**made)


def _joined(parts: list[PhysicalScenes]) -> PhysicalScenes:
    arrays = zip(*(vars(part).values() for part in parts), strict=True)
    return PhysicalScenes(*map(np.concatenate, arrays))


def _block(world: World, count: int, seed: int, stream: int, number: int) -> PhysicalScenes:
    """The first `count` scenes of a block."""
    rng = np.random.Generator(np.random.PCG64(np.random.SeedSequence((seed, stream), spawn_key=(number,))))
    table = Table.of(world)
    systems = np.concatenate([1 + rng.permutation(BALLS) for _ in range(BLOCK // BALLS)])[:count]
    trajectories = np.empty((count, BALLS, FRAMES, 2), np.float32)
    connections = np.zeros((count, BALLS, BALLS), np.int8)
    redrawn = np.zeros(count, np.int64)
    for scene, wanted in enumerate(systems):
        start, trajectories[scene], redrawn[scene] = _followed(table, wanted, rng)
        for (i, j), kind in zip(start.links, start.kinds, strict=True):
            connections[scene, i, j] = connections[scene, j, i] = kind
    return PhysicalScenes(trajectories, connections, systems, redrawn)


def _followed(table: Table, systems: int, rng: np.random.Generator) -> tuple[Start, np.ndarray, int]:
    """A scene, its trajectories [10, 16, 2], and how many were drawn before it that went wrong."""
    for redrawn in range(PATIENCE):
        start = draw(table.world, systems, rng)
        places = table.simulate(start, FRAMES)
        if (np.abs(places) < table.world.half_width).all():  # not so where a ball has escaped or is nowhere
            return start, places, redrawn
    raise InputError(f"balls escaped in {PATIENCE} scenes in a row: give a smaller data.world.step or data.world.speed")
