"""Decoders against loops over edges, and what edge types carry."""

import pytest
import torch
from torch import nn

from reprolib.gn import fully_connected, graph_network
from reprolib.gn.configurations import message_passing
from reprolib.models.nri.decoders import DECODERS, MLPDecoder, RecurrentDecoder

OBJECTS, FEATURES, WIDTH, TYPES = 4, 3, 6, 3


def values(seed=0):
    torch.manual_seed(seed)
    states = torch.randn(2, OBJECTS, FEATURES, dtype=torch.float64)
    return states, torch.rand(2, OBJECTS, OBJECTS - 1, TYPES, dtype=torch.float64)


def edges():
    """(receiver, place, sender) of every edge."""
    for i in range(OBJECTS):
        yield from ((i, k, j) for k, j in enumerate(j for j in range(OBJECTS) if j != i))


@pytest.mark.parametrize("first_is_none", [True, False])
def test_the_mlp_decoder_is_the_sum_over_edges_and_types(first_is_none):
    states, types = values()
    decoder = MLPDecoder(FEATURES, WIDTH, TYPES, first_is_none).double()
    received = torch.zeros(2, OBJECTS, WIDTH, dtype=torch.float64)
    for i, k, j in edges():
        pair = torch.cat([states[:, j], states[:, i]], -1)
        for kind, (first, second) in enumerate(zip(decoder.message_in, decoder.message_out, strict=True)):
            message = second(first(pair).relu()).relu()
            received[:, i] += types[:, i, k, kind + first_is_none, None] * message
    expected = states + decoder.output(torch.cat([states, received], -1))
    torch.testing.assert_close(decoder(states, types)[0], expected)


def test_with_all_edges_on_it_is_the_message_passing_configuration():
    states, _ = values()
    decoder = MLPDecoder(FEATURES, WIDTH, 1, first_is_none=False).double()
    message = nn.Sequential(decoder.message_in[0], nn.ReLU(), decoder.message_out[0], nn.ReLU())
    block = message_passing(message, lambda inputs: inputs[:, :FEATURES] + decoder.output(inputs))
    graph = block(fully_connected(states, self_edges=False))
    ones = torch.ones(2, OBJECTS, OBJECTS - 1, 1, dtype=torch.float64)
    expected = graph.nodes.view_as(states)
    torch.testing.assert_close(decoder(states, ones)[0], expected)


def test_the_first_type_may_carry_nothing():
    states, types = values()
    decoder = MLPDecoder(FEATURES, WIDTH, TYPES, first_is_none=True).double()
    other = types.clone()
    other[..., 0] = 7
    torch.testing.assert_close(decoder(states, other)[0], decoder(states, types)[0])
    assert len(decoder.message_in) == TYPES - 1


def test_the_recurrent_decoder_step_by_hand():
    states, types = values()
    decoder = RecurrentDecoder(FEATURES, WIDTH, TYPES).double()
    memory = torch.randn(2, OBJECTS, WIDTH, dtype=torch.float64)
    received = torch.zeros_like(memory)
    for i, k, j in edges():
        pair = torch.cat([memory[:, j], memory[:, i]], -1)
        for kind, net in enumerate(decoder.messages):
            received[:, i] += types[:, i, k, kind + 1, None] * net(pair) / ((TYPES - 1) * OBJECTS)
    (ri, ui, ni), (rh, uh, nh) = (
        layer(value).chunk(3, -1) for layer, value in ((decoder.of_input, states), (decoder.of_received, received))
    )
    update, new = torch.sigmoid(ui + uh), torch.tanh(ni + torch.sigmoid(ri + rh) * nh)
    expected = (1 - update) * new + update * memory
    after, kept = decoder(states, types, memory)
    torch.testing.assert_close(kept, expected)
    torch.testing.assert_close(after, states + decoder.output(expected))


