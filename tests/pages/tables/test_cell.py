"""Paper against ours: which lines appear beside which measurements, and what the table says in every format."""

import csv
import dataclasses
import io
import json

import pytest

from reprolib import bench, experiments, paths
from reprolib.bench import Ratio
from reprolib.errors import InputError
from reprolib.evidence import published, quoted, records
from reprolib.judgement.labels import judged_on
from reprolib.pages.tables import cell as sheet
from reprolib.pages.tables import listing, named
from reprolib.pages.tables.grid import against_paper
from reprolib.pages.tables.table import render

KEYS = [  # people's scripts rely on these, in this order
    "paper",
    "table",
    "system",
    "task",
    "metric",
    "unit",
    "published",
    "provenance",
    "ours",
    "std",
    "n",
    "scale",
    "data",
    "device",
    "figure",
    "effect",
    "verdict",
    "command",
]
FURTHER = ["reason", "bound", "claim", "decided_by", "improving", "split", "records", "stands_for"]


DEPARTURES = (("data", "half the data"), ("precision", "trained in fp32"))


@pytest.fixture
def table(toy, record_of):
    """table(record, ...) -> the objects of `reprolib table all --format json` with these records."""

    def make(*found):
        for record in found:
            records.write(record, paths.results())
        return json.loads(named.text("all", "json"))

    return make


def test_without_records_there_is_one_object_a_line(table):
    objects = table()
    assert len(objects) == len(published.read())
    for found, line in zip(objects, published.read(), strict=True):
        assert list(found) == KEYS + FURTHER
        strings = [line.paper, line.table, line.system, line.task, line.metric, line.unit]
        assert [found[key] for key in KEYS[:6]] == strings
        assert (found["published"], found["provenance"]) == (line.value, line.provenance)
        assert found["n"] == 0
        assert {found[key] for key in ("ours", "std", "scale", "data", "device", "figure", "effect")} == {None}
    assert [found["verdict"] for found in objects] == ["not attempted"] + [None] * 4, "of the one claim there is"
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
    assert all(list(found) == KEYS + FURTHER for found in objects)
    paper = first[0]
    assert (paper["ours"], paper["n"]) == (82.0, 2)
    assert paper["std"] == pytest.approx(8**0.5)
    assert paper["device"] == "a processor, 1 thread; another"
    assert paper["records"] == [f"results/toy/paper/toy--net--generated--seed{seed}.json" for seed in (0, 1)]
    assert first[1]["std"] is None, "one seed has no spread"
    assert first[1]["ours"] == 90.0
    assert [found["figure"] for found in first] == ["short", "unsure", "unsure", None], "smoke scale earns no mark"
    assert [found["effect"] for found in first] == ["unsure"] * 3 + [None], "nobody knows how the majority does"
    assert {found["verdict"] for found in first} == {"inconclusive"}, "one claim has one label"


def test_one_measurement_serves_the_lines_of_every_paper(table, record_of):
    objects = table(record_of())
    both = [found for found in objects if (found["system"], found["metric"]) == ("Net", "accuracy/all")]
    assert [(found["paper"], found["published"], found["ours"]) for found in both] == [
        ("toy2017", 90.0, 90.0),
        ("later2019", 91.0, 90.0),
    ]


def test_a_row_that_stands_for_a_printed_system_has_its_figure_and_marks(toy, table, record_of, monkeypatch):
    """It stands below that system, and no longer among the references of ours."""
    stand_in = dataclasses.replace(toy.row("toy/Norm"), stands_for="Net")
    changed = dataclasses.replace(toy, rows=(*toy.rows[:2], stand_in))
    monkeypatch.setattr(experiments, "every", lambda: [changed])
    objects = table(*(record_of(system="Norm", scale="small", seed=seed) for seed in (0, 1, 2)))
    shown = [found for found in objects if (found["paper"], found["metric"]) == ("toy2017", "accuracy/all")]
    net, norm = shown[:2]
    assert (net["system"], net["stands_for"], net["ours"], net["figure"]) == ("Net", "", None, None)
    assert (norm["system"], norm["stands_for"], norm["n"], norm["figure"]) == ("Norm", "Net", 3, "close")
    assert (norm["published"], norm["claim"]) == (net["published"], net["claim"])
    assert norm["records"] == [f"results/toy/small/toy--norm--generated--seed{seed}.json" for seed in (0, 1, 2)]
    assert "in the place of Net" in against_paper(sheet.best(sheet.cells("toy"))).text


def test_a_metric_that_no_record_has_stays_empty(table, record_of):
    objects = table(record_of(metrics={"accuracy/all": 90.0}))
    (missing,) = [found for found in objects if found["metric"] == "error/all"]
    assert (missing["ours"], missing["figure"], missing["effect"], missing["verdict"]) == (None,) * 4


