"""The notebooks: stored clean, without logic, and executed strictly, with the same bytes twice."""

import ast
import json
import re
import shlex
from itertools import pairwise

import nbformat
import pytest

from reprolib import experiments
from reprolib.errors import InputError
from reprolib.evidence import claims
from reprolib.paths import NOTEBOOKS
from reprolib.running.execute import check, execute, parse

LECTURES = sorted(path.stem for path in NOTEBOOKS.glob("lecture_*.ipynb"))
NAMES = (
    *(
        "basketball",
        "gn_block",
        "gn_tasks",
        "mocap",
        "modular_data",
        "modular_edges",
        "modular_proposals",
        "modular_unseen",
        "modular_sizes",
        "nri_edges",
        "nri_prediction",
        "rn_babi",
        "rn_clevr_pixels",
        "rn_clevr_state",
        "rn_data",
        "rn_sort_of_clevr",
        "rn_physics",
    ),
    "own_data",
    "summary",
    *LECTURES,
)
PARAMETERS = """scale = "smoke"  # or small, long, paper: how large and how long
seeds = [0]  # one run of every row for each
data = "generated"  # or real, from the folder REPROLIB_DATA
train = True  # False only reads committed records"""


def cells(path, kind=None):
    found = nbformat.read(path, as_version=4).cells
    return [cell for cell in found if kind in (None, cell.cell_type)]


def source(name, kind=None):
    return cells(NOTEBOOKS / f"{name}.ipynb", kind)


def outputs(path):
    """All data of all outputs, by MIME type."""
    found = {}
    for cell in cells(path, "code"):
        for output in cell.outputs:
            assert output.output_type != "error"
            for kind, content in output.get("data", {"text/plain": output.get("text", "")}).items():
                found.setdefault(kind, []).append(content)
    return found


@pytest.fixture
def no_records(tmp_path, monkeypatch):
    monkeypatch.setenv("REPROLIB_RESULTS", str(tmp_path / "results"))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    return tmp_path


