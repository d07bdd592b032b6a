"""Rows that start from another row's weights: order of the runs, first weights, and records that go stale with them."""

from dataclasses import replace

import pytest
from safetensors.torch import load_file

from reprolib import experiments, paths
from reprolib.contracts.entry import Start
from reprolib.contracts.requests import Request
from reprolib.errors import InputError
from reprolib.evidence import records
from reprolib.judgement import verify
from reprolib.running import fill, runs

WHERE = {"device": "cpu"}


@pytest.fixture
def moving(toy, monkeypatch):
    """The toy with two more rows: one tests Net's weights as they are, one trains them further."""
    net, start = toy.row("toy/Net"), Start("toy", "toy/Net")
    still = replace(net, system="Moved", scales={name: {"train.steps": 0} for name in net.minutes}, starts_from=start)
    further = replace(net, system="Tuned", starts_from=start)
    together = replace(toy, rows=(still, further, *toy.rows))
    monkeypatch.setattr(experiments, "get", lambda name: together)
    monkeypatch.setattr(experiments, "every", lambda: [together])
    return together


def request(experiment, system, scale="smoke", seed=0):
    return Request(experiment, experiment.row(f"toy/{system}"), scale, seed)


def test_a_run_begins_with_the_weights_of_its_start(moving):
    net, moved = (runs.run(request(moving, system), **WHERE) for system in ("Net", "Moved"))
    assert moved.metrics == net.metrics
    assert moved.steps == 0
    assert net.starts_from is None
    assert moved.starts_from == {"experiment": "toy", "row": "toy/Net", "sha256": net.weights["sha256"]}
    tuned = runs.run(request(moving, "Tuned"), **WHERE)
    fresh = runs.run(request(moving, "Norm"), **WHERE)
    assert tuned.curve[0]["loss"] < fresh.curve[0]["loss"], "what is trained further begins better"
    assert runs.evaluate(request(moving, "Moved").place(paths.results()), "cpu")[1] == moved.metrics


def test_in_another_folder_a_run_begins_with_committed_weights_where_its_start_was_not_run(moving, tmp_path):
    committed = runs.run(request(moving, "Net"), **WHERE)
    moved = runs.run(request(moving, "Moved"), **WHERE, root=tmp_path / "fresh")
    assert moved.metrics == committed.metrics
    assert moved.starts_from["sha256"] == committed.weights["sha256"]


def test_the_weights_that_a_row_needs_are_kept_at_every_scale(moving, toy):
    assert request(moving, "Net").keeps_weights
    assert not request(moving, "Norm").keeps_weights


def test_without_its_start_a_run_says_what_to_run(moving):
    with pytest.raises(InputError, match=r"toy/Moved starts from .*net.*, which is not there: run reprolib run toy"):
        runs.run(request(moving, "Moved"), **WHERE)


def test_fill_runs_the_start_first(moving, monkeypatch):
    order = []

    def run(one, **options):
        order.append((one.row.system, one.seed))
        return runs.run(one, **options)

    monkeypatch.setattr(fill, "run", run)
    wanted = [(one.row.system, one.seed) for one in fill.missing("smoke", "toy/Moved")]
    assert wanted == [(system, seed) for seed in (0, 1, 2) for system in ("Net", "Moved")]
    fill.fill("smoke", None, "toy/Moved", say=lambda text: None)
    assert order == wanted
    assert list(fill.missing("smoke", "toy/Moved")) == []


def test_a_record_goes_stale_with_the_weights_that_it_began_with(moving):
    first, moved = request(moving, "Net"), request(moving, "Moved")
    for one in (first, moved):
        runs.run(one, **WHERE)
    assert verify.problems() == []
    place = first.place(paths.results())
    record = records.read(place)
    kept = load_file(place.parent / record.weights["file"])
    saved = {name: value + 1 for name, value in kept.items()}
    entry = records.save_weights(saved, place, "float16")
    records.write(replace(record, weights=entry), paths.results())
    (sentence,) = verify.problems()
    assert f"{moved.place(paths.results())} is stale: the weights that it began with have changed" in sentence
    assert [one.row.system for one in fill.missing("smoke", "toy/Moved") if one.seed == 0] == ["Moved"]
