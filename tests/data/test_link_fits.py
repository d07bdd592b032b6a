"""Fits without networks: rigid links and springs of known scenes are found, and forces tell more than distances."""

import numpy as np

from reprolib.data import link_fits
from reprolib.data.linked_balls import BALLS, NONE, RIGID, SPRING
from reprolib.data.physical_scenes import FRAMES, generate
from reprolib.data.table_top import NUMBER
from reprolib.settings.physical import World

WORLD = World(steps=4)  # frames so dense that second differences are accelerations
TIMES = WORLD.step * WORLD.steps * np.arange(FRAMES)


def oscillators():
    """Balls 0 and 1 at a spring, 2 and 3 at a rigid link, all others on their own [10, 16, 2]."""
    rng = np.random.default_rng(0)
    places = rng.uniform(-1, 1, (BALLS, 1, 2)) + rng.normal(size=(BALLS, 1, 2)) * TIMES[:, None]
    swing = np.sin(np.sqrt(2 * WORLD.stiffness / WORLD.mass) * TIMES)
    places[0] = np.stack([-0.25 - 0.05 * swing, 0.3 * TIMES], axis=1)
    places[1] = np.stack([0.25 + 0.05 * swing, 0.3 * TIMES], axis=1)
    places[2] = np.stack([0.2 * np.cos(TIMES), 0.2 * np.sin(TIMES)], axis=1)
    places[3] = -places[2]
    return places


def test_the_forces_of_known_motion():
    found = link_fits.by_forces(oscillators()[None], WORLD)[0]
    expected = np.full(45, NONE)
    expected[NUMBER[0, 1]], expected[NUMBER[2, 3]] = SPRING, RIGID
    np.testing.assert_array_equal(found, expected)
    strength = link_fits.stiffnesses(oscillators(), expected == RIGID, WORLD)
    np.testing.assert_allclose(strength[NUMBER[0, 1]], WORLD.stiffness, rtol=0.05)


def test_the_spread_of_distances():
    places = oscillators()[None]
    spread = link_fits.spreads(places)[0]
    swing = (places[0, 1, :, 0] - places[0, 0, :, 0]).std()
    np.testing.assert_allclose(spread[[NUMBER[0, 1], NUMBER[2, 3]]], [swing, 0], atol=1e-12)
    found = link_fits.by_variance(places, spring=1.1 * swing)[0]
    assert (found == np.where(spread < 0.002, RIGID, np.where(spread < 1.1 * swing, SPRING, NONE))).all()
    assert found[NUMBER[0, 1]] == SPRING


def test_the_task_can_be_solved_but_not_by_distances_alone():
    right = link_fits.report(World(), 40)
    assert right["majority, scenes"] == 10
    assert right["majority, pairs"] == 90
    assert right["variance, scenes"] < 50
    assert right["forces, scenes"] > 85
    assert right["forces, pairs"] > right["variance, pairs"] > 90


def test_rigid_links_show_in_distances():
    scenes = generate(World(), 100, seed=3, stream=0)
    kinds = link_fits.pair_kinds(scenes.connections)
    assert ((link_fits.spreads(scenes.trajectories) < link_fits.STIFF) == (kinds == RIGID)).mean() > 0.999
