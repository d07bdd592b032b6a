"""Some joints of a walk as points in a plane, for models that know nothing of bodies.

T frames, N joints that are chosen, J joints of the body.
"""

from collections.abc import Sequence

import numpy as np

from reprolib.data.cmu.skeleton import AXES, Skeleton, Walk
from reprolib.errors import InputError


def joint_paths(walk: Walk, joints: Sequence[str], plane: str = "zy", rate: float | None = None) -> np.ndarray:
    """Places of the chosen joints in a plane [T, N, 2], in the walk's unit of length.

    Args:
        joints: their names, in the order that is wanted.
        plane: the two axes, of x (left), y (up) and z (ahead): zy is the view from the side.
        rate: frames a second, between which places are interpolated linearly; None: as recorded.

    Raises:
        InputError: there is no such joint or plane, or the rate is not above 0.
    """
    if len(plane) != 2 or plane[0] == plane[1] or not set(plane) <= set(AXES):
        raise InputError(f"plane is {plane!r}: give two different axes of x, y and z")
    if rate is not None and not 0 < rate < np.inf:
        raise InputError(f"rate is {rate}: give frames a second, above 0")
    axes = [AXES.index(axis) for axis in plane]
    seen = walk.positions[:, walk.skeleton.indices(joints)][..., axes]  # [F, N, 2]
    if rate is None:
        return seen
    last = (len(seen) - 1) / walk.rate  # seconds
    times = np.arange(int(last * rate + 1e-9) + 1) / rate * walk.rate  # in recorded frames [T]
    before = np.minimum(times.astype(int), max(0, len(seen) - 2))
    after, part = np.minimum(before + 1, len(seen) - 1), (times - before)[:, None, None]
    return (1 - part) * seen[before] + part * seen[after]


def connections(skeleton: Skeleton, joints: Sequence[str]) -> np.ndarray:
    """Which chosen joints the body joins: bool [N, N], symmetric.

    Two are joined where the bones between them pass no other chosen joint. Of all joints that is their adjacency.

    Raises:
        InputError: there is no such joint.
    """
    chosen, joined = skeleton.indices(joints), skeleton.adjacency
    others = np.setdiff1d(np.arange(len(joined)), chosen)
    direct, out = joined[np.ix_(chosen, chosen)], joined[np.ix_(chosen, others)]
    steps = joined[np.ix_(others, others)] | np.eye(len(others), dtype=bool)
    for _ in range(len(others).bit_length()):
        steps = steps @ steps  # twice as many bones as before
    found = direct | (out @ steps @ out.T)
    np.fill_diagonal(found, False)
    return found
