"""Sum of gated messages between all objects of a scene: the inner loop of neural relational inference.

The messages of a block of scenes stay in the processor's cache: they are made, gated and added in place, and of the
backward pass only the last activation is kept. `_by_formula` is the definition, in operations that torch differentiates
any number of times and can export.

R scenes (rows), r scenes of a block, N objects, H features of a hidden layer, G of a message.
"""

import math

import torch
from torch import Tensor, nn

from reprolib.kernels.transformed import is_transformed

BLOCK = 20_480  # bytes that one feature of all messages of a block may take on a CPU: enough for several threads


def message_sum(sender: Tensor, receiver: Tensor, gate: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """sum over senders j of gate_ij relu(W relu(sender_j + receiver_i) + b), for every receiver i.

    Args:
        sender, receiver: [R, N, H], the first layer of the message as one term of each end.
        gate: [R, N, N - 1], one row a receiver, its senders in ascending order.
        weight, bias: W [G, H] and b [G].

    Returns:
        [R, N, G]; in half precision under autocast.
    """
    values = sender, receiver, _from_next(gate), weight, bias
    if torch.is_autocast_enabled(sender.device.type):
        values = (value.to(torch.get_autocast_dtype(sender.device.type)) for value in values)
    return _by_formula(*values) if is_transformed() else _MessageSum.apply(*values)


def _by_formula(sender: Tensor, receiver: Tensor, gate: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """The sum of all messages [R, N, G], with gates [N - 1, R, N, 1] as `_from_next` orders them."""
    count = sender.shape[1]
    around = torch.arange(1, count, device=sender.device)[:, None] + torch.arange(count, device=sender.device)
    first = (sender[:, around % count] + receiver[:, None]).relu()  # [R, N - 1, N, H]
    message = nn.functional.linear(first, weight, bias).relu()  # [R, N - 1, N, G]
    return (gate.transpose(0, 1) * message).sum(1)


def _from_next(gate: Tensor) -> Tensor:
    """Gates [R, N, N - 1] in the order of the senders i + 1, i + 2, ... (modulo N): [N - 1, R, N, 1]."""
    count = gate.shape[1]
    receiver, offset = torch.arange(count, device=gate.device)[:, None], torch.arange(count - 1, device=gate.device)
    sender = (receiver + offset + 1) % count  # [N, N - 1]
    place = sender - (sender > receiver).long()
    return gate.gather(2, place.expand_as(gate)).permute(2, 0, 1)[..., None].contiguous()


class _MessageSum(torch.autograd.Function):
    @staticmethod
    def forward(ctx, sender: Tensor, receiver: Tensor, gate: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        rows, count, width = sender.shape
        offsets, out = count - 1, len(weight)
        hidden = _Workspace(sender, offsets, count, width)
        messages = []
        total = sender.new_empty(rows, count, out)
        for part in hidden.parts:
            size = part.stop - part.start
            first = _first_layer(sender[part], receiver[part], hidden.block(size))
            message = _linear(first.flatten(0, 2), weight, bias, "relu").view(offsets, size, count, out)
            _gated_sum(message, gate[:, part], total[part])
            messages.append(message)
        ctx.save_for_backward(sender, receiver, gate, weight, bias, *messages)
        return total

    @staticmethod
    def backward(ctx, gradient: Tensor) -> tuple[Tensor | None, ...]:
        sender, receiver, gate, weight, bias, *messages = ctx.saved_tensors
        if torch.is_grad_enabled():  # this gradient is to be differentiated again
            return _by_formula_backward((sender, receiver, gate, weight, bias), gradient, ctx.needs_input_grad)
        _, count, width = sender.shape
        offsets, out = count - 1, len(weight)
        hidden, products = _Workspace(sender, offsets, count, width), _Workspace(sender, offsets, count, out)
        of_sender, of_receiver, of_gate = (torch.empty_like(value) for value in (sender, receiver, gate))
        exact = torch.promote_types(weight.dtype, torch.float32)
        of_weight, of_bias = (sender.new_zeros(shape, dtype=exact) for shape in (weight.shape, (out,)))
        for part, message in zip(hidden.parts, messages, strict=True):
            size = part.stop - part.start
            first = _first_layer(sender[part], receiver[part], hidden.block(size))  # [N - 1, r, N, H]
            product = products.block(size)
            torch.mul(message, gradient[part], out=product)
            torch.sum(product, -1, keepdim=True, out=of_gate[:, part])
            torch.mul(gradient[part], gate[:, part], out=product)
            product = _through_relu(product, message).flatten(0, 2)  # [N - 1 * r * N, G]
            of_weight += _linear(product.t(), first.flatten(0, 2).t())
            of_bias += product.sum(0)
            of_first = _through_relu(_linear(product, weight.t()).view_as(first), first)
            torch.sum(of_first, 0, out=of_receiver[part])
            of_sender[part] = _returned(of_first)
        return of_sender, of_receiver, of_gate, of_weight.to(weight.dtype), of_bias.to(weight.dtype)


def _by_formula_backward(
    values: tuple[Tensor, ...], gradient: Tensor, needed: tuple[bool, ...]
) -> tuple[Tensor | None, ...]:
    """Gradients of the values that need one, with a graph of their own."""
    values = tuple(value.view_as(value) for value in values)  # none of these was made from another
    wanted = [value for value, need in zip(values, needed, strict=True) if need]
    found = iter(torch.autograd.grad(_by_formula(*values), wanted, gradient, create_graph=True))
    return tuple(next(found) if need else None for need in needed)


class _Workspace:
    """Memory [N - 1, r, N, width] that every block uses again, and the slices of the scenes."""

    def __init__(self, like: Tensor, offsets: int, count: int, width: int) -> None:
        scenes = len(like)
        most = scenes if like.is_cuda else max(1, BLOCK // (like.element_size() * max(1, offsets * count)))
        blocks = max(1, math.ceil(scenes / max(1, most)))
        size = math.ceil(scenes / blocks)  # even blocks
        self.parts = [slice(start, min(start + size, scenes)) for start in range(0, scenes, max(1, size))]
        self.shape = offsets, count, width
        self.memory = like.new_empty(offsets * size * count * width)

    def block(self, size: int) -> Tensor:
        offsets, count, width = self.shape
        return self.memory[: offsets * size * count * width].view(offsets, size, count, width)


def _linear(rows: Tensor, weight: Tensor, bias: Tensor | None = None, then: str = "none") -> Tensor:
    """rows W^T + b, then a ReLU where asked: [R, H], [G, H], [G] -> [R, G].

    In single precision on a CPU by oneDNN where PyTorch has it, which fuses the ReLU and is twice as fast as MKL on
    processors of AMD; in other cases PyTorch's own choice is as fast.
    """
    if rows.dtype == torch.float32 and rows.device.type == "cpu" and torch.backends.mkldnn.is_available():
        return torch.ops.mkldnn._linear_pointwise(rows, weight, bias, then, [], "")
    product = nn.functional.linear(rows, weight, bias)
    return product.relu_() if then == "relu" else product


def _first_layer(sender: Tensor, receiver: Tensor, out: Tensor) -> Tensor:
    """relu(sender_{i + k + 1} + receiver_i) of a block: [r, N, H] twice -> [N - 1, r, N, H]."""
    count = sender.shape[1]
    around = torch.cat([sender, sender], 1)  # [r, 2 N, H]
    for offset in range(1, count):
        torch.add(receiver, around[:, offset : offset + count], out=out[offset - 1])
    return out.relu_()


def _returned(of_first: Tensor) -> Tensor:
    """The gradient of the senders from that of the first layer: [N - 1, r, N, H] -> [r, N, H]."""
    offsets, rows, count, width = of_first.shape
    around = of_first.new_zeros(rows, 2 * count, width)
    for offset in range(1, offsets + 1):
        around[:, offset : offset + count] += of_first[offset - 1]
    return around[:, :count] + around[:, count:]


def _gated_sum(message: Tensor, gate: Tensor, total: Tensor) -> None:
    """Write sum over k of gate_k message_k into total: [N - 1, r, N, G], [N - 1, r, N, 1] -> [r, N, G]."""
    total.zero_()
    for one, weight in zip(message, gate, strict=True):
        total.addcmul_(one, weight)


def _through_relu(gradient: Tensor, activation: Tensor) -> Tensor:
    """The gradient where a ReLU was active, in place."""
    return torch.ops.aten.threshold_backward.grad_input(gradient, activation, 0, grad_input=gradient)
