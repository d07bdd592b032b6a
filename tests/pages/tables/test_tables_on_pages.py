"""Tables as pages show them: the records' numbers, the marks, the words and where they lead."""

import itertools
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
import yaml

from reprolib.evidence import claims
from reprolib.judgement import labels
from reprolib.pages import tables
from reprolib.pages.tables import grid as marks
from reprolib.pages.tables import listing, lists, tables_of_runs
from reprolib.pages.tables.cell import best
from reprolib.pages.tables.cell import cells as cells_of
from reprolib.pages.tables.commands import ENVIRONMENT, with_needs
from reprolib.pages.tables.markup import Html
from reprolib.pages.tables.table import Table
from reprolib.paths import ROOT

BABI, MAJORITY = "babi_joint_10k", "Majority"
EXPERIMENTS = {BABI: "rn_babi", "springs_5": "nri_edges"}


@pytest.fixture
def run(record_of):
    """run(task, system, metrics, seed=1) -> a record with these metrics, at small scale."""

    def make(task, system, metrics, *, seed=0, scale="small", kind="generated", **other):
        experiment = EXPERIMENTS.get(task, "rn_sort_of_clevr")
        usual = {
            "experiment": experiment,
            "curve": [],
            "versions": {"torch": "2.11"},
            "started": f"2025-03-0{seed + 1}T12:00:00+00:00",
            "steps": 1,
            "seconds": 90.0,
            "command": f"reprolib run {experiment} --row '{task}/{system}' --scale {scale} --seed {seed} --data {kind}",
        }
        place = {"task": task, "system": system, "seed": seed, "scale": scale, "metrics": metrics}
        return record_of(kind, **usual | place | other)

    return make


@pytest.fixture
def babi(run):
    """A bAbI record with the accuracy of each task."""

    def make(accuracies, system="RN", **other):
        metrics = {f"accuracy/task_{task}": float(value) for task, value in enumerate(accuracies, start=1)}
        return run(BABI, system, metrics | {"error/task_16": 100 - accuracies[15]}, **other)

    return make


@pytest.fixture
def scene(run):
    """A record of Sort-of-CLEVR with both accuracies."""

    def make(task, system, nonrelational, relational, **other):
        metrics = {"accuracy/nonrelational": nonrelational, "accuracy/relational": relational}
        return run(task, system, metrics, **other)

    return make


@pytest.fixture
def on_springs(run):
    """The graph is found, far better than by correlations, and than by the encoder of the simulator."""

    def springs(system, *values, **other):
        return [run("springs_5", system, {"accuracy/edges": v}, seed=seed, **other) for seed, v in enumerate(values)]

    return [
        *springs("NRI (learned)", 99.8, 99.9, 99.9),
        *springs("Supervised", 99.9, 99.9, 99.8),
        *springs("Corr. (path)", 52.0, steps=0),
        *springs("Corr. (LSTM)", 52.0, 53.0, 52.5),
        *springs("NRI (sim.)", 90.0, 91.0, 92.0),
        run("springs_5", "Static", {"mse/step_1": 8e-5}, steps=0),  # which no claim compares
    ]


class Page(HTMLParser):
    """Rows of cells of every table, blocks of text in <pre>, all text, and the marks, anchors, titles and links."""

    def __init__(self, html):
        super().__init__()
        self.rows, self.code, self.text, self.inside = [], "", "", []
        self.marks, self.anchors, self.titles = [], [], []
        self.links, self.records, self.blocks, self.outside = [], [], [], ""
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        if values.get("class") == "sign":
            assert values["title"] == values["aria-label"]
            self.marks.append((values["aria-label"], values.get("href")))
        self.anchors += [value for name, value in attrs if name == "id"]
        self.titles += [value for name, value in attrs if name == "title"]
        self.links += [value for name, value in attrs if name == "href"]
        if values.get("class") == "record":
            self.records.append(values["href"])
        if tag == "pre":
            assert "highlight" in self.around, "where the book puts the button that copies"
            self.blocks.append("")
        if tag == "div":
            self.around = values.get("class", "").split()
        if tag not in {"br", "wbr", "img"}:
            self.inside.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in {"td", "th"}:
            self.rows[-1].append("")
        if tag == "br":
            self.handle_data(" ")

    def handle_endtag(self, tag):
        assert self.inside.pop() == tag

    def handle_data(self, data):
        self.text += data
        if "pre" in self.inside:
            self.code += data
            self.blocks[-1] += data
        if "details" not in self.inside:
            self.outside += data
        if {"td", "th"} & set(self.inside):
            self.rows[-1][-1] += data


