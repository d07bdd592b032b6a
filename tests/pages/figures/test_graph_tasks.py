"""What the figures of the graph tasks hold: the records' numbers, the network's probabilities, the steps; no pixels."""

from dataclasses import replace

import matplotlib as mpl
import numpy as np
import pytest
import torch
from matplotlib.collections import LineCollection
from matplotlib.colors import to_rgb

from reprolib import experiments
from reprolib.contracts.requests import Request
from reprolib.data import mass_springs, shortest_paths, sorting
from reprolib.methods.graph_demonstrations import MASSES, UNSEEN
from reprolib.models.graph_answers import rollout
from reprolib.models.graph_tasks import Answers
from reprolib.pages import figures
from reprolib.pages.figures.gn_tasks import path_search, plots_of_graph_tasks, views_of_graph_tasks
from reprolib.pages.figures.shared import specimens, style
from reprolib.pages.figures.shared.lines import LOOKS

PROCESSING, ONE_STEP, MLP, STATIC = "Encode-process-decode", "One step", "MLP", "Static"
PATHS, SORTING, SPRINGS = "gn_shortest_path", "gn_sorting", "gn_springs"


def texts(figure):
    """Every visible text of a figure, as one string."""
    return "\n".join(text.get_text() for text in figure.findobj(mpl.text.Text) if text.get_text())


def drawn(axis, system):
    """(x, y) of a system's line."""
    (line,) = [line for line in axis.lines if line.get_color() == LOOKS[system][0] and len(line.get_xdata()) > 1]
    return [tuple(map(float, point)) for point in zip(*line.get_data(), strict=True)]


def rings(axis):
    """(x, y) of the marks at the steps of training."""
    lines = [line for line in axis.lines if line.get_markerfacecolor() == "white"]
    return [(float(line.get_xdata()[0]), float(line.get_ydata()[0])) for line in lines]


@pytest.fixture
def record(record_of):
    """record("gn_sorting", "MLP", {...}, seed=1) -> a record of the graph tasks."""

    def make(task, system, metrics, seed=0, scale="small", steps=10):
        config = {"model": "ProcessModel", "model.steps": steps}
        found = record_of(experiment="gn_tasks", task=task, system=system, scale=scale, seed=seed, config=config)
        return replace(found, metrics=metrics)

    return make


@pytest.fixture(autouse=True)
def no_weights(tmp_path, monkeypatch):
    """Views come from untrained networks."""
    monkeypatch.setenv("REPROLIB_RESULTS", str(tmp_path / "none"))


def by_size(*values):
    return {f"accuracy/solved_{low}_{high}": value for (low, high), value in zip(UNSEEN, values, strict=True)}


def by_step(values):
    return {f"accuracy/solved_after_{step}": value for step, value in enumerate(values, start=1)}


# Plots of records


def test_solved_by_size_is_the_mean_over_seeds_with_a_band(record):
    first, second = by_size(90.0, 80.0, 60.0, 40.0), by_size(94.0, 82.0, 70.0, 50.0)
    found = [record(PATHS, PROCESSING, first), record(PATHS, PROCESSING, second, seed=1)]
    figure = figures.solved_by_size([*found, record(SORTING, MLP, by_size(1.0, 2.0, 3.0, 4.0))])
    paths, sorts = figure.axes
    assert drawn(paths, PROCESSING) == [(0, 92.0), (1, 81.0), (2, 65.0), (3, 45.0)]
    band = paths.collections[0].get_paths()[0].vertices
    assert {90.0, 94.0, 40.0, 50.0} <= set(band[:, 1])
    assert drawn(sorts, MLP) == [(0, 1.0), (1, 2.0), (2, 3.0), (3, 4.0)]
    assert [label.get_text() for label in paths.get_xticklabels()] == ["17–20", "21–24", "25–28", "29–32"]
    assert paths.get_title(loc="left") == "shortest path\nsmall scale, 2 seeds"
    assert texts(figure).count(PROCESSING) == 1


def test_a_size_without_graphs_is_left_out(record):
    metrics = by_size(90.0, 80.0, 60.0, 40.0)
    del metrics["accuracy/solved_21_24"]
    figure = figures.solved_by_size([record(PATHS, PROCESSING, metrics)])
    assert drawn(figure.axes[0], PROCESSING) == [(0, 90.0), (2, 60.0), (3, 40.0)]
    assert "no record yet" in texts(figure), "of sorting"


def test_the_largest_scale_of_the_network_is_shown_and_no_other(record):
    smoke = [record(PATHS, name, by_size(1.0, 1.0, 1.0, 1.0), scale="smoke") for name in (PROCESSING, MLP)]
    figure = figures.solved_by_size([*smoke, record(PATHS, PROCESSING, by_size(9.0, 9.0, 9.0, 9.0))])
    assert [y for _, y in drawn(figure.axes[0], PROCESSING)] == [9.0] * 4
    assert MLP not in texts(figure)


