"""Scenes drawn by CLEVR's sampling rules (Johnson et al. 2017, section 3.1, and clevr-dataset-gen's render_images.py).

What the official code does beyond its paper, and so do we:

1. An object's place is held against the others with its full size, and only then is a cube's half side divided by
   sqrt(2): a cube keeps more distance from the objects placed before it than from those placed after it.
2. Objects keep 0.4 from each other along the camera's axes on the ground, though 0.2 makes a relation.
3. An object that finds no place, or of which too little is seen, starts the whole scene again, with other objects;
   their number, the camera and the lamps stay.

Ours: a scene is given up after many attempts, and what is seen is computed from exact shapes (see `visibility`).

M scenes, N places for objects, n objects of one scene.
"""

import math
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
from numba import config
from tqdm import tqdm

from reprolib.data.checks import check_whole
from reprolib.data.clevr.programs import ATTRIBUTES
from reprolib.data.clevr.scenes import LAMPS, OBJECTS, SIZES, Scenes, empty
from reprolib.data.clevr.visibility import CUBE, SHAPE, canvas, count_pixels
from reprolib.data.compiled import compiled
from reprolib.errors import InputError

VERSION = 1  # part of the data's identity: raise it whenever the same seed gives other bytes
CHUNK = 256  # scenes that share one random stream: any number of scenes is a prefix of any larger number

CAMERA = (7.48113, -6.50764, 5.34367)  # about which the camera is drawn; it looks at the origin and is never tilted
LAMPS_AT = ((6.44671, -2.90517, 4.2584), (-1.1685, 2.64602, 5.81574), (-4.67112, -4.0136, 3.01122))  # as in LAMPS
CHOICES = tuple(len(values) for values in ATTRIBUTES.values())  # of size, color, material and shape


class Rules(NamedTuple):
    """The official generator's settings; lengths in world units."""

    least: int = 3  # objects
    most: int = OBJECTS
    camera: float = 0.5  # largest shift of each of the camera's coordinates
    lamps: float = 1.0  # and of the lamps'
    reach: float = 3.0  # x and y of an object lie between -reach and reach
    distance: float = 0.25  # least distance between two objects' circles on the ground
    margin: float = 0.4  # least distance between two centres along the camera's axes on the ground
    pixels: int = 200  # that show an object, at least
    tries: int = 50  # to place an object before the scene starts again
    restarts: int = 10_000  # of a scene before it is given up; one of ten objects takes 16 in the mean


def generate(count: int, seed: int, stream: int = 0) -> Scenes:
    """The first `count` scenes of an endless sequence, drawn on all cores.

    Args:
        stream: number of one of the independent sequences of a seed: give training and test scenes different ones.

    Raises:
        InputError: a number that is not whole or is negative.
    """
    check_whole(0, count=count, seed=seed, stream=stream)
    return _generate(int(count), int(seed), int(stream), Rules())


def look_at_origin(places: np.ndarray) -> np.ndarray:
    """Matrices from a camera to the world, [M, 4, 4], of level cameras at `places` [M, 3] that look at the origin."""
    back = places / np.linalg.norm(places, axis=1, keepdims=True)
    right = np.cross((0, 0, 1), back)
    right /= np.linalg.norm(right, axis=1, keepdims=True)
    matrices = np.zeros((len(places), 4, 4))
    matrices[:, :3] = np.stack([right, np.cross(back, right), back, places], 2)
    matrices[:, 3, 3] = 1
    return matrices


