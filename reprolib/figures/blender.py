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
    """A few scenes, by Blender above and by us below."""
    kept = json.loads((paths.BLENDER / "scenes.json").read_text(encoding="utf-8"))
    theirs = [
        np.asarray(Image.open(paths.BLENDER / scene["image_filename"]).convert("RGB")) for scene in kept["scenes"]
    ]
    ours = render(from_json(kept["scenes"], kept["cameras"]), HEIGHT, WIDTH).numpy()
    figure = canvas(2.9)
    rows = figure.subplots(2, len(ours))
    for name, row, pictures in zip(("Blender", "ours"), rows, (theirs, ours), strict=True):
        for axis, picture in zip(row, pictures, strict=True):
            axis.imshow(picture)
            axis.set(xticks=[], yticks=[])
        row[0].set_ylabel(name)
    return figure
