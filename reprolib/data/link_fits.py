"""What classical fits make of hidden links: whether the task can be solved, before any network tries.

S scenes, 10 balls, 45 pairs, T frames. Rigid links show in the distance of their balls, which stays as it is. Springs
are looked for in two ways: in how little the distance varies, or in the forces that would explain how balls accelerate.
"""

import numpy as np
from scipy.optimize import nnls

from reprolib.data.linked_balls import BALLS, NONE, RIGID, SPRING
from reprolib.data.physical_scenes import PhysicalScenes, generate
from reprolib.data.table_top import PAIRS
from reprolib.settings.physical import World

FIRST, SECOND = np.array(PAIRS).T  # [45] each
STIFF = 2e-3  # metres by which the length of a rigid link may spread; it does by less, and nearly all springs by more
SWEEPS = 8  # of the fit of forces, each with less weight for what the last one did not explain
SURPRISE = 1.5  # times the median of what is not explained: more is taken for a collision
CALM = 0.05  # m/s^2, the least of what counts as not explained


def pair_kinds(connections: np.ndarray) -> np.ndarray:
    """Kinds of the links [S, 45] of connection matrices [S, 10, 10]."""
    return connections[:, FIRST, SECOND]


def spreads(trajectories: np.ndarray) -> np.ndarray:
    """Standard deviations [S, 45] of the distances over frames, of trajectories [S, 10, T, 2]."""
    apart = trajectories[:, FIRST] - trajectories[:, SECOND]
    return np.linalg.norm(apart.astype(float), axis=-1).std(-1)


def by_variance(trajectories: np.ndarray, spring: float) -> np.ndarray:
    """Kinds [S, 45] from how much distances vary: up to `STIFF` rigid, up to `spring` metres a spring."""
    spread = spreads(trajectories)
    return np.where(spread < STIFF, RIGID, np.where(spread < spring, SPRING, NONE))


def best_variance(scenes: PhysicalScenes) -> float:
    """The limit for `by_variance` with which most pairs of these scenes are right."""
    return best_limit(spreads(scenes.trajectories), pair_kinds(scenes.connections) != NONE)


def best_limit(spread: np.ndarray, joined: np.ndarray) -> float:
    """The spread up to which pairs are best taken for joined; spreads and whether they are, of any one shape."""
    limits = np.quantile(spread, np.linspace(0, 1, 1000))
    return float(max(limits, key=lambda limit: np.sum((spread < limit) == joined)))


def by_forces(trajectories: np.ndarray, world: World) -> np.ndarray:
    """Kinds [S, 45]: rigid ones as `by_variance`, springs from `stiffnesses` where at least half of a spring's."""
    spread = spreads(trajectories)
    found = np.where(spread < STIFF, RIGID, NONE)
    for scene, places in enumerate(trajectories.astype(float)):
        strength = stiffnesses(places, found[scene] == RIGID, world)
        found[scene][strength > world.stiffness / 2] = SPRING
    return found


def stiffnesses(places: np.ndarray, rigid: np.ndarray, world: World) -> np.ndarray:
    """Stiffness [45], N/m, of the springs that best explain all accelerations of one scene together.

    The unknowns are the stiffness and, times it, the length of each pair's spring, neither negative, and a free force
    along each rigid link in each frame. Accelerations are second differences, which makes fast springs look weaker.
    Collisions are nobody's force: what stays unexplained gets less weight from sweep to sweep.

    Args:
        places: trajectories [10, T, 2].
        rigid: which of the pairs [45] are rigid links.
    """
    spacing = world.step * world.steps
    pushes = np.diff(places, 2, axis=1).ravel() * world.mass / spacing**2  # [E], a force for each ball, frame and axis
    apart = (places[SECOND] - places[FIRST])[:, 1:-1]  # [45, T - 2, 2]
    along = apart / np.linalg.norm(apart, axis=-1, keepdims=True)
    loose, held = np.flatnonzero(~rigid), np.flatnonzero(rigid)
    springs = np.stack([_on(pair, force) for pair in loose for force in (apart[pair], -along[pair])], axis=1)
    moments = np.eye(apart.shape[1])[..., None]
    rods = [_on(pair, moment * along[pair]) for pair in held for moment in moments]
    rods = np.stack(rods, axis=1) if rods else np.zeros((len(pushes), 0))
    weights = np.ones(len(pushes))
    for _ in range(SWEEPS):
        found, left = _explain(pushes, springs, rods, weights)
        worst = np.abs(left).reshape(-1, 2).max(1)  # of a ball's two axes
        usual = SURPRISE * max(np.median(worst), CALM)
        weights = np.repeat(np.minimum(1, usual / np.maximum(worst, CALM)), 2)
    strength = np.zeros(len(PAIRS))
    strength[loose] = found[::2]
    return strength


def _on(pair: int, force: np.ndarray) -> np.ndarray:
    """A force [T - 2, 2] on the first ball of a pair and its opposite on the second [E]."""
    both = np.zeros((BALLS, *force.shape))
    both[FIRST[pair]], both[SECOND[pair]] = force, -force
    return both.ravel()


def _explain(pushes: np.ndarray, springs: np.ndarray, rods: np.ndarray, weights: np.ndarray) -> tuple:
    """Weighted least squares: what the springs' columns need, and what stays unexplained [E]."""
    weighed = weights[:, None]
    basis, _ = np.linalg.qr(rods * weighed)  # what rods can explain is left out for the springs
    target, columns = pushes * weights, springs * weighed
    found, _ = nnls(columns - basis @ (basis.T @ columns), target - basis @ (basis.T @ target), maxiter=5000)
    left = pushes - springs @ found
    return found, left - rods @ np.linalg.lstsq(rods * weighed, left * weights, rcond=None)[0]


def report(world: World, count: int, seed: int = 0) -> dict[str, float]:
    """How far fits get on `count` scenes: percent of scenes wholly right, and of pairs right.

    The limit of `by_variance` is chosen on as many other scenes. "majority" says that nothing is linked.
    """
    scenes, others = (generate(world, count, seed, stream) for stream in range(2))
    true = pair_kinds(scenes.connections)
    guesses = {
        "majority": np.full_like(true, NONE),
        "variance": by_variance(scenes.trajectories, best_variance(others)),
        "forces": by_forces(scenes.trajectories, world),
    }
    right = {name: guess == true for name, guess in guesses.items()}
    scenes_right = {f"{name}, scenes": 100 * float(found.all(1).mean()) for name, found in right.items()}
    return scenes_right | {f"{name}, pairs": 100 * float(found.mean()) for name, found in right.items()}
