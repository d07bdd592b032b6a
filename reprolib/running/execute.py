"""Strict execution of notebooks through papermill, with outputs that are the same twice."""

import ast
import errno
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from shlex import quote
from typing import Any

from reprolib import paths
from reprolib.contracts.entry import SCALES
from reprolib.contracts.source import DATA_KINDS
from reprolib.errors import InputError
from reprolib.files import temporary_beside, write_text
from reprolib.running import files_used

NOISE = ("execution", "papermill", "ExecuteTime")  # metadata that hold times and paths
CHOICES = {"scale": SCALES, "data": DATA_KINDS}  # of parameters that mean the same in every notebook
SOCKET_PATH = 100  # bytes that every system allows in the path of a socket, less the number of the kernel's channel
UNSAID = object()  # default of a parameter that is declared without a literal value


def execute(notebook: Path, parameters: dict[str, Any], out: Path | None = None, rule: Path | None = None) -> Path:
    """Run a notebook with parameters and write the executed copy, and beside it, as JSON, the seconds that it took.

    Args:
        rule: where, for make, the files go that the executed copy depends on.

    Returns:
        Where the executed notebook lies; by default under _build/notebooks.

    Raises:
        InputError: what `check` raises, an error in one of the notebook's cells, an end before the last one, a full
            disk, or a temporary folder too deep for sockets; nothing is written then.
    """
    check(notebook, parameters)
    out = out or paths.BUILD / "notebooks" / notebook.name
    try:
        with temporary_beside(Path(tempfile.gettempdir()) / "reprolib", folder=True) as folder:
            ran, begun = folder / notebook.name, time.monotonic()
            used = folder / "files_used" if rule else None
            _run(notebook, parameters, ran, used)
            _require_end(notebook, ran)
            seconds = round(time.monotonic() - begun, 1)
            if rule:
                write_text(rule, files_used.rule(out, used))
            write_text(out.with_suffix(".json"), json.dumps({"seconds": seconds}) + "\n")
            write_text(out, clean(ran))
    except OSError as error:  # of the temporary copy or of the kernel's files beside it
        raise InputError(
            f"{notebook} could not be executed ({error}): free some space or name another folder in TMPDIR"
        ) from None
    return out


def _run(notebook: Path, parameters: dict[str, Any], ran: Path, used: Path | None) -> None:
    """Run a notebook that has been checked, write it, as papermill leaves it, to `ran`, and what it used to `used`.

    On a terminal the progress of cells is shown, and below it what they say of their own.

    The kernel's sockets are files beside `ran`: of two kernels that start at once, each on free ports, one can lose
    a port to the other between its choice and its use.
    """
    import papermill
    from papermill.exceptions import PapermillExecutionError
    from traitlets.config import Config

    sockets = ran.parent / "kernel"
    if len(os.fsencode(sockets)) > SOCKET_PATH:
        raise OSError(errno.ENAMETOOLONG, "path too long for a socket", str(sockets))
    try:
        papermill.execute_notebook(
            _unformatted(notebook),
            _unformatted(ran),
            parameters={name: list(v) if isinstance(v, tuple) else v for name, v in parameters.items()},
            kernel_name="python3",
            language="python",
            cwd=str(paths.WORK),
            log_output=False,
            progress_bar=sys.stderr.isatty(),
            stderr_file=sys.stderr if sys.stderr.isatty() else None,
            extra_arguments=_kernel_arguments(used),
            config=Config(KernelManager={"transport": "ipc", "ip": str(sockets), "connection_file": f"{sockets}.json"}),
        )
    except PapermillExecutionError as error:
        begins = error.source.strip().splitlines()[0]
        raise InputError(
            f"{notebook}, cell that begins {begins!r}: {error.ename}: {error.evalue or 'no message'}"
        ) from None
    except RuntimeError as error:  # of the kernel
        raise InputError(f"{notebook} did not run to its end ({error}): is there enough memory for it?") from None


def _kernel_arguments(used: Path | None) -> list[str]:
    """Silence of the kernel about its transport and its own end, and a first line that notes what it uses."""
    quiet = ["--log-level=CRITICAL"]
    if used is None:
        return quiet
    line = f"__import__({files_used.__name__!r}, fromlist=['watch']).watch({str(used)!r})"
    return [*quiet, f"--InteractiveShellApp.exec_lines={[line]!r}"]


def _unformatted(path: Path) -> str:
    """A path as papermill takes it, which fills in parameters between braces."""
    return str(path.absolute()).replace("{", "{{").replace("}", "}}")


def _require_end(notebook: Path, ran: Path) -> None:
    """Raise InputError where a notebook has left before its end, which papermill takes for success."""
    import nbformat

    for cell in nbformat.read(ran, as_version=4).cells:
        if cell.cell_type == "code" and cell.source.strip():
            errors = [output.ename for output in cell.outputs if output.output_type == "error"]
            if errors or cell.execution_count is None:
                begins = cell.source.strip().splitlines()[0]
                raise InputError(
                    f"{notebook} ends before its last cell, at the one that begins {begins!r}: let it go on"
                )


