"""Encoders against the plain structure of the paper, under reordering of objects, and at other sizes."""

import copy
from functools import partial

import pytest
import torch
from torch import nn

from reprolib.errors import InputError
from reprolib.gn import fully_connected, graph_network
from reprolib.gn.block import OnConcat
from reprolib.models.nri.encoders import SHORTEST, CNNEncoder, EdgeMLP, MLPEncoder, sent

FRAMES, FEATURES, WIDTH, TYPES = 20, 3, 8, 2
ENCODERS = {"mlp": MLPEncoder, "cnn": CNNEncoder}


@pytest.fixture(params=["mlp", "cnn"])
def encoder(request):
    torch.manual_seed(0)
    return _warmed(ENCODERS[request.param](FRAMES, FEATURES, WIDTH, TYPES, 0.0, "n").double())


def _warmed(encoder):
    """In evaluation, with batch norms that have seen data and are not the identity."""
    encoder(torch.randn(16, FRAMES, 4, FEATURES, dtype=torch.float64))
    return encoder.eval()


def trajectories(objects=5, scenes=3, frames=FRAMES):
    torch.manual_seed(1)
    return torch.randn(scenes, frames, objects, FEATURES, dtype=torch.float64)


def by_block(encoder, nodes, first):
    """An encoder as passes of the graph network block, from its nodes [B, N, ...] and its first edge network."""
    scenes, count = nodes.shape[:2]
    graph = graph_network(fully_connected(nodes, self_edges=False), phi_e=first)
    skip = graph.edges
    graph = graph_network(graph, phi_v=lambda received, **_: encoder.rounds.node(received / count))

    def second(edge, sender, receiver, **_):
        return encoder.rounds.edge(sender, receiver, edge)

    graph = graph_network(graph.replace(edges=skip), phi_e=second)
    logits = encoder.rounds.out(graph.edges)
    dense = logits.new_zeros(scenes, count, count, TYPES)
    offset = torch.arange(scenes).repeat_interleave(count * (count - 1)) * count
    dense[graph.edge_graph, graph.receivers - offset, graph.senders - offset] = logits
    off_diagonal = ~torch.eye(count, dtype=torch.bool)
    return dense[:, off_diagonal].view(scenes, count, count - 1, TYPES)


@pytest.mark.parametrize("objects", [2, 5])
def test_the_mlp_encoder_is_a_configuration_of_the_block(objects):
    encoder = _warmed(MLPEncoder(FRAMES, FEATURES, WIDTH, TYPES, 0.0, "n").double())
    paths = trajectories(objects)
    nodes = encoder.embed(paths.transpose(1, 2).flatten(2))
    expected = by_block(encoder, nodes, OnConcat(encoder.first, "sender", "receiver"))
    torch.testing.assert_close(encoder(paths), expected)


@pytest.mark.parametrize("objects", [2, 5])
def test_the_convolutional_encoder_is_a_configuration_of_the_block(objects):
    encoder = _warmed(CNNEncoder(FRAMES, FEATURES, WIDTH, TYPES, 0.0, "n").double())
    paths = trajectories(objects)

    def first(sender, receiver, **_):
        return encoder.first(convolved(encoder, *(end.unflatten(1, (FEATURES, FRAMES)) for end in (sender, receiver))))

    expected = by_block(encoder, paths.permute(0, 2, 3, 1).flatten(2), first)
    torch.testing.assert_close(encoder(paths), expected)


def test_the_first_convolution_is_that_of_the_concatenated_pair():
    encoder = CNNEncoder(FRAMES, FEATURES, WIDTH, TYPES, 0.0, "n").double()
    joint = nn.Conv1d(2 * FEATURES, WIDTH, 5).double()
    joint.weight.data = torch.cat([encoder.of_sender.weight, encoder.of_receiver.weight], 1)
    joint.bias.data = encoder.of_receiver.bias.data
    sender, receiver = torch.randn(2, 4, FEATURES, FRAMES, dtype=torch.float64)
    expected = joint(torch.cat([sender, receiver], 1))
    torch.testing.assert_close(encoder.of_sender(sender) + encoder.of_receiver(receiver), expected)


def convolved(encoder, sender, receiver):
    """What the convolutions make of the trajectories of every edge's ends: [E, D, T] twice -> [E, H]."""
    hidden = encoder.norms[0]((encoder.of_sender(sender) + encoder.of_receiver(receiver)).relu())
    hidden = encoder.norms[1](encoder.second(nn.functional.max_pool1d(hidden, 2)).relu())  # [E, H, T']
    return (encoder.predict(hidden) * encoder.attend(hidden).softmax(-1)).mean(-1)


