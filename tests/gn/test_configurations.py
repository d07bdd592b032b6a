"""Each configuration against its own paper's definition, written as loops; and proof that the block learns."""

from copy import deepcopy

import pytest
import torch
from scipy.sparse.csgraph import shortest_path
from torch import nn
from torch.nn import functional

from reprolib.gn import Graph, OnConcat, batch, fully_connected, unbatch
from reprolib.gn.configurations import (
    DotProduct,
    EncodeProcessDecode,
    IndependentRecurrent,
    attention,
    deep_sets,
    full_block,
    independent,
    interaction_network,
    message_passing,
    relation_network,
)
from reprolib.gn.segments import segment_max, segment_sum

EXACT = {"rtol": 1e-10, "atol": 1e-10}
WIDE = torch.float64


def mlp(width_in: int, width_out: int, hidden: int = 6) -> nn.Sequential:
    return nn.Sequential(nn.Linear(width_in, hidden), nn.ELU(), nn.Linear(hidden, width_out)).double()


def cat(*values):
    return torch.cat(values, dim=-1)


def edges_of(graph: Graph):
    return list(enumerate(zip(graph.senders.tolist(), graph.receivers.tolist(), strict=True)))


def total(rows, width):
    return sum(rows, torch.zeros(width, dtype=WIDE))


def greatest(rows, width):
    return torch.stack(rows).amax(0) if rows else torch.zeros(width, dtype=WIDE)


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(0)


@pytest.mark.parametrize(("rho", "pool"), [(segment_sum, total), (segment_max, greatest)])
def test_full_block_reads_everything_in_the_documented_order(ragged, rho, pool):
    graph = ragged(0)
    edge, node, global_ = mlp(2 + 3 + 3 + 4, 5), mlp(3 + 5 + 4, 6), mlp(4 + 6 + 5, 7)
    result = full_block(edge, node, global_, rho)(graph)
    for part, ours in zip(unbatch(graph), unbatch(result), strict=True):
        u = part.globals_[0]
        edges = [edge(cat(part.edges[k], part.nodes[s], part.nodes[r], u)) for k, (s, r) in edges_of(part)]
        nodes = []
        for i in range(part.num_nodes):
            received = pool([edges[k] for k, (_, r) in edges_of(part) if r == i], 5)
            nodes.append(node(cat(part.nodes[i], received, u)))
        torch.testing.assert_close(list(ours.edges), edges, **EXACT)
        torch.testing.assert_close(list(ours.nodes), nodes, **EXACT)
        torch.testing.assert_close(ours.globals_[0], global_(cat(u, pool(nodes, 6), pool(edges, 5))), **EXACT)


def test_full_block_without_an_update_passes_that_attribute(ragged):
    graph = ragged(0)
    result = full_block(mlp(2 + 3 + 3 + 4, 5), None, None)(graph)
    assert result.edges.shape[1] == 5
    assert result.nodes is graph.nodes
    assert result.globals_ is graph.globals_


def test_independent_updates_each_attribute_from_itself(ragged):
    graph, edge, node = ragged(1), mlp(2, 5), mlp(3, 6)
    result = independent(edge, node)(graph)
    torch.testing.assert_close(result.edges, edge(graph.edges), **EXACT)
    torch.testing.assert_close(result.nodes, node(graph.nodes), **EXACT)
    assert result.globals_ is graph.globals_


def test_independent_recurrent_is_one_cell_for_each_row_over_time(ragged):
    inputs = [ragged(seed) for seed in range(3)]
    inputs = [inputs[0].replace(nodes=x.nodes, edges=x.edges, globals_=x.globals_) for x in inputs]
    hidden = inputs[0].replace(nodes=torch.zeros(11, 5).double(), edges=torch.zeros(16, 5).double(), globals_=None)
    block = IndependentRecurrent(nn.GRUCell(2, 5).double(), nn.GRUCell(3, 5).double())
    state = hidden
    for x in inputs:
        state = block(x, state)
    for name, cell in (("edges", block.edge), ("nodes", block.node)):
        for i, row in enumerate(getattr(state, name)):
            h = torch.zeros(5, dtype=WIDE)
            for x in inputs:
                h = cell(getattr(x, name)[i], h)
            torch.testing.assert_close(row, h, **EXACT)
    assert state.globals_ is None
    assert len(list(block.parameters())) == 8


def test_message_passing_follows_gilmer_over_two_rounds(ragged):
    graph, message, update, readout = ragged(2), mlp(3 + 3 + 2, 5), mlp(3 + 5, 3), mlp(3, 4)
    block = message_passing(message, update, readout)
    first = graph.replace(nodes=block(graph).nodes)
    result = block(first)
    for part, ours in zip(unbatch(graph), unbatch(result), strict=True):
        h = list(part.nodes)
        for _ in range(2):
            m = [
                total([message(cat(h[w], h[v], part.edges[k])) for k, (w, r) in edges_of(part) if r == v], 5)
                for v in range(part.num_nodes)
            ]
            h = [update(cat(h[v], m[v])) for v in range(part.num_nodes)]
        torch.testing.assert_close(list(ours.nodes), h, **EXACT)
        torch.testing.assert_close(ours.globals_[0], readout(total(h, 3)), **EXACT)


