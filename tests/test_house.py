"""The house around the library: environments, front door, notebooks, published figures and README agree."""

import importlib.metadata
import json
import os
import re
import subprocess
import tomllib

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from reprolib import __version__
from reprolib.contracts.entry import SCALES
from reprolib.evidence import published
from reprolib.paths import NOTEBOOKS, ROOT

CONDA_NAMES = {"mujoco-python": "mujoco", "pytorch": "torch", "pytorch-geometric": "torch-geometric"}
CONDA_ONLY = {"python", "pip", "make"}
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
SUPPORTED = SpecifierSet(PROJECT["requires-python"])
NOTEBOOK_FILES = sorted(NOTEBOOKS.glob("*.ipynb"))


def read_yaml(name):
    return yaml.safe_load((ROOT / name).read_text())


def by_name(requirements):
    """{canonical name: specifier} of requirement strings."""
    parsed = [Requirement(text) for text in requirements]
    return {canonicalize_name(r.name): str(r.specifier) for r in parsed}


def pins():
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pairs = [line.split("==") for line in lines if not line.startswith("#")]
    return {canonicalize_name(name): version for name, version in pairs}


def is_pin(distribution, version):
    """Whether what is installed is the pinned version, whatever its build (2.13.0+cpu)."""
    return distribution.version.split("+")[0] == version


def tracked(*arguments):
    """What git tracks, or a skip where this is no checkout."""
    done = subprocess.run(["git", "-C", str(ROOT), "ls-files", *arguments], capture_output=True, text=True, check=False)
    if done.returncode != 0 or not done.stdout:
        pytest.skip("needs a git checkout with files in it")
    return done.stdout.splitlines()


def test_conda_and_pip_environments_agree():
    conda = by_name(read_yaml("environment.yml")["dependencies"])
    conda = {CONDA_NAMES.get(name, name): specifier for name, specifier in conda.items()}
    pip = by_name(PROJECT["dependencies"] + PROJECT["optional-dependencies"]["test"])
    assert {name: value for name, value in conda.items() if name not in CONDA_ONLY} == pip
    assert (
        Requirement("python" + PROJECT["requires-python"]).specifier
        == Requirement("python" + conda["python"]).specifier
    )


def test_constraints_pin_everything_within_the_declared_ranges():
    pinned, seen = pins(), set()
    queue = [Requirement(text) for text in PROJECT["dependencies"] + PROJECT["optional-dependencies"]["test"]]
    while queue:
        requirement = queue.pop()
        name = canonicalize_name(requirement.name)
        assert name in pinned, f"{name} is not in constraints.txt"
        assert requirement.specifier.contains(pinned[name], prereleases=True), f"{requirement} excludes its pin"
        if (name, *requirement.extras) in seen:
            continue
        seen.add((name, *requirement.extras))
        distribution = importlib.metadata.distribution(name)
        if not is_pin(distribution, pinned[name]):  # an active environment may hold another version, with other needs
            continue
        for text in distribution.requires or ():
            needed = Requirement(text)
            extras = requirement.extras or {""}
            if needed.marker is None or any(needed.marker.evaluate({"extra": extra}) for extra in extras):
                queue.append(needed)


def test_pins_run_on_every_supported_python():
    installed = {canonicalize_name(d.metadata["Name"]): d for d in importlib.metadata.distributions()}
    pinned = [
        installed[name] for name, version in pins().items() if name in installed and is_pin(installed[name], version)
    ]
    needs = {d.metadata["Name"]: SpecifierSet(d.metadata.get("Requires-Python") or "") for d in pinned}
    oldest = ("3.11.0", "3.12.0", "3.13.0")
    assert len(pinned) > 100
    assert [name for name, needed in needs.items() if not all(version in needed for version in oldest)] == []


def test_tool_versions_agree():
    hooks = [hook for repo in read_yaml(".pre-commit-config.yaml")["repos"] for hook in repo["hooks"]]
    wanted = {pin for hook in hooks for pin in hook["additional_dependencies"]}
    assert {tool.split("==")[0] for tool in wanted} == {"ruff", "nbstripout"}
    assert all(pins()[tool] == version for tool, version in (pin.split("==") for pin in wanted))


def test_version_is_the_same_everywhere():
    assert {PROJECT["version"], __version__, read_yaml("CITATION.cff")["version"]} == {__version__}


