"""A layer that does more than its class acts in every model that takes plain layers apart.

The right value is that of a model whose layer is plain and has the weights that the changed one amounts to.
"""

import copy

import pytest
import torch
from torch import nn
from torch.nn.modules.module import register_module_forward_hook
from torch.nn.utils import prune

from reprolib.data import shortest_paths
from reprolib.data.split import Split
from reprolib.models.graph_tasks import Widths, build, graph_of
from reprolib.models.modular import receivers
from reprolib.models.modular.modules import ModularNetwork
from reprolib.models.modular.sender_blocks import Receivers, Sweeps
from reprolib.models.nri import CNNEncoder, MLPDecoder, MLPEncoder, RecurrentDecoder
from reprolib.models.plain_layers import is_plain
from reprolib.models.relation_network import RelationNetwork, mlp
from reprolib.settings.on_graphs import ProcessModel

FRAMES, OBJECTS, D, Q, WIDTH, KINDS = 20, 4, 3, 2, 6, 2
WIDE = torch.float64


class Doubled(nn.Linear):
    """A subclass with a forward of its own."""

    def forward(self, values):
        return 2 * super().forward(values)


class DoubledConvolution(nn.Conv1d):
    """The same over time."""

    def forward(self, values):
        return 2 * super().forward(values)


class DoubledSequence(nn.Sequential):
    """The same for a whole network."""

    def forward(self, values):
        return 2 * super().forward(values)


class Wrapper(nn.Module):
    """What holds a network and doubles it, with no attribute of the network."""

    def __init__(self, inner):
        super().__init__()
        self.inner = inner

    def forward(self, *values):
        return 2 * self.inner(*values)


class Twice(nn.Module):
    """Doubles what it gets."""

    def forward(self, values):
        return 2 * values


def own_forward(layer):
    called = type(layer).forward
    layer.forward = lambda *values: 2 * called(layer, *values)
    return layer


def hooked(layer):
    layer.register_forward_hook(lambda module, inputs, output: 2 * output)
    return layer


def hooked_before(layer):
    layer.register_forward_pre_hook(lambda module, inputs: tuple(2 * value for value in inputs))
    return layer


def recorded(layer):
    layer.gradients = []
    layer.register_full_backward_hook(lambda module, inward, outward: layer.gradients.append(outward[0]))
    return layer


def subclassed(layer):
    layer.__class__ = {nn.Conv1d: DoubledConvolution, nn.Sequential: DoubledSequence}.get(type(layer), Doubled)
    return layer


def pruned(layer):
    return prune.l1_unstructured(layer, "weight", amount=0.5)


def rescaled(layer, name="weight_g"):
    """After weight norm, with other lengths than the layer had."""
    with torch.no_grad():
        dict(layer.named_parameters())[name].mul_(1.5)
    return layer


CHANGES = {
    "own forward": own_forward,
    "forward hook": hooked,
    "forward pre-hook": hooked_before,
    "backward hook": recorded,
    "subclass": subclassed,
    "wrapper": Wrapper,
    "pruned": pruned,
    "old weight norm": lambda layer: rescaled(nn.utils.weight_norm(layer)),
    "weight norm": lambda layer: rescaled(
        nn.utils.parametrizations.weight_norm(layer), "parametrizations.weight.original0"
    ),
    "old spectral norm": nn.utils.spectral_norm,
    "spectral norm": nn.utils.parametrizations.spectral_norm,
}


def relation_network(**options):
    model = RelationNetwork(mlp([2 * D + Q, 7, WIDTH]), nn.Linear(WIDTH, 3), **options)
    mask = torch.tensor([[True] * OBJECTS, [True, False, True, True]])
    objects, question = torch.randn(2, OBJECTS, D, dtype=WIDE), torch.randn(2, Q, dtype=WIDE)
    return model, lambda model: model(objects, question, mask if options.get("pairs") else None)


def decoder(kind):
    states, types = torch.randn(2, OBJECTS, D, dtype=WIDE), torch.rand(2, OBJECTS, OBJECTS - 1, KINDS, dtype=WIDE)
    memory = torch.randn(2, OBJECTS, WIDTH, dtype=WIDE) if kind is RecurrentDecoder else None
    return kind(D, WIDTH, KINDS, first_is_none=False), lambda model: model(states, types, memory)[0]


def encoder(kind):
    model, paths = kind(FRAMES, D, WIDTH, KINDS, 0.0, "n"), torch.randn(3, FRAMES, OBJECTS, D, dtype=WIDE)
    with torch.no_grad():
        model.double()(paths)  # batch norms that have seen data are not the identity
    return model, lambda model: model(paths)