def test_these_are_all_notebooks():
    assert sorted(path.stem for path in NOTEBOOKS.glob("*.ipynb")) == sorted(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_parameters_are_the_four_that_every_page_takes(name):
    tagged = [cell for cell in source(name) if "parameters" in cell.metadata.get("tags", ())]
    assert [cell.source for cell in tagged] == [PARAMETERS]
    assert tagged[0].id == "parameters"


@pytest.mark.parametrize("name", NAMES)
def test_parameters_stand_below_what_they_did_not_make(name):
    ids = [cell.id for cell in source(name)]
    committed = {"against-paper", "against-papers", "task-bars", "claims-table", "records"}
    assert not committed & set(ids[ids.index("parameters") :])


@pytest.mark.parametrize("name", sorted({*NAMES} - {"summary"}))
def test_a_page_ends_with_a_command_that_runs_it_with_other_parameters(name):
    last = source(name)[-1]
    command = re.search(r"```sh\n(.*?)```", last.source, re.DOTALL)[1]
    words = shlex.split(command.replace("\\\n", " "))
    assert words[:3] == ["reprolib", "execute", f"notebooks/{name}.ipynb"]
    check(NOTEBOOKS / f"{name}.ipynb", parse([word for word in words[3:] if word != "-p"]))


@pytest.mark.parametrize("name", NAMES)
def test_cells_have_ids_that_a_person_chose_and_no_outputs(name):
    ids = [cell.id for cell in source(name)]
    assert ids[0] == "title"
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[a-z]+(-[a-z0-9]+)*", cell_id) for cell_id in ids)
    assert not any(cell.outputs or cell.execution_count for cell in source(name, "code"))
    stored = json.loads((NOTEBOOKS / f"{name}.ipynb").read_text())
    assert (stored["nbformat"], stored["nbformat_minor"]) == (4, 5)


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_holds_no_logic(name):
    """Imports, plain assignments and calls: anything else belongs into the library.

    The page on data of the reader's own also has functions of one line, as readers will write them. A lecture shows a
    method in the code of the page itself.
    """
    if name in LECTURES:
        assert all(len(cell.source.splitlines()) <= 40 for cell in source(name, "code"))
        return
    statements = [node for cell in source(name, "code") for node in ast.parse(cell.source).body]
    if name == "own_data":
        functions = [node for node in statements if isinstance(node, ast.FunctionDef)]
        assert all([type(node) for node in function.body] == [ast.Return] for function in functions)
        statements = [node for node in statements if node not in functions]
    assert all(isinstance(node, ast.ImportFrom | ast.Assign | ast.Expr) for node in statements)
    logic = (ast.Lambda, ast.IfExp, ast.BinOp, ast.BoolOp, ast.Compare, ast.ListComp, ast.DictComp, ast.GeneratorExp)
    assert not [node for statement in statements for node in ast.walk(statement) if isinstance(node, logic)]


@pytest.mark.parametrize("name", NAMES)
def test_every_plot_has_a_text_for_those_who_do_not_see_it(name):
    plots = [cell for cell in source(name, "code") if "figures.show(" in cell.source]
    assert plots
    for cell in plots:
        assert len(cell.metadata["mystnb"]["image"]["alt"]) > 40
        assert cell.metadata["mystnb"]["figure"]["caption"]


@pytest.mark.parametrize("name", NAMES)
def test_no_number_of_ours_is_typed(name):
    """Percentages in prose are thresholds; all others come out of the cells."""
    prose = "\n".join(cell.source for cell in source(name, "markdown"))
    assert set(re.findall(r"(\d+(?:\.\d+)?) ?%", prose)) <= {"80", "95"}


@pytest.mark.parametrize("name", NAMES)
def test_plots_are_given_no_smoke_runs_but_those_of_the_execution(name):
    """Only labels and lists of what waits are made of all committed records."""
    every = re.findall(r"(\S*)tables\.committed\(", "\n".join(cell.source for cell in source(name, "code")))
    assert set(every) <= {"labels.judged(", "tables.status("}


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_said_twice_in_a_row(name):
    paragraphs = "\n\n".join(cell.source for cell in source(name, "markdown")).split("\n\n")
    assert [one for one, following in pairwise(paragraphs) if one.strip() == following.strip()] == []


@pytest.mark.parametrize(
    ("name", "times"), [(name, 1 + (name == "rn_sort_of_clevr")) for name in NAMES if name not in LECTURES]
)
def test_reading_works_before_there_are_records_with_the_same_bytes_each_time(name, times, no_records):
    """Lectures, which train for up to half a minute, are executed by `make book` alone."""
    notebook = NOTEBOOKS / f"{name}.ipynb"
    pages = [execute(notebook, {"train": False}, no_records / f"{number}.ipynb") for number in range(times)]
    assert len({page.read_bytes() for page in pages}) == 1
    found = outputs(pages[0])
    assert len(found["image/svg+xml"]) == sum("figures.show(" in cell.source for cell in source(name, "code"))
    assert found["text/html"]
    assert not (no_records / "results").exists(), "reading writes nothing"


def test_the_summary_has_counts_every_claim_and_every_row_that_waits(no_records):
    page = execute(NOTEBOOKS / "summary.ipynb", {"train": False}, no_records / "summary.ipynb")
    found = "\n".join(outputs(page)["text/html"])
    every = claims.read()
    assert f"Of {len(every)} claims, 0 are reproduced" in found
    assert f"and {len(every)} are not attempted" in found, "there is no record"
    assert all(f'<tr id="{claim.id}">' in found for claim in every)
    rows = [row for experiment in experiments.every() for row in experiment.rows]
    assert found.count("no record above smoke scale</td>") == len(rows)
    assert all(f"--row &#x27;{row.name}&#x27; --scale small" in found for row in rows if "small" in row.minutes)


def test_training_at_smoke_scale_shows_its_runs_in_a_fold(no_records):
    page = execute(NOTEBOOKS / "rn_sort_of_clevr.ipynb", {"seeds": [1]}, no_records / "page.ipynb")
    shown = [text for text in outputs(page)["text/html"] if "Runs at smoke scale" in text]
    assert len(shown) == 1
    assert "<details" in shown[0]
    assert "Trained in this execution" in shown[0]
    assert "progress" not in page.read_text()
    assert str(no_records) not in page.read_text()


@pytest.mark.parametrize("name", NAMES)
def test_an_unknown_parameter_is_an_error(name, tmp_path):
    with pytest.raises(InputError, match="no parameter 'epochs': choose one of scale, seeds, data, train"):
        execute(NOTEBOOKS / f"{name}.ipynb", {"epochs": 3}, tmp_path / "page.ipynb")
    assert not (tmp_path / "page.ipynb").exists()
