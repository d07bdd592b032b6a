"""Balls on a table and the hidden links between them, as they are before they move (Santoro et al. 2017, 5.5).

The links of a scene are a random forest, so that every number of systems from one to ten can be drawn. Links are as
long as the balls at their ends are apart.
"""

import math
from dataclasses import dataclass

import numpy as np

from reprolib.errors import InputError
from reprolib.settings.physical import World

BALLS = 10
NONE, SPRING, RIGID = range(3)  # kinds of links
TRIES = 50  # places that are tried for one ball before the scene is placed anew
PATIENCE = 1000  # times that a scene is placed anew

Links = list[tuple[int, int]]  # balls i < j


@dataclass(frozen=True, eq=False)
class Start:
    """A scene before it moves."""

    links: Links  # 10 - systems of them
    kinds: np.ndarray  # int [links]: SPRING or RIGID
    places: np.ndarray  # [10, 2], metres
    velocities: np.ndarray  # [10, 2], metres a second


def draw(world: World, systems: int, rng: np.random.Generator) -> Start:
    """A scene of so many systems of linked balls, 1 to 10."""
    links = forest(systems, rng)
    kinds = np.where(rng.random(len(links)) < world.rigid, RIGID, SPRING)
    places = _placed(world, links, rng)
    return Start(links, kinds, places, rng.normal(0, world.speed, (BALLS, 2)))


def forest(systems: int, rng: np.random.Generator) -> Links:
    """A uniformly drawn tree of all balls (its Prüfer sequence is random) without `systems - 1` of its links."""
    sequence = rng.integers(BALLS, size=BALLS - 2).tolist()
    degrees = [1 + sequence.count(ball) for ball in range(BALLS)]
    tree = []
    for ball in sequence:
        leaf = degrees.index(1)
        tree.append((min(leaf, ball), max(leaf, ball)))
        degrees[leaf] -= 1
        degrees[ball] -= 1
    first = degrees.index(1)
    tree.append((first, degrees.index(1, first + 1)))
    kept = rng.permutation(BALLS - 1)[systems - 1 :]
    return [tree[link] for link in sorted(kept)]


def components(connections: np.ndarray) -> np.ndarray:
    """Numbers of systems [S] of connection matrices [S, 10, 10]."""
    reach = (connections != NONE) | np.eye(connections.shape[-1], dtype=bool)  # [S, 10, 10]
    for _ in range(4):  # paths of up to 16 links
        reach = reach @ reach
    return np.array([len(np.unique(matrix, axis=0)) for matrix in reach], dtype=np.int64)


def _placed(world: World, links: Links, rng: np.random.Generator) -> np.ndarray:
    """Places [10, 2] at which no balls overlap and linked ones are as far apart as a link may be long."""
    for _ in range(PATIENCE):
        found: dict[int, tuple[float, float]] = {}
        for root in range(BALLS):
            if root not in found and not _grow(world, root, links, found, rng):
                break
        else:
            return np.array([found[ball] for ball in range(BALLS)])
    raise InputError("ten balls find no room on the table: give a smaller data.world.radius or data.world.longest")


def _grow(world: World, root: int, links: Links, found: dict, rng: np.random.Generator) -> bool:
    """Place a ball anywhere and its system around it; False where one finds no room."""
    waiting = [(root, None)]
    for ball, parent in waiting:
        if not _fit(world, ball, found.get(parent), found, rng):
            return False
        ends = [(i + j - ball) for i, j in links if ball in (i, j)]
        waiting += [(other, ball) for other in ends if other not in found]
    return True


def _fit(world: World, ball: int, parent: tuple | None, found: dict, rng: np.random.Generator) -> bool:
    """Place one ball, at a link's length from its parent where it has one."""
    room, apart = world.half_width - world.radius, (2 * world.radius) ** 2
    for first, second in rng.random((TRIES, 2)).tolist():
        if parent is None:
            x, y = room * (2 * first - 1), room * (2 * second - 1)
        else:
            length, turn = world.shortest + first * (world.longest - world.shortest), 2 * math.pi * second
            x, y = parent[0] + length * math.cos(turn), parent[1] + length * math.sin(turn)
        inside = abs(x) < room and abs(y) < room
        if inside and all((x - a) ** 2 + (y - b) ** 2 > apart for a, b in found.values()):
            found[ball] = (x, y)
            return True
    return False
