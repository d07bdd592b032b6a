"""Paper against ours: which lines appear beside which measurements, and what the table says in every format."""

import csv
import dataclasses
import io
import json

import pytest

from reprolib import bench, experiments, paths, published, records, report
from reprolib.bench import Ratio
from reprolib.errors import InputError
from reprolib.experiments import quoted

KEYS = [  # people's scripts rely on these, in this order
    "paper",
    "table",
    "system",
    "task",
    "metric",
    "unit",
    "published",
    "ours",
    "std",
    "n",
    "scale",
    "data",
    "device",
    "verdict",
    "command",
]


@pytest.fixture
def table(toy, record_of):
    """table(record, ...) -> the objects of `reprolib table all --format json` with these records."""

    def make(*found):
        for record in found:
            records.write(record, paths.results())
        return json.loads(report.text("all", "json"))

    return make


def test_without_records_there_is_one_object_a_line(table):
    objects = table()
    assert len(objects) == len(published.read())
    for found, line in zip(objects, published.read(), strict=True):
        assert list(found) == KEYS
        strings = [line.paper, line.table, line.system, line.task, line.metric, line.unit]
        assert [found[key] for key in KEYS[:6]] == strings
        assert found["published"] == line.value
        assert found["n"] == 0
        assert {found[key] for key in ("ours", "std", "scale", "data", "device")} == {None}
    assert [found["verdict"] for found in objects] == ["not attempted"] * 4 + [None]
    assert objects[0]["command"] == "reprolib run toy --row 'toy/Net' --scale paper --seed 0 --data generated"
    assert objects[3]["command"] is None, "nobody can run a human"


def test_one_object_for_every_scale_and_kind_of_data(table, record_of):
    objects = table(
        record_of(scale="smoke"),
        record_of(scale="small"),
        record_of(scale="small", kind="real"),
        record_of(scale="paper", seed=0, metrics={"accuracy/all": 80.0}),
        record_of(scale="paper", seed=1, metrics={"accuracy/all": 84.0}, device="another"),
    )
    first = [found for found in objects if found["paper"] == "toy2017" and found["system"] == "Net"]
    first = [found for found in first if found["metric"] == "accuracy/all"]
    expected = [("paper", "generated"), ("small", "real"), ("small", "generated"), ("smoke", "generated")]
    assert [(found["scale"], found["data"]) for found in first] == expected
    assert all(list(found) == KEYS for found in objects)
    paper = first[0]
    assert (paper["ours"], paper["n"]) == (82.0, 2)
    assert paper["std"] == pytest.approx(8**0.5)
    assert paper["device"] == "a processor, 1 thread; another"
    assert first[1]["std"] is None, "one seed has no spread"
    assert first[1]["ours"] == 90.0
    assert [found["verdict"] for found in first] == ["not reproduced"] * 3 + ["not attempted"]


def test_one_measurement_serves_the_lines_of_every_paper(table, record_of):
    objects = table(record_of())
    both = [found for found in objects if (found["system"], found["metric"]) == ("Net", "accuracy/all")]
    assert [(found["paper"], found["published"], found["ours"]) for found in both] == [
        ("toy2017", 90.0, 90.0),
        ("later2019", 91.0, 90.0),
    ]


def test_a_metric_that_no_record_has_stays_empty(table, record_of):
    objects = table(record_of(metrics={"accuracy/all": 90.0}))
    (missing,) = [found for found in objects if found["metric"] == "error/all"]
    assert (missing["ours"], missing["verdict"]) == (None, "not attempted")


def test_attempts_are_in_no_table_but_their_own(table, record_of):
    objects = table(record_of(changes={"train.steps": 5}))
    assert {found["ours"] for found in objects} == {None}
    text = report.text("attempts", "md")
    assert "`train.steps=5`" in text
    assert "accuracy/all 90.0" in text


