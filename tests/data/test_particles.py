"""Particles move as the released simulator has it, as closed forms say, and alike whatever surrounds a scene."""

from decimal import Context, Decimal
from fractions import Fraction

import numpy as np
import pytest

from reprolib.bench.simulators import reference, total_force
from reprolib.data.particles import BLOCK, CLIP, draw, energy, simulate
from reprolib.errors import InputError
from reprolib.settings.data_sets import PARTICLES

DT = 0.001
FREE = np.zeros((1, 2, 2))
PAIR = np.array([[[0.0, 1.0], [1.0, 0.0]]])


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def gap(some, others):
    """Largest difference of a scene's positions and velocities, [B]."""
    return np.max([np.abs(one - other).max(axis=(1, 2, 3)) for one, other in zip(some, others, strict=True)], axis=0)


def starts(kind, objects, rng, scenes=64):
    """Drawn as the paper's; ten charges, which would soon be chaotic, from all over the box."""
    positions, velocities, couplings = draw(kind, scenes, objects, rng)
    if kind == "charged" and objects > 5:
        positions = rng.uniform(-4.5, 4.5, positions.shape)
    return positions, velocities, couplings


@pytest.mark.parametrize("objects", [5, 10])
@pytest.mark.parametrize("kind", PARTICLES)
def test_official_trajectories(kind, objects, rng):
    """In scenes that can be predicted: where 1e-13 beside the start stays below 1e-9 for 5,000 steps."""
    positions, velocities, couplings = starts(kind, objects, rng)
    ours = simulate(kind, positions, velocities, couplings)
    beside = [positions + 1e-13 * rng.normal(size=positions.shape) for _ in range(3)]
    growth = np.max([gap(ours, simulate(kind, start, velocities, couplings)) for start in beside], axis=0)  # [B]
    predictable = np.flatnonzero(growth < 1e-9)[:2]
    assert len(predictable) == 2
    for scene in predictable:
        theirs = reference(kind, positions[scene], velocities[scene], couplings[scene], 5000, 100)
        assert gap([part[scene, None] for part in ours], [part[None] for part in theirs]) < 1e-9


@pytest.mark.parametrize("objects", [2, 3, 7, 8, 9, 16, 17])
@pytest.mark.parametrize("kind", PARTICLES)
def test_official_trajectories_of_other_sizes(kind, objects, rng):
    positions, _, couplings = starts(kind, objects, rng, scenes=1)
    positions = positions + 3  # at the walls
    fast = 8 * rng.normal(size=positions.shape)
    ours = simulate(kind, positions, fast, couplings, steps=120, sample_every=20)
    theirs = reference(kind, positions[0], fast[0], couplings[0], 120, 20)
    assert gap(ours, [part[None] for part in theirs]) < 1e-9


@pytest.mark.parametrize("objects", [5, 8, 10, 16, 17, 26])
def test_many_forces_are_added_as_the_official_ones(objects, rng):
    """To the last bit: springs at rest, whose first velocities are dt F."""
    positions, _, _ = draw("springs", 20, objects, rng)
    couplings = np.triu(rng.integers(2, size=(20, objects, objects)), 1)
    couplings += couplings.transpose(0, 2, 1)
    _, speed = simulate("springs", positions, np.zeros_like(positions), couplings, steps=2, sample_every=1)
    kicks = [DT * total_force("springs", x.T.copy(), c).T for x, c in zip(positions, couplings, strict=True)]
    assert (speed[:, 0] == kicks).all()


def test_close_charges_are_rounded_as_the_official_ones(rng):
    """To the last bit, where products cancel: a fused |a|^2 + |b|^2 - 2 a.b, and its power 3/2 correctly rounded."""
    positions = 4 * rng.uniform(-1, 1, (500, 1, 2)) + 0.2 * rng.uniform(0.5, 1, (500, 2, 2)) * [[[1], [-1]]]
    pairs = np.tile(PAIR, (500, 1, 1))
    _, speed = simulate("charged", positions, np.zeros_like(positions), pairs, steps=2, sample_every=1)
    kicks = [DT * (1 / cube_of_distance(a.tolist(), b.tolist()) * (a - b)) for a, b in positions]
    equal = speed[:, 0, 0] == np.clip(kicks, -CLIP * DT, CLIP * DT)
    assert equal.mean() > 0.99
    np.testing.assert_allclose(speed[:, 0, 0], kicks, rtol=1e-15)


