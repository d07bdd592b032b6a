"""Chains of masses on springs under gravity (demonstration "physics" of the library of Battaglia et al. 2018).

Masses of 1 kg hang in a row between two that are fixed, joined by springs of about 50 N/m that start at rest; gravity
is about 10 N downwards. One Euler step of 0.1 s gives velocities v' = v + 0.1 F and positions x' = x + 0.1 v'.

Quirks of the demonstration, kept so that errors compare with its own:

1. The noise on a spring's constant is drawn for each direction of the edge, so the two ends feel different forces.
2. Nothing is received at a fixed end: edges lead to masses that move only.
3. Noise is uniform, of at most 0.04 m on x and y of every mass, fixed ones included, 5 N/m on constants and 1 N on
   gravity; rest lengths are the distances after it.

Unlike the demonstration, which gives its network N/m and N, the columns hold constants in units of 50 N/m and gravity
in units of 10 N, so that all features are near one.

Dimensions: M chains of at most S masses, T + 1 frames.
"""

import numpy as np

from reprolib.data.checks import check_whole
from reprolib.data.padded_graphs import Columns, endless, present
from reprolib.errors import InputError

VERSION = 1  # part of the data's identity: raise it whenever the same seed gives other bytes
NODE, EDGE, GLOBAL = 5, 2, 2  # features
STEP = 0.1  # seconds
FRAMES = 50  # steps of a rollout
CONSTANT, WEIGHT = 50.0, 10.0  # N/m and N, the units of the columns
POSITION_NOISE, CONSTANT_NOISE, WEIGHT_NOISE = 0.04, 5.0, 1.0  # m, N/m, N
SPACINGS = (0.2, 1.0)  # between the masses of training chains; 0.5 in test chains


def generate(
    count: int,
    sizes: tuple[int, int],
    seed: int,
    stream: int = 0,
    spacings: tuple[float, float] = SPACINGS,
    steps: int = FRAMES,
) -> Columns:
    """The first `count` chains of an endless sequence, each with its true rollout; columns as in `padded_graphs`.

    Nodes hold x, y, their velocities and whether fixed, in the first frame; edges hold spring constant (in units of
    CONSTANT) and rest length; globals the force of gravity in x and y (in units of WEIGHT). Column "rollout", float32
    [M, T + 1, S, 4], holds positions and velocities in every frame, from the first on.

    Args:
        sizes: (smallest, largest) number of masses; (5, 8) in the demonstration's training, 4 and 9 in its test.
        stream: number of one of the independent sequences of a seed: give training and test data different ones.
        spacings: (smallest, largest) distance between neighbours, uniform.
        steps: T.

    Raises:
        InputError: a number that is not whole or too small, or a range that is empty or not above 0.
    """
    check_whole(1, steps=steps)
    if not 0 < spacings[0] <= spacings[1]:
        raise InputError(f"spacings are {spacings}: give the smallest distance, above 0, then the largest")

    def draw(rng: np.random.Generator, sizes: np.ndarray, largest: int) -> Columns:
        chains = _chains(rng, sizes, largest, spacings)
        return chains | {"rollout": simulate(**chains, steps=steps).astype(np.float32)}

    return endless(draw, count, sizes, seed, stream, least=3)


def simulate(nodes: np.ndarray, joined: np.ndarray, edges: np.ndarray, globals: np.ndarray, steps: int) -> np.ndarray:
    """Positions and velocities of masses on springs over so many steps, float64 [M, steps + 1, S, 4].

    Args:
        nodes: [M, S, 5], joined: [M, S, S], edges: [M, S, S, 2] and globals: [M, 2], as `generate` gives them.
    """
    nodes, edges, gravity = (values.astype(np.float64) for values in (nodes, edges, WEIGHT * globals))
    moves = (joined.any(axis=1) & (nodes[..., 4] == 0))[..., None]  # [M, S, 1]
    constants, rests = np.where(joined, CONSTANT * edges[..., 0], 0.0), edges[..., 1]
    position, velocity = nodes[..., :2], nodes[..., 2:4]
    frames = [nodes[..., :4]]
    for _ in range(steps):
        velocity = velocity + STEP * moves * (_pull(position, constants, rests) + gravity[:, None])
        position = position + STEP * velocity
        frames.append(np.concatenate([position, velocity], axis=-1))
    return np.stack(frames, axis=1)


