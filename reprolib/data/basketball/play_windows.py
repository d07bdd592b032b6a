"""Plays of five objects cut from tracked games, by a rule that can be stated (after Kipf et al. 2018, section 5.2).

The paper's plays are pick-and-rolls that somebody picked out. Tracking alone does not say where one begins, so that a
play here is any 25 rows in which all of this holds:

1. They lie in one stretch without a gap, and so does the row before them, which gives the first velocity.
2. The ball stays on the court, and in one half of it.
3. In the first row somebody holds the ball: a player is within 4 feet of it, and it is below 8 feet. The nearest one
   is the handler. A ball that lies dead or is in the air begins no play; what happens to it later does not matter.
4. Nothing moves faster than it can: no player above 35 feet a second, no ball above 80. These are lost tracks.

The roles are fixed in the first row: the ball, its handler, his nearest team mate, the opponent nearest to the handler,
and of the other opponents the one nearest to the mate. Plays of the right half are turned by half a turn.

Dimensions: M plays, T = 25 frames, N = 5 objects. Lengths in feet, times in seconds.
"""

import numpy as np

from reprolib.data.basketball.tracked_games import COURT, TEAM, Tracking
from reprolib.settings.data_sets import PLAY_FRAMES

VERSION = 1  # part of the data's identity: raise it whenever the same games give other plays
ROLES = ("ball", "handler", "mate", "handler_defender", "mate_defender")
RATE = 5.0  # rows a second
REACH, OVERHEAD = 4.0, 8.0  # of whoever holds the ball
FASTEST_PLAYER, FASTEST_BALL = 35.0, 80.0  # feet a second
NOWHERE, LEFT, RIGHT = 0, 1, 2  # of the court


def plays(tracking: Tracking, stride: int) -> np.ndarray:
    """Positions [M, T + 1, N, 2] of all plays; the first of their frames is the row before the play.

    Args:
        stride: rows between two plays; with T or more they share none. Where no play begins, the next row is tried.
    """
    begins = play_rows(tracking, stride)
    return np.stack([_cut(tracking, row) for row in begins]) if begins else np.empty((0, PLAY_FRAMES + 1, 5, 2))


def play_rows(tracking: Tracking, stride: int) -> list[int]:
    """The first row of each play, by the rule above."""
    halves, held, steady = _halves(tracking), _held(tracking), _steady(tracking)
    begins = []
    for first, end in tracking.stretches:
        row = first + 1
        while row + PLAY_FRAMES <= end:
            half = halves[row - 1 : row + PLAY_FRAMES]
            fits = (
                held[row] and half[0] != NOWHERE and (half == half[0]).all() and steady[row : row + PLAY_FRAMES].all()
            )
            if fits:
                begins.append(int(row))
            row += stride if fits else 1
    return begins


def roles(players: np.ndarray, ball: np.ndarray) -> np.ndarray:
    """The numbers of handler, mate, handler's defender and mate's defender [4], from one row: [10, 2] and [2]."""
    handler = _distances(players, ball).argmin()
    own = handler // TEAM
    mates = [player for player in range(own * TEAM, (own + 1) * TEAM) if player != handler]
    opponents = [player for player in range(len(players)) if player // TEAM != own]
    mate = _nearest(players, mates, handler)
    defender = _nearest(players, opponents, handler)
    other = _nearest(players, [player for player in opponents if player != defender], mate)
    return np.array([handler, mate, defender, other])


def features(positions: np.ndarray) -> np.ndarray:
    """x, y and their velocities over the last row: [M, T + 1, N, 2] -> [M, T, N, 4]. Nothing later is looked at."""
    return np.concatenate([positions[:, 1:], np.diff(positions, axis=1) * RATE], axis=3)


def mirrored(positions: np.ndarray) -> np.ndarray:
    """The same plays with left and right of the basket exchanged [..., 2]."""
    return np.array([0.0, COURT[1]]) + positions * np.array([1.0, -1.0])


def _cut(tracking: Tracking, row: int) -> np.ndarray:
    """One play with the row before it, the basket on the left: [T + 1, N, 2]."""
    rows = slice(row - 1, row + PLAY_FRAMES)
    chosen = roles(tracking.players[row], tracking.ball[row])
    positions = np.concatenate([tracking.ball[rows, None], tracking.players[rows][:, chosen]], axis=1)
    return positions if tracking.ball[row, 0] < COURT[0] / 2 else COURT - positions


def _halves(tracking: Tracking) -> np.ndarray:
    """Where the ball is in each row [T]: in the left half, in the right half, or off the court."""
    on_court = ((tracking.ball >= 0) & (tracking.ball <= COURT)).all(axis=1)
    return np.where(on_court, np.where(tracking.ball[:, 0] < COURT[0] / 2, LEFT, RIGHT), NOWHERE)


def _held(tracking: Tracking) -> np.ndarray:
    """Whether somebody holds the ball in each row [T]."""
    nearest = _distances(tracking.players, tracking.ball[:, None]).min(axis=1)
    return (nearest <= REACH) & (tracking.heights <= OVERHEAD)


def _steady(tracking: Tracking) -> np.ndarray:
    """Whether everything can have come from where it was a row before [T]."""
    players = _distances(tracking.players[1:], tracking.players[:-1]).max(axis=1) * RATE <= FASTEST_PLAYER
    ball = _distances(tracking.ball[1:], tracking.ball[:-1]) * RATE <= FASTEST_BALL
    return np.concatenate([[False], players & ball])


def _distances(some: np.ndarray, others: np.ndarray) -> np.ndarray:
    return np.linalg.norm(some - others, axis=-1)


def _nearest(players: np.ndarray, candidates: list[int], to: int) -> int:
    """The one of some players who is nearest to another."""
    return candidates[_distances(players[candidates], players[to]).argmin()]
