"""The rows on the unseen particle: that they run, hide alike, and what is taken from the rows of Table 1."""

from reprolib import experiments, paths
from reprolib.contracts.requests import Request
from reprolib.evidence import published
from reprolib.experiments import modular_unseen
from reprolib.running import runs

EXPERIMENT = experiments.get("modular_unseen")


def test_every_row_measures_what_its_table_asks_for(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "CHECKPOINTS", tmp_path / "checkpoints")
    for row in EXPERIMENT.rows:
        record = runs.run(Request(EXPERIMENT, row), device="cpu", root=tmp_path)
        asked = {line.metric for line in published.read() if (line.task, line.system) == (row.task, row.system)}
        assert asked
        assert asked <= record.metrics.keys()
        assert "mse/unseen_state" in record.errors


def test_all_rows_are_tested_on_the_same_scenes():
    for scale in ("smoke", "small", "paper"):
        first, second = (row.at(scale).data for row in EXPERIMENT.rows)
        assert first == second


def test_systems_that_observe_all_are_those_of_springs_after_ten_frames(record_of):
    assert [(one.system, one.rows[0].name) for one in EXPERIMENT.derived] == [
        ("Static", "springs_5/Static"),
        ("NRI (full graph)", "springs_5/NRI (full graph)"),
    ]
    record = record_of(metrics={"mse/step_1": 1e-5, "mse/step_10": 7.6e-3})
    assert modular_unseen.after_ten([record]) == {"mse/unseen_state": 7.6e-3}
