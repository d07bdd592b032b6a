"""Our pictures of CLEVR's scenes beside those that Blender made of the official shapes and materials."""

import json

import numpy as np
from matplotlib.figure import Figure
from PIL import Image

from reprolib import paths
from reprolib.data.clevr.render import render
from reprolib.data.clevr.render.likeness import Agreement, agreements
from reprolib.data.clevr.scenes import HEIGHT, WIDTH, Scenes, from_json
from reprolib.pages.figures.shared.style import canvas, styled


@styled
def beside_blender() -> Figure:
    """A few scenes, by Blender on the left and by us on the right."""
    theirs, scenes = _kept()
    ours = render(scenes, HEIGHT, WIDTH).numpy()
    figure = canvas(5.6)
    columns = figure.subplots(len(theirs), 2).T
    for name, column, pictures in zip(("Blender", "ours"), columns, (theirs, ours), strict=True):
        column[0].set_title(name)
        for axis, picture in zip(column, pictures, strict=True):
            axis.imshow(picture)
            axis.set_axis_off()
    return figure


def agreement() -> list[Agreement]:
    """How closely the two columns of `beside_blender` agree, from top to bottom."""
    return agreements(*_kept())


def _kept() -> tuple[np.ndarray, Scenes]:
    """Blender's pictures that the book keeps, uint8 [M, HEIGHT, WIDTH, 3], and their scenes."""
    kept = json.loads((paths.BLENDER / "scenes.json").read_text(encoding="utf-8"))
    files = [paths.BLENDER / scene["image_filename"] for scene in kept["scenes"]]
    pictures = np.stack([np.asarray(Image.open(file).convert("RGB")) for file in files])
    return pictures, from_json(kept["scenes"], kept["cameras"])
