"""What trained graph networks answer about single test graphs: a path step by step, a sorted list, swinging chains.

Dimensions: K processing steps, N nodes, E edges, T steps of time.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from reprolib.data.mass_springs import FRAMES
from reprolib.data.split import Split
from reprolib.experiments.gn_tasks import PROCESSING
from reprolib.models.graph_answers import labels_of, rollout
from reprolib.models.graph_tasks import graph_of
from reprolib.pages.figures.shared.specimens import Specimen, specimen

FEW_GRAPHS = {"data.train": 1, "data.valid": 1, "data.test": 100}
FEW_CHAINS = FEW_GRAPHS | {"data.moments": 1, "data.test": 1}
TOWNS, LONG = (17, 20), 7  # towns of the graph that is shown; roads on its path, at least
LENGTH = 20  # of the list that is shown
CHAINS = (4, 9)  # masses of the chains that are shown: neither is in the training data


@dataclass(frozen=True)
class PathView:
    """One graph of towns and roads, and what the network says after every processing step. A road is two edges."""

    places: np.ndarray  # [N, 2]
    senders: np.ndarray  # [E]
    receivers: np.ndarray  # [E]
    start: int
    end: int
    node_chances: np.ndarray  # probability of lying on the path [K, N]
    edge_chances: np.ndarray  # [K, E]
    node_labels: np.ndarray  # bool [N]
    edge_labels: np.ndarray  # bool [E]
    source: str

    @property
    def right(self) -> np.ndarray:
        """How many nodes and edges are labelled right after every step, [K]."""
        said = np.concatenate([self.node_chances, self.edge_chances], axis=1) > 0.5  # [K, N + E]
        return (said == np.concatenate([self.node_labels, self.edge_labels])).sum(axis=1)


@dataclass(frozen=True)
class OrderView:
    """One list of numbers, from the smallest to the largest, with what the network says after its last step."""

    numbers: np.ndarray  # rising [N]
    first: np.ndarray  # probability of being the smallest [N]
    following: np.ndarray  # probability that column j comes next after row i [N, N]
    source: str


@dataclass(frozen=True)
class ChainView:
    """One chain of masses from a first frame on, in metres."""

    true: np.ndarray  # positions [T + 1, N, 2]
    predicted: np.ndarray  # the same, as the network lets them move
    source: str


@torch.no_grad()
def path() -> PathView:
    """The first test graph of 17 to 20 towns whose shortest path has at least seven roads.

    Raises:
        InputError: the weights are damaged.
    """
    found, split = _network("gn_shortest_path", FEW_GRAPHS)
    sizes, roads = split.columns["sizes"], split.columns["edge_labels"].sum((1, 2))
    fits = (sizes >= TOWNS[0]) & (sizes <= TOWNS[1]) & (roads >= LONG)
    batch = split.batch(fits.nonzero()[0])
    graph, answers = graph_of(batch), found.model(batch)
    labels = labels_of(batch)
    return PathView(
        places=graph.nodes[:, :2].numpy(),
        senders=graph.senders.numpy(),
        receivers=graph.receivers.numpy(),
        start=int(graph.nodes[:, 3].argmax()),
        end=int(graph.nodes[:, 4].argmax()),
        node_chances=_chances(answers.nodes),
        edge_chances=_chances(answers.edges),
        node_labels=labels[0].numpy(),
        edge_labels=labels[1].numpy(),
        source=found.source,
    )


@torch.no_grad()
def order() -> OrderView:
    """The first test list of 20 numbers.

    Raises:
        InputError: the weights are damaged.
    """
    found, split = _network("gn_sorting", FEW_GRAPHS)
    batch = split.batch((split.columns["sizes"] == LENGTH).nonzero()[0])
    answers, values = found.model(batch), batch["nodes"][0, :LENGTH, 0]
    rising = values.argsort().numpy()
    following = _chances(answers.edges)[-1].reshape(LENGTH, LENGTH)  # every two are joined: [E] -> [N, N]
    return OrderView(
        numbers=values.numpy()[rising],
        first=_chances(answers.nodes)[-1][rising],
        following=following[np.ix_(rising, rising)],
        source=found.source,
    )


@torch.no_grad()
def chains() -> list[ChainView]:
    """A test chain of 4 masses and one of 9, with the rollout of the committed network.

    Raises:
        InputError: the weights are damaged.
    """
    found, split = _network("gn_springs", FEW_CHAINS)
    views = []
    for masses in CHAINS:
        batch = split.batch((split.columns["sizes"] == masses).nonzero()[0])
        predicted = rollout(found.model, batch, FRAMES)
        positions = (frames[0, :, :masses, :2].numpy() for frames in (batch["rollout"], predicted))
        views.append(ChainView(*positions, found.source))
    return views


def _network(task: str, few: dict[str, int]) -> tuple[Specimen, Split]:
    found = specimen("gn_tasks", f"{task}/{PROCESSING}", few)
    return found, found.data.splits["test"]


def _chances(logits: Tensor) -> np.ndarray:
    """Probabilities [K, rows] of logits [K, rows, 1]."""
    return logits[..., 0].sigmoid().numpy()
