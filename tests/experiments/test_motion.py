"""What the experiments on motion share: scenes, measurement, and the order that the paper's tables claim."""

from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from reprolib import experiments, paths
from reprolib.contracts import requests
from reprolib.contracts.configuration import Config, change
from reprolib.contracts.entry import SCALES
from reprolib.data import ranges
from reprolib.data.sources import SIMULATED_MOTION
from reprolib.data.split import Split
from reprolib.errors import InputError
from reprolib.evidence import kinds, published
from reprolib.methods import trajectories
from reprolib.methods.trajectories import START
from reprolib.models.nri import NRI, GivenGraph, latent
from reprolib.models.without_graph import Static, TrajectoryLSTM
from reprolib.rows import motion_rows as motion
from reprolib.running import runs
from reprolib.settings.data_sets import FRAMES, HORIZON, MotionData
from reprolib.settings.moving import CorrelationModel, LSTMModel, NRIModel
from reprolib.settings.recipe import Training
from reprolib.training.loop import OutOfTimeError, fit

PREDICTING = {"NRI (learned)", "NRI (true graph)", "NRI (full graph)", "LSTM (single)", "LSTM (joint)"}
FEW = {"data.train": 30, "data.valid": 5, "data.test": 6, "data.others": (3, 7), "data.of_others": 4}


@pytest.fixture(autouse=True)
def _cache(monkeypatch, tmp_path):
    monkeypatch.setattr(paths, "BUILD", tmp_path)


def config(**changes):
    return change(Config(MotionData(), NRIModel(), Training(0)), FEW | changes)


def test_scenes_are_scaled_by_the_papers_training_scenes():
    data = SIMULATED_MOTION.load(config().data, "generated")
    train, test = (data.splits[name].columns for name in ("train", "test"))
    assert train["trajectories"].shape == (30, FRAMES, 5, 4)
    assert test["trajectories"].shape == (6, 99, 5, 4)
    known = ranges.committed()["springs", 5, 0]
    low, high = zip(*(known[name] for name in ("position", "position", "velocity", "velocity")), strict=True)
    assert data.facts["scale"].ranges == tuple(zip(low, high, strict=True))
    raw = (test["trajectories"] + 1) / 2 * (torch.tensor(high) - torch.tensor(low)) + torch.tensor(low)
    moved = raw[:, 1:, :, :2] - raw[:, :-1, :, :2]  # a tenth of a second each
    inside = raw[..., :2].abs().amax((1, 2, 3)) < 4.9  # no wall in between
    torch.testing.assert_close(moved[inside], raw[inside, 1:, :, 2:] * 0.1, rtol=0, atol=0.02)


@pytest.mark.parametrize("kind", ["springs", "charged", "kuramoto_raw"])
def test_the_units_are_the_same_however_few_scenes_train(kind):
    few, more = (
        SIMULATED_MOTION.load(config(**{"data.kind": kind, "data.train": count}).data, "generated")
        for count in (10, 200)
    )
    assert few.facts["scale"] == more.facts["scale"]
    for name in ("valid", "test"):
        one, other = (data.splits[name].columns["trajectories"] for data in (few, more))
        torch.testing.assert_close(one, other, rtol=0, atol=0)
    first = more.splits["train"].columns["trajectories"][:10]
    torch.testing.assert_close(few.splits["train"].columns["trajectories"], first, rtol=0, atol=0)


@pytest.mark.parametrize(("settings", "fits"), [(motion.scenes("kuramoto"), True), (MotionData("kuramoto"), False)])
def test_a_copy_of_an_oscillators_last_frame_errs_as_printed(settings, fits):
    """Nothing is trained for it: it tells whether rates have the paper's unit, which few scenes are enough to fix."""
    data = SIMULATED_MOTION.load(replace(settings, train=2_000, valid=1, test=1_000), "generated")
    found = trajectories.evaluate(Static(), data.splits["test"])
    row = (motion.PAPER, "Static", "kuramoto_5")
    printed = {line.metric: line.value for line in published.read() if (line.paper, line.system, line.task) == row}
    assert len(printed) == 3
    near = [found[metric] == pytest.approx(value, rel=0.05) for metric, value in printed.items()]
    assert near == [fits] * 3