def _generate(count: int, seed: int, stream: int, rules: Rules) -> Scenes:
    """Scenes by other rules than the official ones; raises InputError when one of them cannot be placed."""
    scenes = empty(count)
    starts = range(0, count, CHUNK)

    def work(start: int) -> int:
        entropy = np.random.SeedSequence((seed, stream, *b"scenes"), spawn_key=(start // CHUNK,))
        chunk = scenes[start : start + CHUNK]
        unplaced = _draw_chunk(np.random.Generator(np.random.PCG64(entropy)), rules, chunk)
        if unplaced >= 0:
            raise InputError(
                f"scene {start + unplaced} finds no place for its {chunk.counts[unplaced]} objects in {rules.restarts} "
                f"attempts by {rules}: ask for fewer objects, smaller distances, or fewer pixels"
            )
        return len(chunk)

    with (
        ThreadPoolExecutor(config.NUMBA_NUM_THREADS) as pool,
        tqdm(total=count, desc="CLEVR scenes", unit="scene", delay=2) as bar,
    ):
        for done in pool.map(work, starts):
            bar.update(done)
    return scenes


def _draw_chunk(rng: np.random.Generator, rules: Rules, chunk: Scenes) -> int:
    """Fill the first scenes of a chunk; give the first that cannot be placed, or -1."""
    first = len(chunk)
    chunk.counts[:] = rng.integers(rules.least, rules.most, CHUNK, endpoint=True)[:first]
    places = CAMERA + rng.uniform(-rules.camera, rules.camera, (CHUNK, 3))
    lamps = LAMPS_AT + rng.uniform(-rules.lamps, rules.lamps, (CHUNK, len(LAMPS), 3))
    chunk.cameras[:], chunk.lamps[:] = look_at_origin(places[:first]), lamps[:first]
    left, _, _, behind = chunk.directions().transpose(1, 0, 2)
    axes = np.stack([left, behind], 1)[:, :, :2].astype(np.float64)  # [M, 2, 2]
    return _place_all(rng, rules, axes, chunk.counts, chunk.cameras, chunk.positions, chunk.rotations, chunk.attributes)


@compiled
def _place_all(rng, rules, axes, counts, cameras, positions, rotations, attributes):
    """Place the objects of every scene; give the first scene that cannot be placed, or -1."""
    depths, owners = canvas()
    shown = np.zeros(positions.shape[1], np.int64)
    for scene in range(len(counts)):
        n = counts[scene]
        placed, turned, described = positions[scene, :n], rotations[scene, :n], attributes[scene, :n]
        for _ in range(rules.restarts):
            if _place(rng, rules, axes[scene], placed, turned, described):
                count_pixels(cameras[scene], placed, turned, described[:, SHAPE], depths, owners, shown[:n])
                if shown[:n].min() >= rules.pixels:
                    break
        else:
            return scene
    return -1


@compiled
def _place(rng, rules, axes, positions, rotations, attributes):
    """Draw the n objects of one scene, and say whether all found a place; positions [n, 3], attributes [n, 4]."""
    for item in range(len(positions)):
        for k in range(len(CHOICES)):
            attributes[item, k] = int(CHOICES[k] * rng.random())
        radius = SIZES[attributes[item, 0]]
        if not _find_place(rng, rules, axes, item, radius, positions):
            return False
        positions[item, 2] = radius / math.sqrt(2) if attributes[item, SHAPE] == CUBE else radius
        rotations[item] = 360 * rng.random()
    return True


@compiled
def _find_place(rng, rules, axes, item, radius, positions):
    """Draw x and y until the object is apart from all before it; False when there are no tries left."""
    for _ in range(rules.tries):
        positions[item, 0] = rules.reach * (2 * rng.random() - 1)
        positions[item, 1] = rules.reach * (2 * rng.random() - 1)
        if _is_apart(rules, axes, item, radius, positions):
            return True
    return False


@compiled
def _is_apart(rules, axes, item, radius, positions):
    """Whether the object keeps its distances from those before it; their z is their radius."""
    for other in range(item):
        x, y = positions[item, 0] - positions[other, 0], positions[item, 1] - positions[other, 1]
        if math.hypot(x, y) - radius - positions[other, 2] < rules.distance:
            return False
        for axis in range(2):
            if abs(x * axes[axis, 0] + y * axes[axis, 1]) < rules.margin:
                return False
    return True