def test_attempts_are_in_no_table_but_their_own(table, record_of):
    objects = table(record_of(changes={"train.steps": 5}))
    assert {found["ours"] for found in objects} == {None}
    text = named.text("attempts", "md")
    assert "`train.steps=5`" in text
    assert "accuracy/all 90.0" in text


def test_speeds_are_listed_where_they_were_kept(monkeypatch, tmp_path):
    monkeypatch.setenv("REPROLIB_RESULTS", str(tmp_path))
    assert named.text("speed", "md").count("\n") == 1  # the heading alone
    ratios = [
        Ratio("nri", case, 2.0, 1510.0, "CPU ms", 755.0, 1.25, "abacus, 1 thread") for case in ("a step", "its loss")
    ]
    bench.keep(ratios)
    lines = named.text("speed", "md").splitlines()[2:]
    assert [line.split(" | ")[1:6] for line in lines] == [
        [case, "1,510 → 2.00 CPU ms", "755", "1.25", "abacus, 1 thread"] for case in ("a step", "its loss")
    ]
    (tmp_path / "speed.csv").write_text("name,case\nnri,a step\n")
    with pytest.raises(InputError, match=r"speed\.csv cannot be read .* run reprolib bench --keep"):
        named.text("speed", "md")


def test_the_command_repeats_every_seed_that_counts(table, record_of):
    usual = record_of().command
    objects = table(*(record_of(seed=seed, command=usual.replace("--seed 0", f"--seed {seed}")) for seed in (3, 2, 1)))
    assert objects[0]["command"] == (
        "for seed in 1 2; do reprolib run toy --row 'toy/Net' --scale paper --seed $seed --data generated; done"
    )


def test_quoted_systems_have_no_figure_and_say_why(toy, record_of):
    (human,) = [cell for cell in sheet.cells(found=[record_of()]) if cell.system == "Human"]
    assert (human.ours, human.figure, human.reason) == (None, None, quoted.LATER)
    assert "people were asked" in quoted.reason("clevr_pixels", "Human")
    assert quoted.QUOTED in quoted.reason("babi_joint_10k", "Sparse DNC")


def test_another_split_than_the_test_split_is_said(toy, record_of):
    usual = record_of(scale="small", kind="real")
    other = dataclasses.replace(usual, data=usual.data | {"split": "validation"})
    for record, said in ((usual, "real, test"), (other, "real, validation")):
        cells = [cell for cell in sheet.cells("toy", [record]) if cell.n]
        assert cells
        assert {cell.measured_on for cell in cells} == {said}
        assert f"| {said} |" in render(listing.rounded(cells), "md")


def test_what_a_record_says_it_lacked_stands_in_the_table(toy, record_of):
    said = [{"kind": kind, "text": text, "less": False} for kind, text in DEPARTURES]
    (cell, *_) = [cell for cell in sheet.cells("toy", [record_of(scale="small", deviations=said)]) if cell.n]
    assert cell.reason.endswith("; half the data; trained in fp32")


def test_how_a_printed_figure_was_obtained_stands_behind_it(toy, record_of):
    rows = json.loads(render(listing.rounded(sheet.cells(found=[record_of()])), "json"))
    assert {row["provenance"]: row["paper"] for row in rows} == {"read": "99.0", "recalled": "91.0*", "ours": ""}
    (cell, *_) = sheet.cells(found=[])
    shown = {source: listing.printed(dataclasses.replace(cell, provenance=source)) for source in published.PROVENANCES}
    assert shown == {"read": "90.0", "quoted": "90.0†", "recalled": "90.0*", "ours": "90.0"}
    assert listing.printed(dataclasses.replace(cell, bound="above")) == "above 90.0"


def test_the_claim_that_decides_on_an_order_is_named(toy, record_of):
    guess = {"system": "Majority", "steps": 0, "metrics": {"accuracy/all": 40.0}}
    found = [record_of(seed=seed, metrics={"accuracy/all": 90.0 + seed}) for seed in (0, 1, 2)]
    cells = [cell for cell in sheet.cells(found=[*found, record_of(**guess)]) if cell.n and cell.paper != "later2019"]
    assert {(cell.system, cell.figure, cell.effect, cell.decided_by) for cell in cells} == {
        ("Net", "close", "holds", "toy-net"),
        ("Majority", None, "holds", "toy-net"),
    }
    assert {(cell.system, cell.verdict, cell.claim) for cell in cells} == {
        ("Net", "reproduced", "toy-net"),
        ("Majority", None, None),
    }


