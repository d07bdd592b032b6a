"""One network for three tasks on graphs, and its baselines (Battaglia et al. 2018, section 4.3 and its library).

The network is encode-process-decode (Figure 6): every attribute encoded on its own, one full block applied again and
again to [encoded, latest state], nodes and edges decoded on their own after every step. An update is an MLP with layer
norm. Deep sets are the same network whose edges send nothing: nodes hear of the others through the global alone, and an
edge is read off the nodes at its ends. The last baseline is an MLP on all padded features at once.

Every model is called with a batch of padded columns (see `data.padded_graphs`) and gives `Answers`.

Dimensions: B graphs of at most S nodes, N nodes, E edges, D features, W width, K processing steps, P outputs.
"""

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.functional import linear, pad
from torch.nn.utils import parametrize

from reprolib.errors import InputError
from reprolib.gn.block import GraphNetwork
from reprolib.gn.configurations import full_block, independent
from reprolib.gn.graph import Graph, concatenate
from reprolib.gn.segments import gather, segment_sum
from reprolib.models.plain_layers import starts_plain
from reprolib.settings.on_graphs import PaddedModel, ProcessModel, StillModel

Batch = dict[str, Tensor]


@dataclass(frozen=True)
class Widths:
    """Features that a task's graphs have, and outputs that it asks of every node and edge; 0 for none."""

    node: int
    edge: int
    global_: int
    node_out: int
    edge_out: int


@dataclass(frozen=True, eq=False)
class Answers:
    """What a model says of all nodes and edges of a batch after every processing step."""

    nodes: Tensor  # [K, N, P]
    edges: Tensor | None  # [K, E, P]; None where nothing is asked of edges


def there(batch: Batch) -> Tensor:
    """Which of the padded places are nodes, bool [B, S]."""
    place = torch.arange(batch["nodes"].shape[1], device=batch["sizes"].device)
    return place < batch["sizes"][:, None]


def graph_of(batch: Batch) -> Graph:
    """The graphs of a batch, without padding; edges by sender, then receiver. Absent features become one zero."""
    sizes, joined, nodes = batch["sizes"], batch["joined"], batch["nodes"][there(batch)]  # [B], [B, S, S], [N, D]
    graph, senders, receivers = joined.nonzero(as_tuple=True)  # [E] each
    first = (sizes.cumsum(0) - sizes)[graph]  # [E], the first node of the edge's graph
    edges = batch["edges"][joined] if "edges" in batch else nodes.new_zeros(len(graph), 1)  # [E, D]
    globals_ = batch["globals"] if "globals" in batch else nodes.new_zeros(len(sizes), 1)  # [B, D]
    n_edge = joined.sum((1, 2))  # [B]
    return Graph(nodes, edges, first + senders, first + receivers, globals_, sizes, n_edge)


def build(config: ProcessModel | PaddedModel | StillModel, widths: Widths) -> nn.Module:
    """The model of some settings, for the graphs of a task."""
    if isinstance(config, StillModel):
        return Still(widths)
    return Padded(config, widths) if isinstance(config, PaddedModel) else Process(config, widths)


class Process(nn.Module):
    """The encode-process-decode network; may be told another number of steps than it was trained with."""

    def __init__(self, config: ProcessModel, widths: Widths) -> None:
        super().__init__()
        self.config = config
        width, layers = config.width, config.layers
        inputs = (max(1, count) for count in (widths.edge, widths.node, widths.global_))
        self.encoder = independent(*(mlp(count, width, layers) for count in inputs))
        self.core = Core(width, layers, config.messages)
        self.read_nodes = decoder(width, layers, widths.node_out)
        self.read_edges = decoder(width, layers, widths.edge_out) if widths.edge_out else None

    def forward(self, batch: Batch, steps: int | None = None) -> Answers:
        """The answers after every step, so that a loss may be put on all of them."""
        encoded = self.encoder(graph_of(batch))
        states = self.core(encoded, steps or self.config.steps)
        nodes = self.read_nodes(torch.stack([state.nodes for state in states]))  # [K, N, P]
        if self.read_edges is None:
            return Answers(nodes, None)
        return Answers(nodes, self.read_edges(torch.stack([state.edges for state in states])))  # [K, E, P]