def read(html):
    page = Page(html.text)
    assert page.inside == [], "a tag is left open"
    return page


def test_tables_have_the_form_of_the_papers_and_the_command_below(babi):
    found = [babi([96.0] * 20, seed=seed, kind="real") for seed in (0, 1)]
    cells = best(cells_of("rn_babi", found))
    page = read(tables.against_paper(cells))
    head = ["", "tasks passed (tasks of 20)", "accuracy, task 2 (percent)", "accuracy, task 3 (percent)"]
    assert [*head, "error, task 16 (percent)"] in page.rows
    assert "(ours: small, real, test, n\u00a0=\u00a02)" in page.text, "once, over the table"
    row = next(row for row in page.rows if row[0] == "RN")
    assert row[2] == "96.0 ± 0.0 ◐ ? 0 1 91.9", "two seeds are too few to be sure"
    assert "for seed in 0 1; do reprolib run rn_babi --row 'babi_joint_10k/RN'" in page.code
    reasons = {cell.reason for cell in cells}
    assert all(any(row[-1].endswith(reason) for row in page.rows) for reason in reasons)


def test_every_measured_figure_has_two_marks_and_the_order_leads_to_its_claim(on_springs):
    cells = [cell for cell in best(cells_of("all", on_springs)) if cell.ours is not None]
    assert {cell.effect for cell in cells} == {None, "holds", "unsure", "fails"}
    assert {cell.figure for cell in cells} == {"close", "short"}
    known = {claim.id for claim in claims.read()}
    for cell in cells:
        figure, order = read(tables.against_paper([cell])).marks[:2]
        if cell.claim is None:
            assert figure == (f"figure: {cell.figure}", None)
        else:
            assert figure == (f"figure: {cell.figure}, claim {cell.claim}", f"summary.html#{cell.claim}")
        if cell.effect is None:
            assert order == ("order: no claim compares it", None)
        else:
            assert cell.decided_by in known
            assert order == (f"order: {cell.effect}, claim {cell.decided_by}", f"summary.html#{cell.decided_by}")


def test_the_order_is_decided_by_the_comparison_that_comes_out_worst(on_springs):
    cells = {cell.system: cell for cell in best(cells_of("all", on_springs)) if cell.ours is not None}
    assert (cells["Corr. (LSTM)"].effect, cells["Corr. (LSTM)"].decided_by) == ("holds", "nri-springs5")
    assert (cells["NRI (learned)"].effect, cells["NRI (learned)"].decided_by) == ("fails", "nri-sim")


def test_the_key_explains_every_sign():
    cell = cells_of("all", [])[0]
    page = read(tables.against_paper([cell]))
    key = page.text.partition("\n")[0]
    signs = {**marks.FIGURE, **{f"is {word}" if word == "unsure" else word: s for word, s in marks.ORDER.items()}}
    assert all(f"{shown} {word}" in key for word, shown in signs.items())
    assert all(shown in key for shown in (marks.NEITHER, marks.IMPROVING, "† quoted", "* recalled"))
    every = [*marks.FIGURE.values(), *marks.ORDER.values(), marks.NEITHER, marks.IMPROVING]
    assert len(set(every)) == len(every), "no sign means two things"


