"""The small game: the drawn influences are those of its motion, and everybody keeps to the rules."""

import numpy as np
import pytest

from reprolib.data.basketball import generated_plays
from reprolib.data.basketball.generated_plays import (
    BALL,
    BASKET,
    GAP,
    HANDLER,
    HANDLER_DEFENDER,
    MATE,
    MATE_DEFENDER,
    accelerations,
    generate,
)
from reprolib.data.simulations import senders
from reprolib.errors import InputError


@pytest.fixture(scope="module")
def game():
    """Positions [200, 26, 5, 2] and influences [200, 5, 5], receiver and sender."""
    positions, edges = generate(200, seed=0, stream=0)
    matrix = np.zeros((200, 5, 5), int)
    np.put_along_axis(matrix, np.broadcast_to(senders(5), (200, 5, 4)), edges, axis=2)
    return positions, matrix


def test_an_edge_is_there_exactly_where_moving_the_sender_moves_the_receiver():
    """By trial: each object is shifted alone, at an early and a late moment of a play."""
    rng = np.random.default_rng(1)
    plan, _ = generated_plays._draw(rng)
    places, velocities = rng.uniform(5, 45, (2, len(plan), 5, 2)) * [[[[1.0]]], [[[0.1]]]]
    found = np.zeros((len(plan), 5, 5), bool)
    for time in (0.0, 4.9):
        before = accelerations(places, velocities, plan, time)
        for sender in range(5):
            for shift in np.eye(2):
                shifted = places.copy()
                shifted[:, sender] += shift
                found[:, :, sender] |= (accelerations(shifted, velocities, plan, time) != before).any(-1)
    found[:, range(5), range(5)] = False
    np.testing.assert_array_equal(found, plan.influences())


def test_any_number_of_plays_is_a_prefix_and_a_seed_gives_the_same_bytes(game):
    few, edges = generate(7, seed=0, stream=0)
    np.testing.assert_array_equal(few, game[0][:7])
    assert edges.shape == (7, 5, 4)
    others = [generate(7, seed=1, stream=0)[0], generate(7, seed=0, stream=1)[0]]
    assert not any((few == other).all((1, 2, 3)).any() for other in others)


def test_blocks_are_joined_without_a_seam(monkeypatch):
    monkeypatch.setattr(generated_plays, "BLOCK", 4)
    longer, shorter = generate(10, 0, 0)[0], generate(5, 0, 0)[0]
    np.testing.assert_array_equal(longer[:5], shorter)
    assert not (longer[:4] == longer[4:8]).all((1, 2, 3)).any()


def test_everybody_stays_on_the_half_court_and_within_his_speed(game):
    positions, _ = game
    assert positions.shape == (200, 26, 5, 2)
    assert (positions >= 0).all()
    assert (positions <= generated_plays.HALF_COURT).all()
    speeds = np.linalg.norm(np.diff(positions, axis=1) * 5, axis=-1)
    assert speeds[:, :, 1:].max() < 25  # feet a second: the fastest want 18, and are pushed
    assert np.median(speeds) > 2


def test_the_ball_ends_with_the_one_who_has_it(game):
    positions, influences = game
    passed = influences[:, BALL, MATE] == 1
    assert 0.2 < passed.mean() < 0.6
    last = np.linalg.norm(positions[:, -1, :1] - positions[:, -1, [HANDLER, MATE]], axis=-1)  # [200, 2]
    assert np.quantile(last[passed, 1], 0.95) < 3
    assert np.quantile(last[~passed, 0], 0.95) < 3


def test_a_defender_ends_between_the_basket_and_the_man_whom_he_guards(game):
    positions, influences = game
    for defender in (HANDLER_DEFENDER, MATE_DEFENDER):
        assert (influences[:, defender].sum(1) == 1).all()
        man = influences[:, defender].argmax(1)
        places = positions[np.arange(200), -1]  # [200, 5, 2]
        his, own = places[np.arange(200), man], places[:, defender]
        to_basket = BASKET - his
        away = np.linalg.norm(to_basket, axis=1)
        ahead = ((own - his) * to_basket).sum(1) / away  # feet towards the basket
        far = away > 8
        assert far.sum() > 30
        assert np.median(ahead[far]) == pytest.approx(GAP, abs=1)
        assert np.median(np.linalg.norm(own - his, axis=1)) < 5


def test_the_handler_reacts_to_nobody(game):
    assert not game[1][:, HANDLER].any()


@pytest.mark.parametrize("wrong", [{"count": 0}, {"seed": -1}, {"stream": 0.5}])
def test_numbers_that_make_no_game(wrong):
    with pytest.raises(InputError, match=f"{next(iter(wrong))} is"):
        generate(**{"count": 1, "seed": 0, "stream": 0} | wrong)
