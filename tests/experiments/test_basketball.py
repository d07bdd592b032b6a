"""The rows on basketball: trained alike, measured on the last eight frames, judged by their records."""

from dataclasses import replace

import pytest
import torch

from reprolib import experiments, paths
from reprolib.contracts.configuration import Config, change
from reprolib.contracts.requests import Request
from reprolib.data.basketball.basketball_tensors import UNKNOWN
from reprolib.data.basketball.play_windows import ROLES
from reprolib.data.sources import BASKETBALL
from reprolib.data.split import Dataset, Split
from reprolib.errors import InputError
from reprolib.evidence import claims
from reprolib.experiments.basketball import EXPERIMENT, FULL, JOINT, LEARNED, SINGLE, STATIC
from reprolib.judgement.labels import judged
from reprolib.methods import basketball_plays
from reprolib.models.nri import NRI
from reprolib.models.without_graph import Static
from reprolib.running import runs
from reprolib.settings.data_sets import BasketballData
from reprolib.settings.moving import LSTMModel, NRIModel
from reprolib.settings.recipe import Training
from reprolib.training.loop import fit

TRAINED = (LEARNED, FULL, JOINT, SINGLE)
TINY = {"model.width": 8, "model.decoder_width": 8}


@pytest.fixture(autouse=True)
def _own_folders(monkeypatch, tmp_path):
    monkeypatch.setattr(paths, "BUILD", tmp_path)
    monkeypatch.setenv("REPROLIB_RESULTS", str(tmp_path / "results"))


def row(system):
    return EXPERIMENT.row(f"basketball/{system}")


def made_up(paths_, edges=UNKNOWN):
    return Split({"trajectories": paths_, "edges": torch.full((len(paths_), 5, 4), edges)})


def build(config, kind="generated"):
    return basketball_plays.build(config, Dataset("", kind, "", {}, {"features": 4}))


@pytest.mark.parametrize("scale", ["smoke", "small", "paper"])
def test_all_rows_are_trained_alike_on_the_same_plays(scale):
    assert {one.system for one in EXPERIMENT.rows} == {*TRAINED, STATIC}
    assert len({row(system).at(scale).train for system in TRAINED}) == 1
    assert len({one.at(scale).data for one in EXPERIMENT.rows}) == 1


def test_every_model_is_given_seventeen_frames_in_training():
    trajectories = torch.randn(2, 25, 5, 4)
    for system in (LEARNED, FULL):
        model, given = build(change(row(system).config, {"model.decoder_width": 8})), []
        model.decoder.forward = lambda states, types, memory, seen=given: (seen.append(states), (states, memory))[1]
        model.loss(made_up(trajectories).columns)
        assert len(given) == 24
        torch.testing.assert_close(torch.stack(given[:17], 1), trajectories[:, :17])
        assert all(torch.equal(states, trajectories[:, 16]) for states in given[17:])
    lstm = build(Config(BasketballData(), replace(row(JOINT).config.model, hidden=4), Training(0)))
    told = []
    lstm.predictions = lambda frames, given: told.append(given) or frames
    lstm.loss({"trajectories": trajectories})
    assert told == [[True] * 17 + [False] * 7]


def test_the_encoder_reads_the_first_seventeen_frames_alone():
    """Change what comes later, and neither the graph nor the gradient of its divergence changes."""
    torch.manual_seed(0)
    model, trajectories = build(change(row(LEARNED).config, TINY)), torch.randn(3, 25, 5, 4)
    later = torch.cat([trajectories[:, :17], torch.randn(3, 8, 5, 4)], 1)
    model.eval()
    graphs = [model.types({"trajectories": each}) for each in (trajectories, later)]
    torch.testing.assert_close(*graphs)
    read = []
    model.encoder.register_forward_pre_hook(lambda _, inputs: read.append(inputs[0].shape[1]))
    model.loss(made_up(later).columns)
    basketball_plays.evaluate(model, made_up(later))
    assert {*read} == {17}


def test_errors_are_those_of_the_last_eight_frames(monkeypatch):
    monkeypatch.setattr(basketball_plays, "AT_ONCE", 2)
    times = torch.arange(25.0)[None, :, None, None].expand(5, -1, 5, 4)
    found = basketball_plays.evaluate(Static(), made_up(times))
    errors = {f"mse/step_{step}": float(step**2) for step in range(1, 9)}  # of a copy of frame 16
    assert {name: found[name] for name in errors} == errors
    assert found["mse/curve"] == sum(errors.values()) / 8 == -found["score"]
    assert len(found) == 10, "a copy has no edges"


