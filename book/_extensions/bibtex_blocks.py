"""`{bibtex} FILE`: what to copy in order to cite, from CITATION.cff or from a bibliography, each work folded.

The entries of a bibliography are items of a list: the role that docutils gives them is no longer one.
"""

import re
import textwrap
from html import escape
from pathlib import Path

import yaml
from docutils import nodes
from sphinx.util.docutils import SphinxDirective

WIDTH = 76


def papers(bibliography: str) -> dict[str, str]:
    """{title: entry} of a file in BibTeX, long lines of it broken."""
    entries = re.findall(r"^@\w+\{.*?^\}$", bibliography, re.MULTILINE | re.DOTALL)
    titles = [re.search(r"^  title = \{(.*)\},$", entry, re.MULTILINE)[1] for entry in entries]
    return {
        re.sub("[{}]", "", title): "\n".join(map(_broken, entry.splitlines()))
        for title, entry in zip(titles, entries, strict=True)
    }


def suite(citation: str) -> str:
    """An entry of the suite itself, from the text of its CITATION.cff."""
    cff = yaml.safe_load(citation)
    authors = " and ".join(f"{{{author['name']}}}" for author in cff["authors"])
    fields = {"author": authors, "title": cff["title"], "version": cff["version"], "license": cff["license"]}
    lines = [_broken(f"  {name} = {{{value}}},") for name, value in fields.items()]
    return "\n".join(["@software{reprolib,", *lines, "}"])


def _broken(line: str) -> str:
    """A field in as many lines as it takes: BibTeX reads a break as a space."""
    return textwrap.fill(line, WIDTH, subsequent_indent="    ", break_long_words=False, break_on_hyphens=False)


class Bibtex(SphinxDirective):
    """Blocks of BibTeX, made from the file that is named, relative to the page."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        source = Path(self.env.doc2path(self.env.docname)).parent / self.arguments[0]
        self.env.note_dependency(str(source))
        text = source.read_text(encoding="utf-8")
        if source.suffix == ".cff":
            return [_block(suite(text))]
        return [node for title, entry in papers(text).items() for node in _folded(title, _block(entry))]


def _block(entry: str) -> nodes.literal_block:
    return nodes.literal_block(entry, entry, language="bibtex")


def _folded(title: str, block: nodes.literal_block) -> list[nodes.Node]:
    begin = f'<details class="unfolds"><summary>{escape(title)}</summary>'
    return [nodes.raw("", begin, format="html"), block, nodes.raw("", "</details>", format="html")]


def _as_items(app, name: str, template: str, context: dict, doctree: nodes.document | None) -> None:
    context["body"] = context.get("body", "").replace('role="doc-biblioentry"', 'role="listitem"')


def setup(app) -> dict[str, bool]:
    """Add the directive, and mend the roles of what it stands beside."""
    app.add_directive("bibtex", Bibtex)
    app.connect("html-page-context", _as_items)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
