"""The papers' printed figures: how the file is read and what is refused."""

import pytest

from reprolib import published
from reprolib.errors import InputError

HEADER = "paper,table,system,task,metric,value,std,unit,source,note"


def write(folder, *lines):
    path = folder / "figures.csv"
    path.write_text("\n".join((HEADER, *lines)) + "\n")
    return path


def test_a_line(tmp_path):
    (line,) = published.read(write(tmp_path, 'p,T,s,t,accuracy/a,9.5e1,,percent,read in the paper,"a, note"'))
    assert (line.paper, line.value, line.std, line.note) == ("p", 95.0, None, "a, note")


@pytest.mark.parametrize(
    ("source", "recalled"),
    [
        ("read in the paper", False),
        ("read where alet2019 quotes it", False),
        ("ours", False),
        ("recalled, not opened here", True),
        ("later paper quoting it", True),
        ("later replication, not opened here", True),
    ],
)
def test_what_is_recalled(tmp_path, source, recalled):
    (line,) = published.read(write(tmp_path, f'p,T,s,t,m,1,,percent,"{source}",'))
    assert line.recalled is recalled


@pytest.mark.parametrize(
    ("second", "complaint"),
    [
        ("p,T,s,t,m,about 3,,percent,x,", "line 3: value and std must be numbers"),
        ("p,T,s,t,m,nan,,percent,x,", "line 3: value and std must be numbers"),
        ("p,T,s,t,m,1,,percent,x", "line 3: expected the columns"),
        ("p,T,s,t,m,1,,percent,x,,", "line 3: expected the columns"),
    ],
)
def test_a_wrong_line_is_named(tmp_path, second, complaint):
    with pytest.raises(InputError, match=complaint):
        published.read(write(tmp_path, "p,T,s,t,m,1,,percent,x,", second))


def test_a_missing_column(tmp_path):
    path = tmp_path / "figures.csv"
    path.write_text("paper,table\np,T\n")
    with pytest.raises(InputError, match=r"figures\.csv, line 2: expected the columns paper, table, system"):
        published.read(path)
