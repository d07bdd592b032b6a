"""Shapes of graphs against all ways to tell objects apart."""

from itertools import product

import torch

from reprolib.models.modular.graph_shapes import bipartite, both_ways

SCENES, OBJECTS = 300, 5


def graphs():
    return torch.randint(3, (SCENES, OBJECTS, OBJECTS - 1), generator=torch.Generator().manual_seed(0)).clamp(max=1)


def place(receiver, sender):
    return sender - (sender > receiver)


def test_pairs_are_alike_where_both_edges_are():
    edges = graphs()
    pairs = [(i, j) for i in range(OBJECTS) for j in range(i + 1, OBJECTS)]
    expected = [[bool(one[i, place(i, j)] == one[j, place(j, i)]) for i, j in pairs] for one in edges]
    assert both_ways(edges).tolist() == expected


def test_a_graph_is_bipartite_where_some_two_kinds_of_objects_explain_it():
    edges = graphs()
    found = bipartite(edges, 0)
    assert 0 < found.sum() < SCENES
    for one, said in zip(edges, found, strict=True):
        joined = [(i, j) for i in range(OBJECTS) for j in range(OBJECTS) if i != j and one[i, place(i, j)] == 0]
        some = any(all(kinds[i] != kinds[j] for i, j in joined) for kinds in product((0, 1), repeat=OBJECTS))
        assert some == bool(said)