def cube_of_distance(a, b):
    """In exact fractions but for the roundings of the official code."""
    fused = float(Fraction(a[1]) * Fraction(b[1]) + Fraction(a[0] * b[0]))
    square = (a[0] * a[0] + a[1] * a[1]) + (b[0] * b[0] + b[1] * b[1]) - 2 * fused
    return float(Context(prec=80).sqrt(Context(prec=1000).power(Decimal(square), 3)))


def test_shapes_and_first_frame(rng):
    start = draw("springs", 3, 4, rng)
    dense = simulate("springs", *start, steps=600, sample_every=50)
    sparse = simulate("springs", *start, steps=600, sample_every=100)
    assert [part.shape for part in dense] == [(3, 11, 4, 2)] * 2
    assert [part.shape for part in sparse] == [(3, 5, 4, 2)] * 2
    assert all(part.dtype == np.float64 for part in dense)
    assert (gap([part[:, 1::2] for part in dense], sparse) == 0).all()


@pytest.mark.parametrize("kind", PARTICLES)
def test_a_frame_is_a_start(kind, rng):
    positions, velocities, couplings = draw(kind, 4, 5, rng)
    whole = simulate(kind, positions, velocities, couplings, steps=2000)
    rest = simulate(kind, whole[0][:, 9], whole[1][:, 9], couplings, steps=1000)
    assert (gap([part[:, 10:] for part in whole], rest) == 0).all()


@pytest.mark.parametrize("kind", PARTICLES)
def test_a_scene_does_not_depend_on_its_batch(kind, rng):
    scenes = 2 * BLOCK + 5
    start = draw(kind, scenes, 5, rng)
    together = simulate(kind, *start, steps=1500)
    for part in (slice(0, 1), slice(3, 20), slice(BLOCK + 1, scenes), slice(None, None, -1)):
        alone = simulate(kind, *(values[part] for values in start), steps=1500)
        assert (gap([trace[part] for trace in together], alone) == 0).all()


@pytest.mark.parametrize("scenes", [1, 2])
@pytest.mark.parametrize("kind", PARTICLES)
def test_inputs_stay_as_they_are_and_the_diagonal_is_ignored(kind, scenes, rng):
    start = draw(kind, scenes, 3, rng)
    start[0][0, 0] = 7.0  # reflected at once
    before = [values.copy() for values in start]
    expected = simulate(kind, *start, steps=300)
    assert all((values == old).all() for values, old in zip(start, before, strict=True))
    start[2][:, np.arange(3), np.arange(3)] = np.nan
    assert (gap(simulate(kind, *start, steps=300), expected) == 0).all()


@pytest.mark.parametrize("kind", PARTICLES)
def test_symmetries(kind, rng):
    """Renamed objects and mirrored or turned scenes move as the scenes do."""
    positions, velocities, couplings = draw(kind, 8, 5, rng)
    positions *= 3  # few encounters, so that rounding hardly grows
    ours = simulate(kind, positions, velocities, couplings, steps=1000)
    order = rng.permutation(5)
    renamed = simulate(kind, positions[:, order], velocities[:, order], couplings[:, order][:, :, order], steps=1000)
    assert (gap(renamed, [part[:, :, order] for part in ours]) < 1e-6).all()
    for turn in (np.array([[-1, 0], [0, 1]]), np.array([[0, 1], [-1, 0]])):
        turned = simulate(kind, positions @ turn, velocities @ turn, couplings, steps=1000)
        assert (gap(turned, [part @ turn for part in ours]) < 1e-6).all()


def test_two_on_a_spring_oscillate():
    """r'' = -2 * 0.1 r, stepped as r_{n+1} - 2 r_n + r_{n-1} = -0.2 dt^2 r_n, which a cosine solves exactly."""
    positions, velocities = np.array([[[1.0, 0.5], [-1.0, 0.2]]]), np.array([[[0.0, 0.3], [0.1, 0.0]]])
    seen, _ = simulate("springs", positions, velocities, PAIR, steps=12_000)
    apart, speed = positions[:, 0] - positions[:, 1], velocities[:, 0] - velocities[:, 1]
    first = apart + DT * (speed - DT * 0.2 * apart)  # the first kick is a whole one
    omega = 2 * np.arcsin(np.sqrt(0.2) * DT / 2)
    steps = 100 * np.arange(1, 120)[:, None]
    sine = (first - apart * np.cos(omega)) / np.sin(omega)
    expected = apart * np.cos(omega * steps) + sine * np.sin(omega * steps)
    np.testing.assert_allclose(seen[0, :, 0] - seen[0, :, 1], expected, atol=1e-9)
    assert omega == pytest.approx(DT * np.sqrt(0.2), rel=1e-6)


