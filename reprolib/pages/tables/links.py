"""Where the evidence lies in the built book, as a page links to it: records, tables to download, notebooks, claims.

`root` is the way from a page up to the first folder of the book; `book_files.write` puts there what is linked.
"""

import re
from base64 import b64encode
from html import escape
from pathlib import Path

from reprolib.evidence import records
from reprolib.evidence.records import Record
from reprolib.evidence.spelling import paper_name
from reprolib.pages.tables.markup import Html
from reprolib.pages.tables.table import Table, render

START_PAGE, NOTEBOOK_PAGE = "", "../"
RESULTS, TABLES, NOTEBOOKS = "results", "tables", "notebooks"  # folders of the built book
REFERENCES_PAGE = "references.html"  # in the book's first folder; it has an anchor at every paper
CLAIMS_PAGE = "summary.html"  # beside the page of every notebook; it has an anchor at every claim
FORMATS = {"csv": "text/csv", "json": "application/json"}  # to download


def record_path(record: Record) -> str:
    """The file of a record, seen from the book's first folder as from that of the repository."""
    return records.location(record, Path(RESULTS)).as_posix()


def record(found: Record, root: str, shown: str) -> str:
    """A link to a record that leaves the page open."""
    said = f"record of seed {found.seed}"
    address = escape(f"{root}{record_path(found)}")
    return f'<a class="record" href="{address}" title="{said}" aria-label="{said}" target="_blank">{shown}</a>'


def claim(name: str) -> str:
    """Where a claim stands, seen from the page of any notebook."""
    return f"{CLAIMS_PAGE}#{name}"


def paper(key: str, root: str) -> Html:
    """A paper as a citation that leads to the list of references; one that is not listed by its name alone."""
    cited = re.fullmatch(r"([a-z]+\d{4})(blog)?", key)
    name = escape(paper_name(key))
    return Html(f'<a href="{root}{REFERENCES_PAGE}#{cited[1]}">{name}</a>' if cited else name)


def downloads(name: str, notebook: str, root: str) -> str:
    """Links to a named table as CSV and JSON, and to the notebook that shows it."""
    files = {style.upper(): f"{root}{TABLES}/{name}.{style}" for style in FORMATS}
    return _downloads(files | {"notebook": f"{root}{NOTEBOOKS}/{notebook}.ipynb"})


def downloads_within(table: Table, name: str) -> str:
    """Links that hold a small table themselves, where the page alone has computed it."""
    content = {style: b64encode(render(table, style).encode()).decode() for style in FORMATS}
    links = {style.upper(): f"data:{FORMATS[style]};base64,{text}" for style, text in content.items()}
    return _downloads(links, {kind: f"{name}.{kind.lower()}" for kind in links})


def _downloads(links: dict[str, str], names: dict[str, str] | None = None) -> str:
    saved = names or {}
    listed = [
        f'<a href="{escape(address)}" download="{escape(saved.get(said, ""))}">{said}</a>'
        for said, address in links.items()
    ]
    return f'<p class="downloads">Download {", ".join(listed)}</p>'
