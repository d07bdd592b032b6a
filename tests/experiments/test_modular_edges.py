"""The rows of modular meta-learning: what they claim, how they differ from the paper, and that they run."""

import pytest

from reprolib import experiments, paths
from reprolib.contracts.entry import SCALES
from reprolib.contracts.requests import Request
from reprolib.evidence import published
from reprolib.experiments import modular_edges
from reprolib.judgement import fidelity
from reprolib.running import runs

EXPERIMENT = experiments.get("modular_edges")
PRINTED = [row for row in EXPERIMENT.rows if modular_edges.TIED not in row.deviations]


def test_every_row_measures_what_is_printed_of_it(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "BUILD", tmp_path / "build")
    monkeypatch.setattr(paths, "CHECKPOINTS", tmp_path / "checkpoints")
    for row in PRINTED:
        record = runs.run(Request(EXPERIMENT, row), device="cpu", root=tmp_path)
        printed = {
            line.metric
            for line in published.read()
            if (line.paper, line.task, line.system) == ("alet2019", row.task, row.system)
            and line.table in ("Table 1", "Table 2")
        }
        assert printed
        assert printed <= record.metrics.keys()


@pytest.mark.parametrize("row", PRINTED, ids=lambda row: row.task)
def test_below_paper_scale_only_the_search_and_the_training_are_others(row):
    assert row.at("paper").train.learning == "bouncegrad"
    for scale in SCALES:
        found = fidelity.departures(row, scale, ())
        assert fidelity.fidelity(found) in ("as printed", "less"), found


def test_symmetric_charges_differ_in_nothing_but_what_is_known_of_them_and_find_symmetric_graphs(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "CHECKPOINTS", tmp_path / "checkpoints")
    (row,) = (row for row in EXPERIMENT.rows if row not in PRINTED)
    free = EXPERIMENT.row("charged_5/Modular meta-learning")
    for scale in ("smoke", "small", "long"):
        told, untold = row.at(scale).flat(), free.at(scale).flat()
        assert {name for name in told if told[name] != untold[name]} == {"model.symmetric"}
        assert fidelity.fidelity(fidelity.departures(row, scale, ())) == "changed"
    record = runs.run(Request(EXPERIMENT, row), device="cpu", root=tmp_path)
    assert record.metrics["accuracy/symmetric_pairs"] == 100
