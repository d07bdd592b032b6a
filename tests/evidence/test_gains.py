"""What made runs cheaper: how the file is read, what is refused, and whether what it names is there."""

import re

import pytest

from reprolib import experiments
from reprolib.errors import InputError
from reprolib.evidence import gains, records
from reprolib.pages.tables import gain_tables
from reprolib.paths import ROOT

HEADER = "change,row,why,before,after,benchmark,entry"


def write(folder, *lines):
    path = folder / "gains.csv"
    path.write_text("\n".join((HEADER, *lines)) + "\n")
    return path


def test_a_line(tmp_path):
    (gain,) = gains.read(write(tmp_path, "c,t/s,w.,a.json,b.json; c.json,,log-x"))
    assert (gain.change, gain.row, gain.why, gain.entry) == ("c", "t/s", "w.", "log-x")
    assert (gain.before, gain.after, gain.benchmark) == (("a.json",), ("b.json", "c.json"), "")


@pytest.mark.parametrize(
    ("second", "complaint"),
    [
        ("c,t/s,,,,,log-x", "change, row, why must not be empty"),
        ("c,t/s,w.,a.json,,,log-x", "name records before and after, or neither"),
        ("c,t/s,w.,,b.json,,log-x", "name records before and after, or neither"),
        ("c,t/s,w.,a.json,b.json,nri: x,", "name records or a benchmark, not both"),
        ("c,t/s,w.,,,,", "name records, a benchmark or an entry of the diary"),
        ("c,t/s,w.,,,", "expected the columns change, row, why"),
        ("c,t/s,w.,,,,log-x,", "expected the columns change, row, why"),
    ],
)
def test_a_wrong_line_is_named(tmp_path, second, complaint):
    with pytest.raises(InputError, match=rf"gains\.csv, line 3: {complaint}"):
        gains.read(write(tmp_path, "c,t/s,w.,,,,log-x", second))


def test_what_the_committed_lines_name_is_there():
    """Rows of the registry, records, benchmarks that were kept, and anchors of the diary."""
    rows = {row.name for experiment in experiments.every() for row in experiment.rows}
    anchors = set(re.findall(r"^\(([\w-]+)\)=$", (ROOT / "book/diary.md").read_text(), re.MULTILINE))
    for gain in gains.read():
        assert gain.row in rows
        assert gain.why.endswith(".")
        assert gain.entry in anchors | {""}
        for name in (*gain.before, *gain.after):
            records.read(ROOT / "results" / name)


def test_every_committed_gain_of_records_or_a_benchmark_is_measured(monkeypatch):
    monkeypatch.delenv("REPROLIB_RESULTS", raising=False)
    for gain in gains.read():
        found = gain_tables.compared(gain)
        assert (found is not None) == bool(gain.before)
        assert found is None or found.before.metric == found.after.metric
        assert (gain_tables.benchmark(gain) is not None) == bool(gain.benchmark)
