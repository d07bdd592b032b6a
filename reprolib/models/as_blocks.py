"""The suite's own models beside the block: each is a configuration of it, in another order where that is faster.

Each function draws a network and its input from a seed, computes both ways in float64 where the model allows it, and
gives the largest absolute difference. B scenes, N objects, D features, Q numbers of a question, K edge types.
"""

import torch
from torch import Tensor, nn

from reprolib.gn import fully_connected, graph_network
from reprolib.gn.block import OnConcat
from reprolib.gn.configurations import message_passing, relation_network
from reprolib.models.nri import MLPDecoder, MLPEncoder
from reprolib.models.relation_network import RelationNetwork, mlp

B, N, D, Q, K = 6, 5, 3, 4, 2
FRAMES, WIDTH = 12, 16
WIDE = torch.float64


def _relation_network() -> float:
    """Equation 1 of Santoro et al. 2017 on all ordered pairs."""
    objects, question = torch.randn(B, N, D, dtype=WIDE), torch.randn(B, Q, dtype=WIDE)
    g, f = (mlp([inputs, WIDTH, WIDTH]).double() for inputs in (2 * D + Q, WIDTH))
    graph = fully_connected(objects, self_edges=True, globals_=question)
    return _gap(RelationNetwork(g, f)(objects, question), relation_network(g, f)(graph).globals_)


def _nri_encoder() -> float:
    """v -> e -> v -> e, section 3.1 of Kipf et al. 2018: two blocks, the first edges kept for the second."""
    encoder, trajectories = MLPEncoder(FRAMES, D, WIDTH, K, 0.0, "n").double(), torch.randn(B, FRAMES, N, D, dtype=WIDE)
    encoder(torch.randn_like(trajectories))  # batch norms that have seen data are not the identity
    encoder.eval()
    nodes = encoder.embed(trajectories.transpose(1, 2).flatten(2))  # [B, N, H]
    first = graph_network(fully_connected(nodes, self_edges=False), phi_e=OnConcat(encoder.first, "sender", "receiver"))
    inner = graph_network(first, phi_v=lambda received, **_: encoder.rounds.node(received / N))
    second = graph_network(
        inner.replace(edges=first.edges),
        phi_e=lambda edge, sender, receiver, **_: encoder.rounds.edge(sender, receiver, edge),
    )
    logits = encoder.rounds.out(second.edges)  # [E, K]
    order = (second.receivers * B * N + second.senders).argsort()  # the encoder lists senders by receiver
    return _gap(encoder(trajectories).flatten(0, 2), logits[order])


def _nri_decoder() -> float:
    """Section 3.3 of Kipf et al. 2018 with one type of edges: a block of message passing that adds to the state."""
    states, ones = torch.randn(B, N, D, dtype=WIDE), torch.ones(B, N, N - 1, 1, dtype=WIDE)
    decoder = MLPDecoder(D, WIDTH, 1, first_is_none=False).double()
    message = nn.Sequential(decoder.message_in[0], nn.ReLU(), decoder.message_out[0], nn.ReLU())
    block = message_passing(message, lambda inputs: inputs[:, :D] + decoder.output(inputs))
    graph = block(fully_connected(states, self_edges=False))
    return _gap(decoder(states, ones)[0], graph.nodes.view_as(states))


def _order_of_objects() -> float:
    """Not the block, but what a sum over pairs is for: objects in another order, the same output."""
    objects, question = torch.randn(B, N, D, dtype=WIDE), torch.randn(B, Q, dtype=WIDE)
    g, f = (mlp([inputs, WIDTH, WIDTH]).double() for inputs in (2 * D + Q, WIDTH))
    network = RelationNetwork(g, f)
    return _gap(network(objects, question), network(objects[:, torch.randperm(N)], question))


MODELS = {
    "rn_as_block": _relation_network,
    "nri_encoder_as_block": _nri_encoder,
    "nri_decoder_as_block": _nri_decoder,
}
ORDER = {"order_of_objects": _order_of_objects}


def _gap(one: Tensor, other: Tensor) -> float:
    return float((one - other).detach().abs().max())
