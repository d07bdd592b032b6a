"""The batched graph: construction, validation, and the round trip through batch and unbatch."""

import pytest
import torch

from reprolib.errors import InputError
from reprolib.gn import Graph, batch, concatenate, fully_connected, unbatch

FIELDS = ("nodes", "edges", "senders", "receivers", "globals_", "n_node", "n_edge")


def same(one: Graph, other: Graph) -> bool:
    pairs = [(getattr(one, name), getattr(other, name)) for name in FIELDS]
    return all(a is None and b is None if a is None or b is None else torch.equal(a, b) for a, b in pairs)


def two_graphs(**changes) -> Graph:
    """Nodes 0, 1 | 2, 3, 4; edges 0 -> 1 | 2 -> 4, 4 -> 3."""
    fields = {
        "nodes": torch.zeros(5, 2),
        "edges": torch.zeros(3, 1),
        "senders": torch.tensor([0, 2, 4]),
        "receivers": torch.tensor([1, 4, 3]),
        "globals_": torch.zeros(2, 4),
        "n_node": torch.tensor([2, 3]),
        "n_edge": torch.tensor([1, 2]),
    }
    return Graph(**fields | changes)


def test_index_helpers_name_the_graph_of_each_row():
    graph = two_graphs()
    assert (graph.num_graphs, graph.num_nodes, graph.num_edges) == (2, 5, 3)
    assert graph.node_graph.tolist() == [0, 0, 1, 1, 1]
    assert graph.edge_graph.tolist() == [0, 1, 1]
    assert graph.replace(nodes=None).num_nodes == 5


@pytest.mark.parametrize("widths", [(3, 2, 4), (0, 2, 0), (3, 0, 0), (0, 0, 0)])
def test_unbatch_undoes_batch_and_batch_undoes_unbatch(ragged, widths):
    graphs = [ragged(seed, widths=widths) for seed in range(3)]
    joined = batch(graphs)
    parts = unbatch(joined)
    assert joined.num_graphs == len(parts) == sum(graph.num_graphs for graph in graphs)
    assert all(part.num_graphs == 1 for part in parts)
    assert same(batch(parts), joined)
    assert same(batch(parts[: graphs[0].num_graphs]), graphs[0])
    for part in [joined, *parts]:
        assert same(Graph(*(getattr(part, name) for name in FIELDS)), part)  # passes every check


@pytest.mark.parametrize("self_edges", [False, True])
@pytest.mark.parametrize("size", range(4))
def test_fully_connected_has_every_pair_sorted_by_sender_then_receiver(size, self_edges):
    nodes, globals_ = torch.randn(2, size, 3), torch.randn(2, 5)
    graph = fully_connected(nodes, self_edges=self_edges, globals_=globals_)
    expected = [
        (first + i, first + j) for first in (0, size) for i in range(size) for j in range(size) if self_edges or i != j
    ]
    assert list(zip(graph.senders.tolist(), graph.receivers.tolist(), strict=True)) == expected
    assert torch.equal(graph.nodes.view(2, size, 3), nodes)
    assert same(Graph(*(getattr(graph, name) for name in FIELDS)), graph)
    assert graph.globals_ is globals_


def test_concatenate_joins_attributes_and_leaves_out_absent_ones(ragged):
    graph = ragged(0)
    other = ragged(0, widths=(1, 0, 2))
    joined = concatenate(graph, other, graph)
    assert torch.equal(joined.nodes, torch.cat([graph.nodes, other.nodes, graph.nodes], dim=1))
    assert torch.equal(joined.edges, torch.cat([graph.edges, graph.edges], dim=1))
    assert torch.equal(joined.globals_, torch.cat([graph.globals_, other.globals_, graph.globals_], dim=1))
    assert concatenate(*[ragged(0, widths=(0, 0, 0))] * 2).nodes is None


def test_to_moves_everything_and_casts_attributes_only():
    graph = two_graphs()
    half = graph.to(dtype=torch.bfloat16)
    assert {half.nodes.dtype, half.edges.dtype, half.globals_.dtype} == {torch.bfloat16}
    assert half.senders.dtype == half.n_node.dtype == torch.int64
    assert graph.node_graph.device.type == graph.nodes.device.type == "cpu"
    moved = graph.replace(edges=None).to("meta")  # after node_graph is cached on the CPU
    devices = {tensor.device.type for tensor in vars(moved).values() if tensor is not None}
    assert devices == {"meta"}
    assert moved.edges is None