def test_a_printed_figure_shows_how_it_was_obtained_and_whether_it_is_a_bound():
    shown = {cell.provenance: cell for cell in cells_of("all", []) if cell.published is not None}
    assert shown.keys() == {"read", "quoted", "recalled"}
    for obtained, cell in shown.items():
        page = read(tables.against_paper([cell]))
        (row,) = [row for row in page.rows if row[0].startswith(cell.system)][:1]
        assert ("†" in row[1], "*" in row[1]) == (obtained == "quoted", obtained == "recalled")
        said = [title for title in page.titles if title in marks.OBTAINED.values()]
        assert said == ([marks.OBTAINED[obtained]] if obtained in marks.OBTAINED else [])
    above = next(cell for cell in cells_of("rn_sort_of_clevr", []) if cell.bound)
    assert any(row[1].endswith("above 94.0") for row in read(tables.against_paper([above])).rows)


def test_a_run_that_gained_to_its_end_is_marked(babi):
    curve = [{"step": step, "loss": 1.0, "accuracy/mean": float(step)} for step in (1, 50, 100)]
    for steps, gains in ((100, True), (1000, False)):
        found = [babi([50.0] * 20, curve=curve, steps=steps)]
        cells = [cell for cell in best(cells_of("rn_babi", found)) if cell.ours is not None]
        page = read(tables.against_paper(cells))
        assert [words for words, _ in page.marks].count("still improving at the end of its run") == gains * len(cells)


def test_claims_are_tabled_with_anchors_labels_and_evidence(on_springs):
    judged = labels.judged(on_springs)
    page = read(tables.claims(judged))
    assert sorted(page.anchors) == sorted(claim.id for claim in claims.read())
    assert [words for words, _ in page.marks] == ["headline claim"] * sum(one.claim.headline for one in judged)
    rows = dict(zip(page.anchors, (row for row in page.rows if row[0] != "claim"), strict=True))
    for one in judged:
        said, came_out = rows[one.claim.id]
        assert said.startswith(f"★ {one.claim.claim}" if one.claim.headline else one.claim.claim)
        assert one.claim.place in said
        assert came_out.split("\u00a0", 1)[1].startswith(one.label)
        assert all(reason in said for reason in one.reason.split("; "))
    said, came_out = rows["nri-springs5"]
    assert came_out.endswith("small, generated, n\u00a0=\u00a03")
    assert "../results/nri_edges/small/springs_5--nri-learned--generated--seed2.json" in page.records
    assert "for seed in 0 1 2; do reprolib run nri_edges --row 'springs_5/NRI (learned)'" in page.code
    assert "\n\n" not in tables.claims(judged).text, "a blank line would end the table in Markdown"


def test_headline_claims_come_first_in_the_table_of_their_paper():
    page, by_id = read(tables.claims(labels.judged([]))), {claim.id: claim for claim in claims.read()}
    for _, names in itertools.groupby(page.anchors, key=lambda name: by_id[name].paper):
        headlines = [by_id[name].headline for name in names]
        assert headlines == sorted(headlines, reverse=True)


def test_counts_of_claims_are_in_words_and_add_up(on_springs):
    judged = labels.judged(on_springs)
    text = read(tables.counts(judged)).text
    numbers = [int(number) for number in re.findall(r"\b(\d+) (?:is|are|claims|headline)", text)]
    assert numbers[0] == len(judged) == sum(numbers[1:8])
    assert all(words in text for words in ("reproduced with less", "with a change", "only shown in effect"))


def test_rows_that_wait_are_tabled_with_their_commands():
    assert "No row waits" in read(tables_of_runs.waiting(Table(lists.WAITING, []))).text
    line = ("springs_5/NRI <x>", "small", "generated", "15", "its record is stale", "reprolib run 'springs_5/NRI <x>'")
    page = read(tables_of_runs.waiting(Table(lists.WAITING, [line])))
    assert ["springs_5/NRI <x> small, generated", "15", "its record is stale"] in page.rows
    assert page.blocks[-1] == "reprolib run 'springs_5/NRI <x>'"


