"""The block against a graph computed by hand, Algorithm 1 as a Python loop, symmetries, and PyTorch Geometric."""

import doctest
from itertools import product

import pytest
import torch
from torch import nn
from torch.autograd import gradcheck

from reprolib.errors import InputError
from reprolib.gn import Graph, GraphNetwork, OnConcat, batch, block, graph_network, unbatch
from reprolib.gn.segments import segment_max, segment_mean, segment_sum

EDGE, NODE, GLOBAL = (
    ("edge", "sender", "receiver", "global_"),
    ("node", "received", "global_"),
    ("global_", "nodes", "edges"),
)
RHO = {
    segment_sum: lambda rows: torch.stack(rows).sum(0),
    segment_mean: lambda rows: torch.stack(rows).mean(0),
    segment_max: lambda rows: torch.stack(rows).amax(0),
}
EXACT = {"rtol": 1e-10, "atol": 1e-10}


def mlp(width_in: int, width_out: int) -> nn.Module:
    return nn.Sequential(nn.Linear(width_in, 6), nn.Tanh(), nn.Linear(6, width_out)).double()


def full_network(rho=segment_sum, given=(True, True, True), widths=(3, 2, 4), seed=0) -> GraphNetwork:
    """A full block, some of its updates left out, for attributes of these widths; updated ones are 5, 6 and 7 wide."""
    torch.manual_seed(seed)
    dn, de, dg = widths
    de_new = 5 if given[0] else de
    dn_new = 6 if given[1] else dn
    phi_e = OnConcat(mlp(de + 2 * dn + dg, 5), *EDGE) if given[0] else None
    phi_v = OnConcat(mlp(dn + de_new + dg, 6), *NODE) if given[1] else None
    phi_u = OnConcat(mlp(dg + dn_new + de_new, 7), *GLOBAL) if given[2] else None
    return GraphNetwork(phi_e, phi_v, phi_u, rho, rho, rho)


def row(values, index):
    return None if values is None else values[index]


def pooled(rows, rho, width):
    if width is None:
        return None
    return RHO[rho](rows) if rows else torch.zeros(width, dtype=torch.float64)


def algorithm_1(graph: Graph, phi_e, phi_v, phi_u, rho):
    """Battaglia et al. 2018, Algorithm 1, for one graph with plain loops; `row` of an absent attribute is None."""
    s, r, u = graph.senders.tolist(), graph.receivers.tolist(), row(graph.globals_, 0)
    edges, nodes = graph.edges, graph.nodes
    if phi_e:
        edges = [
            phi_e(edge=row(edges, k), sender=row(nodes, s[k]), receiver=row(nodes, r[k]), global_=u)
            for k in range(graph.num_edges)
        ]
    de = 5 if phi_e else None if edges is None else edges.shape[1]
    if phi_v:
        old, nodes = nodes, []
        for i in range(graph.num_nodes):
            received = pooled([edges[k] for k in range(graph.num_edges) if r[k] == i], rho, de) if de else None
            nodes.append(phi_v(node=row(old, i), received=received, global_=u))
    dn = 6 if phi_v else None if nodes is None else nodes.shape[1]
    if phi_u:
        u = phi_u(
            global_=u,
            nodes=pooled(list(nodes) if dn else [], rho, dn),
            edges=pooled(list(edges) if de else [], rho, de),
        )
    return nodes, edges, u


def looped(graph: Graph, network: GraphNetwork):
    """Algorithm 1 graph by graph, its rows stacked over the batch; None where an attribute is absent."""
    results = [
        algorithm_1(part, network.phi_e, network.phi_v, network.phi_u, network.rho_ev) for part in unbatch(graph)
    ]
    nodes, edges, globals_ = zip(*results, strict=True)
    return (
        None if nodes[0] is None else torch.stack([node for part in nodes for node in part]),
        None if edges[0] is None else torch.stack([edge for part in edges for edge in part]),
        None if globals_[0] is None else torch.stack(globals_),
    )


def attributes(graph: Graph):
    return graph.nodes, graph.edges, graph.globals_


def gradients(outputs, inputs):
    rng = torch.Generator().manual_seed(9)
    loss = sum((out * torch.randn(out.shape, generator=rng, dtype=out.dtype)).sum() for out in outputs)
    return torch.autograd.grad(loss, inputs)


