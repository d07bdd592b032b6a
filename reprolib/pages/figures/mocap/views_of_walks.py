"""What a trained NRI infers and predicts of one window of a walk.

T frames that are given, as many that are predicted, J joints.
"""

from dataclasses import dataclass

import numpy as np
import torch

from reprolib.data.cmu.walk_tensors import SPACE
from reprolib.data.sources import WALKS
from reprolib.experiments.mocap import LEARNED, TASK
from reprolib.methods.walking_bodies import REINFERRED, STATIC, rollouts
from reprolib.pages.figures.shared.specimens import specimen
from reprolib.settings.data_sets import WalkData

FEW = {"data.stride": 200}  # fewer windows that train; units and test windows stay


@dataclass(frozen=True)
class WalkView:
    """The first test window in the models' units, with x to the left, y up and z ahead."""

    given: np.ndarray  # places of the frames that are read [T, J, 3]
    true: np.ndarray  # of those that came after them [T, J, 3]
    static: np.ndarray  # the same, predicted on the graph of the given frames
    reinferred: np.ndarray  # the same, on a graph that is inferred anew before every frame
    bones: np.ndarray  # whether a bone joins two joints, bool [J, J]
    types: np.ndarray  # the likeliest type of every edge, row a receiver, column a sender [J, J]; 0: none, as of itself
    source: str


@torch.no_grad()
def walk() -> WalkView:
    """The first test window: of the recorded walks where they are at hand, else of the walks of ours.

    The network learned from walks of the same kind.

    Raises:
        InputError: the weights are damaged.
    """
    kind = "generated" if WALKS.available(WalkData(), "real") else "real"
    found = specimen("mocap", f"{TASK}/{LEARNED}", FEW, (kind,), shown=kind)
    batch = found.data.splits["test"].batch(slice(1))
    given, after = batch["trajectories"].chunk(2, 1)
    predicted = rollouts(found.model, given, after, batch | {"trajectories": given})
    paths = (given, after, predicted[STATIC], predicted[REINFERRED])
    return WalkView(
        *(path[0, ..., :SPACE].numpy() for path in paths),
        bones=_square(batch["edges"][0].numpy()) > 0,
        types=_square(found.model.edges(given)[0].numpy()),
        source=f"{found.source}\nshown: a {'recorded walk' if kind == 'real' else 'walk of ours'}",
    )


def _square(edges: np.ndarray) -> np.ndarray:
    """Edges [J, J - 1], a row a receiver and its senders in order, as [J, J] with zeros on the diagonal."""
    joints = len(edges)
    full = np.zeros((joints, joints), dtype=edges.dtype)
    full[~np.eye(joints, dtype=bool)] = edges.flatten()
    return full