def test_other_sizes_come_with_the_test_scenes():
    tables = SIMULATED_MOTION.load(config().data, "generated").splits["test"].tables
    assert tables["trajectories/3"].shape == (4, FRAMES, 3, 4)
    assert tables["edges/7"].shape == (4, 7, 6)


def test_further_scenes_of_the_same_size_are_new_ones():
    data = SIMULATED_MOTION.load(config(**{"data.others": (5,)}).data, "generated")
    further = data.splits["test"].tables["trajectories/5"]
    for split in data.splits.values():
        assert not torch.equal(further, split.columns["trajectories"][: len(further), :FRAMES])


def test_the_threshold_of_correlations_is_fitted_on_as_many_scenes_as_said():
    changed = Config(config().data, CorrelationModel(reference=7), Training(0))
    assert len(trajectories.build(changed, SIMULATED_MOTION.load(changed.data, "generated")).reference) == 7


def test_the_splits_are_different_scenes_and_the_hash_is_that_of_the_settings():
    data = SIMULATED_MOTION.load(config(**{"data.valid": 6}).data, "generated")
    valid, test = (data.splits[name].columns["trajectories"][:, :FRAMES] for name in ("valid", "test"))
    assert not torch.equal(valid, test)
    assert data.hash == SIMULATED_MOTION.identity(config(**{"data.valid": 6}).data, "generated")
    assert data.hash != SIMULATED_MOTION.identity(config(**{"data.seed": 1}).data, "generated")
    assert SIMULATED_MOTION.identity(config().data, "real") is None


def test_other_units_are_other_data(monkeypatch):
    usual = SIMULATED_MOTION.identity(config().data, "generated")
    assert SIMULATED_MOTION.identity(config().data, "generated") == usual
    monkeypatch.setattr(ranges, "identity", lambda *_: "other ranges")
    assert SIMULATED_MOTION.identity(config().data, "generated") != usual


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"data.test_frames": 69}, "data.test_frames is 69: give a number of 70 and up"),
        ({"data.kind": "pendulum"}, "kind is 'pendulum'"),
    ],
)
def test_bad_settings_are_refused_before_any_training(changes, message):
    with pytest.raises(InputError, match=message):
        SIMULATED_MOTION.load(config(**changes).data, "generated")


def test_there_are_no_real_files():
    with pytest.raises(InputError, match="never released"):
        SIMULATED_MOTION.load(config().data, "real")


def test_errors_are_those_of_each_step_from_the_first_frame_that_is_not_read(monkeypatch):
    """Over five scenes, two at a time, the last alone."""
    torch.manual_seed(0)
    paths_ = torch.randn(5, 99, 3, 4)
    split = Split({"trajectories": paths_, "edges": torch.zeros(5, 3, 2, dtype=torch.long)})
    monkeypatch.setattr(trajectories, "AT_ONCE", 2)
    found = trajectories.evaluate(Static(), split)
    start = 49  # frames 0 to 48 are read, 49 is given, 50 to 69 are predicted
    for step in (1, 10, 20):
        expected = (paths_[:, start + step] - paths_[:, start]).square().mean().item()
        assert found[f"mse/step_{step}"] == pytest.approx(expected)
    assert len(found) == HORIZON


class Watched(nn.Module):
    """A decoder that predicts no change and remembers the states that it was given."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def start(self, states):
        return None

    def forward(self, states, types, memory=None):
        self.seen.append(states)
        return states, memory


def squared():
    """Made-up scenes whose every feature is the square of its frame's number."""
    paths_ = torch.arange(99.0).square()[None, :, None, None].expand(2, -1, 3, 4)
    return Split({"trajectories": paths_, "edges": torch.ones(2, 3, 2, dtype=torch.long)})


def errors_of_a_copy(found):
    """Whether the errors are those of frame 49, compared with 50 to 69, as in the official `data[:, :, 49:70]`."""
    expected = {f"mse/step_{step}": float((49 + step) ** 2 - 49**2) ** 2 for step in range(1, 21)}
    return {name: value for name, value in found.items() if name.startswith("mse/")} == pytest.approx(expected)


