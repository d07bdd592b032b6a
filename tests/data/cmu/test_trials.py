"""Which walks there are and what is said where some are missing; walks as tensors; fetching, checking and writing."""

import json
import shutil

import numpy as np
import pytest
import torch

from reprolib.data import catalogue
from reprolib.data.cmu import trials, walk_tensors
from reprolib.data.sources import WALKS
from reprolib.errors import InputError
from reprolib.settings.data_sets import WalkData

SETTINGS = WalkData(frames=20, stride=10)


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """REPROLIB_DATA with walks of ours in the database's layout, 45 frames each."""
    root = tmp_path_factory.mktemp("walks")
    catalogue.generate("cmu", root / "cmu", 45)
    return root


@pytest.fixture
def data(written, tmp_path, monkeypatch):
    """The same, to be damaged."""
    monkeypatch.setenv("REPROLIB_DATA", str(tmp_path / "data"))
    return shutil.copytree(written, tmp_path / "data") / trials.LAYOUT


def remove(place, *numbers):
    for trial in numbers:
        trials.file_of(place, trial).unlink()


def test_every_trial_is_in_one_split():
    assert sorted(sum(trials.SPLITS.values(), ())) == list(trials.TRIALS)
    assert [len(known) for known in trials.SPLITS.values()] == [12, 4, 7]


def test_what_is_missing_is_named_with_what_follows(data):
    assert trials.lacking(trials.TRIALS) == ""
    remove(data, 3)
    assert trials.lacking(trials.present(data)) == "trial 03 is missing: 11 of 12 training trials"
    remove(data, 4, 6, 2)
    said = "trials 02, 03, 04 and 06 are missing: 9 of 12 training trials, 6 of 7 test trials"
    assert trials.lacking(trials.present(data)) == said
    loaded = WALKS.load(SETTINGS, "real")
    assert [(each.kind, each.text, each.less) for each in loaded.deviations] == [("data", said, True)]
    *_, last = catalogue.check("cmu")
    assert last == f"differs  {said}"


def test_without_a_split_or_without_the_skeleton_there_are_no_data(data, monkeypatch):
    assert WALKS.available(SETTINGS, "real") is None
    remove(data, *trials.VALID)
    assert "holds no validation trial, 35_01.amc or so: run" in WALKS.available(SETTINGS, "real")
    with pytest.raises(InputError, match="holds no validation trial"):
        WALKS.load(SETTINGS, "real")
    (data / trials.SKELETON).unlink()
    assert "35.asf is not there" in WALKS.available(SETTINGS, "real")
    assert WALKS.identity(SETTINGS, "real") is None
    assert WALKS.available(SETTINGS, "generated") is None
    monkeypatch.setenv("REPROLIB_DATA", str(data / "elsewhere"))
    assert "run `reprolib data fetch cmu`" in trials.missing()


def test_windows_hold_places_and_velocities_in_the_units_of_the_training_trials(data):
    loaded = WALKS.load(SETTINGS, "real")
    walks = trials.recorded(data)
    assert loaded.sizes == {"train": 12 * 3, "valid": 4, "test": 7}  # 44 frames have a velocity
    train, test = (loaded.splits[name].columns["trajectories"] for name in ("train", "test"))
    assert train.shape == (36, 20, 31, 6)
    assert test.shape == (7, 40, 31, 6)
    (low, high), (slow, fast) = loaded.facts["scale"].ranges[0], loaded.facts["scale"].ranges[5]
    whole = [walks[trial].positions for trial in trials.SPLITS["train"]]
    assert low == min(places[1:].min() for places in whole)
    assert fast == max(np.diff(places, axis=0).max() for places in whole)
    raw = (test[0].numpy() + 1) / 2 * ([high - low] * 3 + [fast - slow] * 3) + ([low] * 3 + [slow] * 3)
    places = walks[trials.TEST[0]].positions
    np.testing.assert_allclose(raw[..., :3], places[1:41], atol=1e-5)
    np.testing.assert_allclose(raw[..., 3:], places[1:41] - places[:40], atol=1e-5)
    second = walks[trials.SPLITS["train"][0]].positions[11:31]
    np.testing.assert_allclose((train[1, ..., :3].numpy() + 1) / 2 * (high - low) + low, second, atol=1e-5)


def test_the_edges_are_the_bones():
    loaded = walk_tensors.load(WalkData(frames=20, stride=200), "generated")
    edges = loaded.splits["train"].columns["edges"][0]
    assert edges.shape == (31, 30)
    assert edges.sum() == 2 * 30
    assert edges[0].nonzero().flatten().tolist() == [0, 5, 10]  # the root's: joints 1, 6 and 11, itself left out
    assert loaded.hash == WALKS.identity(WalkData(frames=20, stride=200), "generated")
    assert loaded.deviations == ()


