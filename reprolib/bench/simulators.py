"""The particle simulators against the structure of the official code: a scene and a step at a time in NumPy.

B scenes, N objects, T frames.
"""

import tracemalloc
from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
import torch

from reprolib.bench.measure import ROUNDS, Ratio, check_agreement, measure
from reprolib.data.particles import draw, simulate
from reprolib.settings.data_sets import PARTICLES

SCENES, OBJECTS = 64, 5
STEPS, SAMPLE_EVERY, DT = 1000, 100, 0.001  # a fifth of a training scene: soon after, charges are chaotic
AGREE = 1e-6  # relative norm of the differences of all positions


def ratios(device: torch.device) -> Iterator[Ratio]:
    """Every kind, each when it has been measured; simulators run on the processor, whatever the device."""
    return (compare(kind) for kind in PARTICLES)


def compare(kind: str, scenes: int = SCENES, steps: int = STEPS, rounds: int = ROUNDS) -> Ratio:
    """Check that both sides agree on some scenes, then measure them in turn."""
    start = draw(kind, scenes, OBJECTS, np.random.default_rng(0))
    ours = partial(simulate, kind, *start, steps=steps, sample_every=SAMPLE_EVERY)
    plain = partial(one_by_one, kind, *start, steps, SAMPLE_EVERY)
    title = f"{kind} {OBJECTS}, {scenes} scenes of {steps} steps, against loops in Python"
    check_agreement(title, *([torch.from_numpy(side()[0])] for side in (ours, plain)), AGREE, 0.0)
    memory = _peak_bytes(ours), _peak_bytes(plain)
    return measure("simulators", title, ours, plain, torch.device("cpu"), rounds, memory)


def one_by_one(
    kind: str, positions: np.ndarray, velocities: np.ndarray, couplings: np.ndarray, steps: int, sample_every: int
) -> tuple[np.ndarray, ...]:
    """`simulate` by the reference: positions and velocities [B, T, N, 2]."""
    scenes = zip(positions, velocities, couplings, strict=True)
    parts = [reference(kind, *scene, steps, sample_every) for scene in scenes]
    return tuple(np.stack(part) for part in zip(*parts, strict=True))


def reference(
    kind: str,
    positions: np.ndarray,
    velocities: np.ndarray,
    couplings: np.ndarray,
    steps: int,
    sample_every: int,
    dt: float = DT,
) -> tuple[np.ndarray, ...]:
    """One scene, organised as the released simulator is: [N, 2], [N, 2], [N, N] -> [T, N, 2] twice."""
    place, speed = positions.T.copy(), velocities.T.copy()  # [2, N]
    frames = []
    _bounce(place, speed)
    speed += dt * total_force(kind, place, couplings)
    for step in range(1, steps):
        place += dt * speed
        _bounce(place, speed)
        if step % sample_every == 0:
            frames.append((place.T.copy(), speed.T.copy()))
        speed += dt * total_force(kind, place, couplings)
    return tuple(np.stack(parts) for parts in zip(*frames, strict=True))


def _bounce(place: np.ndarray, speed: np.ndarray) -> None:
    """Reflect at the walls, in place."""
    over, under = place > 5, place < -5
    place[over], speed[over] = 10 - place[over], -np.abs(speed[over])
    place[under], speed[under] = -10 - place[under], np.abs(speed[under])


def total_force(kind: str, place: np.ndarray, couplings: np.ndarray) -> np.ndarray:
    """[2, N] of places [2, N]."""
    sizes = -0.1 * couplings
    if kind == "charged":
        rows = place.transpose()
        squares = (rows**2).sum(axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            apart = np.maximum(squares[:, None] + squares[None] - 2 * rows.dot(rows.transpose()), 0)
            sizes = couplings / np.power(apart, 3 / 2)
    np.fill_diagonal(sizes, 0)
    return np.clip((sizes * (place[:, :, None] - place[:, None])).sum(axis=-1), -100, 100)


def _peak_bytes(function: Callable[[], object]) -> int:
    """Bytes of all arrays and objects that a call makes, when they are most."""
    tracemalloc.start()
    function()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak
