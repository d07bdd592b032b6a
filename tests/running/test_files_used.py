"""What a page is made from: its kernel notes the files that it uses, and make runs it again after an edit of those."""

import os
import subprocess
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from reprolib.paths import ROOT
from reprolib.running.execute import execute
from reprolib.running.files_used import rule

USES = """import os
from reprolib.models import majority
from reprolib.pages import tables
print(len(tables.committed("rn_babi")))
if not os.fork():
    open("reprolib/data/ranges.csv").close()
    os._exit(0)
_ = os.wait()"""
EXECUTE = """#!/bin/bash
# execute notebooks/NAME.ipynb --out book/notebooks/NAME.ipynb --rule book/notebooks/NAME.d ...
set -e
name=$(basename "$2" .ipynb)
mkdir -p book/notebooks
printf '%s: reprolib/all.py reprolib/%s.py results/%s\nreprolib/%s.py:\n' "$4" "$name" "$name" "$name" >"$6"
touch "$4"
"""


def used(written):
    """The prerequisites of a rule's first target."""
    lines = written.replace("\\\n", " ").splitlines()
    return lines[0].split(": ")[1].split()


def test_modules_records_and_their_folders_are_noted_and_the_page_stays_the_same(tmp_path, monkeypatch):
    cells = [new_code_cell("a = 1", id="parameters", metadata={"tags": ["parameters"]}), new_code_cell(USES, id="uses")]
    nbformat.write(new_notebook(cells=cells), tmp_path / "page.ipynb")
    results = tmp_path / "results"
    (results / "rn_babi").mkdir(parents=True)
    monkeypatch.setenv("REPROLIB_RESULTS", str(results))
    plain = execute(tmp_path / "page.ipynb", {}, tmp_path / "plain.ipynb")
    page = execute(tmp_path / "page.ipynb", {}, tmp_path / "out.ipynb", tmp_path / "out.d")
    assert page.read_bytes() == plain.read_bytes()
    assert not plain.with_suffix(".d").exists()
    written = (tmp_path / "out.d").read_text()
    assert written.startswith(f"{page}: ")
    assert {"reprolib/models/majority.py", "reprolib/evidence/claims.py", "reprolib/data/ranges.csv"} <= {
        *used(written)
    }
    assert str(results / "rn_babi") in used(written), "where records of rn_babi would appear"
    assert "reprolib/models/majority.py:" in written.splitlines(), "it may go"
    assert not [path for path in used(written) if "relation_network" in path or path.startswith(("tests", "_build"))]


def test_a_rule_names_sources_of_compiled_files_and_spells_paths_as_make_reads_them(tmp_path, monkeypatch):
    results = tmp_path / "my $1 results"
    (results / "toy" / "small").mkdir(parents=True)
    (results / "toy" / "a #1.json").touch()
    monkeypatch.setenv("REPROLIB_RESULTS", str(results))
    library = ROOT / "reprolib"
    noted = [library / "gn/__pycache__/graph.cpython-311.pyc", library / "gn", results / "toy/small"]
    noted += [results / "toy/a #1.json", ROOT / "README.md", Path("/etc/passwd")]
    (tmp_path / "log").write_bytes(b"".join(os.fsencode(path) + b"\0" for path in noted))
    place = f"{tmp_path}/my\\ $$1\\ results/toy"
    assert rule(ROOT / "book/notebooks/a.ipynb", tmp_path / "log").split("\n")[:4] == [
        "book/notebooks/a.ipynb: \\",
        f"  {place}/a\\ \\#1.json \\",
        f"  {place}/small \\",
        "  reprolib/gn/graph.py",
    ]


@pytest.fixture
def executed(tmp_path):
    """executed(OPTION, ...) -> the pages that make executes, or with -n would; all are executed once before."""
    for folder in ("notebooks", ".ci", "reprolib/running", *(f"results/{name}" for name in "abc")):
        (tmp_path / folder).mkdir(parents=True)
    for name in "abc":
        (tmp_path / f"notebooks/{name}.ipynb").touch()
        (tmp_path / f"reprolib/{name}.py").touch()
    for name in ("reprolib/all.py", "reprolib/running/execute.py", "constraints.txt"):
        (tmp_path / name).touch()
    (tmp_path / "Makefile").write_bytes((ROOT / "Makefile").read_bytes())
    (tmp_path / "execute").write_text(EXECUTE)
    (tmp_path / "execute").chmod(0o755)

    def call(*options):
        command = ["make", "--no-print-directory", "executed", "REPROLIB=./execute", *options]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
        said = [line for line in done.stdout.splitlines() if "book: executing" in line]
        return "".join(name for name in "abc" if any(f"notebooks/{name}.ipynb" in line for line in said))

    assert call() == "abc"
    return call


def test_an_edit_executes_the_pages_that_use_the_file_and_no_others(executed, tmp_path):
    assert executed("-n") == executed() == ""
    assert executed("-n", "-W", "notebooks/b.ipynb") == "b"
    assert executed("-n", "-W", "reprolib/c.py") == "c"
    assert executed("-n", "-W", "reprolib/all.py") == "abc"
    assert executed("-n", "-W", "constraints.txt") == "abc"
    assert executed("-n", "SCALE=small") == "abc"


def test_a_new_record_a_removed_module_and_a_lost_rule_execute_their_page(executed, tmp_path):
    later = (tmp_path / "book/notebooks/a.ipynb").stat().st_mtime + 10
    (tmp_path / "results/a/new.json").touch()
    os.utime(tmp_path / "results/a", (later, later))
    assert executed("-n") == "a"
    (tmp_path / "reprolib/b.py").unlink()
    assert executed("-n") == "ab"
    (tmp_path / "book/notebooks/c.d").unlink()
    assert executed("-n") == "abc"
