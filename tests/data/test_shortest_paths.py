"""Shortest paths against Dijkstra's and Kruskal's algorithms written as plain loops."""

import heapq
import math
from collections import Counter
from itertools import pairwise

import numpy as np
import pytest

from reprolib.data import shortest_paths
from reprolib.data.shortest_paths import generate, shortest, spanning_tree


@pytest.fixture(scope="module")
def graphs():
    return generate(150, (2, 14), seed=5)


def dijkstra(lengths, start, end):
    """Length and nodes of the shortest path, from {node: {neighbour: length}}."""
    queue, done = [(0.0, start, (start,))], set()
    while queue:
        length, node, path = heapq.heappop(queue)
        if node == end:
            return length, path
        if node not in done:
            done.add(node)
            for neighbour, further in lengths[node].items():
                heapq.heappush(queue, (length + further, neighbour, (*path, neighbour)))
    raise AssertionError("the graph is not connected")


def neighbours(columns, i):
    """{node: {neighbour: length}} of a graph, lengths from the positions of its nodes."""
    places = columns["nodes"][i, : columns["sizes"][i], :2].astype(float)
    found = {node: {} for node in range(columns["sizes"][i])}
    for a, b in zip(*columns["joined"][i].nonzero(), strict=True):
        found[a][b] = math.dist(places[a], places[b])
    return found


def ends(columns, i):
    return int(columns["nodes"][i, :, 3].argmax()), int(columns["nodes"][i, :, 4].argmax())


def test_labels_are_dijkstras_path(graphs):
    for i in range(len(graphs["sizes"])):
        start, end = ends(graphs, i)
        _, path = dijkstra(neighbours(graphs, i), start, end)
        assert set(graphs["node_labels"][i].nonzero()[0]) == set(path)
        edges = set(zip(*graphs["edge_labels"][i].nonzero(), strict=True))
        assert edges == set(pairwise(path))


def test_one_start_and_another_end(graphs):
    marks = graphs["nodes"][..., 3:]  # [M, S, 2]
    assert set(np.unique(marks)) == {0, 1}
    assert (marks.sum(1) == 1).all()
    assert not marks.all(axis=2).any()


def test_edges_run_both_ways_join_near_or_heavy_nodes_and_hold_their_length(graphs):
    joined = graphs["joined"]
    np.testing.assert_array_equal(joined, joined.transpose(0, 2, 1))
    assert not joined[:, np.arange(14), np.arange(14)].any()
    for i, size in enumerate(graphs["sizes"]):
        places, weights = graphs["nodes"][i, :size, :2].astype(float), graphs["nodes"][i, :size, 2]
        tree = kruskal(places)
        for a in range(size):
            for b in set(range(size)) - {a}:
                distance = math.dist(places[a], places[b])
                near = (weights[a] + weights[b]) / distance**2 >= 20
                assert joined[i, a, b] == (near or (a, b) in tree or (b, a) in tree)
                assert graphs["edges"][i, a, b, 0] == pytest.approx(distance * joined[i, a, b], abs=1e-6)


def kruskal(places):
    """Edges of the shortest tree through all places, shortest edge first."""
    group, tree = list(range(len(places))), set()
    pairs = [(a, b) for a in range(len(places)) for b in range(a)]
    for a, b in sorted(pairs, key=lambda pair: math.dist(places[pair[0]], places[pair[1]])):
        if group[a] != group[b]:
            tree.add((a, b))
            group = [group[a] if each == group[b] else each for each in group]
    return tree


def test_spanning_tree_is_kruskals():
    rng = np.random.default_rng(0)
    sizes = np.array([1, 2, 5, 9, 9])
    places = rng.random((5, 9, 2))
    distances = np.linalg.norm(places[:, :, None] - places[:, None], axis=-1)
    trees = spanning_tree(distances, np.arange(9) < sizes[:, None])
    for tree, place, size in zip(trees, places, sizes, strict=True):
        edges = kruskal(place[:size])
        assert set(zip(*tree.nonzero(), strict=True)) == edges | {(b, a) for a, b in edges}


def test_shortest_on_a_known_graph():
    inf = np.inf
    lengths = np.array([[0, 1, 5, inf], [1, 0, 2, inf], [5, 2, 0, 1], [inf, inf, 1, 0]], float)
    expected = [[0, 1, 3, 4], [1, 0, 2, 3], [3, 2, 0, 1], [4, 3, 1, 0]]
    np.testing.assert_array_equal(shortest(lengths[None])[0], expected)


def test_every_number_of_edges_between_start_and_end_is_as_likely():
    """On a chain of four nodes one, two and three edges are possible; so are all pairs that are as far apart."""
    joined = np.broadcast_to(np.abs(np.arange(4)[:, None] - np.arange(4)) == 1, (6000, 4, 4))
    start, end = shortest_paths._ends(np.random.default_rng(0), joined)
    counts = Counter(zip(start.tolist(), end.tolist(), strict=True))
    expected = {(a, b): 2000 / (2 * (4 - abs(a - b))) for a in range(4) for b in range(4) if a != b}
    assert counts.keys() == expected.keys()
    assert all(abs(counts[pair] - expected[pair]) < 5 * math.sqrt(expected[pair]) for pair in expected)


def test_no_graph_has_two_shortest_paths():
    graphs = generate(4000, (8, 16), seed=0)
    np.testing.assert_array_equal(graphs["node_labels"].sum(1), graphs["edge_labels"].sum((1, 2)) + 1)
