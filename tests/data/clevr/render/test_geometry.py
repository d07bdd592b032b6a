"""Rays against solids, held against closed forms and against marching through the solids' definition."""

import math

import numpy as np
import pytest
import torch

from reprolib.data.clevr.programs import ATTRIBUTES
from reprolib.data.clevr.render.geometry import (
    GROUND,
    Lamp,
    camera_rays,
    first_hits,
    normals_at,
    seen_share,
    solids_of,
)
from reprolib.data.clevr.scenes import EDGES, HEIGHT, WIDTH, empty

SHAPES, LARGE, SMALL = ATTRIBUTES["shape"], 0.7, 0.35


def scene_of(*objects):
    """One scene of (shape, size, x, y, rotation); each object stands on the ground."""
    scenes = empty(1)
    scenes.counts[0] = len(objects)
    for place, (shape, size, x, y, rotation) in enumerate(objects):
        radius = (LARGE if size == "large" else SMALL) / (2**0.5 if shape == "cube" else 1)
        scenes.positions[0, place] = x, y, radius
        scenes.rotations[0, place] = rotation
        scenes.attributes[0, place] = [ATTRIBUTES["size"].index(size), 0, 0, SHAPES.index(shape)]
    return scenes


def rays(generator, count, centre, distance, spread):
    """Origins on a sphere around a centre, above the ground, and unit directions to points near it: [3, 1, P] each."""
    start = generator.normal(size=(3, count))
    start[2] = np.abs(start[2]) + 0.1
    start = np.array(centre)[:, None] + distance * start / np.linalg.norm(start, axis=0)
    way = np.array(centre)[:, None] + generator.uniform(-spread, spread, (3, count)) - start
    return start[:, None], (way / np.linalg.norm(way, axis=0))[:, None]


def tensor(values):
    return torch.tensor(values, dtype=torch.float32)


def depth_inside(points, shape, size, centre, rotation):
    """Signed distance to a rounded solid, written from its definition: points [3, ...]."""
    extent = (LARGE if size == "large" else SMALL) / (2**0.5 if shape == "cube" else 1)
    edge = EDGES[SHAPES.index(shape)] * extent
    x, y, z = (points[axis] - centre[axis] for axis in range(3))
    x, y = math.cos(rotation) * x + math.sin(rotation) * y, math.cos(rotation) * y - math.sin(rotation) * x
    if shape == "cylinder":
        far = np.stack([np.hypot(x, y) - extent, np.abs(z) - extent]) + edge
    else:
        far = np.abs(np.stack([x, y, z])) - extent + edge
    return np.linalg.norm(np.maximum(far, 0), axis=0) + np.minimum(far.max(0), 0) - edge


def test_the_ray_of_a_pixel_goes_through_what_is_projected_there():
    scenes = scene_of(*[("sphere", "small", x, y, 0) for x, y in [(0, 0), (2, 1), (-1.5, 2), (1, -2)]])
    eye = np.array([7.2, -6.5, 5.6])
    back = eye / np.linalg.norm(eye)
    right = np.cross([0, 0, 1], back) / np.linalg.norm(np.cross([0, 0, 1], back))
    scenes.cameras[0, :3] = np.stack([right, np.cross(back, right), back, eye], 1)
    origins, directions = camera_rays(scenes.cameras, HEIGHT, WIDTH, 1, "cpu")
    along = directions[:, 0].view(3, HEIGHT, WIDTH).permute(1, 2, 0).numpy()
    for (column, row, depth), centre in zip(scenes.pixels()[0, :4], scenes.positions[0, :4], strict=True):
        way = along[int(row), int(column)]
        missed = np.linalg.norm(np.cross(centre - origins[:, 0, 0].numpy(), way))
        assert missed < depth / 350  # a pixel is 1/350 of the depth


def test_any_size_and_fineness_shows_the_same_field():
    scenes = scene_of()
    scenes.cameras[0] = np.eye(4)
    _, fine = camera_rays(scenes.cameras, 4, 6, 1, "cpu")
    _, coarse = camera_rays(scenes.cameras, 2, 3, 2, "cpu")
    split = coarse.view(3, 1, 2, 2, 2, 3).permute(0, 1, 4, 2, 5, 3).reshape(3, 1, 24)
    torch.testing.assert_close(fine, split)