def test_interaction_network_moves_objects_by_effects_and_an_external_force(ragged):
    graph, relation, object_, abstraction = ragged(3), mlp(3 + 3 + 2, 5), mlp(3 + 5 + 4, 3), mlp(3, 1)
    result = interaction_network(relation, object_, abstraction)(graph)
    for part, ours in zip(unbatch(graph), unbatch(result), strict=True):
        effects = [relation(cat(part.nodes[s], part.nodes[r], part.edges[k])) for k, (s, r) in edges_of(part)]
        objects = [
            object_(cat(part.nodes[i], total([effects[k] for k, (_, r) in edges_of(part) if r == i], 5), force))
            for i in range(part.num_nodes)
            for force in part.globals_
        ]
        torch.testing.assert_close(list(ours.nodes), objects, **EXACT)
        torch.testing.assert_close(ours.globals_[0], abstraction(total(objects, 3)), **EXACT)


@pytest.mark.parametrize("question_width", [0, 2])
def test_relation_network_is_the_double_sum_over_all_ordered_pairs(question_width):
    g, f = mlp(3 + 3 + question_width, 5), mlp(5, 4)
    objects = torch.randn(2, 4, 3, dtype=WIDE, requires_grad=True)  # [B, N, D]
    question = torch.randn(2, question_width, dtype=WIDE)
    graph = fully_connected(objects, self_edges=True, globals_=question if question_width else None)
    ours = relation_network(g, f)(graph)
    expected = torch.stack(
        [
            f(sum(g(cat(o_i, o_j, q)) for o_i in scene for o_j in scene))
            for scene, q in zip(objects, question, strict=True)
        ]
    )
    torch.testing.assert_close(ours.globals_, expected, **EXACT)
    pair = g(cat(objects[1, 3], objects[1, 2], question[1]))  # o_i = object 3 is the sender
    torch.testing.assert_close(ours.edges.view(2, 4, 4, 5)[1, 3, 2], pair, **EXACT)
    inputs = [objects, *g.parameters(), *f.parameters()]
    weights = torch.randn(2, 4, dtype=WIDE)
    torch.testing.assert_close(
        torch.autograd.grad((ours.globals_ * weights).sum(), inputs),
        torch.autograd.grad((expected * weights).sum(), inputs),
        **EXACT,
    )


def test_deep_sets_sum_over_the_set_and_ignore_edges(ragged):
    graph, node, readout = ragged(4), mlp(3 + 4, 5), mlp(5, 2)
    block = deep_sets(node, readout)
    expected = [readout(total([node(cat(v, part.globals_[0])) for v in part.nodes], 5)) for part in unbatch(graph)]
    result = block(graph)
    torch.testing.assert_close(list(result.globals_), expected, **EXACT)
    other_edges = block(graph.replace(edges=graph.edges + 1, senders=graph.receivers, receivers=graph.senders))
    assert torch.equal(other_edges.globals_, result.globals_)


@pytest.mark.parametrize("heads", [1, 3])
def test_attention_on_a_full_graph_is_torch_scaled_dot_product_attention(heads):
    query, key, value = (nn.Linear(3, 6).double() for _ in range(3))
    nodes = torch.randn(2, 5, 3, dtype=WIDE)  # [B, N, D]
    block = attention(DotProduct(query, key, heads), OnConcat(value, "sender"), heads=heads)
    ours = block(fully_connected(nodes, self_edges=True)).nodes.view(2, 5, 6)
    q, k, v = (layer(nodes).unflatten(-1, (heads, -1)).transpose(1, 2) for layer in (query, key, value))  # [B, H, N, D]
    expected = functional.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2)
    torch.testing.assert_close(ours, expected, **EXACT)


def test_non_local_block_with_a_learned_score_on_sparse_graphs(ragged):
    graph, score, value, update = ragged(5), mlp(3 + 3, 1), mlp(3, 4), mlp(3 + 4, 5)
    block = attention(
        OnConcat(score, "receiver", "sender"), OnConcat(value, "sender"), OnConcat(update, "node", "received")
    )
    result, isolated = block(graph), 0
    for i, node in enumerate(graph.nodes):
        incoming = [graph.nodes[s] for _, (s, r) in edges_of(graph) if r == i]
        isolated += not incoming
        scores = [score(cat(node, sender)).exp() for sender in incoming]
        received = total([a * value(v) / sum(scores) for a, v in zip(scores, incoming, strict=True)], 4)
        torch.testing.assert_close(result.nodes[i], update(cat(node, received)), **EXACT)
    assert isolated > 0
    assert result.globals_ is graph.globals_
    assert len(list(block.parameters())) == 12


