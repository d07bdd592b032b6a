"""Seeded scenes: any number is a prefix of more, files are used only when they hold what was asked for."""

import hashlib
from itertools import product

import numpy as np
import pytest

from reprolib import paths
from reprolib.data import simulations
from reprolib.data.simulations import SIMULATED, Scale, Simulations, cached, senders, simulate
from reprolib.errors import InputError


def same(some, others):
    return (some.trajectories == others.trajectories).all() and (some.edges == others.edges).all()


@pytest.fixture
def folder(monkeypatch, tmp_path):
    """Where cached scenes go."""
    monkeypatch.setattr(paths, "BUILD", tmp_path)
    return tmp_path / "simulations"


@pytest.fixture
def never(monkeypatch):
    """never() from then on nothing may be simulated."""

    def refuse(*_):
        raise AssertionError("simulated although a good file is there")

    return lambda: monkeypatch.setattr(simulations, "simulate", refuse)


def test_senders():
    np.testing.assert_array_equal(senders(3), [[1, 2], [0, 2], [0, 1]])
    assert senders(2).dtype == np.int64
    for objects in (2, 5):
        expected = [[j for j in range(objects) if j != i] for i in range(objects)]
        np.testing.assert_array_equal(senders(objects), expected)


@pytest.mark.parametrize("kind", SIMULATED)
def test_shapes(kind):
    scenes = simulate(kind, 6, 4, 49, seed=1, stream=0)
    features = {"kuramoto": 3, "kuramoto_raw": 3}.get(kind, 4)
    assert scenes.trajectories.shape == (6, 49, 4, features)
    assert scenes.trajectories.dtype == np.float32
    assert scenes.edges.shape == (6, 4, 3)
    assert scenes.edges.dtype == np.int64
    assert set(np.unique(scenes.edges)) == {0, 1}


@pytest.mark.parametrize("kind", SIMULATED)
def test_edges_are_symmetric(kind):
    edges = simulate(kind, 20, 5, 1, seed=0, stream=0).edges
    for i, k in product(range(5), range(4)):
        j = senders(5)[i, k]
        back = list(senders(5)[j]).index(i)
        np.testing.assert_array_equal(edges[:, i, k], edges[:, j, back])


def test_two_objects_move_as_their_edge_says():
    """Those on a spring come closer than free ones would; charges of type 1 go apart, others together."""
    springs = simulate("springs", 200, 2, 40, seed=0, stream=0)
    force = acceleration(springs)
    bound = springs.edges[:, 0, 0] == 1
    assert 60 < bound.sum() < 140
    assert (force[bound] < 0).all()
    assert np.abs(force[~bound]).max() < 1e-3
    charged = simulate("charged", 200, 2, 40, seed=0, stream=0)
    assert ((acceleration(charged)[:] > 0) == (charged.edges[:, 0, 0] == 1)).mean() > 0.95  # but for hits at walls


def acceleration(scenes):
    """Along the line between the two objects in the first frames, away from the other; [M]."""
    place, speed = scenes.trajectories[:, :2, :, :2].astype(float), scenes.trajectories[:, :2, :, 2:].astype(float)
    apart, change = place[:, 0, 0] - place[:, 0, 1], np.diff(speed[:, :, 0] - speed[:, :, 1], axis=1)[:, 0]
    return (apart * change).sum(axis=1) / np.linalg.norm(apart, axis=1)


@pytest.mark.parametrize("kind", SIMULATED)
def test_any_number_and_length_is_a_prefix(kind, monkeypatch):
    monkeypatch.setattr(simulations, "CHUNK", 16)
    many = simulate(kind, 2 * 16 + 3, 3, 2, seed=5, stream=1)
    few = simulate(kind, 7, 3, 2, seed=5, stream=1)
    assert same(few, Simulations(many.trajectories[:7], many.edges[:7]))
    assert len({scene.tobytes() for scene in many.trajectories}) == 2 * 16 + 3
    longer = simulate(kind, 7, 3, 99, seed=5, stream=1)
    assert same(few, Simulations(longer.trajectories[:, :2], longer.edges))