@pytest.mark.parametrize("size", ["large", "small"])
@pytest.mark.parametrize("shape", SHAPES)
def test_first_hits_agree_with_marching(shape, size):
    generator = np.random.default_rng(0)
    scenes = scene_of((shape, size, 0.3, -0.4, 0.7))
    centre = scenes.positions[0, 0]
    start, way = rays(generator, 300, centre, 6.0, 0.8 if size == "large" else 0.4)
    depth, which = first_hits(solids_of(scenes, "cpu"), tensor(start), tensor(way))
    along = np.linspace(4.5, 7.5, 2001)
    distances = depth_inside(start[:, 0, :, None] + way[:, 0, :, None] * along, shape, size, centre, 0.7)  # [P, steps]
    entry = np.where((distances < 0).any(1), along[(distances < 0).argmax(1)], np.inf)
    floor = np.where(way[2, 0] < 0, -start[2, 0] / way[2, 0], np.inf)
    clear = (np.abs(distances.min(1)) > 0.004) & ~np.isclose(
        entry, floor, rtol=0, atol=0.01
    )  # not grazing, not at the foot
    met = which[0].numpy() != GROUND
    assert clear.sum() > 250
    assert 60 < met.sum() < 290
    np.testing.assert_array_equal(met[clear], (entry < floor)[clear])
    np.testing.assert_allclose(depth[0].numpy()[clear & met], entry[clear & met], atol=0.01)
    np.testing.assert_allclose(depth[0].numpy()[~met], floor[~met], rtol=1e-4)


@pytest.mark.parametrize("shape", SHAPES)
def test_normals_are_gradients_of_the_distance(shape):
    generator = np.random.default_rng(1)
    scenes = scene_of((shape, "large", 0.3, -0.4, 0.7))
    centre = scenes.positions[0, 0]
    start, way = rays(generator, 300, centre, 6.0, 0.5)
    solids = solids_of(scenes, "cpu")
    depth, which = first_hits(solids, tensor(start), tensor(way))
    points = tensor(start) + depth * tensor(way)
    normals = normals_at(solids, points, which)[:, 0].numpy()
    met = which[0].numpy() != GROUND
    places, step = points[:, 0].numpy().astype(float), 1e-4
    slopes = np.stack(
        [
            depth_inside(places + step * axis[:, None], shape, "large", centre, 0.7)
            - depth_inside(places - step * axis[:, None], shape, "large", centre, 0.7)
            for axis in np.eye(3)
        ]
    ) / (2 * step)
    agreement = (normals * slopes).sum(0)[met]
    assert np.median(agreement) > 0.9999
    assert np.quantile(agreement, 0.03) > 0.98
    np.testing.assert_array_equal(normals[:, ~met], np.tile([[0], [0], [1]], (~met).sum()))


def test_a_sphere_is_met_where_geometry_says():
    scenes = scene_of(("sphere", "large", 0, 0, 0))
    offset = np.linspace(-1.2, 1.2, 101)
    start = np.stack([offset, np.full(101, -5.0), np.full(101, 0.7)])[:, None]
    way = np.tile([[0.0], [1.0], [0.0]], 101)[:, None]
    depth, which = first_hits(solids_of(scenes, "cpu"), tensor(start), tensor(way))
    inside = np.abs(offset) < 0.7
    np.testing.assert_array_equal(which[0].numpy() == 0, inside)
    np.testing.assert_allclose(depth[0].numpy()[inside], 5 - np.sqrt(0.49 - offset[inside] ** 2), atol=3e-3)
    assert depth[0, ~torch.tensor(inside)].isinf().all(), "level rays that pass the sphere meet nothing"


def test_the_nearer_of_two_hides_the_other_and_is_not_met_when_left():
    scenes = scene_of(("sphere", "large", 0, 3, 0), ("sphere", "small", 0, 0, 0))
    start, way = tensor([[[0.0]], [[-5.0]], [[0.35]]]), tensor([[[0.0]], [[1.0]], [[0.0]]])
    solids = solids_of(scenes, "cpu")
    depth, which = first_hits(solids, start, way)
    assert (which.item(), depth.item()) == (1, pytest.approx(5 - 0.35, abs=1e-3))
    assert first_hits(solids, start + depth * way, way, leave=which)[1].item() == 0


