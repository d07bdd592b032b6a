"""The demonstration: its graphs are what they claim, and a network trained on small ones works on large ones."""

import pytest
import torch

from reprolib.gn import demo, unbatch


def reached(graph, rounds):
    """Nodes at most so many edges from the marked one, by spreading the mark along every edge."""
    edges = list(zip(graph.senders.tolist(), graph.receivers.tolist(), strict=True))
    found = {int(graph.nodes[:, 0].argmax())}
    for _ in range(rounds):
        found |= {receiver for sender, receiver in edges if sender in found}
    return found


@pytest.fixture
def batch():
    return demo.two_trees(30, 4, 12, seed=3)


def test_labels_are_the_nodes_that_hang_together_with_the_marked_one(batch):
    graph, label = demo.graph_of(batch)
    start = 0
    for part in unbatch(graph):
        size = part.num_nodes
        assert part.nodes.sum() == 1
        assert set(label[start : start + size].nonzero()[:, 0].tolist()) == reached(part, size)
        start += size
    assert start == len(label)


def test_graphs_are_two_trees_with_edges_both_ways(batch):
    graph, _ = demo.graph_of(batch)
    assert torch.equal(graph.n_node, batch["sizes"])
    assert torch.equal(graph.n_edge, 2 * (graph.n_node - 2))
    ways = set(zip(graph.senders.tolist(), graph.receivers.tolist(), strict=True))
    assert len(ways) == graph.num_edges
    assert {(receiver, sender) for sender, receiver in ways} == ways


def test_sizes_and_marks_cover_their_range():
    batch = demo.two_trees(2000, 4, 8, seed=0)
    assert set(batch["sizes"].tolist()) == {4, 5, 6, 7, 8}
    assert set((batch["marks"] - batch["sizes"]).tolist()) == set(range(-8, 0))
    assert (batch["marks"] >= 0).all()


def test_the_same_seed_gives_the_same_graphs():
    first, again, other = (demo.two_trees(50, 4, 8, seed=seed) for seed in (1, 1, 2))
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not torch.equal(first["marks"], other["marks"])


@pytest.mark.parametrize("rounds", [1, 3, 50])
def test_the_ceiling_counts_what_a_mark_has_not_reached(rounds):
    batch = demo.two_trees(20, 16, 16, seed=5)
    graph, _ = demo.graph_of(batch)
    right = 0
    for part in unbatch(graph):
        connected = reached(part, part.num_nodes)
        right += part.num_nodes - len(connected - reached(part, rounds))
    assert demo.ceiling(batch, rounds) == pytest.approx(100 * right / graph.num_nodes)


def test_the_network_does_not_see_the_order_of_the_nodes(batch):
    torch.manual_seed(0)
    model = demo.Connected(8).double()
    graph, _ = demo.graph_of(batch)
    part = unbatch(graph)[0].to(dtype=torch.float64)
    order = torch.randperm(part.num_nodes)
    place = order.argsort()
    moved = part.replace(nodes=part.nodes[order], senders=place[part.senders], receivers=place[part.receivers])
    torch.testing.assert_close(model(moved, 3), model(part, 3)[order])


def test_a_mark_further_away_than_the_rounds_cannot_be_known():
    """Whatever the weights are, no accuracy exceeds the ceiling by more than guessing allows: far nodes look alike."""
    torch.manual_seed(1)
    model = demo.Connected(8).double()
    batch = demo.two_trees(1, 40, 40, seed=7)
    batch["marks"] = torch.zeros(1, dtype=torch.long)
    moved = batch | {"marks": torch.ones(1, dtype=torch.long)}  # the other tree is marked
    near = model(demo.graph_of(batch)[0].to(dtype=torch.float64), 3)
    other = model(demo.graph_of(moved)[0].to(dtype=torch.float64), 3)
    assert torch.equal(near[30:], other[30:])
    assert not torch.equal(near[:6], other[:6])


def test_loss_falls_where_logits_are_right(batch):
    class Oracle(torch.nn.Module):
        def forward(self, graph, rounds):
            label = torch.zeros(graph.num_nodes, dtype=torch.bool)
            start = 0
            for part in unbatch(graph):
                label[[start + node for node in reached(part, part.num_nodes)]] = True
                start += part.num_nodes
            return torch.where(label, 9.0, -9.0)[:, None].expand(-1, rounds)

    assert demo.loss(Oracle(), batch, rounds=6) < 1e-3
    assert demo.accuracy(Oracle(), batch, rounds=6) == 100.0
