"""The built wheel, installed into an environment that has nothing of the checkout: what a user of the package gets.

`make test-wheel` builds it and runs this. What the wheel depends on is lent by the environment that tests it.
"""

import csv
import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

from reprolib.evidence import records
from reprolib.paths import ROOT

WHEELS = os.environ.get("REPROLIB_WHEEL")
ROW = "sort_of_clevr_state/RN"


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """call(program, *arguments) -> what a program of the environment says, run in a folder of its own."""
    if not WHEELS:
        pytest.skip("REPROLIB_WHEEL names no folder with a built wheel: `make test-wheel` does")
    (wheel,) = (ROOT / WHEELS).glob("reprolib-*.whl")
    place, work = tmp_path_factory.mktemp("environment"), tmp_path_factory.mktemp("work")
    venv.create(place)
    programs = place / "bin"
    pip = [sys.executable, "-m", "pip", "--python", str(programs / "python"), "--disable-pip-version-check"]
    subprocess.run([*pip, "install", "-qq", "--no-deps", str(wheel)], check=True)
    (packages,) = place.glob("lib/python*/site-packages")
    (packages / "lent.pth").write_text(f"{sysconfig.get_path('purelib')}\n")  # its own .pth files are not read
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("REPROLIB_", "PYTHONPATH"))}

    def call(program, *arguments):
        done = subprocess.run(
            [programs / program, *arguments], cwd=work, env=clean, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    call.pip, call.work, call.packages = pip, work, packages
    return call


def test_the_library_is_the_one_of_the_wheel(installed):
    found = Path(installed("python", "-c", "import reprolib; print(reprolib.__file__)").strip())
    assert found.is_relative_to(installed.packages)


def test_the_wheel_has_all_that_is_not_code(installed):
    kept = {path.relative_to(ROOT) for path in (ROOT / "reprolib").rglob("*") if path.suffix in (".csv", ".asf")}
    kept |= {path.relative_to(ROOT) for path in (ROOT / "reprolib").rglob("*.sha256")}
    assert kept
    assert [path for path in kept if not (installed.packages / path).exists()] == []


def test_what_it_depends_on_is_declared_and_fits(installed):
    done = subprocess.run([*installed.pip, "check"], capture_output=True, text=True, check=False)
    assert not [line for line in done.stdout.splitlines() if line.startswith("reprolib ")], done.stdout


def test_rows_are_listed_and_one_is_run_and_tabled(installed):
    assert ROW in installed("reprolib", "list")
    installed("reprolib", "run", "rn-sort-of-clevr", "--row", ROW)
    (path,) = (installed.work / "results").rglob("*.json")
    assert records.read(path).row == ROW
    shown = list(csv.DictReader(installed("reprolib", "table", "rn-sort-of-clevr", "--format", "csv").splitlines()))
    assert any(row["ours"] for row in shown)
    assert not list(installed.packages.rglob("results"))


def test_a_graph_is_inferred(installed):
    installed("reprolib", "data", "generate", "springs", "--out", "springs", "--size", "30")
    installed("reprolib", "infer", "springs/scenes.npz", "--out", "graph", "--minutes", "0.1")
    assert (installed.work / "graph" / "summary.md").read_text().strip()
    assert (installed.work / "graph" / "graph.svg").exists()
