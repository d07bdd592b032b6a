"""CLEVR's pictures: drawn at once on an accelerator, against one by one. On a CPU both are the same."""

from collections.abc import Iterator
from functools import partial

import torch

from reprolib.bench.measure import ROUNDS, Ratio, check_agreement, measure
from reprolib.data.clevr import placing, render
from reprolib.settings.data_sets import PICTURE_SIDE

COUNT = 250


def ratios(device: torch.device) -> Iterator[Ratio]:
    """The one case, on a CUDA device."""
    if device.type == "cuda":
        yield compare(device)


def compare(device: torch.device, count: int = COUNT, side: int = PICTURE_SIDE, rounds: int = ROUNDS) -> Ratio:
    """Check that a picture does not depend on the others, then measure both ways in turn."""
    scenes, title = placing.generate(count, seed=0), f"{count} pictures of {side} x {side}, at once against one by one"
    draw = partial(render.render, height=side, width=side, device=device)
    singles = [scenes[index : index + 1] for index in range(count)]
    pictures = draw(scenes), torch.cat([draw(single) for single in singles])
    check_agreement(title, *([found] for found in pictures), 1e-3, 0.0)
    return measure("pictures", title, lambda: draw(scenes), lambda: list(map(draw, singles)), device, rounds)
