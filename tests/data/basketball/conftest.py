"""Made-up tracked games: a handler who walks with the ball, and nine others who stand about."""

import numpy as np
import pytest

from reprolib.data.basketball.tracked_games import COURT, SPLITS, Tracking

ROWS = 40


@pytest.fixture
def tracking():
    """tracking(stretches=[(0, 40)]) -> one game on the left half: player 2 holds the ball and walks along the court."""

    def make(rows=ROWS, stretches=((0, ROWS),), speed=1.0):
        places = np.array(
            [[20, 10], [35, 40], [20, 25], [23, 22], [40, 5], [30, 45], [17, 25], [24, 20], [44, 8], [8, 8]]
        )
        players = np.repeat(places[None].astype(float), rows, axis=0)
        players[:, 2, 0] += speed / 5 * np.arange(rows)
        return Tracking(players, players[:, 2] + [0.5, 0], np.full(rows, 3.0), np.array(stretches), games=1)

    return make


@pytest.fixture
def written(tmp_path, monkeypatch, tracking):
    """A REPROLIB_DATA whose basketball/ holds one such game for each split; returns that folder."""
    monkeypatch.setenv("REPROLIB_DATA", str(tmp_path))
    folder = tmp_path / "basketball"
    folder.mkdir()
    for number, name in enumerate(SPLITS.values()):
        game = tracking(speed=1.0 + number)
        ball = np.concatenate([game.ball / COURT, game.heights[:, None]], axis=1)
        np.save(folder / f"player_coords_{name}__with_1_games.npy", game.players / COURT)
        np.save(folder / f"ball_coords_{name}__with_1_games.npy", ball)
        np.save(folder / f"example_stop_idxs_{name}__with_1_games.npy", np.array([-1, 2, ROWS]))
    return folder