def test_speeds_are_listed_where_they_were_kept(monkeypatch, tmp_path):
    monkeypatch.setenv("REPROLIB_RESULTS", str(tmp_path))
    assert report.text("speed", "md").count("\n") == 1  # the heading alone
    ratios = [
        Ratio("nri", case, 2.0, 1510.0, "CPU ms", 755.0, 1.25, "abacus, 1 thread") for case in ("a step", "its loss")
    ]
    bench.keep(ratios)
    lines = report.text("speed", "md").splitlines()[2:]
    assert [line.split(" | ")[1:6] for line in lines] == [
        [case, "1,510 → 2.00 CPU ms", "755", "1.25", "abacus, 1 thread"] for case in ("a step", "its loss")
    ]
    (tmp_path / "speed.csv").write_text("name,case\nnri,a step\n")
    with pytest.raises(InputError, match=r"speed\.csv cannot be read .* run reprolib bench --keep"):
        report.text("speed", "md")


def test_the_command_repeats_every_seed(table, record_of):
    usual = record_of().command
    objects = table(*(record_of(seed=seed, command=usual.replace("--seed 0", f"--seed {seed}")) for seed in (3, 1)))
    assert objects[0]["command"] == (
        "for seed in 1 3; do reprolib run toy --row 'toy/Net' --scale paper --seed $seed --data generated; done"
    )


def test_quoted_systems_are_not_attempted_and_say_why(toy, record_of):
    (human,) = [cell for cell in report.cells(found=[record_of()]) if cell.system == "Human"]
    assert (human.verdict, human.reason) == ("not attempted", quoted.LATER)
    assert "people were asked" in quoted.reason("clevr_pixels", "Human")
    assert quoted.QUOTED in quoted.reason("babi_joint_10k", "Sparse DNC")


def test_another_split_than_the_test_split_is_said(toy, record_of):
    usual = record_of(scale="small", kind="real")
    other = dataclasses.replace(usual, data=usual.data | {"name": "toy, validation split"})
    for record, said in ((usual, "real, test"), (other, "real, validation")):
        cells = [cell for cell in report.cells("toy", [record]) if cell.n]
        assert cells
        assert {cell.measured_on for cell in cells} == {said}
        assert f"| {said} |" in report.render(cells, "md")


def test_what_a_record_says_it_lacked_stands_in_the_table(toy, record_of):
    lacking = dataclasses.replace(record_of(scale="small"), deviations=["half the data", "trained in fp32"])
    (cell, *_) = [cell for cell in report.cells("toy", [lacking]) if cell.n]
    assert cell.reason.endswith("; half the data; trained in fp32")


def test_recalled_figures_are_marked(toy, record_of):
    cells = report.cells(found=[record_of()])
    rows = report.frame(cells).to_dict("records")
    marked = [row for row in rows if "*" in row["paper"]]
    assert [row["paper"] for row in marked] == ["91.0*"]
    assert all("recalled, not read in the paper" in row["why"] for row in marked)
    assert not any("recalled" in row["why"] for row in rows if row not in marked)
    ran = [[dataclasses.replace(cell, ours=90.0)] for cell in cells]
    assert "91.0*" in list(report.overview_frame(ran)["paper"])


def test_formats_agree(table, record_of):
    objects = table(record_of(), record_of(seed=1, metrics={"accuracy/all": 89.0}))
    rows = list(csv.DictReader(io.StringIO(report.text("all", "csv"))))
    assert [float(row["ours"]) if row["ours"] else None for row in rows] == [found["ours"] for found in objects]
    assert [row["verdict"] or None for row in rows] == [found["verdict"] for found in objects]
    for style in ("md", "html"):
        text = report.text("all", style)
        assert text.count("not attempted") == sum(found["verdict"] == "not attempted" for found in objects)
        assert "89.5" in text
    lines = report.text("all", "md").splitlines()
    assert len(lines) == len(objects) + 2
    assert len({line.count("|") for line in lines}) == 1


def test_a_table_of_one_experiment_has_its_tasks_only(toy, monkeypatch, line_of):
    lines = (line_of(), line_of(task="elsewhere"), line_of(system="Human"))
    monkeypatch.setattr(published, "read", lambda: lines)
    assert [cell.task for cell in report.cells("toy", [])] == ["toy", "toy"]
    assert len(report.cells("all", [])) == 3