class Core(nn.Module):
    """The full block on [encoded, state], applied again and again; a test holds it to `gn.configurations.full_block`.

    The first layer of every update is a sum of one product for each part of its input. Products with nodes are taken
    before they are copied to edges, and those with encoded attributes once for all steps.

    Args:
        messages: False: neither nodes nor globals receive anything from edges.
    """

    def __init__(self, width: int, layers: int, messages: bool = True) -> None:
        super().__init__()
        self.width, self.messages = width, messages
        self.edge = mlp(8 * width, width, layers)  # [e, v_s, v_r, u], each encoded and state
        self.node = mlp((4 + messages) * width, width, layers)  # [v, received, u]
        self.global_ = mlp((3 + messages) * width, width, layers)  # [u, nodes, edges]

    def forward(self, encoded: Graph, steps: int) -> list[Graph]:
        """The graph after every step."""
        plain = all(starts_plain(update) and update[0].bias is not None for update in self.children())
        with parametrize.cached():  # weights are read in parts, and those that are computed are to be so once
            return self._by_parts(encoded, steps) if plain else self._by_block(encoded, steps)

    def _by_block(self, encoded: Graph, steps: int) -> list[Graph]:
        """The definition, in which every update is called."""
        block, state, states = full_block(self.edge, self.node, self.global_), encoded, []
        if not self.messages:
            block = GraphNetwork(block.phi_e, block.phi_v, block.phi_u, rho_ev=None, rho_eu=None)
        for _ in range(steps):
            state = block(concatenate(encoded, state))
            states.append(state)
        return states

    def _by_parts(self, encoded: Graph, steps: int) -> list[Graph]:
        """The same with the first layer of every update as a sum of products."""
        of_encoded, of_state = (self._products(which) for which in (0, 1))
        fixed = [
            linear(values, weights.T, bias)
            for values, weights, bias in zip(
                (encoded.edges, encoded.nodes, encoded.globals_), of_encoded, self._biases(), strict=True
            )
        ]
        state, states = encoded, []
        for _ in range(steps):
            state = self._step(fixed, of_state, state)
            states.append(state)
        return states

    def _step(self, fixed: list[Tensor], products: list[Tensor], state: Graph) -> Graph:
        """One block, from what encoded attributes add to the first layers and the weights of the state's products."""
        of_edge, of_node, of_global = products
        edge = torch.addmm(fixed[0], state.edges, of_edge)  # [E, W]
        sender, receiver, node = torch.addmm(fixed[1], state.nodes, of_node).chunk(3, -1)  # [N, W] each
        shared = torch.addmm(fixed[2], state.globals_, of_global)  # [B, 3 W]
        to_nodes, global_ = shared[:, : 2 * self.width], shared[:, 2 * self.width :]
        to_receiver, to_node = gather(to_nodes, state.node_graph).chunk(2, -1)  # [N, W] each
        edge = edge + gather(sender, state.senders) + gather(receiver + to_receiver, state.receivers)
        edges, node = _after_first(self.edge, edge), node + to_node
        if self.messages:
            received = segment_sum(edges, state.receivers, state.num_nodes)  # [N, W]
            node = torch.addmm(node, received, self._part(self.node, 2))
            sent = segment_sum(received, state.node_graph, state.num_graphs)  # [B, W], the sum of all edges
            global_ = torch.addmm(global_, sent, self._part(self.global_, 3))
        nodes = _after_first(self.node, node)
        everything = segment_sum(nodes, state.node_graph, state.num_graphs)  # [B, W]
        global_ = torch.addmm(global_, everything, self._part(self.global_, 2))
        return state.replace(edges=edges, nodes=nodes, globals_=_after_first(self.global_, global_))

    def _products(self, which: int) -> list[Tensor]:
        """First-layer weights of encoded attributes (which = 0) or those of the state (1).

        Of edges [W, W]; of nodes [W, 3 W], as senders, receivers and themselves; of globals [W, 3 W], in the updates of
        edges, of nodes and their own.
        """
        last = 2 + self.messages  # of the node's parts, where the global begins
        edges = self._part(self.edge, which)
        nodes = [self._part(self.edge, 2 + which), self._part(self.edge, 4 + which), self._part(self.node, which)]
        globals_ = [self._part(self.edge, 6 + which), self._part(self.node, last + which)]
        return [edges, torch.cat(nodes, 1), torch.cat([*globals_, self._part(self.global_, which)], 1)]

    def _biases(self) -> list[Tensor]:
        """First-layer biases, in the places of `_products`."""
        zeros, node = torch.zeros_like(self.node[0].bias), self.node[0].bias
        return [self.edge[0].bias, torch.cat([zeros, zeros, node]), torch.cat([zeros, zeros, self.global_[0].bias])]

    def _part(self, update: nn.Sequential, index: int) -> Tensor:
        """The weights of the index-th part of an update's input, [W in, W out]."""
        return update[0].weight[:, index * self.width : (index + 1) * self.width].T