def test_the_identity_follows_settings_and_files(data):
    known = {WALKS.identity(each, "real") for each in (SETTINGS, WalkData(), WalkData(frames=20, stride=5))}
    path = trials.file_of(data, 8)
    path.write_text(path.read_text() + "# a word more\n")
    known.add(WALKS.identity(SETTINGS, "real"))
    known.add(WALKS.identity(SETTINGS, "generated"))
    assert len(known) == 5


def test_windows_longer_than_a_trial_are_refused(data):
    with pytest.raises(InputError, match=r"no validation trial has 50 frames, as data\.frames=25 asks for: lower it"):
        WALKS.load(WalkData(frames=25), "real")


def test_a_damaged_trial_is_named(data):
    path = trials.file_of(data, 9)
    path.write_text(path.read_text().replace("rradius", "neck", 1))
    with pytest.raises(InputError, match=r"35_09\.amc, line \d+: the skeleton has no bone 'neck'"):
        WALKS.load(SETTINGS, "real")
    assert any("35_09.amc" in line and line.startswith("differs") for line in catalogue.check_all())


def test_real_files_are_read_whole_and_their_gaps_are_said(cmu):
    walks = trials.recorded(cmu)
    assert set(walks) == set(trials.present(cmu))
    windows = walk_tensors.load(WalkData(stride=25), "real").splits["train"].columns["trajectories"]
    assert torch.equal(windows.amin((0, 1, 2))[1:2] >= -1, torch.tensor([True]))
    assert windows.amax() == 1
    assert windows.amin() == -1


# Fetching


def test_fetch_takes_what_can_be_had_and_says_what_cannot(written, site, tmp_path, monkeypatch):
    folder, address = site
    shutil.copytree(written / trials.LAYOUT, folder / "35")
    remove(folder / "35", 3, 14)
    monkeypatch.setenv("REPROLIB_DATA", str(tmp_path / "data"))
    gaps = r"trials 03 and 14 are missing: 11 of 12 training trials, 6 of 7 test trials; the first error: .*35_03\.amc"
    with pytest.raises(InputError, match=gaps.replace(", 6 of 7 test trials", ".*")):
        catalogue.fetch("cmu", f"{address}/35/")
    place = tmp_path / "data" / trials.LAYOUT
    assert len(trials.present(place)) == 21
    assert not list(place.glob("*.part"))
    for trial in (3, 14):
        shutil.copy(trials.file_of(written / trials.LAYOUT, trial), folder / "35")
    assert catalogue.fetch("cmu", f"{address}/35") == place
    assert trials.present(place) == trials.TRIALS
    assert all(line.startswith("ok ") for line in catalogue.check("cmu"))
    shutil.rmtree(folder / "35")
    assert catalogue.fetch("cmu", f"{address}/35") == place, "what is there is not fetched again"


def test_a_damaged_file_blocks_no_later_fetch(written, site, tmp_path, monkeypatch):
    folder, address = site
    shutil.copytree(written / trials.LAYOUT, folder / "35")
    monkeypatch.setenv("REPROLIB_DATA", str(tmp_path / "data"))
    place = catalogue.fetch("cmu", f"{address}/35")
    damaged = place / trials.SKELETON, trials.file_of(place, 3)
    for path in damaged:
        path.write_bytes(path.read_bytes()[:-40])
    remove(folder / "35", 3)
    with pytest.raises(InputError, match=r"the first error: .*35_03"):
        catalogue.fetch("cmu", f"{address}/35")
    assert damaged[1].exists(), "a damaged file stays until there is a better one"
    shutil.copy(trials.file_of(written / trials.LAYOUT, 3), folder / "35")
    catalogue.fetch("cmu", f"{address}/35")
    assert all(line.startswith("ok ") for line in catalogue.check("cmu"))


def test_wrong_bytes_leave_nothing(site, tmp_path, monkeypatch):
    folder, address = site
    (folder / "35.asf").write_text("<html>moved</html>")
    monkeypatch.setenv("REPROLIB_DATA", str(tmp_path / "data"))
    with pytest.raises(InputError, match=r"35\.asf\.part, line 1: expected a section"):
        catalogue.fetch("cmu", address)
    assert not [path for path in (tmp_path / "data").rglob("*") if path.is_file()]


def test_written_walks_are_the_generators(data):
    walks, (first, *_) = trials.recorded(data), trials.TRIALS
    assert json.dumps(sorted(walks)) == json.dumps(list(trials.TRIALS))
    expected = trials.walker.walk(45, 0, first).positions
    np.testing.assert_array_equal(walks[first].positions, expected)
