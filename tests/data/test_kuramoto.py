"""Oscillators against closed forms and an adaptive solver; the features as the re-releases normalise them."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from reprolib.data.kuramoto import BLOCK, draw, features, simulate
from reprolib.errors import InputError

PAIR = np.array([[[0.0, 1.0], [1.0, 0.0]]])


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.mark.parametrize("objects", [2, 5, 10])
def test_an_adaptive_solver_agrees(objects, rng):
    phases, frequencies, couplings = draw(1, objects, rng)
    seen, rates = simulate(phases, frequencies, couplings, steps=500)

    def slope(_, phi):
        return frequencies[0] + (couplings[0] * np.sin(phi - phi[:, None])).sum(axis=1)

    times = 0.1 * np.arange(1, 50)
    exact = solve_ivp(slope, (0, times[-1]), phases[0], "DOP853", times, rtol=1e-11, atol=1e-11).y.T
    np.testing.assert_allclose(seen[0], exact, atol=1e-5)
    np.testing.assert_allclose(rates[0], [slope(0, phi) for phi in seen[0]], atol=1e-12)


def test_order_four(rng):
    start = draw(4, 5, rng)
    finest = simulate(*start, steps=6400, sample_every=640, dt=0.01 / 16)[0]
    errors = [
        np.abs(simulate(*start, steps=10 * every, sample_every=every, dt=0.4 / every)[0] - finest).max()
        for every in (20, 40)
    ]
    assert 12 < errors[0] / errors[1] < 20


def test_coupled_oscillators_lock():
    """Their distance obeys delta' = difference - 2 k sin(delta), which rests where the two terms are equal."""
    difference, strength = 1.2, 1.0
    frequencies = np.array([[3.0 + difference, 3.0]])
    seen, rates = simulate(np.array([[2.0, 0.5]]), frequencies, strength * PAIR, steps=2000)
    delta = seen[0, :, 0] - seen[0, :, 1]
    assert np.sin(delta[-1]) == pytest.approx(difference / (2 * strength), abs=1e-10)
    assert np.cos(delta[-1]) > 0
    np.testing.assert_allclose(rates[0, -1], 3.0 + difference / 2, atol=1e-10)


def test_weakly_coupled_oscillators_drift_apart():
    """|difference| > 2 k: they slip by 2 pi once in 2 pi / sqrt(difference^2 - 4 k^2)."""
    difference = 3.0
    period = 2 * np.pi / np.sqrt(difference**2 - 4)
    seen, _ = simulate(np.array([[1.0, 0.5]]), np.array([[difference, 0.0]]), PAIR, 300, 100, dt=period / 100)
    delta = seen[0, :, 0] - seen[0, :, 1]
    np.testing.assert_allclose(delta, 0.5 + 2 * np.pi * np.arange(1, 3), atol=1e-5)


def test_isolated_oscillators_turn_evenly(rng):
    phases, frequencies, couplings = draw(3, 4, rng)
    seen, rates = simulate(phases, frequencies, 0 * couplings, steps=1000)
    assert seen.shape == rates.shape == (3, 99, 4)
    time = 0.1 * np.arange(1, 100)[:, None]
    np.testing.assert_allclose(seen, phases[:, None] + frequencies[:, None] * time, atol=1e-10)
    np.testing.assert_array_equal(rates, np.broadcast_to(frequencies[:, None], rates.shape))


def test_a_frame_is_a_start(rng):
    phases, frequencies, couplings = draw(2, 5, rng)
    whole = simulate(phases, frequencies, couplings, steps=300)
    rest = simulate(whole[0][:, 9], frequencies, couplings, steps=200)
    assert all((part[:, 10:] == other).all() for part, other in zip(whole, rest, strict=True))


def test_the_mean_frequency_is_kept(rng):
    """Symmetric couplings cancel in the sum."""
    phases, frequencies, couplings = draw(6, 7, rng)
    _, rates = simulate(phases, frequencies, couplings, steps=500)
    np.testing.assert_allclose(rates.mean(axis=2), np.tile(frequencies.mean(axis=1)[:, None], 49), atol=1e-10)


def test_symmetries(rng):
    """Renamed oscillators, and phases all turned by one angle, move as they did."""
    phases, frequencies, couplings = draw(6, 5, rng)
    seen, rates = simulate(phases, frequencies, couplings, steps=500)
    order = rng.permutation(5)
    renamed = simulate(phases[:, order], frequencies[:, order], couplings[:, order][:, :, order], steps=500)
    turned = simulate(phases + 1.0, frequencies, couplings, steps=500)
    np.testing.assert_allclose(renamed, [seen[..., order], rates[..., order]], atol=1e-8)
    np.testing.assert_allclose(turned, [seen + 1.0, rates], atol=1e-8)


