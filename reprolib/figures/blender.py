"""Our pictures of CLEVR's scenes beside those that Blender made of the official shapes and materials."""

import json

import numpy as np
from matplotlib.figure import Figure
from PIL import Image

from reprolib import paths
from reprolib.data.clevr.render import render
from reprolib.data.clevr.scenes import HEIGHT, WIDTH, from_json
from reprolib.figures.style import canvas, styled


@styled
def beside_blender() -> Figure:
    """A few scenes, by Blender on the left and by us on the right."""
    kept = json.loads((paths.BLENDER / "scenes.json").read_text(encoding="utf-8"))
    files = [paths.BLENDER / scene["image_filename"] for scene in kept["scenes"]]
    theirs = [np.asarray(Image.open(file).convert("RGB")) for file in files]
    ours = render(from_json(kept["scenes"], kept["cameras"]), HEIGHT, WIDTH).numpy()
    figure = canvas(5.6)
    columns = figure.subplots(len(files), 2).T
    for name, column, pictures in zip(("Blender", "ours"), columns, (theirs, ours), strict=True):
        column[0].set_title(name)
        for axis, picture in zip(column, pictures, strict=True):
            axis.imshow(picture)
            axis.set_axis_off()
    return figure
