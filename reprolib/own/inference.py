"""The interaction graph of somebody's own trajectories: trained over seeds, held against no graph, put together.

S scenes, T frames, N objects, D features, K edge types, R seeds.
"""

import hashlib
import json
import time
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from reprolib import devices
from reprolib.data.split import Split
from reprolib.errors import InputError
from reprolib.evidence.metrics import best_naming, edge_accuracy
from reprolib.models.nri.encoders import sent
from reprolib.own import held_out
from reprolib.own.edge_files import read_edges
from reprolib.own.graph_methods import AUTO, METHODS, GraphMethod, Size, best_method
from reprolib.own.inferred_graph import Inference, Inferred
from reprolib.own.planned_training import PlannedTraining, Run, clean
from reprolib.own.states import States, states
from reprolib.own.track_files import read
from reprolib.own.tracks import Tracks, of_arrays

LAST, MOST_PREDICTED = 4, 20  # a fourth of the frames is predicted, but at most so many
VALID = 10  # of so many training scenes one picks the weights
LEAST_SCENES = 5
FEW_SCENES, FEW_FRAMES, FEW_STEPS = 50, 15, 100  # fewer make a graph doubtful
MOVED = (
    "One seed calls the pairs interacting that another calls not interacting: the data tell two kinds of pairs apart, "
    "but not which of them acts."
)


def infer(
    values: Any,
    present: Any = None,
    *,
    edges: np.ndarray | str | Path | None = None,
    folder: str | Path | None = None,
    resume: bool = False,
    device: str | None = None,
    **asked: Any,
) -> Inferred:
    """Who acts on whom in somebody's own trajectories.

    Args:
        values: a file (.csv, .npz, .npy; of several .npy a list), an array [S, T, N, D], or tracks that were read.
        present: bool [S, T, N], where objects are absent part of the time.
        edges: true types [S, N, N - 1] or a file of them, where they are known; nothing learns from them.
        folder: where the plan and checkpoints are, in the end the files of `graph_report`; None: nothing is written.
        resume: go on with the run that the folder holds.
        asked: fields of `Inference`, such as types=3 or minutes=10.

    Raises:
        InputError: options outside their limits, tracks that nothing can be learned from, a folder of another run.

    Examples:
        >>> from reprolib import infer, simulate
        >>> scenes = simulate("springs", 60, objects=3)
        >>> graph = infer(scenes.trajectories, edges=scenes.edges, steps=10, seeds=1)  # by default for four minutes
        >>> graph.method, graph.probabilities.shape  # scenes, receivers, senders, types
        ('modular', (60, 3, 2, 2))
        >>> sorted(graph.mean_graph())  # of (sender, receiver)
        [('0', '1'), ('0', '2'), ('1', '0'), ('1', '2'), ('2', '0'), ('2', '1')]
        >>> {line.system for line in graph.errors} >= {"no edges", "inferred graph"}  # on held-out scenes
        True
    """
    started, wanted = time.monotonic(), _checked(asked)
    tracks, folder = _tracks(values, present), None if folder is None else Path(folder)
    if isinstance(edges, str | Path):
        edges = read_edges(Path(edges), tracks)
    if edges is not None and edges.shape != dense_shape(tracks):
        raise InputError(f"edges has the shape {list(edges.shape)}: give {list(dense_shape(tracks))}")
    result = _inferred(tracks, wanted, edges, Run(folder, resume, started), devices.pick(device))
    if folder is not None:
        from reprolib.own import graph_report  # which draws

        graph_report.write(result, folder)
        clean(folder)
    return result


def _inferred(tracks: Tracks, wanted: Inference, edges: np.ndarray | None, run: Run, place: torch.device) -> Inferred:
    """The result, for options that are checked."""
    held, valid = _parts(len(tracks.scenes), wanted.held_out)
    seen = states(tracks, ~held, wanted.changes)
    devices.prepare_memory(place)
    every = _split(seen).to(place)
    train, valid, test = (_some(every, rows) for rows in (~held & ~valid, valid, held))
    name, method = _method(wanted, seen, train)
    known = _known(seen, method.size.read)
    identity = _identity(tracks, wanted, place)
    training = PlannedTraining(run, method, {"train": train, "valid": valid}, identity, wanted)
    found, errors = [], []
    for seed in range(wanted.seeds):
        alone, connected = training.trained(seed)
        found.append(_probabilities(method, connected, every))
        errors.append(held_out.errors(method, connected, alone, test, seen.features))
    probabilities, agreement, moved = together(torch.stack(found), known)
    verdict = held_out.verdict(errors)
    return Inferred(
        tracks=tracks,
        asked=wanted,
        method=name,
        probabilities=probabilities.numpy(),
        agreement=agreement.numpy(),
        known=known.numpy(),
        held_out=held,
        errors=held_out.table(errors),
        verdict=verdict,
        stability=100.0 * float((agreement[known] == 1).double().mean()) if wanted.seeds > 1 else None,
        accuracy=None if edges is None else _accuracy(probabilities.argmax(-1), edges, known, held),
        changes=seen.changes,
        read=method.size.read,
        steps=training.steps,
        seconds=time.monotonic() - run.started,
        doubts=(*_doubts(tracks, training.steps), *([MOVED] if moved and verdict.clear else [])),
    )


def dense_shape(tracks: Tracks) -> tuple[int, int, int]:
    """Of the types of all edges: [S, N, N - 1]."""
    scenes, _, objects = tracks.present.shape
    return scenes, objects, objects - 1


