"""Samples, divergence and likelihood against their closed forms."""

import math

import pytest
import torch

from reprolib.errors import InputError
from reprolib.models.nri import latent


def test_soft_samples_are_distributions_whose_argmax_follows_the_logits():
    torch.manual_seed(0)
    probabilities = torch.tensor([0.2, 0.5, 0.3])
    samples = latent.gumbel_softmax(probabilities.log().expand(40_000, 3), 0.5)
    torch.testing.assert_close(samples.sum(-1), torch.ones(40_000))
    share = samples.argmax(-1).bincount() / 40_000  # the Gumbel-max trick, at any temperature
    torch.testing.assert_close(share, probabilities, rtol=0, atol=0.01)


def test_a_low_temperature_makes_samples_nearly_one_hot():
    torch.manual_seed(0)
    logits = torch.randn(1000, 3)
    cold, warm = (latent.gumbel_softmax(logits, temperature).max(-1).values.mean() for temperature in (0.01, 5.0))
    assert cold > 0.99
    assert warm < 0.6


def test_hard_samples_are_one_hot_with_the_gradient_of_the_soft_ones():
    logits, weights = torch.randn(50, 3, requires_grad=True), torch.randn(50, 3)
    gradients = []
    for hard in (True, False):
        torch.manual_seed(1)
        sample = latent.gumbel_softmax(logits, 0.7, hard)
        gradients.append(torch.autograd.grad((sample * weights).sum(), logits)[0])
        if hard:
            assert sorted(set(sample.detach().round(decimals=5).flatten().tolist())) == [0.0, 1.0]
    torch.testing.assert_close(*gradients)


def test_divergence_from_a_uniform_prior_is_log_k_less_the_entropy():
    logits = torch.randn(4, 3, 2, 5, dtype=torch.float64)
    entropy = torch.distributions.Categorical(logits=logits).entropy().sum() / (4 * 3)
    expected = 2 * math.log(5) - entropy  # two edges an object
    torch.testing.assert_close(
        latent.divergence(logits, latent.prior_of(None, 5)).double(), expected, rtol=1e-5, atol=0
    )


def test_divergence_is_zero_at_the_prior_and_positive_elsewhere():
    prior = latent.prior_of(0.91, 4)
    torch.testing.assert_close(prior, torch.tensor([0.91, 0.03, 0.03, 0.03]))
    at_prior = prior.log().expand(2, 3, 2, 4)
    assert latent.divergence(at_prior, prior).abs() < 1e-6
    assert latent.divergence(at_prior.flip(-1), prior) > 1


def test_likelihood_is_the_gaussian_one_up_to_its_constant():
    predicted, target = torch.randn(7, 2, 4), torch.randn(7, 2, 4)
    gaussian = torch.distributions.Normal(predicted, math.sqrt(0.3))
    constant = 4 * 0.5 * math.log(2 * math.pi * 0.3)
    expected = -gaussian.log_prob(target).sum(-1).mean() - constant
    torch.testing.assert_close(latent.negative_log_likelihood(predicted, target, 0.3), expected)


def test_the_peaked_likelihood_is_a_gaussian_times_a_cauchy_up_to_its_constants():
    predicted, target = torch.randn(7, 2, 4), torch.randn(7, 2, 4)
    factors = torch.distributions.Normal(predicted, math.sqrt(0.3)), torch.distributions.Cauchy(predicted, 0.2)
    density = sum(factor.log_prob(target) - factor.log_prob(predicted) for factor in factors)  # nothing at the peak
    peaked = latent.peaked_negative_log_likelihood(predicted, target, 0.2, 0.3)
    torch.testing.assert_close(peaked, -density.sum(-1).mean())


@pytest.mark.parametrize("none", [0.0, 1.0, 1.5])
def test_a_prior_that_leaves_a_type_nothing_is_refused(none):
    with pytest.raises(InputError, match=r"model\.prior"):
        latent.prior_of(none, 4)
