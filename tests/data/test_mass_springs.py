"""Chains of masses: closed forms, what is conserved, and the demonstration's ranges."""

import math

import numpy as np
import pytest

from reprolib.data import mass_springs
from reprolib.data.mass_springs import generate, simulate, transitions
from reprolib.errors import InputError


@pytest.fixture(scope="module")
def chains():
    return generate(60, (4, 9), seed=1)


def scene(places, constants, rests, gravity=0.0, fixed=()):
    """Columns of one chain at rest, with the edges of all neighbours both ways."""
    size = len(places)
    nodes = np.zeros((1, size, 5))
    nodes[0, :, :2] = places
    nodes[0, list(fixed), 4] = 1
    joined = np.zeros((1, size, size), bool)
    edges = np.zeros((1, size, size, 2))
    for i, (constant, rest) in enumerate(zip(constants, rests, strict=True)):
        joined[0, i, i + 1] = joined[0, i + 1, i] = True
        edges[0, i, i + 1] = edges[0, i + 1, i] = constant / 50, rest
    return {"nodes": nodes, "joined": joined, "edges": edges, "globals": np.array([[0.0, gravity / 10]])}


def test_a_mass_between_two_springs_swings_as_the_closed_form_says():
    """Along the chain x'' = -2 k x, whose Euler steps turn by the angle theta with cos(theta) = 1 - k dt^2."""
    constant, start = 20.0, 0.1
    frames = simulate(**scene([(-1, 0), (start, 0), (1, 0)], [constant] * 2, [1.0] * 2, fixed=(0, 2)), steps=200)
    angle = math.acos(1 - constant * 0.1**2)
    steps = np.arange(201)
    expected = start * np.cos(angle * (steps + 0.5)) / math.cos(angle / 2)  # x_0 and v_0 = 0, so x_-1 = x_0
    np.testing.assert_allclose(frames[0, :, 1, 0], expected, atol=1e-12)
    np.testing.assert_array_equal(frames[0, :, [0, 2]], np.broadcast_to(frames[0, 0, [0, 2]][:, None], (2, 201, 4)))


def test_a_free_chain_falls_as_a_whole():
    """With equal constants both ways inner forces cancel: the centre falls freely."""
    columns = scene([(0, 0), (1.2, 0.1), (2, -0.3)], [30.0, 50.0], [1.0, 0.8], gravity=-10.0)
    frames = simulate(**columns, steps=30)[0]
    centre, speed, steps = frames[..., :2].mean(1), frames[..., 2:].mean(1), np.arange(31)
    np.testing.assert_allclose(speed[:, 1], -steps, atol=1e-9)
    np.testing.assert_allclose(centre[:, 1] - centre[0, 1], -0.1 * steps * (steps + 1) / 2, atol=1e-9)
    np.testing.assert_allclose(centre[:, 0], centre[0, 0], atol=1e-9)


def test_a_spring_at_rest_stays_at_rest():
    frames = simulate(**scene([(0, 0), (0, 1), (1, 1)], [50.0, 40.0], [1.0, 1.0]), steps=20)
    np.testing.assert_array_equal(frames, np.broadcast_to(frames[:, :1], frames.shape))


def test_rollouts_follow_hookes_law_mass_by_mass(chains):
    for i, size in enumerate(chains["sizes"]):
        frames = chains["rollout"][i].astype(float)
        for mass in range(size):
            force = 10 * chains["globals"][i].astype(float)
            for other in chains["joined"][i, :, mass].nonzero()[0]:
                constant, rest = chains["edges"][i, other, mass]
                gap = frames[7, other, :2] - frames[7, mass, :2]
                force += 50 * constant * (np.linalg.norm(gap) - rest) * gap / np.linalg.norm(gap)
            speed = frames[7, mass, 2:] + 0.1 * force * (1 - chains["nodes"][i, mass, 4])
            np.testing.assert_allclose(frames[8, mass, 2:], speed, atol=1e-4)
            np.testing.assert_allclose(frames[8, mass, :2], frames[7, mass, :2] + 0.1 * speed, atol=1e-4)


def test_ends_are_fixed_receive_nothing_and_stay(chains):
    for i, size in enumerate(chains["sizes"]):
        fixed = chains["nodes"][i, :, 4].nonzero()[0]
        assert list(fixed) == [0, size - 1]
        assert not chains["joined"][i][:, fixed].any()
        assert set(zip(*chains["joined"][i].nonzero(), strict=True)) == {
            (a, b) for b in range(1, size - 1) for a in (b - 1, b + 1)
        }
        assert (chains["rollout"][i][:, fixed] == chains["rollout"][i][:1, fixed]).all()
    assert not chains["rollout"][np.arange(9) >= chains["sizes"][:, None, None].repeat(51, 1)].any()


def test_ranges_are_the_demonstrations():
    chains = generate(2000, (5, 8), seed=0, spacings=(0.5, 0.5), steps=1)
    edges, joined = chains["edges"], chains["joined"]
    constants = 50 * edges[joined][:, 0]
    assert constants.min() == pytest.approx(45, abs=0.1)
    assert constants.max() == pytest.approx(55, abs=0.1)
    gravity = 10 * chains["globals"][:, 1]
    assert gravity.min() == pytest.approx(-11, abs=0.01)
    assert gravity.max() == pytest.approx(-9, abs=0.01)
    place = np.arange(8) - chains["sizes"][:, None] / 2
    noise = (chains["nodes"][..., :2] - np.stack([0.5 * place, 0 * place], -1))[np.arange(8) < chains["sizes"][:, None]]
    assert np.abs(noise).max() == pytest.approx(0.04, abs=1e-3)
    gap = np.linalg.norm(np.diff(chains["nodes"][:, :2, :2], axis=1), axis=-1)[:, 0]
    np.testing.assert_allclose(edges[:, 0, 1, 1], gap, atol=1e-6)


def test_transitions_are_steps_of_the_rollouts(chains):
    found = transitions(chains, 3, seed=0)
    assert len(found["nodes"]) == 180
    for k in range(180):
        frames = chains["rollout"][k // 3]
        (moment,) = (frames[:-1] == found["nodes"][k, :, :4]).all((1, 2)).nonzero()[0]
        np.testing.assert_array_equal(found["velocities"][k], frames[moment + 1, :, 2:])
        np.testing.assert_array_equal(found["edges"][k], chains["edges"][k // 3])
    np.testing.assert_array_equal(found["nodes"][..., 4], chains["nodes"][..., 4].repeat(3, axis=0))


def test_transitions_of_fewer_chains_are_a_prefix(chains):
    some = {name: column[:7] for name, column in chains.items()}
    found, all_found = transitions(some, 5, seed=2), transitions(chains, 5, seed=2)
    assert all(np.array_equal(found[name], all_found[name][:35]) for name in found)


def test_wrong_numbers_are_refused(chains):
    with pytest.raises(InputError, match="moments is 51"):
        transitions(chains, 51, seed=0)
    for spacings in ((0.0, 1.0), (1.0, 0.5)):
        with pytest.raises(InputError, match="spacings"):
            generate(1, (4, 5), seed=0, spacings=spacings)
    with pytest.raises(InputError, match="smallest size"):
        mass_springs.generate(1, (2, 5), seed=0)
