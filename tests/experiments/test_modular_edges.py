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


def test_symmetric_charges_have_the_modules_of_others_and_symmetric_graphs(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "CHECKPOINTS", tmp_path / "checkpoints")
    (row,) = (row for row in EXPERIMENT.rows if row not in PRINTED)
    free = EXPERIMENT.row("charged_5/Modular meta-learning")
    for scale in SCALES:
        told, untold = row.at(scale), free.at(scale)
        assert (told.data.test, told.model.width) == (untold.data.test, untold.model.width)
        assert fidelity.fidelity(fidelity.departures(row, scale, ())) == "changed"
    found = [runs.run(Request(EXPERIMENT, one), device="cpu", root=tmp_path) for one in (free, row)]
    assert found[1].starts_from["sha256"] == found[0].weights["sha256"]
    assert found[1].metrics["accuracy/symmetric_pairs"] == 100