def test_a_graph_computed_by_hand():
    """Nodes 1, 2, 4; edges 0 -> 1 (10), 2 -> 1 (20), 1 -> 2 (30); u = 100; each update is a weighted sum."""
    graph = Graph(
        nodes=torch.tensor([[1.0], [2.0], [4.0]]),
        edges=torch.tensor([[10.0], [20.0], [30.0]]),
        senders=torch.tensor([0, 2, 1]),
        receivers=torch.tensor([1, 1, 2]),
        globals_=torch.tensor([[100.0]]),
        n_node=torch.tensor([3]),
        n_edge=torch.tensor([3]),
    )
    result = graph_network(
        graph,
        phi_e=lambda edge, sender, receiver, global_: edge + 2 * sender + 3 * receiver + global_,
        phi_v=lambda node, received, global_: node + received - global_,
        phi_u=lambda global_, nodes, edges: global_ + 2 * nodes + edges,
    )
    assert result.edges.flatten().tolist() == [118.0, 134.0, 146.0]  # 10+2+6+100, 20+8+6+100, 30+4+12+100
    assert result.nodes.flatten().tolist() == [-99.0, 154.0, 50.0]  # 1+0-100, 2+118+134-100, 4+146-100
    assert result.globals_.flatten().tolist() == [708.0]  # 100 + 2 (-99+154+50) + (118+134+146)
    assert graph.edges.flatten().tolist() == [10.0, 20.0, 30.0]


@pytest.mark.parametrize("rho", RHO)
@pytest.mark.parametrize("seed", range(3))
def test_outputs_and_gradients_equal_algorithm_1_as_a_loop(ragged, rho, seed):
    graph, network = ragged(seed), full_network(rho, seed=seed)
    inputs = [*(values.requires_grad_() for values in attributes(graph)), *network.parameters()]
    ours, reference = attributes(network(graph)), looped(graph, network)
    torch.testing.assert_close(ours, reference, **EXACT)
    torch.testing.assert_close(gradients(ours, inputs), gradients(reference, inputs), **EXACT)


@pytest.mark.parametrize("given", list(product([False, True], repeat=3)))
@pytest.mark.parametrize("widths", [(3, 2, 4), (3, 0, 0), (3, 2, 0), (3, 0, 4), (0, 2, 4)])
def test_any_update_and_any_attribute_may_be_absent(ragged, given, widths):
    graph, network = ragged(0, widths=widths), full_network(given=given, widths=widths)
    for ours, reference in zip(attributes(network(graph)), looped(graph, network), strict=True):
        assert (ours is None) == (reference is None)
        assert ours is None or torch.allclose(ours, reference, **EXACT)


@pytest.mark.parametrize("rho", [segment_sum, segment_mean])
def test_gradients_pass_gradcheck(ragged, rho):
    graph, network = ragged(4, sizes=((2, 3), (0, 0), (1, 0))), full_network(rho)

    def run(nodes, edges, globals_):
        return attributes(network(graph.replace(nodes=nodes, edges=edges, globals_=globals_)))

    assert gradcheck(run, tuple(values.requires_grad_() for values in attributes(graph)))


@pytest.mark.parametrize("rho", RHO)
def test_a_batch_equals_its_graphs_one_by_one(ragged, rho):
    graph, network = ragged(5), full_network(rho)
    apart = batch([network(part) for part in unbatch(graph)])
    torch.testing.assert_close(attributes(network(graph)), attributes(apart), **EXACT)


def shuffled_within(owners: torch.Tensor, seed: int) -> torch.Tensor:
    """A random order of the rows that keeps every graph's rows together."""
    noise = torch.rand(len(owners), generator=torch.Generator().manual_seed(seed))
    return (owners + noise).argsort()


@pytest.mark.parametrize("rho", RHO)
def test_nodes_and_edges_are_equivariant_and_globals_invariant(ragged, rho):
    graph, network = ragged(6), full_network(rho)
    order, edge_order = shuffled_within(graph.node_graph, 1), shuffled_within(graph.edge_graph, 2)
    assert not torch.equal(order, torch.arange(graph.num_nodes))
    assert not torch.equal(edge_order, torch.arange(graph.num_edges))
    renamed = order.argsort()  # the new index of each old node
    permuted = graph.replace(
        nodes=graph.nodes[order],
        edges=graph.edges[edge_order],
        senders=renamed[graph.senders][edge_order],
        receivers=renamed[graph.receivers][edge_order],
    )
    before, after = network(graph), network(permuted)
    torch.testing.assert_close(after.nodes, before.nodes[order], **EXACT)
    torch.testing.assert_close(after.edges, before.edges[edge_order], **EXACT)
    torch.testing.assert_close(after.globals_, before.globals_, **EXACT)


