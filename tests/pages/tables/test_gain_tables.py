"""What made runs cheaper: minutes until both sides have reached the same, and nothing of what has no record."""

import json

import pytest

from reprolib import bench, paths
from reprolib.bench import Ratio
from reprolib.evidence import gains, records
from reprolib.evidence.gains import Gain
from reprolib.pages.tables import named


@pytest.fixture
def run(record_of):
    """run(seed, {step: validation}, minutes) -> the path of a record of 100 steps, in the results folder."""

    def make(seed, curve, minutes, **changes):
        entries = [{"step": step, "loss": 1.0, "accuracy/all": value} for step, value in curve.items()]
        usual = {"scale": "small", "seed": seed, "curve": entries, "steps": 100, "processor_seconds": 60.0 * minutes}
        path = records.write(record_of(**usual | changes), paths.results())
        return str(path.relative_to(paths.results()))

    return make


@pytest.fixture
def table(toy, monkeypatch):
    """table(gain, ...) -> the objects of `reprolib table gains --format json` with these gains."""

    def make(*found):
        monkeypatch.setattr(gains, "read", lambda: found)
        return json.loads(named.text("gains", "json"))

    return make


def gain(before=(), after=(), benchmark="", entry="log-x"):
    return Gain("A change", "toy/Net", "It helps.", tuple(before), tuple(after), benchmark, entry)


def test_minutes_count_until_both_sides_have_reached_the_best_of_the_weaker(table, run):
    """60 % is the best of all runs before; after the change it takes 20 of 100 steps in 5 minutes, or 50 in 4."""
    before = [run(0, {20: 40.0, 50: 60.0, 100: 60.0}, 10)]
    after = [run(1, {20: 60.0, 50: 80.0}, 5), run(2, {20: 59.0, 50: 70.0}, 4)]
    (found,) = table(gain(before, after))
    assert (found["metric"], found["reached"], found["clock"]) == ("accuracy/all", 60.0, "processor")
    assert (found["n_before"], found["steps_before"], found["minutes_before"], found["best_before"]) == (1, 50, 5, 60)
    assert (found["n_after"], found["steps_after"], found["minutes_after"], found["best_after"]) == (2, 35, 1.5, 75)
    line = named.text("gains", "md").splitlines()[2]
    assert "50 steps, 5.0 min, best 60.0, n = 1 | 35 steps, 1.5 min, best 75.0, n = 2 | [diary](log-x) |" in line


def test_a_change_that_is_no_gain_is_shown_as_what_it_is(table, run):
    """What came after may be the weaker side; then it is the best of that which both have reached."""
    (found,) = table(gain([run(0, {20: 70.0, 100: 80.0}, 10)], [run(1, {50: 65.0}, 10)]))
    assert (found["reached"], found["minutes_before"], found["minutes_after"]) == (65.0, 2.0, 5.0)


def test_settings_in_which_the_sides_differ_are_named(table, run):
    config = {"model": "ToyModel", "train.rate": 0.1, "train.optimiser": "adam"}
    before = run(0, {20: 70.0}, 1, config=config)
    after = run(1, {20: 70.0}, 1, config=config | {"train.optimiser": "muon", "train.average": 3})
    (found,) = table(gain([before], [after]))
    assert found["differs"] == ["train.average", "train.optimiser"]


def test_the_wall_s_clock_is_said(table, run):
    sides = [run(0, {20: 70.0}, 1)], [run(1, {20: 70.0}, 1, processor_seconds=None)]
    (found,) = table(gain(*sides))
    assert found["clock"] == "processor and wall"
    assert "min (processor and wall)" in named.text("gains", "md")


def test_a_benchmark_is_read_from_what_was_kept(table):
    bench.keep([Ratio("nri", "a step", 2.0, 9.0, "CPU ms", 4.5, 1.0, "abacus")])
    (found,) = table(gain(benchmark="nri: a step", entry=""))
    assert (found["reference"], found["ours"], found["ratio"], found["device"]) == (9.0, 2.0, 4.5, "abacus")
    line = named.text("gains", "md").splitlines()[2]
    assert line.endswith("| `reprolib bench nri`, a step: 4.50 times as fast | 9.00 CPU ms | 2.00 CPU ms | [](speed) |")


@pytest.mark.parametrize("missing", ["nothing is named", "a record", "a benchmark"])
def test_what_has_no_record_is_told_without_a_figure(table, run, missing):
    there = run(0, {20: 70.0}, 1)
    named_ = {"a record": {"before": [there], "after": ["toy/small/gone.json"]}, "a benchmark": {"benchmark": "nri: x"}}
    (found,) = table(gain(**named_.get(missing, {})))
    figures = {name: value for name, value in found.items() if isinstance(value, int | float)}
    assert figures == {}
    assert named.text("gains", "md").splitlines()[2].endswith("| no record here |  |  | [diary](log-x) |")


def test_gains_with_records_come_first_then_benchmarks(table, run):
    bench.keep([Ratio("nri", "a step", 2.0, 9.0, "CPU ms", 4.5, 1.0, "abacus")])
    sides = [run(0, {20: 70.0}, 1)], [run(1, {20: 70.0}, 1)]
    table(gain(), gain(benchmark="nri: a step"), gain(*sides))
    lines = named.text("gains", "md").splitlines()[2:]
    assert ["of validation" in lines[0], "reprolib bench" in lines[1], "no record" in lines[2]] == [True] * 3
