"""Known modules and scenes that they make along planted structures."""

import pytest
import torch

from reprolib.models.modular.modules import ModularNetwork


def _network(modules=2, first_is_none=False):
    torch.manual_seed(1)
    made = ModularNetwork(4, 8, modules, first_is_none)
    with torch.no_grad():
        for parameter in made.parameters():
            parameter *= 3
    return made


def _scenes(made, objects, count=2, frames=5, seed=0):
    generator = torch.Generator().manual_seed(seed)
    structure = torch.randint(made.count, (count, objects, objects - 1), generator=generator)
    states, trajectories = torch.randn(count, objects, 4, generator=generator), []
    for _ in range(frames):
        trajectories.append(states)
        states = made(states, structure) * 0.5
    return torch.stack(trajectories, 1).detach(), structure


@pytest.fixture
def network():
    """Makes modules that differ from one another, as trained ones do."""
    return _network


@pytest.fixture
def scenes():
    """Makes scenes of given modules, a step from random states, and their structures."""
    return _scenes
