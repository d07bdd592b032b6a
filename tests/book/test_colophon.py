"""The foot of a page tells how it came about."""

import datetime

import colophon
import pytest

from reprolib import __version__
from reprolib.evidence import code_version


def today():
    return datetime.datetime.now(datetime.UTC).date()


@pytest.mark.parametrize(
    ("commit", "said"),
    [
        (("0123456789abcdef", False), "Built on 2001-09-09 from commit 0123456789, with "),
        (("0123456789abcdef", True), "Built on 2001-09-09 from commit 0123456789 with changes, with "),
        ((None, None), "Built on 2001-09-09, with "),
    ],
)
def test_a_build_names_its_day_commit_and_versions(commit, said, monkeypatch):
    monkeypatch.setattr(code_version, "commit", lambda: commit)
    sentence = colophon.built({"SOURCE_DATE_EPOCH": "1000000000"})
    assert sentence.startswith(f"{said}reprolib {__version__}, torch ")
    assert " and Python 3." in sentence


def test_without_a_given_time_it_is_today():
    before, sentence, after = today(), colophon.built({}), today()
    assert any(f"Built on {day}" in sentence for day in (before, after))


def test_minutes_are_those_beside_the_executed_notebook(tmp_path):
    notebook = tmp_path / "page.ipynb"
    assert colophon.executed(notebook) == ""
    (tmp_path / "page.json").write_text('{"seconds": 90.2}\n')
    assert colophon.executed(notebook) == " This notebook was executed in 1.5 minutes."
