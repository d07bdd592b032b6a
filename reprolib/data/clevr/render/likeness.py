"""How closely our pictures agree with others of the same scenes, such as Blender's.

M pictures, H x W pixels.
"""

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import binary_dilation

from reprolib.data.clevr.render.geometry import camera_rays, first_hits, solids_of
from reprolib.data.clevr.render.renderer import render
from reprolib.data.clevr.scenes import Scenes

THRESHOLD = 0.08  # what differs by more from the bare ground, in one colour of [0, 1], belongs to the silhouettes
LEAST = 60  # pixels: an object of which fewer are seen has no middle worth comparing
RIM = 3  # pixels around an object in which its silhouette is looked for


@dataclass(frozen=True)
class Agreement:
    """Of one picture with ours of the same scene."""

    overlap: float  # of the silhouettes: their intersection over their union
    apart: float  # pixels between the middles of an object's two silhouettes; of the object where it is most
    objects: float  # mean absolute difference of the colours, in [0, 1], over the pixels of objects
    ground: float  # the same over the other pixels


def agreements(theirs: np.ndarray, scenes: Scenes, threshold: float = THRESHOLD) -> list[Agreement]:
    """Compare pictures, uint8 [M, H, W, 3], with ours of their scenes, none of them empty.

    Silhouettes are what differs from our pictures of the same ground without the objects, in both.

    Raises:
        InputError: as `render` does.
    """
    height, width = theirs.shape[1:3]
    ours, bare = (render(scenes, height, width, objects=objects).numpy() / 255 for objects in (True, False))
    pictures = zip(theirs / 255, ours, bare, seen_objects(scenes, height, width), strict=True)
    return [_agreement(*picture, threshold) for picture in pictures]


def seen_objects(scenes: Scenes, height: int, width: int) -> np.ndarray:
    """Number of the object in the middle of each pixel, below zero for the ground: int64 [M, H, W]."""
    origins, directions = camera_rays(scenes.cameras, height, width, 1, "cpu")
    return first_hits(solids_of(scenes, "cpu"), origins, directions)[1].view(-1, height, width).numpy()


def _agreement(theirs: np.ndarray, ours: np.ndarray, bare: np.ndarray, seen: np.ndarray, threshold: float) -> Agreement:
    masks = [np.abs(picture - bare).max(-1) > threshold for picture in (theirs, ours)]
    large = [item for item in range(seen.max() + 1) if (seen == item).sum() >= LEAST]
    errors = np.abs(theirs - ours).mean(-1)
    return Agreement(
        overlap=float((masks[0] & masks[1]).sum() / (masks[0] | masks[1]).sum()),
        apart=max(_apart(*masks, seen, item) for item in large),
        objects=float(errors[seen >= 0].mean()),
        ground=float(errors[seen < 0].mean()),
    )


def _apart(first: np.ndarray, second: np.ndarray, seen: np.ndarray, item: int) -> float:
    """Pixels between the middles of two silhouettes of one object, infinite where there is but one."""
    own = seen == item
    region = binary_dilation(own, iterations=RIM) & (own | (seen < 0))
    places = [np.argwhere(mask & region) for mask in (first, second)]
    return float(np.linalg.norm(places[0].mean(0) - places[1].mean(0))) if all(map(len, places)) else np.inf