def test_information_flows_from_sender_to_receiver_only():
    graph = Graph(
        torch.eye(3), None, torch.tensor([0, 1]), torch.tensor([1, 2]), None, torch.tensor([3]), torch.tensor([2])
    )
    block = GraphNetwork(OnConcat(nn.Identity(), "sender"), OnConcat(nn.Identity(), "received"))
    assert torch.equal(block(graph).nodes, torch.tensor([[0.0, 0, 0], [1, 0, 0], [0, 1, 0]]))


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # its import warns about torch.jit
def test_pytorch_geometric_gives_the_same_numbers(ragged):
    from torch_geometric.nn import MetaLayer
    from torch_geometric.utils import scatter

    graph, network = ragged(7), full_network(segment_mean)
    phi_e, phi_v, phi_u = network.phi_e.module, network.phi_v.module, network.phi_u.module

    def edge_model(src, dst, edge_attr, u, owner):
        return phi_e(torch.cat([edge_attr, src, dst, u[owner]], 1))

    def node_model(x, edge_index, edge_attr, u, owner):
        received = scatter(edge_attr, edge_index[1], dim_size=len(x), reduce="mean")
        return phi_v(torch.cat([x, received, u[owner]], 1))

    def global_model(x, edge_index, edge_attr, u, owner):
        nodes = scatter(x, owner, dim_size=len(u), reduce="mean")
        edges = scatter(edge_attr, owner[edge_index[0]], dim_size=len(u), reduce="mean")
        return phi_u(torch.cat([u, nodes, edges], 1))

    inputs = [*(values.requires_grad_() for values in attributes(graph)), *network.parameters()]
    edge_index = torch.stack([graph.senders, graph.receivers])
    layer = MetaLayer(edge_model, node_model, global_model)
    theirs = layer(graph.nodes, edge_index, graph.edges, graph.globals_, graph.node_graph)
    ours = attributes(network(graph))
    torch.testing.assert_close(ours, theirs, **EXACT)
    torch.testing.assert_close(gradients(ours, inputs), gradients(theirs, inputs), **EXACT)


def test_plain_functions_serve_as_typed_edges_and_own_reductions(ragged):
    """Messages of neural relational inference: edge types weigh one network each, incoming sums are divided by N."""
    size, types = 4, [mlp(6, 5), mlp(6, 5)]
    graph = ragged(8, sizes=((size, 9), (size, 0)))

    def typed(edge, sender, receiver, global_):
        return sum(edge[:, [k]] * net(torch.cat([sender, receiver], 1)) for k, net in enumerate(types))

    result = graph_network(
        graph,
        phi_e=typed,
        phi_v=lambda node, received, global_: received,
        rho_ev=lambda values, segments, count: segment_sum(values, segments, count) / size,
    )
    for i in range(2 * size):
        expected = torch.zeros(5, dtype=torch.float64)
        for k, (s, r) in enumerate(zip(graph.senders, graph.receivers, strict=True)):
            if r == i:
                pair = torch.cat([graph.nodes[s], graph.nodes[r]])
                expected += sum(graph.edges[k, j] * types[j](pair) for j in range(2)) / size
        torch.testing.assert_close(result.nodes[i], expected, **EXACT)


def test_bfloat16_autocast_stays_close_to_float32(ragged):
    graph = ragged(9).to(dtype=torch.float32)
    network = full_network().float()
    exact = attributes(network(graph))
    with torch.autocast("cpu", torch.bfloat16):
        rounded = attributes(network(graph))
    for ours, reference in zip(rounded, exact, strict=True):
        assert ours.dtype == torch.bfloat16
        torch.testing.assert_close(ours.float(), reference, rtol=0.05, atol=0.05)


def test_updates_that_do_not_fit_are_input_errors(ragged):
    graph = ragged(0)
    with pytest.raises(InputError, match=r"nodes must have shape \[11, D\]"):
        graph_network(graph, phi_v=lambda node, received, global_: node[:-1])
    with pytest.raises(
        InputError, match=r"no input \['sendr'\]: choose among \['edge', 'global_', 'receiver', 'sender'\]"
    ):
        graph_network(graph, phi_e=OnConcat(nn.Identity(), "sendr"))
    with pytest.raises(InputError, match=r"reads \['edge', 'global_'\], but the graph has none"):
        graph_network(graph.replace(edges=None, globals_=None), phi_e=OnConcat(nn.Identity(), "edge", "global_"))


def test_the_example_that_the_book_shows_runs():
    found = doctest.testmod(block)
    assert found.attempted >= 4
    assert found.failed == 0