def core(messages):
    columns = {name: torch.from_numpy(column) for name, column in shortest_paths.generate(3, (4, 6), 0).items()}
    split = Split({name: each.double() if each.is_floating_point() else each for name, each in columns.items()})
    widths = Widths(shortest_paths.NODE, shortest_paths.EDGE, shortest_paths.GLOBAL, 1, 1)
    model = build(ProcessModel(width=WIDTH, steps=2, messages=messages), widths)
    encoded = model.double().encoder(graph_of(split.batch(slice(None))))

    def answer(core):
        last = core(encoded, 2)[-1]
        return torch.cat([last.nodes, last.edges, last.globals_])

    return model.core, answer


def modules(measured):
    states, after = (torch.randn(2, 3, OBJECTS, D, dtype=WIDE) for _ in range(2))
    structure = torch.randint(KINDS, (2, OBJECTS, OBJECTS - 1))
    flat = states.flatten(0, 1), after.flatten(0, 1)
    ways = {
        "step": lambda network: network(states[:, 0], structure),
        "errors": lambda network: receivers.errors(network, *flat),
        "blocks": lambda network: Receivers(network, states, after, 0.1).scores(structure, torch.tensor([0, 2])),
    }
    return ModularNetwork(D, WIDTH, KINDS), ways[measured]


MODELS = {
    "relation network": (relation_network, ["g.0", "g.2"], ["g"]),
    "chunks": (lambda: relation_network(pairs="unordered_self", chunk=5), ["g.0"], ["g"]),
    "mlp decoder": (lambda: decoder(MLPDecoder), ["message_in.0", "message_out.1", "output.0"], ["output"]),
    "recurrent decoder": (lambda: decoder(RecurrentDecoder), ["messages.0.0", "of_received"], ["messages.1"]),
    "mlp encoder": (lambda: encoder(MLPEncoder), ["first.first", "rounds.edge.first", "rounds.node.first"], []),
    "cnn encoder": (lambda: encoder(CNNEncoder), ["of_sender", "of_receiver", "second", "predict", "attend"], []),
    "core": (lambda: core(True), ["edge.0", "node.0", "global_.0"], ["edge", "node"]),
    "core without messages": (lambda: core(False), ["edge.0", "node.0", "global_.0"], ["global_"]),
    "step of modules": (lambda: modules("step"), ["of_state", "of_received", "edges.0.2"], ["node"]),
    "errors of modules": (lambda: modules("errors"), ["of_received"], ["node"]),
    "blocks of modules": (lambda: modules("blocks"), ["of_received"], ["node"]),
}


def paths(position):
    """Name of a model and path in it, of all layers (position 1) or whole networks (2) that are changed."""
    return [
        pytest.param(name, path, id=f"{name}: {path}") for name, parts in MODELS.items() for path in parts[position]
    ]


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(0)


def made(name):
    model, answer = MODELS[name][0]()
    return model.double().eval(), answer


def replaced(model, path, layer):
    parent, _, name = path.rpartition(".")
    setattr(model.get_submodule(parent), name, layer)


def amounting_to(layer, plain):
    """A plain layer with the weights that one amounts to, as a map of unit inputs."""
    with torch.no_grad():
        size = plain.weight[0].numel()
        units = torch.eye(size, dtype=WIDE).view(size, *plain.weight[0].shape)
        start = layer(torch.zeros_like(units[:1]))
        plain.weight.copy_((layer(units) - start).flatten(1).T.reshape(plain.weight.shape))
        if plain.bias is not None:
            plain.bias.copy_(start.flatten())
    return plain


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize(("name", "path"), paths(1))
def test_a_changed_layer_acts(name, path, change):
    model, answer = made(name)
    before, plain = answer(model), copy.deepcopy(model.get_submodule(path))
    replaced(model, path, CHANGES[change](copy.deepcopy(plain)).eval())
    found = answer(model)
    replaced(model, path, amounting_to(model.get_submodule(path), plain))
    assert is_plain(model.get_submodule(path), type(plain))
    torch.testing.assert_close(found, answer(model))
    assert torch.allclose(found, before) == (change == "backward hook")


@pytest.mark.parametrize("change", ["own forward", "forward hook", "subclass", "wrapper"])
@pytest.mark.parametrize(("name", "path"), paths(2))
def test_a_changed_network_acts(name, path, change):
    model, answer = made(name)
    whole = model.get_submodule(path)
    replaced(model, path, CHANGES[change](copy.deepcopy(whole)))
    found = answer(model)
    replaced(model, path, nn.Sequential(*whole, Twice()))
    torch.testing.assert_close(found, answer(model))


