"""The book: its contents, its sources, and, where REPROLIB_HTML names a built one, its pages."""

import json
import os
import re
import subprocess
from datetime import datetime
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
import yaml

from reprolib import experiments, paths
from reprolib.contracts.entry import SCALES
from reprolib.evidence import claims, published, records
from reprolib.judgement import verify
from reprolib.judgement.labels import LABELS, REPRODUCED, judged
from reprolib.pages.tables import grid as marks
from reprolib.paths import NOTEBOOKS, ROOT

BOOK = ROOT / "book"
HTML = os.environ.get("REPROLIB_HTML")
built = pytest.mark.skipif(not HTML, reason="REPROLIB_HTML names no built book (`make book`, then _build/html)")

LOADED = dict.fromkeys(("script", "img", "iframe", "source", "video"), "src") | {"link": "href", "object": "data"}
NOT_LOADED = {"canonical", "index", "search", "next", "prev", "author", "license"}  # kinds of <link> that only point
TRACEBACK = "Traceback (most recent call last)"


class Page(HTMLParser):
    """What the tests need to know of one page of HTML."""

    def __init__(self, text):
        super().__init__()
        self.anchors, self.links, self.loads, self.tags, self.text, self.styles = set(), [], [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        values = {name: value or "" for name, value in attrs}
        self.tags.append((tag, values))
        self.anchors |= {values[name] for name in ("id", "name") if name in values}
        self.styles.append(values.get("style", ""))
        if tag == "a" and "href" in values:
            self.links.append(values["href"])
        kinds = set(values.get("rel", "").split())
        if LOADED.get(tag) in values and not (kinds and kinds <= NOT_LOADED):
            self.loads.append(values[LOADED[tag]])

    def handle_data(self, data):
        self.text.append(data)

    def count(self, tag):
        return sum(name == tag for name, _ in self.tags)

    def has(self, tag, **wanted):
        return any(name == tag and wanted.items() <= values.items() for name, values in self.tags)


def is_external(address):
    return urlsplit(address).scheme in {"http", "https"} or address.startswith("//")


def external(page):
    """Addresses outside the book that opening the page would ask for."""
    in_styles = re.findall(r"url\(['\"]?([^'\")]+)", " ".join(page.styles))
    return [address for address in page.loads + in_styles if is_external(address)]


def broken(pages, root):
    """Links and loads between files of the book that lead nowhere: (page, address)."""
    missing = []
    for path, page in pages.items():
        for address in page.links + page.loads:
            if is_external(address) or urlsplit(address).scheme:
                continue
            target = (path.parent / unquote(urlsplit(address).path)).resolve() if urlsplit(address).path else path
            anchor = unquote(urlsplit(address).fragment)
            if not target.exists() or (anchor and target in pages and anchor not in pages[target].anchors):
                missing.append((str(path.relative_to(root)), address))
    return missing


def read_pages(root):
    root = Path(root).resolve()
    files = [path for path in root.rglob("*.html") if not {"_static", "_sources"} & set(path.relative_to(root).parts)]
    return {path: Page(path.read_text(encoding="utf-8")) for path in files}


@pytest.fixture(scope="module")
def pages():
    found = read_pages(ROOT / HTML)
    assert found
    return found


def contents():
    toc = yaml.safe_load((BOOK / "_toc.yml").read_text())
    return [toc["root"], *(chapter["file"] for part in toc["parts"] for chapter in part["chapters"])]


def page_of(pages, name):
    return pages[(ROOT / HTML / f"{name}.html").resolve()]


@pytest.mark.parametrize("name", contents())
def test_a_page_of_the_contents_has_a_source(name):
    source = ROOT / f"{name}.ipynb" if name.startswith("notebooks/") else BOOK / f"{name}.md"
    assert source.exists()


def test_every_source_and_every_experiment_is_in_the_contents():
    prose = {str(path.relative_to(BOOK).with_suffix("")) for path in BOOK.rglob("*.md")}
    prose = {name for name in prose if not name.startswith(("_", "notebooks/"))}
    notebooks = {f"notebooks/{path.stem}" for path in NOTEBOOKS.glob("*.ipynb")}
    assert prose | notebooks == set(contents())
    assert {f"notebooks/{name}" for name in experiments.NAMES} <= notebooks


def test_every_citation_key_is_a_paper_of_the_bibliography():
    keys = re.findall(r"^@\w+\{(\w+),", (BOOK / "references.bib").read_text(), re.MULTILINE)
    assert len(set(keys)) == len(keys)
    papers = {line.paper for line in published.read() if re.fullmatch(r"[a-z]+\d{4}", line.paper)}
    assert len(papers) >= 3
    assert papers <= set(keys)


def test_the_page_on_reading_explains_every_sign_label_source_and_scale():
    page = " ".join((BOOK / "how_to_read.md").read_text().split())
    assert all(f"{shown} {word}" in page for signs in (marks.FIGURE, marks.ORDER) for word, shown in signs.items())
    assert all(f"{shown} " in page for shown in (marks.NEITHER, marks.IMPROVING, "†"))
    for name in (*LABELS, *published.PROVENANCES, *SCALES):
        assert page.count(f"| {name} |") == 1, f"{name} has a line in a table"
    assert "partly" not in page


def test_the_start_page_and_the_makefile_name_the_same_generated_files():
    makefile = (ROOT / "Makefile").read_text()
    pages = re.search(r"for page in ([\w ]+);", makefile)[1].split()
    made = {f"{page}.md" for page in pages} | set(re.findall(r"book/_generated/(\w+\.html)", makefile))
    included = {
        name for path in BOOK.glob("*.md") for name in re.findall(r"\{include\} _generated/(\S+)", path.read_text())
    }
    assert included == made
    assert {"counts.md", "claims.html"} <= set(re.findall(r"_generated/(\S+)", (BOOK / "index.md").read_text()))


def test_every_entry_of_the_diary_has_five_parts_and_a_line_in_the_index_newest_first():
    page = (BOOK / "diary.md").read_text()
    index = re.findall(r"^\| (\d+&nbsp;\w+) \| .* \| \[([^]]+)\]\(([\w-]+)\) \|$", page, re.MULTILINE)
    entries = re.findall(r"^\(([\w-]+)\)=\n### (.+)\n\n\*.+, (.+)\*\n\n((?:.+\n)+)", page, re.MULTILINE)
    days = [datetime.strptime(day, "%d %B %Y") for _, _, day, _ in entries]
    assert index == [
        (f"{day.day}&nbsp;{day:%b}", title, anchor) for day, (anchor, title, *_) in zip(days, entries, strict=True)
    ]
    assert len(index) == page.count("\n### ") > 80
    parts = ["Question", "Change", "Result", "Conclusion", "Record"]
    assert all(re.findall(r"^- \*\*(\w+):\*\* \S", text, re.MULTILINE) == parts for *_, text in entries)
    assert days == sorted(days, reverse=True)


def test_what_was_tried_and_is_missed_has_a_paragraph_and_nothing_else_has():
    """A claim that comes out loses its paragraph; one that is tried for the first time gets one."""
    done = {*REPRODUCED.values(), "not attempted"}
    missed = {
        one.claim.id for one in judged(records.good(paths.results())) if one.claim.headline and one.label not in done
    }
    text = (BOOK / "missed.md").read_text(encoding="utf-8")
    parts = dict(re.findall(r"^\(missed-([\w-]+)\)=\n## (.*?)(?=^\(missed|\Z)", text, re.MULTILINE | re.DOTALL))
    everything = {claim.id for claim in claims.read() if claim.rests_on}
    assert parts.keys() == missed - everything
    for name, words in parts.items():
        assert [word for word in ("*Tried.*", "*Gave.*", "*Next.*") if word not in words] == [], name


def test_no_page_types_a_label():
    assert verify._typed() == []


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("Springs are *reproduced*.", "reproduced"),
        ("Charges: not reproduced.", "not reproduced"),
        ("The claim is\nnot attempted yet.", "not attempted"),
        ("| springs | Reproduced, with less |", "Reproduced, with less"),
        ("It stays inconclusive.", "inconclusive"),
        ("It counts as `effect shown`.", "effect shown"),
        ("It is *partly* there.", "partly"),
        ("# Relational reasoning, reproduced", None),
        ("What could not be reproduced with less data was not tried again.", None),
        ("A long run that nobody attempted is no evidence, and partly noise.", None),
    ],
)
@pytest.mark.parametrize("name", ["book/page.md", "notebooks/page.ipynb"])
def test_a_typed_label_is_seen_and_ordinary_english_is_not(name, text, seen, monkeypatch, tmp_path):
    (tmp_path / name).parent.mkdir()
    cells = [{"cell_type": "markdown", "source": text.splitlines(keepends=True)}, {"cell_type": "code", "source": []}]
    (tmp_path / name).write_text(text if name.endswith("md") else json.dumps({"cells": cells}))
    monkeypatch.setattr(paths, "ROOT", tmp_path)
    assert [f"says {seen!r} by hand" in sentence for sentence in verify._typed()] == [True] * (seen is not None)