def _tracks(values: Any, present: Any) -> Tracks:
    """What is given, read where it is a file or a list of files."""
    files = [values] if isinstance(values, str | Path) else values
    if isinstance(files, list | tuple) and files and all(isinstance(each, str | Path) for each in files):
        if present is not None:
            raise InputError("present goes with an array: a file says itself where objects are")
        return read([Path(each) for each in files])
    return values if isinstance(values, Tracks) else of_arrays(values, present)


def _checked(asked: dict[str, Any]) -> Inference:
    options = [field.name for field in fields(Inference)]
    unknown = [name for name in asked if name not in options]
    if unknown:
        raise InputError(f"unknown option {unknown[0]}: choose one of {', '.join(options)}")
    return Inference(**asked)


def _parts(scenes: int, share: float) -> tuple[np.ndarray, np.ndarray]:
    """Which scenes are held out, and which of the others pick the weights: bool [S] each, the same in every run."""
    if scenes < LEAST_SCENES:
        raise InputError(
            f"{scenes} scene{'s are' if scenes > 1 else ' is'} too few to learn from and hold some out: give "
            f"{LEAST_SCENES} or more, for instance by cutting a long recording into parts"
        )
    order, count = np.random.default_rng(0).permutation(scenes), max(1, round(share * scenes))
    picking = max(1, (scenes - count) // VALID)
    if count + picking >= scenes:
        raise InputError(f"held_out is {share}: of {scenes} scenes that leaves none to learn from, give less")
    held, valid = np.zeros((2, scenes), bool)
    held[order[:count]], valid[order[count : count + picking]] = True, True
    return held, valid


def _method(wanted: Inference, seen: States, train: Split) -> tuple[str, GraphMethod]:
    _, frames, objects, features = seen.values.shape
    read = frames - max(1, min(MOST_PREDICTED, frames // LAST))
    size = Size(frames, read, objects, features, wanted.types, seen.masked)
    name = best_method(size) if wanted.method == AUTO else wanted.method
    return name, METHODS[name](size, train)


def _split(seen: States) -> Split:
    """All scenes; their column of edges says that there is none."""
    scenes, _, objects, _ = seen.values.shape
    columns = {"trajectories": seen.values, "edges": torch.zeros(scenes, objects, objects - 1, dtype=torch.long)}
    return Split(columns | ({"present": seen.present} if seen.masked else {}))


def _some(split: Split, rows: np.ndarray) -> Split:
    return Split(split.batch(torch.from_numpy(rows).to(split.columns["edges"].device)))


def _identity(tracks: Tracks, wanted: Inference, place: torch.device) -> str:
    """Hash of all that a run depends on but its code."""
    names = [tracks.scenes, tracks.objects, tracks.features]
    found = hashlib.sha256(json.dumps([*names, asdict(wanted), place.type]).encode())
    for array in (tracks.values, tracks.present):
        found.update(np.ascontiguousarray(array))
    return found.hexdigest()[:16]


@torch.no_grad()
def _probabilities(method: GraphMethod, model: nn.Module, split: Split) -> Tensor:
    """Of the types of all edges: [S, N, N - 1, K]."""
    return torch.cat([method.probabilities(model, batch).float().cpu() for batch in split.batches(method.at_once)])


def _known(seen: States, read: int) -> Tensor:
    """Whether both ends of an edge are seen to move in the frames that are read: bool [S, N, N - 1]."""
    there = (seen.present[:, : read - 1] & seen.present[:, 1:read]).any(1)  # [S, N]
    known = sent(there) & there[:, :, None]
    if not known.any():
        raise InputError("no scene has two objects that are seen in its first frames: an interaction takes two")
    return known


def together(found: Tensor, known: Tensor) -> tuple[Tensor, Tensor, bool]:
    """The mean over seeds, their types named as those of the first seed are: [R, S, N, N - 1, K] -> [S, N, N - 1, K].

    Beside it the share of seeds whose most likely type is that of the mean, [S, N, N - 1], and whether a seed's type
    0, which carries no message, stands for another type of the first seed.

    Args:
        known: bool [S, N, N - 1], the edges that count.
    """
    first, aligned, moved = found[0].argmax(-1)[known], [], False
    for of_seed in found:
        naming = best_naming(of_seed.argmax(-1)[known], first, found.shape[-1])  # [K]
        aligned.append(of_seed[..., naming.argsort()])
        moved |= bool(naming[0] != 0)
    every = torch.stack(aligned)
    mean = every.mean(0)
    return mean, (every.argmax(-1) == mean.argmax(-1)).float().mean(0), moved


def _accuracy(found: Tensor, edges: np.ndarray, known: Tensor, held: np.ndarray) -> dict[str, float]:
    """Percent of the known edges that are right under the best naming of types, and by always saying the same."""
    true, hidden = torch.from_numpy(edges), known & torch.from_numpy(held)[:, None, None]
    naming = best_naming(found[known], true[known])
    right = {name: edge_accuracy(found[some], true[some], naming) for name, some in _named(known, hidden)}
    return {name: float(share) for name, share in right.items()} | {
        "always the most frequent type": 100.0 * float(true[known].bincount().max()) / int(known.sum())
    }


def _named(known: Tensor, hidden: Tensor) -> list[tuple[str, Tensor]]:
    return [(name, some) for name, some in (("all scenes", known), ("held-out scenes", hidden)) if some.any()]


def _doubts(tracks: Tracks, steps: int) -> tuple[str, ...]:
    scenes, frames = tracks.present.shape[:2]
    said = {
        f"{scenes} scenes are few: take the graph as a hint.": scenes < FEW_SCENES,
        f"{frames} frames a scene are few: take the graph as a hint.": frames < FEW_FRAMES,
        f"There was time for {steps} steps of training only: give more minutes.": steps < FEW_STEPS,
    }
    return tuple(sentence for sentence, holds in said.items() if holds)
