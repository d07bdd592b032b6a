"""From records and committed weights to the plots of the pages on neural relational inference."""

import numpy as np
import pytest
import torch
from matplotlib.text import Text

from reprolib import paths
from reprolib.errors import InputError
from reprolib.evidence import published
from reprolib.evidence.records import Record
from reprolib.methods.trajectories import START
from reprolib.pages import figures
from reprolib.pages.figures.nri_edges import views_of_edges
from reprolib.pages.figures.shared import views_of_motion
from reprolib.settings.data_sets import FRAMES, HORIZON


@pytest.fixture(autouse=True)
def _nothing_committed(monkeypatch, tmp_path):
    monkeypatch.setattr(paths, "BUILD", tmp_path)
    monkeypatch.setenv("REPROLIB_RESULTS", str(tmp_path / "results"))


def record(system="NRI (learned)", task="springs_5", seed=0, scale="small", **metrics):
    curve = [{"step": step, "loss": 1.0, "score": 0.0, "accuracy/edges": 50.0 + step} for step in (10, 20, 30)]
    names = dict.fromkeys(Record.__dataclass_fields__)
    usual = {"task": task, "system": system, "scale": scale, "seed": seed, "metrics": metrics, "curve": curve}
    seen = {"config": {"train.batch": 8}, "data": {"kind": "generated", "sizes": {"train": 40}}}
    return Record(**(names | usual | seen | {"experiment": "nri_edges"}))


def labels(figure):
    return {text.get_text() for axis in figure.axes for text in axis.texts}


def test_views_fit_the_protocol_before_there_are_weights():
    views = views_of_motion.motions("springs_5", 2)
    assert [view.past.shape for view in views] == [(START + 1, 5, 2)] * 2
    for view in views:
        assert view.true.shape == view.predicted.shape == (HORIZON, 5, 2)
        assert view.edges.shape == view.probabilities.shape == (5, 4)
        assert "untrained" in view.source
    np.testing.assert_allclose(views[0].past[-1], views[0].true[0], atol=0.05)  # the next frame is near


def test_beliefs_are_shown_for_the_frames_that_the_encoder_reads():
    view = views_of_edges.finding("springs_5", 1)
    assert view.positions.shape == (FRAMES, 5, 2)
    assert view.beliefs.shape == (FRAMES, 5, 4)
    assert (view.beliefs[0] == 0.5).all()


def test_types_are_called_by_what_they_stand_for():
    assert views_of_motion.called(torch.tensor([1, 0])) == 0
    assert views_of_motion.called(torch.tensor([0, 1])) == 1


def test_the_error_plot_has_a_line_a_system_and_the_printed_figures():
    errors = {f"mse/step_{step}": 1e-4 * step for step in range(1, HORIZON + 1)}
    found = [record(system, **errors) for system in ("NRI (learned)", "Static")]
    found += [record("Static", "charged_5", **errors), record("Supervised", **{"accuracy/edges": 99.0})]
    figure = figures.error_by_step(found, "springs_5")
    assert {"NRI (learned)", "Static"} <= labels(figure)
    assert "Supervised" not in labels(figure)
    drawn = [line.get_ydata() for line in figure.axes[0].lines]
    assert any(len(values) == HORIZON and np.allclose(values, list(errors.values())) for values in drawn)
    line = next(
        line
        for line in published.read()
        if (line.paper, line.task, line.system, line.metric) == ("kipf2018", "springs_5", "Static", "mse/step_10")
    )
    assert any(line.value in np.asarray(values) for values in drawn)