def test_a_run_that_gained_to_its_end_is_still_improving(toy, record_of):
    def curve(last):
        return [{"step": step, "loss": 1.0, "accuracy/all": score} for step, score in ((1, 80.0), (20, last))]

    for last, improving in ((80.4, False), (80.6, True)):
        cells = sheet.cells(
            "toy", [record_of(scale="small", curve=curve(80.0)), record_of(scale="small", seed=1, curve=curve(last))]
        )
        assert {cell.improving for cell in cells if cell.n} == {improving}


def test_formats_agree(table, record_of):
    objects = table(record_of(), record_of(seed=1, metrics={"accuracy/all": 89.0}))
    rows = list(csv.DictReader(io.StringIO(named.text("all", "csv"))))
    assert [float(row["ours"]) if row["ours"] else None for row in rows] == [found["ours"] for found in objects]
    assert [row["verdict"] or None for row in rows] == [found["verdict"] for found in objects]
    for style in ("md", "html"):
        text = named.text("all", style)
        assert text.count("toy-net: inconclusive") == sum(found["verdict"] == "inconclusive" for found in objects) == 1
        assert "89.5" in text
    lines = named.text("all", "md").splitlines()
    assert len(lines) == len(objects) + 2
    assert len({line.count("|") for line in lines}) == 1


def test_a_table_of_one_experiment_has_its_tasks_only(toy, monkeypatch, line_of):
    lines = (line_of(), line_of(task="elsewhere"), line_of(system="Human"))
    monkeypatch.setattr(published, "read", lambda: lines)
    assert [cell.task for cell in sheet.cells("toy", [])] == ["toy", "toy"]
    assert len(sheet.cells("all", [])) == 3


def test_best_takes_the_most_telling_cell(toy, record_of):
    found = [record_of(scale="smoke"), record_of(scale="small"), record_of(scale="small", kind="real")]
    cells = sheet.cells(found=found)
    assert len(sheet.best(cells)) == len(published.read())
    assert (sheet.best(cells)[0].scale, sheet.best(cells)[0].data) == ("small", "real")
    assert sheet.telling(found, "toy", "Net").first.kind == "real"
    assert sheet.telling(found, "toy", "Human") is None


def test_a_smoke_run_gives_no_line_a_number_where_the_best_is_shown(toy, record_of):
    """Beside the reason, it is as if it had not run."""
    without, smoke = (sheet.best(sheet.cells(found=found)) for found in ([], [record_of(scale="smoke")]))
    assert len(smoke) == len(published.read())
    assert {cell.ours for cell in smoke} == {None}
    assert smoke[0].reason != without[0].reason
    assert [dataclasses.replace(cell, reason="") for cell in smoke] == [
        dataclasses.replace(cell, reason="") for cell in without
    ]


def test_a_table_shows_the_largest_scale_that_all_its_rows_have(toy, record_of):
    found = [record_of(), record_of(scale="small"), record_of(system="Majority", scale="small", steps=0)]
    cells = [cell for cell in sheet.best(sheet.cells(found=found)) if cell.n]
    assert {cell.system: cell.scale for cell in cells} == {"Net": "small", "Majority": "small"}


def test_a_row_with_smoke_runs_alone_has_no_number_but_a_command(toy, record_of):
    (cell, *_) = sheet.best(sheet.cells(found=[record_of(scale="smoke")]))
    assert (cell.ours, cell.n, cell.figure, cell.reason) == (None, 0, None, "no record above smoke scale yet")
    assert "--scale paper" in cell.command


def test_a_row_waits_for_its_run_until_it_has_a_current_record_above_smoke_scale(done):
    def waiting():
        return {(row["row"], row["scale"]): row["why"] for row in json.loads(named.text("waiting", "json"))}

    done("Net", "smoke")
    assert set(waiting()) == {("toy/Net", "small"), ("toy/Majority", "small"), ("toy/Norm", "small")}
    assert set(waiting().values()) == {"no record above smoke scale"}
    record, _ = done("Majority", "small")
    assert set(waiting()) == {("toy/Net", "small"), ("toy/Norm", "small")}
    records.write(dataclasses.replace(record, config_hash="1" * 16), paths.results())
    assert waiting()["toy/Majority", "small"] == "its record is stale"
    records.write(dataclasses.replace(record, data=record.data | {"hash": "older"}), paths.results())
    assert waiting()["toy/Majority", "small"] == "its record is stale"
    smoke, _ = done("Net", "smoke")
    records.write(dataclasses.replace(smoke, config_hash="1" * 16), paths.results())
    assert waiting()["toy/Net", "smoke"] == "its record is stale"


