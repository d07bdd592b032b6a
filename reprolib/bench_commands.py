"""The commands that measure time: ratios side by side, and where the time of training goes."""

import json
from collections.abc import Callable
from dataclasses import asdict
from typing import Annotated

import typer

from reprolib import paths

Device = Annotated[str | None, typer.Option(help="cpu, cuda, cuda:1, ...; an accelerator where there is one.")]
AsJson = Annotated[bool, typer.Option("--json", help="Machine-readable output.")]
Keep = Annotated[bool, typer.Option("--keep", help="Write them to the results folder, for the book.")]


def bench(
    name: Annotated[str | None, typer.Argument()] = None,
    device: Device = None,
    as_json: AsJson = False,
    keep: Keep = False,
) -> None:
    """Ratios measured side by side in one run."""
    from reprolib import bench as benches
    from reprolib.pages.tables import lists

    if keep:
        _require_keepable(lists.measured)
    ratios = []
    for ratio in benches.run(name, device):
        ratios.append(ratio)
        if not as_json:
            typer.echo(
                f"{ratio.name} {ratio.case:34} ours {ratio.ours:9.3g} reference {ratio.reference:9.3g} {ratio.unit}: "
                f"{ratio.ratio:5.2f} times as fast, {ratio.peak_memory_ratio:6.2f} times less memory"
            )
    if as_json:
        typer.echo(json.dumps([asdict(ratio) for ratio in ratios], indent=1))
    if keep and ratios:
        typer.echo(f"kept in {benches.keep(ratios)}", err=True)


def profile(
    row: Annotated[str, typer.Option(help="TASK/SYSTEM of headline rows; may hold * and ?.")] = "*",
    as_json: AsJson = False,
    keep: Keep = False,
) -> None:
    """Shares of processor time that the parts of training take, of headline rows on few examples."""
    from reprolib.bench import step_profile
    from reprolib.pages.tables import lists

    if keep:
        _require_keepable(lists.shares)
    shares = []
    for found in step_profile.run(row):
        shares += found
        if not as_json:
            typer.echo(f"{found[0].row} {found[0].scale}: " + ", ".join(f"{x.part} {x.share:.0f} %" for x in found))
        if keep:
            step_profile.keep(found)
    if as_json:
        typer.echo(json.dumps([asdict(share) for share in shares], indent=1))
    if keep:
        typer.echo(f"kept in {paths.results() / paths.PROFILE}", err=True)


def _require_keepable(kept: Callable[[], object]) -> None:
    """A damaged file of what was kept before, or a full disk, ends here, before anything is measured."""
    from reprolib.files import check_folder

    kept()
    check_folder(paths.results())