def test_the_checks_see_what_is_wrong(tmp_path):
    (tmp_path / "good.html").write_text(
        '<h1 id="top">A</h1><a href="bad.html#x">b</a><a href="https://example.org">c</a>'
    )
    (tmp_path / "bad.html").write_text(
        '<script src="https://example.org/a.js"></script><link rel="stylesheet" href="//example.org/a.css">'
        '<p id="x" style="background: url(http://example.org/a.png)"><img src="gone.png"><a href="good.html#gone">d</a>'
    )
    pages = read_pages(tmp_path)
    assert [len(external(pages[tmp_path.resolve() / name])) for name in ("good.html", "bad.html")] == [0, 3]
    assert broken(pages, tmp_path.resolve()) == [("bad.html", "good.html#gone"), ("bad.html", "gone.png")]


@built
def test_every_page_of_the_contents_is_rendered(pages):
    assert all(page_of(pages, name).has("h1") for name in contents())


@built
def test_nothing_is_loaded_from_elsewhere(pages):
    assert {path.name: external(page) for path, page in pages.items() if external(page)} == {}
    sheets = {path.name: path.read_text() for path in (ROOT / HTML).rglob("*.css")}
    remote = r"(?:@import\s*|url\()\s*['\"]?(?:https?:)?//"
    assert [name for name, text in sheets.items() if re.search(remote, text)] == []


