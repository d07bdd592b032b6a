"""What the figures of modular meta-learning hold: a search's graphs and errors, and the records' numbers; no pixels."""

from dataclasses import replace

import matplotlib as mpl
import numpy as np
import pytest

from reprolib.experiments import modular_data
from reprolib.experiments.modular_proposals import BOUNCING, KNOWN
from reprolib.models.modular.annealing import random_structures
from reprolib.pages import figures
from reprolib.pages.figures.modular_edges import views_of_a_search
from reprolib.pages.figures.modular_edges.views_of_a_search import AnnealedScene
from reprolib.pages.figures.modular_unseen import views_of_unseen


def texts(figure):
    return "\n".join(text.get_text() for text in figure.findobj(mpl.text.Text) if text.get_text())


@pytest.fixture(scope="module")
def view():
    """Four proposals of which two change the graph; the last one finds it."""
    start = random_structures(1, 4, 2)[0].numpy()
    true = np.ones_like(start)
    start[0], start[1] = 0, 1
    middle = start.copy()
    middle[0, 0] = 1
    kept = np.stack([start, start, middle, middle, true])
    return AnnealedScene(true, kept, np.array([1e-3, 1e-3, 1e-4, 1e-4, 1e-6]), 1e-6, "a source")


def test_an_animation_has_a_frame_for_every_change(view):
    movie = figures.search_course(view)
    assert len(movie.frames) == 3
    assert movie.html() == figures.search_course(view).html()


def test_moments_tell_how_many_pairs_are_right_and_what_error_is_left(view):
    said = texts(figures.search_moments(view, edge="repulsion"))
    assert "after 0:" in said
    assert "after 4: 6 of 6 right\nerror 1e-06" in said
    assert "a source" in said
    assert "true repulsion" in said


def test_a_view_is_a_search_of_an_untrained_network_before_there_are_records(tmp_path, monkeypatch):
    monkeypatch.setenv("REPROLIB_RESULTS", str(tmp_path / "none"))
    monkeypatch.setattr(
        views_of_a_search,
        "FEW",
        {"data.train": 1, "data.valid": 1, "data.test": 3, "model.width": 8, "model.encoder_width": 8},
    )
    found = views_of_a_search.annealed("springs_5", proposals=12)
    assert found.kept.shape == (13, 5, 4)
    assert (found.kept[1:] != found.kept[:-1]).any(2).sum(1).max() == 1, "edges into one object"
    assert found.errors.shape == (13,)
    assert found.least > 0
    assert "untrained" in found.source


@pytest.fixture
def record(record_of):
    def make(task, system, seed=0, **changes):
        return replace(
            record_of(experiment="modular_proposals", task=task, system=system, scale="small", seed=seed), **changes
        )

    return make


def by_proposals(*values):
    """In the order of names, as records have their metrics."""
    found = {f"accuracy/after_{2**power}_proposals": value for power, value in enumerate(values)}
    return dict(sorted(found.items())) | {"accuracy/edges": 99.0}


def test_edges_by_proposals_are_means_over_seeds(record):
    uniform = [by_proposals(50.0, 60.0 + seed, 70.0, 80.0, 90.0) for seed in (0, 1)]
    found = [record(KNOWN, "Uniform proposal", seed, metrics=metrics) for seed, metrics in enumerate(uniform)]
    found.append(record(KNOWN, "Learned proposal", metrics=by_proposals(70.0, 90.0, 95.0, 98.0, 99.0)))
    (axis,) = figures.edges_by_proposals(found).axes
    lines = {tuple(line.get_xdata()): tuple(line.get_ydata()) for line in axis.lines[:1]}
    assert lines == {(1, 2, 4, 8, 16): (50.0, 60.5, 70.0, 80.0, 90.0)}
    assert {"uniform", "learned"} <= set(texts(axis.figure).split("\n"))
    assert "committed record" in texts(figures.edges_by_proposals([]))


def test_acceptance_is_drawn_by_epochs(record):
    curve = [{"step": 4 * turn, "loss": 1.0, "accepted": 0.1 * turn, "log_temperature": -9.0} for turn in (1, 2, 3)]
    some = {"curve": curve, "config": {"train.batch": 128}, "data": {"kind": "generated", "sizes": {"train": 512}}}
    (axis,) = figures.acceptance_in_training([record(BOUNCING, "Learned proposal", **some)]).axes
    assert np.allclose(axis.lines[0].get_data(), ([1, 2, 3], [10, 20, 30]))
    assert "committed record" in texts(figures.acceptance_in_training([]))