def test_shares_count_edges_by_the_roles_of_their_ends():
    acting = torch.zeros(4, 5, 4, dtype=torch.bool)
    ball, handler, defender = ROLES.index("ball"), ROLES.index("handler"), ROLES.index("handler_defender")
    acting[:3, ball, 0] = True  # the first sender to the ball is the handler
    acting[:, defender, 1] = True  # and the second to the handler's defender, too
    acting[0, defender, 2] = True  # the third is the mate
    found = basketball_plays.shares(acting)
    assert (ball, handler) == (0, 1)
    expected = {"share/handler_to_ball": 75, "share/handler_to_handler_defender": 100}
    expected |= {"share/mate_to_handler_defender": 25}
    assert {name: float(value) for name, value in found.items() if value and "_to_" in name} == expected
    assert len(found) == 20 + 2
    assert found["share/ball_or_handler"] == pytest.approx((75 + 100) / 14)
    assert found["share/others"] == pytest.approx(25 / 6)


def test_true_edges_are_asked_for_only_where_they_are_known():
    torch.manual_seed(0)
    model = NRI(NRIModel(width=8, decoder_width=8), 17, 4).eval()
    model.encoder.forward = lambda frames: torch.tensor([0.0, 1.0]).expand(len(frames), 5, 4, 2)
    trajectories = torch.randn(3, 25, 5, 4)
    assert basketball_plays.evaluate(model, made_up(trajectories, edges=1))["accuracy/edges"] == 100
    unknown = basketball_plays.evaluate(model, made_up(trajectories))
    assert "accuracy/edges" not in unknown
    assert unknown["share/ball_to_handler"] == 100


@pytest.mark.parametrize(
    ("model", "kind", "message"),
    [
        (NRIModel(decoder="simulator"), "generated", "nobody can simulate players"),
        (NRIModel(graph="true"), "real", "nobody knows the graph of a real play"),
    ],
)
def test_what_there_is_not_for_players_is_refused(model, kind, message):
    with pytest.raises(InputError, match=message):
        build(Config(BasketballData(), model, Training(0)), kind)


@pytest.mark.parametrize("system", TRAINED)
def test_a_few_plays_are_learned_by_heart(system):
    """Training lowers the error of the predicted frames well below that of a copy, on the plays that it sees."""
    settings = {"data.train": 4, "data.valid": 1, "data.test": 1, "train.steps": 60, "train.batch": 4}
    widths = {"model.hidden": 32} if isinstance(row(system).config.model, LSTMModel) else {"model.decoder_width": 32}
    widths |= {"model.width": 16} if system == LEARNED else {}
    fast = {"train.rate": 1e-2, "train.optimiser": "muon", "train.schedule": "cosine", "train.clip": 1.0}
    fast |= {"train.evaluate_every": 60}
    config = change(row(system).config, settings | widths | fast)
    data = BASKETBALL.load(config.data, "generated")
    torch.manual_seed(0)
    model, seen = build(config), data.splits["train"]
    fit(
        model,
        basketball_plays.learner(),
        seen,
        lambda model: basketball_plays.evaluate(model, seen),
        "score",
        config.train,
        seed=0,
        identity="",
    )
    found = basketball_plays.evaluate(model.eval(), seen)
    assert found["mse/curve"] < 0.5 * basketball_plays.evaluate(Static(), seen)["mse/curve"]


def test_the_claim_is_judged_by_real_records_and_counts_as_changed(record_of):
    deviation = {"kind": "data", "text": "other plays", "less": False}
    data = record_of(kind="real").data | {"name": "basketball"}
    usual = {"experiment": "basketball", "task": "basketball", "scale": "small", "data": data}
    errors = {LEARNED: 0.5, JOINT: 1.0, STATIC: 2.0}
    shares = {"share/ball_or_handler": 80.0, "share/others": 30.0}

    def judge(errors, shares):
        found = [
            record_of(
                system=system,
                seed=seed,
                metrics={"mse/curve": error * (1 + seed / 100)} | (shares if system == LEARNED else {}),
                deviations=[deviation],
                **usual,
            )
            for system, error in errors.items()
            for seed in range(3)
        ]
        return next(one for one in judged(found) if one.claim.id == "nri-basketball")

    assert judge(errors, shares).label == "reproduced, changed"
    assert judge(errors | {LEARNED: 1.5}, shares).effect == "fails"
    assert judge(errors, {"share/ball_or_handler": 30.0, "share/others": 80.0}).effect == "fails"
    assert len(next(claim for claim in claims.read() if claim.id == "nri-basketball").comparisons) == 2


def test_a_smoke_run_writes_its_record():
    record = runs.run(Request(experiments.get("basketball"), row(SINGLE)), device="cpu")
    assert {"mse/step_1", "mse/step_8", "mse/curve", "score"} <= {*record.metrics}
    assert record.data["procedure"] == "ours"
