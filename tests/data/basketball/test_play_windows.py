"""Which rows are plays, who has which role, and what a play looks like; against a rule spelled out window by window."""

import itertools
from dataclasses import replace

import numpy as np
import pytest

from reprolib.data.basketball import tracked_games
from reprolib.data.basketball.play_windows import features, mirrored, play_rows, plays, roles
from reprolib.data.basketball.tracked_games import COURT

FRAMES = 25


def is_play(tracking, row):
    """The rule of the module's docstring, one play at a time."""
    inside = any(first <= row - 1 and row + FRAMES <= end for first, end in tracking.stretches)
    rows = range(row - 1, row + FRAMES)
    if not inside:
        return False
    ball = [tracking.ball[r] for r in rows]
    on_court = all(0 <= x <= 94 and 0 <= y <= 50 for x, y in ball)
    one_half = len({x < 47 for x, _ in ball}) == 1
    near = min(np.hypot(*(player - tracking.ball[row])) for player in tracking.players[row])
    slow = all(
        np.hypot(*(tracking.ball[r] - tracking.ball[r - 1])) * 5 <= 80
        and all(np.hypot(*move) * 5 <= 35 for move in tracking.players[r] - tracking.players[r - 1])
        for r in rows[1:]
    )
    return on_court and one_half and near <= 4 and tracking.heights[row] <= 8 and slow


def restless(seed, rows=600):
    """A game in which every part of the rule is broken now and then."""
    rng = np.random.default_rng(seed)
    places = rng.uniform([5, 5], [89, 45], (10, 2)) + rng.normal(0, 0.6, (rows, 10, 2)).cumsum(0)
    holder = np.repeat(rng.integers(10, size=rows // 60), 60)
    ball = places[np.arange(rows), holder] + rng.normal(0, 0.7, (rows, 2))
    heights = np.where(rng.random(rows) < 0.1, 12.0, 4.0)
    stretches = np.array([[0, 110], [110, 111], [111, 140], [140, 390], [390, rows]])
    return tracked_games.Tracking(places, ball, heights, stretches, games=1)


@pytest.mark.parametrize("seed", range(3))
def test_plays_are_those_of_the_rule(seed):
    tracking = restless(seed)
    expected = [row for row in range(len(tracking)) if is_play(tracking, row)]
    assert play_rows(tracking, 1) == expected
    assert 0 < len(expected) < 500
    apart = play_rows(tracking, FRAMES)
    assert {*apart} <= {*expected}
    assert all(later - row >= FRAMES for row, later in itertools.pairwise(apart))
    assert all(any(one <= row < one + FRAMES for one in apart) for row in expected), "none is left out that fits"


@pytest.mark.parametrize(
    ("change", "left"),
    [
        ({}, 15),
        ({"stretches": np.array([[0, 26], [26, 40]])}, 1),
        ({"stretches": np.array([[0, 25], [25, 40]])}, 0),
        ({"heights": np.full(40, 8.5)}, 0),
    ],
)
def test_a_play_needs_a_stretch_and_a_hand(tracking, change, left):
    assert len(play_rows(replace(tracking(), **change), 1)) == left


def test_roles_are_the_nearest_of_their_teams(tracking):
    game = tracking()
    assert roles(game.players[0], game.ball[0]).tolist() == [2, 3, 6, 7]
    others_have_it = roles(game.players[0], game.players[0, 8])
    assert others_have_it.tolist() == [8, 7, 4, 3], "the teams are five and five"


def test_no_player_has_two_roles():
    rng = np.random.default_rng(0)
    for players in rng.uniform(0, 50, (200, 10, 2)):
        handler, mate, defender, other = found = roles(players, rng.uniform(0, 50, 2))
        assert len({*found}) == 4
        assert handler // 5 == mate // 5 != defender // 5 == other // 5


def test_a_play_holds_its_objects_in_the_order_of_their_roles(tracking):
    game = tracking()
    (first, *_) = plays(game, 1)
    assert first.shape == (FRAMES + 1, 5, 2)
    np.testing.assert_array_equal(first[:, 0], game.ball[:26])
    np.testing.assert_array_equal(first[:, 1:], game.players[:26, [2, 3, 6, 7]])


def test_half_a_turn_of_the_court_changes_no_play():
    game = restless(0)
    turned = replace(game, players=COURT - game.players, ball=COURT - game.ball)
    np.testing.assert_allclose(plays(game, 1), plays(turned, 1))
    assert (plays(game, 1)[:, :, 0, 0] <= COURT[0] / 2).all(), "the ball is left of the middle line"


def test_velocities_look_back_only():
    positions = np.random.default_rng(0).normal(size=(3, FRAMES + 1, 5, 2))
    found = features(positions)
    assert found.shape == (3, FRAMES, 5, 4)
    np.testing.assert_array_equal(found[..., :2], positions[:, 1:])
    np.testing.assert_allclose(found[:, 7, :, 2:], (positions[:, 8] - positions[:, 7]) * 5)
    later = positions.copy()
    later[:, 18:] += 1
    np.testing.assert_array_equal(features(later)[:, :17], found[:, :17])


def test_a_mirrored_play_keeps_its_distances_and_its_side():
    positions = plays(restless(1), FRAMES)
    other = mirrored(positions)
    np.testing.assert_allclose(mirrored(other), positions)
    np.testing.assert_array_equal(other[..., 0], positions[..., 0])
    np.testing.assert_allclose(*(np.linalg.norm(each[:, :, 0] - each[:, :, 1], axis=-1) for each in (other, positions)))


def test_games_without_a_play_give_none(tracking):
    assert plays(tracking(rows=20, stretches=[(0, 20)]), 1).shape == (0, FRAMES + 1, 5, 2)
