"""CLEVR's scenes as arrays, and their JSON form (Johnson et al. 2017, section 3.1).

M scenes, N = OBJECTS places for objects, of which the first `counts` are taken. World units; z points up.
"""

from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np

from reprolib.data.clevr.programs import ATTRIBUTES, RELATIONS
from reprolib.settings.data_sets import RELEASED_WIDTH

OBJECTS = 10  # of the fullest scenes
WIDTH, HEIGHT = RELEASED_WIDTH, 240  # of the release's pictures, in pixels
FOCAL = 35 / 32 * WIDTH  # focal length over the sensor's width, in pixels
SIZES = (0.7, 0.35)  # radius of large and small spheres and cylinders; a cube's half side is this / sqrt(2)
EDGES = (0.18, 1.0, 0.04)  # of each shape, radius of its rounded edges over its half extent; fitted to pictures
COLORS = np.array(
    [
        (87, 87, 87),
        (173, 35, 35),
        (42, 75, 215),
        (29, 105, 20),
        (129, 74, 25),
        (129, 38, 192),
        (41, 208, 208),
        (255, 238, 51),
    ],
    np.float32,
)  # the official red, green and blue from 0 to 255, in the order of ATTRIBUTES
LAMPS = ("Lamp_Key", "Lamp_Back", "Lamp_Fill")
MARGIN = 0.2  # an object is left of another when it is this far to the left of it, along the ground


@dataclass(frozen=True, eq=False)
class Scenes:
    """M scenes; rows of absent objects are zero."""

    counts: np.ndarray  # int64 [M]
    positions: np.ndarray  # float32 [M, N, 3]: centres
    rotations: np.ndarray  # float32 [M, N]: about z, as listed; the official code drew degrees and rendered radians
    attributes: np.ndarray  # uint8 [M, N, 4]: position of each value in ATTRIBUTES, in its order: size, color, ...
    cameras: np.ndarray  # float32 [M, 4, 4]: from the camera, which looks along its -z axis, to the world
    lamps: np.ndarray  # float32 [M, 3, 3]: positions of LAMPS

    def __len__(self) -> int:
        return len(self.counts)

    def __getitem__(self, index: slice | np.ndarray) -> "Scenes":
        return Scenes(*(getattr(self, field.name)[index] for field in fields(self)))

    @property
    def present(self) -> np.ndarray:
        """Which places are taken: [M, N]."""
        return np.arange(self.positions.shape[1]) < self.counts[:, None]

    def directions(self) -> np.ndarray:
        """Unit vectors along the ground in the order of RELATIONS: left, right, front, behind, [M, 4, 3]."""
        ahead = -self.cameras[:, :3, 2] * (1, 1, 0)
        ahead /= np.linalg.norm(ahead, axis=1, keepdims=True)
        left = np.stack([-ahead[:, 1], ahead[:, 0], ahead[:, 2]], 1)
        return np.stack([left, -left, -ahead, ahead], 1)

    def relations(self) -> np.ndarray:
        """Entry (m, r, i, j): object j stands in relation r to object i, bool [M, 4, N, N]."""
        apart = self.positions[:, None] - self.positions[:, :, None]  # [M, N, N, 3], from i to j
        along = np.einsum("mijc,mrc->mrij", apart, self.directions())
        both = self.present[:, :, None] & self.present[:, None]
        return (along > MARGIN) & both[:, None]

    def pixels(self) -> np.ndarray:
        """Column, row and depth of the centres in a picture of WIDTH x HEIGHT pixels, zeros where absent: [M, N, 3]."""
        seen = self.positions - self.cameras[:, None, :3, 3]
        x, y, z = np.moveaxis(np.einsum("mnc,mcd->mnd", seen, self.cameras[:, :3, :3]), 2, 0)
        depth = np.where(self.present, -z, 1)  # the camera looks along -z
        found = np.stack([WIDTH / 2 + FOCAL * x / depth, HEIGHT / 2 - FOCAL * y / depth, depth], 2)
        return np.where(self.present[:, :, None], found, 0)

    def json(self, index: int, split: str = "train", image_index: int | None = None) -> dict:
        """One scene in the release's form."""
        one, number = self[index : index + 1], index if image_index is None else image_index
        related, directions, count = one.relations()[0], one.directions()[0], int(one.counts[0])
        return {
            "split": split,
            "image_index": number,
            "image_filename": f"CLEVR_{split}_{number:06d}.png",
            "objects": [_object(one, item) for item in range(count)],
            "directions": {name: vector.tolist() for name, vector in zip(RELATIONS, directions, strict=True)}
            | {"above": [0.0, 0.0, 1.0], "below": [0.0, 0.0, -1.0]},
            "relationships": {
                name: [np.flatnonzero(row).tolist() for row in rows[:count]]
                for name, rows in zip(RELATIONS, related, strict=True)
            },
        }


def from_json(scenes: Iterable[Mapping], cameras: Sequence[Mapping] | None = None) -> Scenes:
    """Scenes in the release's form as arrays; of what an iterator gives, one scene is held at a time.

    Args:
        scenes: whole ones, as the reader gives them.
        cameras: of each scene its world matrix under camera.matrix_world and three positions under lights. The release
            lists none; without them the arrays hold zeros, and neither directions nor pictures can be had.
    """
    counts, positions, rotations, attributes = array("q"), array("f"), array("f"), array("B")
    for scene in scenes:
        counts.append(len(scene["objects"]))
        for item in scene["objects"]:
            positions.extend(item["3d_coords"])
            rotations.append(item["rotation"])
            attributes.extend(values.index(item[name]) for name, values in ATTRIBUTES.items())
    found = empty(len(counts))
    found.counts[:] = counts
    found.positions[found.present] = np.reshape(positions, (-1, 3))  # [objects of all scenes, 3]
    found.rotations[found.present] = rotations  # [objects of all scenes]
    found.attributes[found.present] = np.reshape(attributes, (-1, len(ATTRIBUTES)))  # [objects of all scenes, 4]
    for index, camera in enumerate(cameras or ()):
        found.cameras[index] = camera["camera"]["matrix_world"]
        found.lamps[index] = [camera["lights"][name] for name in LAMPS]
    return found


def empty(count: int) -> Scenes:
    """Arrays of zeros for `count` scenes."""
    return Scenes(
        counts=np.zeros(count, np.int64),
        positions=np.zeros((count, OBJECTS, 3), np.float32),
        rotations=np.zeros((count, OBJECTS), np.float32),
        attributes=np.zeros((count, OBJECTS, len(ATTRIBUTES)), np.uint8),
        cameras=np.zeros((count, 4, 4), np.float32),
        lamps=np.zeros((count, len(LAMPS), 3), np.float32),
    )


def _object(one: Scenes, item: int) -> dict:
    column, row, depth = one.pixels()[0, item]
    values = zip(ATTRIBUTES.items(), one.attributes[0, item], strict=True)
    return {
        **{name: choices[which] for (name, choices), which in values},
        "3d_coords": one.positions[0, item].tolist(),
        "rotation": float(one.rotations[0, item]),
        "pixel_coords": [round(float(column)), round(float(row)), float(depth)],
    }
