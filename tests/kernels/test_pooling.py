"""The larger of two neighbours in time, against PyTorch's max pooling."""

import pytest
import torch

from reprolib.kernels.pooling import larger_of_two


@pytest.mark.parametrize("frames", [2, 7, 8, 45])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_values_and_gradients_are_those_of_max_pooling(frames, dtype):
    torch.manual_seed(0)
    values = torch.randn(6, frames, 5).to(dtype).relu()  # many are equal: both 0
    found, expected = (values.clone().requires_grad_() for _ in range(2))
    ours, theirs = larger_of_two(found), torch.nn.functional.max_pool2d(expected, (2, 1))
    assert torch.equal(ours, theirs)
    gradient = torch.randn_like(ours)
    ours.backward(gradient)
    theirs.backward(gradient)
    assert torch.equal(found.grad, expected.grad)


def test_an_expanded_gradient_is_taken():
    values = torch.randn(3, 4, 2, requires_grad=True)
    larger_of_two(values).sum().backward()
    assert values.grad.sum() == 3 * 2 * 2


@pytest.mark.parametrize("frames", [4, 5])
def test_second_derivatives(frames):
    values = torch.randn(2, frames, 3, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradgradcheck(lambda values: larger_of_two(values).square(), values)


def test_a_transform_of_functions_passes_through():
    values = torch.randn(2, 5, 3)
    slopes = torch.func.vmap(torch.func.grad(lambda one: larger_of_two(one[None]).square().sum()))(values)
    given = values.clone().requires_grad_()
    larger_of_two(given).square().sum().backward()
    torch.testing.assert_close(slopes, given.grad)
