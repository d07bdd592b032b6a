"""The library's shape: imports run one way, files and functions stay short, the run path stays light."""

import ast
import importlib
import subprocess
import sys
import tomllib

import pytest

from reprolib import experiments
from reprolib.data import catalogue
from reprolib.paths import ROOT

LIBRARY = ROOT / "reprolib"
FILES = sorted(LIBRARY.rglob("*.py"))
LONGEST_FILE, LONGEST_FUNCTION = 320, 55

# A part imports itself and the parts of the layers before its own. Of a room every module is a part.
ROOMS = {"settings", "contracts", "training", "evidence", "judgement", "running", "pages"}
LAYERS = (
    {"errors", "paths"},
    {"reading"},
    {"settings.declared", "evidence.deviations", "evidence.kinds", "evidence.estimates", "evidence.csv_lines"},
    {"settings.recipe", "settings.data_sets", "settings.relating"},
    {"devices", "files", "settings.moving", "settings.on_graphs", "settings.physical", "evidence.quoted"},
    {"evidence.record_fields", "evidence.code_version"},
    {"settings.searching", "contracts.configuration"},
    {"evidence.metrics", "evidence.published", "evidence.records", "contracts.source", "contracts.method"},
    {"evidence.claims", "evidence.gains", "evidence.printed_costs", "evidence.spelling", "contracts.entry"},
    {"kernels", "gn", "data"},
    {"training.optimisers", "training.parallel", "training.capture", "training.averaging"},
    {"training.learner", "models"},
    {"training.loop", "methods", "rows"},
    {"experiments"},
    {"contracts.requests"},
    {"judgement.fidelity", "judgement.verdicts"},
    {"judgement.derived"},
    {"judgement.hearing"},
    {"judgement.labels"},
    {"running.predictions", "running.runs", "running.files_used", "judgement.verify"},
    {"running.fill", "running.execute"},
    {"pages.tables"},
    {"pages.figures", "pages.book_files", "bench"},
    {"pages.live"},
    {"own", "data_commands", "bench_commands"},
    {"infer_command", "execute_command"},
    {"__main__"},
)
LAYER = {part: number for number, parts in enumerate(LAYERS) for part in parts}

RUN_PATH = {"torch", "numpy", "pandas", "scipy", "numba", "tqdm", "safetensors", "typer"}
BESIDE_RUN_PATH = {
    "data": {"PIL", "mujoco"},
    "pages.figures": {"PIL", "matplotlib", "seaborn"},
    "running.execute": {"nbformat", "papermill", "traitlets"},
}
DISTRIBUTIONS = {"PIL": "pillow"}  # of imports that are called otherwise
ABSENT_ON_A_BARE_MACHINE = (
    "IPython",
    "PIL",
    "ipykernel",
    "jupyter_book",
    "jupyter_client",
    "matplotlib",
    "mujoco",
    "nbclient",
    "nbformat",
    "papermill",
    "seaborn",
    "sphinx",
)


def part_of(path):
    """The part that a file belongs to: gn for gn/block.py, running.runs for running/runs.py, "" for a room itself."""
    first, *inside = path.relative_to(LIBRARY).with_suffix("").parts
    if first in ROOMS:
        return "" if inside == ["__init__"] else f"{first}.{inside[0]}"
    return first.removeprefix("__init__")


def imported(source):
    """(module, names) of every absolute import in a source text; not of those that only types need."""
    tree = ast.parse(source)
    for_types = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if id(node) in for_types:
            continue
        if isinstance(node, ast.Import):
            yield from ((alias.name, ()) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"relative import on line {node.lineno}"
            yield node.module, tuple(alias.name for alias in node.names)


def parts_imported(source):
    """Parts of reprolib that a source text imports."""
    found = set()
    for module, names in imported(source):
        _, *inside = module.split(".")
        if module == "reprolib":
            found |= {name for name in names if name != "__version__"}
        elif module.startswith("reprolib.") and inside in [[room] for room in ROOMS]:
            found |= {f"{inside[0]}.{name}" for name in names}
        elif module.startswith("reprolib."):
            found.add(".".join(inside[:2]) if inside[0] in ROOMS else inside[0])
    return found


def arrows_up(part, source):
    """Imports of `part` that do not point to an earlier layer."""
    return sorted(other for other in parts_imported(source) if other != part and not LAYER[other] < LAYER[part])


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(LIBRARY)))
def test_imports_run_downwards(path):
    part = part_of(path)
    if not part:
        assert parts_imported(path.read_text()) == set(), "a room's __init__.py imports nothing"
        return
    assert part in LAYER, f"{part} is new: give it a layer in tests/test_architecture.py"
    assert arrows_up(part, path.read_text()) == []


