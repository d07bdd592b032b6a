"""How far the edges of a graph agree with one another, which nobody has asked of them.

M scenes, N objects.
"""

from torch import Tensor

from reprolib.evidence.metrics import Figure, accuracy
from reprolib.models.modular.graph_shapes import bipartite, both_ways

ATTRACTION = 0  # type of an edge between unlike charges


def agreement(found: Tensor, edges: Tensor, when: str = "") -> dict[str, Figure]:
    """Percent of pairs that are alike in both directions, and of scenes with a bipartite attraction, if it truly is.

    Args:
        found, edges: inferred types, by their true names, and true ones: [M, N, N - 1] each.
        when: what is added to the names of the metrics.
    """
    found = found.to(edges.device)
    shares = {f"accuracy/symmetric_pairs{when}": accuracy(both_ways(found))}
    if bipartite(edges, ATTRACTION).all():
        shares[f"accuracy/bipartite_scenes{when}"] = accuracy(bipartite(found, ATTRACTION))
    return shares
