"""A tiny task that shows what a shared core is good for: trained on small graphs, it works on large ones.

A graph is two trees, and one node is marked. Which nodes hang together with it? A mark spreads by one edge a round, so
a network that has learned to pass it on needs as many rounds as the graph is wide, and nothing else.

Dimensions: M graphs of at most S nodes, N nodes of a batch, E edges, D features of a node.
"""

import torch
from scipy.sparse import coo_array
from scipy.sparse.csgraph import shortest_path
from torch import Tensor, nn

from reprolib.gn.block import GraphNetwork, OnConcat
from reprolib.gn.configurations import EncodeProcessDecode, independent
from reprolib.gn.graph import Graph
from reprolib.gn.segments import segment_max

SETTLED = 4  # rounds after which the training graphs' answers must stand, and stay


def two_trees(count: int, smallest: int, largest: int, seed: int) -> dict[str, Tensor]:
    """Pairs of trees as columns: "parents" [M, S] (-1 for a root or no node), "sizes" [M], "marks" [M].

    Even nodes are one tree and odd nodes the other; a node's parent is the last or the last but one of its own tree,
    so that the trees grow long and not bushy.
    """
    generator = torch.Generator().manual_seed(seed)
    sizes = torch.randint(smallest, largest + 1, (count,), generator=generator)
    node = torch.arange(largest)  # [S]
    choices = (node // 2).clamp(max=2)
    back = (torch.rand(count, largest, generator=generator) * choices).long() + 1  # [M, S]
    absent = (node < 2) | (node >= sizes[:, None])
    marks = (torch.rand(count, generator=generator) * sizes).long()
    return {"parents": (node - 2 * back).masked_fill(absent, -1), "sizes": sizes, "marks": marks}


def graph_of(batch: dict[str, Tensor]) -> tuple[Graph, Tensor]:
    """The graphs (a node's feature: 1 if marked, else 0; edges both ways) and the labels [N], which only tests see."""
    parents, sizes, marks = batch["parents"], batch["sizes"], batch["marks"]
    node = torch.arange(parents.shape[1], device=parents.device).expand_as(parents)  # [M, S]
    there, child = node < sizes[:, None], parents >= 0
    down = torch.stack([parents, node], dim=-1) + (sizes.cumsum(0) - sizes)[:, None, None]  # [M, S, 2]
    ends = torch.stack([down, down.flip(-1)], dim=2)[child].flatten(0, 1)  # [M, S, 2, 2] -> [E, 2]
    marked = (node == marks[:, None])[there]  # [N]
    label = (node % 2 == marks[:, None] % 2)[there]
    senders, receivers = ends.T.contiguous()
    return Graph(marked.float()[:, None], None, senders, receivers, None, sizes, 2 * child.sum(1)), label


class Connected(nn.Module):
    """Encode-process-decode that gives every node a logit of being connected with the marked one.

    The core passes messages phi_e(v_s, v_r) and keeps the strongest of each feature (rho = maximum).
    """

    def __init__(self, width: int):
        super().__init__()
        core = GraphNetwork(
            phi_e=OnConcat(_net(4 * width, width), "sender", "receiver"),  # each [encoded, latest]
            phi_v=OnConcat(_net(3 * width, width), "node", "received"),
            rho_ev=segment_max,
        )
        self.network = EncodeProcessDecode(independent(node=nn.Linear(1, width)), core, _decoder(width))

    def forward(self, graph: Graph, rounds: int) -> Tensor:
        """Logits [N, rounds], one column a round."""
        return torch.cat([output.nodes for output in self.network(graph, rounds)], dim=1)


def loss(model: Connected, batch: dict[str, Tensor], rounds: int) -> Tensor:
    """Mean cross-entropy over nodes and over the rounds from SETTLED on."""
    graph, label = graph_of(batch)
    logits = model(graph, rounds)[:, SETTLED - 1 :]  # [N, rounds - SETTLED + 1]
    return nn.functional.binary_cross_entropy_with_logits(logits, label.float()[:, None].expand_as(logits))


@torch.no_grad()
def accuracy(model: Connected, batch: dict[str, Tensor], rounds: int) -> float:
    """Percent of the nodes that are right after so many rounds."""
    graph, label = graph_of(batch)
    return 100.0 * ((model(graph, rounds)[:, -1] > 0) == label).double().mean().item()


def ceiling(batch: dict[str, Tensor], rounds: int) -> float:
    """Percent that no graph network can exceed in so many rounds: a mark further away has not arrived.

    A node that no mark has reached is best called not connected; wrong are those of the marked tree beyond `rounds`.
    """
    graph, label = graph_of(batch)
    ends = graph.senders.numpy(), graph.receivers.numpy()
    links = coo_array((torch.ones(graph.num_edges).numpy(), ends), shape=(graph.num_nodes, graph.num_nodes))
    marked = graph.nodes[:, 0].nonzero()[:, 0]
    steps = shortest_path(links, unweighted=True, indices=marked.numpy()).min(axis=0)  # [M, N] -> [N]
    return 100.0 * (1 - (label & (torch.from_numpy(steps) > rounds)).double().mean().item())


def _decoder(width: int) -> GraphNetwork:
    return independent(node=nn.Linear(width, 1))


def _net(width_in: int, width: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(width_in, width), nn.ReLU(), nn.Linear(width, width))
