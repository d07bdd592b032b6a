"""Pictures: what they must not depend on, what they must show, and Blender's pictures of the same scenes."""

import numpy as np
import pytest
import torch

from reprolib.data.clevr.programs import ATTRIBUTES
from reprolib.data.clevr.render import render
from reprolib.data.clevr.render.likeness import seen_objects
from reprolib.data.clevr.render.shading import lamps_of, reflected
from reprolib.data.clevr.scenes import HEIGHT, WIDTH, Scenes, empty
from reprolib.errors import InputError

EYE = np.array([7.48, -6.51, 5.34])


def scenes_of(*lists):
    """Scenes before the official base camera and lamps; an object is (size, colour, material, shape, x, y)."""
    scenes = empty(len(lists))
    back = EYE / np.linalg.norm(EYE)
    right = np.cross([0, 0, 1], back) / np.linalg.norm(np.cross([0, 0, 1], back))
    scenes.cameras[:, :3] = np.stack([right, np.cross(back, right), back, EYE], 1)
    scenes.cameras[:, 3, 3] = 1
    scenes.lamps[:] = [[6.45, -2.91, 4.26], [-1.17, 2.65, 5.82], [-4.67, -4.01, 3.01]]
    for scene, objects in enumerate(lists):
        scenes.counts[scene] = len(objects)
        for place, (*values, x, y) in enumerate(objects):
            numbers = [choices.index(v) for choices, v in zip(ATTRIBUTES.values(), values, strict=True)]
            radius = (0.7, 0.35)[numbers[0]] / (2**0.5 if values[3] == "cube" else 1)
            scenes.positions[scene, place] = x, y, radius
            scenes.attributes[scene, place] = numbers
    return scenes


@pytest.fixture(scope="module")
def some():
    """Scenes of one, four and no objects, with metal in one."""
    return scenes_of(
        [("large", "red", "rubber", "sphere", 0, 0)],
        [
            ("large", "cyan", "metal", "cube", 0, 1),
            ("small", "green", "rubber", "cylinder", 1.2, -0.5),
            ("small", "gray", "metal", "sphere", -1.5, -1),
            ("large", "yellow", "metal", "cylinder", 2, 2),
        ],
        [],
    )


def test_pictures_are_bytes_of_the_size_asked_for(some):
    pictures = render(some, 24, 40)
    assert (pictures.shape, pictures.dtype) == ((3, 24, 40, 3), torch.uint8)
    assert render(some[:0], 24, 40).shape == (0, 24, 40, 3)


def test_a_picture_depends_on_its_scene_alone(some):
    together = render(some, 40, 40)
    assert torch.equal(together, render(some, 40, 40))
    for rays in (1, 2 * 40 * 40 * 4):
        assert torch.equal(together, render(some, 40, 40, rays=rays))
    singles = torch.cat([render(some[np.array([index])], 40, 40) for index in (2, 0, 1)])
    assert torch.equal(together[[2, 0, 1]], singles)


def test_absent_objects_do_not_show(some):
    crowded = Scenes(**{name: value.copy() for name, value in vars(some).items()})
    crowded.positions[:, 5:] = [[0.5, 0.5, 0.7]]
    crowded.attributes[:, 5:] = 1
    assert torch.equal(render(crowded, 40, 40), render(some, 40, 40))
    bare = render(some, 40, 40, objects=False)
    assert torch.equal(bare[2], render(some, 40, 40)[2])
    assert torch.equal(bare[0], bare[1]), "the same lamps on the same ground"


def test_the_order_of_objects_and_quarter_turns_do_not_matter(some):
    order = np.array([2, 0, 3, 1, *range(4, 10)])
    other = Scenes(**{name: value.copy() for name, value in vars(some).items()})
    for value in (other.positions, other.rotations, other.attributes):
        value[1] = value[1, order]
    other.rotations[1] = other.rotations[1] + np.pi / 2
    apart = (render(other, 60, 60).float() - render(some, 60, 60).float()).abs().amax(-1)
    assert (apart > 2).float().mean() < 1e-3, "only rounding at an edge may differ"


def test_a_smaller_picture_is_the_average_of_a_larger_one(some):
    large = render(some, 96, 128).float().view(3, 24, 4, 32, 4, 3).mean((2, 4))
    small = render(some, 24, 32).float()
    assert (large - small).abs().mean() < 1.5


def test_objects_have_their_colour_where_they_are_projected():
    for color, strong, weak in [("red", 0, 2), ("green", 1, 0), ("blue", 2, 0), ("yellow", 0, 2), ("cyan", 1, 0)]:
        for material in ATTRIBUTES["material"]:
            scenes = scenes_of([("large", color, material, "sphere", 0.5, -0.5)])
            column, row, _ = scenes.pixels()[0, 0]
            pixel = render(scenes, 120, 160)[0, int(row / 2), int(column / 2)].int()
            assert pixel[strong] > 1.5 * pixel[weak], (color, material)


