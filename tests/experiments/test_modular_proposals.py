"""The rows on proposals: that they run from known modules, and what is computed from their records."""

import pytest

from reprolib import experiments, paths
from reprolib.contracts.entry import SCALES
from reprolib.contracts.requests import Request
from reprolib.evidence import published
from reprolib.experiments import modular_proposals
from reprolib.running import runs

EXPERIMENT = experiments.get("modular_proposals")


def test_every_row_starts_from_known_modules_and_measures_what_its_table_asks_for(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "CHECKPOINTS", tmp_path / "checkpoints")
    for row in EXPERIMENT.rows:
        record = runs.run(Request(EXPERIMENT, row), device="cpu", root=tmp_path)
        asked = {line.metric for line in published.read() if (line.task, line.system) == (row.task, row.system)}
        assert asked
        assert asked <= record.metrics.keys()
        assert record.starts_from["row"] == "springs_5/Modular meta-learning"
        if row.task == modular_proposals.BOUNCING:
            assert modular_proposals.gain([record])["acceptance/gain"] > 0


@pytest.mark.parametrize("scale", SCALES[:2])
def test_proposals_differ_in_nothing_but_what_they_are(scale):
    """The scenes of the test, the modules and the budget are the same; only exact ones count the error of one step."""
    rows = [row for row in EXPERIMENT.rows if row.task == modular_proposals.KNOWN]
    configs = [row.at(scale) for row in rows]
    assert (
        len(
            {
                (c.data.test, c.data.seed, c.model.width, c.model.search, row.starts_from)
                for c, row in zip(configs, rows, strict=True)
            }
        )
        == 1
    )
    assert {c.model.proposal: c.model.restart for c in configs} == {
        "uniform": 10,
        "node": 10,
        "learned": 10,
        "exact": 1,
    }
    first, second = (row.at(scale) for row in EXPERIMENT.rows if row.task == modular_proposals.BOUNCING)
    assert (first.data, first.train) == (second.data, second.train)


def test_figures_are_computed_from_the_records(record_of):
    single, learned = (record_of(metrics={"search_steps/to_95": steps}) for steps in (90.0, 15.0))
    assert modular_proposals.speedup([single, learned]) == {"proposal/speedup": 6.0}
    curve = [
        {"step": step, "loss": 1.0, "accepted": share}
        for step, share in enumerate([0.2, 0.2, 0.3, 0.4, 0.5, 0.1, 0.6, 0.4])
    ]
    assert modular_proposals.gain([record_of(curve=curve)])["acceptance/gain"] == pytest.approx(2.5)
    assert modular_proposals.gain([record_of(curve=curve[1:3])])["acceptance/gain"] == pytest.approx(1.5)
