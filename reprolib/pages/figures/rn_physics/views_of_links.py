"""What a trained relation network makes of single scenes of balls: which of them it takes for joined."""

from dataclasses import dataclass

import numpy as np
import torch

from reprolib import experiments
from reprolib.contracts.configuration import change
from reprolib.data.ball_views import places_of
from reprolib.pages.figures.shared.specimens import specimen

SYSTEMS = (8, 5, 2)  # of the scenes that are shown: few links, some, many
FEW = {"data.train": 10, "data.valid": 10, "data.test": 100}


BODY = {"data.choices": 1, "data.windows": 1}  # whose first choice is ours


@dataclass(frozen=True)
class LinkView:
    """A test scene with its true links and those that the network sees. Its objects are balls, or joints of a body."""

    trajectories: np.ndarray  # [10, 16, 2], metres, or parts of half a table
    connections: np.ndarray  # kinds of links [10, 10], or 1 where the body joins two joints
    chances: np.ndarray  # probabilities of a link [10, 10]
    source: str


@torch.no_grad()
def links() -> list[LinkView]:
    """The first test scene of each number of systems in `SYSTEMS`.

    Raises:
        InputError: MuJoCo is not installed, or the weights are damaged.
    """
    found = specimen("rn_physics", "physics_connections/RN", FEW)
    columns = found.data.splits["test"].columns
    systems = _systems(columns["connections"])
    views = []
    for wanted in SYSTEMS:
        scene = int((systems == wanted).nonzero()[0])
        objects = columns["objects"][scene : scene + 1]
        places = places_of(objects)[0].transpose(1, 2) * found.config.data.world.half_width  # [10, 16, 2]
        chances = found.model(objects)[0].float().sigmoid()
        views.append(LinkView(places.numpy(), columns["connections"][scene].numpy(), chances.numpy(), found.source))
    return views


@torch.no_grad()
def body() -> LinkView:
    """Ten joints of the first walk that tests, as the network sees them that was trained on balls.

    Raises:
        InputError: the weights are damaged.
    """
    found = specimen("rn_physics", "physics_connections/RN", FEW)
    joints = experiments.get("rn_physics").row("mocap_transfer/RN")
    columns = joints.source.load(change(joints.config, BODY).data, "generated").splits["test"].columns
    objects = columns["objects"][:1]
    places = places_of(objects)[0].transpose(1, 2)  # [10, 16, 2]
    chances = found.model(objects)[0].float().sigmoid()
    return LinkView(places.numpy(), columns["connections"][0].numpy(), chances.numpy(), found.source)


def _systems(connections: torch.Tensor) -> torch.Tensor:
    """How many systems of linked balls [S] there are, as links [S, 10, 10] form no circles."""
    balls = connections.shape[-1]
    return balls - (connections > 0).sum((1, 2)) // 2