@built
def test_links_and_anchors_lead_somewhere(pages):
    assert broken(pages, (ROOT / HTML).resolve()) == []


@built
def test_pages_with_equations_load_the_local_mathjax(pages):
    with_math = [page for page in pages.values() if any("math" in v.get("class", "").split() for _, v in page.tags)]
    assert with_math
    assert all(any("mathjax/tex-svg.js" in address for address in page.loads) for page in with_math)


@built
def test_no_page_shows_an_error_or_a_path_of_this_machine(pages):
    text = {path.name: " ".join(page.text) for path, page in pages.items()}
    assert [name for name, words in text.items() if TRACEBACK in words or str(ROOT) in words] == []


@built
def test_no_line_of_code_is_wider_than_a_page():
    """Code of the library, cells and commands, but for an address of one word; what tables unfold is wrapped there."""
    wide = []
    for path in (ROOT / HTML).rglob("*.html"):
        for block in re.findall(r'<div class="highlight"><pre>(.*?)</pre>', path.read_text(), re.DOTALL):
            lines = unescape(re.sub("<[^>]*>", "", block)).splitlines()
            wide += [(path.name, line) for line in lines if len(line) > 80 and " " in line.strip()]
    assert wide == []


@built
@pytest.mark.parametrize("name", contents())
def test_a_page_tells_its_day_commit_versions_and_minutes(pages, name):
    words = " ".join(" ".join(page_of(pages, name).text).split())
    assert re.search(r"Built on \d{4}-\d\d-\d\d( from commit \w{10})?", words)
    assert re.search(r"with reprolib [\d.]+, torch [\d.+\w]+ and Python [\d.]+\.", words)
    assert ("This notebook was executed in" in words) == name.startswith("notebooks/")


