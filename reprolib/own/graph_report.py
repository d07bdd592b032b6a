"""The files of an inferred graph: edges, errors, a picture, and a summary in a few sentences.

S scenes, N objects, K edge types.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from reprolib.data.simulations import senders
from reprolib.files import write_atomically, write_text
from reprolib.own.held_out import ONE_STEP, ROLLOUT, ErrorLine
from reprolib.own.inferred_graph import Inferred
from reprolib.pages.figures import show
from reprolib.pages.figures.own_graphs import mean_panel, own_graphs, scene_panel
from reprolib.pages.tables.table import Table, render

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SHOWN = 3  # scenes of the picture, beside the mean over all
STRONGEST = 5  # pairs of the summary
FILES = (
    "An edge leads from a sender to the receiver that it acts on; type 0 is no interaction. `edges.csv` has every edge "
    "with the probability of each type and the share of the seeds that agree, `edges.npz` the same as arrays [scenes, "
    "receivers, senders], each receiver's senders ascending without itself, `errors.csv` the errors of every step."
)
BELOW = "An arrow is as thick as it is likely that its first object acts on its second."


def write(result: Inferred, folder: Path) -> None:
    """Write edges.csv, edges.npz, errors.csv, graph.svg and, last, summary.md.

    Raises:
        InputError: a file cannot be written.
    """
    write_text(folder / "edges.csv", _csv(_edge_header(result), _edge_rows(result)))
    write_atomically(folder / "edges.npz", lambda path: _archive(result, path))
    write_text(
        folder / "errors.csv",
        _csv([field.name for field in fields(ErrorLine)], [vars(line).values() for line in result.errors]),
    )
    write_text(folder / "graph.svg", show(picture(result)).svg)
    write_text(folder / "summary.md", summary(result))


def _csv(header: Sequence[str], rows: Iterable[Iterable[Any]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue()


def _edge_header(result: Inferred) -> list[str]:
    chances = [f"p_{kind}" for kind in range(result.asked.types)]
    return ["scene", "receiver", "sender", "type", *chances, "agreement", "held_out"]


def _edge_rows(result: Inferred) -> Iterator[list[Any]]:
    types = result.types
    for place, *names in result.edges():
        chances = (f"{chance:.4f}" for chance in result.probabilities[place])
        yield [*names, types[place], *chances, f"{result.agreement[place]:.2f}", int(result.held_out[place[0]])]


def _archive(result: Inferred, path: Path) -> None:
    tracks = result.tracks
    with path.open("wb") as stream:
        np.savez_compressed(
            stream,
            probabilities=result.probabilities,
            types=result.types,
            agreement=result.agreement,
            known=result.known,
            held_out=result.held_out,
            senders=senders(result.known.shape[1]),
            scenes=np.array(tracks.scenes),
            objects=np.array(tracks.objects),
        )


def picture(result: Inferred) -> "Figure":
    """The mean graph over all scenes, and those of the first scenes."""
    return own_graphs(_panels(result), BELOW)


def _panels(result: Inferred) -> list[Any]:
    """The mean over all scenes and the first scenes by themselves."""
    scenes, objects, _ = result.known.shape
    panels = [mean_panel(f"mean of {scenes} scenes", result.mean_graph())]
    others = np.arange(objects)[:, None], senders(objects)
    for number in range(min(SHOWN, scenes)):
        acting, types = np.zeros((objects, objects)), np.ones((objects, objects), int)
        acting[others] = np.where(result.known[number], 1 - result.probabilities[number, ..., 0], 0)
        types[others] = 1 + result.probabilities[number, ..., 1:].argmax(-1)
        panels.append(
            scene_panel(f"scene {result.tracks.scenes[number]}", result.tracks.objects[number], acting, types)
        )
    return panels


def summary(result: Inferred) -> str:
    """What was found, as Markdown."""
    said = "\n".join(f"- {sentence}" for sentence in sentences(result))
    errors = render(error_table(result), "md")
    return f"# Who acts on whom\n\n{said}\n\n{errors}\n\n{_made(result)}\n"


def sentences(result: Inferred) -> list[str]:
    """What was found, and how far it can be trusted."""
    acting, scenes = result.types[result.known] > 0, len(result.tracks.scenes)
    share = f"{100 * acting.mean():.0f} % of {acting.size:,} edges in {scenes:,} scenes are interactions."
    found = [conclusion(result), share]
    if result.stability is not None:
        found.append(f"All {result.asked.seeds} seeds agree on {result.stability:.1f} % of the edges.")
    if result.accuracy is not None:
        shares = ", ".join(f"{share:.1f} % ({name})" for name, share in result.accuracy.items())
        found.append(f"Held against the true edges, right are: {shares}.")
    strongest = sorted(result.mean_graph().items(), key=lambda pair: -pair[1])[:STRONGEST]
    pairs = ", ".join(f"{sender} on {receiver} ({chance:.2f})" for (sender, receiver), chance in strongest)
    return [*found, f"On average over the scenes most likely: {pairs}.", *result.doubts]


def conclusion(result: Inferred) -> str:
    """Whether the data say that objects interact."""
    scenes = int(result.held_out.sum())
    percent = {kind: f"{100 * ratio:.3g} %" for kind, ratio in result.verdict.ratios.items()}
    compared = (
        f"on {scenes} held-out scenes the graph leaves {percent[ONE_STEP]} of the error without edges after one step, "
        f"and {percent[ROLLOUT]} of that of a rollout"
    )
    if not result.errors:
        return "Nobody is there at the end of a held-out scene: whether objects interact cannot be said."
    if result.verdict.clear is None:
        return f"There are too few held-out scenes to say whether objects interact: {compared}."
    if result.verdict.clear:
        return f"Objects interact: {compared}."
    return f"The data do not show that objects interact, so do not rely on the edges: {compared}."


def error_table(result: Inferred) -> Table:
    """Errors of one step and of the last frame of a rollout."""
    steps = max((line.step for line in result.errors), default=0)
    found = {(line.system, line.kind, line.step): f"{line.mse:.3g}" for line in result.errors}
    systems = dict.fromkeys(line.system for line in result.errors)
    rows = [(name, found.get((name, ONE_STEP, 1), ""), found.get((name, ROLLOUT, steps), "")) for name in systems]
    return Table(("held-out scenes", "one step", f"rollout, {steps} steps"), rows)


def _made(result: Inferred) -> str:
    """How it was made, and how the files are to be read."""
    asked, changes = result.asked, ", ".join(result.changes)
    state = ", ".join(result.tracks.features) + (
        f" and the changes of {changes} since the frame before" if changes else ""
    )
    made = (
        f"Method {result.method}, {asked.types} types of edges, {asked.seeds} seeds, {result.steps:,} steps of "
        f"training each, {result.seconds / 60:.1f} minutes. An object's state is {state}. Graphs were inferred from "
        f"the first {result.read} states of a scene, and the others predicted. Errors are mean squared, over all of a "
        "state, in variances over the training scenes. Among strangers every object hears, along its own graph, "
        "objects of another scene."
    )
    return f"{made}\n\n{FILES}"