def test_two_charges_exchange_energy_as_they_should():
    """Head on: 1 / r turns into motion of two unit masses, v = sqrt(1 / r0 - 1 / r) each."""
    positions = np.array([[[0.25, 0.0], [-0.25, 0.0]]])
    place, speed = simulate("charged", positions, np.zeros_like(positions), PAIR, steps=2000)
    apart = place[0, :, 0, 0] - place[0, :, 1, 0]
    assert (np.diff(apart) > 0).all()
    now = speed[0, :, 0, 0] + DT / 2 / apart**2  # half a kick on
    np.testing.assert_allclose(now, np.sqrt(2 - 1 / apart), rtol=1e-4)
    opposite, _ = simulate("charged", positions, np.zeros_like(positions), -PAIR, steps=200)
    assert opposite[0, 0, 0, 0] < 0.25


def test_free_objects_bounce():
    """Without forces every coordinate is a straight line folded at the walls."""
    positions, velocities = np.array([[[4.0, -4.9], [0.0, 2.0]]]), np.array([[[3.0, -2.0], [0.0, 20.0]]])
    time = DT * 100 * np.arange(1, 50)[:, None, None]
    along = (positions + velocities * time + 5) % 20  # [T, 2, 2], rising from wall to wall until 10, then falling
    for kind in PARTICLES:
        seen, speed = simulate(kind, positions, velocities, FREE)
        np.testing.assert_allclose(seen[0], np.where(along < 10, along - 5, 15 - along), atol=1e-9)
        np.testing.assert_allclose(speed[0], np.where(along < 10, velocities, -velocities), atol=1e-9)


def calm(kind, rng):
    """Scenes that reach no wall and have no close encounter, with their frames."""
    positions, velocities, couplings = draw(kind, 64, 5, rng)
    if kind == "charged":
        positions, velocities = positions * 1.5, velocities * 0.2
    seen = simulate(kind, positions, velocities, couplings, steps=3000)
    apart = np.linalg.norm(seen[0][:, :, :, None] - seen[0][:, :, None], axis=-1) + 9 * np.eye(5)
    kept = (np.abs(seen[0]).max(axis=(1, 2, 3)) < 4.9) & (apart.min(axis=(1, 2, 3)) > (kind == "charged") * 0.5)
    assert kept.sum() >= 5
    return [part[kept] for part in seen], velocities[kept], couplings[kept]


@pytest.mark.parametrize("kind", PARTICLES)
def test_momentum_is_kept(kind, rng):
    (_, speed), velocities, _ = calm(kind, rng)
    np.testing.assert_allclose(speed.sum(axis=2), np.tile(velocities.sum(axis=1)[:, None], (1, 29, 1)), atol=1e-11)


@pytest.mark.parametrize("kind", PARTICLES)
def test_energy_does_not_drift(kind, rng):
    (place, speed), _, couplings = calm(kind, rng)
    pairs = zip(place, couplings, strict=True)
    force = np.array([[total_force(kind, frame.T, c).T for frame in scene] for scene, c in pairs])
    exact = energy(kind, place, speed + DT / 2 * force, couplings)  # velocities at the time of the positions
    assert np.ptp(exact, axis=1).max() < 1e-5
    lagging = energy(kind, place, speed, couplings)
    assert 1e-5 < np.ptp(lagging - exact, axis=1).max() < 1e-2


@pytest.mark.parametrize("distance", [1e-3, 1e-9])  # the square of the second is lost in rounding, even below 0
def test_forces_are_clipped(distance, rng):
    positions = 4 * rng.uniform(-1, 1, (100, 1, 2)) + distance * np.array([[1, 2], [0, 0]])
    pairs = np.tile(PAIR, (100, 1, 1))
    _, speed = simulate("charged", positions, np.zeros_like(positions), pairs, steps=2, sample_every=1)
    np.testing.assert_allclose(speed[:, 0], np.tile(CLIP * DT * np.array([[1, 1], [-1, -1]]), (100, 1, 1)))