@built
@pytest.mark.parametrize("name", contents())
def test_code_can_be_copied_without_a_network(pages, name):
    """The button's script and that of the clipboard are files of the book, wherever there is code."""
    page = page_of(pages, name)
    if any(values.get("class") == "highlight" for _, values in page.tags):
        loaded = {address.split("/")[-1].split("?")[0] for address in page.loads}
        assert {"copybutton.js", "clipboard.min.js"} <= loaded


@built
def test_every_work_has_a_block_to_copy(pages):
    page = page_of(pages, "references")
    text = " ".join(page.text)
    keys = re.findall(r"^@\w+\{(\w+),", (BOOK / "references.bib").read_text(), re.MULTILINE)
    assert all(text.count(f"{{{key}") or key in text for key in [*keys, "reprolib"])
    assert page.count("details") >= len(keys)


@built
def test_every_page_has_an_icon(pages):
    assert all(any("icon" in v.get("rel", "").split() for t, v in page.tags if t == "link") for page in pages.values())


@built
@pytest.mark.parametrize("name", experiments.NAMES)
def test_experiment_pages_show_tables_and_figures(pages, name):
    page = page_of(pages, f"notebooks/{name}")
    assert page.count("table") >= 2, "the committed records, and what this execution ran"
    assert any("_images/" in address for address in page.loads)


@built
@pytest.mark.parametrize("path", sorted(NOTEBOOKS.glob("lecture_*.ipynb")), ids=lambda path: path.stem)
def test_lectures_show_every_figure_and_the_claims_that_they_end_with(pages, path):
    page = page_of(pages, f"notebooks/{path.stem}")
    pictures = [address for address in page.loads if "_images/" in address]
    assert len(pictures) == path.read_text(encoding="utf-8").count("figures.show(") > 0
    assert page.count("table") >= 1


@built
def test_the_summary_has_a_row_for_every_published_figure(pages):
    assert page_of(pages, "notebooks/summary").count("tr") > len(published.read())


@built
@pytest.mark.parametrize("name", ["index", "notebooks/summary"])
def test_the_start_page_and_the_summary_have_an_anchor_for_every_claim_and_its_label(pages, name):
    page = page_of(pages, name)
    assert {claim.id for claim in claims.read()} <= page.anchors
    rows = [values for tag, values in page.tags if tag == "tr" and "id" in values]
    assert len(rows) == len(claims.read())
    text = " ".join(page.text)
    assert all(claim.claim in text for claim in claims.read())
    assert re.search(rf"Of {len(rows)} claims, \d+ (is|are) reproduced", text)


@built
@pytest.mark.parametrize("name", experiments.NAMES)
def test_marks_on_the_pages_of_experiments_lead_to_claims(pages, name):
    known = {claim.id for claim in claims.read()}
    links = [urlsplit(address) for address in page_of(pages, f"notebooks/{name}").links]
    led = {link.fragment for link in links if link.path == "summary.html" and link.fragment}
    assert led <= known
    measured = any(record.scale != "smoke" for _, record in records.read_all(paths.results(), name))
    assert led or not measured, "no order is marked"


@built
@pytest.mark.parametrize("file", ["reprolib/models/stories.py", "reprolib/judgement/verdicts.py"])
def test_make_executes_again_the_pages_whose_rule_names_an_edited_file(file):
    """`make -W FILE` takes a file for edited. A book that was just built needs nothing."""
    scale, train = (ROOT / "_build/parameters").read_text().split()
    call = ["make", "--no-print-directory", "-n", f"SCALE={scale}", f"TRAIN={train}", "executed"]
    asked = [
        subprocess.run([*call, *edited], cwd=ROOT, capture_output=True, text=True, check=True).stdout
        for edited in ([], ["-W", file])
    ]
    now, after = (set(re.findall(r"book: executing notebooks/(\w+)", said)) for said in asked)
    uses = {path.stem for path in (BOOK / "notebooks").glob("*.d") if f" {file} " in path.read_text()}
    assert (now, after) == (set(), uses)
    assert "rn_babi" in uses
    assert ("rn_sort_of_clevr" in uses) == (file == "reprolib/judgement/verdicts.py")
