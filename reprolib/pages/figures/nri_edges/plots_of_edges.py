"""From records and views to the plots of the page on edges."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from reprolib.evidence.records import Record
from reprolib.experiments.nri_edges import LEARNED
from reprolib.pages.figures.nri_edges.graphs import graphs
from reprolib.pages.figures.nri_edges.scores import (
    SCORE,
    TIME,
    Point,
    accuracy_curves,
    by_closeness,
    by_objects,
    pull_by_distance,
)
from reprolib.pages.figures.nri_edges.views_of_edges import EdgeView, PullView
from reprolib.pages.figures.shared.curves import is_curve
from reprolib.pages.figures.shared.telling_rows import printed_by_system, telling_rows, where_from
from reprolib.pages.figures.shared.views_of_motion import MotionView

BINS = 8  # of edges, by the distance of their ends


def inferred_graphs(views: Sequence[MotionView]) -> Figure:
    """True and inferred graphs of a few scenes, at the objects' last places."""
    edges, probabilities, past = (
        np.stack([getattr(view, name) for view in views]) for name in ("edges", "probabilities", "past")
    )
    return graphs(edges, probabilities, past[:, -1], source=views[0].source)


def edges_by_objects(found: Sequence[Record]) -> Figure:
    """Edge accuracy of NRI (learned), trained on five objects, by the number of objects: a line a kind of motion."""
    accuracies, shown = {}, []
    for task, system, measurement in telling_rows(found):
        sizes = {int(name.rpartition("_")[2]) for name in measurement.first.metrics if name.startswith(f"{SCORE}_")}
        if sizes and system == LEARNED:
            accuracies[task.partition("_")[0]] = {n: measurement.values(f"{SCORE}_{n}") for n in sizes}
            shown.append(measurement)
    return by_objects(accuracies, source=where_from(shown))


def edge_curves(found: Sequence[Record], task: str) -> Figure:
    """Validation accuracy of a task's edges against epochs, a line a run; diamonds at the paper's figures.

    As in `learning_curves`, a run with fewer than three points has no curve.
    """
    of_task = {system: measurement for of, system, measurement in telling_rows(found) if of == task}
    curves = {system: [_by_epoch(record) for record in one.records] for system, one in of_task.items()}
    seen = {system: [run for run in runs if is_curve(run)] for system, runs in curves.items()}
    shown = {system: runs for system, runs in seen.items() if runs}
    printed = {system: value for (system, _), value in printed_by_system(task, SCORE).items() if system in shown}
    return accuracy_curves(shown, printed, where_from(of_task[system] for system in shown))


def _by_epoch(record: Record) -> list[Point]:
    """The points of a run's curve that hold the accuracy of the edges, by passes through the training scenes."""
    of_a_step = record.config["train.batch"] / record.data["sizes"]["train"]
    return [{TIME: point["step"] * of_a_step, SCORE: point[SCORE]} for point in record.curve if SCORE in point]


def edges_by_closeness(view: EdgeView, names: Sequence[str]) -> Figure:
    """Accuracy of each type of edge, called `names`, by how close the two objects came: as many edges in every bin."""
    found = {}
    for kind, name in enumerate(names):
        closest, right = view.closest[view.types == kind], view.right[view.types == kind]
        bins = np.array_split(closest.argsort(), BINS)
        found[name] = [(float(np.median(closest[some])), 100.0 * right[some].mean()) for some in bins]
    return by_closeness(found, source=view.source)


def laws(views: Mapping[str, PullView]) -> Figure:
    """The pull of an edge by distance, learned (dots) and true (line), a panel for each view by its title."""
    panels = {title: (view.distances, view.learned, view.true) for title, view in views.items()}
    sources = (f"{title}: {view.source}" for title, view in views.items())
    return pull_by_distance(panels, source="\n".join(sources))