@pytest.mark.parametrize("kind", SIMULATED)
def test_seeds_and_streams_are_independent(kind):
    pairs = list(product((0, 1, 2), (0, 1, 2)))
    first = {simulate(kind, 1, 3, 1, seed, stream).trajectories.tobytes() for seed, stream in pairs}
    assert len(first) == len(pairs)
    again = simulate(kind, 1, 3, 1, seed=2, stream=1)
    assert again.trajectories.tobytes() in first


def test_rates_are_scaled_over_the_full_length():
    short, full = (simulate("kuramoto", 30, 5, frames, seed=0, stream=0).trajectories for frames in (49, 99))
    np.testing.assert_array_equal(short, full[:, :49])
    rates = full[..., 0]
    moving = rates.any(axis=1)
    assert (rates.max(axis=1)[moving] == 1).all()
    assert (short[..., 0].max(axis=1)[moving] < 1).any()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("magnets", 1, 2, 1, 0, 0), "kind is 'magnets': choose one of springs, charged, kuramoto"),
        (("springs", 0, 2, 1, 0, 0), "count is 0"),
        (("springs", 1, 1, 1, 0, 0), "objects is 1: give a whole number of at least 2"),
        (("springs", 1, 2, 0, 0, 0), "frames is 0"),
        (("springs", 1, 2, 1, -1, 0), "seed is -1"),
        (("springs", 1, 2, 1, 0, "train"), "stream is 'train'"),
        (("springs", 1, 2.0, 1, 0, 0), "objects is 2.0"),
    ],
)
@pytest.mark.parametrize("function", [simulate, cached])
def test_bad_inputs(function, arguments, message, folder):
    with pytest.raises(InputError, match=message):
        function(*arguments)
    assert not folder.exists()


def test_a_scale_is_linear_beyond_its_range_too():
    fitted = Scale(((0.0, 4.0), (0.0, 4.0), (-1.0, 1.0), (-1.0, 1.0)))
    np.testing.assert_array_equal(fitted.apply(np.array([[0.0, 8.0, 0.5, -2.0]])), [[-1, 3, 0.5, -2]])


@pytest.mark.parametrize("kind", SIMULATED)
def test_a_file_is_used_again(kind, folder, never):
    expected = simulate(kind, 4, 3, 2, seed=0, stream=0)
    assert same(cached(kind, 4, 3, 2, seed=0, stream=0), expected)
    never()
    again = cached(kind, np.int64(4), 3, 2, seed=0, stream=0)
    assert same(again, expected)
    assert [again.trajectories.dtype, again.edges.dtype] == [np.float32, np.int64]
    assert len(list(folder.glob("*.npz"))) == 1


def test_every_setting_has_a_file_of_its_own(folder):
    usual = {"kind": "springs", "count": 2, "objects": 3, "frames": 2, "seed": 0, "stream": 0}
    changes = [{}, {"kind": "charged"}, {"count": 3}, {"objects": 4}, {"frames": 3}, {"seed": 1}, {"stream": 1}]
    for change in changes:
        assert same(cached(**usual | change), simulate(**usual | change))
    assert len(list(folder.glob("*.npz"))) == len(changes)


def test_a_newer_version_is_generated(folder, monkeypatch):
    cached("springs", 2, 3, 2, 0, 0)
    monkeypatch.setattr(simulations, "VERSION", simulations.VERSION + 1)
    cached("springs", 2, 3, 2, 0, 0)
    assert len(list(folder.glob("*.npz"))) == 2


def rewrite(path, **changes):
    """Change arrays of a file, and leave its digest as it is unless that is changed as well."""
    with np.load(path) as file:
        content = dict(file)
    content |= {name: change(content) for name, change in changes.items()}
    with path.open("wb") as stream:
        np.savez(stream, **content)


def cut(path):
    path.write_bytes(path.read_bytes()[:-200])