def by_edge(encoder, paths):
    """The convolutional encoder on the pair of every edge: conv, ReLU, batch norm, pooling, twice; then attention."""
    scenes, count = paths.shape[0], paths.shape[2]
    by_object = paths.permute(0, 2, 3, 1)  # [B, N, D, T]
    pairs = [(scene, i, j) for scene in range(scenes) for i in range(count) for j in range(count) if j != i]
    senders, receivers = (torch.stack([by_object[b, ends[which]] for b, *ends in pairs]) for which in (1, 0))
    pooled = convolved(encoder, senders, receivers)
    return encoder.rounds(encoder.first(pooled.view(scenes, count, count - 1, -1)))


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("frames", [SHORTEST, FRAMES, 33])
def test_the_convolutional_encoder_is_that_of_the_appendix(training, frames):
    """Values, gradients and what batch norm remembers."""
    torch.manual_seed(0)
    ours = _warmed(CNNEncoder(FRAMES, FEATURES, WIDTH, TYPES, 0.0, "n").double()).train(training)
    plain = copy.deepcopy(ours)
    paths, found = trajectories(objects=3, scenes=2, frames=frames), []
    for encoder, forward in ((ours, ours), (plain, partial(by_edge, plain))):
        logits = forward(paths)
        logits.square().sum().backward()
        found.append([logits, *encoder.buffers(), *(parameter.grad for parameter in encoder.parameters())])
    for value, expected in zip(*found, strict=True):
        torch.testing.assert_close(value, expected)


def test_edges_follow_their_objects(encoder):
    paths, order = trajectories(), torch.tensor([2, 0, 4, 1, 3])
    logits = encoder(paths)
    square = logits.new_zeros(3, 5, 5, TYPES)
    off_diagonal = ~torch.eye(5, dtype=torch.bool)
    square[:, off_diagonal] = logits.flatten(1, 2)
    expected = square[:, order][:, :, order][:, off_diagonal].view_as(logits)
    torch.testing.assert_close(encoder(paths[:, :, order]), expected)


def test_scenes_do_not_mix(encoder):
    paths = trajectories()
    torch.testing.assert_close(encoder(paths)[1:2], encoder(paths[1:2]))


def test_direction_counts(encoder):
    """The logits of j -> i and of i -> j differ: the ends are told apart."""
    logits = encoder(trajectories(objects=2))
    assert (logits[:, 0] - logits[:, 1]).abs().max() > 1e-3


def test_sent_lists_all_others_in_ascending_order():
    nodes = torch.arange(4.0)[None, :, None]
    assert sent(nodes)[0, ..., 0].tolist() == [[1, 2, 3], [0, 2, 3], [0, 1, 3], [0, 1, 2]]


def test_the_divisor_of_the_sum_is_a_switch():
    torch.manual_seed(0)
    ours = MLPEncoder(FRAMES, FEATURES, WIDTH, TYPES, 0.0, "n").double().eval()
    other = MLPEncoder(FRAMES, FEATURES, WIDTH, TYPES, 0.0, "n-1").double().eval()
    other.load_state_dict(ours.state_dict())
    paths = trajectories()
    assert (ours(paths) - other(paths)).abs().max() > 1e-6
    other.rounds.node.first.weight.data *= 4 / 5  # takes the other divisor back
    torch.testing.assert_close(ours(paths), other(paths))


def test_the_convolutional_encoder_reads_any_number_of_frames():
    encoder = _warmed(CNNEncoder(FRAMES, FEATURES, WIDTH, TYPES, 0.0, "n").double())
    for frames in (SHORTEST, 33):
        assert encoder(trajectories(frames=frames)).shape == (3, 5, 4, TYPES)


def test_wrong_numbers_of_frames_are_refused():
    with pytest.raises(InputError, match="20 frames, not 21"):
        MLPEncoder(FRAMES, FEATURES, WIDTH, TYPES, 0.0, "n")(torch.zeros(1, 21, 3, FEATURES))
    with pytest.raises(InputError, match=f"{SHORTEST} frames or more"):
        CNNEncoder(SHORTEST - 1, FEATURES, WIDTH, TYPES, 0.0, "n")
    with pytest.raises(InputError, match=r"model\.aggregate"):
        MLPEncoder(FRAMES, FEATURES, WIDTH, TYPES, 0.0, "mean")


