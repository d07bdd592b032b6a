"""`reprolib execute ...`: a notebook with other parameters."""

from pathlib import Path
from typing import Annotated

import typer


def execute(
    notebook: Path,
    parameter: Annotated[list[str] | None, typer.Option("--parameter", "-p", help="name=value.")] = None,
    out: Annotated[Path | None, typer.Option(help="Where the executed notebook goes.")] = None,
    rule: Annotated[Path | None, typer.Option(help="Where, for make, the files go that it depends on.")] = None,
    explain: Annotated[bool, typer.Option("--help-parameters", help="Print what it takes, and end.")] = False,
) -> None:
    """Execute a notebook through papermill; an unknown or missing parameter is an error."""
    from reprolib.running import execute as notebooks

    given = notebooks.parse(parameter or [])
    typer.echo(notebooks.described(notebook) if explain else notebooks.execute(notebook, given, out, rule))
