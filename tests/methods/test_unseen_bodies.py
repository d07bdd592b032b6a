"""What is measured of a network on a body that it has never seen."""

import numpy as np
import pytest
import torch

from reprolib.contracts.configuration import change
from reprolib.data.sources import JOINTS
from reprolib.data.split import Split
from reprolib.evidence.metrics import auroc
from reprolib.experiments.rn_physics import EXPERIMENT, SCORING
from reprolib.settings.data_sets import JointsData

ROWS = {row.system: row for row in EXPERIMENT.rows if row.task == "mocap_transfer"}


@pytest.fixture(scope="module")
def data():
    return JOINTS.load(JointsData(choices=6, windows=1), "generated")


class Told(torch.nn.Module):
    def __init__(self, logits):
        super().__init__()
        self.logits = logits

    def forward(self, objects):
        return self.logits


def test_the_area_counts_pairs_that_are_in_order():
    rng = np.random.default_rng(0)
    scores, positive = rng.integers(5, size=60).astype(float), rng.random(60) < 0.4
    ours, others = scores[positive], scores[~positive]
    wins = (ours[:, None] > others).mean() + (ours[:, None] == others).mean() / 2
    assert auroc(scores, positive) == pytest.approx(100 * wins)
    assert np.isnan(auroc(scores, np.ones(60, dtype=bool)))


def test_who_knows_the_body_is_right_and_who_guesses_is_not(data):
    split = data.splits["test"]
    known = SCORING.evaluate(Told(split.columns["connections"].float()), split)
    assert (known["auroc/skeleton"], known["auroc/limbs"]) == (100, 100)
    guessed = SCORING.evaluate(Told(torch.zeros(len(split), 10, 10)), split)
    assert guessed == pytest.approx(dict.fromkeys(guessed, 50))
    assert known["auroc/skeleton_low"] <= known["auroc/skeleton"] <= known["auroc/skeleton_high"]


def test_every_choice_weighs_alike(data):
    """Of two drawn choices one is all right and one all wrong."""
    columns = {name: column.clone() for name, column in data.splits["test"].columns.items()}
    keep = columns["choices"] <= 2
    split = Split({name: column[keep] for name, column in columns.items()})
    sign = torch.where(split.columns["choices"] == 1, 1.0, -1.0)[:, None, None]
    found = SCORING.evaluate(Told(sign * split.columns["connections"]), split)
    assert found["auroc/skeleton"] == pytest.approx(50)
    assert found["auroc/skeleton"].error > 0
    assert found["auroc/limbs"] == 0


@pytest.mark.parametrize("system", ROWS)
def test_every_row_scores_a_body(system, data):
    torch.manual_seed(0)
    config = change(ROWS[system].at("smoke"), {"data.choices": 6})
    found = SCORING.evaluate(SCORING.build(config, data).eval(), data.splits["valid"])
    assert 0 <= found["auroc/skeleton"] <= 100


def test_joints_whose_distance_varies_little_are_taken_for_joined(data):
    model = SCORING.build(ROWS["Distance variance"].at("smoke"), data)
    assert SCORING.evaluate(model, data.splits["test"])["auroc/skeleton"] > 60
