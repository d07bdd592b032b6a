"""A small game whose interactions are known: a handler who drives, a mate who may screen, two defenders, and a ball.

It stands in for tracked games where there are none, and is a procedure of ours. All five move on the half court left of
the middle line, basket at its left end. Who reacts to whom is drawn for each play:

- the ball follows its handler, or from a pass on the mate;
- the mate sets a screen beside the handler's defender, or runs to a place of his own;
- each defender keeps between the basket and the man whom he guards: his own, or where they switch, the other's.

The handler reacts to nobody: he runs to a place, then to the basket. Every player is pushed at random in each frame, so
that no motion can be foretold exactly. Quantities are in feet and seconds.

Dimensions: M plays, T + 1 = 26 frames, N = 5 objects, in the order of `play_windows.ROLES`.
"""

from dataclasses import dataclass

import numpy as np

from reprolib.data.basketball.play_windows import RATE
from reprolib.data.checks import check_whole
from reprolib.data.simulations import senders
from reprolib.settings.data_sets import PLAY_FRAMES

VERSION = 1  # part of the data's identity: raise it whenever the same seed gives other bytes
BLOCK = 500  # plays that share one random stream: any number of plays is a prefix of any larger number
BALL, HANDLER, MATE, HANDLER_DEFENDER, MATE_DEFENDER = OBJECTS = range(5)
HALF_COURT = (47.0, 50.0)
BASKET = np.array([5.25, 25.0])
STEPS = 10  # of Euler in a frame
STIFFNESS, DAMPING = 60.0, 15.0  # of the ball about who holds it, 1/s^2 and 1/s: it catches up in a fifth of a second
EAGERNESS = 4.0  # 1/s: how soon a player moves as he wants
APPROACH = 2.0  # 1/s: a player who is a foot from his place wants to move two feet a second
FASTEST = 18.0  # that a player wants to be
GAP = 3.0  # between a defender and his man
BESIDE = 2.5  # from the screen to the handler's defender
PUSH = 8.0  # standard deviation of each component of a player's random acceleration
CHANCES = {"screen": 0.5, "pass": 0.4, "switch": 0.3}
PASSES = (1.0, 3.0)  # seconds between which a pass begins
DRIVES = (0.4, 2.0)  # and a drive to the basket


@dataclass(frozen=True, eq=False)
class Plan:
    """What is drawn for M plays before they begin."""

    screens: np.ndarray  # bool [M]
    passes: np.ndarray  # when the ball goes to the mate [M]; infinite where it never does
    switches: np.ndarray  # bool [M]
    drives: np.ndarray  # when the handler turns to the basket [M]
    places: np.ndarray  # that the handler and the mate run to [M, 2, 2]

    def __len__(self) -> int:
        return len(self.screens)

    def first(self, count: int) -> "Plan":
        """The first of the plays."""
        return Plan(*(column[:count] for column in vars(self).values()))

    def influences(self) -> np.ndarray:
        """Who reacts to whom in the course of a play: bool [M, N, N], receiver and sender."""
        found = np.zeros((len(self), len(OBJECTS), len(OBJECTS)), bool)
        found[:, BALL, HANDLER] = True
        found[:, BALL, MATE] = np.isfinite(self.passes)
        found[:, MATE, HANDLER_DEFENDER] = self.screens
        found[:, HANDLER_DEFENDER, HANDLER] = found[:, MATE_DEFENDER, MATE] = ~self.switches
        found[:, HANDLER_DEFENDER, MATE] = found[:, MATE_DEFENDER, HANDLER] = self.switches
        return found