def test_solved_by_step_marks_the_steps_of_training(record):
    ours, one = np.linspace(5, 100, 20), [3.0, 2.0]
    found = [record(PATHS, PROCESSING, by_step(ours)), record(PATHS, ONE_STEP, by_step(one), steps=1)]
    figure = figures.solved_by_step([*found, record(PATHS, MLP, by_size(1.0, 2.0, 3.0, 4.0))])
    axis = figure.axes[0]
    assert drawn(axis, PROCESSING) == [(step, pytest.approx(ours[step - 1])) for step in range(1, 21)]
    assert rings(axis) == [(10, pytest.approx(ours[9])), (1, 3.0)]
    assert MLP not in texts(figure), "it has no steps"
    assert "as in training" in texts(figure)


def test_rollouts_stand_on_a_logarithmic_scale(record):
    values = {"mse/position_4": 1e-3, "mse/position_5_8": 1e-2, "mse/position_9": 1.0}
    still = dict.fromkeys(values, 10.0)
    figure = figures.rollouts_by_masses([record(SPRINGS, PROCESSING, values), record(SPRINGS, STATIC, still)])
    (axis,) = figure.axes
    assert axis.get_yscale() == "log"
    assert drawn(axis, PROCESSING) == [(0, 1e-3), (1, 1e-2), (2, 1.0)]
    assert drawn(axis, STATIC) == [(0, 10.0), (1, 10.0), (2, 10.0)]
    assert [label.get_text() for label in axis.get_xticklabels()] == ["4", "5–8", "9"]


def test_the_metrics_drawn_are_those_that_runs_measure():
    """Names are spelled twice, where they are measured and where they are drawn: a run shows that they agree."""
    for task, bins, name in ((PATHS, UNSEEN, "accuracy/solved"), (SPRINGS, MASSES, "mse/position")):
        entry = experiments.get("gn_tasks").row(f"{task}/{PROCESSING}")
        config = Request(experiments.get("gn_tasks"), entry).config
        data = entry.source.load(config.data, "generated")
        measured = entry.method.evaluate(entry.method.build(config, data), data.splits["test"])
        wanted = set(plots_of_graph_tasks._binned(name, bins).values())
        wanted |= {f"{plots_of_graph_tasks.AFTER}{step}" for step in range(1, 21)} if task == PATHS else set()
        assert wanted <= measured.keys()


@pytest.mark.parametrize("plot", [figures.solved_by_size, figures.solved_by_step, figures.rollouts_by_masses])
def test_without_a_record_a_sentence_stands_in_the_place_of_the_plot(plot):
    figure = plot([])
    assert not figure.axes
    assert texts(figure).replace("\n", " ") == style.NO_RECORD


# The path


@pytest.fixture(scope="module")
def path():
    """A square of towns with a diagonal, four steps, in which the network changes its mind."""
    senders, receivers = np.array([0, 1, 1, 2, 2, 3, 3, 0, 0, 2]), np.array([1, 0, 2, 1, 3, 2, 0, 3, 2, 0])
    labels = np.isin(np.arange(10), 8), np.array([True, False, True, False])  # the diagonal, from 0 to 2
    chances = np.linspace(0, 1, 4 * 10).reshape(4, 10)
    nodes = np.array([[0.1] * 4, [0.9] * 4, [0.9, 0.1, 0.9, 0.1], [1.0, 0.0, 1.0, 0.0]])
    return views_of_graph_tasks.PathView(
        places=np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 1.0], [1.0, 0.0]]),
        senders=senders,
        receivers=receivers,
        start=0,
        end=2,
        node_chances=nodes,
        edge_chances=chances,
        node_labels=labels[1],
        edge_labels=labels[0],
        source="an imagined network",
    )


def test_the_animation_has_a_frame_for_every_step_and_the_same_bytes_twice(path):
    movie = figures.path_search(path)
    assert len(movie.frames) == 4
    assert figures.path_search(path).html() == movie.html()


def test_nodes_and_edges_that_are_right_are_counted_after_every_step(path):
    said = np.concatenate([path.node_chances, path.edge_chances], axis=1) > 0.5
    labels = np.concatenate([path.node_labels, path.edge_labels])
    assert path.right.tolist() == [sum(a == b for a, b in zip(row, labels, strict=True)) for row in said]


def test_a_road_is_as_likely_as_the_likelier_of_its_two_edges(path):
    ends = path_search.road_ends(path)
    assert ends.tolist() == [[0, 1], [0, 2], [0, 3], [1, 2], [2, 3]]
    for chances in path.edge_chances:
        wanted = [
            max(c for c, *of in zip(chances, path.senders, path.receivers, strict=True) if sorted(of) == list(road))
            for road in ends.tolist()
        ]
        assert path_search.road_chances(path, chances).tolist() == wanted


