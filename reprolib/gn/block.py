"""The Graph Network block (Battaglia et al. 2018, section 3.2, Algorithm 1).

Every model of this suite is one of its configurations; where another order of the same sums is faster, a test holds the
two together.

Dimensions: G graphs, N nodes, E edges, D features.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from reprolib.errors import InputError
from reprolib.gn.graph import Graph
from reprolib.gn.segments import gather, segment_sum

Update = Callable[..., Tensor]  # phi: called with the names of its inputs, see `graph_network`
Reduction = Callable[
    [Tensor, Tensor, int], Tensor
]  # rho: (values [M, D], segments [M], S) -> [S, D], as in segments.py


def graph_network(
    graph: Graph,
    phi_e: Update | None = None,
    phi_v: Update | None = None,
    phi_u: Update | None = None,
    rho_ev: Reduction | None = segment_sum,
    rho_eu: Reduction | None = segment_sum,
    rho_vu: Reduction | None = segment_sum,
) -> Graph:
    """One pass of Algorithm 1 over a batch of graphs; the result holds E', V', u' on the same edges.

    Updates work on all rows at once and are called by name, so that sender and receiver cannot be mixed up:
    phi_e(edge=, sender=, receiver=, global_=) -> [E, D], phi_v(node=, received=, global_=) -> [N, D],
    phi_u(global_=, nodes=, edges=) -> [G, D]. Without an update an attribute passes unchanged; an input that the graph
    lacks, or whose reduction is None, is None. InputError when an update returns another number of rows.
    """
    edges, nodes, globals_ = graph.edges, graph.nodes, graph.globals_
    if phi_e is not None:
        edges = phi_e(  # step 1: e'_k = phi_e(e_k, v_{r_k}, v_{s_k}, u)
            edge=edges,
            sender=_taken(nodes, graph.senders),
            receiver=_taken(nodes, graph.receivers),
            global_=_taken(globals_, graph.edge_graph),
        )
    if phi_v is not None:
        received = _reduced(rho_ev, edges, graph.receivers, graph.num_nodes)  # step 2: rho_ev({e'_k : r_k = i})
        nodes = phi_v(node=nodes, received=received, global_=_taken(globals_, graph.node_graph))  # step 3: v'_i
    if phi_u is not None:
        all_edges = _reduced(rho_eu, edges, graph.edge_graph, graph.num_graphs)  # step 4: rho_eu(E')
        all_nodes = _reduced(rho_vu, nodes, graph.node_graph, graph.num_graphs)  # step 5: rho_vu(V')
        globals_ = phi_u(global_=globals_, nodes=all_nodes, edges=all_edges)  # step 6: u'
    return graph.replace(nodes=nodes, edges=edges, globals_=globals_)


class GraphNetwork(nn.Module):
    """`graph_network` with its updates and reductions held, and their parameters registered: Graph -> Graph.

    Examples:
        >>> import torch
        >>> from reprolib import GraphNetwork, OnConcat, fully_connected
        >>> graphs = fully_connected(torch.randn(2, 5, 3))  # two of five
        >>> block = GraphNetwork(
        ...     phi_e=OnConcat(torch.nn.Linear(6, 8), "sender", "receiver"),
        ...     phi_v=OnConcat(torch.nn.Linear(11, 4), "node", "received"),
        ...     phi_u=OnConcat(torch.nn.Linear(12, 1), "nodes", "edges"),
        ... )
        >>> after = block(graphs)
        >>> after.edges.shape, after.nodes.shape, after.globals_.shape
        (torch.Size([40, 8]), torch.Size([10, 4]), torch.Size([2, 1]))
    """

    def __init__(
        self,
        phi_e: Update | None = None,
        phi_v: Update | None = None,
        phi_u: Update | None = None,
        rho_ev: Reduction | None = segment_sum,
        rho_eu: Reduction | None = segment_sum,
        rho_vu: Reduction | None = segment_sum,
    ) -> None:
        super().__init__()
        self.phi_e, self.phi_v, self.phi_u = phi_e, phi_v, phi_u
        self.rho_ev, self.rho_eu, self.rho_vu = rho_ev, rho_eu, rho_vu

    def forward(self, graph: Graph) -> Graph:
        return graph_network(graph, self.phi_e, self.phi_v, self.phi_u, self.rho_ev, self.rho_eu, self.rho_vu)


class OnConcat(nn.Module):
    """The update that applies `module` to the named inputs, concatenated in the order of the names.

    OnConcat(g, "sender", "receiver", "global_") is g on [v_s, v_r, u]. Inputs that the graph lacks are left out.
    InputError when a name is unknown to the update, or when nothing is left to read.

    Examples:
        >>> import torch
        >>> from reprolib import OnConcat
        >>> update = OnConcat(torch.nn.Identity(), "node", "received")
        >>> node, received = torch.tensor([[1.0]]), torch.tensor([[2.0, 3.0]])
        >>> update(node=node, received=received, global_=None)
        tensor([[1., 2., 3.]])
    """

    def __init__(self, module: Callable[[Tensor], Tensor], *names: str) -> None:
        super().__init__()
        self.module = module
        self.names = names

    def forward(self, **inputs: Tensor | None) -> Tensor:
        if unknown := set(self.names) - inputs.keys():
            raise InputError(f"this update has no input {sorted(unknown)}: choose among {sorted(inputs)}.")
        present = [inputs[name] for name in self.names if inputs[name] is not None]
        if not present:
            raise InputError(f"an update reads {list(self.names)}, but the graph has none of them.")
        return self.module(torch.cat(present, dim=-1))  # [rows, sum of D]


def _taken(values: Tensor | None, index: Tensor) -> Tensor | None:
    return None if values is None else gather(values, index)


def _reduced(rho: Reduction | None, values: Tensor | None, segments: Tensor, num_segments: int) -> Tensor | None:
    return None if rho is None or values is None else rho(values, segments, num_segments)
