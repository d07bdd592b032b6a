"""Pictures that move: painted frames as a looping GIF, whose bytes depend on nothing but what is drawn."""

import base64
import io
import textwrap
from dataclasses import dataclass

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from PIL import Image

from reprolib.pages.figures.shared.moving_objects import LINE, SHADES, SOURCE

SIDE, ALONE, RESOLUTION = 2.25, 3.2, 144  # inches of one panel of two, of a single one; dots an inch
OVER, UNDER, GAP = 0.22, 0.18, 0.03  # inches: for a line of text over and under a panel, and beside it
LETTERS = 14  # an inch, of the source
PACE, LAST = 100, 2000  # milliseconds of a frame, and of the last one
TINTS, GREYS = 10, 24  # of each colour and of black, from white on


@dataclass(frozen=True)
class Movie:
    """An animated GIF, which notebooks display."""

    gif: bytes

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        return {"image/gif": base64.b64encode(self.gif).decode(), "text/plain": "an animation (GIF)"}


def stage(panels: int, source: str) -> tuple[FigureCanvasAgg, np.ndarray]:
    """A figure to be painted again and again, with a square for each panel, and over them the source."""
    side = SIDE if panels > 1 else ALONE
    width = panels * side
    lines = textwrap.wrap(source, int(LETTERS * width))
    over = OVER + LINE * len(lines)
    height = side + over + UNDER
    figure = Figure(figsize=(width, height), dpi=RESOLUTION)
    axes = figure.subplots(1, panels, squeeze=False)[0]
    sides = {"left": GAP / width, "right": 1 - GAP / width, "wspace": 2 * GAP / side}
    figure.subplots_adjust(bottom=UNDER / height, top=1 - over / height, **sides)
    figure.text(GAP / width, 1 - GAP / height, "\n".join(lines), va="top", fontsize=SOURCE)
    return FigureCanvasAgg(figure), axes


def painted(painter: FigureCanvasAgg) -> np.ndarray:
    """The picture as it stands [height, width, 3]."""
    painter.draw()
    return np.asarray(painter.buffer_rgba())[..., :3].copy()


def looping(frames: list[np.ndarray], pace: int = PACE) -> bytes:
    """Frames [height, width, 3] as a GIF that loops for ever and rests on its last frame.

    Args:
        pace: milliseconds of every frame but the last.
    """
    palette = _palette()
    images = [Image.fromarray(_nearest(each, palette)) for each in frames]
    for image in images:
        image.putpalette(palette.flatten().tolist())
    content = io.BytesIO()
    times = [pace] * (len(frames) - 1) + [LAST]
    images[0].save(content, "GIF", save_all=True, append_images=images[1:], duration=times, loop=0, disposal=1)
    return content.getvalue()


def _palette() -> np.ndarray:
    """White to black, and tints of every colour that is drawn [colours, 3]: the same for all frames and scenes."""
    inks = np.array([to_rgb(ink) for ink in SHADES])  # [C, 3], RED and GREY among them
    tints = 1 - np.arange(1, TINTS + 1)[:, None, None] / TINTS * (1 - inks)  # [TINTS, C, 3]
    greys = np.linspace(1, 0, GREYS)[:, None].repeat(3, axis=1)
    return np.round(255 * np.concatenate([greys, tints.reshape(-1, 3)])).astype(np.uint8)


def _nearest(picture: np.ndarray, palette: np.ndarray) -> np.ndarray:
    """The nearest colour of the palette for every pixel [height, width]."""
    packed = picture.astype(np.int32) @ np.array([1 << 16, 1 << 8, 1], dtype=np.int32)
    _, first, which = np.unique(packed, return_index=True, return_inverse=True)
    colours = picture.reshape(-1, 3)[first].astype(int)  # [colours of the picture, 3]
    distances = ((colours[:, None] - palette.astype(int)) ** 2).sum(axis=2)
    return distances.argmin(axis=1).astype(np.uint8)[which].reshape(packed.shape)