def test_the_recurrent_decoder_is_a_configuration_of_the_block():
    states, types = values()
    decoder = RecurrentDecoder(FEATURES, WIDTH, TYPES).double()
    memory = torch.randn(2, OBJECTS, WIDTH, dtype=torch.float64)
    graph = fully_connected(torch.cat([memory, states], -1), self_edges=False)
    receivers, senders = (ends - graph.edge_graph * OBJECTS for ends in (graph.receivers, graph.senders))
    graph = graph.replace(edges=types[graph.edge_graph, receivers, senders - (senders > receivers).long()])

    def message(edge, sender, receiver, **_):
        ends = torch.cat([sender[:, :WIDTH], receiver[:, :WIDTH]], -1)
        kinds = [edge[:, kind, None] * net(ends) for kind, net in enumerate(decoder.messages, 1)]
        return sum(kinds) / (len(kinds) * OBJECTS)

    def gate(received, node, **_):
        kept, x = node.split([WIDTH, FEATURES], -1)
        (ri, ui, ni), (rh, uh, nh) = (
            part.chunk(3, -1) for part in (decoder.of_input(x), decoder.of_received(received))
        )
        update = torch.sigmoid(ui + uh)
        return (1 - update) * torch.tanh(ni + torch.sigmoid(ri + rh) * nh) + update * kept

    expected = graph_network(graph, phi_e=message, phi_v=gate).nodes.view_as(memory)
    torch.testing.assert_close(decoder(states, types, memory)[1], expected)


@pytest.mark.parametrize(("training", "always"), [(True, False), (False, False), (False, True)])
@pytest.mark.parametrize("part", ["output of mlp", "output of recurrent", "messages of recurrent"])
def test_dropout_is_for_training_and_by_a_switch_for_evaluation(part, training, always):
    """The memory depends on the messages alone; without edges the prediction depends on the output alone."""
    what, name = part.split(" of ")
    states, types = (value.float() for value in values())
    decoder = DECODERS[name](FEATURES, WIDTH, TYPES, dropout=0.5, always=always).train(training)
    memory = torch.randn(2, OBJECTS, WIDTH) if name == "recurrent" else None
    if what == "output":
        types = torch.zeros_like(types)
    twice = [decoder(states, types, memory)[what == "messages"] for _ in range(2)]
    assert torch.equal(*twice) is not (training or always)


@pytest.mark.parametrize("name", DECODERS)
def test_second_derivatives_through_two_frames(name):
    """In the states, in the edge types, and in weights that both frames share."""
    decoder = DECODERS[name](FEATURES, WIDTH, TYPES).double()
    states, types = (value[:1].requires_grad_() for value in values())
    weights = {path: weight.detach().clone() for path, weight in decoder.named_parameters()}
    shared = "message_in.0.weight" if name == "mlp" else "messages.0.0.weight"

    def second_frame(states, types, weight):
        memory = decoder.start(states)
        for _ in range(2):
            states, memory = torch.func.functional_call(decoder, weights | {shared: weight}, (states, types, memory))
        return states

    given = states, types, weights[shared].requires_grad_()
    assert torch.autograd.gradgradcheck(second_frame, given)


@pytest.mark.parametrize("name", DECODERS)
def test_transforms_of_functions_pass_through(name):
    """The gradient of every scene at once, and a matrix of second derivatives."""
    decoder, (states, types) = DECODERS[name](FEATURES, WIDTH, TYPES).double(), values()

    def energy(states, types):
        return decoder(states[None], types[None], decoder.start(states[None]))[0].square().sum()

    slopes = torch.func.vmap(torch.func.grad(energy))(states, types)
    given = states.clone().requires_grad_()
    torch.autograd.backward([energy(*scene) for scene in zip(given, types, strict=True)])
    torch.testing.assert_close(slopes, given.grad)
    expected = torch.autograd.functional.hessian(lambda states: energy(states, types[0]), states[0])
    torch.testing.assert_close(torch.func.hessian(energy)(states[0], types[0]), expected)
