"""Every named configuration beside its definition, written as plain loops over nodes and edges, in float64.

The loops follow the papers' formulas, one row at a time, and share no code with the block: the difference of the two is
what the page on the block shows. Dimensions: G graphs, N nodes, E edges; features: 3 a node, 2 an edge, 4 a graph.
"""

import torch
from torch import Tensor, nn

from reprolib.gn.block import OnConcat
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
from reprolib.gn.graph import Graph, fully_connected, unbatch

NODE, EDGE, GLOBAL, OUT = 3, 2, 4, 5  # features of what goes in; of what every update gives
WIDE = torch.float64


def differences(graphs: int, seed: int = 0) -> dict[str, float]:
    """Largest absolute difference between each configuration and its loops, over a batch of random graphs.

    Args:
        graphs: G, of 0 to 5 nodes each, with as many as 8 edges.
    """
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(seed)
        batch = random_graphs(graphs)
        return {name: check(batch) for name, check in CHECKS.items()}


def random_graphs(count: int) -> Graph:
    """A batch of `count` graphs of 0 to 5 nodes with random edges and features."""
    n_node = torch.randint(6, (count,))  # [G]
    n_edge = torch.randint(9, (count,)) * (n_node > 0)  # [G]
    size, first = (values.repeat_interleave(n_edge) for values in (n_node, n_node.cumsum(0) - n_node))  # [E]
    ends = (torch.rand(2, len(size)) * size).long() + first  # [2, E]
    nodes, edges, globals_ = (
        torch.randn(rows, width, dtype=WIDE)
        for rows, width in ((int(n_node.sum()), NODE), (len(size), EDGE), (count, GLOBAL))
    )
    return Graph(nodes, edges, ends[0], ends[1], globals_, n_node, n_edge)


def _full_block(graph: Graph) -> float:
    phi_e, phi_v, phi_u = network(EDGE + 2 * NODE + GLOBAL), network(NODE + OUT + GLOBAL), network(GLOBAL + 2 * OUT)
    rows: list[list[Tensor]] = [[], [], []]
    for part in unbatch(graph):  # Algorithm 1
        u = part.globals_[0]
        edges = [phi_e(_cat(e, part.nodes[s], part.nodes[r], u)) for e, s, r in _edges(part)]
        nodes = [phi_v(_cat(v, _received(part, edges, i), u)) for i, v in enumerate(part.nodes)]
        for kept, new in zip(rows, (edges, nodes, [phi_u(_cat(u, _total(nodes), _total(edges)))]), strict=True):
            kept += new
    ours = full_block(phi_e, phi_v, phi_u)(graph)
    return max(_gap(values, kept) for values, kept in zip((ours.edges, ours.nodes, ours.globals_), rows, strict=True))


def _independent(graph: Graph) -> float:
    nets = [network(width) for width in (EDGE, NODE, GLOBAL)]
    ours = independent(*nets)(graph)
    pairs = zip(nets, (graph.edges, graph.nodes, graph.globals_), (ours.edges, ours.nodes, ours.globals_), strict=True)
    return max(_gap(new, [net(row) for row in old]) for net, old, new in pairs)


def _independent_recurrent(graph: Graph) -> float:
    cell, hidden = nn.GRUCell(NODE, OUT).double(), torch.randn(graph.num_nodes, OUT, dtype=WIDE)
    ours = IndependentRecurrent(node=cell)(graph, graph.replace(nodes=hidden)).nodes
    return _gap(ours, [cell(x, h) for x, h in zip(graph.nodes, hidden, strict=True)])


def _message_passing(graph: Graph) -> float:
    message, update, readout = network(2 * NODE + EDGE), network(NODE + OUT), network(OUT)
    states, answers = [], []
    for part in unbatch(graph):
        messages = [message(_cat(part.nodes[s], part.nodes[r], e)) for e, s, r in _edges(part)]
        new = [update(_cat(v, _received(part, messages, i))) for i, v in enumerate(part.nodes)]
        states += new
        answers.append(readout(_total(new)))
    ours = message_passing(message, update, readout)(graph)
    return max(_gap(ours.nodes, states), _gap(ours.globals_, answers))


