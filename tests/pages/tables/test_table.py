"""A table says what its cells hold, whatever that is."""

import pytest

from reprolib.pages.tables.lists import attempts
from reprolib.pages.tables.markup import Html, Markdown, code
from reprolib.pages.tables.table import Table, render


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        ("a|b", r"a\|b"),
        ("a\nb\r\nc", "a b c"),
        ("<script>", r"\<script>"),
        ("[here](javascript:0)", r"\[here](javascript:0)"),
        ("`rm`", r"\`rm\`"),
        ("a\\", r"a\\"),
        (Html("<b>a|b</b>"), r"a\|b"),
        (Markdown("[diary](a)"), "[diary](a)"),
        (3.5, "3.5"),
    ],
)
def test_a_cell_stays_a_cell_in_markdown(cell, written):
    assert render(Table(("x", "y"), [(cell, 1)]), "md").splitlines()[2] == f"| {written} | 1 |"


def test_code_holds_what_it_is_given():
    assert code("a=1") == "`a=1`"
    assert code("a=`b``") == "``` a=`b`` ```"


def test_what_an_attempt_says_breaks_no_line(record_of, toy):
    record = record_of(changes={"model.name": "`x` | <b>"}, system="Net")
    line = render(attempts([record]), "md").splitlines()[2]
    assert "`` model.name=`x` \\| <b> ``" in line
    assert line.replace("\\|", "").count("|") == 7
