"""The Graph Network block against its plain version, one graph at a time, and against other libraries where they are
installed: forward and backward pass of one full block, with the same updates.

Dimensions: G graphs, N nodes, E edges, W width of every attribute.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import torch
import typer
from torch import Tensor, nn

from reprolib.bench import other_libraries
from reprolib.bench.measure import ROUNDS, Ratio, check_agreement, measure, peak_bytes
from reprolib.bench.other_libraries import JraphStep, MetaLayerBlock
from reprolib.gn.configurations import full_block
from reprolib.gn.graph import Graph, unbatch

AGREE = 1e-5, 5e-3  # relative norm of the differences of all new attributes, of a gradient
INPUTS = {"edge": 4, "node": 3, "global": 3}  # attributes that an update reads


@dataclass(frozen=True)
class Case:
    """A batch of made-up graphs, whose edges join any two nodes of a graph."""

    graphs: int
    nodes: tuple[int, int]  # of the smallest and of the largest graph
    degree: int  # edges that a node receives on average
    width: int = 64

    @property
    def title(self) -> str:
        low, high = self.nodes
        return f"{self.graphs} graphs of {low if low == high else f'{low} to {high}'} nodes"


CASES = Case(256, (8, 16), degree=4), Case(4, (2000, 2000), degree=8)


class Ours(nn.Module):
    """The library's full block around three updates."""

    def __init__(self, updates: nn.ModuleDict) -> None:
        super().__init__()
        self.block = full_block(*updates.values())

    def forward(self, graph: Graph) -> list[Tensor]:
        after = self.block(graph)
        return [after.edges, after.nodes, after.globals_]


class GraphByGraph(nn.Module):
    """The reference: the same block on one graph of a batch after the other."""

    def __init__(self, updates: nn.ModuleDict) -> None:
        super().__init__()
        self.updates = updates

    def forward(self, graph: Graph) -> list[Tensor]:
        parts = [self.one(each) for each in unbatch(graph)]
        return [torch.cat(rows) for rows in zip(*parts, strict=True)]

    def one(self, graph: Graph) -> list[Tensor]:
        """New edges, nodes and global of a single graph."""
        nodes, edges, shared = graph.nodes, graph.edges, graph.globals_  # [N, W], [E, W], [1, W]
        of_edge, of_node = shared.expand(len(edges), -1), shared.expand(len(nodes), -1)
        ends = [nodes[graph.senders], nodes[graph.receivers]]  # [E, W] each
        edges = self.updates["edge"](torch.cat([edges, *ends, of_edge], dim=1))  # [E, 4 W] -> [E, W]
        received = torch.zeros_like(nodes).index_add(0, graph.receivers, edges)  # [N, W]
        nodes = self.updates["node"](torch.cat([nodes, received, of_node], dim=1))
        sums = [rows.sum(0, keepdim=True) for rows in (nodes, edges)]  # [1, W] each
        return [edges, nodes, self.updates["global"](torch.cat([shared, *sums], dim=1))]


def ratios(device: torch.device) -> Iterator[Ratio]:
    """Every case against every reference, each when it has been measured; a library that is not there is named."""
    for name in REFERENCES:
        if missing := other_libraries.absent(name, device):
            typer.echo(f"gn: {missing}", err=True)
        else:
            yield from (compare(case, name, device) for case in CASES)


def compare(case: Case, name: str, device: torch.device, rounds: int = ROUNDS) -> Ratio:
    """Check that both sides agree on a case, then measure them in turn."""
    graph, updates = build(case, device)
    title = f"{case.title}, against {name}"
    ours, reference = step(Ours(updates), graph), REFERENCES[name](updates, graph)
    check_agreement(title, ours(), reference(), *AGREE)
    known = (peak_bytes(ours, device), reference.memory) if isinstance(reference, JraphStep) else None
    return measure("gn", title, ours, reference, device, rounds, known)


def build(case: Case, device: torch.device, seed: int = 0) -> tuple[Graph, nn.ModuleDict]:
    """A batch of graphs and the three updates, each of two layers."""
    torch.manual_seed(seed)
    low, high = case.nodes
    n_node = torch.randint(low, high + 1, (case.graphs,))  # [G]
    n_edge = case.degree * n_node
    first, size = ((rows.repeat_interleave(n_edge)) for rows in (n_node.cumsum(0) - n_node, n_node))  # [E] each
    senders, receivers = first + (torch.rand(2, len(size)) * size).long()
    counts = int(n_node.sum()), len(size), case.graphs
    attributes = [torch.randn(count, case.width, device=device, requires_grad=True) for count in counts]
    nodes, edges, globals_ = attributes
    indices = (each.to(device) for each in (senders, receivers))
    graph = Graph(nodes, edges, *indices, globals_, n_node.to(device), n_edge.to(device))
    updates = nn.ModuleDict({name: _update(parts, case.width) for name, parts in INPUTS.items()})
    return graph, updates.to(device)


def _update(parts: int, width: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(parts * width, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU())


def step(block: nn.Module, graph: Graph) -> Callable[[], list[Tensor]]:
    """Forward and backward pass: all new attributes, then the gradients of old ones and of weights."""
    inputs = [graph.edges, graph.nodes, graph.globals_, *block.parameters()]
    return partial(_step, block, graph, inputs)


def _step(block: nn.Module, graph: Graph, inputs: list[Tensor]) -> list[Tensor]:
    after = torch.cat([rows.flatten() for rows in block(graph)])
    return [after.detach(), *torch.autograd.grad(after.square().mean(), inputs)]


REFERENCES = {
    "one by one": lambda updates, graph: step(GraphByGraph(updates), graph),
    "MetaLayer": lambda updates, graph: step(MetaLayerBlock(updates), graph),
    "jraph": JraphStep,
}
