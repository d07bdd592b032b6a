"""What the figures of walking bodies hold: the records' errors, bones and edges between joints, every frame in turn."""

from dataclasses import replace

import numpy as np
import pytest
from matplotlib.collections import LineCollection

from reprolib.experiments.mocap import FULL, LEARNED, REINFERRED, TASK, TOLD
from reprolib.pages import figures
from reprolib.pages.figures.mocap.views_of_walks import WalkView, walk
from reprolib.pages.figures.shared.lines import LOOKS

FRAMES, JOINTS = 6, 4
CHAIN = np.eye(JOINTS, k=1, dtype=bool) | np.eye(JOINTS, k=-1, dtype=bool)


@pytest.fixture
def view():
    paths = np.random.default_rng(0).normal(size=(4, FRAMES, JOINTS, 3))
    types = np.zeros((JOINTS, JOINTS), dtype=int)
    types[0, 2], types[2, 0], types[1, 3] = 1, 1, 3
    return WalkView(*paths, bones=CHAIN, types=types, source="whose weights")


def record(record_of, system, seed, **metrics):
    found = record_of(experiment="mocap", task=TASK, system=system, scale="small", seed=seed)
    return replace(found, metrics={name.replace("__", "/"): value for name, value in metrics.items()})


def test_errors_have_a_line_a_system_and_one_for_each_way_to_infer_the_graph(record_of):
    learned = {"mse__step_1": 1e-4, "mse__step_2": 2e-4, "mse__reinferred_1": 3e-4, "mse__reinferred_2": 4e-4}
    learned |= {"mse__told_1": 5e-4, "mse__told_2": 6e-4}
    found = [record(record_of, LEARNED, seed, **learned) for seed in (0, 1)]
    found.append(record(record_of, FULL, 0, mse__step_1=7e-4, mse__step_2=8e-4))
    (axis,) = figures.walk_errors(found).axes
    lines = {(line.get_color(), line.get_linestyle()): line.get_ydata().tolist() for line in axis.lines}
    expected = {LEARNED: [1e-4, 2e-4], REINFERRED: [3e-4, 4e-4], TOLD: [5e-4, 6e-4], FULL: [7e-4, 8e-4]}
    assert lines == {LOOKS[system]: values for system, values in expected.items()}
    assert [text.get_text() for text in figures.walk_errors([]).texts] == ["No prediction is at hand."]


def test_edges_of_each_type_join_their_joints_over_the_bones(view):
    figure = figures.learned_edges(view)
    for axis, (name, count) in zip(figure.axes, (("1: 2 edges", 1), ("2: 0 edges", 0), ("3: 1 edge", 1)), strict=True):
        bones, edges = axis.findobj(LineCollection)
        assert axis.get_title("left") == f"type {name}"
        assert len(bones.get_segments()) == JOINTS - 1
        assert len(edges.get_segments()) == count
    front = view.given[-1][:, [0, 1]]
    np.testing.assert_array_equal(figure.axes[0].findobj(LineCollection)[1].get_segments()[0], front[[0, 2]])


def test_moments_show_the_predicted_body_over_the_true_one(view):
    last = figures.walk_moments(view).axes[-1]
    true, guess = last.findobj(LineCollection)
    np.testing.assert_array_equal(true.get_segments()[0], view.true[-1][[0, 1]][:, [2, 1]])
    np.testing.assert_array_equal(guess.get_segments()[0], view.static[-1][[0, 1]][:, [2, 1]])
    assert last.get_title("left") == "6 frames ahead"


def test_the_animation_goes_through_both_halves_and_is_always_the_same(view):
    movie = figures.walking(view)
    assert len(movie.frames) == FRAMES  # every second of two halves
    assert movie.html() == figures.walking(view).html()


def test_without_records_the_view_is_of_an_untrained_network_and_a_walk_of_ours(tmp_path, monkeypatch):
    monkeypatch.setenv("REPROLIB_RESULTS", str(tmp_path))
    monkeypatch.setenv("REPROLIB_DATA", str(tmp_path))
    found = walk()
    assert found.given.shape == found.true.shape == found.static.shape == found.reinferred.shape == (20, 31, 3)
    assert found.bones.sum() == 60
    assert found.types.shape == (31, 31)
    assert not found.types.diagonal().any()
    assert found.source.startswith("untrained network")
    assert found.source.endswith("shown: a walk of ours")
