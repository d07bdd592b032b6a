"""Random batches of graphs of different sizes, as every test of the graph networks needs them."""

import pytest
import torch

from reprolib.gn import Graph

SIZES = ((3, 5), (0, 0), (1, 0), (1, 2), (4, 9), (2, 0))  # (nodes, edges): no node, one node, no edge, self-edges


@pytest.fixture
def ragged():
    """ragged(seed, sizes, widths) -> a float64 batch whose attributes have the widths (Dn, De, Dg); 0 means none."""

    def make(seed: int, sizes=SIZES, widths=(3, 2, 4)) -> Graph:
        rng = torch.Generator().manual_seed(seed)
        n_node, n_edge = torch.tensor(sizes).T  # [G], [G]
        size = n_node.repeat_interleave(n_edge)  # [E]
        first = (n_node.cumsum(0) - n_node).repeat_interleave(n_edge)  # [E]
        ends = first + (torch.rand(2, len(size), generator=rng) * size).long()  # [2, E]
        rows = (int(n_node.sum()), len(size), len(sizes))
        nodes, edges, globals_ = (
            torch.randn(count, width, generator=rng, dtype=torch.float64) if width else None
            for count, width in zip(rows, widths, strict=True)
        )
        return Graph(nodes, edges, ends[0], ends[1], globals_, n_node, n_edge)

    return make
