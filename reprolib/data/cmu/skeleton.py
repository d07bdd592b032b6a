"""A body as joints and bones, and where its joints are when the bones turn.

F frames, J joints, K angles of a bone.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from reprolib.errors import InputError

AXES = "xyz"


@dataclass(frozen=True, eq=False)
class Skeleton:
    """Joints, each at the end of a bone that begins at its parent. Parents come before their children."""

    names: tuple[str, ...]
    parents: tuple[int, ...]  # -1 of the root, which comes first
    offsets: np.ndarray  # [J, 3]: from the parent to the joint, at rest

    @property
    def lengths(self) -> np.ndarray:
        """Length of every bone [J], 0 of the root, in the unit of the offsets."""
        return np.linalg.norm(self.offsets, axis=1)

    @property
    def adjacency(self) -> np.ndarray:
        """Whether a bone joins two joints: bool [J, J], symmetric."""
        joined = np.zeros((len(self.names),) * 2, dtype=bool)
        children = np.arange(1, len(self.names))
        joined[children, self.parents[1:]] = True
        return joined | joined.T

    def indices(self, names: Sequence[str]) -> list[int]:
        """Places of some joints in the order of all.

        Raises:
            InputError: there is no joint of that name, or one is named twice.
        """
        for name in names:
            if name not in self.names:
                raise InputError(f"there is no joint {name!r}: choose some of {', '.join(self.names)}")
            if list(names).count(name) > 1:
                raise InputError(f"the joint {name!r} is named twice: name each one once")
        return [self.names.index(name) for name in names]


@dataclass(frozen=True, eq=False)
class Walk:
    """A body in motion."""

    skeleton: Skeleton
    positions: np.ndarray  # float64 [F, J, 3]: in the unit of the skeleton's offsets
    rate: float  # frames a second


def turned(axes: str, degrees: np.ndarray) -> np.ndarray:
    """Rotations about several axes, the last one first: "zyx" is R_z R_y R_x, [..., K] -> [..., 3, 3].

    Args:
        axes: K letters of x, y and z.
        degrees: the angle about each of them.
    """
    angles = np.deg2rad(degrees)
    product = np.broadcast_to(np.eye(3), (*angles.shape[:-1], 3, 3))
    for place, axis in enumerate(axes):
        product = product @ _about(axis, angles[..., place])
    return product


def _about(axis: str, angles: np.ndarray) -> np.ndarray:
    """Right-handed rotations about one axis: radians [...] -> [..., 3, 3]."""
    first, second = (AXES.index(axis) + 1) % 3, (AXES.index(axis) + 2) % 3
    matrix = np.zeros((*angles.shape, 3, 3))
    matrix[..., AXES.index(axis), AXES.index(axis)] = 1
    matrix[..., first, first] = matrix[..., second, second] = np.cos(angles)
    matrix[..., second, first] = np.sin(angles)
    matrix[..., first, second] = -np.sin(angles)
    return matrix


def joint_positions(skeleton: Skeleton, root: np.ndarray, turns: np.ndarray) -> np.ndarray:
    """Forward kinematics: a joint lies at its parent's place plus its bone, which has turned with all bones before it.

    Args:
        root: places of the root [F, 3].
        turns: rotation of every bone against its parent's bone [F, J, 3, 3]; of the root against the world.

    Returns:
        Places of all joints [F, J, 3].
    """
    places, worlds = [root], [turns[:, 0]]
    for joint in range(1, len(skeleton.names)):
        parent = skeleton.parents[joint]
        worlds.append(worlds[parent] @ turns[:, joint])
        places.append(places[parent] + worlds[joint] @ skeleton.offsets[joint])
    return np.stack(places, axis=1)  # [F, J, 3]
