"""Named configurations of the block (Battaglia et al. 2018, section 4.2 and Figure 4; section 4.3 and Figure 6).

Each takes plain modules on concatenated features, in the order that its docstring gives; where a module may be None,
that attribute passes unchanged. Every block returns a whole graph: read `.nodes`, `.edges` or `.globals_`.

Dimensions: E edges, N nodes, G graphs, D features, H attention heads.
"""

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor, nn

from reprolib.gn.block import GraphNetwork, OnConcat, Reduction, Update, graph_network
from reprolib.gn.graph import Graph, concatenate
from reprolib.gn.segments import segment_softmax, segment_sum

Module = Callable[[Tensor], Tensor]


def full_block(
    edge: Module | None, node: Module | None, global_: Module | None, rho: Reduction = segment_sum
) -> GraphNetwork:
    """Full GN: edge on [e, v_s, v_r, u], node on [v, received, u], global_ on [u, nodes, edges]."""
    return GraphNetwork(
        _on(edge, "edge", "sender", "receiver", "global_"),
        _on(node, "node", "received", "global_"),
        _on(global_, "global_", "nodes", "edges"),
        *(rho, rho, rho),
    )


def independent(edge: Module | None = None, node: Module | None = None, global_: Module | None = None) -> GraphNetwork:
    """Each attribute updated from itself alone, as in encoders and decoders."""
    own = _on(edge, "edge"), _on(node, "node"), _on(global_, "global_")
    return GraphNetwork(*own, rho_ev=None, rho_eu=None, rho_vu=None)


class IndependentRecurrent(nn.Module):
    """Independent recurrent block: cells (x, h) -> h', such as nn.GRUCell, one for each attribute or None."""

    def __init__(self, edge: Update | None = None, node: Update | None = None, global_: Update | None = None) -> None:
        super().__init__()
        self.edge, self.node, self.global_ = edge, node, global_

    def forward(self, inputs: Graph, hidden: Graph) -> Graph:
        """The next hidden graph from the input graph x and the hidden graph h, which share their edges."""

        def step(cell: Update | None, x: Tensor | None, name: str) -> Update | None:
            return None if cell is None else lambda **h: cell(x, h[name])

        edge, node = step(self.edge, inputs.edges, "edge"), step(self.node, inputs.nodes, "node")
        update_global = step(self.global_, inputs.globals_, "global_")
        return graph_network(hidden, edge, node, update_global, rho_ev=None, rho_eu=None, rho_vu=None)


def message_passing(message: Module, update: Module, readout: Module | None = None) -> GraphNetwork:
    """Message passing (Gilmer et al. 2017): M on [v_s, v_r, e], U on [v, received], R on the summed nodes, no u.

    The messages take the place of the edges; for another round on the same e: graph.replace(nodes=block(graph).nodes).
    """
    return GraphNetwork(
        OnConcat(message, "sender", "receiver", "edge"),
        OnConcat(update, "node", "received"),
        _on(readout, "nodes"),
        rho_eu=None,
    )


def interaction_network(relation: Module, object_: Module, abstraction: Module | None = None) -> GraphNetwork:
    """Interaction network (Battaglia et al. 2016): f_R on [v_s, v_r, e], f_O on [v, received, u], f_A on summed nodes.

    The external effects of the paper are the global u, or further features of the nodes.
    """
    return GraphNetwork(
        OnConcat(relation, "sender", "receiver", "edge"),
        OnConcat(object_, "node", "received", "global_"),
        _on(abstraction, "nodes"),
        rho_eu=None,
    )


def relation_network(g: Module, f: Module) -> GraphNetwork:
    """Relation network (Santoro et al. 2017, equation 1): u' = f(sum over edges of g([v_s, v_r, u])), nodes unchanged.

    On `fully_connected(objects, self_edges=True, globals_=question)` the sender is o_i, the receiver o_j and u is q.
    """
    return GraphNetwork(
        phi_e=OnConcat(g, "sender", "receiver", "global_"),
        phi_u=OnConcat(f, "edges"),
        rho_vu=None,
    )


def deep_sets(node: Module, readout: Module) -> GraphNetwork:
    """Deep sets (Zaheer et al. 2017): u' = readout(sum over nodes of node([v, u])); edges play no part."""
    return GraphNetwork(
        phi_v=OnConcat(node, "node", "global_"),
        phi_u=OnConcat(readout, "nodes"),
        rho_ev=None,
        rho_eu=None,
    )


def attention(score: Update, value: Update, update: Update | None = None, heads: int = 1) -> GraphNetwork:
    """Non-local block (Wang et al. 2018): each node receives the softmax-weighted values of its incoming edges.

    score(sender=, receiver=, ...) -> [E, H] and value(...) -> [E, H D] are edge updates, such as DotProduct and
    OnConcat(linear, "sender"); `update` is a node update, by default `received` itself. The edges become [E, H + H D].
    """
    return GraphNetwork(
        phi_e=_ScoreAndValue(score, value),
        phi_v=OnConcat(nn.Identity(), "received") if update is None else update,
        rho_ev=partial(attention_pool, heads=heads),
    )


class DotProduct(nn.Module):
    """The scaled dot-product score query(v_r) . key(v_s) / sqrt(D) of each head: [E, H]."""

    def __init__(self, query: Module, key: Module, heads: int = 1) -> None:
        super().__init__()
        self.query, self.key, self.heads = query, key, heads

    def forward(self, sender: Tensor, receiver: Tensor, **_: Tensor | None) -> Tensor:
        query = self.query(receiver).unflatten(-1, (self.heads, -1))  # [E, H D] -> [E, H, D]
        key = self.key(sender).unflatten(-1, (self.heads, -1))  # [E, H D] -> [E, H, D]
        return (query * key).sum(-1) / query.shape[-1] ** 0.5


def attention_pool(edges: Tensor, segments: Tensor, num_segments: int, heads: int = 1) -> Tensor:
    """The rho of attention: edges [E, H + H D] hold H scores, then H values of width D -> [S, H D]."""
    weights = segment_softmax(edges[:, :heads], segments, num_segments)  # [E, H]
    values = edges[:, heads:].unflatten(-1, (heads, -1))  # [E, H D] -> [E, H, D]
    return segment_sum(weights[..., None] * values, segments, num_segments).flatten(1)  # [S, H, D] -> [S, H D]


class EncodeProcessDecode(nn.Module):
    """Encode-process-decode (Figure 6): one core, applied again and again to [encoded input, latest state]."""

    def __init__(self, encoder: nn.Module, core: nn.Module, decoder: nn.Module) -> None:
        super().__init__()
        self.encoder, self.core, self.decoder = encoder, core, decoder

    def forward(self, graph: Graph, steps: int) -> list[Graph]:
        """The decoded graph after every step, so that a loss may be put on all of them."""
        state = encoded = self.encoder(graph)
        outputs = []
        for _ in range(steps):
            state = self.core(concatenate(encoded, state))  # skip connection from the encoder to every step
            outputs.append(self.decoder(state))
        return outputs


class _ScoreAndValue(nn.Module):
    def __init__(self, score: Update, value: Update) -> None:
        super().__init__()
        self.score, self.value = score, value

    def forward(self, **inputs: Tensor | None) -> Tensor:
        return torch.cat([self.score(**inputs), self.value(**inputs)], dim=-1)  # [E, H + H D]


def _on(module: Module | None, *names: str) -> OnConcat | None:
    return None if module is None else OnConcat(module, *names)
