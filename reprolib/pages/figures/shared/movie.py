"""Pictures that move: painted frames as one sheet that a page plays, pauses and stops, with style sheets alone."""

import base64
import hashlib
import io
import math
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from reprolib.pages.figures.shared.moving_objects import LINE, SOURCE

SIDE, ALONE, RESOLUTION = 2.25, 3.2, 144  # inches of one panel of two, of a single one; dots an inch
OVER, UNDER, GAP = 0.22, 0.18, 0.03  # inches: for a line of text over and under a panel, and beside it
LETTERS = 14  # an inch, of the source
PACE, LAST = 100, 2000  # milliseconds of a frame, and of the last one
HIGHEST = 16383  # pixels of a side, in the format of the sheet
EFFORT = {"lossless": True, "quality": 50, "method": 4}  # of packing; the bytes depend on nothing else
STATES = {"stop": "Stop", "play": "Play", "pause": "Pause"}  # the first one when a page opens


@dataclass(frozen=True)
class Movie:
    """Frames that a page plays in a loop: they stand still until somebody starts them, and can be paused and stopped.

    Args:
        frames: uint8 [height, width, 3] each.
        caption: stands under them.
        alt: says what is seen to whoever does not see it.
        pace: milliseconds of every frame but the last.
        rest: milliseconds of the last one.
    """

    frames: Sequence[np.ndarray]
    caption: str
    alt: str
    pace: int = PACE
    rest: int = LAST

    @property
    def size(self) -> tuple[int, int]:
        """Pixels of a frame: its width and height."""
        height, width, _ = self.frames[0].shape
        return width, height

    @property
    def grid(self) -> tuple[int, int]:
        """Columns and rows of the sheet."""
        columns = math.ceil(len(self.frames) / (HIGHEST // self.size[1]))
        return columns, math.ceil(len(self.frames) / columns)

    @property
    def length(self) -> int:
        """Milliseconds of one loop."""
        return self.pace * (len(self.frames) - 1) + self.rest

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        return {"text/html": self.html(), "text/plain": f"an animation: {self.alt}"}

    def html(self) -> str:
        """The movie with its buttons and its own style sheet."""
        sheet = self.sheet()
        name = f"movie-{hashlib.sha256(sheet).hexdigest()[:8]}"
        buttons = " ".join(
            f'<label><input type="radio" name="{name}" class="{state}"{" checked" * (state == "stop")}>{shown}</label>'
            for state, shown in STATES.items()
        )
        return (
            f'<figure class="movie" id="{name}"><style>{self._style(name, sheet)}</style>'
            f"<fieldset><legend>Animation</legend>{buttons}</fieldset>"
            f'<div class="film" role="img" aria-label="Animation: {escape(self.alt)}"></div>'
            f"<figcaption>{escape(self.caption)}</figcaption></figure>"
        )

    def sheet(self) -> bytes:
        """All frames, line by line, as one lossless WebP."""
        (width, height), (columns, rows) = self.size, self.grid
        sheet = np.full((rows * height, columns * width, 3), 255, np.uint8)
        for frame, (column, row) in zip(self.frames, self._places(), strict=False):
            sheet[row * height : (row + 1) * height, column * width : (column + 1) * width] = frame
        content = io.BytesIO()
        Image.fromarray(sheet).save(content, "WEBP", **EFFORT)
        return content.getvalue()

    def course(self) -> str:
        """The keyframes of a style sheet: which part of the sheet is seen from when on, in percent of the whole."""
        columns, rows = (max(1, count - 1) for count in self.grid)
        return "".join(
            f"{100 * number * self.pace / self.length:.3f}%"
            f"{{background-position:{100 * column / columns:.4g}% {100 * row / rows:.4g}%}}"
            for number, (column, row) in zip(range(len(self.frames)), self._places(), strict=False)
        )

    def _places(self) -> Iterator[tuple[int, int]]:
        """Column and row of every frame in the sheet."""
        columns, rows = self.grid
        return ((column, row) for row in range(rows) for column in range(columns))

    def _style(self, name: str, sheet: bytes) -> str:
        (width, height), (columns, rows) = self.size, self.grid
        source = f"data:image/webp;base64,{base64.b64encode(sheet).decode()}"
        return (
            f"#{name} .film{{max-width:{width}px;aspect-ratio:{width}/{height};"
            f"background:url({source}) 0 0/{100 * columns}% {100 * rows}%}}"
            f"#{name}:has(.play:checked,.pause:checked) .film"
            f"{{animation:{name} {self.length / 1000:g}s step-end infinite}}"
            f"#{name}:has(.pause:checked) .film{{animation-play-state:paused}}"
            f"@keyframes {name}{{{self.course()}}}"
        )


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
