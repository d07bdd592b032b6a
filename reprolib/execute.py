"""Strict execution of notebooks through papermill, with outputs that are the same twice."""

import ast
import os
import tempfile
from pathlib import Path
from typing import Any

from reprolib.errors import InputError
from reprolib.files import write_atomically

THREADS = "OMP_NUM_THREADS"
NOISE = ("execution", "papermill", "ExecuteTime")  # metadata that hold times and paths


def execute(notebook: Path, parameters: dict[str, Any], out: Path | None = None) -> Path:
    """Run a notebook with parameters and write the executed copy.

    Returns:
        Where the executed notebook lies; by default under _build/notebooks.

    Raises:
        InputError: no such notebook, not exactly one cell tagged `parameters`, an unknown parameter, or an error in
            one of its cells.
    """
    import papermill
    from papermill.exceptions import PapermillExecutionError

    from reprolib import paths

    check(notebook, parameters)
    out = out or paths.BUILD / "notebooks" / notebook.name
    with tempfile.TemporaryDirectory() as folder:
        ran = Path(folder) / notebook.name
        try:
            papermill.execute_notebook(
                str(notebook),
                str(ran),
                parameters=parameters,
                kernel_name="python3",
                cwd=str(paths.ROOT),
                log_output=False,
            )
        except PapermillExecutionError as error:
            raise InputError(f"{notebook}, cell {error.cell_index}: {error.ename}: {error.evalue}") from None
        write_atomically(out, lambda temporary: temporary.write_text(clean(ran), encoding="utf-8"))
    return out


def check(notebook: Path, parameters: dict[str, Any]) -> None:
    """Refuse a notebook that papermill would only warn about."""
    import nbformat

    if not notebook.exists():
        raise InputError(f"{notebook} does not exist: the notebooks lie in notebooks/")
    try:
        cells = nbformat.read(notebook, as_version=4).cells
    except Exception as error:
        raise InputError(f"{notebook} is not a readable notebook ({error}): restore it") from None
    tagged = [cell for cell in cells if "parameters" in cell.metadata.get("tags", [])]
    if len(tagged) != 1:
        raise InputError(f"{notebook} has {len(tagged)} cells tagged `parameters`: it needs exactly one")
    known = names(tagged[0].source)
    for name in parameters:
        if name not in known:
            raise InputError(f"{notebook} has no parameter {name!r}: choose one of {', '.join(known)}")


def names(source: str) -> list[str]:
    """Names that a parameters cell assigns, in order."""
    targets = [target for node in ast.parse(source).body if isinstance(node, ast.Assign) for target in node.targets]
    return [target.id for target in targets if isinstance(target, ast.Name)]


def parse(settings: list[str]) -> dict[str, Any]:
    """['steps=10', 'data=real'] as {'steps': 10, 'data': 'real'}: Python literals, else text.

    Raises:
        InputError: a setting without an equals sign.
    """
    parsed = {}
    for setting in settings:
        name, equals, value = setting.partition("=")
        if not equals or not name:
            raise InputError(f"{setting!r} is no setting: write name=value")
        try:
            parsed[name] = ast.literal_eval(value)
        except (ValueError, SyntaxError):
            parsed[name] = value
    return parsed


def clean(ran: Path) -> str:
    """The executed notebook without times, paths and progress bars, so that two runs give the same bytes."""
    import nbformat

    notebook = nbformat.read(ran, as_version=4)
    notebook.metadata = {key: value for key, value in notebook.metadata.items() if key not in NOISE}
    notebook.metadata.get("language_info", {}).pop("version", None)
    for cell in notebook.cells:
        cell.metadata = {key: value for key, value in cell.metadata.items() if key not in NOISE}
        if cell.cell_type == "code":
            cell.outputs = [output for output in cell.outputs if output.get("name") != "stderr"]
    return nbformat.writes(notebook) + os.linesep