def test_replace_leaves_the_original_and_checks_what_changed():
    graph = two_graphs()
    changed = graph.replace(nodes=torch.ones(5, 7), globals_=None)
    assert changed.nodes.shape == (5, 7)
    assert changed.globals_ is None
    assert graph.nodes.shape == (5, 2)
    reversed_ = graph.replace(senders=graph.receivers, receivers=graph.senders)
    assert reversed_.senders.tolist() == [1, 4, 3]
    regrouped = graph.replace(n_node=torch.tensor([5]), n_edge=torch.tensor([3]), globals_=None)
    assert regrouped.node_graph.tolist() == [0] * 5
    with pytest.raises(InputError, match=r"nodes must have shape \[5, D\]"):
        graph.replace(nodes=torch.ones(4, 7))
    with pytest.raises(InputError, match=r"receivers\[2\] is 5, outside the 5 nodes"):
        graph.replace(receivers=torch.tensor([1, 4, 5]))


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"senders": torch.tensor([0, 2, 5])}, r"senders\[2\] is 5, outside the 5 nodes"),
        ({"receivers": torch.tensor([-1, 4, 3])}, r"receivers\[0\] is -1, outside the 5 nodes"),
        ({"receivers": torch.tensor([2, 4, 3])}, r"receivers\[0\] is node 2 of graph 1, but .* edge 0 to graph 0"),
        ({"senders": torch.tensor([0, 2, 1])}, r"senders\[2\] is node 1 of graph 0, but .* edge 2 to graph 1"),
        ({"n_edge": torch.tensor([2, 1])}, r"senders\[1\] is node 2 of graph 1"),
        ({"n_edge": torch.tensor([1, 1])}, "n_edge sums to 2 but there are 3 senders"),
        ({"n_edge": torch.tensor([4, -1])}, "no entry may be negative"),
        ({"n_node": torch.tensor([6, -1])}, "no entry may be negative"),
        ({"n_node": torch.tensor([2, 2])}, r"senders\[2\] is 4, outside the 4 nodes"),
        ({"n_node": torch.tensor([2, 4])}, r"nodes must have shape \[6, D\] .* not \(5, 2\)"),
        ({"n_node": torch.tensor([5])}, "n_node has 1 entries but n_edge has 2"),
        ({"senders": torch.tensor([0, 2])}, "senders has 2 entries but receivers has 3"),
        ({"senders": torch.tensor([0.0, 2.0, 4.0])}, "senders must be a vector of int64, not torch.float32"),
        ({"n_node": torch.tensor([[2, 3]])}, r"n_node must be a vector of int64, not torch.int64 of shape \(1, 2\)"),
        ({"edges": torch.zeros(2, 1)}, r"edges must have shape \[3, D\]"),
        ({"globals_": torch.zeros(1, 4)}, r"globals_ must have shape \[2, D\]"),
        ({"nodes": torch.zeros(5)}, r"nodes must have shape \[5, D\]"),
    ],
)
def test_a_graph_that_does_not_fit_is_an_input_error(changes, complaint):
    with pytest.raises(InputError, match=complaint):
        two_graphs(**changes)


def test_what_cannot_be_joined_is_an_input_error():
    graph = two_graphs()
    with pytest.raises(InputError, match="at least one graph"):
        batch([])
    for changes in ({"nodes": None}, {"nodes": torch.zeros(5, 3)}, {"nodes": torch.zeros(5, 2).double()}):
        with pytest.raises(InputError, match="nodes of one width and dtype in every graph, or in none"):
            batch([graph, graph.replace(**changes)])
    with pytest.raises(InputError, match="edges differ in number of rows"):
        concatenate(graph, unbatch(graph)[0].replace(globals_=torch.zeros(1, 4), nodes=None))
    with pytest.raises(InputError, match=r"nodes of shape \[B, N, Dn\]"):
        fully_connected(torch.zeros(4, 3))
    with pytest.raises(InputError, match=r"globals_ must have shape \[2, D\]"):
        fully_connected(torch.zeros(2, 4, 3), globals_=torch.zeros(3, 1))