def test_tints_are_the_chances_of_the_step(path):
    figure = figures.path_steps(path)
    last = figure.axes[-1]
    roads, towns = last.collections[0], last.collections[2]
    assert roads.get_colors()[:, 3] == pytest.approx(path_search.road_chances(path, path.edge_chances[-1]))
    assert towns.get_facecolors()[:, :3] == pytest.approx(np.array([to_rgb(style.BLUE), (1, 1, 1)] * 2))
    assert [text.get_text() for text in last.texts] == ["A", "B"]
    assert [tuple(text.get_position()) for text in last.texts] == [(0, 0), (1, 1)]
    true = [each for each in last.collections if isinstance(each, LineCollection)][-1]
    assert [line.tolist() for line in true.get_segments()] == [[[0, 0], [1, 1]]]
    assert [axis.get_title(loc="left").partition(":")[0] for axis in figure.axes] == [
        *("step 1", "step 2", "step 3", "step 4")
    ]
    assert "an imagined network" in texts(figure)


# Views: what the network answers


def test_the_path_is_a_test_graph_with_the_network_s_own_probabilities():
    view = views_of_graph_tasks.path()
    found = specimens.specimen("gn_tasks", f"{PATHS}/{PROCESSING}", views_of_graph_tasks.FEW_GRAPHS)
    graphs = shortest_paths.generate(100, (16, 32), found.config.data.seed, stream=2)
    number = next(k for k in range(100) if 17 <= graphs["sizes"][k] <= 20 and graphs["edge_labels"][k].sum() >= 7)
    assert np.array_equal(view.places, graphs["nodes"][number, : graphs["sizes"][number], :2])
    assert view.node_labels[[view.start, view.end]].all()
    assert view.edge_labels.sum() == view.node_labels.sum() - 1 >= 7
    with torch.no_grad():
        batch = found.data.splits["test"].batch(slice(number, number + 1))
        answers = found.model(batch)
    assert view.node_chances == pytest.approx(answers.nodes[..., 0].sigmoid().numpy())
    assert view.edge_chances == pytest.approx(answers.edges[..., 0].sigmoid().numpy())
    assert len(view.right) == 10
    assert "untrained" in view.source
    for sender, receiver in zip(view.senders, view.receivers, strict=True):
        assert graphs["joined"][number, sender, receiver]


def test_the_list_is_in_order_and_a_right_answer_lies_beside_the_diagonal(monkeypatch):
    """A network that answers with the labels themselves shows which cell stands for what."""
    whole = specimens.specimen

    def knowing(*words):
        found = whole(*words)

        def answer(batch, steps=None):
            nodes = batch["node_labels"][0, : batch["sizes"][0], None].float()
            edges = batch["edge_labels"][batch["joined"]][:, None].float()
            return Answers(20 * nodes[None] - 10, 20 * edges[None] - 10)

        return replace(found, model=answer)

    monkeypatch.setattr(views_of_graph_tasks, "specimen", knowing)
    view = views_of_graph_tasks.order()
    lists = sorting.generate(100, (16, 32), 0, stream=2)
    number = list(lists["sizes"]).index(20)
    assert view.numbers.tolist() == sorted(lists["nodes"][number, :20, 0].tolist())
    assert (view.following > 0.5).nonzero()[0].tolist() == list(range(19))
    assert (view.following > 0.5).nonzero()[1].tolist() == list(range(1, 20))
    assert (view.first > 0.5).nonzero()[0].tolist() == [0]


def test_the_matrix_holds_the_chances_and_marks_the_truth():
    rng = np.random.default_rng(0)
    view = views_of_graph_tasks.OrderView(np.sort(rng.random(5)), rng.random(5), rng.random((5, 5)), "somebody")
    figure = figures.next_numbers(view)
    left, right = figure.axes
    assert np.array_equal(right.images[0].get_array(), view.following)
    assert np.array_equal(left.images[0].get_array()[:, 0], view.first)
    assert [(x, y) for x, y in zip(*right.lines[0].get_data(), strict=True)] == [(1, 0), (2, 1), (3, 2), (4, 3)]
    assert [label.get_text() for label in right.get_xticklabels()] == [f"{number:.2f}" for number in view.numbers]
    assert "somebody" in texts(figure)


def test_chains_are_of_4_and_9_masses_with_their_true_and_predicted_motion():
    views = views_of_graph_tasks.chains()
    assert [view.true.shape for view in views] == [(51, 4, 2), (51, 9, 2)]
    found = specimens.specimen("gn_tasks", f"{SPRINGS}/{PROCESSING}", views_of_graph_tasks.FEW_CHAINS)
    split = found.data.splits["test"]
    predicted = rollout(found.model, split.batch(slice(2, 3)), mass_springs.FRAMES)
    assert np.array_equal(views[1].predicted, predicted[0, :, :, :2].detach().numpy())
    chain = mass_springs.generate(1, (9, 9), found.config.data.seed, stream=2, spacings=(0.5, 0.5))
    assert np.array_equal(views[1].true, chain["rollout"][0, ..., :2])
    figure = figures.swinging_chains(views)
    panel = figure.axes[5]
    assert [line.get_xydata().tolist() for line in panel.lines] == [
        [places.tolist() for places in motion[plots_of_graph_tasks.MOMENTS[1]]]
        for motion in (views[1].true, views[1].predicted)
    ]
    assert [axis.get_title(loc="left") for axis in figure.axes[:4]] == ["0 s", "1 s", "2.5 s", "5 s"]
    assert "untrained" in texts(figure)
    assert not figures.swinging_chains([]).axes
