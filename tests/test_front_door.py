"""`from reprolib import ...`: what is there, typed, with an example that runs; and the pages about it."""

import ast
import doctest
import json
import re
import subprocess
import sys
from importlib import import_module
from importlib.util import find_spec

import pytest

import reprolib
from reprolib.paths import ROOT


def typed():
    """{name: module} of what type checkers are told of."""
    tree = ast.parse((ROOT / "reprolib/__init__.py").read_text())
    (block,) = (node for node in tree.body if isinstance(node, ast.If))
    return {alias.name: node.module for node in block.body for alias in node.names}


def test_the_names_are_those_that_type_checkers_know():
    homes = {name: f"reprolib.{home}" for home, names in reprolib._HOMES.items() for name in names}
    assert homes == typed()
    assert sorted(reprolib.__all__) == sorted(homes)
    assert {*reprolib.__all__} < {*dir(reprolib)}


@pytest.mark.parametrize("name", reprolib.__all__)
def test_a_name_has_an_example_that_runs(name):
    found = getattr(reprolib, name)
    assert found.__module__ == typed()[name]
    assert "Examples:\n" in found.__doc__
    assert f"from reprolib import {name}" in found.__doc__ or f", {name}" in found.__doc__
    (example,) = doctest.DocTestFinder(recurse=False).find(found, name, globs={})
    assert example.examples
    assert doctest.DocTestRunner().run(example).failed == 0


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module 'reprolib' has no attribute 'planets'"):
        _ = reprolib.planets


def test_the_door_alone_loads_nothing():
    code = "import sys, reprolib; dir(reprolib); print([n for n in ('torch', 'numpy', 'pandas') if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def is_there(module, name):
    """Whether a module defines a name, or is a package that has a module of this name."""
    return hasattr(import_module(module), name) or find_spec(f"{module}.{name}") is not None


def test_what_the_pages_import_is_there():
    """Of the README and of the page on own data every name of the library that a reader is told to import."""
    notebook = json.loads((ROOT / "notebooks/own_data.ipynb").read_text())
    cells = ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert blocks
    trees = [ast.parse(text) for text in (*cells, *blocks)]
    imports = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    ours = {(node.module, alias.name) for node in imports for alias in node.names if node.module.startswith("reprolib")}
    assert ("reprolib", "infer") in ours
    assert [(module, name) for module, name in ours if not is_there(module, name)] == []


def test_the_walk_through_the_code_names_what_is_there():
    text = (ROOT / "book/read_the_code.md").read_text()
    paths = set(re.findall(r"`((?:reprolib|tests|notebooks|results|book)/[\w./]*)`", text))
    assert len(paths) > 25
    assert [path for path in paths if not (ROOT / path).exists()] == []