def test_drawn_starts(rng):
    for kind, spread in (("springs", 0.5), ("charged", 1.0)):
        positions, velocities, couplings = draw(kind, 4000, 5, rng)
        assert positions.std() == pytest.approx(spread, rel=0.02)
        assert abs(positions.mean()) < 0.02
        np.testing.assert_allclose(np.linalg.norm(velocities, axis=2), 0.5)
        assert np.abs(velocities.mean(axis=(0, 1))).max() < 0.01
        np.testing.assert_array_equal(couplings, couplings.transpose(0, 2, 1))
    first, second = np.triu_indices(5, 1)
    graphs, charged = draw("springs", 4000, 5, rng)[2], couplings
    assert set(np.unique(graphs)) == {0, 1}
    assert not graphs[:, np.arange(5), np.arange(5)].any()
    assert graphs[:, first, second].mean(axis=0) == pytest.approx(np.full(10, 0.5), abs=0.04)
    assert set(np.unique(charged)) == {-1, 1}
    assert (np.linalg.matrix_rank(charged) == 1).all()  # an outer product of charges
    assert charged[:, first, second].mean(axis=0) == pytest.approx(np.zeros(10), abs=0.08)


def bad(**changes):
    usual = {
        "kind": "springs",
        "positions": np.arange(12.0).reshape(2, 3, 2) / 4,
        "velocities": np.ones((2, 3, 2)),
        "couplings": np.ones((2, 3, 3)),
        "steps": 200,
        "sample_every": 20,
    }
    return usual | changes


ODD = np.ones((2, 3, 3))
ODD[1, 0, 2] = 0
MISSING = np.ones((2, 3, 2))
MISSING[1, 2, 0] = np.nan


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"kind": "magnets"}, "kind is 'magnets': choose one of springs, charged"),
        (
            {"positions": np.ones((2, 1, 2)), "velocities": np.ones((2, 1, 2)), "couplings": np.ones((2, 1, 1))},
            "least 2",
        ),
        ({"positions": np.ones((2, 3, 3))}, r"positions has the shape \[2, 3, 3\]"),
        ({"positions": np.ones((3, 2))}, r"positions has the shape \[3, 2\]"),
        ({"velocities": np.ones((2, 2, 2))}, r"velocities has the shape .* give \[2, 3, 2\]"),
        ({"couplings": np.ones((2, 3, 2))}, r"couplings has the shape .* give \[2, 3, 3\]"),
        ({"couplings": np.ones((3, 3))}, "couplings has the shape"),
        ({"couplings": ODD}, "couplings of scene 1 .* not symmetric"),
        ({"couplings": np.full((2, 3, 3), 0.5)}, "couplings of springs .* give 0 or 1"),
        ({"couplings": [[[0, 1], [1]]]}, "couplings is no array of real numbers"),
        ({"positions": np.ones((2, 3, 2)) + 1j}, "positions is no array of real numbers"),
        ({"velocities": "fast"}, "velocities is no array of real numbers"),
        ({"couplings": np.full((2, 3, 3), np.inf)}, "couplings of scene 0 .* infinity"),
        ({"positions": MISSING}, "positions of scene 1 .* NaN"),
        ({"velocities": MISSING * np.inf}, "velocities of scene 0 .* infinity"),
        ({"steps": 210}, "steps is 210: give a multiple of sample_every = 20"),
        ({"steps": 20}, "at least twice"),
        ({"steps": 200.0}, "steps is 200.0: give a whole number"),
        ({"sample_every": 0}, "sample_every is 0"),
        ({"dt": 0.0}, "dt is 0.0"),
        ({"dt": np.nan}, "dt is nan"),
        ({"dt": "0.1"}, "dt is '0.1'"),
        ({"positions": np.arange(12.0).reshape(2, 3, 2) * 2}, "scene 1 .* explodes, as do 0 others"),
        ({"velocities": np.ones((2, 3, 2)) * 1e5}, "scene 0 .* explodes, as do 1 others"),
        ({"dt": 100.0}, "explodes"),
        ({"kind": "charged", "positions": np.ones((2, 3, 2))}, "scene 0 .* explodes, as do 1 others"),
    ],
)
def test_bad_inputs(changes, message):
    with pytest.raises(InputError, match=message):
        simulate(**bad(**changes))


def test_what_is_just_inside_is_taken():
    positions, velocities = simulate(**bad(positions=np.full((2, 3, 2), 14.0)))
    assert (np.abs(positions) <= 5).all()
    assert (velocities < 0).all()
    assert simulate(**bad(positions=np.ones((0, 3, 2)), velocities=np.ones((0, 3, 2)), couplings=np.ones((0, 3, 3))))


def test_unknown_kind_is_not_drawn(rng):
    with pytest.raises(InputError, match="kind is 'kuramoto'"):
        draw("kuramoto", 1, 3, rng)


def test_progress_is_shown_where_a_title_is_given(capfd):
    simulate(**bad())
    assert capfd.readouterr().err == ""
    simulate(**bad(), progress="twelve springs")
    assert "twelve springs: 100%" in capfd.readouterr().err
