"""What the block makes of a graph does not depend on how its nodes are numbered and its edges listed (section 3.2).

Dimensions: N nodes, E edges, G graphs.
"""

import torch
from torch import Tensor

from reprolib.gn.block import GraphNetwork, OnConcat
from reprolib.gn.definitions import EDGE, GLOBAL, NODE, OUT, network, random_graphs
from reprolib.gn.graph import Graph


def differences(graphs: int, seed: int = 0) -> dict[str, float]:
    """Largest absolute difference, in float64, between the block on relabelled graphs and the relabelled output.

    Args:
        graphs: G, of 0 to 5 nodes each.
    """
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(seed)
        graph, block = random_graphs(graphs), _full_block()
        nodes, edges = _within_graphs(graph.node_graph), _within_graphs(graph.edge_graph)
        before, after = block(graph), block(relabelled(graph, nodes, edges))
        gaps = {
            "nodes": after.nodes - before.nodes[nodes],
            "edges": after.edges - before.edges[edges],
            "globals": after.globals_ - before.globals_,
        }
        return {name: float(gap.abs().max()) for name, gap in gaps.items()}


def relabelled(graph: Graph, nodes: Tensor, edges: Tensor) -> Graph:
    """The graph with node nodes[i] in place i and edge edges[k] in place k: both permutations within each graph."""
    place = nodes.argsort()  # [N]: where each node has gone
    return Graph(
        graph.nodes[nodes],
        graph.edges[edges],
        place[graph.senders[edges]],
        place[graph.receivers[edges]],
        graph.globals_,
        graph.n_node,
        graph.n_edge,
    )


def _within_graphs(owners: Tensor) -> Tensor:
    """A random permutation of rows [M] that leaves each in the places of its own graph."""
    return (owners + torch.rand(len(owners))).argsort()


def _full_block() -> GraphNetwork:
    return GraphNetwork(
        OnConcat(network(EDGE + 2 * NODE + GLOBAL), "edge", "sender", "receiver", "global_"),
        OnConcat(network(NODE + OUT + GLOBAL), "node", "received", "global_"),
        OnConcat(network(GLOBAL + 2 * OUT), "global_", "nodes", "edges"),
    )
