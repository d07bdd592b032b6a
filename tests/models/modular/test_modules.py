"""Modules along structures against loops over scenes and edges, and as a configuration of the block."""

import pytest
import torch

from reprolib.errors import InputError
from reprolib.gn import fully_connected, graph_network
from reprolib.models.modular.modules import ModularNetwork, ends

SCENES, OBJECTS, FEATURES, WIDTH, MODULES = 3, 4, 4, 6, 3


def values(first_is_none=False):
    torch.manual_seed(0)
    network = ModularNetwork(FEATURES, WIDTH, MODULES, first_is_none).double()
    states = torch.randn(SCENES, OBJECTS, FEATURES, dtype=torch.float64)
    return network, states, torch.randint(MODULES, (SCENES, OBJECTS, OBJECTS - 1))


def slowly(network, states, structure):
    """One step, one scene and one edge after the other."""
    after = torch.empty_like(states)
    for scene, (nodes, modules) in enumerate(zip(states, structure, strict=True)):
        for i in range(OBJECTS):
            received = torch.zeros(WIDTH, dtype=torch.float64)
            for place, j in enumerate(j for j in range(OBJECTS) if j != i):
                kind = int(modules[i, place]) - network.skipped
                if kind >= 0:
                    received += network.edges[kind](torch.cat([nodes[j], nodes[i]]))
            after[scene, i] = nodes[i] + network.node(network.of_state(nodes[i]) + network.of_received(received))
    return after


@pytest.mark.parametrize("first_is_none", [False, True])
def test_a_batch_of_scenes_is_a_loop_over_them_and_their_edges(first_is_none):
    network, states, structure = values(first_is_none)
    expected = slowly(network, states, structure)
    torch.testing.assert_close(network(states, structure), expected, rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(
        network.rollout(states, structure, 3)[:, 1], slowly(network, expected, structure), rtol=1e-5, atol=1e-6
    )


def test_it_is_a_block_whose_edges_name_their_module():
    network, states, structure = values()
    graph = fully_connected(states)
    receivers, senders = (each - graph.edge_graph * OBJECTS for each in (graph.receivers, graph.senders))
    kinds = structure[graph.edge_graph, receivers, senders - (senders > receivers).long()]  # [E]

    def edge(edge, sender, receiver, **_):
        every = torch.stack([module(torch.cat([sender, receiver], 1)) for module in network.edges])  # [K, E, H]
        return torch.einsum("keh,ek->eh", every, edge)

    def node(node, received, **_):
        return node + network.node(network.of_state(node) + network.of_received(received))

    one_hot = torch.nn.functional.one_hot(kinds, MODULES).double()
    after = graph_network(graph.replace(edges=one_hot), phi_e=edge, phi_v=node).nodes.view_as(states)
    torch.testing.assert_close(network(states, structure), after, rtol=1e-5, atol=1e-6)


def test_every_module_learns_from_its_own_edges_alone():
    network, states, structure = values()
    network(states, torch.full_like(structure, 1)).sum().backward()
    touched = [module[0].weight.grad is not None and bool(module[0].weight.grad.any()) for module in network.edges]
    assert touched == [False, True, False]


def test_ends_are_the_sender_and_the_receiver():
    states = torch.arange(SCENES * OBJECTS).view(SCENES, OBJECTS, 1)
    pairs = ends(states)
    assert pairs.shape == (SCENES, OBJECTS, OBJECTS - 1, 2)
    assert pairs[0, 2].tolist() == [[0, 2], [1, 2], [3, 2]]


def test_a_network_needs_a_module_that_acts():
    with pytest.raises(InputError, match=r"model\.modules is 1: give 2 or more"):
        ModularNetwork(FEATURES, WIDTH, 1, first_is_none=True)
