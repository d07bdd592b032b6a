"""Relabelled graphs are the same graphs, and a network that sees the order of rows is told from the block."""

import pytest
import torch

from reprolib.gn import relabelled as module
from reprolib.gn.definitions import random_graphs
from reprolib.gn.graph import Graph, unbatch
from reprolib.gn.relabelled import differences, relabelled


def test_the_block_does_not_see_the_order():
    found = differences(32)
    assert set(found) == {"nodes", "edges", "globals"}
    assert max(found.values()) < 1e-12


def test_a_relabelled_graph_has_the_same_edges_between_the_same_nodes():
    graph = Graph(
        torch.tensor([[1.0], [2.0], [3.0]]),
        torch.tensor([[12.0], [23.0], [31.0]]),
        torch.tensor([0, 1, 2]),
        torch.tensor([1, 2, 0]),
        None,
        torch.tensor([3]),
        torch.tensor([3]),
    )
    other = relabelled(graph, torch.tensor([2, 0, 1]), torch.tensor([1, 2, 0]))
    assert other.nodes.flatten().tolist() == [3, 1, 2]
    ends = (10 * other.nodes[other.senders] + other.nodes[other.receivers]).flatten().tolist()
    assert ends == other.edges.flatten().tolist() == [23, 31, 12]


def test_permutations_stay_within_their_graphs():
    torch.manual_seed(0)
    graph = random_graphs(20)
    nodes, edges = module._within_graphs(graph.node_graph), module._within_graphs(graph.edge_graph)
    assert graph.node_graph[nodes].equal(graph.node_graph)
    assert not nodes.equal(torch.arange(len(nodes)))
    other = relabelled(graph, nodes, edges)
    for one, two in zip(unbatch(graph), unbatch(other), strict=True):
        assert sorted(one.nodes.flatten().tolist()) == sorted(two.nodes.flatten().tolist())


@pytest.mark.parametrize("part", ["phi_e", "phi_v", "phi_u"])
def test_an_update_that_sees_the_place_of_a_row_is_noticed(part, monkeypatch):
    """It adds the number of its row to what it gives."""
    right = module._full_block

    def seeing():
        block = right()
        inner = getattr(block, part)
        counted = lambda **inputs: (out := inner(**inputs)) + torch.arange(len(out))[:, None]  # noqa: E731
        object.__setattr__(block, part, counted)
        block._modules.pop(part, None)
        return block

    monkeypatch.setattr(module, "_full_block", seeing)
    if part == "phi_u":
        assert differences(16)["globals"] < 1e-12, "graphs keep their places"
    else:
        assert max(differences(16).values()) > 0.1