def test_a_table_has_a_place_for_every_printed_figure():
    cells = best(cells_of("all", []))
    page = read(tables.against_paper(cells))
    printed = [listing.printed(cell) for cell in cells if cell.published is not None]
    shown = [entry.removeprefix("– ") for row in page.rows for entry in row[1:]]
    assert {"†", "*"} <= {figure[-1] for figure in printed}
    assert all(shown.count(figure) >= printed.count(figure) for figure in printed)
    assert ["", "springs 5", "charged 5", "Kuramoto 5", "springs 10", "charged 10", "Kuramoto 10"] in page.rows
    assert ["", "step 1", "step 10", "step 20"] in page.rows


def test_a_command_stands_under_the_first_table_that_needs_it(run):
    found = [run("springs_5", "Static", {f"mse/step_{step}": 1e-3 for step in (1, 10, 20)})]
    page = read(tables.against_paper(best(cells_of("nri_prediction", found))))
    assert page.code.count("--row 'springs_5/Static' --scale small") == 1


def test_what_has_no_record_shows_the_command_that_would_make_one():
    page = read(tables.against_paper(best(cells_of("rn_sort_of_clevr", []))))
    assert "--row 'sort_of_clevr/CNN+RN' --scale paper" in page.code
    assert "Commands that repeat these numbers" not in page.text


def test_text_in_tables_is_escaped():
    cell = replace(cells_of("all", [])[0], system="<script>a & b")
    assert "<script>" not in tables.against_paper([cell]).text
    assert "<script>a & b" in read(tables.against_paper([cell])).text


def test_what_an_execution_ran_is_told_apart_from_what_it_read(scene):
    found = [scene("sort_of_clevr", "CNN+RN", 98.0, 90.0, seed=seed, scale="smoke") for seed in (0, 3)]
    found.append(scene("sort_of_clevr", MAJORITY, 50.0, 40.0, scale="smoke"))
    ran, was_read = read(tables.executed(found, train=True)), read(tables.executed(found, train=False))
    assert "Trained in this execution. Scale smoke, generated data, seeds 0, 3" in ran.text
    assert "earns no mark" in ran.text
    assert "Nothing was trained" in was_read.text
    assert "Nothing was trained" in read(tables.executed([], train=False)).text
    assert ["accuracy, relational", "90.0 ± 0.0", "40.0"] in ran.rows
    assert ran.rows == was_read.rows


def test_status_counts_runs_and_takes_time_and_versions_from_the_records(babi):
    found = [babi([50.0] * 20, seed=seed, seconds=5400.0) for seed in (0, 1)] + [
        babi([5.0] * 20, MAJORITY, scale="smoke")
    ]
    page = read(tables.status(found))
    assert ["rn_babi small, generated", "2", "2025-03-02", "3.0 h"] in page.rows
    assert ["rn_babi smoke, generated", "1", "2025-03-01", "90.0 s"] in page.rows
    assert ["a processor, 1 thread", "torch 2.11", "3"] in page.rows
    assert "no committed records" in read(tables.status([])).text


def test_costs_are_the_processor_time_of_a_seed_at_the_largest_scale(run):
    found = [run("springs_5", "NRI (learned)", {}, seed=seed, processor_seconds=300.0 + 60 * seed) for seed in (0, 1)]
    found.append(run("springs_5", "NRI (learned)", {}, scale="smoke", processor_seconds=1.0))
    found.append(run("springs_5", "Corr. (path)", {}, steps=0))
    page = read(tables.costs(found))
    (row,) = [row for row in page.rows if "NRI" in row[0]]
    assert row[2:4] == ["5.5 ± 0.7", "2"]
    assert not any("Corr" in row[0] for row in page.rows)
    assert "no committed records" in read(tables.costs([])).text


