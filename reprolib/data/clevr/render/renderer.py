"""Pictures of CLEVR's scenes: the release's camera and look, at any size, many at once."""

import numpy as np
import torch
from torch import Tensor

from reprolib.data.clevr.render.geometry import camera_rays, solids_of
from reprolib.data.clevr.render.shading import radiance, scenery_of
from reprolib.data.clevr.scenes import FOCAL, HEIGHT, WIDTH, Scenes
from reprolib.errors import InputError

VERSION = 1  # of the pictures: raised whenever a pixel changes
FINE = 2  # sub-samples along each side of a pixel
LAMP_SAMPLES = 4  # of each lamp for a sub-sample; another part of the lamp for each
RAYS = {"cpu": 1 << 16, "cuda": 1 << 23}  # followed at once
LARGEST = 4096  # height or width, in pixels


def render(
    scenes: Scenes,
    height: int = 128,
    width: int = 128,
    device: torch.device | str = "cpu",
    objects: bool = True,
    rays: int | None = None,
) -> Tensor:
    """Pictures of M scenes: uint8 [M, height, width, 3], red, green, blue as on screen (sRGB), on `device`.

    Every size shows the release's whole field of view of WIDTH x HEIGHT pixels, so that pixels need not be square. A
    picture does not depend on the others.

    Args:
        objects: without them the pictures show the ground as the scene's lamps light it.
        rays: greatest number followed at once, RAYS[device's type] by default; it bounds memory and changes no byte.
            One picture is the least.

    Raises:
        InputError: a scene without a camera or lamps, a camera that sees more than the ground, a size that is none.
    """
    _check(scenes, height, width)
    rays = rays or RAYS.get(torch.device(device).type, RAYS["cpu"])
    chunk = max(1, rays // (height * width * FINE**2))
    pictures = torch.empty(len(scenes), height, width, 3, dtype=torch.uint8, device=device)
    for start in range(0, len(scenes), chunk):
        part = slice(start, start + chunk)
        pictures[part] = _rendered(scenes[part], height, width, pictures.device, objects)
    return pictures


@torch.no_grad()
def _rendered(scenes: Scenes, height: int, width: int, device: torch.device, objects: bool) -> Tensor:
    scenery = scenery_of(scenes, solids_of(scenes, device, objects), FINE**2, LAMP_SAMPLES)
    origins, directions = camera_rays(scenes.cameras, height, width, FINE, device)
    phases = torch.arange(FINE**2, device=device).repeat_interleave(height * width).expand(len(scenes), -1)
    colours = radiance(scenery, origins, directions, phases)
    pixels = colours.clamp(0, 1).view(3, len(scenes), FINE**2, height, width).mean(2)
    return (_on_screen(pixels) * 255).round().to(torch.uint8).permute(1, 2, 3, 0)


def _on_screen(linear: Tensor) -> Tensor:
    """Linear colours in [0, 1] by the transfer curve of sRGB (IEC 61966-2-1), Blender's "Standard" view."""
    return torch.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear.clamp(min=1e-6) ** (1 / 2.4) - 0.055)


def _check(scenes: Scenes, height: int, width: int) -> None:
    if not 1 <= min(height, width) <= max(height, width) <= LARGEST:
        raise InputError(f"pictures of {height} x {width} pixels: give a height and a width of 1 to {LARGEST}")
    turns, places = scenes.cameras[:, :3, :3].astype(np.float64), scenes.cameras[:, :3, 3]
    skew = np.abs(turns @ turns.transpose(0, 2, 1) - np.eye(3)).max((1, 2))
    highest = (np.abs(turns[:, 2, :2]) @ (WIDTH, HEIGHT)) / (2 * FOCAL) - turns[:, 2, 2]  # slope of a corner's ray
    _complain((skew > 1e-3) | (scenes.lamps[..., 2] <= 0).any(1), "has no camera or no lamps")
    _complain((highest >= 0) | (places[:, 2] <= 0), "has a camera that sees more than the ground")


def _complain(bad: np.ndarray, what: str) -> None:
    if bad.any():
        raise InputError(
            f"scene {int(np.flatnonzero(bad)[0])} {what}: give from_json the scene's own, or generate scenes with them"
        )