def test_sizes_and_curves_come_from_the_records():
    sizes = {f"accuracy/edges_{objects}": 90.0 + objects for objects in (3, 5, 10)}
    others = dict.fromkeys(("accuracy/edges", *sizes), 50.0)
    found = [record(seed=seed, **sizes) for seed in (0, 1)] + [record("Corr. (path)", **others)]
    figure = figures.edges_by_objects(found)
    shown = [line.get_xydata().tolist() for line in figure.axes[0].lines if list(line.get_xdata()) == [3, 5, 10]]
    assert shown == [[[3, 93.0], [5, 95.0], [10, 100.0]]], "of the learned models alone"
    curves = figures.edge_curves(found, "springs_5")
    drawn = [line.get_xydata().tolist() for line in curves.axes[0].lines]
    assert [[2.0, 60.0], [4.0, 70.0], [6.0, 80.0]] in drawn, "ten steps of 8 scenes are two passes through 40"
    assert figures.edge_curves(found, "charged_5").texts, "without a run there is a sentence"


def test_smoke_runs_are_shown_only_by_themselves():
    sizes = {"accuracy/edges_3": 60.0, "accuracy/edges_5": 61.0}
    smoke, small = record(task="charged_5", scale="smoke", **sizes), record(**sizes)
    assert labels(figures.edges_by_objects([smoke, small])) & {"charged", "springs"} == {"springs"}
    assert labels(figures.edges_by_objects([smoke])) & {"charged", "springs"} == {"charged"}


def test_plots_say_of_which_runs_they_are():
    errors = {f"mse/step_{step}": 1e-4 * step for step in (1, 2)}
    small, long = record(**errors), record("Static", scale="long", **errors)
    smoke = record(scale="smoke", **errors)
    for found, said in (
        ([small], "small scale, generated data"),
        ([small, long], "small scale, generated data; long scale, generated data"),
        ([smoke], "smoke scale, generated data: shows only that it runs"),
    ):
        assert figures.error_by_step(found, "springs_5").get_suptitle() == said


def test_pulls_are_the_simulators_own_where_it_decodes(monkeypatch):
    """With the true simulator in the decoder's place, what is learned is what is true: Hooke's law."""
    found, scenes, _ = views_of_motion.named_model("springs_5")
    low, high = torch.tensor(found.data.facts["scale"].ranges).unbind(1)
    found.model.decoder = views_of_edges.SimulatorDecoder("springs", low, high, substeps=100)
    monkeypatch.setattr(views_of_edges, "named_model", lambda task: (found, scenes, torch.arange(2)))
    view = views_of_edges.pulls("springs_5", 20)
    assert view.distances.shape == view.learned.shape == view.true.shape == (20 * 5 * 4,)
    np.testing.assert_allclose(view.learned, view.true)
    np.testing.assert_allclose(view.true, 0.1 * view.distances, rtol=0.05, atol=5e-3)  # over a frame objects move on


def test_an_edge_is_changed_alone():
    """Where charges move on between two frames, what one receiver feels depends on what the others do."""
    found, scenes, _ = views_of_motion.named_model("charged_5")
    states, types = scenes["trajectories"][:2, START], scenes["edges"][:2]
    low, high = torch.tensor(found.data.facts["scale"].ranges).unbind(1)
    simulator = views_of_edges.SimulatorDecoder("charged", low, high, substeps=100)
    scene, receiver, column, sender = 1, 3, 2, 2  # senders ascend and leave out the receiver
    after = []
    for kind in (0, 1):
        changed = types.clone()
        changed[scene, receiver, column] = kind
        moved, _ = simulator(states, torch.nn.functional.one_hot(changed, 2).float())
        after.append(moved[scene, receiver, 2:])
    apart = (states[scene, sender] - states[scene, receiver])[:2]
    expected = (after[1] - after[0]) @ apart / apart.norm()
    pulls = views_of_edges._pull(simulator, states, types, torch.arange(2))
    np.testing.assert_allclose(pulls[scene, receiver, column], expected, rtol=1e-4)