def flip(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


DAMAGE = {
    "cut": cut,
    "empty": lambda path: path.write_bytes(b""),
    "text": lambda path: path.write_text("not scenes"),
    "flipped": flip,
    "gone": lambda path: path.unlink(),
    "other trajectories": lambda path: rewrite(path, trajectories=lambda old: old["trajectories"] + 1),
    "other edges": lambda path: rewrite(path, edges=lambda old: 1 - old["edges"]),
    "other shape": lambda path: rewrite(path, trajectories=lambda old: old["trajectories"].swapaxes(1, 2).copy()),
    "same bytes": lambda path: rewrite(path, trajectories=lambda old: old["trajectories"].reshape(3, 3, 4, 4)),
    "other dtype": lambda path: rewrite(path, trajectories=lambda old: old["trajectories"].astype(float)),
    "other recipe": lambda path: rewrite(path, recipe=lambda old: str(old["recipe"]).replace('"seed": 0', '"seed": 1')),
    "other digest": lambda path: rewrite(path, digest=lambda _: hashlib.sha256(b"").hexdigest()),
    "not an archive": lambda path: np.save(path.open("wb"), np.ones(3)),
    "without edges": lambda path: np.savez(path.open("wb"), trajectories=np.ones(3)),
}


def test_a_file_of_other_scenes_is_never_used(folder):
    expected = cached("springs", 3, 3, 4, seed=0, stream=0)
    (path,) = folder.glob("*.npz")
    cached("springs", 3, 3, 4, seed=1, stream=0)
    (other,) = set(folder.glob("*.npz")) - {path}
    other.replace(path)
    assert same(cached("springs", 3, 3, 4, seed=0, stream=0), expected)


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_a_wrong_file_is_never_used(damage, folder, never):
    expected = cached("springs", 3, 3, 4, seed=0, stream=0)
    (path,) = folder.glob("*.npz")
    damage(path)
    assert same(cached("springs", 3, 3, 4, seed=0, stream=0), expected)
    assert list(folder.glob("*.npz")) == [path]
    never()
    assert same(cached("springs", 3, 3, 4, seed=0, stream=0), expected)  # the file was put right


def test_raw_oscillators_are_the_same_scenes_with_their_own_rates():
    scaled, raw = (simulate(kind, 30, 4, 99, 0, 0) for kind in ("kuramoto", "kuramoto_raw"))
    np.testing.assert_array_equal(scaled.edges, raw.edges)
    np.testing.assert_array_equal(scaled.trajectories[..., 1:], raw.trajectories[..., 1:])
    rates = raw.trajectories[..., 0]
    low, high = rates.min(1, keepdims=True), rates.max(1, keepdims=True)
    coupled = scaled.edges.any(2)
    for scene, one in zip(*np.nonzero(coupled), strict=True):
        expected = 2 * (rates[scene, :, one] - low[scene, :, one]) / (high - low)[scene, :, one] - 1
        np.testing.assert_allclose(scaled.trajectories[scene, :, one, 0], expected, atol=1e-4)
    omega = (raw.trajectories[:, 0, :, 2] + 1) / 2 * 9 + 1
    np.testing.assert_allclose(rates[:, 0][~coupled], omega[~coupled], rtol=1e-5)  # alone, it turns at its own speed


def test_with_the_cosine_one_frame_tells_how_every_oscillator_moves():
    raw, phase = (simulate(kind, 30, 5, 9, 0, 0) for kind in ("kuramoto_raw", "kuramoto_phase"))
    np.testing.assert_array_equal(phase.edges, raw.edges)
    np.testing.assert_array_equal(phase.trajectories[..., :3], raw.trajectories)
    rates, sine, omega, cosine = np.moveaxis(phase.trajectories.astype(float), 3, 0)  # [M, T, N] each
    sent = np.stack([sine, cosine])[..., senders(5)]  # [2, M, T, N, N-1]
    pulls = sent[0] * cosine[..., None] - sent[1] * sine[..., None]  # sin(phi_j - phi_i)
    expected = (omega + 1) / 2 * 9 + 1 + (phase.edges[:, None] * pulls).sum(-1)
    np.testing.assert_allclose(rates, expected, atol=1e-4)
