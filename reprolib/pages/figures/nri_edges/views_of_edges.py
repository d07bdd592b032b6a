"""What a trained NRI makes of the edges of test scenes: beliefs as frames come in, which are found, what one pulls.

S scenes, T frames, N objects, M edges.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from reprolib.errors import InputError
from reprolib.methods.trajectories import START
from reprolib.models.nri.encoders import sent
from reprolib.models.nri.posterior import edge_posterior
from reprolib.models.nri.simulator import FRAME, SimulatorDecoder
from reprolib.pages.figures.shared.views_of_motion import called, named_model
from reprolib.settings.data_sets import FRAMES, PARTICLES


@dataclass(frozen=True)
class BeliefView:
    """One test scene as its frames come in."""

    positions: np.ndarray  # [T, N, 2]
    beliefs: np.ndarray  # the decoder's posterior of type 1 after each frame [T, N, N - 1]
    edges: np.ndarray  # true types [N, N - 1]
    source: str


@dataclass(frozen=True)
class EdgeView:
    """The edges of many test scenes, one by one."""

    closest: np.ndarray  # least distance of the two objects in the frames that the encoder reads, normalised units [M]
    types: np.ndarray  # true types [M]
    right: np.ndarray  # whether the model finds the type [M]
    source: str


@dataclass(frozen=True)
class PullView:
    """What an edge does: how much harder a receiver is pulled to a sender by type 1 than by type 0, all else alike."""

    distances: np.ndarray  # of receiver and sender, in the simulator's units [M]
    learned: np.ndarray  # acceleration towards the sender, over one frame, as the decoder predicts it [M]
    true: np.ndarray  # the same, as the simulator has it [M]
    source: str


@torch.no_grad()
def finding(task: str, number: int) -> BeliefView:
    """One test scene, and the decoder's belief in every edge after each of its first frames.

    Raises:
        InputError: the weights are damaged.
    """
    found, scenes, naming = named_model(task)
    path = scenes["trajectories"][number, :FRAMES]
    believed = edge_posterior(found.model, path)[..., called(naming)]
    return BeliefView(path[..., :2].numpy(), believed.numpy(), scenes["edges"][number].numpy(), found.source)


@torch.no_grad()
def edges(task: str, count: int) -> EdgeView:
    """Every edge of the first test scenes, and whether the committed model finds its type.

    Raises:
        InputError: the weights are damaged.
    """
    found, scenes, naming = named_model(task, count)
    places = scenes["trajectories"][:, :FRAMES, :, :2]
    apart = (places[:, :, :, None] - places[:, :, None]).norm(dim=-1).amin(1)  # [S, T, N, N, 2] -> [S, N, N]
    closest = apart[:, ~torch.eye(places.shape[2], dtype=torch.bool)]  # [S, N (N - 1)]
    right = naming[found.model.edges(scenes["trajectories"][:, :FRAMES])] == scenes["edges"]
    columns = (values.flatten().numpy() for values in (closest, scenes["edges"], right))
    return EdgeView(*columns, found.source)


@torch.no_grad()
def pulls(task: str, count: int) -> PullView:
    """What the committed decoder and the true simulator make of each edge of the first test scenes, changed alone.

    Raises:
        InputError: the weights are damaged, or the objects are no particles.
    """
    kind = task.partition("_")[0]
    if kind not in PARTICLES:
        raise InputError(f"{task} has no pull between objects: choose a task of {' or '.join(PARTICLES)}")
    found, scenes, naming = named_model(task)
    states, types = scenes["trajectories"][:count, START], scenes["edges"][:count]
    low, high = torch.tensor(found.data.facts["scale"].ranges).unbind(1)  # [4] twice
    simulator = SimulatorDecoder(kind, low, high, substeps=100)
    columns = [
        _pull(decoder, states, types, called) * (high - low)[2] / 2 / FRAME
        for decoder, called in ((found.model.decoder, naming.argsort()), (simulator, torch.arange(len(naming))))
    ]
    distances = (sent(states) - states[:, :, None])[..., :2].norm(dim=-1) * (high - low)[0] / 2
    return PullView(*(values.flatten().numpy() for values in (distances, *columns)), found.source)


def _pull(decoder: nn.Module, states: Tensor, types: Tensor, called: Tensor) -> Tensor:
    """Change of the velocity towards each sender when that edge alone turns from type 0 to 1: [S, N, N - 1].

    Args:
        states: [S, N, 4]; one copy of a scene is decoded for each of its edges.
        types: true types [S, N, N - 1]; `called` says what the decoder calls each.
    """
    edges = types[0].numel()
    alone = torch.eye(edges, dtype=torch.bool).unflatten(1, types.shape[1:])  # [N (N - 1), N, N - 1]
    copies = states.repeat_interleave(edges, 0)  # [S N (N - 1), N, 4]
    after = []
    for kind in (0, 1):
        changed = types[:, None].masked_fill(alone, kind).flatten(0, 1)  # [S N (N - 1), N, N - 1]
        gates = nn.functional.one_hot(called[changed], len(called)).float()
        after.append(decoder(copies, gates)[0][..., 2:])
    change = (after[1] - after[0]).unflatten(0, types.shape)  # [S, N, N - 1, N, 2]
    towards = nn.functional.normalize((sent(states) - states[:, :, None])[..., :2], dim=-1)  # [S, N, N - 1, 2]
    return torch.einsum("srjrd,srjd->srj", change, towards)  # of every edge's own receiver
