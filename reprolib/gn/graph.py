"""A batch of graphs of any sizes as flat tensors, in the layout of graph_nets and jraph.

Graph b owns the next `n_node[b]` rows of `nodes` and the next `n_edge[b]` rows of `edges`; edge k runs from node
`senders[k]` to node `receivers[k]`, both counted over the whole batch.

Dimensions: G graphs (B where all have the same size), N nodes, E edges, Dn, De, Dg features of a node, edge, graph.
"""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import Self

import torch
from torch import Tensor

from reprolib.errors import InputError

FEATURES = ("nodes", "edges", "globals_")


@dataclass(frozen=True, eq=False)
class Graph:
    """Attributes V, E, u of Battaglia et al. 2018, section 3.2, with the indices s_k, r_k; an attribute may be None.

    InputError when lengths do not fit, an index is out of range, or an edge joins two graphs of the batch.

    Examples:
        >>> import torch
        >>> from reprolib import Graph
        >>> path = Graph(  # three nodes in a row: 0 -> 1 -> 2
        ...     nodes=torch.zeros(3, 4),
        ...     edges=None,
        ...     senders=torch.tensor([0, 1]),
        ...     receivers=torch.tensor([1, 2]),
        ...     globals_=None,
        ...     n_node=torch.tensor([3]),
        ...     n_edge=torch.tensor([2]),
        ... )
        >>> path.num_graphs, path.num_nodes, path.num_edges
        (1, 3, 2)
    """

    nodes: Tensor | None  # [N, Dn]
    edges: Tensor | None  # [E, De]
    senders: Tensor  # [E] int64
    receivers: Tensor  # [E] int64
    globals_: Tensor | None  # [G, Dg]
    n_node: Tensor  # [G] int64
    n_edge: Tensor  # [G] int64

    def __post_init__(self) -> None:
        _check_shapes(self)
        _check_values(self)
        _check_features(self, int(self.n_node.sum()))

    @property
    def num_graphs(self) -> int:
        return len(self.n_node)

    @property
    def num_nodes(self) -> int:
        return int(self.n_node.sum()) if self.nodes is None else len(self.nodes)

    @property
    def num_edges(self) -> int:
        return len(self.senders)

    @cached_property
    def node_graph(self) -> Tensor:
        """Index of the graph that each node belongs to, [N]."""
        return _owners(self.n_node, self.num_nodes)

    @cached_property
    def edge_graph(self) -> Tensor:
        """Index of the graph that each edge belongs to, [E]."""
        return _owners(self.n_edge, self.num_edges)

    def replace(self, **changes: Tensor | None) -> Self:
        """A copy with other fields. Where only attributes change, the indices are not checked again (no device sync).

        InputError when an attribute has another number of rows than its nodes, edges or graphs.
        """
        if not changes.keys() <= set(FEATURES):
            return dataclasses.replace(self, **changes)
        copy = _trusted(**{**vars(self), **changes})
        _check_features(copy, self.num_nodes)
        return copy

    def to(self, device: torch.device | str | None = None, dtype: torch.dtype | None = None) -> Self:
        """A copy on another device, its attributes (never its indices) in another dtype."""

        def moved(name: str, tensor: Tensor | None) -> Tensor | None:
            return tensor if tensor is None else tensor.to(device=device, dtype=dtype if name in FEATURES else None)

        return _trusted(**{name: moved(name, tensor) for name, tensor in vars(self).items()})


def batch(graphs: Sequence[Graph]) -> Graph:
    """The disjoint union of graphs (each may itself be a batch), in their order.

    InputError when there is none, or when an attribute is missing or of another width or dtype in some of them.
    """
    if not graphs:
        raise InputError("batch needs at least one graph, but the sequence is empty.")
    offsets = list(accumulate((graph.num_nodes for graph in graphs[:-1]), initial=0))
    features = {name: _joined(name, [getattr(graph, name) for graph in graphs]) for name in FEATURES}
    indices = {
        name: torch.cat([getattr(graph, name) + offset for graph, offset in zip(graphs, offsets, strict=True)])
        for name in ("senders", "receivers")
    }
    counts = {name: torch.cat([getattr(graph, name) for graph in graphs]) for name in ("n_node", "n_edge")}
    return _trusted(**features, **indices, **counts)


def unbatch(graph: Graph) -> list[Graph]:
    """The graphs of a batch, one `Graph` each: the inverse of `batch`."""
    n_node, n_edge, ones = graph.n_node.tolist(), graph.n_edge.tolist(), [1] * graph.num_graphs
    first = (graph.n_node.cumsum(0) - graph.n_node)[graph.edge_graph]  # [E], the first node of the edge's graph
    parts = {
        "nodes": _split(graph.nodes, n_node),
        "edges": _split(graph.edges, n_edge),
        "senders": _split(graph.senders - first, n_edge),
        "receivers": _split(graph.receivers - first, n_edge),
        "globals_": _split(graph.globals_, ones),
        "n_node": _split(graph.n_node, ones),
        "n_edge": _split(graph.n_edge, ones),
    }
    return [_trusted(**dict(zip(parts, fields, strict=True))) for fields in zip(*parts.values(), strict=True)]


