"""Other views of a scene: the same balls with the same links, turned, mirrored and in other colours."""

import numpy as np
import pytest
import torch

from reprolib.data.ball_views import another_view, places_of
from reprolib.data.physical_scenes import generate
from reprolib.data.physical_tensors import rows
from reprolib.settings.physical import World


@pytest.fixture(scope="module")
def seen():
    scenes = generate(World(), 40, seed=4, stream=0)
    return torch.from_numpy(rows(scenes, "rgb", 1.0)), torch.from_numpy(scenes.connections.astype(np.int64)), scenes


def distances(objects):
    places = places_of(objects)  # [B, 10, 2, 16]
    return (places[:, :, None] - places[:, None]).norm(dim=3)  # [B, 10, 10, 16]


def test_places_are_the_trajectories(seen):
    objects, _, scenes = seen
    assert (places_of(objects).transpose(2, 3).numpy() == scenes.trajectories).all()


def test_links_go_with_their_balls(seen):
    """Every pair of rows has the distances of some pair before, and the link of that pair."""
    torch.manual_seed(0)
    objects, connections, _ = seen
    other, mixed = another_view(objects, connections)
    assert (other[..., :3] == objects[..., :3]).all()
    assert (mixed != connections).any()
    before, after = distances(objects), distances(other)
    for scene in range(0, 40, 9):
        key = {tuple(row): link for row, link in zip(*flat(before[scene], connections[scene]), strict=True)}
        assert [key[tuple(row)] for row in flat(after[scene], mixed[scene])[0]] == flat(after[scene], mixed[scene])[1]


def flat(apart, links):
    """Rounded distances of the pairs i < j, and their links."""
    pairs = torch.triu_indices(10, 10, 1)
    return apart[*pairs].mul(1e4).round().int().tolist(), links[*pairs].tolist()


def test_counting_needs_no_links(seen):
    objects, none = another_view(seen[0])
    assert none is None
    assert objects.shape == seen[0].shape