def _interaction_network(graph: Graph) -> float:
    relation, object_ = network(2 * NODE + EDGE), network(NODE + OUT + GLOBAL)
    states = []
    for part in unbatch(graph):
        effects = [relation(_cat(part.nodes[s], part.nodes[r], e)) for e, s, r in _edges(part)]
        force = part.globals_[0]
        states += [object_(_cat(v, _received(part, effects, i), force)) for i, v in enumerate(part.nodes)]
    return _gap(interaction_network(relation, object_)(graph).nodes, states)


def _relation_network(graph: Graph) -> float:
    g, f, objects = (
        network(2 * NODE + GLOBAL),
        network(OUT),
        torch.randn(graph.num_graphs, 4, NODE, dtype=WIDE),
    )  # [G, 4, 3]
    answers = [
        f(_total([g(_cat(o_i, o_j, q)) for o_i in scene for o_j in scene]))
        for scene, q in zip(objects, graph.globals_, strict=True)
    ]
    pairs = fully_connected(objects, self_edges=True, globals_=graph.globals_)
    return _gap(relation_network(g, f)(pairs).globals_, answers)


def _deep_sets(graph: Graph) -> float:
    phi, rho = network(NODE + GLOBAL), network(OUT)
    answers = [rho(_total([phi(_cat(v, part.globals_[0])) for v in part.nodes])) for part in unbatch(graph)]
    return _gap(deep_sets(phi, rho)(graph).globals_, answers)


def _attention(graph: Graph) -> float:
    query, key, value = (nn.Linear(NODE, OUT).double() for _ in range(3))
    received = []
    for part in unbatch(graph):
        for i, v in enumerate(part.nodes):
            senders = [part.nodes[s] for _, s, r in _edges(part) if r == i]
            weights = [torch.exp(query(v) @ key(w) / OUT**0.5) for w in senders]
            received.append(_total([a * value(w) for a, w in zip(weights, senders, strict=True)]) / (sum(weights) or 1))
    ours = attention(DotProduct(query, key), OnConcat(value, "sender"))(graph)
    return _gap(ours.nodes, received)


def _encode_process_decode(graph: Graph) -> float:
    encoder, core, decoder = network(NODE), network(2 * OUT), network(OUT)
    model = EncodeProcessDecode(*(independent(node=net) for net in (encoder, core, decoder)))
    ours, rows = model(graph.replace(edges=None, globals_=None), steps=3)[-1].nodes, []
    for node in graph.nodes:
        state = encoded = encoder(node)
        for _ in range(3):
            state = core(_cat(encoded, state))
        rows.append(decoder(state))
    return _gap(ours, rows)


CHECKS = {
    "full block": _full_block,
    "independent": _independent,
    "independent recurrent": _independent_recurrent,
    "message passing": _message_passing,
    "interaction network": _interaction_network,
    "relation network": _relation_network,
    "deep sets": _deep_sets,
    "attention": _attention,
    "encode-process-decode": _encode_process_decode,
}


def network(width: int) -> nn.Sequential:
    """A small network from rows of a width to rows of `OUT`, in float64."""
    return nn.Sequential(nn.Linear(width, 8), nn.ELU(), nn.Linear(8, OUT)).double()


def _cat(*rows: Tensor) -> Tensor:
    return torch.cat(rows)


def _edges(graph: Graph) -> list[tuple[Tensor, int, int]]:
    """(e_k, s_k, r_k) of every edge."""
    return list(zip(graph.edges, graph.senders.tolist(), graph.receivers.tolist(), strict=True))


def _received(graph: Graph, messages: list[Tensor], node: int) -> Tensor:
    """Sum of the messages whose receiver is the node."""
    return _total([m for m, receiver in zip(messages, graph.receivers.tolist(), strict=True) if receiver == node])


def _total(rows: list[Tensor]) -> Tensor:
    return sum(rows, torch.zeros(OUT, dtype=WIDE))


def _gap(ours: Tensor, rows: list[Tensor]) -> float:
    """Largest absolute difference between a tensor and the rows that it should hold."""
    return float((ours - torch.stack(rows)).abs().max()) if rows else float(ours.numel() > 0)
