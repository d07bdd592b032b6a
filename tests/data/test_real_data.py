"""Where real data are not at hand, the tests on them are skipped."""

import os
import subprocess
import sys

from reprolib.paths import ROOT

FILES = (
    "tests/data/babi/test_induction.py",
    "tests/data/babi/test_repeats.py",
    "tests/data/babi/test_solver.py",
    "tests/data/basketball/test_basketball_tensors.py",
    "tests/data/clevr/test_scenes.py",
    "tests/data/clevr/test_templates.py",
    "tests/data/cmu/test_acclaim.py",
    "tests/data/cmu/test_trials.py",
    "tests/experiments/test_clevr.py",
    "tests/experiments/test_rn_babi.py",
    "tests/pages/figures/test_figures.py",
)
NAMES = "release or official or real_files or lack_the_pictures"  # of their tests on real data


def test_a_folder_without_data_skips_what_needs_them(tmp_path):
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", NAMES, *FILES]
    environment = os.environ | {"REPROLIB_DATA": str(tmp_path)}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    found = done.stdout.splitlines()[-1]
    assert " skipped, " in found
    assert "passed" not in found
