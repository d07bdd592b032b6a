"""The rows of larger scenes: that each begins with the one before, and what is computed from their records."""

from itertools import pairwise

import pytest

from reprolib import experiments, paths
from reprolib.contracts.requests import Request
from reprolib.evidence.published import read
from reprolib.experiments import modular_sizes
from reprolib.judgement import fidelity
from reprolib.running import runs

EXPERIMENT = experiments.get("modular_sizes")


def test_every_row_begins_with_the_modules_of_the_size_before(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "CHECKPOINTS", tmp_path / "checkpoints")
    requests = [Request(experiments.get("modular_edges"), modular_sizes.FIVE)]
    requests += [Request(EXPERIMENT, row) for row in EXPERIMENT.rows]
    found = [runs.run(request, device="cpu", root=tmp_path) for request in requests]
    for before, record in pairwise(found):
        assert record.starts_from["row"] == before.row
        asked = {line.metric for line in read() if line.task == record.task and line.paper == "reprolib"}
        assert "accuracy/edges" in asked
        assert asked <= record.metrics.keys()
    assert modular_sizes.reached(found).keys() == {"objects/in_30_minutes"}


@pytest.mark.parametrize("scale", ["small", "paper"])
def test_larger_scenes_are_an_extension_and_not_taken_for_the_papers(scale):
    for row in EXPERIMENT.rows:
        assert fidelity.fidelity(fidelity.departures(row, scale, ())) == "changed"


def test_what_is_reached_counts_the_minutes_of_smaller_sizes(record_of):
    def of(objects, minutes, accuracy):
        config, metrics = {"data.objects": objects}, {"accuracy/edges": accuracy}
        return record_of(config=config, metrics=metrics, processor_seconds=60.0 * minutes)

    five, seven, ten, twenty = of(5, 3, 100.0), of(7, 5, 99.0), of(10, 20, 94.0), of(20, 3, 95.0)
    assert modular_sizes.reached([five, seven, ten]) == {"objects/in_30_minutes": 7}
    assert modular_sizes.reached([five, seven, twenty]) == {"objects/in_30_minutes": 20}
    assert modular_sizes.reached([five, seven, ten, twenty]) == {"objects/in_30_minutes": 7}
    assert modular_sizes.reached([of(5, 31, 100.0)]) == {"objects/in_30_minutes": 0}
