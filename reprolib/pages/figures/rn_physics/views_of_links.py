"""What a trained relation network makes of single scenes of balls: which of them it takes for joined."""

from dataclasses import dataclass

import numpy as np
import torch

from reprolib import experiments
from reprolib.data.ball_views import places_of
from reprolib.data.cmu import joints_as_balls, trials
from reprolib.data.cmu.joint_paths import connections
from reprolib.data.physical_scenes import FRAMES
from reprolib.pages.figures.shared.specimens import specimen

SYSTEMS = (8, 5, 2)  # of the scenes that are shown: few links, some, many
FEW = {"data.train": 10, "data.valid": 10, "data.test": 100}


@dataclass(frozen=True)
class LinkView:
    """A test scene with its true links and those that the network sees. Its objects are balls, or joints of a body."""

    trajectories: np.ndarray  # [10, 16, 2], metres, or parts of half a table
    connections: np.ndarray  # kinds of links [10, 10], or 1 where the body joins two joints
    chances: np.ndarray  # probabilities of a link [10, 10]
    source: str


@dataclass(frozen=True)
class BodyView(LinkView):
    """The same of ten joints, with the body that they belong to."""

    bones: np.ndarray  # both ends of every bone [bones, 16, 2, 2]
    pace: float  # milliseconds between two frames


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
def body() -> BodyView:
    """The limbs of the first walk that tests, from its first frame, as the network sees them that was trained on balls.

    Raises:
        InputError: the weights are damaged.
    """
    found = specimen("rn_physics", "physics_connections/RN", FEW)
    settings = experiments.get("rn_physics").row("mocap_transfer/RN").config.data
    walk = joints_as_balls.walks_of(settings, "generated")[trials.TEST[0]]
    limbs, whole = (
        joints_as_balls.on_table(walk, joints, settings)[:FRAMES].swapaxes(0, 1)  # [joints, 16, 2]
        for joints in (joints_as_balls.LIMBS, walk.skeleton.names)
    )
    objects = torch.from_numpy(joints_as_balls.as_balls(limbs.swapaxes(0, 1)))
    chances = found.model(objects[None])[0].float().sigmoid()
    ends = np.argwhere(np.triu(walk.skeleton.adjacency))  # [bones, 2]
    return BodyView(
        limbs,
        connections(walk.skeleton, joints_as_balls.LIMBS),
        chances.numpy(),
        found.source,
        bones=whole[ends].swapaxes(1, 2),
        pace=1000 / settings.rate,
    )


def _systems(connections: torch.Tensor) -> torch.Tensor:
    """How many systems of linked balls [S] there are, as links [S, 10, 10] form no circles."""
    balls = connections.shape[-1]
    return balls - (connections > 0).sum((1, 2)) // 2
