"""The full Graph Network block of other libraries, around given updates: PyTorch Geometric and jraph.

Neither is needed to run the suite, so each is imported by name when it is measured.

Dimensions: G graphs, N nodes, E edges, W width of every attribute.
"""

from importlib import import_module
from importlib.util import find_spec

import numpy as np
import torch
from torch import Tensor, nn

from reprolib.gn.graph import Graph

NEEDS = {"MetaLayer": ("torch_geometric",), "jraph": ("jax", "jraph")}  # packages of a reference


def absent(name: str, device: torch.device) -> str | None:
    """Why a reference cannot be measured on a device, in a sentence; None where it can."""
    missing = [package for package in NEEDS.get(name, ()) if find_spec(package) is None]
    if missing:
        return f"{name} is left out, because it is not installed: pip install {' '.join(missing)}"
    if name == "jraph" and device.type != "cpu":
        return "jraph is left out, because it is measured on a CPU only: add --device cpu"
    return None


class MetaLayerBlock(nn.Module):
    """`MetaLayer` of PyTorch Geometric, with its `scatter` for the sums."""

    def __init__(self, updates: nn.ModuleDict) -> None:
        super().__init__()
        self.updates, self.scatter = updates, import_module("torch_geometric.utils").scatter
        self.layer = import_module("torch_geometric.nn").MetaLayer(self._edges, self._nodes, self._global)

    def forward(self, graph: Graph) -> list[Tensor]:
        ends = torch.stack([graph.senders, graph.receivers])  # [2, E]
        nodes, edges, globals_ = self.layer(graph.nodes, ends, graph.edges, graph.globals_, graph.node_graph)
        return [edges, nodes, globals_]

    def _edges(self, source: Tensor, target: Tensor, edges: Tensor, globals_: Tensor, owner: Tensor) -> Tensor:
        return self.updates["edge"](torch.cat([edges, source, target, globals_[owner]], dim=1))

    def _nodes(self, nodes: Tensor, ends: Tensor, edges: Tensor, globals_: Tensor, owner: Tensor) -> Tensor:
        received = self.scatter(edges, ends[1], dim_size=len(nodes), reduce="sum")  # [N, W]
        return self.updates["node"](torch.cat([nodes, received, globals_[owner]], dim=1))

    def _global(self, nodes: Tensor, ends: Tensor, edges: Tensor, globals_: Tensor, owner: Tensor) -> Tensor:
        sums = [
            self.scatter(rows, of, dim_size=len(globals_), reduce="sum")  # [G, W]
            for rows, of in ((nodes, owner), (edges, owner[ends[0]]))
        ]
        return self.updates["global"](torch.cat([globals_, *sums], dim=1))


class JraphStep:
    """Forward and backward pass of jraph's `GraphNetwork`, compiled by JAX for the shapes of one batch.

    Called, it gives new attributes and gradients as tensors, in the order of the others.

    Attributes:
        memory: bytes of results and of what is held between, as the compiler plans them.
    """

    def __init__(self, updates: nn.ModuleDict, graph: Graph) -> None:
        self.jax, self.jraph = import_module("jax"), import_module("jraph")
        self.graph = graph
        self.given = (
            [_array(values) for values in (graph.edges, graph.nodes, graph.globals_)],
            [[(_array(layer.weight), _array(layer.bias)) for layer in update[::2]] for update in updates.values()],
        )
        compiled = self.jax.jit(self.jax.value_and_grad(self._loss, (0, 1), has_aux=True)).lower(*self.given).compile()
        plan = compiled.memory_analysis()
        self.compiled, self.memory = compiled, plan.temp_size_in_bytes + plan.output_size_in_bytes

    def __call__(self) -> list[Tensor]:
        (_, after), gradients = self.jax.block_until_ready(self.compiled(*self.given))
        return [torch.from_numpy(np.array(values)) for values in self.jax.tree_util.tree_leaves((after, gradients))]

    def _loss(self, attributes: list, weights: list) -> tuple:
        """The mean square of all new attributes, and they themselves."""
        numpy = self.jax.numpy

        def update(layers: list, *parts: object) -> object:
            hidden = numpy.concatenate(parts, axis=1)
            for weight, bias in layers:
                hidden = self.jax.nn.relu(hidden @ weight.T + bias)
            return hidden

        edge, node, global_ = weights
        block = self.jraph.GraphNetwork(
            lambda edges, sender, receiver, shared: update(edge, edges, sender, receiver, shared),
            lambda nodes, sent, received, shared: update(node, nodes, received, shared),
            lambda nodes, edges, shared: update(global_, shared, nodes, edges),
        )
        indices = {name: _array(getattr(self.graph, name)) for name in ("senders", "receivers", "n_node", "n_edge")}
        edges, nodes, shared = attributes
        after = block(self.jraph.GraphsTuple(edges=edges, nodes=nodes, globals=shared, **indices))
        flat = numpy.concatenate([rows.ravel() for rows in (after.edges, after.nodes, after.globals)])
        return (flat**2).mean(), flat


def _array(values: Tensor) -> np.ndarray:
    return values.detach().cpu().numpy()
