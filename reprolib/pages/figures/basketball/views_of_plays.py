"""What a trained NRI makes of single basketball plays: who acts on whom, and where everybody goes.

T frames, N objects in the order of `play_windows.ROLES`. Lengths in feet.
"""

from dataclasses import dataclass

import numpy as np
import torch

from reprolib.data.sources import BASKETBALL
from reprolib.experiments.basketball import LEARNED
from reprolib.methods.basketball_plays import predicted, read
from reprolib.pages.figures.shared.specimens import specimen
from reprolib.settings.data_sets import PLAY_READ, BasketballData


@dataclass(frozen=True)
class PlayView:
    """One test play on the half court, the basket on the left."""

    past: np.ndarray  # positions in the frames that are read [PLAY_READ, N, 2]
    true: np.ndarray  # positions thereafter [T - PLAY_READ, N, 2]
    predicted: np.ndarray  # the same, predicted
    chances: np.ndarray  # that an edge acts, as the encoder sees it [N, N - 1], receiver-major
    source: str


@torch.no_grad()
def plays(count: int) -> list[PlayView]:
    """The first test plays: of real games where they are at hand, else of the generated game.

    The network is the committed one that learned from data of the same kind.

    Raises:
        InputError: the weights or the real files are damaged.
    """
    kind = "generated" if BASKETBALL.available(BasketballData(), "real") else "real"
    few = {"data.valid": 1, "data.test": count}
    found = specimen("basketball", f"basketball/{LEARNED}", few, kinds=(kind,), shown=kind)
    batch = found.data.splits["test"].batch(slice(count))
    chances = 1 - found.model.encoder(read(batch)["trajectories"]).softmax(-1)[..., 0]  # [count, N, N - 1]
    seen, after = batch["trajectories"][..., :2].split([PLAY_READ, batch["trajectories"].shape[1] - PLAY_READ], 1)
    scale, position = found.data.facts["scale"], slice(0, 2)
    low, high = np.array(scale.ranges)[position].T  # [2] twice
    parts = (seen, after, predicted(found.model, batch)[..., position])
    places = [(part.numpy() + 1) / 2 * (high - low) + low for part in parts]
    source = f"{kind} plays; {found.source}"
    return [PlayView(*view, source) for view in zip(*places, chances.numpy(), strict=True)]
