"""Strict execution: what papermill would only warn about is refused, and two executions give the same bytes."""

import errno
import io
import json
import os
import sys
import tempfile
from pathlib import Path

import nbformat
import papermill
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from reprolib.errors import InputError
from reprolib.running.execute import check, clean, defaults, described, execute, parse

PARAMETERS = 'scale: str = "smoke"\nseeds = (0,)\ntrain = True\nrate = 1.5\nname = None\nfolder = str(1)\ndata = "real"'
BODY = """import sys, time
print(repr(scale), repr(seeds), train, rate, name)
for i in range(3):
    print(i, flush=True)
    time.sleep(0.02 * i)
print(time.time(), file=sys.stderr)
train and 1 / 0"""


def write(path, *sources, tagged=1):
    cells = [new_code_cell(source, id=f"cell-{number}") for number, source in enumerate(sources)]
    for cell in cells[:tagged]:
        cell.metadata["tags"] = ["parameters"]
    nbformat.write(new_notebook(cells=[new_markdown_cell("Title", id="title"), *cells]), path)
    return path


@pytest.fixture
def notebook(tmp_path):
    return write(tmp_path / "notebook.ipynb", PARAMETERS, BODY)


def refused(notebook, parameters, *words):
    out = notebook.with_name("out.ipynb")
    with pytest.raises(InputError) as caught:
        execute(notebook, parameters, out)
    assert all(word in str(caught.value) for word in (notebook.name, *words)), caught.value
    assert not out.exists()
    assert not out.with_suffix(".json").exists()


def test_two_executions_give_the_same_bytes(notebook, tmp_path):
    given = {"train": False, "seeds": (1, 2), "rate": 2, "name": "x"}
    first, second = (execute(notebook, given, tmp_path / "new" / f"{n}.ipynb") for n in (1, 2))
    assert first.read_bytes() == second.read_bytes()
    assert all(0 < json.loads(out.with_suffix(".json").read_text())["seconds"] < 600 for out in (first, second))
    cells = nbformat.read(first, as_version=4).cells
    assert cells[-1].outputs[0].text.splitlines() == ["'smoke' [1, 2] False 2 x", "0", "1", "2"]
    assert [output.name for output in cells[-1].outputs if output.output_type == "stream"] == ["stdout"]
    assert [cell.id for cell in cells] == ["title", "cell-0", "injected-parameters", "cell-1"]