def test_unseen_paths_of_an_untrained_network_before_there_are_records(tmp_path, monkeypatch):
    monkeypatch.setenv("REPROLIB_RESULTS", str(tmp_path / "none"))
    seen = views_of_unseen.unseen_states()
    assert [int(view.joined.sum()) for view in seen] == [1, 2, 3, 4]
    assert all((np.diff(view.missed) >= 0).all() for view in seen), "the best restart first"
    figure = figures.unseen_paths(seen)
    assert [len(axis.lines) for axis in figure.axes] == [2 * (4 + 1) + 1 + len(view.guesses) for view in seen]
    assert "untrained" in texts(figure)
    assert f"2 springs: state missed by {seen[1].errors[0]:.0e}" in texts(figure)


def test_errors_by_springs_are_means_over_seeds_beside_the_printed_one(record_of):
    def make(system, seed, *values):
        metrics = {f"mse/unseen_with_{count}": value for count, value in enumerate(values)}
        return record_of(
            experiment="modular_unseen",
            task="springs_unseen_node",
            system=system,
            scale="small",
            seed=seed,
            metrics=metrics,
        )

    found = [make("Modular meta-learning", 0, 0.1, 1e-5), make("Modular meta-learning", 1, 0.3, 3e-5)]
    (axis,) = figures.unseen_by_springs([*found, make("Mean state", 0, 0.04, 0.05)]).axes
    assert np.allclose(axis.lines[0].get_data(), ([0, 1], [0.2, 2e-5]))
    assert {"Modular meta-learning", "Mean state", "paper"} <= set(texts(axis.figure).split("\n"))
    assert axis.lines[2].get_ydata()[0] == 1.09e-3
    assert "committed record" in texts(figures.unseen_by_springs([]))


def of_scenes(record_of, system, values, seed=0):
    """Records of a system by the number of scenes that trained."""
    shared = {"experiment": "modular_data", "system": system, "scale": "small", "seed": seed}
    return [
        record_of(task=modular_data.task(scenes), metrics={"accuracy/edges": value}, **shared)
        for scenes, value in values.items()
    ]


def test_edges_by_scenes_are_means_over_the_seeds_that_all_points_have(record_of):
    found = of_scenes(record_of, "Modular meta-learning", {50: 55.0, 500: 80.0, 5_000: 90.0})
    found += of_scenes(record_of, "Modular meta-learning", {50: 57.0, 500: 82.0}, seed=1)
    found += of_scenes(record_of, "NRI (learned)", {50: 51.0})
    (axis,) = figures.edges_by_scenes(found).axes
    assert [list(line.get_ydata()) for line in axis.lines[:2]] == [[56.0, 81.0], [51.0]]
    assert "committed record" in texts(figures.edges_by_scenes([]))


def test_edges_by_frames_join_the_records_of_three_experiments(record_of):
    edges, short = "accuracy/edges", {"accuracy/after_10_frames": 99.0, "accuracy/after_20_frames": 99.5}
    rows = [
        ("modular_edges", "springs_5", "Modular meta-learning", {edges: 100.0} | short),
        ("modular_data", "springs_5_from_10_frames", "NRI (learned)", {edges: 80.0}),
        ("modular_data", "springs_5_from_20_frames", "NRI (learned)", {edges: 90.0}),
    ]
    whole = ("nri_edges", "springs_5", "NRI (learned)", {edges: 99.0})

    def records(rows):
        return [
            record_of(experiment=name, task=task, system=system, scale="small", metrics=metrics)
            for name, task, system, metrics in rows
        ]

    (axis,) = figures.edges_by_frames(records(rows)).axes
    assert [list(line.get_ydata()) for line in axis.lines] == [[99.0, 99.5, 100.0]], "one of three rows is lacking"
    (axis,) = figures.edges_by_frames(records([*rows, whole])).axes
    assert [list(line.get_ydata()) for line in axis.lines] == [[99.0, 99.5, 100.0], [80.0, 90.0, 99.0]]
    assert "committed record" in texts(figures.edges_by_frames([]))


def test_sizes_are_marked_at_the_minutes_of_their_whole_chain(record):
    def of(objects, seconds, accuracy):
        config, metrics = {"data.objects": objects}, {"accuracy/edges": accuracy}
        return record(
            f"springs_{objects}", "Modular meta-learning", config=config, metrics=metrics, processor_seconds=seconds
        )

    (axis,) = figures.edges_by_minutes([of(5, 180.0, 100.0), of(7, 120.0, 99.0), of(10, 300.0, 97.0)]).axes
    assert np.allclose(axis.lines[0].get_data(), ([3, 5, 10], [100, 99, 97]))
    assert {"5", "7", "10"} <= set(texts(axis.figure).split("\n"))
    assert "committed record" in texts(figures.edges_by_minutes([]))