def encode_process_decode(width: int = 8, hidden: int = 6) -> EncodeProcessDecode:
    """Independent encoder and decoder around a full block on [encoded, latest], all attributes `width` wide."""
    encoder = independent(*(mlp(width_in, width, hidden) for width_in in (2, 3, 4)))
    core = full_block(*(mlp(inputs * width, width, hidden) for inputs in (8, 5, 4)))
    return EncodeProcessDecode(encoder, core, independent(mlp(width, 1, hidden)))


def parameters_of(module: nn.Module) -> int:
    return sum(values.numel() for values in module.parameters())


def test_encode_process_decode_unrolls_one_core_with_a_skip(ragged):
    graph, model = ragged(6), encode_process_decode()
    assert parameters_of(model) == sum(parameters_of(part) for part in (model.encoder, model.core, model.decoder))
    assert model(graph, 0) == []
    names = ("nodes", "edges", "globals_")
    encoded = state = model.encoder(graph)
    outputs = model(graph, 3)
    assert len(outputs) == 3
    for output in outputs:
        joined = {name: cat(getattr(encoded, name), getattr(state, name)) for name in names}
        state = model.core(graph.replace(**joined))
        torch.testing.assert_close(output.edges, model.decoder(state).edges, **EXACT)


def test_encode_process_decode_sums_the_core_gradient_over_the_steps(ragged):
    """The gradient of the shared core is the sum over three untied copies of it."""
    graph, model = ragged(7), encode_process_decode()

    class Untied(nn.Module):
        def __init__(self, core):
            super().__init__()
            self.copies = nn.ModuleList(deepcopy(core) for _ in range(3))
            self.step = 0

        def forward(self, state):
            self.step += 1
            return self.copies[self.step - 1](state)

    untied = Untied(model.core)
    for core in (model.core, untied):
        loss = EncodeProcessDecode(model.encoder, core, model.decoder)(graph, 3)[-1].edges.square().sum()
        loss.backward()
    copies = [dict(copy.named_parameters()) for copy in untied.copies]
    compared = 0
    for name, shared in model.core.named_parameters():
        gradients = [copy[name].grad for copy in copies]
        reached = [gradient for gradient in gradients if gradient is not None]
        torch.testing.assert_close(shared.grad, sum(reached), **EXACT)
        compared += len(reached)
    assert compared > 2 * len(copies[0])


def path_task(seed: int, size: int = 8) -> tuple[Graph, torch.Tensor]:
    """A ring with two diameters of random lengths, two marked nodes, and which edges are on their shortest path."""
    rng = torch.Generator().manual_seed(seed)
    ring = [(i, (i + 1) % size) for i in range(size)]
    links = torch.tensor(ring + [(i, i + size // 2) for i in range(0, size // 2, 2)]).T  # [2, links]
    senders, receivers = torch.cat([links, links.flip(0)], 1)  # both directions
    lengths = (torch.rand(links.shape[1], generator=rng, dtype=WIDE) + 0.2).repeat(2)  # [E]
    matrix = torch.zeros(size, size, dtype=WIDE).index_put((senders, receivers), lengths)
    _, previous = shortest_path(matrix.numpy(), return_predecessors=True)
    source, node = torch.randperm(size, generator=rng)[:2].tolist()
    nodes = torch.zeros(size, 3, dtype=WIDE)
    nodes[source, 0] = nodes[node, 1] = 1
    on_path = torch.zeros(len(senders), dtype=torch.bool)
    while node != source:
        before = int(previous[source, node])
        on_path |= (senders == before) & (receivers == node) | (senders == node) & (receivers == before)
        node = before
    edges = torch.stack([lengths, torch.ones_like(lengths)], 1)
    counts = torch.tensor([size]), torch.tensor([len(senders)])
    return Graph(nodes, edges, senders, receivers, torch.zeros(1, 4, dtype=WIDE), *counts), on_path


def test_a_tiny_set_of_shortest_paths_is_learned_to_accuracy_one():
    graphs, labels = zip(*[path_task(seed) for seed in range(8)], strict=True)
    graph, label = batch(graphs), torch.cat(labels)
    assert 0.1 < label.double().mean() < 0.5
    model = encode_process_decode(width=16, hidden=32)
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    for _ in range(250):  # about 80 are needed
        logits = torch.cat([output.edges for output in model(graph, steps=4)], dim=1)  # [E, steps]
        if torch.equal(logits[:, -1] > 0, label):
            return
        loss = functional.binary_cross_entropy_with_logits(logits, label.double()[:, None].expand_as(logits))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    pytest.fail("the model did not fit 160 edge labels in 250 steps")
