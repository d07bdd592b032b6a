"""What pages link to is there in the built book: records, tables, notebooks."""

import csv
import json
import re
from html import unescape
from statistics import fmean

import pytest

from reprolib import experiments, paths
from reprolib.evidence import records
from reprolib.judgement import labels
from reprolib.pages import book_files, tables
from reprolib.pages.tables import cell, claim_tables, named

SEEDS = (0, 1, 2)


@pytest.fixture
def book(toy, record_of, tmp_path):
    """The first folder of a book, with the files that pages of the toy link to."""
    for seed in SEEDS:
        records.write(record_of(scale="small", seed=seed, metrics={"accuracy/all": 88.0 + seed}), paths.results())
    command = record_of().command.replace("toy/Net", "toy/Majority")
    guess = {"system": "Majority", "steps": 0, "metrics": {"accuracy/all": 40.0}, "command": command}
    records.write(record_of(scale="small", **guess), paths.results())
    records.write(record_of(scale="small", changes={"train.steps": 5}), paths.results())
    assert book_files.write(tmp_path / "book") == sum(path.is_file() for path in (tmp_path / "book").rglob("*"))
    return tmp_path / "book"


def addresses(html, kind=""):
    """Where links of a page lead to, but for other pages and what a link holds itself."""
    found = re.findall(rf'<a {kind}[^>]*href="([^"]+)"', html)
    return [unescape(one) for one in found if ".html" not in one and not one.startswith("data:")]


def test_every_link_leads_to_a_file_that_the_build_writes(book):
    judged = labels.judged(tables.committed())
    pages = {
        book: [claim_tables.html(judged)],
        book / "notebooks": [tables.paper_against_ours().text, tables.claims(judged).text, tables.waiting().text],
    }
    for place, shown in pages.items():
        for html in shown:
            found = addresses(html)
            assert found
            assert [one for one in found if not (place / one).resolve().is_file()] == []


def test_the_pages_of_experiments_link_to_their_own_tables_and_notebooks(tmp_path):
    names = book_files._tables()
    for name in experiments.NAMES:
        saved = re.findall(r"\.\./(tables|notebooks)/(\w+)\.(\w+)", tables.paper_against_ours(name).text)
        assert saved[-3:] == [("tables", name, "csv"), ("tables", name, "json"), ("notebooks", name, "ipynb")]
        assert name in names
        assert (paths.NOTEBOOKS / f"{name}.ipynb").is_file()


def test_a_figure_links_to_the_records_that_it_is_the_mean_of(book):
    for one in cell.best(cell.cells("toy")):
        linked = addresses(tables.against_paper([one]).text, 'class="record"')
        contents = [json.loads((book / "notebooks" / address).read_text()) for address in linked]
        assert len(contents) == one.n
        assert {(content["task"], content["system"]) for content in contents} <= {(one.task, one.system)}
        if contents:
            assert fmean(content["metrics"][one.metric] for content in contents) == pytest.approx(one.ours)


def test_from_a_claim_its_records_and_their_command_are_one_click_away(book):
    html = claim_tables.html(labels.judged(tables.committed()))
    (inside,) = re.findall(r"<details.*?</details>", html, re.DOTALL)
    parts = re.split(r"(?=<p>toy/)", inside)[1:]
    assert [len(addresses(part, 'class="record"')) for part in parts] == [len(SEEDS), 1]
    for part in parts:
        content = json.loads((book / addresses(part, 'class="record"')[0]).read_text())
        command = unescape(re.search(r'<div class="highlight commands"><pre>(.*?)</pre>', part)[1])
        assert f"--row '{content['task']}/{content['system']}'" in command


def test_the_downloads_agree_with_one_another_and_with_what_is_read(book):
    for name in book_files._tables():
        rows = list(csv.DictReader((book / f"tables/{name}.csv").open()))
        objects = json.loads((book / f"tables/{name}.json").read_text())
        assert rows == [{key: spelled(value) for key, value in one.items()} for one in objects], name
        if name not in {"claims", "all"}:
            lines = named.text(name, "md").splitlines()[2:]
            assert len(lines) == len(objects)
            shown = re.findall(r"<tr>(.*?)</tr>", named.text(name, "html"))[1:]
            cells = [[unescape(text) for text in re.findall(r"<t[hd].*?>(.*?)</t[hd]>", row)] for row in shown]
            assert [f"| {' | '.join(row)} |".replace("||", "|") for row in cells] == lines


def spelled(value):
    """A value of JSON as CSV writes it."""
    if isinstance(value, list):
        return "; ".join(value)
    return "" if value is None else str(value)


def test_publish_says_how_many_files_it_wrote(book, cli, tmp_path):
    code, shown, _ = cli("publish", tmp_path / "again")
    assert code == 0
    assert shown.startswith(f"{sum(path.is_file() for path in book.rglob('*'))} files")


def test_the_book_is_built_with_what_its_pages_link_to():
    recipe = (paths.ROOT / "Makefile").read_text()
    build, publish = recipe.index("jupyter-book build"), recipe.index("publish _build/html")
    assert build < publish
