"""What readers copy in order to cite is the bibliography itself, and what CITATION.cff says."""

import yaml
from bibtex_blocks import WIDTH, papers, suite
from pybtex.database import parse_string

from reprolib.paths import ROOT

BIBLIOGRAPHY = (ROOT / "book" / "references.bib").read_text()
CITATION = (ROOT / "CITATION.cff").read_text()


def fields(text):
    """{key: fields and names of the authors} of entries, whatever their line breaks."""
    entries = parse_string(text, "bibtex").entries
    return {
        key: {name: " ".join(value.split()) for name, value in entry.fields.items()}
        | {"author": [str(person) for person in entry.persons["author"]], "type": entry.type}
        for key, entry in entries.items()
    }


def test_blocks_say_what_the_bibliography_says_in_lines_that_fit():
    blocks = papers(BIBLIOGRAPHY)
    assert fields("\n".join(blocks.values())) == fields(BIBLIOGRAPHY)
    assert len(blocks) == len(fields(BIBLIOGRAPHY)) > 20
    lines = [line for block in blocks.values() for line in block.splitlines()]
    assert [line for line in lines if len(line) > WIDTH and " " in line.strip()] == [], "only an address may be longer"
    assert "CLEVR: A Diagnostic Dataset for Compositional Language and Elementary Visual Reasoning" in blocks


def test_every_paper_can_be_reached():
    """By arXiv, DOI or address, which the page of references links."""
    unlinked = [key for key, entry in fields(BIBLIOGRAPHY).items() if not {"eprint", "doi", "url"} & entry.keys()]
    assert unlinked == []


def test_the_suite_is_cited_as_its_citation_file_says():
    cff = yaml.safe_load(CITATION)
    entry = fields(suite(CITATION))["reprolib"]
    assert entry["type"] == "software"
    assert entry["author"] == ["{The reprolib authors}"]
    assert {name: entry[name] for name in ("title", "version", "license")} == {
        name: str(cff[name]) for name in ("title", "version", "license")
    }