class Padded(nn.Module):
    """An MLP on the features of all places for nodes and all pairs of them, side by side."""

    def __init__(self, config: PaddedModel, widths: Widths) -> None:
        super().__init__()
        self.config, self.widths = config, widths
        places, pairs = config.nodes, config.nodes**2
        inputs = places * (1 + widths.node) + pairs * (1 + widths.edge) + widths.global_
        self.split = places * widths.node_out, pairs * widths.edge_out
        self.body = nn.Sequential(mlp(inputs, config.width, config.layers), nn.Linear(config.width, sum(self.split)))

    def forward(self, batch: Batch, steps: int | None = None) -> Answers:
        """Answers of one step, whatever `steps` says. InputError where a graph may have more nodes than places."""
        missing = self.config.nodes - batch["nodes"].shape[1]  # padding
        if missing < 0:
            raise InputError(f"graphs of {batch['nodes'].shape[1]} nodes: set model.nodes to as many")
        masks = there(batch), batch["joined"]
        places, pairs = (mask.to(batch["nodes"].dtype) for mask in masks)
        wide = [pad(places, (0, missing)), pad(pairs, (0, missing, 0, missing))]
        wide += [pad(batch["nodes"], (0, 0, 0, missing))]
        wide += [pad(batch["edges"], (0, 0, 0, missing, 0, missing))] if "edges" in batch else []
        wide += [batch["globals"]] if "globals" in batch else []
        nodes, edges = self.body(torch.cat([each.flatten(1) for each in wide], dim=1)).split(self.split, dim=1)
        size = batch["nodes"].shape[1]
        nodes = nodes.unflatten(1, (self.config.nodes, -1))[:, :size][masks[0]]  # [B, S P] -> [B, S, P] -> [N, P]
        if not self.widths.edge_out:
            return Answers(nodes[None], None)
        edges = edges.unflatten(1, (self.config.nodes, self.config.nodes, -1))[:, :size, :size]  # [B, S, S, P]
        return Answers(nodes[None], edges[masks[1]][None])  # [1, N, P], [1, E, P]


class Still(nn.Module):
    """Zeros for every node, as velocities of masses that do not move."""

    def __init__(self, widths: Widths) -> None:
        super().__init__()
        self.outputs = widths.node_out

    def forward(self, batch: Batch, steps: int | None = None) -> Answers:
        """Answers of one step, whatever `steps` says."""
        nodes = batch["nodes"][there(batch)]  # [N, D]
        return Answers(nodes.new_zeros(1, len(nodes), self.outputs), None)


def mlp(inputs: int, width: int, layers: int) -> nn.Sequential:
    """Linear layers, each with a ReLU, then layer norm: [..., inputs] -> [..., width]."""
    sizes = [inputs] + [width] * layers
    parts = [part for a, b in pairwise(sizes) for part in (nn.Linear(a, b), nn.ReLU())]
    return nn.Sequential(*parts, nn.LayerNorm(width))


def _after_first(update: nn.Sequential, hidden: Tensor) -> Tensor:
    """The layers of an MLP after the first, whose sum is given."""
    for layer in list(update)[1:]:
        hidden = layer(hidden)
    return hidden


def decoder(width: int, layers: int, outputs: int) -> nn.Sequential:
    """An MLP with layer norm, then a linear layer: [..., W] -> [..., P]."""
    return nn.Sequential(mlp(width, width, layers), nn.Linear(width, outputs))