def test_the_target_of_the_first_step_is_frame_50_and_the_last_given_frame_is_49(monkeypatch):
    assert errors_of_a_copy(trajectories.evaluate(Static(), squared()))
    for graph in ("true", "full"):
        types = {"types": 1, "first_is_none": False} if graph == "full" else {}
        model = GivenGraph(NRIModel(graph=graph, **types), 4, Watched())
        assert errors_of_a_copy(trajectories.evaluate(model, squared()))
        assert model.decoder.seen[0].unique().tolist() == [49**2]
    inferring, read = NRI(NRIModel(width=4), FRAMES, 4, Watched()).eval(), []
    monkeypatch.setattr(inferring.encoder, "forward", lambda frames: read.append(frames) or torch.zeros(2, 3, 2, 2))
    assert errors_of_a_copy(trajectories.evaluate(inferring, squared()))
    assert inferring.decoder.seen[0].unique().tolist() == [49**2]
    assert all(frames[0, :, 0, 0].tolist() == [frame**2 for frame in range(49)] for frames in read)


@pytest.mark.parametrize("joint", [False, True])
def test_an_lstm_reads_frames_0_to_49_and_predicts_from_50_on(joint, monkeypatch):
    model, read = TrajectoryLSTM(LSTMModel(hidden=4, joint=joint), 4, 3), []
    monkeypatch.setattr(model, "_read", lambda frames, memory: read.append(frames) or (frames, memory))
    assert errors_of_a_copy(trajectories.evaluate(model.eval(), squared()))
    assert read[0][0, :, 0, 0].tolist() == [frame**2 for frame in range(50)]


@pytest.mark.parametrize("frames", [69, 70])
def test_a_test_scene_of_70_frames_is_long_enough_for_a_rollout(frames):
    columns = {name: column[:, :frames] for name, column in squared().columns.items() if name == "trajectories"}
    found = trajectories.evaluate(Static(), Split(columns | {"edges": squared().columns["edges"]}))
    assert len(found) == (HORIZON if frames == 70 else 0)


def test_short_scenes_have_a_score_and_no_rollout(monkeypatch):
    split = Split({"trajectories": torch.randn(5, FRAMES, 3, 4), "edges": torch.ones(5, 3, 2, dtype=torch.long)})
    model = GivenGraph(NRIModel(graph="true", decoder_width=4), 4)
    found = trajectories.evaluate(model, split)
    assert set(found) == {"score"}
    monkeypatch.setattr(trajectories, "AT_ONCE", 2)
    assert trajectories.evaluate(model, split)["score"] == pytest.approx(found["score"])


def test_a_rollout_sees_no_frame_after_its_start():
    model = GivenGraph(NRIModel(graph="true", decoder_width=4), 4)
    given = torch.randn(4, 99, 3, 4)
    later = given.clone()
    later[:, START + HORIZON + 1 :] += 1
    edges = torch.ones(4, 3, 2, dtype=torch.long)
    one, other = (
        trajectories.evaluate(model, Split({"trajectories": paths_, "edges": edges})) for paths_ in (given, later)
    )
    assert one == other


def test_accuracy_is_that_of_the_best_naming():
    edges = torch.randint(2, (6, 3, 2))
    blind = SimpleNamespace(edges=lambda _: 1 - edges)
    split = Split({"trajectories": torch.randn(6, FRAMES, 3, 4), "edges": edges})
    assert trajectories.evaluate(blind, split) == {"accuracy/edges": 100.0, "score": 100.0}


def test_other_numbers_of_objects_keep_the_naming():
    edges = {count: torch.randint(2, (6, count, count - 1)) for count in (3, 5, 7)}
    said = {
        3: edges[3],
        5: 1 - edges[5],
        7: 1 - edges[7],
    }  # the names of 5 objects are turned round, and those of 3 are not
    model = SimpleNamespace(edges=lambda paths: said[paths.shape[2]])
    paths = {count: torch.randn(6, FRAMES, count, 4) for count in edges}
    tables = {f"{name}/{n}": column[n] for name, column in (("edges", edges), ("trajectories", paths)) for n in (3, 7)}
    found = trajectories.evaluate(model, Split({"trajectories": paths[5], "edges": edges[5]}, tables))
    assert {name: value for name, value in found.items() if name != "score"} == {
        "accuracy/edges": 100.0,
        "accuracy/edges_3": 0.0,
        "accuracy/edges_7": 100.0,
    }


