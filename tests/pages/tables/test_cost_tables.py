"""What runs cost: whose time, at which scale, beside what the paper needed; and what all headline rows need."""

import csv
import dataclasses
import io
import json

import pytest

from reprolib import experiments, paths
from reprolib.contracts.entry import Start
from reprolib.evidence import printed_costs, records
from reprolib.evidence.printed_costs import Needs
from reprolib.pages.tables import cost_tables, named

SEEDS = (0, 1, 2)
BLANK = dict.fromkeys(printed_costs.FACTS)
NEEDS = (
    Needs("toy2017", "toy", "Net", **BLANK | {"epochs": 10, "batch": 8, "examples": 96}, provenance="read", note="a"),
    Needs("toy2017", "toy", "Net", **BLANK | {"device": "a GPU", "hours": 24.0}, provenance="recalled", note="b"),
)


@pytest.fixture
def costs(toy, monkeypatch):
    """costs(record, ...) -> the objects of `reprolib table costs --format json` with these records."""
    monkeypatch.setattr(printed_costs, "read", lambda: NEEDS)

    def make(*found):
        for record in found:
            records.write(record, paths.results())
        return json.loads(named.text("costs", "json"))

    return make


def test_a_row_stands_at_its_largest_scale_with_the_mean_of_its_seeds(costs, record_of):
    found = [record_of(scale="small", seed=seed, processor_seconds=60.0 * (1 + seed)) for seed in SEEDS]
    memory = [dataclasses.replace(one, peak_memory=(1 + one.seed) << 30) for one in found]
    smoke = [record_of(scale="smoke", processor_seconds=6e3), record_of(system="Norm", scale="smoke")]
    (row,) = costs(*memory, *smoke, record_of(system="Majority", scale="small", steps=0))
    assert (row["row"], row["scale"], row["n"], row["clock"]) == ("toy/Net", "small", 3, "processor")
    assert (row["core_minutes"], row["std"], row["peak_memory"]) == (2.0, 1.0, 3 << 30)
    (larger,) = costs(record_of(scale="paper", processor_seconds=600.0))
    assert (larger["scale"], larger["n"], larger["core_minutes"], larger["std"]) == ("paper", 1, 10.0, None)


@pytest.mark.parametrize(
    ("changes", "minutes", "clock"),
    [
        ({"processor_seconds": 60.0}, 1.0, "processor"),
        ({"processor_seconds": None}, 5.0, "wall"),
        ({"processor_seconds": 60.0, "device": "NVIDIA H200"}, 5.0, "wall"),
    ],
)
def test_the_wall_counts_where_the_processor_was_not_asked_or_did_not_do_the_work(
    costs, record_of, changes, minutes, clock
):
    (row,) = costs(record_of(scale="small", seconds=300.0, **changes))
    assert (row["core_minutes"], row["clock"]) == (minutes, clock)
    shown = named.text("costs", "md").splitlines()[-1]
    assert ("(wall)" in shown) == (clock == "wall")


def test_seeds_of_both_clocks_are_said_to_be_so(costs, record_of):
    (row,) = costs(
        record_of(scale="small", processor_seconds=None, seconds=60.0),
        record_of(scale="small", seed=1, processor_seconds=180.0),
    )
    assert (row["core_minutes"], row["clock"]) == (2.0, "processor and wall")


def test_what_the_paper_needed_stands_beside_it_with_its_source(costs, record_of):
    net, norm = costs(record_of(scale="small"), record_of(system="Norm", scale="small"))
    assert [net[f"printed_{name}"] for name in cost_tables.PRINTED] == [120, 8, 96, "a GPU", 24.0]
    assert (net["provenance"], net["note"]) == (["read", "recalled"], "a; b")
    assert {norm[f"printed_{name}"] for name in cost_tables.PRINTED} == {None}
    lines = named.text("costs", "md").splitlines()[2:]
    assert lines[0].endswith("| 120 × 8; 96 examples; 24* h; a GPU* |")
    assert lines[1].endswith("|  |")


def test_formats_agree(costs, record_of):
    objects = costs(record_of(scale="small"), record_of(system="Norm", scale="small"))
    rows = list(csv.DictReader(io.StringIO(named.text("costs", "csv"))))
    assert [row["row"] for row in rows] == [one["row"] for one in objects] == ["toy/Net", "toy/Norm"]
    assert all(named.text("costs", style).count("toy/") == 2 for style in ("md", "html"))


def with_long(experiment):
    """The toy with two rows that have a long scale."""
    net, majority, norm = experiment.rows
    minutes = {"smoke": 0.1, "small": 30, "long": 120}
    net = dataclasses.replace(net, minutes=minutes)
    majority = dataclasses.replace(majority, minutes=minutes | {"small": 60})
    return dataclasses.replace(experiment, rows=(net, majority, norm))


def test_the_budget_adds_what_was_measured_to_what_the_other_rows_declare(toy, record_of, monkeypatch):
    """The one claim rests on Net and Majority; Norm costs nothing here."""
    monkeypatch.setattr(experiments, "every", lambda: [with_long(toy)])
    found = [record_of(scale="small", seed=seed, processor_seconds=3600.0 * (1 + seed)) for seed in SEEDS]
    found.append(record_of(system="Norm", scale="small", processor_seconds=1e6))
    found.append(record_of(scale="long", device="NVIDIA H200"))
    assert {line[0]: tuple(line[1:]) for line in cost_tables.budget(found).rows} == {
        "small": (2, 1, "2.0", "1.0", "3.0", "6"),
        "long": (2, 0, "0.0", "4.0", "4.0", "8"),
        "both": (4, 1, "2.0", "5.0", "7.0", "15"),
        "the larger of both": (2, 0, "0.0", "4.0", "4.0", "8"),
    }


def test_a_row_that_starts_from_another_needs_it_too(toy, monkeypatch):
    names = [row.name for row in cost_tables.needed([])]
    assert names == ["toy/Net", "toy/Majority"]
    net, majority, norm = toy.rows
    after = dataclasses.replace(net, starts_from=Start("toy", "toy/Norm"))
    changed = dataclasses.replace(toy, rows=(after, majority, norm))
    monkeypatch.setattr(experiments, "every", lambda: [changed])
    monkeypatch.setattr(experiments, "get", lambda name: changed)
    assert [row.name for row in cost_tables.needed([])] == ["toy/Norm", "toy/Net", "toy/Majority"]


def test_every_row_of_the_budget_has_a_scale_that_counts():
    """Of the suite itself: each has small or long."""
    assert all(row.minutes.keys() & {"small", "long"} for row in cost_tables.needed([]))
