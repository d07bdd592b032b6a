"""A running mean of the weights: its closed form, and that a model has it for a while only."""

import torch
from torch import nn

from reprolib.training.averaging import Average


def test_the_mean_is_the_exponential_one_with_a_short_memory_at_first():
    model = nn.Linear(3, 2)
    average, expected = Average(model, 0.9), [parameter.detach().clone() for parameter in model.parameters()]
    for step in range(200):
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.add_(torch.randn_like(parameter))
        average.update(step)
        decay = min(0.9, (1 + step) / (10 + step))
        expected = [
            decay * mean + (1 - decay) * weight for mean, weight in zip(expected, model.parameters(), strict=True)
        ]
    for mean, value in zip(average.means, expected, strict=True):
        torch.testing.assert_close(mean, value)


def test_the_model_has_the_means_for_a_while_and_then_its_own_weights():
    model = nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2))
    average = Average(model, 0.5)
    with torch.no_grad():
        model[0].weight.add_(1)
    average.update(0)
    own = {name: value.clone() for name, value in model.state_dict().items()}
    with average.in_place():
        assert torch.equal(model[0].weight, average.means[0])
        assert not torch.equal(model[0].weight, own["0.weight"])
    assert all(torch.equal(value, own[name]) for name, value in model.state_dict().items())


def test_what_is_not_trained_has_no_mean():
    model = nn.Linear(3, 2)
    model.bias.requires_grad_(False)
    assert [mean.shape for mean in Average(model, 0.5).means] == [(2, 3)]
