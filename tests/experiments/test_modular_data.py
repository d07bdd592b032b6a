"""The rows on few scenes and few frames: that they are trained alike, and what is computed from their records."""

from dataclasses import replace

import pytest

from reprolib import experiments, paths
from reprolib.contracts.entry import SCALES
from reprolib.contracts.requests import Request
from reprolib.evidence import published
from reprolib.experiments import modular_data
from reprolib.experiments.modular_data import GLIMPSING, INFERRING, SEARCHING, SIZES, WANTED, glimpsed, ratio
from reprolib.rows.by_scenes import scenes_needed
from reprolib.running import runs

EXPERIMENT = experiments.get("modular_data")
RISING = dict(zip(SIZES, (55, 60, 70, 75, 80, 85, 90), strict=True))


def test_a_row_of_each_kind_measures_what_its_table_asks_for(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "CHECKPOINTS", tmp_path / "checkpoints")
    for row in (SEARCHING[0], INFERRING[0], GLIMPSING[0]):
        record = runs.run(Request(EXPERIMENT, row), device="cpu", root=tmp_path)
        asked = {line.metric for line in published.read() if (line.task, line.system) == (row.task, row.system)}
        assert asked | {"accuracy/symmetric_pairs"} <= record.metrics.keys()


@pytest.mark.parametrize("scale", ["smoke", "small"])
def test_both_systems_have_the_same_scenes_batches_and_optimiser_and_differ_in_no_size_but_that_of_the_data(scale):
    own = {"steps": 1, "evaluate_every": 1, "clip": None}
    shared = [name for name in vars(INFERRING[0].at(scale).train) if name not in own]
    for pair in zip(SEARCHING, INFERRING, strict=True):
        searching, inferring = (row.at(scale) for row in pair)
        assert searching.data == inferring.data
        if scale == "small":  # at smoke scale plateaus are those of the paper
            differing = {name for name in shared if getattr(searching.train, name) != getattr(inferring.train, name)}
            assert differing <= {"plateau", "cooldown", "floor"}, "which a cosine does not ask for"
    for rows in (SEARCHING, INFERRING):
        configs = [row.at(scale) for row in rows]
        assert len({(replace(each.data, train=1), each.model, each.train) for each in configs}) == 1
        if scale == "small":
            assert [each.data.train for each in configs] == list(SIZES)


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("row", GLIMPSING, ids=lambda row: row.task)
def test_a_row_of_few_frames_is_the_row_of_springs_but_for_what_its_encoder_reads(row, scale):
    whole = experiments.get("nri_edges").row(f"springs_5/{row.system}").at(scale)
    few = row.at(scale)
    assert few.model.read in (10, 20)
    assert replace(few.model, read=None) == whole.model
    assert few.train == whole.train
    assert replace(few.data, others=(), of_others=1) == replace(whole.data, others=(), of_others=1)


def records_of(record_of, *curves):
    return [record_of(metrics={"accuracy/edges": float(value)}) for curve in curves for value in curve.values()]


def test_the_ratio_is_that_of_scenes_and_a_bound_where_one_never_gets_there(record_of):
    earlier = {size: RISING[max(RISING)] if size >= 500 else 60.0 for size in SIZES}
    searched = scenes_needed(earlier, WANTED)
    never = dict.fromkeys(SIZES, 60.0)
    for curves, expected in {
        (tuple(earlier.items()), tuple(RISING.items())): 5_000 / searched,
        (tuple(earlier.items()), tuple(never.items())): 20_000 / searched,
        (tuple(never.items()), tuple(RISING.items())): 5_000 / 20_000,
    }.items():
        found = ratio(records_of(record_of, *map(dict, curves)))
        assert found == {"data_efficiency/ratio": pytest.approx(expected)}
    assert ratio(records_of(record_of, never, never)) == {}


def test_figures_of_few_frames_have_the_same_names_for_both_systems(record_of):
    three = [
        record_of(metrics={"accuracy/edges": 70.0 + place, "accuracy/symmetric_pairs": 60.0 + place})
        for place in range(3)
    ]
    inferred = glimpsed(three)
    assert inferred["accuracy/after_10_frames"] == 70.0
    assert inferred["accuracy/symmetric_pairs_after_49_frames"] == 62.0
    one = {name: value + 1 for name, value in inferred.items() if "49" not in name}
    searched = modular_data.searched_short(
        [record_of(metrics=one | {"accuracy/edges": 99.0, "accuracy/symmetric_pairs": 98.0})]
    )
    assert searched == one | {"accuracy/after_49_frames": 99.0, "accuracy/symmetric_pairs_after_49_frames": 98.0}
    old = record_of(metrics={"accuracy/edges": 99.0})
    assert modular_data.searched_short([old]) == {"accuracy/after_49_frames": 99.0}
