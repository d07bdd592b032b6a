"""Where the suite writes: a checkout in itself, an installed package in the current directory."""

import os
import shutil
import subprocess
import sys

from reprolib import paths


def test_a_checkout_is_worked_in_where_it_lies():
    assert paths.WORK == paths.ROOT


def test_an_installed_package_leaves_its_folder_alone(tmp_path):
    installed, work = tmp_path / "site-packages", tmp_path / "work"
    work.mkdir()
    shutil.copytree(paths.ROOT / "reprolib", installed / "reprolib", ignore=shutil.ignore_patterns("__pycache__"))
    before = sorted(installed.rglob("*"))
    unset = {"REPROLIB_RESULTS": "", "REPROLIB_DATA": "", "REPROLIB_COMMIT": "", "NUMBA_CACHE_DIR": ""}
    settings = unset | {"PYTHONPATH": str(installed), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-P", "-m", "reprolib", "run", "gn-block", "--row", "gn_order/*"]
    done = subprocess.run(command, cwd=work, env=os.environ | settings, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"{work}/results/gn_block/smoke/gn_order")
    assert sorted(installed.rglob("*")) == before
    assert {path.name for path in work.iterdir()} == {"_build", "results"}
