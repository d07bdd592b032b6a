"""The optimisers: which parameters Muon moves and how far, and that it stands in for one optimiser."""

import copy

import pytest
import torch
from torch import nn

from reprolib.settings.recipe import OPTIMISERS
from reprolib.training import optimisers

RATE = 0.01


class Reader(nn.Module):
    """Words, a matrix and a bias, and a parameter that no loss needs."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.words, self.layer = nn.Embedding(9, 6), nn.Linear(6, 4)
        self.unused = nn.Parameter(torch.ones(3, 3))

    def forward(self, tokens):
        return self.layer(self.words(tokens))


def moved(model, optimiser):
    """How far each parameter goes in one step along the gradients that it has."""
    before = {name: parameter.detach().clone() for name, parameter in model.named_parameters()}
    optimiser.step()
    return {name: parameter.detach() - before[name] for name, parameter in model.named_parameters()}


def with_gradients(loss=lambda outputs: outputs.square().sum()):
    model = Reader()
    loss(model(torch.arange(9))).backward()
    return model


@pytest.mark.parametrize("name", OPTIMISERS)
def test_every_optimiser_goes_downhill_and_leaves_alone_what_has_no_gradient(name):
    model = Reader()
    optimiser = optimisers.make(name, model, RATE, weight_decay=0.0)
    losses = []
    for _ in range(50):
        optimiser.zero_grad()
        loss = model(torch.arange(9)).square().mean()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < 0.9 * losses[0]
    assert model.unused.equal(torch.ones(3, 3))


def test_muon_goes_as_far_in_a_rare_direction_as_in_a_common_one():
    """The gradient has singular values 1 and 1e-3; those of the step are alike, Adam's usual step times sqrt(size)."""
    layer = nn.Linear(5, 4, bias=False)
    torch.manual_seed(0)
    left, right = torch.linalg.qr(torch.randn(4, 2))[0], torch.linalg.qr(torch.randn(5, 2))[0]
    layer.weight.grad = -left @ torch.diag(torch.tensor([1.0, 1e-3])) @ right.T
    step = moved(layer, optimisers.make("muon", layer, RATE, weight_decay=0.0))["weight"]
    spread = left.T @ step @ right / (RATE * 0.2 * 5**0.5)
    assert spread[0, 0] == pytest.approx(1, abs=0.4)
    assert spread[1, 1] > 0.2 * spread[0, 0]  # five rounds of Newton and Schulz bring 0.001 so far


def test_muon_leaves_words_and_biases_to_adam():
    muon, adam = with_gradients(), with_gradients()
    steps = moved(muon, optimisers.make("muon", muon, RATE, weight_decay=0.1))
    expected = moved(adam, optimisers.make("adamw", adam, RATE, weight_decay=0.1))
    for name in ("words.weight", "layer.bias"):
        assert steps[name].equal(expected[name])
    assert not steps["layer.weight"].allclose(expected["layer.weight"], rtol=0.1)


def test_muon_moves_kernels_as_the_matrix_that_they_are():
    torch.manual_seed(0)
    kernels, matrix = nn.Conv2d(3, 4, 2, bias=False), nn.Linear(12, 4, bias=False)
    with torch.no_grad():
        matrix.weight.copy_(kernels.weight.flatten(1))
    pictures = torch.randn(5, 3, 2, 2)
    both = [optimisers.make("muon", model, RATE, weight_decay=0.1) for model in (kernels, matrix)]
    for _ in range(3):
        for model, optimiser, inputs in zip((kernels, matrix), both, (pictures, pictures.flatten(1)), strict=True):
            optimiser.zero_grad()
            model(inputs).square().sum().backward()
            optimiser.step()
    torch.testing.assert_close(kernels.weight.flatten(1), matrix.weight)


def test_muon_forgets_the_gradients_of_kernels():
    kernels = nn.Conv1d(2, 2, 3, bias=False)
    optimiser = optimisers.make("muon", kernels, RATE, weight_decay=0.0)
    kernels.weight.grad = torch.ones_like(kernels.weight)
    optimiser.zero_grad()
    assert kernels.weight.grad is None
    assert not moved(kernels, optimiser)["weight"].any()


@pytest.mark.parametrize("model", [nn.Linear(3, 2, bias=False), nn.Embedding(4, 2), nn.Conv1d(3, 2, 1, bias=False)])
def test_muon_takes_a_model_of_one_kind_of_parameter(model):
    optimiser = optimisers.make("muon", model, RATE, weight_decay=0.0)
    model.weight.grad = torch.ones_like(model.weight)
    assert moved(model, optimiser)["weight"].abs().min() > 0


def test_muon_goes_on_from_its_state():
    first, second = with_gradients(), with_gradients()
    optimiser, other = (optimisers.make("muon", model, RATE, 0.0) for model in (first, second))
    optimiser.step()
    other.load_state_dict(copy.deepcopy(optimiser.state_dict()))
    second.load_state_dict(first.state_dict())
    steps, expected = moved(second, other), moved(first, optimiser)
    assert all(steps[name].equal(expected[name]) for name in expected)


def test_all_of_muons_parameters_take_the_rate_that_is_set():
    model = with_gradients()
    optimiser = optimisers.make("muon", model, RATE, weight_decay=0.0)
    for group in optimiser.param_groups:
        group["lr"] = 0.0
    assert all(not step.any() for step in moved(model, optimiser).values())


def test_muon_shrinks_its_matrices_as_adam_does_the_rest():
    steps = []
    for decay in (0.0, 0.5):
        model = with_gradients()
        steps.append(moved(model, optimisers.make("muon", model, RATE, weight_decay=decay)))
    start = dict(with_gradients().named_parameters())
    for name in ("layer.weight", "layer.bias", "words.weight"):
        torch.testing.assert_close(steps[1][name] - steps[0][name], -RATE * 0.5 * start[name].detach())