def asked_about(edges, said):
    """What is measured where a model says these types, {objects: [M, N, N - 1]}; the split's own number comes first."""
    (own, *others), columns = edges, {}
    for count, types in edges.items():
        paths = torch.zeros(len(types), FRAMES, count, 4)
        columns[count] = {"trajectories": paths, "edges": types}
    tables = {f"{name}/{count}": column for count in others for name, column in columns[count].items()}
    model = SimpleNamespace(edges=lambda paths: said[paths.shape[2]])
    return trajectories.evaluate(model, Split(columns[own], tables))


@pytest.mark.parametrize("turned", [3, 5, 7])
def test_types_are_named_on_the_scenes_of_the_split_and_no_others(turned):
    """One number of objects has the names of its types turned round; the scenes of other numbers are more."""
    edges = {count: torch.randint(2, (scenes, count, count - 1)) for count, scenes in ((5, 6), (3, 50), (7, 50))}
    found = asked_about(edges, {count: types ^ (count == turned) for count, types in edges.items()})
    right = {3: "accuracy/edges_3", 5: "accuracy/edges", 7: "accuracy/edges_7"}
    expected = {name: 100.0 * ((count == turned) == (turned == 5)) for count, name in right.items()}
    assert {name: found[name] for name in right.values()} == expected


def test_a_type_that_is_said_only_of_other_numbers_of_objects_is_scored_too():
    """The scenes of five objects name two types; a third, of which half the edges of three objects are, is wrong."""
    edges = {count: torch.arange(4 * count * (count - 1)).view(4, count, count - 1) % 2 for count in (5, 3)}
    said = {5: 1 - edges[5], 3: torch.where(edges[3] == 1, 2, 1)}
    found = asked_about(edges, said)
    assert (found["accuracy/edges"], found["accuracy/edges_3"]) == (100.0, 50.0)


@pytest.mark.parametrize("scale", [scale for scale in SCALES if scale != "smoke"])
def test_the_row_of_paths_correlates_whole_trajectories(scale):
    """The printed figures come out so, and not feature by feature."""
    rows = [row for row in experiments.get("nri_edges").rows if row.system == "Corr. (path)" and scale in row.minutes]
    assert all(row.at(scale).model.signal == "flat" for row in rows)
    data = SIMULATED_MOTION.load(config().data, "generated")
    model = trajectories.build(Config(config().data, CorrelationModel(), Training(0)), data)
    frames = data.splits["test"].columns["trajectories"][:, :FRAMES]
    pair = frames[2, :, 0].flatten(), frames[2, :, 3].flatten()  # x, y and velocities of all frames in one vector
    expected = torch.corrcoef(torch.stack(pair).double())[0, 1]
    torch.testing.assert_close(model.correlations(frames)[2, 0, 2], expected)


def test_an_lstm_that_nothing_trains_is_refused():
    with pytest.raises(InputError, match=r"model\.signal is lstm, but train\.steps is 0"):
        trajectories.build(
            Config(MotionData(), CorrelationModel("lstm"), Training(0)),
            SIMULATED_MOTION.load(config().data, "generated"),
        )


def test_what_is_correlated_must_be_known():
    with pytest.raises(InputError, match=r"model\.signal is 'path': choose one of flat, paths, lstm"):
        trajectories.build(
            Config(MotionData(), CorrelationModel("path"), Training(0)),
            SIMULATED_MOTION.load(config().data, "generated"),
        )


def test_every_published_cell_of_both_tables_has_a_row():
    rows = {(row.task, row.system) for name in ("nri_edges", "nri_prediction") for row in experiments.get(name).rows}
    lines = [line for line in published.read() if line.paper == motion.PAPER and line.table in ("Table 1", "Table 2")]
    assert len(lines) > 70
    assert {(line.task, line.system) for line in lines} - rows == set()


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("kind", motion.SYSTEMS)
def test_what_is_compared_by_its_errors_was_trained_alike(kind, scale):
    found = (row for name in ("nri_edges", "nri_prediction") for row in experiments.get(name).rows)
    rows = [row for row in found if row.task == f"{kind}_5" and row.system in PREDICTING]
    assert len(rows) == len(PREDICTING)
    rows = [row for row in rows if scale in row.minutes]
    assert len(rows) in (0, len(PREDICTING)), "a scale that only some of them have compares nothing"
    own = {"precision": "fp32", "clip": None}  # which hang on the model
    assert len({replace(row.at(scale).train, **own) for row in rows}) <= 1
    assert len({row.at(scale).data.train for row in rows}) <= 1