@pytest.mark.parametrize("change", ["own forward", "forward hook", "wrapper"])
@pytest.mark.parametrize(("name", "path"), [("mlp encoder", "first"), ("mlp encoder", "rounds.edge")])
def test_a_changed_edge_network_of_an_encoder_acts(name, path, change):
    model, answer = made(name)
    doubled = copy.deepcopy(model)
    with torch.no_grad():  # the last layer
        doubled.get_submodule(path).norm.weight.mul_(2)
        doubled.get_submodule(path).norm.bias.mul_(2)
    replaced(model, path, CHANGES[change](model.get_submodule(path)))
    torch.testing.assert_close(answer(model), answer(doubled))


@pytest.mark.parametrize(("name", "path"), [("relation network", "g.0"), ("mlp decoder", "message_in.0")])
def test_a_backward_hook_sees_the_gradient_of_every_row(name, path):
    model, answer = made(name)
    layer = recorded(model.get_submodule(path))
    answer(model).square().sum().backward()
    seen = sum(gradient.flatten(0, -2).sum(0) for gradient in layer.gradients)
    torch.testing.assert_close(seen, layer.bias.grad)


def test_a_hook_on_all_modules_sees_the_layers_that_else_are_taken_apart():
    model, answer = made("mlp decoder")
    before, seen = answer(model), []
    hook = register_module_forward_hook(lambda module, inputs, output: seen.append(module))
    try:
        found = answer(model)
    finally:
        hook.remove()
    torch.testing.assert_close(found, before)
    assert {*model.message_in, *model.message_out, model.output[0]} <= set(seen)


def test_a_convolution_that_is_padded_or_has_another_bias_acts():
    model, answer = made("cnn encoder")
    before = answer(model)
    model.second = nn.Conv1d(WIDTH, WIDTH, 5, padding=2, dtype=WIDE)
    padded = answer(model)
    hooked(model.second).weight.data.mul_(0.5)
    model.second.bias.data.mul_(0.5)
    torch.testing.assert_close(answer(model), padded)
    model, answer = made("cnn encoder")
    model.of_sender = nn.Conv1d(D, WIDTH, 5, dtype=WIDE)
    assert not torch.allclose(answer(model), before)


def test_a_layer_without_a_bias_serves():
    model, answer = made("mlp decoder")
    layer = model.message_out[0]
    with torch.no_grad():
        layer.bias.zero_()
    expected = answer(model)
    layer.bias = None
    torch.testing.assert_close(answer(model), expected)


@pytest.mark.parametrize("count", [3, 5])
def test_a_search_among_blocks_of_senders_calls_a_layer_that_is_not_linear(count):
    """Of two senders at a time, from a guess on: the same receivers as all assignments at once."""
    network = ModularNetwork(D, WIDTH, KINDS).double()
    network.of_received.register_forward_hook(lambda module, inputs, output: output.tanh())
    states, structure = torch.randn(1, 4, count, D, dtype=WIDE), torch.randint(KINDS, (1, count, count - 1))
    with torch.no_grad():
        after = network(states.flatten(0, 1), structure.repeat(4, 1, 1)).view_as(states)
    found = Receivers(network, states, after, 1e-12).searched(Sweeps(None, 1, 1), torch.Generator())
    assert torch.equal(found, structure)
    errors = receivers.errors(network, states.flatten(0, 1), after.flatten(0, 1)).mean(0)  # [N, C]
    assert torch.equal(receivers.assignments(count - 1, KINDS)[errors.argmin(-1)], structure[0])


def test_a_compiled_g_is_called():
    model, answer = made("relation network")
    expected = answer(model)
    model.g = torch.compile(model.g, backend="eager")
    torch.testing.assert_close(answer(model), expected)


@pytest.mark.parametrize(
    "g",
    [
        nn.Linear(2 * D + Q, WIDTH),
        nn.Sequential(nn.LayerNorm(2 * D + Q), nn.Linear(2 * D + Q, WIDTH)),
        nn.Sequential(nn.LazyLinear(WIDTH), nn.ReLU()),
        Wrapper(nn.Linear(2 * D + Q, WIDTH)),
    ],
    ids=["linear", "norm first", "lazy", "wrapper"],
)
def test_g_need_not_start_with_a_linear_layer(g):
    model, objects, question = RelationNetwork(g, nn.Identity()), torch.randn(2, 3, D), torch.randn(2, Q)
    found = model(objects, question)
    pairs = [torch.cat([objects[:, i], objects[:, j], question], -1) for i in range(3) for j in range(3)]
    torch.testing.assert_close(found, sum(map(g, pairs)))
