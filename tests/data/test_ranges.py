"""Units of the motion data: committed ranges of the paper's training set, the same however few scenes train."""

import tomllib

import numpy as np
import pytest

from reprolib import paths
from reprolib.data import ranges, simulations
from reprolib.errors import InputError
from reprolib.paths import ROOT


@pytest.fixture(autouse=True)
def _cache(monkeypatch, tmp_path):
    monkeypatch.setattr(paths, "BUILD", tmp_path)


@pytest.fixture
def few(monkeypatch):
    """The table is made of 300 scenes of two systems."""
    monkeypatch.setattr(ranges, "SCENES", 300)
    monkeypatch.setattr(ranges, "COMMITTED", (("springs", 5, 0), ("kuramoto", 5, 0)))
    found = ranges.found
    monkeypatch.setattr(ranges, "found", lambda *key: found(*key, 300))


def test_every_system_of_the_tables_has_its_ranges():
    assert tuple(ranges.committed()) == ranges.COMMITTED
    assert ranges.text(ranges.committed()) == ranges.FILE.read_text()


@pytest.mark.parametrize("key", ranges.COMMITTED, ids=str)
def test_the_first_scenes_lie_within_the_committed_ranges_and_reach_far(key):
    """A later scene is the farthest, so that units of these alone would be smaller."""
    known, first = ranges.committed()[key], ranges.found(*key, scenes=500)
    assert known.keys() == first.keys()
    for name, (low, high) in first.items():
        least, most = known[name]
        assert least <= low < high <= most
        assert high - low > (0.2 if name == "velocity" else 0.6) * (most - least)


def test_the_committed_ranges_are_those_of_all_50_000_scenes():
    key = "springs", 5, 0
    assert ranges.SCENES == 50_000
    assert ranges.agree(ranges.found(*key), ranges.committed()[key])
    assert not ranges.agree(ranges.found(*key, scenes=20_000), ranges.committed()[key])


def test_ranges_are_the_extremes_of_all_chunks(monkeypatch):
    monkeypatch.setattr(simulations, "CHUNK", 16)
    paths_ = simulations.simulate("charged", 40, 3, ranges.FRAMES, 2, ranges.STREAM).trajectories
    found = ranges.found("charged", 3, 2, scenes=40)
    for name, part in (("position", paths_[..., :2]), ("velocity", paths_[..., 2:])):
        assert found[name] == (part.min(), part.max())  # one range for x and y


def test_particles_are_scaled_by_one_range_of_positions_and_one_of_velocities():
    known, scale = ranges.committed()["charged", 10, 0], ranges.scale("charged", 10, 0)
    corners = np.array([[known["position"][end]] * 2 + [known["velocity"][end]] * 2 for end in (0, 1)])
    np.testing.assert_allclose(scale.apply(corners), [[-1] * 4, [1] * 4])


@pytest.mark.parametrize(("kind", "features"), [("kuramoto", 3), ("kuramoto_raw", 3), ("kuramoto_phase", 4)])
def test_of_oscillators_only_rates_that_are_raw_are_scaled(kind, features):
    scenes = simulations.simulate(kind, 20, 5, 9, 0, 0).trajectories
    shown = ranges.scale(kind, 5, 0).apply(scenes)
    assert shown.shape[-1] == features
    np.testing.assert_allclose(shown[..., 1:], scenes[..., 1:], atol=1e-6)
    low, high = (-1, 1) if kind == "kuramoto" else ranges.committed()["kuramoto", 5, 0]["rate"]
    np.testing.assert_allclose(shown[..., 0], 2 * (scenes[..., 0] - low) / (high - low) - 1, atol=1e-6)


def test_ranges_that_are_not_committed_are_found_once(few, monkeypatch):
    first = ranges.of("springs", 3, 7)
    assert first == ranges.found("springs", 3, 7)
    monkeypatch.setattr(ranges, "found", None)
    assert ranges.of("springs", 3, 7) == first
    assert len(list(paths.BUILD.glob("ranges/springs_*.npz"))) == 1


def test_the_identity_of_the_units_is_that_of_the_table(monkeypatch):
    usual = ranges.identity("charged", 5, 0)
    assert "position" in usual
    assert ranges.identity("charged", 10, 0) != usual
    other = dict(ranges.committed()) | {("charged", 5, 0): {"position": (-1.0, 1.0), "velocity": (-1.0, 1.0)}}
    monkeypatch.setattr(ranges, "committed", lambda: other)
    assert ranges.identity("charged", 5, 0) != usual
    assert "50000 scenes" in ranges.identity("charged", 5, 1)  # and nothing is simulated


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("pendulum", 5, 0), "kind is 'pendulum'"),
        (("springs", 1, 0), "objects is 1"),
        (("springs", 5, -1), "seed is -1"),
    ],
)
def test_settings_without_scenes_have_no_units(arguments, message):
    with pytest.raises(InputError, match=message):
        ranges.scale(*arguments)


def test_a_table_is_written_and_checked(few, cli, monkeypatch, tmp_path):
    table = tmp_path / "ranges.csv"
    code, out, err = cli("data", "ranges")
    assert (code, out.count("differs")) == (2, 2)
    assert "2 of 2 findings on the ranges differ from the table" in err
    monkeypatch.setattr(ranges.write, "__defaults__", (table,))
    assert cli("data", "ranges", "--write")[:2] == (0, f"written  {table}\n")
    written = ranges.committed(table)
    assert tuple(written) == ranges.COMMITTED
    monkeypatch.setattr(ranges, "committed", lambda: written)
    code, out, _ = cli("data", "ranges")
    assert (code, out.count("ok ")) == (0, 2)


def test_the_table_travels_with_the_library():
    patterns = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]["reprolib"]
    assert ranges.FILE in {path for pattern in patterns for path in (ROOT / "reprolib").glob(pattern)}