def test_every_make_target_has_a_help_line():
    makefile = (ROOT / "Makefile").read_text()
    public = {"help", "book", "test", "tables", "small", "long", "paper", "bench", "lint", "clean"}
    shown = subprocess.run(["make", "-s"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert public <= set(re.findall(r"^make (\w+) +\S", shown, re.MULTILINE))
    assert public <= set(re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)[1].split())


def test_a_table_that_cannot_be_written_leaves_the_old_one(tmp_path):
    (tmp_path / "Makefile").write_bytes((ROOT / "Makefile").read_bytes())
    (tmp_path / ".ci").mkdir()
    for path, text in ((".ci/setup", ""), ("reprolib", 'echo "new $*"; [ "$4" != html ]')):
        (tmp_path / path).write_text(f"#!/bin/bash\n{text}\n")
        (tmp_path / path).chmod(0o755)
    tables = tmp_path / "_build" / "tables"
    tables.mkdir(parents=True)
    (tables / "all.html").write_text("old\n")
    command = ["make", "tables", "REPROLIB=./reprolib"]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert (tables / "all.html").read_text() == "old\n"
    assert (tables / "all.csv").read_text() == "new table all --format csv\n"


@pytest.mark.parametrize("active", ["VIRTUAL_ENV", "CONDA_PREFIX"])
def test_make_takes_an_environment_and_a_folder_whose_paths_hold_spaces(tmp_path, active):
    project, environment = tmp_path / "my project", tmp_path / "my $HOME env"
    scripts = [project / ".ci/setup", *(environment / "bin" / name for name in ("python", "nbstripout", "zizmor"))]
    for script in scripts:
        script.parent.mkdir(parents=True, exist_ok=True)
        script.write_text('#!/bin/bash\necho "$0 $# $1"\n')
        script.chmod(0o755)
    (project / "Makefile").write_bytes((ROOT / "Makefile").read_bytes())
    (project / "reprolib").mkdir()
    settings = {"VIRTUAL_ENV": "", "CONDA_DEFAULT_ENV": "my env", active: str(environment)}
    command = ["make", "--no-print-directory", "lint", "bench"]
    ended = subprocess.run(command, cwd=project, env=os.environ | settings, capture_output=True, text=True, check=False)
    setup, python, strip, audit = (".ci/setup", *scripts[1:])
    assert ended.stdout.splitlines() == [
        f"{setup} 1 {python}",
        f"{python} 4 -m",
        f"{python} 5 -m",
        f"{strip} 2 --verify",
        f"{audit} 3 --offline",
        f"{python} 3 -m",
    ], ended.stderr


def test_make_promises_no_target_that_has_no_rule():
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    promised = re.search(r"^\.PHONY: (.+)$", text, re.MULTILINE)[1].split()
    typed = [name for name in promised if name.islower()]  # the other one forces a rule to run
    assert [name for name in typed if not re.search(rf"^{name}:", text, re.MULTILINE)] == []


def test_workflows_parse_and_test_two_supported_pythons():
    flows = {path.stem: yaml.safe_load(path.read_text()) for path in (ROOT / ".github/workflows").glob("*.yml")}
    assert set(flows) == {"tests", "book", "drift", "compute", "macos"}
    versions = flows["tests"]["jobs"]["tests"]["strategy"]["matrix"]["python"]
    assert len(versions) == 2
    assert all(SUPPORTED.contains(version) for version in versions)


def test_long_runs_go_on_where_they_were_cut_off_and_get_no_command_from_what_is_typed():
    flow = read_yaml(".github/workflows/compute.yml")
    assert set(flow[True]) == {"workflow_dispatch"}, "nothing but a person starts them"
    assert set(flow[True]["workflow_dispatch"]["inputs"]["scale"]["options"]) < set(SCALES)
    assert flow["permissions"] == {"contents": "read"}
    steps = flow["jobs"]["fill"]["steps"]
    assert steps[0]["with"] == {"persist-credentials": False, "clean": False}, "checkpoints stay"
    assert not any("${{" in step.get("run", "") for step in steps), "inputs come as variables"


def test_drift_is_looked_for_every_week_with_no_right_but_to_read():
    flow = read_yaml(".github/workflows/drift.yml")
    when = flow[True]  # YAML 1.1 takes `on` for a truth value
    assert {"schedule", "workflow_dispatch"} == set(when)
    assert re.fullmatch(r"\d+ \d+ \* \* [0-6]", when["schedule"][0]["cron"])
    assert flow["permissions"] == {"contents": "read"}
    (job,) = flow["jobs"].values()
    assert "permissions" not in job
    checkout, *_, book, drift, artifact = job["steps"]
    assert checkout["with"]["persist-credentials"] is False
    assert book["run"] == "make book"
    assert drift["shell"] == "bash", "which fails where a command before a pipe fails"
    assert all(word in drift["run"] for word in (".ci/drift", "$GITHUB_STEP_SUMMARY", artifact["with"]["path"]))
    assert artifact["if"] == "always()"


@pytest.mark.parametrize("drifted", [False, True])
def test_drift_is_a_page_that_stays_and_an_error(drifted, tmp_path):
    for name in (".ci", "_build"):
        (tmp_path / name).mkdir()
    table = "| row | metric |\n| --- | --- |\n| sort_of_clevr/RN | accuracy |"
    lines = {".ci/drift": (ROOT / ".ci/drift").read_text()}
    lines["python"] = f"#!/bin/bash\nprintf '%s\\n' '{table if drifted else '9 records are valid and fresh'}'\n"
    lines["python"] += (
        "echo 'reprolib: 1 problem in results' >&2; exit 2\n" if drifted else '[ "$5" = _build/results ]\n'
    )
    for name, text in lines.items():
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    step = next(s for s in read_yaml(".github/workflows/drift.yml")["jobs"]["drift"]["steps"] if "shell" in s)
    done = subprocess.run(
        ["bash", "-eo", "pipefail", "-c", step["run"]],
        cwd=tmp_path,
        env={**os.environ, "PYTHON": "./python", "GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == (2 if drifted else 0)
    page = (tmp_path / "_build" / "drift.md").read_text()
    assert (tmp_path / "summary.md").read_text() == page == done.stdout
    said = f"{table}\n\n- reprolib: 1 problem in results\n" if drifted else "9 records are valid and fresh\n\n"
    assert page == f"## Fresh smoke records against the committed ones\n\n{said}"


def test_ci_is_executable():
    assert all((ROOT / name).stat().st_mode & 0o111 for name in (".ci/run", ".ci/setup", ".ci/drift"))


@pytest.mark.parametrize("path", NOTEBOOK_FILES, ids=lambda path: path.stem)
def test_notebook_is_stored_clean(path):
    notebook = json.loads(path.read_text())
    cells = notebook["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    parameters = ["".join(c["source"]) for c in cells if "parameters" in c["metadata"].get("tags", ())]
    assert len(parameters) == 1
    assert {"scale", "train"} <= set(re.findall(r"^(\w+)(?:: \w+)? = ", parameters[0], re.MULTILINE))
    assert not any(cell["outputs"] or cell["execution_count"] for cell in code)
    assert len({cell["id"] for cell in cells}) == len(cells)
    assert notebook["metadata"]["kernelspec"]["name"] == "python3"


def test_published_figures_are_well_formed():
    lines = published.read()
    keys = [(line.paper, line.table, line.system, line.task, line.metric) for line in lines]
    assert len(lines) > 150
    assert len(set(keys)) == len(keys), "two lines for one figure"
    assert all(line.paper and line.table and line.system and line.task and line.metric for line in lines)
    assert all(line.note for line in lines if line.provenance == "quoted"), "the paper that quotes it"
    assert all(0 <= line.value <= 100 for line in lines if line.unit == "percent" and line.value is not None)


def readme_tree():
    """{name: depth} of the file tree in README.md: names end in / for folders, two spaces a level."""
    block = re.search(r"```text\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)[1]
    for line in block.splitlines():
        depth = (len(line) - len(line.lstrip())) // 2
        yield depth, line.split()[0]


def test_readme_tree_is_true():
    top = {name.rstrip("/") for depth, name in readme_tree() if depth == 0}
    library = {name.rstrip("/") for depth, name in readme_tree() if depth == 1}
    assert top == {name.split("/")[0] for name in tracked()}
    assert library == {name.split("/")[1] for name in tracked("reprolib")} - {"__init__.py"}


def test_links_in_the_prose_of_the_repository_lead_somewhere():
    for name in ("README.md", "CONTRIBUTING.md"):
        targets = re.findall(r"\]\((?!https?:)([^)#]+)", (ROOT / name).read_text())
        assert targets
        assert [target for target in targets if not (ROOT / target).exists()] == []
