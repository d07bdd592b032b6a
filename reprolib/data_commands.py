"""The part of the command line that is about data: `reprolib data ...`."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from reprolib import paths
from reprolib.errors import InputError

data_app = typer.Typer(help="Real data by download, generated data, integrity.")

DataName = Annotated[str | None, typer.Argument(help="A data set, as `data list` prints it.", metavar="NAME")]


@data_app.command("list")
def data_list() -> None:
    """Data sets: licence, download, where their files are looked for, and what `generate` writes."""
    from reprolib.data import catalogue

    for entry in catalogue.entries():
        typer.echo(f"{entry.name:16} {entry.title} ({entry.licence})")
        if entry.url is not None:
            typer.echo(f"{'':16} fetch: {entry.size / 1e6:,.0f} MB from {entry.url}")
        typer.echo(f"{'':16} under REPROLIB_DATA: {entry.layout}")
        typer.echo(f"{'':16} generate: {entry.generator}")


@data_app.command("fetch")
def data_fetch(
    name: DataName = None,
    url: Annotated[str | None, typer.Option(help="A mirror, or file://... on this machine.")] = None,
) -> None:
    """Download a real data set, with checksum, progress and resume."""
    from reprolib.data import catalogue

    if name is None:
        sizes = [f"{entry.name} ({entry.size / 1e6:,.0f} MB)" for entry in catalogue.entries() if entry.url is not None]
        raise InputError(f"name the data set to fetch: {', '.join(sizes)}")
    typer.echo(catalogue.fetch(name, url))


@data_app.command("generate")
def data_generate(
    name: DataName = None,
    out: Annotated[Path | None, typer.Option(help="A new folder; without NAME, of one for each data set.")] = None,
    size: Annotated[int, typer.Option(help="Questions a task, or scenes.")] = 1000,
) -> None:
    """Write generated data as files; without NAME of every data set."""
    from reprolib.data import catalogue

    root = paths.BUILD / "data"
    every = {entry.name: (out or root) / entry.name for entry in catalogue.entries()}
    for one, folder in (every if name is None else {name: out or root / name}).items():
        typer.echo(catalogue.generate(one, folder, size))


@data_app.command("check")
def data_check(name: DataName = None) -> None:
    """What is there, whether it is whole, and how it reads; without NAME of every data set."""
    from reprolib.data import catalogue

    findings = catalogue.check_all() if name is None else catalogue.check(name)
    _echo_findings(findings, f"{name or 'all data sets'} differ from the release")


@data_app.command("ranges")
def data_ranges(write: Annotated[bool, typer.Option("--write", help="Write the table anew.")] = False) -> None:
    """Hold the table of the motion data's ranges against 50,000 scenes of each system; takes minutes."""
    from reprolib.data import ranges

    _echo_findings([f"written  {ranges.write()}"] if write else ranges.check(), "the ranges differ from the table")


def _echo_findings(lines: Iterable[str], differ: str) -> None:
    said = [typer.echo(line) or line for line in lines]
    if differing := sum(line.startswith("differs") for line in said):
        raise InputError(f"{differing} of {len(said)} findings on {differ}: see the lines above")
