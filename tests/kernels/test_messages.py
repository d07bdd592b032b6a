"""The gated message sum against its formula, in values and gradients."""

import pytest
import torch
from torch import nn

from reprolib.kernels import messages
from reprolib.kernels.messages import message_sum


def by_hand(sender, receiver, gate, weight, bias):
    """The formula, one message at a time."""
    rows, count, _ = sender.shape
    total = sender.new_zeros(rows, count, len(weight))
    out = [[total[r, i] for i in range(count)] for r in range(rows)]
    for r in range(rows):
        for i in range(count):
            for k, j in enumerate(j for j in range(count) if j != i):
                hidden = torch.relu(sender[r, j] + receiver[r, i])
                out[r][i] = out[r][i] + gate[r, i, k] * torch.relu(weight @ hidden + bias)
    return torch.stack([torch.stack(row) for row in out]) if rows else total


def values(rows, count, dtype=torch.float64):
    torch.manual_seed(0)
    shapes = (rows, count, 3), (rows, count, 3), (rows, count, count - 1), (4, 3), (4,)
    return [torch.randn(shape, dtype=dtype).requires_grad_() for shape in shapes]


@pytest.mark.parametrize(("rows", "count"), [(1, 2), (3, 2), (7, 3), (5, 5), (2, 6)])
@pytest.mark.parametrize("block", [1, 240, 10**6])
def test_values_and_gradients_are_those_of_the_formula(monkeypatch, rows, count, block):
    monkeypatch.setattr(messages, "BLOCK", block)
    given = values(rows, count)
    ours, formula = message_sum(*given), by_hand(*given)
    torch.testing.assert_close(ours, formula, rtol=0, atol=1e-12)
    direction = torch.randn_like(formula)
    gradients = [torch.autograd.grad((side * direction).sum(), given, allow_unused=True) for side in (ours, formula)]
    for one, other in zip(*gradients, strict=True):
        other = torch.zeros_like(one) if other is None else other
        torch.testing.assert_close(one, other, rtol=0, atol=1e-12)


def test_objects_may_come_in_any_order():
    sender, receiver, _, weight, bias = values(3, 5)
    square = torch.randn(3, 5, 5, dtype=torch.float64)  # gate of every ordered pair
    off_diagonal = ~torch.eye(5, dtype=torch.bool)

    def summed(order):
        gate = square[:, order][:, :, order][:, off_diagonal].view(3, 5, 4)
        return message_sum(sender[:, order], receiver[:, order], gate, weight, bias)

    order = torch.tensor([3, 0, 4, 2, 1])
    torch.testing.assert_close(summed(order), summed(torch.arange(5))[:, order])


def test_autocast_works_in_half_precision_and_stays_close():
    given = values(9, 5, torch.float32)
    exact = message_sum(*given)
    with torch.autocast("cpu", torch.bfloat16):
        rough = message_sum(*given)
    assert rough.dtype == torch.bfloat16
    assert (rough.float() - exact).norm() < 0.02 * exact.norm()
    gradients = torch.autograd.grad(rough.float().square().sum(), given)
    for ours, true in zip(gradients, torch.autograd.grad(exact.square().sum(), given), strict=True):
        assert ours.dtype == torch.float32
        assert (ours - true).norm() < 0.05 * true.norm()


@pytest.mark.parametrize("fused", [True, False])
@pytest.mark.parametrize("rows", [0, 1, 9])
def test_single_precision_with_and_without_fused_products(monkeypatch, fused, rows):
    if not fused:
        monkeypatch.setattr(torch.backends.mkldnn, "is_available", lambda: False)
    exact = values(rows, 5)
    given = [value.detach().float().requires_grad_() for value in exact]
    sums = [message_sum(*those) for those in (given, exact)]
    gradients = [
        torch.autograd.grad(total.square().sum(), those) for total, those in zip(sums, (given, exact), strict=True)
    ]
    for ours, true in zip((sums[0], *gradients[0]), (sums[1], *gradients[1]), strict=True):
        assert ours.dtype == torch.float32
        torch.testing.assert_close(ours.double(), true, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("frozen", [(), (0, 3), (1, 2, 4)])
def test_second_derivatives(frozen):
    given = [value.requires_grad_(number not in frozen) for number, value in enumerate(values(2, 3))]
    assert torch.autograd.gradgradcheck(message_sum, given)


def test_second_derivatives_where_one_sum_is_made_from_another():
    """Values of the second sum depend on those of the first, and both have the same weights."""

    def penalty(summed):
        sender, receiver, gate, weight, bias = given = values(2, 3)
        inner = summed(sender, receiver, gate, weight, bias)[..., :3]
        total = summed(inner, inner + receiver, gate, weight, bias)
        slopes = torch.autograd.grad(total.square().sum(), [sender, weight], create_graph=True)
        return torch.autograd.grad(sum(slope.square().sum() for slope in slopes), given)

    for ours, formula in zip(penalty(message_sum), penalty(by_hand), strict=True):
        torch.testing.assert_close(ours, formula)


def test_a_gate_of_zero_silences_a_sender():
    sender, receiver, gate, weight, bias = values(2, 4)
    gate = gate.detach().clone()
    gate[:, 1:, 0] = 0  # object 0 is the first sender of all others
    base = message_sum(sender, receiver, gate, weight, bias)
    moved = sender.detach().clone()
    moved[:, 0] += nn.functional.softplus(torch.randn(3, dtype=torch.float64)) * 10
    other = message_sum(moved, receiver, gate, weight, bias)
    torch.testing.assert_close(other, base)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_gradients_of_the_weights_are_added_in_single_precision_over_the_blocks(monkeypatch, dtype):
    """Ones of 8,192 messages: added block by block, bfloat16 stalls at 512, float16 at 4,096."""
    monkeypatch.setattr(messages, "BLOCK", 1)  # a scene
    scenes = 4096  # of two messages each
    sender, receiver, gate = torch.ones(scenes, 2, 1), torch.zeros(scenes, 2, 1), torch.ones(scenes, 2, 1)
    given = [value.to(dtype).requires_grad_() for value in (sender, receiver, gate, torch.ones(1, 1), torch.zeros(1))]
    *_, of_weight, of_bias = torch.autograd.grad(message_sum(*given).sum(), given)
    assert (of_weight.dtype, of_bias.dtype) == (dtype, dtype)
    assert (of_weight.item(), of_bias.item()) == (2 * scenes, 2 * scenes)