def rows_of(table, task):
    """The rows that a table shows of a task: those of the learned graph are in both."""
    rows = [row for name in TABLES for row in experiments.get(name).rows if row.task == task]
    here = {row.name for row in experiments.get(table).rows}
    return [row for row in rows if row.name in here or row.system == "NRI (learned)"]


TABLES = ("nri_edges", "nri_prediction")
TASKS = [(table, task) for table in TABLES for task in dict.fromkeys(row.task for row in experiments.get(table).rows)]
RESULTS = [scale for scale in SCALES if scale != "smoke"]


@pytest.mark.parametrize("scale", RESULTS)
@pytest.mark.parametrize(("table", "task"), TASKS)
def test_the_rows_of_a_table_share_scenes_optimiser_schedule_and_batches(table, task, scale):
    """Steps are each row's own, as many as it needs."""
    configs = [row.at(scale) for row in rows_of(table, task)]
    assert len(configs) == (6 if table == "nri_prediction" else 4 if "kuramoto" in task else 5)
    assert len({replace(config.data, others=()) for config in configs}) == 1
    own = {"steps": 1, "evaluate_every": 1, "precision": "fp32", "clip": None}
    assert len({replace(config.train, **own) for config in configs if config.train.steps}) == 1


@pytest.mark.parametrize("scale", RESULTS)
@pytest.mark.parametrize(("table", "task"), TASKS)
def test_the_decoders_of_a_table_are_judged_by_the_same_likelihood(table, task, scale):
    models = [row.at(scale).model for row in rows_of(table, task) if isinstance(row.config.model, NRIModel)]
    assert len(models) == (3 if table == "nri_prediction" else 1 if "kuramoto" in task else 2)
    assert len({(m.variance, m.peak, m.peak_from, m.peak_variance) for m in models}) == 1
    assert len({m.temperature for m in models if m.graph == "inferred"}) == 1


@pytest.mark.parametrize("scale", RESULTS)
@pytest.mark.parametrize("kind", motion.SYSTEMS)
def test_what_the_second_table_compares_differs_only_in_the_graph(kind, scale):
    rows = rows_of("nri_prediction", f"{kind}_5")
    models = [row.at(scale).model for row in rows if isinstance(row.config.model, NRIModel)]
    graph = {"graph": "true", "types": 2, "first_is_none": False}
    encoder = {"encoder": "mlp", "width": 1, "temperature": 1.0}
    assert len({model.graph for model in models}) == 3
    assert len({replace(model, **graph, **encoder) for model in models}) == 1


def test_the_peak_of_the_likelihood_begins_while_every_row_still_trains():
    rows = [row for name in TABLES for row in experiments.get(name).rows if isinstance(row.config.model, NRIModel)]
    peaked = [config for row in rows for scale in RESULTS if (config := row.at(scale)).model.peak]
    assert len(peaked) == 2 * 6  # at two scales: learned and sim. with 5 and 10 charges, true and full graph
    assert all(2 * config.model.peak_from < config.train.steps for config in peaked)


def test_long_has_the_papers_scenes_and_evaluation_and_at_most_its_models():
    rows = [row for name in TABLES for row in experiments.get(name).rows]
    for row in rows:
        long, paper = row.at("long"), row.at("paper")
        assert replace(long.data, valid=paper.data.valid) == paper.data
        assert long.train.steps <= paper.train.steps
        for size in ("width", "decoder_width", "hidden", "substeps"):
            assert getattr(long.model, size, 0) <= getattr(paper.model, size, 0)
            assert getattr(long.model, size, 0) >= getattr(row.at("small").model, size, 0)
    assert max(row.minutes["long"] for row in rows) <= 180
    assert sum(row.minutes["long"] for row in rows) <= 22 * 60
    assert max(row.minutes["small"] for row in rows) <= 45


