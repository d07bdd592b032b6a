"""The papers' printed figures: how the file is read and what is refused."""

import dataclasses
from collections import Counter

import pytest

from reprolib.errors import InputError
from reprolib.evidence import published
from reprolib.evidence.published import ABOVE, OURS, PROVENANCES

HEADER = "paper,table,system,task,metric,value,bound,std,unit,provenance,note"
GOOD = "p,T,s,t,accuracy/a,1,,,percent,read,"


def write(folder, *lines):
    path = folder / "figures.csv"
    path.write_text("\n".join((HEADER, *lines)) + "\n")
    return path


def test_the_columns_are_the_fields():
    assert HEADER.split(",") == [field.name for field in dataclasses.fields(published.Line)]


def test_a_line(tmp_path):
    (line,) = published.read(write(tmp_path, 'p,T,s,t,accuracy/a,9.5e1,,,percent,read,"a, note"'))
    assert (line.paper, line.value, line.bound, line.std, line.note) == ("p", 95.0, "", None, "a, note")


def test_a_figure_may_be_a_bound_and_have_a_spread_or_be_missing(tmp_path):
    lines = published.read(
        write(tmp_path, "p,T,s,t,accuracy/a,94,above,0.5,percent,read,", "p,T,s,t,mse/curve,,,,,quoted,by q")
    )
    assert [(line.value, line.bound, line.std) for line in lines] == [(94.0, ABOVE, 0.5), (None, "", None)]


@pytest.mark.parametrize("provenance", PROVENANCES)
def test_how_a_figure_was_obtained(tmp_path, provenance):
    (line,) = published.read(write(tmp_path, f"p,T,s,t,accuracy/a,1,,,percent,{provenance},"))
    assert line.provenance == provenance


@pytest.mark.parametrize(
    ("second", "complaint"),
    [
        ("p,T,s,t,accuracy/a,about 3,,,percent,read,", "line 3: value and std must be numbers"),
        ("p,T,s,t,accuracy/a,nan,,,percent,read,", "line 3: value and std must be numbers"),
        ("p,T,s,t,accuracy/a,1,,inf,percent,read,", "line 3: value and std must be numbers"),
        ("p,T,s,t,accuracy/a,1,,,percent,read", "line 3: expected the columns"),
        ("p,T,s,t,accuracy/a,1,,,percent,read,,", "line 3: expected the columns"),
        ("p,T,s,t,accuracy/a,1,,,percent,heard,", "line 3: provenance is 'heard', choose one of 'read', 'quoted', "),
        ("p,T,s,t,accuracy/a,1,,,percent,,", "line 3: provenance is '', choose one of 'read', 'quoted', 'recalled', "),
        ("p,T,s,t,accuracy/a,1,,,percent,read in the paper,", "line 3: provenance is 'read in the paper', choose "),
        ("p,T,s,t,accuracy/a,1,below,,percent,read,", "line 3: bound is 'below', choose one of '', 'above'"),
        ("p,T,s,t,luck/a,1,,,percent,read,", "line 3: the metric 'luck/a' is of no known kind: begin its name with "),
        ("p,T,s,t,accuracies,1,,,percent,read,", "line 3: the metric 'accuracies' is of no known kind"),
        ("p,T,s,t,score,1,,,percent,read,", "line 3: the metric 'score' is of no known kind"),
    ],
)
def test_a_wrong_line_is_named(tmp_path, second, complaint):
    with pytest.raises(InputError, match=rf"figures\.csv, {complaint}"):
        published.read(write(tmp_path, GOOD, second))


def test_a_missing_column(tmp_path):
    path = tmp_path / "figures.csv"
    path.write_text("paper,table\np,T\n")
    with pytest.raises(InputError, match=r"figures\.csv, line 2: expected the columns paper, table, system"):
        published.read(path)


def test_every_committed_line_says_how_it_was_obtained():
    """A figure of another paper is printed somewhere; references of ours have none, and nobody else's is ours."""
    lines = published.read()
    assert {line.provenance for line in lines} == set(PROVENANCES)
    assert all((line.provenance == "ours") == (line.paper == OURS) for line in lines)
    assert all(line.value is None for line in lines if line.provenance == "ours")


def test_what_was_quoted_names_who_quotes_it():
    """The tables of NRI for five particles, as modular meta-learning prints them beside its own."""
    quoted = [line for line in published.read() if line.provenance == "quoted"]
    assert Counter(line.paper for line in quoted) == {"kipf2018": 32}
    assert all(line.note.startswith("by alet2019") for line in quoted)
    assert {line.task for line in quoted} == {"springs_5", "charged_5"}


def test_a_figure_is_printed_once_in_a_table():
    names = [(line.paper, line.table, line.task, line.system, line.metric) for line in published.read()]
    assert [name for name, count in Counter(names).items() if count > 1] == []


@pytest.mark.parametrize("content", [b"paper,table\n\xff", None], ids=["no text", "a folder"])
def test_a_file_that_cannot_be_read_is_named(content, tmp_path):
    path = tmp_path / "figures.csv"
    path.mkdir() if content is None else path.write_bytes(content)
    with pytest.raises(InputError, match=r"figures\.csv cannot be read as a table with commas \(.+\): correct"):
        published.read(path)