@pytest.mark.parametrize("absent", ["by count", "by choice"])
def test_absent_objects_are_not_met(absent):
    scenes = scene_of(("sphere", "large", 0, 0, 0))
    if absent == "by count":
        scenes.counts[0] = 0
    solids = solids_of(scenes, "cpu", objects=absent == "by count")
    _, which = first_hits(solids, tensor([[[0.0]], [[0.0]], [[5.0]]]), tensor([[[0.0]], [[0.0]], [[-1.0]]]))
    assert which.item() == GROUND


def lamp_at(x, y, z, side=1e-4, samples=1):
    """A lamp that faces down, with a grid of samples in one phase."""
    cells = (np.arange(samples) + 0.5) / samples - 0.5
    offsets = side * np.stack([*np.meshgrid(cells, cells), np.zeros((samples, samples))]).reshape(3, 1, -1)
    return Lamp(tensor([[x], [y], [z]]), tensor([0.0, 0.0, -1.0]), side, tensor(offsets))


def on_ground(x, y):
    return tensor(np.stack([x, y, np.zeros_like(x)])[:, None])


def shares_on_ground(scenes, lamp, x, y):
    points = on_ground(x, y)
    which = torch.full((1, len(x)), GROUND)
    lit, phases = torch.ones(1, len(x), dtype=torch.bool), torch.zeros(1, len(x), dtype=torch.int64)
    return seen_share(solids_of(scenes, "cpu"), points, which, lit, lamp, phases)[0].numpy()


def test_a_small_lamp_casts_the_sphere_s_shadow():
    scenes, lamp = scene_of(("sphere", "large", 1.0, 0.5, 0)), np.array([-2.0, -1.0, 5.0])
    x, y = np.random.default_rng(2).uniform(-3, 4, (2, 2000))
    share = shares_on_ground(scenes, lamp_at(*lamp), x, y)
    apart, way = np.array([1, 0.5, 0.7]) - lamp, np.stack([x, y, 0 * x], 1) - lamp
    missed = np.linalg.norm(np.cross(apart, way / np.linalg.norm(way, axis=1, keepdims=True)), axis=1)
    clear = np.abs(missed - 0.7) > 1e-3
    np.testing.assert_array_equal(share[clear], (missed > 0.7)[clear])
    middle = lamp + (np.array([1, 0.5, 0.7]) - lamp) * 5 / 4.3  # where the ray through the centre meets the ground
    assert shares_on_ground(scenes, lamp_at(*lamp), middle[:1], middle[1:2]) == 0


def test_a_wide_lamp_is_seen_in_part_at_the_shadow_s_rim():
    scenes = scene_of(("cube", "large", 0, 0, 0))
    x = np.array([0.5, 0.55, 0.6, 0.65, 0.7, 3.0])
    share = shares_on_ground(scenes, lamp_at(0.495, 0, 5.0, side=2.0, samples=16), x, np.zeros(6))
    # The lamp right above a face, seen from x past that face's upper rim: a half plane, until none of it is hidden.
    height = 2 * 0.495
    rim = 0.495 - (x - 0.495) * (5 - height) / height  # of the lamp's plane, what lies below it is hidden
    np.testing.assert_allclose(share, np.clip((1.495 - rim) / 2, 0, 1), atol=0.07)
    assert (np.diff(share) >= 0).all()


def test_points_do_not_hide_themselves_or_what_turns_its_back():
    scenes = scene_of(("cylinder", "large", 0, 0, 0))
    solids, top = solids_of(scenes, "cpu"), tensor([[[0.2]], [[0.1]], [[1.4]]])
    lit, phases = torch.tensor([[True]]), torch.tensor([[0]])
    assert seen_share(solids, top, torch.tensor([[0]]), lit, lamp_at(0, 0, 5.0), phases).item() == 1
    below = tensor([[[0.2]], [[0.1]], [[0.0]]])
    assert seen_share(solids, below, torch.tensor([[GROUND]]), lit, lamp_at(0, 0, 5.0), phases).item() == 0
    assert seen_share(solids, below, torch.tensor([[GROUND]]), ~lit, lamp_at(0, 0, 5.0), phases).item() == 1