def test_what_all_rows_share_is_said_once_and_what_differs_in_its_row(run):
    systems = {"NRI (learned)": 3, "Supervised": 3, "Corr. (path)": 1}
    found = [
        run("springs_5", system, {"accuracy/edges": 90.0}, seed=seed)
        for system, n in systems.items()
        for seed in range(n)
    ]
    cells = [
        cell for cell in best(cells_of("nri_edges", found)) if (cell.paper, cell.task) == ("kipf2018", "springs_5")
    ]
    page = read(tables.against_paper(cells))
    assert page.text.count("small, generated, test, n\u00a0=\u00a03") == 1
    heads = [row[0] for row in page.rows]
    assert "NRI (learned)" in heads
    assert "Corr. (path) n\u00a0=\u00a01" in heads


def test_a_wide_table_keeps_its_first_column_in_sight_and_a_narrow_one_need_not(on_springs):
    wide = tables.against_paper(best(cells_of("nri_prediction", [])))
    assert '<div class="scrolls" tabindex="0"><table class="table sticks">' in wide.text
    assert 'class="table sticks"' not in tables.claims(labels.judged(on_springs)).text
    sheet = (ROOT / "book/_static/tables.css").read_text()
    assert re.search(r"\.sticks tr > :first-child \{\s+position: sticky", sheet)
    assert re.search(r"\.scrolls \{[^}]*overflow-x: auto", sheet)


def test_commands_on_real_data_stand_under_what_they_need(babi, run):
    real = read(tables.against_paper(best(cells_of("rn_babi", [babi([96.0] * 20, kind="real")]))))
    (first, *_) = real.blocks
    assert ["bin/activate" in first, "export REPROLIB_DATA=" in first, "reprolib data fetch babi" in first] == [
        True
    ] * 3
    static = run("springs_5", "Static", {"mse/step_1": 1e-3})
    cells = [cell for cell in best(cells_of("nri_prediction", [static])) if cell.ours is not None]
    assert "REPROLIB_DATA" not in read(tables.against_paper(cells)).code, "generated data need none"


@pytest.mark.parametrize(
    ("row", "name"), [("clevr_pixels/CNN+LSTM+RN", "clevr"), ("clevr_state/LSTM+RN", "clevr_no_images")]
)
def test_states_need_no_pictures(row, name):
    experiment = f"rn_{row.partition('/')[0]}"
    command = f"reprolib run {experiment} --row '{row}' --scale small --seed 0 --data real"
    for line in (command, f"for seed in 0 1; do {command}; done"):
        assert read(Html(with_needs([line]))).blocks[0].splitlines()[-1] == f"reprolib data fetch {name}"


def test_every_environment_that_a_command_names_is_one_that_the_house_makes():
    assert f"conda activate {yaml.safe_load((ROOT / 'environment.yml').read_text())['name']}" in ENVIRONMENT
    assert "ENVIRONMENT := .venv\n" in (ROOT / "Makefile").read_text()
    assert ". .venv/bin/activate" in ENVIRONMENT


def test_a_page_lists_the_claims_that_rest_on_it_with_links_to_their_evidence(monkeypatch, on_springs):
    monkeypatch.setattr(tables, "committed_around", lambda _: on_springs)
    page, label = read(tables.claims_of("nri_edges")), {one.claim.id: one.label for one in labels.judged(on_springs)}
    linked = [link.removeprefix("summary.html#") for link in page.links]
    by_id = {claim.id: claim for claim in claims.read()}
    assert {"nri-springs5", "mml-springs"} < {*linked}
    assert not {"rn-babi-18", "gn-block"} & {*linked}
    for name, (said, came_out) in zip(linked, page.rows[1:], strict=True):
        assert by_id[name].claim in said
        assert came_out.split("\u00a0", 1)[1].startswith(label[name])
    headlines = [by_id[name].headline for name in linked]
    assert headlines == sorted(headlines, reverse=True)