def test_pulls_do_not_hang_on_what_the_model_calls_its_types(monkeypatch):
    found, scenes, naming = views_of_motion.named_model("springs_5")
    low, high = torch.tensor(found.data.facts["scale"].ranges).unbind(1)
    found.model.decoder = views_of_edges.SimulatorDecoder("charged", low, high, substeps=1)
    monkeypatch.setattr(views_of_edges, "named_model", lambda task: (found, scenes, naming))
    ours = views_of_edges.pulls("springs_5", 5).learned
    forward = found.model.decoder.forward
    monkeypatch.setattr(found.model.decoder, "forward", lambda states, types: forward(states, types.flip(-1)))
    monkeypatch.setattr(views_of_edges, "named_model", lambda task: (found, scenes, naming.flip(0)))
    np.testing.assert_allclose(views_of_edges.pulls("springs_5", 5).learned, ours)


def test_oscillators_do_not_pull():
    with pytest.raises(InputError, match="kuramoto_5 has no pull between objects"):
        views_of_edges.pulls("kuramoto_5", 1)


def test_edges_come_one_by_one_with_the_closest_approach():
    view = views_of_edges.edges("charged_5", 3)
    _, scenes, _ = views_of_motion.named_model("charged_5", 3)
    places = scenes["trajectories"][:, :FRAMES, :, :2]
    expected = [
        (places[s, :, i] - places[s, :, j]).norm(dim=-1).min()
        for s in range(3)
        for i in range(5)
        for j in range(5)
        if i != j
    ]
    np.testing.assert_allclose(view.closest, expected, rtol=1e-5)
    assert view.types.tolist() == scenes["edges"].flatten().tolist()
    assert view.right.dtype == bool
    assert "untrained" in view.source


def test_closeness_is_drawn_by_type_in_bins_of_equal_size():
    closest = np.arange(32.0)
    types, right = np.repeat([0, 1], 16), closest % 2 == 0
    figure = figures.edges_by_closeness(views_of_edges.EdgeView(closest, types, right, "here"), ("pulled", "pushed"))
    assert {"pulled", "pushed"} <= labels(figure)
    near, far, *_ = figure.axes[0].lines
    assert near.get_xdata().tolist() == [0.5 + 2 * number for number in range(8)]
    assert far.get_xdata().tolist() == [16.5 + 2 * number for number in range(8)]
    assert set(near.get_ydata()) == {50.0}


def test_a_panel_of_laws_holds_every_edge_and_the_true_law():
    distances = np.linspace(1, 3, 200)
    view = views_of_edges.PullView(distances, 0.11 * distances, 0.1 * distances, "here")
    figure = figures.laws({"springs": view, "others": view})
    assert [axis.get_title(loc="left") for axis in figure.axes] == ["springs", "others"]
    line, dots, *_ = figure.axes[0].lines
    np.testing.assert_allclose(dots.get_ydata(), 0.11 * distances)
    np.testing.assert_allclose(line.get_ydata(), 0.1 * line.get_xdata(), rtol=1e-2)


def test_every_picture_of_a_network_says_whose_weights_it_shows():
    rng = np.random.default_rng(0)
    graph = np.ones((5, 4))
    scene = views_of_motion.MotionView(*rng.normal(size=(3, HORIZON, 5, 2)), graph, graph, "weights of one")
    types, right = np.zeros(16, dtype=int), np.ones(16, dtype=bool)
    edges = views_of_edges.EdgeView(np.arange(16.0), types, right, "weights of one")
    pulls = [views_of_edges.PullView(*rng.random((3, 50)), f"weights of {number}") for number in ("one", "two")]
    drawn = [
        figures.inferred_graphs([scene]),
        figures.predicted_motion([scene]),
        figures.edges_by_closeness(edges, ("pulled",)),
        figures.laws(dict(zip(("springs", "charges"), pulls, strict=True))),
    ]
    said = ["\n".join(text.get_text() for text in figure.findobj(Text)) for figure in drawn]
    assert all("weights of one" in words for words in said)
    assert "springs: weights of one\ncharges: weights of two" in said[-1]
