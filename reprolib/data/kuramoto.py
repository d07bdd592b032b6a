"""Phase-coupled oscillators: d phi_i / dt = omega_i + sum_j k_ij sin(phi_j - phi_i) (Kipf et al. 2018, section 5.1).

The authors never released this simulator; what they left open follows later re-releases: coupled oscillators attract
each other, and a model sees (d phi / dt, sin phi, omega), each scaled as `features` and `simulations.VIEWS` say.

Dimensions: B scenes, T frames, N oscillators, L scenes of one block.
"""

import math

import numpy as np

from reprolib.data.checks import check_values
from reprolib.data.compiled import compiled
from reprolib.data.particles import (
    check_couplings,
    check_trajectories,
    count_frames,
    draw_graph,
    over_blocks,
)

LOWEST, HIGHEST = 1.0, 10.0  # frequencies drawn, in radians per unit of time
BLOCK = 32  # scenes that one thread steps before it reports


def simulate(
    phases: np.ndarray,
    frequencies: np.ndarray,
    couplings: np.ndarray,
    steps: int,
    sample_every: int = 10,
    dt: float = 0.01,
    progress: str | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Phases and their rates d phi / dt, float64 [B, T, N] each with T = steps / sample_every - 1.

    Classical Runge-Kutta of order four; frame 0 is the state after `sample_every` steps; phases are not wrapped.
    Runs on all cores, or as many as the environment variable NUMBA_NUM_THREADS says.

    Args:
        phases, frequencies: of the start in radians, and omega in radians per unit of time, [B, N].
        couplings: [B, N, N], symmetric, the diagonal ignored.
        progress: title of a progress bar; None shows none.

    Raises:
        InputError: fewer than two oscillators, wrong shapes, couplings that are not symmetric, values that are not
            finite, no whole number of frames, or a scene that explodes (the error names it).
    """
    frames = count_frames(steps, sample_every, dt)
    phases = check_values("phases", phases, (None, None))
    frequencies = check_values("frequencies", frequencies, phases.shape)
    couplings = check_couplings(couplings, *phases.shape)
    traces = np.empty((len(phases), 2, frames, phases.shape[1]))  # [B, 2, T, N]

    def work(block: slice) -> None:
        _run(phases[block], frequencies[block], couplings[block], int(sample_every), float(dt), traces[block])

    over_blocks(work, len(phases), BLOCK, progress)
    check_trajectories(traces)
    return traces[:, 0], traces[:, 1]


def draw(count: int, objects: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Starts of `count` scenes: phases and frequencies [B, N], uniform; couplings [B, N, N], each 1 with p = 1/2."""
    phases = rng.uniform(0, 2 * np.pi, size=(count, objects))
    frequencies = rng.uniform(LOWEST, HIGHEST, size=(count, objects))
    return phases, frequencies, draw_graph(count, objects, rng)


def features(
    phases: np.ndarray,
    rates: np.ndarray,
    frequencies: np.ndarray,
    couplings: np.ndarray,
    scaled: bool = True,
    cosine: bool = False,
) -> np.ndarray:
    """What a model sees, [B, T, N, 3]: d phi / dt, sin phi and omega, all between -1 and 1.

    The rate is scaled by its own minimum and maximum over the T frames given, an oscillator at a time, and 0 where
    it is constant or nothing is coupled to the oscillator; omega is scaled by the range it is drawn from.

    Args:
        phases, rates: [B, T, N], as `simulate` returns them.
        frequencies, couplings: [B, N] and [B, N, N].
        scaled: False leaves the rates as they are.
        cosine: whether cos phi comes fourth, without which one frame does not tell a rising sin phi from a falling one.
    """
    omega = 2 * (frequencies - LOWEST) / (HIGHEST - LOWEST) - 1  # [B, N]
    shown = _scaled(rates, couplings) if scaled else rates
    seen = [shown, np.sin(phases), np.broadcast_to(omega[:, None], phases.shape)]
    return np.stack([*seen, np.cos(phases)] if cosine else seen, axis=3)


def _scaled(rates: np.ndarray, couplings: np.ndarray) -> np.ndarray:
    """Each oscillator's rates by their own range, 0 where they have none: [B, T, N], [B, N, N] -> [B, T, N]."""
    low, high = rates.min(axis=1, keepdims=True), rates.max(axis=1, keepdims=True)  # [B, 1, N]
    coupled = (couplings * (1 - np.eye(couplings.shape[1]))).any(axis=2)[:, None]  # [B, 1, N]
    varies = coupled & (low < high)
    return np.where(varies, 2 * (rates - low) / np.where(varies, high - low, 1) - 1, 0)  # [B, T, N]


@compiled
def _run(phases, frequencies, couplings, every, dt, traces):
    """Fill traces [L, 2, T, N] with the phases and rates of every scene."""
    for scene in range(len(phases)):
        _integrate(phases[scene], frequencies[scene], couplings[scene], every, dt, traces[scene])


@compiled
def _integrate(start, frequencies, couplings, every, dt, traces):
    """Fill traces [2, T, N] from the phases [N] at the start."""
    objects = len(start)
    phases, moved, circle = start.copy(), start.copy(), np.empty((2, objects))
    rates, mean = np.zeros(objects), np.empty(objects)
    for frame in range(traces.shape[1]):
        for _ in range(every):
            mean[:] = 0.0
            for ahead, weight in ((0.0, 1 / 6), (dt / 2, 1 / 3), (dt / 2, 1 / 3), (dt, 1 / 6)):
                for i in range(objects):
                    moved[i] = phases[i] + ahead * rates[i]
                _differentiate(moved, frequencies, couplings, circle, rates)
                for i in range(objects):
                    mean[i] += weight * rates[i]
            for i in range(objects):
                phases[i] += dt * mean[i]
        _differentiate(phases, frequencies, couplings, circle, rates)
        for i in range(objects):
            traces[0, frame, i] = phases[i]
            traces[1, frame, i] = rates[i]


@compiled
def _differentiate(phases, frequencies, couplings, circle, rates):
    """rates = d phases / dt [N], by sin(a - b) = sin a cos b - cos a sin b; circle [2, N] is scratch."""
    for i in range(len(phases)):
        circle[0, i], circle[1, i] = math.sin(phases[i]), math.cos(phases[i])
    for i in range(len(phases)):
        rates[i] = frequencies[i]
        for j in range(len(phases)):
            rates[i] += couplings[i, j] * (circle[0, j] * circle[1, i] - circle[1, j] * circle[0, i])