def test_a_terminal_shows_how_far_a_long_cell_is(tmp_path, monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    shown = Terminal()
    monkeypatch.setattr(sys, "stderr", shown)
    cell = "import sys\nprint('step 3 of 9', file=sys.stderr)"
    page = execute(write(tmp_path / "notebook.ipynb", PARAMETERS, cell), {}, tmp_path / "out.ipynb")
    assert "step 3 of 9" in shown.getvalue()
    assert "step 3 of 9" not in "".join(str(cell.get("outputs")) for cell in nbformat.read(page, as_version=4).cells)


def test_a_kernel_takes_no_port_that_another_could_take_first(tmp_path):
    asks = "from ipykernel.connect import get_connection_info\nprint(get_connection_info(unpack=True))"
    ran = execute(write(tmp_path / "notebook.ipynb", PARAMETERS, asks), {}, tmp_path / "out.ipynb")
    connection = nbformat.read(ran, as_version=4).cells[-1].outputs[0].text
    assert "'transport': 'ipc'" in connection


def test_an_error_in_a_cell_is_named_and_nothing_is_written(notebook):
    refused(notebook, {}, "cell that begins 'import sys, time': ZeroDivisionError: division by zero")


@pytest.mark.parametrize("leaving", ["import sys; sys.exit(0)", "raise SystemExit", "exit()", "import os; os._exit(0)"])
def test_a_notebook_that_leaves_early_has_failed(tmp_path, leaving):
    """A kernel may still run the cell after `exit()`, which then fails by itself."""
    path = write(tmp_path / "notebook.ipynb", PARAMETERS, leaving, "1 / 0")
    refused(path, {}, "" if leaving == "exit()" else " its ")


def test_leaving_in_the_last_cell_is_leaving_early_too(tmp_path):
    refused(write(tmp_path / "notebook.ipynb", PARAMETERS, "import sys; sys.exit()"), {}, "ends before its last cell")


def test_paths_are_taken_as_they_are(tmp_path, monkeypatch):
    folder = tmp_path / "~ {scale} {} }{ a b"
    folder.mkdir()
    monkeypatch.chdir(folder)
    path = write(Path("a {b}.ipynb"), PARAMETERS, "print(scale)")
    with tempfile.TemporaryDirectory(prefix="~{x} ") as short:
        monkeypatch.setattr(tempfile, "tempdir", short)
        out = execute(path, {"scale": "small"}, Path("out {b}.ipynb"))
        assert list(Path(short).iterdir()) == []
    assert nbformat.read(folder / out, as_version=4).cells[-1].outputs[0].text == "small\n"
    assert sorted(path.name for path in folder.iterdir()) == ["a {b}.ipynb", "out {b}.ipynb", "out {b}.json"]


def test_a_full_disk_is_named_and_nothing_is_written(notebook, monkeypatch):
    def fail(*paths, **options):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(papermill, "execute_notebook", fail)
    refused(notebook, {}, "could not be executed ([Errno 28] No space left", "name another folder in TMPDIR")


def test_a_temporary_folder_too_deep_for_sockets_is_named(notebook, tmp_path, monkeypatch):
    deep = tmp_path / ("deep" * 25)
    deep.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(deep))
    refused(notebook, {}, "path too long for a socket", "name another folder in TMPDIR")


def test_leftovers_go(notebook, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    left, theirs = tmp_path / ".reprolib.abc.unfinished", tmp_path / ".reprolib.abc"
    left.mkdir()
    theirs.mkdir()
    (left / "kernel.json").touch()
    monkeypatch.setattr(papermill, "execute_notebook", lambda *paths, **options: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        execute(notebook, {}, tmp_path / "out.ipynb")
    assert sorted(tmp_path.iterdir()) == [theirs, notebook]


def test_parameters_are_described_by_the_comments_beside_them(tmp_path):
    path = write(
        tmp_path / "{a} b.ipynb", 'scale: str = "smoke"  # how large\nseeds = [0, 1]\nrate = 1.5  # of training'
    )
    assert described(path).splitlines() == [
        "-p scale=smoke     how large",
        "-p 'seeds=[0, 1]'",
        "-p rate=1.5        of training",
    ]
    with pytest.raises(InputError, match="has 0 cells tagged"):
        described(write(tmp_path / "c.ipynb", "a = 1", tagged=0))


@pytest.mark.parametrize("tagged", [0, 2])
def test_exactly_one_parameters_cell(tmp_path, tagged):
    refused(write(tmp_path / "a.ipynb", "a = 1", "b = 1", tagged=tagged), {}, f"has {tagged} cells tagged")


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({"sale": 1}, "has no parameter 'sale': choose one of scale, seeds, train, rate, name, folder, data"),
        ({"scale": 3}, "parameter scale takes a value like 'smoke', not 3"),
        ({"scale": "huge"}, "parameter scale is 'huge': choose one of smoke, small, long, paper"),
        ({"data": "fake"}, "parameter data is 'fake': choose one of generated, real"),
        ({"train": "false"}, "parameter train takes a value like True, not 'false'"),
        ({"train": 0}, "parameter train takes a value like True, not 0"),
        ({"seeds": 1}, "parameter seeds takes a value like (0,), not 1"),
        ({"seeds": ["a"]}, "parameter seeds takes a value like (0,), not ['a']"),
        ({"seeds": []}, "parameter seeds takes a value like (0,), not []"),
        ({"rate": "fast"}, "parameter rate takes a value like 1.5, not 'fast'"),
        ({"rate": True}, "parameter rate takes a value like 1.5, not True"),
    ],
)
def test_parameters_that_do_not_fit(notebook, given, complaint):
    refused(notebook, given, complaint)


