"""Walking bodies: what is given and what is predicted, rows that are trained alike, and the graphs they decode on."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from reprolib import experiments
from reprolib.contracts.entry import SCALES
from reprolib.data.split import Dataset, Split
from reprolib.evidence import claims
from reprolib.experiments import mocap
from reprolib.judgement.derived import derived
from reprolib.judgement.verdicts import measurements
from reprolib.methods import walking_bodies
from reprolib.models.nri import NRI, GivenGraph
from reprolib.models.without_graph import Static
from reprolib.settings.moving import NRIModel
from reprolib.training.loop import fit

FRAMES, JOINTS = 8, 4
EXPERIMENT = experiments.get("mocap")
TRAINED = [row for row in EXPERIMENT.rows if row.config.train.steps]


def windows(count=5):
    """Joints that move along straight lines, each by a velocity of its own."""
    generator = torch.Generator().manual_seed(0)
    start, velocity = (torch.randn(count, 1, JOINTS, 3, generator=generator) for _ in range(2))
    times = torch.linspace(0, 1, 2 * FRAMES)[None, :, None, None]
    places = start + times * velocity
    paths = torch.cat([places, velocity.expand(-1, 2 * FRAMES, -1, -1)], -1)
    return Split({"trajectories": paths, "edges": torch.ones(count, JOINTS, JOINTS - 1, dtype=torch.long)})


def small(**changes):
    return NRIModel(decoder="recurrent", types=4, prior=0.91, width=8, decoder_width=8, **changes)


def test_errors_are_those_of_each_frame_of_the_second_half(monkeypatch):
    """Over five windows, two at a time, the last alone."""
    monkeypatch.setattr(walking_bodies, "AT_ONCE", 2)
    split = windows()
    found = walking_bodies.evaluate(Static(), split)
    paths = split.columns["trajectories"]
    assert list(found) == [f"mse/step_{step}" for step in range(1, FRAMES + 1)]
    for step in (1, FRAMES):
        expected = (paths[:, FRAMES - 1 + step] - paths[:, FRAMES - 1]).square().mean()
        assert found[f"mse/step_{step}"] == pytest.approx(expected.item())


def test_the_encoder_reads_the_first_half_and_only_what_is_told_reads_on():
    model, split, read = NRI(small(), FRAMES, 6).eval(), windows(), []
    model.encoder.register_forward_hook(lambda _, seen, __: read.append(seen[0]))
    found = walking_bodies.evaluate(model, split)
    names = ("step", "reinferred", "told")
    steps = range(1, FRAMES + 1)
    assert set(found) == {f"mse/{name}_{step}" for name in names for step in steps} | {"score"}
    assert found["mse/step_1"] == pytest.approx(found["mse/reinferred_1"])
    paths = split.columns["trajectories"]
    truth = [any(torch.equal(seen, paths[:, first : first + FRAMES]) for seen in read) for first in range(FRAMES)]
    assert all(truth), "told: the true frames before each predicted one"
    changed = Split(split.columns | {"trajectories": torch.cat([paths[:, :FRAMES], paths[:, FRAMES:] + 99], 1)})
    read.clear()
    walking_bodies.evaluate(model, changed)
    others = sum(bool((seen > 50).any()) for seen in read)
    assert others == FRAMES - 1, "all other graphs are inferred without the second half"


def test_a_skeleton_is_a_graph_whose_absent_bones_say_nothing():
    torch.manual_seed(0)
    model, split = GivenGraph(NRIModel(decoder="recurrent", graph="true", decoder_width=8), 6).eval(), windows(2)
    batch = split.batch(slice(2))
    alone = batch | {"edges": torch.zeros_like(batch["edges"])}
    given = batch["trajectories"][:, :FRAMES]
    assert not torch.equal(model.predict(given, 3, batch), model.predict(given, 3, alone))
    moved = given.clone()
    moved[:, :, 1:] += 1  # without bones the first joint does not notice
    torch.testing.assert_close(model.predict(moved, 3, alone)[:, :, 0], model.predict(given, 3, alone)[:, :, 0])


def test_a_few_windows_are_learned_by_heart():
    torch.manual_seed(0)
    test = windows(4)
    split = Split({"trajectories": test.columns["trajectories"][:, :FRAMES], "edges": test.columns["edges"]})
    model = NRI(small(restart=4), FRAMES, 6)
    training = replace(TRAINED[0].config.train, steps=60, batch=4, rate=5e-3, evaluate_every=30, schedule="constant")

    def validate(model):
        return walking_bodies.evaluate(model, test)

    before = validate(model.eval())["score"]
    fit(model.train(), walking_bodies.learner(), split, validate, "score", training, seed=0, identity="walks")
    assert validate(model.eval())["score"] > before / 10  # a log-likelihood: below 0


@pytest.mark.parametrize("scale", SCALES)
def test_all_rows_are_trained_alike_on_the_same_windows(scale):
    if scale not in TRAINED[0].minutes:
        return
    assert len({row.at(scale).train for row in TRAINED}) == 1
    assert len({row.at(scale).data for row in EXPERIMENT.rows}) == 1
    networks = [row.at(scale).model for row in TRAINED if isinstance(row.config.model, NRIModel)]
    assert len({(model.decoder, model.decoder_width, model.restart, model.variance) for model in networks}) == 1


def test_every_system_that_the_claim_compares_is_there():
    (claim,) = [each for each in claims.read() if each.id == "nri-mocap"]
    named = {system for comparison in claim.comparisons for system in comparison.systems}
    assert named <= {each.system for each in (*EXPERIMENT.rows, *EXPERIMENT.derived)}
    assert {comparison.tasks for comparison in claim.comparisons} == {(mocap.TASK,)}


def test_a_graph_that_is_inferred_anew_has_the_learned_rows_other_errors(record_of):
    metrics = {"mse/step_1": 1.0, "mse/reinferred_1": 2.0, "mse/told_1": 3.0, "score": -1.0}
    records = [
        replace(record_of(task=mocap.TASK, system=mocap.LEARNED, scale="small", seed=seed), metrics=metrics)
        for seed in (0, 1, 2)
    ]
    found = {}
    for figure in EXPERIMENT.derived:
        (made,) = derived(figure, measurements(records)).values()
        assert made.enough
        found[figure.system] = made.values("mse/step_1")
    assert found == {mocap.REINFERRED: [2.0] * 3, mocap.TOLD: [3.0] * 3}


def test_the_model_is_built_for_the_data():
    facts = {"features": 6, "joints": 31, "frames": 50}
    for row in EXPERIMENT.rows:
        model = row.method.build(row.at("smoke"), Dataset("", "generated", "", {}, facts))
        assert isinstance(model, nn.Module)
        assert isinstance(model, NRI) == (row.system == mocap.LEARNED)