def test_best_and_overview_take_the_most_telling_cell(toy, record_of, monkeypatch):
    found = [record_of(scale="smoke"), record_of(scale="small"), record_of(scale="small", kind="real")]
    cells = report.cells(found=found)
    assert len(report.best(cells)) == len(published.read())
    assert (report.best(cells)[0].scale, report.best(cells)[0].data) == ("small", "real")
    assert report.telling(found, "toy", "Net").first.kind == "real"
    assert report.telling(found, "toy", "Human") is None


def test_a_smoke_run_gives_no_line_a_number_where_the_best_is_shown(toy, record_of):
    """Beside the reason, it is as if it had not run."""
    without, smoke = (report.best(report.cells(found=found)) for found in ([], [record_of(scale="smoke")]))
    assert len(smoke) == len(published.read())
    assert {cell.ours for cell in smoke} == {None}
    assert smoke[0].reason != without[0].reason
    assert [dataclasses.replace(cell, reason="") for cell in smoke] == [
        dataclasses.replace(cell, reason="") for cell in without
    ]


def test_the_overview_has_a_line_a_task_and_one_for_what_was_not_run():
    (cell, *_) = [cell for cell in report.cells(found=[]) if cell.system == "NRI (learned)"]
    ran = dataclasses.replace(cell, ours=98.0, scale="small", verdict="partly")
    worse = dataclasses.replace(ran, metric="mse/step_1", verdict="not reproduced")
    missing = [dataclasses.replace(cell, task=task, verdict="not attempted") for task in ("charged_5", "kuramoto_5")]
    tasks = report.overview([ran, worse, *missing])
    assert [[one.metric for one in of_task] for of_task in tasks[:1]] == [[ran.metric, worse.metric]]
    lines = report.overview_frame(tasks).to_numpy().tolist()
    headline = ["Kipf et al. 2018, springs 5: accuracy, edges", "99.9", "98.0 small", "◐ partly", "✘"]
    assert lines == [headline, ["Kipf et al. 2018: charged 5, Kuramoto 5", "", "", "– not attempted", ""]]


def test_a_folder_of_records_that_is_not_there_is_named(toy, monkeypatch, tmp_path, cli):
    monkeypatch.setenv("REPROLIB_RESULTS", str(tmp_path / "typo"))
    code, shown, said = cli("table", "toy")
    assert (code, "not attempted" in shown) == (0, True)
    assert said == f"reprolib: there is no folder {tmp_path / 'typo'}, so nothing of ours is in this table\n"


def test_unknown_tables_and_formats(toy):
    with pytest.raises(InputError, match="unknown table 'none': choose one of toy, all, overview, attempts, speed"):
        report.text("none", "md")
    with pytest.raises(InputError, match="unknown format 'xml': choose one of md, csv, html, json"):
        report.text("all", "xml")


def test_an_edited_record_makes_no_table(table, record_of, edited):
    path = records.write(record_of(), paths.results())
    edited(path, metrics={"accuracy/all": 99.0})
    with pytest.raises(InputError, match="edited by hand"):
        report.text("all", "json")


def test_the_suite_has_a_verdict_or_a_reason_for_every_published_line():
    cells = report.cells("all", [])
    assert len(cells) == len(published.read())
    claims = [cell for cell in cells if cell.paper != published.OURS]
    assert {cell.verdict for cell in claims} == {"not attempted"}
    assert all(cell.reason for cell in cells)
    rows = {(row.task, row.system) for experiment in experiments.every() for row in experiment.rows}
    runnable = [cell for cell in cells if (cell.task, cell.system) in rows]
    assert all(cell.command for cell in runnable)
    assert not any(cell.command for cell in cells if cell not in runnable)
    kinds = {cell.task: cell.command.split()[-1] for cell in runnable}
    assert kinds["babi_joint_10k"] == "real", "generated questions only stand in for the paper's"
    assert kinds["sort_of_clevr"] == "generated", "the paper's own procedure"