def check(notebook: Path, parameters: dict[str, Any]) -> None:
    """Refuse a notebook, or parameters of it, that papermill would only warn about.

    Raises:
        InputError: no such notebook, not exactly one cell tagged `parameters`, a parameter that is unknown, missing or
            of another type than its default, a scale or a kind of data that there is not.
    """
    known = _declared(notebook, _parameters_cell(notebook))
    for name, value in parameters.items():
        if name not in known:
            raise InputError(f"{notebook} has no parameter {name!r}: choose one of {', '.join(known)}")
        if not _fits(value, known[name]):
            raise InputError(f"{notebook}: parameter {name} takes a value like {known[name]!r}, not {value!r}")
        if name in CHOICES and value not in CHOICES[name]:
            choices = ", ".join(CHOICES[name])
            raise InputError(f"{notebook}: parameter {name} is {value!r}: choose one of {choices}")
    for name, default in known.items():
        if default is ... and name not in parameters:
            raise InputError(f"{notebook} needs a value for its parameter {name}: add -p {name}=...")


def _parameters_cell(notebook: Path) -> Any:
    """The cell of a notebook that is tagged `parameters`.

    Raises:
        InputError: no such notebook, or not exactly one such cell of code.
    """
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
    if tagged[0].cell_type != "code":
        raise InputError(f"{notebook}: the cell tagged `parameters` is {tagged[0].cell_type}: make it a code cell")
    return tagged[0]


def _declared(notebook: Path, cell: Any) -> dict[str, Any]:
    """The parameters that a cell assigns, with their defaults."""
    try:
        return defaults(cell.source)
    except SyntaxError as error:
        raise InputError(f"{notebook}, parameters cell, line {error.lineno}: {error.msg}") from None


def described(notebook: Path) -> str:
    """A line for each parameter of a notebook: how it is set to its default, and the comment beside it.

    Raises:
        InputError: no such notebook, or not exactly one cell of code tagged `parameters`.
    """
    from papermill.translators import PythonTranslator

    cell = _parameters_cell(notebook)
    _declared(notebook, cell)
    found = PythonTranslator.inspect(cell)
    settings = [quote(f"{one.name}={one.default}".replace('"', "")) for one in found]
    width = max(map(len, settings), default=0)
    lines = zip(settings, found, strict=True)
    return "\n".join(f"-p {setting:{width}}  {one.help}".rstrip() for setting, one in lines)


def defaults(source: str) -> dict[str, Any]:
    """Names that a parameters cell assigns, with their values: UNSAID for expressions, ... for none at all."""
    found: dict[str, Any] = {}
    for node in ast.parse(source).body:
        if isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            found |= {target.id: _literal(node.value) for target in targets if isinstance(target, ast.Name)}
    return found


def _literal(node: ast.expr | None) -> Any:
    try:
        return ... if node is None else ast.literal_eval(node)
    except ValueError:
        return UNSAID


def _fits(value: Any, default: Any) -> bool:
    """Whether a value may stand for a default: of its type, an int for a float, a list of such values for a tuple."""
    if default is None or default is ... or default is UNSAID:
        return True
    if isinstance(default, list | tuple):
        listed = isinstance(value, list | tuple)
        return listed and (not default or (len(value) > 0 and all(_fits(item, default[0]) for item in value)))
    return type(value) is type(default) or (isinstance(default, float) and type(value) is int)


def parse(settings: list[str]) -> dict[str, Any]:
    """['steps=10', 'data=real'] as {'steps': 10, 'data': 'real'}: Python literals, else text.

    Raises:
        InputError: a setting without an equals sign, or one that is given twice.
    """
    parsed = {}
    for setting in settings:
        name, equals, value = setting.partition("=")
        if not equals or not name:
            raise InputError(f"{setting!r} is no setting: write name=value")
        if name in parsed:
            raise InputError(f"{name} is set twice, to {parsed[name]!r} and to {value}: keep one")
        try:
            parsed[name] = ast.literal_eval(value)
        except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
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
        if "injected-parameters" in cell.metadata.get("tags", []):
            cell.id = "injected-parameters"  # papermill draws one
        if cell.cell_type == "code":
            cell.outputs = _merged([output for output in cell.outputs if output.get("name") != "stderr"])
    return nbformat.writes(notebook) + "\n"


def _merged(outputs: list) -> list:
    """Outputs with neighbouring pieces of printed text joined: where they were cut is a matter of timing."""
    merged: list = []
    for output in outputs:
        if merged and output.output_type == merged[-1].output_type == "stream":
            merged[-1].text += output.text
        else:
            merged.append(output)
    return merged
