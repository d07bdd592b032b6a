"""Shortest paths in random graphs (demonstration "shortest path" of the library of Battaglia et al. 2018).

Nodes lie uniformly in the unit square, each with a weight from the exponential distribution of mean 1. Two are joined
where the sum of their weights is at least 20 times their squared distance (a geographic threshold graph), or where
they are neighbours in the minimum spanning tree of all, so that every graph is connected. Edges run both ways.

Start and end are drawn so that every number of edges between them that the graph has is as likely, then every pair. To
be found: the nodes and edges of the path between them that is shortest in length. Of an edge's two directions the path
takes the one from start to end. (In the demonstration senders and receivers of labels are exchanged, so that its path
leads from end to start.)

Dimensions: M graphs of at most S nodes.
"""

import numpy as np

from reprolib.data.padded_graphs import Columns, endless, pairs, present

VERSION = 1  # part of the data's identity: raise it whenever the same seed gives other bytes
NODE, EDGE, GLOBAL = 5, 1, 0  # features
THRESHOLD = 20.0  # theta: the larger, the fewer edges
ROUNDING = 1e-13  # of sums of lengths: far above the error of float64, far below a real difference


def generate(count: int, sizes: tuple[int, int], seed: int, stream: int = 0) -> Columns:
    """The first `count` graphs of an endless sequence, as the columns of `padded_graphs`.

    Nodes hold x, y, weight, whether start, whether end; edges hold their length.

    Args:
        sizes: (smallest, largest) number of nodes; (8, 16) in the demonstration's training, (16, 32) in its test.
        stream: number of one of the independent sequences of a seed: give training and test data different ones.

    Raises:
        InputError: a number that is not whole or too small, or a range of sizes that is empty.
    """
    return endless(_draw, count, sizes, seed, stream)


def shortest(lengths: np.ndarray) -> np.ndarray:
    """Length of the shortest way between any two nodes (Floyd and Warshall): [M, S, S] -> [M, S, S].

    Args:
        lengths: of the edges; infinite where there is none, 0 from a node to itself.
    """
    found = lengths.copy()
    for k in range(lengths.shape[1]):
        np.minimum(found, found[:, :, k, None] + found[:, None, k, :], out=found)
    return found


def spanning_tree(distances: np.ndarray, there: np.ndarray) -> np.ndarray:
    """Edges, both ways, of the shortest tree through all nodes (Prim): distances [M, S, S], there [M, S] -> [M, S, S].

    The first place must be a node.
    """
    graphs, tree = np.arange(len(distances)), np.zeros(distances.shape, bool)
    outside = there.copy()
    outside[:, 0] = False
    gap, parent = distances[:, 0].copy(), np.zeros(there.shape, int)  # to the tree, and its node there, [M, S] each
    for _ in range(there.shape[1] - 1):
        node = np.where(outside, gap, np.inf).argmin(axis=1)  # [M]
        grows, near = outside[graphs, node], parent[graphs, node]
        tree[graphs[grows], node[grows], near[grows]] = tree[graphs[grows], near[grows], node[grows]] = True
        outside[graphs, node] = False
        closer = distances[graphs, node] < gap
        gap, parent = np.where(closer, distances[graphs, node], gap), np.where(closer, node[:, None], parent)
    return tree


def _draw(rng: np.random.Generator, sizes: np.ndarray, largest: int) -> Columns:
    there = present(sizes, largest)  # [M, S]
    places = rng.random((len(sizes), largest, 2))
    weights = rng.exponential(size=there.shape)
    distances = np.linalg.norm(places[:, :, None] - places[:, None], axis=-1)  # [M, S, S]
    near = weights[:, :, None] + weights[:, None] >= THRESHOLD * distances**2
    joined = ((near & pairs(there)) | spanning_tree(distances, there)) & ~np.eye(largest, dtype=bool)
    start, end = _ends(rng, joined)
    node_labels, edge_labels = _path(np.where(joined, distances, np.inf), start, end)
    marks = [np.arange(largest) == node[:, None] for node in (start, end)]  # [M, S] each
    nodes = np.stack([places[..., 0], places[..., 1], weights, *marks], axis=-1)  # [M, S, 5]
    return {
        "nodes": (nodes * there[..., None]).astype(np.float32),
        "joined": joined,
        "edges": (distances * joined)[..., None].astype(np.float32),  # [M, S, S, 1]
        "node_labels": node_labels,
        "edge_labels": edge_labels,
    }


def _ends(rng: np.random.Generator, joined: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Start and end [M] each: first a number of edges between them, then a pair, each uniform."""
    count, size = joined.shape[:2]
    hops = shortest(_with_zeros(np.where(joined, 1.0, np.inf)))  # [M, S, S]
    longest = np.where(np.isfinite(hops), hops, 0).max(axis=(1, 2))  # [M]
    chosen = np.floor(rng.random(count) * longest) + 1
    scores = rng.random(hops.shape) * (hops == chosen[:, None, None])
    return np.unravel_index(scores.reshape(count, -1).argmax(axis=1), (size, size))


def _path(lengths: np.ndarray, start: np.ndarray, end: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Nodes [M, S] and edges [M, S, S] of the shortest path: those on a way that is no longer than it."""
    graphs, ways = np.arange(len(lengths)), shortest(_with_zeros(lengths))
    before, after = ways[graphs, start], ways[graphs, :, end]  # from the start, to the end: [M, S] each
    limit = ways[graphs, start, end] + ROUNDING  # [M]
    nodes = before + after <= limit[:, None]
    edges = before[:, :, None] + lengths + after[:, None, :] <= limit[:, None, None]
    return nodes, edges


def _with_zeros(lengths: np.ndarray) -> np.ndarray:
    return np.where(np.eye(lengths.shape[1], dtype=bool), 0.0, lengths)