def transitions(columns: Columns, moments: int, seed: int) -> Columns:
    """Chains at random moments, each with what the next step makes of it, from chains with their rollouts.

    M chains give M * moments examples: the nodes [.., S, 5] at the moment, and in place of the rollout the column
    "velocities" float32 [.., S, 2] after one step. A chain's moments differ; they depend on the seed and on its place.

    Raises:
        InputError: more moments than the rollouts have.
    """
    rollout = columns["rollout"]  # [M, T + 1, S, 4]
    chains, frames = rollout.shape[:2]
    if not 1 <= moments < frames:
        raise InputError(f"moments is {moments}: give a number from 1 to {frames - 1}")
    scores = np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed))).random((chains, frames - 1))
    moment = scores.argsort(axis=1)[:, :moments].ravel()  # [M * moments]
    chain = np.arange(chains).repeat(moments)
    fixed = columns["nodes"][chain, :, 4:]  # [.., S, 1]
    nodes = np.concatenate([rollout[chain, moment], fixed], axis=-1)
    kept = {name: columns[name][chain] for name in ("sizes", "joined", "edges", "globals")}
    return kept | {"nodes": nodes, "velocities": rollout[chain, moment + 1, :, 2:]}


def _chains(rng: np.random.Generator, sizes: np.ndarray, largest: int, spacings: tuple[float, float]) -> Columns:
    """Chains at rest."""
    there, place = present(sizes, largest), np.arange(largest)
    spacing = rng.uniform(*spacings, size=(len(sizes), 1))  # [M, 1]
    at_rest = np.stack([spacing * (place - sizes[:, None] / 2), np.zeros(there.shape)], axis=-1)  # [M, S, 2]
    position = at_rest + rng.uniform(-POSITION_NOISE, POSITION_NOISE, size=at_rest.shape)
    fixed = (place == 0) | (place == sizes[:, None] - 1)  # [M, S]
    nodes = np.concatenate([position, np.zeros_like(position), fixed[..., None]], axis=-1) * there[..., None]
    neighbours = np.abs(place[:, None] - place) == 1  # [S, S]
    joined = neighbours & there[:, :, None] & (there & ~fixed)[:, None, :]  # [M, S, S]
    constants = 1 + rng.uniform(-CONSTANT_NOISE, CONSTANT_NOISE, size=joined.shape) / CONSTANT
    rests = np.linalg.norm(position[:, :, None] - position[:, None], axis=-1)  # [M, S, S]
    gravity = -1 + rng.uniform(-WEIGHT_NOISE, WEIGHT_NOISE, size=len(sizes)) / WEIGHT
    return {
        "nodes": nodes.astype(np.float32),
        "joined": joined,
        "edges": (np.stack([constants, rests], axis=-1) * joined[..., None]).astype(np.float32),
        "globals": np.stack([np.zeros(len(sizes)), gravity], axis=-1).astype(np.float32),
    }


def _pull(position: np.ndarray, constants: np.ndarray, rests: np.ndarray) -> np.ndarray:
    """Sum of the springs' forces on each mass, [M, S, 2]: Hooke's law over the edges from i to j."""
    away = position[:, :, None] - position[:, None]  # [M, S, S, 2], from the receiver j to the sender i
    length = np.linalg.norm(away, axis=-1)
    stretch = constants * (length - rests) / np.where(length > 0, length, 1.0)  # [M, S, S]
    return (stretch[..., None] * away).sum(axis=1)