def test_parameters_that_fit(notebook):
    check(notebook, {"scale": "small", "seeds": [1], "train": False, "rate": 1, "name": 3.0, "folder": "x"})


def test_a_list_that_is_empty_by_default_takes_any(tmp_path):
    check(write(tmp_path / "a.ipynb", "names = []"), {"names": ["x", 1]})


def test_a_parameter_without_a_value_is_asked_for(tmp_path):
    path = write(tmp_path / "a.ipynb", "scale: str\nseeds = [0]")
    refused(path, {"seeds": [1]}, "needs a value for its parameter scale: add -p scale=")
    check(path, {"scale": "smoke"})


@pytest.mark.parametrize("content", ["", "{", "[]", '{"cells": 3}', "\0"])
def test_what_is_no_notebook(tmp_path, content):
    path = tmp_path / "a.ipynb"
    refused(path, {}, "does not exist")
    path.write_text(content)
    refused(path, {}, "is not a readable notebook")


def test_a_parameters_cell_that_is_text(notebook):
    content = nbformat.read(notebook, as_version=4)
    first = next(cell for cell in content.cells if cell.metadata.get("tags"))
    first.cell_type = "markdown"
    del first["outputs"], first["execution_count"]
    nbformat.write(content, notebook)
    refused(notebook, {}, "the cell tagged `parameters` is markdown: make it a code cell")


def test_a_parameters_cell_that_is_no_python(tmp_path):
    refused(write(tmp_path / "a.ipynb", "a = 1\n%matplotlib inline"), {}, "parameters cell, line 2: invalid syntax")


def test_settings_are_literals_or_text():
    settings = ["a=1", "b=1.5", "c=(1, 2)", "d=real", "e=None", "f='1'", "g=a=b", "h=", "i=" + "(" * 500]
    assert parse(settings) == {
        "a": 1,
        "b": 1.5,
        "c": (1, 2),
        "d": "real",
        "e": None,
        "f": "1",
        "g": "a=b",
        "h": "",
        "i": "(" * 500,
    }
    with pytest.raises(InputError, match="a is set twice, to 1 and to 2: keep one"):
        parse(["a=1", "b=1", "a=2"])
    for wrong in ("a", "=1", ""):
        with pytest.raises(InputError, match="is no setting: write name=value"):
            parse([wrong])


def test_names_of_a_parameters_cell():
    found = defaults("# a comment\na = b = 1\nc: int = -2\nd: str\ne = f(3)\ng.h = 1\nfor i in []:\n    j = 1")
    assert {name: found[name] for name in "abc"} == {"a": 1, "b": 1, "c": -2}
    assert found["d"] is ...
    assert list(found) == ["a", "b", "c", "d", "e"]


def test_what_timing_leaves_in_a_notebook_is_removed(tmp_path):
    def executed(pieces, second):
        cell = new_code_cell("print()", id="a", metadata={"execution": {"shell.execute_reply": second}, "tags": []})
        cell.outputs = [nbformat.v4.new_output("stream", name="stdout", text=piece) for piece in pieces]
        cell.outputs.insert(1, nbformat.v4.new_output("stream", name="stderr", text=second))
        cell.outputs.append(nbformat.v4.new_output("display_data", {"text/plain": "figure"}))
        cell.outputs.append(nbformat.v4.new_output("stream", name="stdout", text="end"))
        path = tmp_path / f"{second}.ipynb"
        metadata = {"papermill": {"start_time": second}, "language_info": {"name": "python", "version": second}}
        nbformat.write(new_notebook(cells=[cell], metadata=metadata), path)
        return clean(path)

    text = executed(["ab", "c"], "1")
    assert text == executed(["a", "bc"], "2")
    (cell,) = nbformat.reads(text, as_version=4).cells
    assert [output.get("text", "figure") for output in cell.outputs] == ["abc", "figure", "end"]
