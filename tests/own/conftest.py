"""Tracks to infer graphs of."""

import numpy as np
import pytest

from reprolib.data import simulations


@pytest.fixture(scope="session")
def springs():
    """springs(200, 3) -> trajectories of so many scenes and particles, and their edges."""

    def make(scenes, objects):
        return simulations.simulate("springs", scenes, objects, frames=49, seed=0, stream=0)

    return make


@pytest.fixture(scope="session")
def walks():
    """walks(60, 3) -> random walks of so many scenes and objects, which do not interact."""

    def make(scenes, objects, frames=20):
        return np.random.default_rng(0).normal(size=(scenes, frames, objects, 2)).cumsum(1)

    return make
