"""Particles in a box, joined by springs or charged (Kipf et al. 2018, section 5.1 and the authors' released simulator).

Forces, with couplings c_ij: springs without rest length, F_i = -0.1 sum_j c_ij (r_i - r_j) with c_ij in {0, 1};
charges, F_i = sum_j c_ij (r_i - r_j) / |r_i - r_j|^3 with c_ij = q_i q_j. Masses are 1, walls elastic.

Quirks of the released simulator, kept so that errors compare with the paper's:

1. Each component of the total force is clipped to +-100.
2. The state given is never a frame: frame 0 is the state after `sample_every` steps, and there are
   steps / sample_every - 1 frames.
3. The first kick is a whole step, as are all others: velocities lag positions by half a step. A frame is therefore
   a start from which `simulate` goes on exactly.
4. Squared distances are |a|^2 + |b|^2 - 2 a.b. What this cancels decides close encounters, which are chaotic, so the
   products are rounded as a fused multiply-add does, and up to 15 forces are added in NumPy's order.

Dimensions: B scenes, T frames, N objects, L scenes of one block, C = 2 L columns: the x of all L, then the y. The
columns are innermost in every array that is stepped, so that the compiler vectorises over them. No operation mixes
scenes or depends on L, so a scene's result does not depend on the scenes beside it.
"""

import math
import numbers
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numba import config, types
from numba.extending import intrinsic
from tqdm import tqdm

from reprolib.data.checks import as_reals, check_values, check_whole
from reprolib.data.compiled import compiled
from reprolib.errors import InputError
from reprolib.settings.data_sets import PARTICLES

SPRING = 0.1  # force of a spring of length 1
WALL = 5.0  # the box reaches from -WALL to WALL in x and y
ESCAPE = 3 * WALL  # an object that far out before it is reflected has left
CLIP = 100.0  # largest component of a force
SPREAD = {"springs": 0.5, "charged": 1.0}  # standard deviation of the positions drawn
SPEED = 0.5  # norm of the velocities drawn
BLOCK = 64  # scenes stepped together