def test_a_scene_does_not_depend_on_its_batch(rng):
    scenes = BLOCK + 5
    start = draw(scenes, 5, rng)
    before = [values.copy() for values in start]
    together = np.array(simulate(*start, steps=300))
    for part in (slice(0, 1), slice(BLOCK - 1, BLOCK + 2), slice(None, None, -1)):
        assert (simulate(*(values[part] for values in start), steps=300) == together[:, part]).all()
    assert all((values == old).all() for values, old in zip(start, before, strict=True))


def test_the_diagonal_is_ignored(rng):
    phases, frequencies, couplings = draw(2, 3, rng)
    seen, rates = simulate(phases, frequencies, couplings, steps=100)
    expected = features(seen, rates, frequencies, couplings)
    couplings[:, np.arange(3), np.arange(3)] = 1
    assert (simulate(phases, frequencies, couplings, steps=100) == np.array([seen, rates])).all()
    np.testing.assert_array_equal(features(seen, rates, frequencies, couplings), expected)


def test_drawn_starts(rng):
    phases, frequencies, couplings = draw(4000, 5, rng)
    assert 0 <= phases.min() < 0.01
    assert 6.27 < phases.max() < 2 * np.pi
    assert 1 <= frequencies.min() < 1.01
    assert 9.99 < frequencies.max() < 10
    assert (phases.mean(), frequencies.mean()) == pytest.approx((np.pi, 5.5), abs=0.05)
    assert set(np.unique(couplings)) == {0, 1}
    np.testing.assert_array_equal(couplings, couplings.transpose(0, 2, 1))
    first, second = np.triu_indices(5, 1)
    assert couplings[:, first, second].mean(axis=0) == pytest.approx(np.full(10, 0.5), abs=0.04)


def test_features(rng):
    phases, frequencies, couplings = draw(40, 5, rng)
    couplings[:, 2], couplings[:, :, 2] = 0, 0  # the third oscillator is isolated
    couplings[:, 0, 1] = couplings[:, 1, 0] = 1
    seen, rates = simulate(phases, frequencies, couplings, steps=500)
    found = features(seen, rates, frequencies, couplings)
    assert found.shape == (40, 49, 5, 3)
    assert not found[:, :, 2, 0].any()
    assert (found[:, :, :2, 0].min(axis=1) == -1).all()
    assert (found[:, :, :2, 0].max(axis=1) == 1).all()
    slope = np.diff(found[:, :, 0, 0], axis=1) / np.diff(rates[:, :, 0], axis=1)
    np.testing.assert_allclose(slope, np.broadcast_to(slope[:, :1], slope.shape), rtol=1e-5)  # linear in the rate
    np.testing.assert_array_equal(found[..., 1], np.sin(seen))
    np.testing.assert_allclose(found[..., 2], np.broadcast_to((frequencies[:, None] - 5.5) / 4.5, seen.shape))


def test_an_isolated_oscillator_gets_zeros_however_its_rate_was_measured(rng):
    couplings = np.zeros((1, 3, 3))
    couplings[0, 0, 1] = couplings[0, 1, 0] = couplings[0, 2, 2] = 1  # a loop couples to nothing
    phases, rates = rng.normal(size=(2, 1, 9, 3))
    found = features(phases, rates, np.full((1, 3), 5.0), couplings)[..., 0]
    np.testing.assert_array_equal(found.any(axis=1), [[True, True, False]])


def test_a_coupled_oscillator_at_a_constant_rate_gets_zeros():
    """Two equal oscillators in phase: nothing to scale."""
    phases, frequencies = np.ones((1, 2)), np.full((1, 2), 5.5)
    seen, rates = simulate(phases, frequencies, PAIR, steps=100)
    assert not features(seen, rates, frequencies, PAIR)[..., [0, 2]].any()


ODD = np.ones((2, 3, 3))
ODD[1, 0, 2] = 0


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"phases": np.ones((2, 1)), "frequencies": np.ones((2, 1)), "couplings": np.ones((2, 1, 1))}, "at least 2"),
        ({"phases": np.ones((2, 3, 1))}, r"phases has the shape \[2, 3, 1\]: give \[any, any\]"),
        ({"frequencies": np.ones((2, 2))}, r"frequencies has the shape .* give \[2, 3\]"),
        ({"couplings": np.ones((2, 2, 2))}, r"couplings has the shape .* give \[2, 3, 3\]"),
        ({"couplings": ODD}, "couplings of scene 1 .* not symmetric"),
        ({"phases": np.full((2, 3), np.nan)}, "phases of scene 0 .* NaN"),
        ({"frequencies": np.full((2, 3), np.inf)}, "frequencies of scene 0 .* infinity"),
        ({"steps": 105}, "steps is 105"),
        ({"dt": -0.1}, "dt is -0.1"),
        ({"couplings": np.full((2, 3, 3), 1e308)}, "scene 0 .* explodes, as do 1 others"),
    ],
)
def test_bad_inputs(changes, message):
    phases = np.arange(6.0).reshape(2, 3)
    usual = {"phases": phases, "frequencies": phases, "couplings": np.ones((2, 3, 3)), "steps": 100}
    with pytest.raises(InputError, match=message):
        simulate(**(usual | changes))