def test_every_part_has_one_layer_and_every_layer_its_parts():
    parts = [part for layer in LAYERS for part in layer]
    assert sorted(parts) == sorted({part_of(path) for path in FILES} - {""})


def test_what_judges_knows_nothing_of_what_runs():
    """Labels come from records alone: nothing under them imports the training loop or a model."""
    for path in FILES:
        if part_of(path).startswith(("evidence.", "judgement.")):
            found = {part.split(".")[0] for part in parts_imported(path.read_text())}
            assert found & {"running", "training", "models", "data"} == set(), path


def test_rows_are_listed_without_heavy_imports():
    """`reprolib list` answers at once: experiments name what needs torch, and import none of it."""
    heavy = "torch", "numba", "pandas", "scipy", "matplotlib"
    code = f"""
import sys
from reprolib.__main__ import main
sys.argv = ["reprolib", "list"]
try:
    main()
finally:
    print([name for name in {heavy!r} if name in sys.modules], file=sys.stderr)
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert "springs_5/NRI (learned)" in done.stdout
    assert done.stderr.split() == ["[]"]


def test_what_is_named_and_imported_later_is_there():
    """A source names the module that reads it, a method the one that builds it, as text that no linter follows."""
    for experiment in experiments.every():
        for row in experiment.rows:
            reader, code = importlib.import_module(row.source.reader), importlib.import_module(row.method.code)
            assert all(callable(getattr(reader, name)) for name in ("load", "identity", "available"))
            assert all(callable(getattr(code, name)) for name in ("build", "learner", "evaluate"))


def test_an_arrow_that_goes_up_is_seen():
    assert arrows_up("data", "from reprolib.running import runs\nimport reprolib.models.stories") == [
        "models",
        "running.runs",
    ]
    assert arrows_up("evidence.kinds", "from reprolib.evidence.records import Record") == ["evidence.records"]
    assert arrows_up("gn", "def f():\n    from reprolib.data.split import Split") == ["data"]
    assert arrows_up("data", "if TYPE_CHECKING:\n    from reprolib.running import runs") == []
    assert arrows_up("data", "from reprolib.data.split import Split\nfrom reprolib.errors import InputError") == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(LIBRARY)))
def test_third_party_imports(path):
    allowed = RUN_PATH | BESIDE_RUN_PATH.get(part_of(path), set()) | {"reprolib"}
    roots = {module.split(".")[0] for module, _ in imported(path.read_text())}
    assert roots - allowed - sys.stdlib_module_names == set()


def test_third_party_imports_are_declared():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    declared = {requirement.split(">")[0].split("<")[0] for requirement in project["dependencies"]}
    assert declared >= RUN_PATH
    beside = set().union(*BESIDE_RUN_PATH.values())
    assert {DISTRIBUTIONS.get(name, name) for name in beside} <= declared


def test_commands_work_on_a_bare_machine():
    code = f"""
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {ABSENT_ON_A_BARE_MACHINE!r}:
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Absent())
import reprolib.bench, reprolib.running.fill, reprolib.judgement.verify, reprolib.data.catalogue
import reprolib.pages.tables
from reprolib.__main__ import main
sys.argv = ["reprolib", "list"]
main()
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "babi_joint_10k/RN" in done.stdout


def test_files_are_short():
    assert {f.name: n for f in FILES if (n := len(f.read_text().splitlines())) >= LONGEST_FILE} == {}


def test_functions_are_short():
    long = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}, {length} lines"
        for path in FILES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef) and (length := node.end_lineno - node.lineno + 1) >= LONGEST_FUNCTION
    ]
    assert long == []


def test_every_module_has_a_name_of_its_own():
    assert [f for f in FILES if f.stem in {"utils", "util", "helpers", "misc", "common"}] == []


def test_every_folder_of_plots_is_that_of_an_experiment_or_a_data_set():
    folders = [path.name for path in (LIBRARY / "pages/figures").iterdir() if path.is_dir()]
    names = {name for name in folders if name not in ("shared", "__pycache__")}
    known = (*experiments.NAMES, *(entry.name for entry in catalogue.entries()))
    assert all(any(each.startswith(name) for each in known) for name in names)


def test_a_file_says_what_is_in_it_without_its_folder():
    names = [path.name for path in FILES if path.name != "__init__.py"]
    assert {name for name in names if names.count(name) > 1} == set()