def test_what_waits_shows_the_minutes_and_one_command_for_all_seeds(toy, record_of):
    found = {row["row"]: row for row in json.loads(named.text("waiting", "json"))}
    assert (found["toy/Net"]["minutes a seed"], found["toy/Majority"]["minutes a seed"]) == ("1", "0.1")
    loop = "for seed in 0 1 2; do reprolib run toy --row 'toy/Net' --scale small --seed $seed --data generated; done"
    assert found["toy/Net"]["command"] == loop
    assert found["toy/Majority"]["command"].endswith("--scale small --seed 0 --data generated")
    for seed in (0, 2):
        records.write(record_of(scale="small", seed=seed), paths.results())
    assert "for seed in 0 2; do" in json.loads(named.text("waiting", "json"))[0]["command"], "they are stale"


def test_real_data_that_are_not_at_hand_make_no_record_stale(toy, record_of):
    config = toy.row("toy/Net").at("small")
    records.write(record_of("real", scale="small", config_hash=config.hash), paths.results())
    assert "toy/Net" not in named.text("waiting", "md")


def test_a_folder_of_records_that_is_not_there_is_named(toy, monkeypatch, tmp_path, cli):
    monkeypatch.setenv("REPROLIB_RESULTS", str(tmp_path / "typo"))
    code, shown, said = cli("table", "toy")
    assert (code, "no record yet" in shown) == (0, True)
    assert said == f"reprolib: there is no folder {tmp_path / 'typo'}, so nothing of ours is in this table\n"


def test_unknown_tables_and_formats(toy):
    known = "toy, all, claims, counts, waiting, attempts, speed, profile, costs, budget, gains"
    with pytest.raises(InputError, match=f"unknown table 'none': choose one of {known}"):
        named.text("none", "md")
    with pytest.raises(InputError, match="unknown format 'xml': choose one of md, csv, html, json"):
        named.text("all", "xml")


def test_what_plots_are_given_was_measured_above_smoke_scale(toy, record_of):
    for scale in ("smoke", "small", "paper"):
        records.write(record_of(scale=scale), paths.results())
    assert {record.scale for record in sheet.committed("toy")} == {"smoke", "small", "paper"}
    assert {record.scale for record in sheet.measured("toy")} == {"small", "paper"}


def test_an_edited_record_makes_no_table(table, record_of, edited):
    path = records.write(record_of(), paths.results())
    edited(path, metrics={"accuracy/all": 99.0})
    with pytest.raises(InputError, match="edited by hand"):
        named.text("all", "json")


def test_the_suite_has_a_label_or_a_reason_for_every_published_line():
    cells = sheet.cells("all", [])
    places = {(cell.paper, cell.table, cell.task, cell.stands_for or cell.system, cell.metric) for cell in cells}
    lines = {(line.paper, line.table, line.task, line.system, line.metric) for line in published.read()}
    beside = {(cell.task, cell.system, cell.metric) for cell in cells if cell.stands_for}
    assert places <= lines
    assert {key[2:] for key in lines - places} <= beside, "references of ours that stand beside a printed figure"
    assert {cell.verdict for cell in cells if cell.claim} == {"not attempted"}
    assert {cell.verdict for cell in cells if not cell.claim} == {None}
    assert not any(cell.claim for cell in cells if cell.paper == published.OURS), "references of ours claim nothing"
    assert all(cell.reason for cell in cells)
    every = (row for experiment in experiments.every() for row in (*experiment.rows, *experiment.derived))
    rows = {(row.task, row.system) for row in every}
    runnable = [cell for cell in cells if (cell.task, cell.system) in rows]
    assert all(cell.command for cell in runnable)
    assert not any(cell.command for cell in cells if cell not in runnable)
    kinds = {cell.task: cell.command.split()[-1] for cell in runnable}
    assert kinds["babi_joint_10k"] == "real", "generated questions only stand in for the paper's"
    assert kinds["sort_of_clevr"] == "generated", "the paper's own procedure"


@pytest.mark.parametrize("name", ["rn_clevr_state", "modular_unseen"])
def test_a_page_that_reads_only_the_records_around_its_experiment_says_the_same(name):
    """Its claims rest on rows of other experiments too; of most experiments it reads no record."""
    every, around = sheet.committed(), sheet.committed_around(name)
    assert name in {record.experiment for record in around} != {record.experiment for record in every}
    assert sheet.cells(name) == sheet.cells(name, every)
    assert judged_on(name, around) == judged_on(name, every)


def test_an_experiment_goes_by_its_name_with_dashes_too():
    found = sheet.committed_around("rn-babi")
    assert found == sheet.committed_around("rn_babi") != []
