"""Scenes within a square, seen from other sides: the same things happen in them."""

import torch

from reprolib.data.square_views import turned, turned_motion


def test_all_eight_symmetries_of_the_square_occur_and_no_other():
    torch.manual_seed(0)
    found = turned(torch.tensor([1.0, 2.0]).expand(200, 1, 2))
    assert {tuple(place) for place in found.flatten(1).tolist()} == {
        place for x in (1.0, -1.0) for y in (2.0, -2.0) for place in ((x, y), (y, x))
    }


def test_all_vectors_of_a_scene_turn_alike():
    torch.manual_seed(0)
    vectors = torch.randn(60, 3, 4, 2)
    found = turned(vectors)
    products = torch.einsum("...d,...d->...", vectors[:, :1], vectors)  # of every vector with its scene's first ones
    torch.testing.assert_close(torch.einsum("...d,...d->...", found[:, :1], found), products)
    assert len({tuple(scene.flatten().tolist()) for scene in found - vectors}) > 30


def test_a_turned_motion_still_moves_by_its_velocity_in_units_that_have_their_middle_elsewhere():
    torch.manual_seed(0)
    middle, half = torch.tensor([0.3, 0.3, -0.2, -0.2]), torch.tensor([4.0, 4.0, 1.5, 1.5])
    velocity = torch.randn(50, 1, 3, 2).expand(-1, 6, -1, -1)
    places = torch.randn(50, 1, 3, 2) + 0.1 * velocity * torch.arange(6)[:, None, None]
    seen = turned_motion((torch.cat([places, velocity], 3) - middle) / half, -middle / half)
    found = seen * half + middle
    torch.testing.assert_close(found[:, 1:, :, :2] - found[:, :-1, :, :2], 0.1 * found[:, 1:, :, 2:], rtol=0, atol=1e-5)
    torch.testing.assert_close(found[..., :2].norm(dim=-1), places.norm(dim=-1))
    assert not torch.allclose(found[..., :2], places)