def test_metal_shows_its_neighbour_and_rubber_does_not():
    neighbour = ("large", "red", "rubber", "sphere", 0.8, 1.4)  # where the face on the right looks to
    changed = {}
    for material in ATTRIBUTES["material"]:
        alone = ("large", "gray", material, "cube", -0.6, 0.5)
        scenes = scenes_of([alone], [alone, neighbour])
        ids = seen_objects(scenes, 60, 80)
        own = (ids[0] == 0) & (ids[1] == 0)
        pictures = render(scenes, 60, 80).float()
        redder = (pictures[1] - pictures[0]) @ torch.tensor([1.0, -0.5, -0.5])
        changed[material] = int((redder[own] > 12).sum())
    assert changed["metal"] > 5
    assert changed["metal"] > 3 * changed["rubber"]


@pytest.mark.parametrize("lamp", [1, 2])  # the key lamp's shadow is hidden from the camera
def test_a_shadow_s_middle_lies_behind_the_object_as_its_lamp_sees_it(lamp):
    scenes = scenes_of([("small", "gray", "rubber", "sphere", 0, 0)])
    scenes.lamps[0, [other for other in range(3) if other != lamp]] *= 1000  # too far to light anything
    light, centre = scenes.lamps[0, lamp].astype(float), np.array([0, 0, 0.35])
    marks = scenes_of([("small", "gray", "rubber", "sphere", 0, 0)] * 2)  # only to be projected
    marks.positions[0, 0] = light + (centre - light) * light[2] / (light[2] - 0.35)
    marks.positions[0, 1] = marks.positions[0, 0] @ [[0, 3, 0], [-3, 0, 0], [0, 0, 1]]  # elsewhere on the ground
    darker = (render(scenes, objects=False).float() - render(scenes).float())[0].mean(-1)
    (column, row), (far_column, far_row) = (marks.pixels()[0, :2, :2] * 128 / (WIDTH, HEIGHT)).astype(int)
    assert seen_objects(scenes, 128, 128)[0, row, column] < 0
    assert darker[row, column] > 1.5
    assert darker[row, column] > 2 * abs(darker[far_row, far_column])


def test_mirrored_rays_leave_as_they_came():
    down = torch.tensor([[0.6], [0.0], [-0.8]])
    up = torch.tensor([[0.0], [0.0], [1.0]])
    torch.testing.assert_close(reflected(down, up), torch.tensor([[0.6], [0.0], [0.8]]))
    slope = torch.nn.functional.normalize(torch.randn(3, 50, generator=torch.Generator().manual_seed(0)), dim=0)
    back = reflected(down.expand(3, 50), slope)
    torch.testing.assert_close((back * slope).sum(0), -(down * slope).sum(0))
    torch.testing.assert_close(reflected(back, slope), down.expand(3, 50))


def test_each_phase_looks_for_another_part_of_all_of_a_lamp(some):
    for lamp in lamps_of(some, 4, 4, "cpu"):
        points = lamp.offsets.flatten(1)
        torch.testing.assert_close(points.mean(1), torch.zeros(3), atol=1e-6, rtol=0)
        torch.testing.assert_close(lamp.facing @ points, torch.zeros(16), atol=1e-5, rtol=0)
        apart = (points[:, :, None] - points[:, None]).norm(dim=0) + 9 * torch.eye(16)
        torch.testing.assert_close(apart.amin(1), torch.full((16,), lamp.side / 4))
        assert lamp.offsets.mean(2).norm(dim=0).max() < lamp.side / 5, "each phase's samples surround the centre"


@pytest.mark.parametrize(
    ("change", "size", "message"),
    [
        (lambda scenes: scenes.cameras.fill(0), (8, 8), "scene 0 has no camera"),
        (lambda scenes: scenes.lamps[2].fill(0), (8, 8), "scene 2 has no camera or no lamps"),
        (
            lambda scenes: scenes.cameras[1, :3].__imul__([[1], [1], [-1]]),
            (8, 8),
            "scene 1 has a camera that sees more",
        ),
        (lambda scenes: None, (0, 8), "give a height and a width of 1 to"),
        (lambda scenes: None, (8, 100_000), "give a height and a width of 1 to"),
    ],
)
def test_bad_input(some, change, size, message):
    scenes = Scenes(**{name: value.copy() for name, value in vars(some).items()})
    change(scenes)
    with pytest.raises(InputError, match=message):
        render(scenes, *size)
