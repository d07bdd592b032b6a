"""What the figures of basketball hold: the plays' places in feet, the records' shares, a frame for each moment."""

from dataclasses import replace

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.collections import LineCollection

from reprolib.data.basketball import generated_plays
from reprolib.data.basketball.play_windows import ROLES
from reprolib.experiments.basketball import FULL, LEARNED
from reprolib.methods.basketball_plays import share_name
from reprolib.pages import figures
from reprolib.pages.figures.basketball import half_court, views_of_plays


@pytest.fixture(autouse=True)
def _nothing_at_hand(tmp_path, monkeypatch):
    monkeypatch.setenv("REPROLIB_RESULTS", str(tmp_path / "results"))
    monkeypatch.setenv("REPROLIB_DATA", str(tmp_path))


@pytest.fixture
def record(record_of):
    """record(LEARNED, {...}, seed=1) -> a record of basketball."""

    def make(system, metrics, seed=0, kind="generated"):
        found = record_of(
            experiment="basketball", task="basketball", system=system, seed=seed, scale="small", kind=kind
        )
        return replace(found, metrics=metrics)

    return make


@pytest.fixture
def view():
    rng = np.random.default_rng(0)
    past, true, predicted = (rng.uniform(0, 47, (frames, 5, 2)) for frames in (17, 8, 8))
    return views_of_plays.PlayView(past, true, predicted, np.zeros((5, 4)), "weights of one")


def test_views_are_test_plays_in_feet():
    views = views_of_plays.plays(2)
    positions, _ = generated_plays.generate(2, seed=0, stream=2)
    for view, play in zip(views, positions, strict=True):
        np.testing.assert_allclose(np.concatenate([view.past, view.true]), play[1:], atol=1e-3)
        assert view.predicted.shape == (8, 5, 2)
        assert view.chances.shape == (5, 4)
        assert ((view.chances >= 0) & (view.chances <= 1)).all()
        assert view.source.startswith("generated plays; untrained")
        assert np.abs(view.predicted[0] - view.past[-1]).max() < 30


def test_a_map_has_the_mean_share_of_every_edge(record):
    rng = np.random.default_rng(0)
    shares = rng.uniform(0, 100, (2, 5, 5))  # of seeds, senders and receivers
    pairs = [(i, j) for i in range(5) for j in range(5) if i != j]
    found = [record(LEARNED, {share_name(*pair): shares[seed][pair] for pair in pairs}, seed) for seed in range(2)]
    figure = figures.edges_by_roles([*found, record(FULL, {})])
    (axis,) = figure.axes
    drawn = axis.images[0].get_array()
    for sender, receiver in pairs:
        assert drawn[receiver, sender] == pytest.approx(shares[:, sender, receiver].mean())
    assert np.ma.getmaskarray(np.ma.masked_invalid(drawn))[range(5), range(5)].all()
    assert "small scale, generated data, 2 seeds" in axis.get_title(loc="left")
    assert len(axis.texts) == 20
    assert figures.edges_by_roles([record(FULL, {})]).texts


def test_the_error_plot_has_as_many_steps_as_the_records(record):
    errors = {f"mse/step_{step}": 1e-3 * step for step in range(1, 9)} | {"mse/curve": 1.0}
    figure = figures.error_by_step([record(LEARNED, errors)], "basketball")
    np.testing.assert_allclose(figure.axes[0].lines[0].get_xdata(), range(1, 9))
    np.testing.assert_allclose(figure.axes[0].lines[0].get_ydata(), [1e-3 * step for step in range(1, 9)])


def test_a_picture_of_plays_holds_what_was_seen_what_came_and_what_was_predicted(view):
    figure = figures.predicted_plays([view, view])
    assert len(figure.axes) == 2
    drawn = [line.get_xydata() for line in figure.axes[0].lines]
    for number in range(5):
        for path in (view.past[:, number], np.concatenate([view.past[-1:], view.true])[:, number]):
            assert any(each.shape == path.shape and np.allclose(each, path) for each in drawn)
        assert any(each.shape == (4, 2) and np.allclose(each, view.predicted[1::2, number]) for each in drawn)
    said = [text.get_text() for text in figure.findobj(mpl.text.Text)]
    assert "weights of one" in said
    assert {half_court.spoken(role) for role in ROLES} <= {*said}


def test_an_animation_has_a_frame_for_each_moment_and_the_same_bytes_each_time(view):
    movie = figures.moving_play(view)
    assert movie.html() == figures.moving_play(view).html()
    assert (len(movie.frames), movie.pace) == (25, 200)


def test_an_edge_is_the_half_of_a_line_at_the_one_who_is_acted_on(view):
    chances = np.zeros((5, 4))
    chances[2, 1] = 0.7  # the second sender to the mate is the handler
    axis = mpl.figure.Figure().add_subplot()
    stage = half_court.Stage.on(axis, replace(view, chances=chances))
    stage.show(3)
    (lines,) = [each for each in axis.collections if isinstance(each, LineCollection)]
    (segment,) = lines.get_segments()
    handler, mate = view.past[3, 1], view.past[3, 2]
    np.testing.assert_allclose(segment, [(handler + mate) / 2, mate])
    assert lines.get_color()[0, 3] == pytest.approx(0.7)
    assert all(len(ghost.get_xdata()) == 0 for ghost in stage.ghosts)
    stage.show(20)
    np.testing.assert_allclose(stage.ghosts[4].get_xydata()[0], view.predicted[3, 4])
    np.testing.assert_allclose(stage.objects[4].get_xydata()[0], view.true[3, 4])