def generate(count: int, seed: int, stream: int) -> tuple[np.ndarray, np.ndarray]:
    """The first plays of an endless sequence: positions float64 [M, T + 1, N, 2] and edges int64 [M, N, N - 1].

    An edge is 1 where the sender moves the receiver, 0 where not; senders as in `simulations.senders`.

    Args:
        stream: number of one of the independent sequences of a seed: give training and test data different ones.

    Raises:
        InputError: numbers that are not whole or are too small.
    """
    check_whole(1, count=count)
    check_whole(0, seed=seed, stream=stream)
    blocks = [_block(min(BLOCK, count - start), seed, stream, start // BLOCK) for start in range(0, count, BLOCK)]
    positions, influences = (np.concatenate(part) for part in zip(*blocks, strict=True))
    edges = influences[:, np.arange(len(OBJECTS))[:, None], senders(len(OBJECTS))]
    return positions, edges.astype(np.int64)


def accelerations(places: np.ndarray, velocities: np.ndarray, plan: Plan, time: float) -> np.ndarray:
    """What every object does about the others, without random pushes: [M, N, 2] twice -> [M, N, 2]."""
    handler, mate, defender = (places[:, who] for who in (HANDLER, MATE, HANDLER_DEFENDER))
    passed, drives = ((starts <= time)[:, None] for starts in (plan.passes, plan.drives))
    found = np.empty_like(places)
    holder = [np.where(passed, part[:, MATE], part[:, HANDLER]) for part in (places, velocities)]
    found[:, BALL] = STIFFNESS * (holder[0] - places[:, BALL]) + DAMPING * (holder[1] - velocities[:, BALL])
    goals = np.where(drives, BASKET, plan.places[:, 0])
    found[:, HANDLER] = _towards(goals, handler, velocities[:, HANDLER])
    screen = defender + BESIDE * np.array([0.0, 1.0])
    spots = np.where(plan.screens[:, None], screen, plan.places[:, 1])
    found[:, MATE] = _towards(spots, mate, velocities[:, MATE])
    for who, own, other in ((HANDLER_DEFENDER, HANDLER, MATE), (MATE_DEFENDER, MATE, HANDLER)):
        man, speed = (np.where(plan.switches[:, None], part[:, other], part[:, own]) for part in (places, velocities))
        found[:, who] = _towards(man + GAP * _unit(BASKET - man), places[:, who], velocities[:, who], speed)
    return found


def _towards(goals: np.ndarray, places: np.ndarray, velocities: np.ndarray, with_: np.ndarray | float = 0.0):
    """Of players who want to be at their goals, or to keep up with them [M, 2]."""
    wanted = APPROACH * (goals - places) + with_
    speeds = np.linalg.norm(wanted, axis=-1, keepdims=True)
    wanted = wanted * np.minimum(1.0, FASTEST / np.maximum(speeds, FASTEST))
    return EAGERNESS * (wanted - velocities)


def _unit(arrows: np.ndarray) -> np.ndarray:
    """Directions [M, 2]; shorter near zero, so that nobody turns at once."""
    return arrows / np.maximum(np.linalg.norm(arrows, axis=-1, keepdims=True), 1.0)


def _block(count: int, seed: int, stream: int, number: int) -> tuple[np.ndarray, np.ndarray]:
    """Positions and influences of the first plays of a block."""
    rng = np.random.Generator(np.random.PCG64(np.random.SeedSequence((seed, stream), spawn_key=(number,))))
    plan, start = _draw(rng)
    pushes = PUSH * rng.standard_normal((PLAY_FRAMES, BLOCK, len(OBJECTS), 2))
    pushes[:, :, BALL] = 0
    plan = plan.first(count)
    return _simulate(plan, start[:count], pushes[:, :count]), plan.influences()


def _draw(rng: np.random.Generator) -> tuple[Plan, np.ndarray]:
    """What happens in a block of plays, and where they begin [M, N, 2]."""
    happens = {name: rng.random(BLOCK) < chance for name, chance in CHANCES.items()}
    passes = np.where(happens["pass"], rng.uniform(*PASSES, BLOCK), np.inf)
    low, high = np.array([[8.0, 4.0], [40.0, 46.0]])
    places = rng.uniform(low, high, (BLOCK, 2, 2))
    plan = Plan(happens["screen"], passes, happens["switch"], rng.uniform(*DRIVES, BLOCK), places)
    handler = rng.uniform([20.0, 8.0], [38.0, 42.0], (BLOCK, 2))
    turn = rng.uniform(0, 2 * np.pi, BLOCK)
    away = rng.uniform(8.0, 18.0, BLOCK)[:, None] * np.stack([np.cos(turn), np.sin(turn)], axis=1)
    mate = np.clip(handler + away, 3.0, np.array(HALF_COURT) - 3.0)
    guards = [man + GAP * _unit(BASKET - man) + rng.normal(0, 1.0, (BLOCK, 2)) for man in (handler, mate)]
    return plan, np.stack([handler + rng.normal(0, 0.5, (BLOCK, 2)), handler, mate, *guards], axis=1)


def _simulate(plan: Plan, places: np.ndarray, pushes: np.ndarray) -> np.ndarray:
    """All frames from the first on [M, T + 1, N, 2], by semi-implicit Euler; nobody leaves the half court."""
    step = 1 / (RATE * STEPS)
    velocities, frames = np.zeros_like(places), [np.clip(places, 0, HALF_COURT)]
    for frame, push in enumerate(pushes):
        now = frames[-1]
        for inner in range(STEPS):
            time = (frame * STEPS + inner) * step
            velocities = velocities + step * (accelerations(now, velocities, plan, time) + push)
            now = np.clip(now + step * velocities, 0, HALF_COURT)
        frames.append(now)
    return np.stack(frames, axis=1)