def simulate(
    kind: str,
    positions: np.ndarray,
    velocities: np.ndarray,
    couplings: np.ndarray,
    steps: int = 5000,
    sample_every: int = 100,
    dt: float = 0.001,
    progress: str | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Positions and velocities, float64 [B, T, N, 2] each with T = steps / sample_every - 1, of objects in motion.

    Runs on all cores, or as many as the environment variable NUMBA_NUM_THREADS says.

    Args:
        kind: "springs" or "charged".
        positions, velocities: of the start, [B, N, 2].
        couplings: [B, N, N], symmetric, the diagonal ignored: 0 or 1 for springs, q_i q_j for charged.
        progress: title of a progress bar; None shows none.

    Raises:
        InputError: unknown kind, fewer than two objects, wrong shapes, couplings that are not symmetric or, of springs,
            not 0 or 1, values that are not finite, no whole number of frames, or a scene that explodes (the error
            names it).
    """
    check_kind(kind)
    frames = count_frames(steps, sample_every, dt)
    positions = check_values("positions", positions, (None, None, 2))
    velocities = check_values("velocities", velocities, positions.shape)
    couplings = check_couplings(couplings, *positions.shape[:2])
    if kind == "springs" and not np.isin(couplings, (0, 1)).all():
        raise InputError("couplings of springs are there or not: give 0 or 1, the strength is applied inside")
    shape = (len(positions), frames, *positions.shape[1:])
    traces = np.empty(shape), np.empty(shape)  # [B, T, N, 2]

    def work(block: slice) -> None:
        parts = _simulate_block(
            kind, positions[block], velocities[block], couplings[block], frames, int(sample_every), float(dt)
        )
        for trace, part in zip(traces, parts, strict=True):
            trace[block] = part

    over_blocks(work, len(positions), BLOCK, progress)
    check_trajectories(*traces)
    return traces


def draw(kind: str, count: int, objects: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Starts of `count` scenes, distributed as the paper's: positions and velocities [B, N, 2], couplings [B, N, N].

    Raises InputError when the kind is unknown.
    """
    check_kind(kind)
    positions = rng.normal(scale=SPREAD[kind], size=(count, objects, 2))
    velocities = rng.normal(size=(count, objects, 2))
    velocities *= SPEED / np.linalg.norm(velocities, axis=2, keepdims=True)
    if kind == "springs":
        return positions, velocities, draw_graph(count, objects, rng)
    charges = rng.choice((-1.0, 1.0), size=(count, objects))
    return positions, velocities, charges[:, :, None] * charges[:, None]


def draw_graph(count: int, objects: int, rng: np.random.Generator) -> np.ndarray:
    """Symmetric couplings, float64 [B, N, N]: 1 with probability 1/2, 0 otherwise and on the diagonal."""
    upper = np.triu(rng.integers(2, size=(count, objects, objects)), 1)
    return (upper + upper.transpose(0, 2, 1)).astype(np.float64)


def energy(kind: str, positions: np.ndarray, velocities: np.ndarray, couplings: np.ndarray) -> np.ndarray:
    """Total energy [B, T] of trajectories [B, T, N, 2] with couplings [B, N, N].

    It wavers by the power times half a step, because velocities lag positions.
    """
    first, second = np.triu_indices(positions.shape[2], 1)
    distances = np.linalg.norm(positions[:, :, first] - positions[:, :, second], axis=3)  # [B, T, pairs]
    pairs = SPRING / 2 * distances**2 if kind == "springs" else 1 / distances
    potential = (couplings[:, None, first, second] * pairs).sum(axis=2)
    return potential + (velocities**2).sum(axis=(2, 3)) / 2


def check_kind(kind: str) -> None:
    """Raise InputError unless the kind is known."""
    if kind not in PARTICLES:
        raise InputError(f"kind is {kind!r}: choose one of {', '.join(PARTICLES)}")


def count_frames(steps: int, sample_every: int, dt: float) -> int:
    """T = steps / sample_every - 1; raises InputError where that is no whole number of at least 1."""
    check_whole(1, steps=steps, sample_every=sample_every)
    if steps % sample_every or steps < 2 * sample_every:
        raise InputError(f"steps is {steps}: give a multiple of sample_every = {sample_every}, at least twice as large")
    if not isinstance(dt, numbers.Real) or not 0 < dt < math.inf:
        raise InputError(f"dt is {dt!r}: give a positive number")
    return int(steps // sample_every - 1)


def check_couplings(couplings: np.ndarray, scenes: int, objects: int) -> np.ndarray:
    """A copy with a diagonal of zeros, [B, N, N]; raises InputError unless it is a symmetric graph of two or more."""
    if objects < 2:
        raise InputError(f"a scene has {objects} objects: give at least 2")
    couplings = as_reals("couplings", couplings).copy()
    if couplings.ndim == 3 and couplings.shape[1] == couplings.shape[2]:
        couplings[:, np.arange(couplings.shape[1]), np.arange(couplings.shape[1])] = 0
    couplings = check_values("couplings", couplings, (scenes, objects, objects))
    if (couplings != couplings.transpose(0, 2, 1)).any():
        scene = np.argwhere(couplings != couplings.transpose(0, 2, 1))[0, 0]
        raise InputError(f"couplings of scene {scene} (counting from 0) are not symmetric: give c_ij = c_ji")
    return couplings


def check_trajectories(*traces: np.ndarray) -> None:
    """Raise InputError when a trajectory [B, ...] is not finite."""
    finite = [np.isfinite(trace).all(axis=tuple(range(1, trace.ndim))) for trace in traces]
    exploded = ~np.logical_and.reduce(finite)  # [B]
    if exploded.any():
        raise InputError(
            f"scene {exploded.argmax()} (counting from 0) explodes, as do {exploded.sum() - 1} others: give a smaller "
            "dt, slower objects, or starts that lie inside the box and apart"
        )


def over_blocks(work: Callable[[slice], None], count: int, size: int, progress: str | None) -> None:
    """Call `work` with slices that cover `count` scenes, `size` each, on all cores; `work` must release the GIL."""
    blocks = [slice(start, min(start + size, count)) for start in range(0, count, size)]
    with (
        ThreadPoolExecutor(config.NUMBA_NUM_THREADS) as pool,
        tqdm(total=count, desc=progress, unit="scene", disable=progress is None) as bar,
    ):
        spread = pool.map if len(blocks) > 1 else map  # starting a thread takes as long as a few scenes
        for block, _ in zip(blocks, spread(work, blocks), strict=True):
            bar.update(block.stop - block.start)


def _simulate_block(
    kind: str, positions: np.ndarray, velocities: np.ndarray, couplings: np.ndarray, frames: int, every: int, dt: float
) -> list[np.ndarray]:
    """Positions and velocities [L, T, N, 2] of one block's starts [L, N, 2]."""
    scenes, objects, _ = positions.shape
    x, v = (start.transpose(1, 2, 0).copy().reshape(objects, 2 * scenes) for start in (positions, velocities))  # [N, C]
    couplings = np.ascontiguousarray(couplings.transpose(1, 2, 0))  # [N, N, L]
    strengths = np.tile(-SPRING * couplings if kind == "springs" else np.zeros_like(couplings), 2)  # [N, N, C]
    traces = np.empty((2, frames, objects, 2 * scenes))
    _run(kind == "charged", x, v, couplings, strengths, traces, every, dt)
    return [trace.reshape(frames, objects, 2, scenes).transpose(3, 0, 1, 2) for trace in traces]


@compiled
def _run(charged, x, v, couplings, strengths, traces, every, dt):
    """Step x and v [N, C] through the frames of traces [2, T, N, C]; strengths [N, N, C] are constant for springs."""
    squares = np.empty((len(x), x.shape[1] // 2))
    sums = np.empty((8, x.shape[1]))
    _reflect(x, v)
    for frame in range(traces.shape[1]):
        for _ in range(every):
            if charged:
                _repel(x, squares, couplings, strengths)
            _kick(x, v, strengths, sums, dt)
            if _drift(x, v, dt):
                _reflect(x, v)
        for i in range(x.shape[0]):
            for k in range(x.shape[1]):
                traces[0, frame, i, k] = x[i, k]
                traces[1, frame, i, k] = v[i, k]


@intrinsic
def _fused(typingctx, a, b, c):
    """a b + c, rounded once."""
    return types.float64(a, b, c), lambda context, builder, signature, values: builder.fma(*values)


@compiled
def _repel(x, squares, couplings, strengths):
    """strengths = couplings / distance^3, both ways between every two charges; squares [N, L] is scratch."""
    scenes = x.shape[1] // 2
    for i in range(x.shape[0]):
        for k in range(scenes):
            squares[i, k] = x[i, k] * x[i, k] + x[i, scenes + k] * x[i, scenes + k]
        for j in range(i):
            for k in range(scenes):
                product = _fused(x[i, scenes + k], x[j, scenes + k], x[i, k] * x[j, k])
                square = max(squares[i, k] + squares[j, k] - 2 * product, 0.0)
                root = math.sqrt(square)
                cube = square * root
                cube += _fused(square, root, -cube) + 0.5 * root * _fused(-root, root, square)  # to the last bit
                strengths[i, j, k] = couplings[i, j, k] / cube
                strengths[i, j, scenes + k] = strengths[i, j, k]
            for k in range(2 * scenes):
                strengths[j, i, k] = strengths[i, j, k]


@compiled
def _pull(x, strengths, i, j, k):
    return strengths[i, j, k] * (x[i, k] - x[j, k])


@compiled
def _kick(x, v, strengths, sums, dt):
    """v += dt F, added as NumPy adds: up to 7 forces from left to right; of more, 8 running sums [8, C] make a tree."""
    objects, columns = x.shape
    eights = objects - objects % 8
    for i in range(objects):
        for j in range(min(8, max(eights, 1))):
            for k in range(columns):
                sums[j, k] = 0.0
        for j in range(eights):
            for k in range(columns):
                sums[j % 8, k] += _pull(x, strengths, i, j, k)
        if eights:
            for k in range(columns):
                low = (sums[0, k] + sums[1, k]) + (sums[2, k] + sums[3, k])
                sums[0, k] = low + ((sums[4, k] + sums[5, k]) + (sums[6, k] + sums[7, k]))
        for j in range(eights, objects):
            if j != i:
                for k in range(columns):
                    sums[0, k] += _pull(x, strengths, i, j, k)
        for k in range(columns):
            v[i, k] += dt * min(max(sums[0, k], -CLIP), CLIP)


@compiled
def _drift(x, v, dt):
    """x += dt v; whether anything is beyond a wall."""
    beyond = False
    for i in range(x.shape[0]):
        for k in range(x.shape[1]):
            x[i, k] += dt * v[i, k]
            beyond |= abs(x[i, k]) > WALL
    return beyond


@compiled
def _reflect(x, v):
    """Mirror at the wall what is beyond it; what is out of reach becomes NaN and stays so."""
    for i in range(x.shape[0]):
        for k in range(x.shape[1]):
            place, speed = x[i, k], v[i, k]
            if abs(place) >= ESCAPE:
                place = math.nan
            if place > WALL:
                place, speed = 2 * WALL - place, -abs(speed)
            if place < -WALL:
                place, speed = -2 * WALL - place, abs(speed)
            x[i, k], v[i, k] = place, speed