def fully_connected(nodes: Tensor, self_edges: bool = False, globals_: Tensor | None = None) -> Graph:
    """B graphs of N nodes each with an edge from every node to every (other) one, from nodes [B, N, Dn].

    Edges are sorted by sender, then receiver: with self-edges, edge rows reshape to [B, N, N] = [graph, sender,
    receiver]. `globals_` [B, Dg] is optional. InputError when the shapes do not fit.

    Examples:
        >>> import torch
        >>> from reprolib import fully_connected
        >>> graphs = fully_connected(torch.zeros(2, 3, 4))  # two graphs of three nodes
        >>> graphs.senders.tolist()
        [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5]
        >>> graphs.receivers.tolist()
        [1, 2, 0, 2, 0, 1, 4, 5, 3, 5, 3, 4]
    """
    if nodes.dim() != 3:
        raise InputError(f"fully_connected needs nodes of shape [B, N, Dn], not {tuple(nodes.shape)}.")
    num_graphs, size, _ = nodes.shape
    width = size if self_edges else max(size - 1, 0)
    sender = torch.arange(size, device=nodes.device)[:, None].expand(size, width)  # [N, width]
    receiver = torch.arange(width, device=nodes.device).expand(size, width)  # [N, width]
    if not self_edges:
        receiver = receiver + (receiver >= sender)  # step over the diagonal
    offsets = torch.arange(num_graphs, device=nodes.device)[:, None] * size  # [B, 1]
    graph = _trusted(
        nodes=nodes.flatten(0, 1),  # [B, N, Dn] -> [B N, Dn]
        edges=None,
        senders=(sender.flatten() + offsets).flatten(),  # [B, N width] -> [E]
        receivers=(receiver.flatten() + offsets).flatten(),
        globals_=globals_,
        n_node=torch.full((num_graphs,), size, device=nodes.device),
        n_edge=torch.full((num_graphs,), size * width, device=nodes.device),
    )
    _check_features(graph, num_graphs * size)
    return graph


def concatenate(*graphs: Graph) -> Graph:
    """The first graph with the attributes of all, concatenated feature-wise; absent attributes are left out.

    The graphs must share their edges and counts (only the numbers of rows are checked, InputError).
    """
    joined = {}
    for name in FEATURES:
        present = [value for graph in graphs if (value := getattr(graph, name)) is not None]
        if len({len(value) for value in present}) > 1:
            raise InputError(f"concatenate needs graphs of one structure, but their {name} differ in number of rows.")
        joined[name] = torch.cat(present, dim=-1) if present else None
    return graphs[0].replace(**joined)


def _trusted(**fields: Tensor | None) -> Graph:
    """A Graph from fields (cached indices included) that are known to fit, without the checks of its constructor."""
    graph = object.__new__(Graph)
    vars(graph).update(fields)
    return graph


def _owners(counts: Tensor, total: int) -> Tensor:
    graphs = torch.arange(len(counts), device=counts.device)  # [G]
    return graphs.repeat_interleave(counts, output_size=total)  # [G] -> [total]


def _split(values: Tensor | None, sizes: list[int]) -> Sequence[Tensor | None]:
    return [None] * len(sizes) if values is None else values.split(sizes)


def _joined(name: str, values: list[Tensor | None]) -> Tensor | None:
    kinds = {None if value is None else (tuple(value.shape[1:]), value.dtype) for value in values}
    if len(kinds) > 1:
        raise InputError(f"batch needs {name} of one width and dtype in every graph, or in none: found {kinds}.")
    return None if None in kinds else torch.cat(values)  # [sum of rows, D]


def _check_shapes(graph: Graph) -> None:
    for first, second in (("senders", "receivers"), ("n_node", "n_edge")):
        for name in (first, second):
            tensor = getattr(graph, name)
            if tensor.dim() != 1 or tensor.dtype != torch.int64:
                shape = tuple(tensor.shape)
                raise InputError(f"{name} must be a vector of int64, not {tensor.dtype} of shape {shape}.")
        lengths = len(getattr(graph, first)), len(getattr(graph, second))
        if lengths[0] != lengths[1]:
            raise InputError(f"{first} has {lengths[0]} entries but {second} has {lengths[1]}: make them equal.")


def _check_values(graph: Graph) -> None:
    num_nodes, num_edges = int(graph.n_node.sum()), int(graph.n_edge.sum())
    if (graph.n_node < 0).any() or (graph.n_edge < 0).any():
        raise InputError("n_node and n_edge count nodes and edges: no entry may be negative.")
    if num_edges != graph.num_edges:
        raise InputError(f"n_edge sums to {num_edges} but there are {graph.num_edges} senders: make them equal.")
    edge_graph = _owners(graph.n_edge, num_edges)  # [E]
    node_graph = _owners(graph.n_node, num_nodes)  # [N]
    for name in ("senders", "receivers"):
        index = getattr(graph, name)
        outside = (index < 0) | (index >= num_nodes)
        if outside.any():
            k = int(outside.nonzero()[0])
            raise InputError(f"{name}[{k}] is {int(index[k])}, outside the {num_nodes} nodes that n_node counts.")
        astray = node_graph[index] != edge_graph
        if astray.any():
            k = int(astray.nonzero()[0])
            raise InputError(
                f"{name}[{k}] is node {int(index[k])} of graph {int(node_graph[index[k]])}, but n_edge gives edge {k} "
                f"to graph {int(edge_graph[k])}: an edge stays inside its graph, and edges are sorted by graph."
            )


def _check_features(graph: Graph, num_nodes: int) -> None:
    rows = {"nodes": num_nodes, "edges": graph.num_edges, "globals_": graph.num_graphs}
    for name, expected in rows.items():
        value = getattr(graph, name)
        if value is not None and (value.dim() < 2 or len(value) != expected):
            raise InputError(f"{name} must have shape [{expected}, D] to fit the graph, not {tuple(value.shape)}.")
