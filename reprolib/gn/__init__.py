"""Graph networks: a batch of graphs, segment reductions, the block, and its named configurations."""

from reprolib.gn.block import GraphNetwork, OnConcat, graph_network
from reprolib.gn.graph import Graph, batch, concatenate, fully_connected, unbatch

__all__ = ["Graph", "GraphNetwork", "OnConcat", "batch", "concatenate", "fully_connected", "graph_network", "unbatch"]
