"""Plays as tensors: their units, their identity, what real data need; and the real games, where they are at hand."""

import numpy as np
import pytest
import torch

from reprolib.data import catalogue
from reprolib.data.basketball import basketball_tensors, play_windows, tracked_games
from reprolib.data.sources import BASKETBALL
from reprolib.errors import InputError
from reprolib.settings.data_sets import BasketballData

FEW = BasketballData(train=20, valid=4, test=6)


def test_generated_plays_lie_between_minus_one_and_one_in_training():
    data = BASKETBALL.load(FEW, "generated")
    assert data.sizes == {"train": 20, "valid": 4, "test": 6}
    paths = data.splits["train"].columns["trajectories"]
    assert paths.shape == (20, 25, 5, 4)
    assert paths.dtype == torch.float32
    for part in (paths[..., :2], paths[..., 2:]):
        assert (part.min(), part.max()) == pytest.approx((-1, 1), abs=1e-6)
    (x, y, vx, vy) = data.facts["scale"].ranges
    assert (x, vx) == (y, vy), "a circle stays round"
    moved = np.diff(paths[..., :2], axis=1) * (x[1] - x[0]) * 5
    speed = (paths[:, 1:, :, 2:].numpy() + 1) * (vx[1] - vx[0]) + 2 * vx[0]
    np.testing.assert_allclose(moved, speed, atol=1e-3)
    assert {*data.splits["test"].columns["edges"].flatten().tolist()} == {0, 1}
    assert BASKETBALL.procedures == {"generated": "ours", "real": "released"}


def test_splits_share_no_play():
    starts = [split.columns["trajectories"][:, 0, 0] for split in BASKETBALL.load(FEW, "generated").splits.values()]
    assert len(torch.cat(starts).unique(dim=0)) == 30


def test_real_plays_come_from_their_own_files(written):
    data = BASKETBALL.load(BasketballData(), "real")
    assert data.sizes == {"train": 12, "valid": 1, "test": 1}, "training plays overlap, others do not"
    low, high = data.facts["scale"].ranges[2]
    for number, split in enumerate(data.splits.values()):
        forward = (split.columns["trajectories"][..., 1, 2] + 1) / 2 * (high - low) + low
        torch.testing.assert_close(forward, torch.full_like(forward, 1.0 + number)), "feet a second of the handler"
        assert (split.columns["edges"] == basketball_tensors.UNKNOWN).all()
    assert [each.kind for each in data.deviations] == ["data"]
    assert not data.deviations[0].less


def test_fewer_wider_and_mirrored_plays(written):
    sizes = [
        BASKETBALL.load(BasketballData(**settings), "real").sizes["train"]
        for settings in ({"train": 5}, {"stride": 4}, {"mirrored": True}, {"mirrored": True, "train": 13})
    ]
    assert sizes == [5, 3, 24, 13]


def test_the_identity_tells_recipes_and_files_apart(written):
    settings = (FEW, BasketballData(train=21), BasketballData(seed=1), BasketballData(mirrored=True))
    assert len({BASKETBALL.identity(each, kind) for each in settings for kind in ("generated", "real")}) == 8
    before = BASKETBALL.identity(FEW, "real")
    stops = written / "example_stop_idxs_test__with_1_games.npy"
    np.save(stops, np.array([-1, 3, 40]))
    assert BASKETBALL.identity(FEW, "real") != before


def test_what_is_missing_is_said(tmp_path, monkeypatch):
    monkeypatch.setenv("REPROLIB_DATA", str(tmp_path))
    assert "set REPROLIB_DATA to a folder that holds basketball/" in BASKETBALL.available(FEW, "real")
    (tmp_path / "basketball").mkdir()
    assert "holds no player_coords_train__with_N_games.npy" in BASKETBALL.available(FEW, "real")
    assert BASKETBALL.identity(FEW, "real") is None
    assert BASKETBALL.available(FEW, "generated") is None
    with pytest.raises(InputError, match="holds no player_coords"):
        BASKETBALL.load(FEW, "real")


def test_games_without_a_play_are_refused(written):
    np.save(written / "example_stop_idxs_val__with_1_games.npy", np.array([-1, 20, 39]))
    with pytest.raises(InputError, match=r"the valid games in .* hold no play of 25 frames"):
        BASKETBALL.load(FEW, "real")


def test_a_check_counts_rows_and_plays(written):
    assert catalogue.check("basketball")[0] == "ok       train: 1 games, 40 rows; 12 plays, or 1 that do not overlap"
    with pytest.raises(InputError, match=r"has to be brought by hand.*put it under REPROLIB_DATA as basketball/"):
        catalogue.fetch("basketball")


def test_generated_files_hold_plays(tmp_path):
    folder = catalogue.generate("basketball", tmp_path / "plays", 3)
    with np.load(folder / "plays.npz") as file:
        assert {name: file[name].shape for name in file.files} == {"positions": (3, 26, 5, 2), "edges": (3, 5, 4)}


def test_the_real_files_are_as_published(basketball):
    assert [line[:2] for line in catalogue.check("basketball")] == ["ok"] * 3


def test_in_real_plays_of_real_files_the_ball_stays_with_hands_and_nobody_is_too_fast(basketball):
    positions = play_windows.plays(tracked_games.read(basketball, "test"), 25)
    assert len(positions) > 100
    start = np.linalg.norm(positions[:, 1, 0] - positions[:, 1, 1], axis=-1)
    assert start.max() <= 4
    assert (positions[:, :, 0, 0] <= 47).all()
    assert np.linalg.norm(np.diff(positions[:, :, 1:], axis=1) * 5, axis=-1).max() <= 35
    to_handler, to_mate = (np.linalg.norm(positions[:, 1, 1] - positions[:, 1, who], axis=-1) for who in (3, 2))
    assert np.median(to_handler) < np.median(to_mate), "a handler's defender is nearer to him than his mate"