@pytest.mark.parametrize("name", ["nri_edges", "nri_prediction"])
def test_every_row_can_be_built_and_measured_at_smoke_scale(name):
    experiment = experiments.get(name)
    for row in experiment.rows:
        if row.task.endswith("_10"):
            continue  # the same models
        small = {"data.train": 20, "data.valid": 4, "data.test": 4, "data.others": (), "data.test_frames": 70}
        settings = change(row.at("smoke"), small)
        data = SIMULATED_MOTION.load(settings.data, "generated")
        found = trajectories.evaluate(trajectories.build(settings, data).eval(), data.splits["test"])
        wanted = "accuracy/edges" if name == "nri_edges" else "mse/step_20"
        assert torch.isfinite(torch.tensor(found[wanted]))
        assert all(kinds.of_ours(metric) for metric in found)


BAD = [
    ("nri_prediction", "springs_5/Static", {"train.steps": 5}, "nothing to train: set train.steps to 0"),
    ("nri_edges", "springs_5/Corr. (path)", {"train.steps": 5}, "nothing to train: set train.steps to 0"),
    ("nri_edges", "springs_5/Corr. (LSTM)", {"model.reference": 0}, r"model\.reference is 0"),
    ("nri_prediction", "springs_5/NRI (full graph)", {"model.graph": "true"}, r"model\.types is 1"),
    ("nri_prediction", "springs_5/NRI (full graph)", {"model.decoder": "simulator"}, "knows 2 types"),
    ("nri_edges", "springs_5/NRI (sim.)", {"model.types": 3}, "knows 2 types"),
    ("nri_prediction", "kuramoto_5/NRI (true graph)", {"model.decoder": "simulator"}, "none for kuramoto"),
    ("nri_edges", "springs_5/Supervised", {"model.types": 1}, r"model\.types is 1"),
    ("nri_edges", "springs_5/Supervised", {"model.types": 65}, "give a number of 2 to 64"),
    ("nri_edges", "springs_5/NRI (learned)", {"model.types": 2000}, "give a number of 1 to 64"),
    ("nri_edges", "springs_5/Supervised", {"model.width": 0}, r"model\.width is 0"),
    ("nri_edges", "springs_5/Supervised", {"model.encoder": "rnn"}, r"model\.encoder is 'rnn'"),
    ("nri_edges", "springs_5/NRI (learned)", {"data.test": 0}, r"data\.test is 0"),
    ("nri_edges", "springs_5/NRI (learned)", {"data.others": (1,)}, r"data\.others is \[1\]"),
    ("nri_edges", "springs_5/NRI (learned)", {"data.objects": 1}, r"data\.objects is 1"),
]


@pytest.mark.parametrize(("name", "row", "changes", "message"), BAD)
def test_settings_that_make_no_run_are_named(name, row, changes, message, monkeypatch, tmp_path):
    monkeypatch.setenv("REPROLIB_RESULTS", str(tmp_path))
    experiment = experiments.get(name)
    with pytest.raises(InputError, match=message):
        runs.run(requests.Request(experiment, experiment.row(row), changes=tuple(changes.items())), device="cpu")
    assert not list(tmp_path.rglob("*.json"))


@pytest.mark.parametrize("resumes", [False, True])
def test_the_likelihood_of_charges_is_peaked_from_its_first_step_on(resumes, monkeypatch, tmp_path):
    """Five steps, the third and later ones peaked, also where training was cut off after the second."""
    told, options = [], {"seed": 0, "identity": "a", "checkpoint": tmp_path / "state.pt"}
    peaked = latent.peaked_negative_log_likelihood
    monkeypatch.setattr(latent, "peaked_negative_log_likelihood", lambda *a: told.append("peaked") or peaked(*a))
    settings = {"graph": "true", "decoder_width": 4, "peak": 2e-3, "peak_from": 2}
    training = Training(5, batch=4, evaluate_every=2)
    paths, edges = torch.randn(8, 12, 3, 4), torch.zeros(8, 3, 2, dtype=torch.long)

    def train(**further):
        model, split = GivenGraph(NRIModel(**settings), 4), Split({"trajectories": paths, "edges": edges})
        learner = trajectories.learner()
        fit(model, learner, split, lambda model: {"score": 0.0}, "score", training, **options, **further)
        assert not learner.can_capture()
        assert not [name for name in model.state_dict() if "decoder" not in name]

    if resumes:
        with pytest.raises(OutOfTimeError):
            train(deadline=0.0)
        assert told == []
    train(resume=resumes)
    assert len(told) == 3
