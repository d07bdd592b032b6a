"""A new experiment in the places that CONTRIBUTING.md lists, added to a copy of the repository, is picked up by all."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from reprolib.paths import ROOT

NAME = "set_counting"
MODULE = '''"""A relation network on the states of Sort-of-CLEVR, as a new experiment."""

from reprolib.contracts.configuration import Config
from reprolib.contracts.entry import Experiment, Row
from reprolib.contracts.method import Method
from reprolib.data.sources import SORT_OF_CLEVR
from reprolib.settings.data_sets import SceneData
from reprolib.settings.recipe import Training
from reprolib.settings.relating import SceneModel

SMALL = {"data.train": 20, "data.valid": 5, "data.test": 5, "train.steps": 4, "model.g": (8,), "model.f": (8,)}
EXPERIMENT = Experiment(
    name="set_counting",
    title="A new one",
    paper="santoro2017",
    table="none",
    rows=(
        Row(
            task="counting",
            system="RN",
            source=SORT_OF_CLEVR,
            method=Method("reprolib.methods.sort_of_clevr_questions", select="accuracy/overall"),
            config=Config(SceneData(view="states"), SceneModel(), Training(steps=10)),
            scales={"smoke": SMALL},
            minutes={"smoke": 0.1, "paper": 1},
        ),
    ),
)
'''


def listed():
    """The files that CONTRIBUTING.md lists under "Add an experiment"."""
    text = (ROOT / "CONTRIBUTING.md").read_text()
    section = text.split("## Add an experiment, in five places")[1].split("## ")[0]
    return re.findall(r"^\d\. `([^`]+)`", section, re.MULTILINE)


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """A copy of what a command needs, with the experiment in the listed places and nowhere else."""
    root = tmp_path_factory.mktemp("copy")
    for name in ("reprolib", "notebooks", "book"):
        ignored = shutil.ignore_patterns("__pycache__", "_extra", "notebooks" if name == "book" else "")
        shutil.copytree(ROOT / name, root / name, ignore=ignored)
    module, names, figures, notebook, contents = (root / place.replace("NAME", NAME) for place in listed())
    module.write_text(MODULE)
    names.write_text(names.read_text().replace("NAMES = (", f'NAMES = (\n    "{NAME}",', 1))
    line = "reprolib,none,RN,counting,accuracy/count,,,,percent,ours,new"
    figures.write_text(f"{figures.read_text().rstrip()}\n{line}\n")
    page = json.loads((root / "notebooks" / "gn_block.ipynb").read_text())
    for cell in page["cells"]:
        cell["source"] = [text.replace("gn_block", NAME) for text in cell["source"]]
    notebook.write_text(json.dumps(page))
    line = "      - file: notebooks/{}\n"
    text = contents.read_text()
    contents.write_text(text.replace(line.format("gn_block"), line.format("gn_block") + line.format(NAME)))
    return root


def reprolib(root, *words):
    usual = {"PYTHONPATH": str(root), "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
    command = [sys.executable, "-m", "reprolib", *words]
    done = subprocess.run(command, cwd=root, env=os.environ | usual, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_list_names_five_places_that_are_there(copy):
    places = listed()
    assert len(places) == 5
    assert all((copy / place.replace("NAME", NAME)).is_file() for place in places)
    pages = [
        chapter["file"]
        for part in yaml.safe_load((copy / places[4]).read_text())["parts"]
        for chapter in part["chapters"]
    ]
    assert f"notebooks/{NAME}" in pages


def test_every_command_knows_the_new_experiment(copy):
    assert f"{NAME}  " in reprolib(copy, "list")
    written = reprolib(copy, "run", NAME).splitlines()[0]
    assert written == str(copy / "results" / NAME / "smoke" / "counting--rn--generated--seed0.json")
    assert "1 records and 0 attempts are valid and fresh" in reprolib(copy, "verify")
    (cell,) = json.loads(reprolib(copy, "table", NAME, "--format", "json"))
    assert (cell["task"], cell["system"], cell["n"], cell["scale"]) == ("counting", "RN", 1, "smoke")
    assert "counting/RN" in reprolib(copy, "table", "waiting")


def test_its_page_runs(copy):
    page = reprolib(copy, "execute", f"notebooks/{NAME}.ipynb").strip()
    shown = Path(copy, page).read_text()
    assert "Trained in this execution" in shown
