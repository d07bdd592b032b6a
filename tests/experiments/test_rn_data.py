"""The rows on few scenes of Sort-of-CLEVR: that they are trained alike, and what is computed from their records."""

from dataclasses import replace

import pytest
import torch

from reprolib import experiments, paths
from reprolib.contracts.requests import Request
from reprolib.data.split import Dataset, Split
from reprolib.evidence import claims
from reprolib.experiments.rn_data import FLATTENED, NEEDED, RELATING, SIZES, ratio
from reprolib.running import runs

EXPERIMENT = experiments.get("rn_data")
SCALES = tuple(RELATING[0].minutes)
RISING = dict(zip(SIZES, (60.0, 65.0, 70.0, 75.0, 80.0, 85.0, 90.0), strict=True))


def test_a_row_of_each_kind_measures_both_kinds_of_questions(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "CHECKPOINTS", tmp_path / "checkpoints")
    for row in (RELATING[0], FLATTENED[0]):
        record = runs.run(Request(EXPERIMENT, row), device="cpu", root=tmp_path)
        asked = {f"accuracy/{name}" for name in ("relational", "nonrelational", "closest_furthest")}
        assert asked <= record.metrics.keys()


@pytest.mark.parametrize("scale", SCALES)
def test_rows_are_trained_alike_and_differ_in_nothing_but_the_system_and_the_scenes(scale):
    for pair in zip(RELATING, FLATTENED, strict=True):
        relating, flat = (row.at(scale) for row in pair)
        assert (relating.data, relating.train) == (flat.data, flat.train)
        assert flat.model.hidden == relating.model.g + relating.model.f
        for setting in ("norm", "question_scale"):
            assert getattr(flat.model, setting) == getattr(relating.model, setting)
    for rows in (RELATING, FLATTENED):
        configs = [row.at(scale) for row in rows]
        assert len({(replace(each.data, train=1), each.model, each.train) for each in configs}) == 1
        if scale != "smoke":
            assert [each.data.train for each in configs] == list(SIZES)


def test_the_plain_network_has_about_as_many_parameters_and_no_fewer():
    one_scene = Dataset("", "generated", "", {"train": Split({}, {"objects": torch.zeros(1, 6, 10)})}, {"answers": 12})
    counts = []
    for row in (RELATING[0], FLATTENED[0]):
        model = row.method.build(row.at("small"), one_scene)
        counts.append(sum(parameter.numel() for parameter in model.parameters()))
    assert counts[0] <= counts[1] <= 1.1 * counts[0]


def of_curves(record_of, *curves):
    return [record_of(metrics={"accuracy/relational": value}) for curve in curves for value in curve.values()]


def test_the_ratio_is_of_scenes_for_what_the_plain_network_has_with_all_of_them(record_of):
    flat = {scenes: percent - 10 for scenes, percent in RISING.items()}  # 80 with all scenes
    level = dict.fromkeys(SIZES, 70.0)
    for related, plain, expected in (
        (RISING, flat, 9_800 / 2_500),
        (RISING, RISING, 1.0),
        (level, flat, 1.0),  # a relation network that never gets there
        (flat, level, 30 / 2_500),  # it does, and later than the plain one, which was there from the start
    ):
        assert ratio(of_curves(record_of, related, plain)) == {"data_efficiency/ratio": pytest.approx(expected)}


def test_the_claim_compares_every_size_but_the_smallest_and_the_largest():
    (claim,) = [claim for claim in claims.read() if claim.id == "rn-data-efficient"]
    ahead, at_each_size = claim.comparisons
    assert ahead.tasks == (NEEDED,)
    assert at_each_size.tasks == tuple(row.task for row in RELATING[1:-1])