def test_dropout_is_for_training():
    block, nodes = EdgeMLP((FEATURES,), WIDTH, dropout=0.5), torch.randn(2, 5, FEATURES)
    assert not block.train()(nodes).equal(block(nodes))
    assert block.eval()(nodes).equal(block(nodes))


@pytest.mark.parametrize("share", [0.2, 0.5])
def test_what_the_first_convolution_found_drops_out_in_training_as_often_as_said(share):
    """Before the pooling: ones are 0 or 1 / (1 - p) then, and the larger of two of them is 1 + p in the mean."""
    torch.manual_seed(0)
    encoder, pooled = CNNEncoder(FRAMES, FEATURES, WIDTH, TYPES, share, "n"), []
    for layer in (encoder.of_sender, encoder.of_receiver, encoder.second, encoder.predict, encoder.attend):
        nn.init.zeros_(layer.weight)
    for layer in (encoder.second, encoder.predict):
        nn.init.zeros_(layer.bias)
        layer.weight.data[:, :, layer.kernel_size[0] // 2] = torch.eye(WIDTH)  # every feature is passed on
    nn.init.ones_(encoder.of_receiver.bias)
    encoder.first.register_forward_pre_hook(lambda _, inputs: pooled.append(inputs[0]))
    for training in (True, False):
        encoder.train(training)
        encoder.norms.eval()  # the identity
        encoder(torch.zeros(200, FRAMES, 5, FEATURES))
    times = (FRAMES - 4) // 2 - 4  # left after both convolutions; the pooled mean is divided by them once more
    found, expected = (times * value for value in pooled)
    torch.testing.assert_close(expected, torch.ones_like(expected), rtol=0, atol=1e-4)
    assert found.mean().item() == pytest.approx(1 + share, abs=0.02)


def spread(weight):
    """The standard deviation of weights around zero, and how far that of a sample of them may lie from the truth."""
    return weight.square().mean().sqrt().item(), 5 / (2 * weight.numel()) ** 0.5


def test_linear_layers_start_as_in_the_official_code():
    """Xavier (Glorot and Bengio 2010, equation 12): a variance of 2 / (inputs + outputs); biases of 0.1."""
    torch.manual_seed(0)
    encoder = MLPEncoder(FRAMES, FEATURES, 100, 20, 0.0, "n")
    layers = [layer for layer in encoder.modules() if isinstance(layer, nn.Linear)]
    assert {tuple(layer.weight.shape) for layer in layers} >= {(100, 60), (100, 200), (100, 300), (20, 100)}
    for layer in layers:
        found, error = spread(layer.weight)
        assert found == pytest.approx((2 / sum(layer.weight.shape)) ** 0.5, rel=error)
        assert layer.bias.unique().tolist() == pytest.approx([0.1])


def test_convolutions_start_as_in_the_official_code():
    """A variance of 2 / (places of the kernel x outputs); biases of 0.1, one for both halves of the first."""
    torch.manual_seed(0)
    encoder = CNNEncoder(FRAMES, 30, 100, TYPES, 0.0, "n")
    joint = torch.cat([encoder.of_sender.weight, encoder.of_receiver.weight], 1)
    for weight in (joint, encoder.second.weight, encoder.predict.weight, encoder.attend.weight):
        outputs, _, places = weight.shape
        found, error = spread(weight)
        assert found == pytest.approx((2 / (places * outputs)) ** 0.5, rel=error)
    assert encoder.of_sender.bias is None
    for layer in (encoder.of_receiver, encoder.second, encoder.predict, encoder.attend):
        assert layer.bias.unique().tolist() == pytest.approx([0.1])


def test_second_derivatives(encoder):
    paths = trajectories(objects=3, scenes=1)[:, :, :, :1].expand(-1, -1, -1, FEATURES).clone().requires_grad_()
    direction = torch.randn_like(paths)

    def slope(paths):
        return (torch.autograd.grad(encoder(paths).square().sum(), paths, create_graph=True)[0] * direction).sum()

    (curved,) = torch.autograd.grad(slope(paths), paths)
    step = 1e-6 * direction
    measured = (slope(paths + step) - slope(paths - step)) / 2e-6
    torch.testing.assert_close((curved * direction).sum(), measured, rtol=1e-4, atol=1e-8)
