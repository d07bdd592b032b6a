"""`reprolib infer ...`: the interaction graph of somebody's own trajectories."""

from pathlib import Path
from typing import Annotated

import typer

Files = Annotated[list[Path], typer.Argument(help="A .csv, .npz or .npy; several .npy are joined.", metavar="TRACKS")]


def infer(
    tracks: Files,
    types: Annotated[int, typer.Option(help="Of edges; the first is no interaction.")] = 2,
    method: Annotated[str, typer.Option(help="nri, modular (objects that are always there), or auto.")] = "auto",
    minutes: Annotated[float, typer.Option(help="For everything.")] = 4.0,
    steps: Annotated[int | None, typer.Option(help="Of training each model, in place of minutes.")] = None,
    held_out: Annotated[float, typer.Option(help="Share of the scenes that only test.")] = 0.2,
    seeds: Annotated[int, typer.Option(help="Trained one after the other, and averaged.")] = 2,
    changes: Annotated[
        str, typer.Option(help="Since the frame before: all, none, or auto where they say more.")
    ] = "auto",
    edges: Annotated[Path | None, typer.Option(help="True edges, which nothing learns from.")] = None,
    out: Annotated[Path | None, typer.Option(help="A new folder; else infer_NAME.")] = None,
    device: Annotated[str | None, typer.Option(help="cpu, cuda, ...; an accelerator where there is one.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the run in the folder.")] = False,
) -> None:
    """Who acts on whom in trajectories of your own.

    A table has the columns scene, frame, object, and then one a feature; a row where an object is present. Arrays are
    [scenes, frames, objects, features]. Into the folder go the edges with probabilities, errors on held-out scenes, a
    picture and a summary.
    """
    folder = out or Path(f"infer_{tracks[0].stem}")
    from reprolib.own.graph_report import sentences
    from reprolib.own.inference import infer as infer_graph

    asked = {"types": types, "method": method, "minutes": minutes, "steps": steps, "held_out": held_out}
    result = infer_graph(
        tracks,
        edges=edges,
        folder=folder,
        resume=resume,
        device=device,
        seeds=seeds,
        changes=changes,
        **asked,
    )
    typer.echo("\n".join([*sentences(result), str(folder)]))
