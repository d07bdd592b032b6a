"""Beliefs against Bayes' rule over whole graphs, and that they find the springs through the true simulator."""

from itertools import product

import numpy
import pytest
import torch

from reprolib.data import particles
from reprolib.errors import InputError
from reprolib.models.nri import GivenGraph, SimulatorDecoder
from reprolib.models.nri.posterior import edge_posterior
from reprolib.settings.moving import NRIModel


def test_they_are_bayes_rule_over_all_graphs():
    torch.manual_seed(0)
    model = GivenGraph(NRIModel(graph="true", decoder_width=6, variance=0.05), 2)
    path = torch.randn(4, 3, 2)
    ours = edge_posterior(model, path)
    graphs = torch.tensor(list(product((0, 1), repeat=6))).view(-1, 3, 2)
    one_hot = torch.nn.functional.one_hot(graphs, 2).float()
    log = torch.zeros(len(graphs))
    for frame in range(4):
        if frame:
            predicted, _ = model.decoder(path[frame - 1].expand(len(graphs), -1, -1), one_hot)
            log = log - (predicted - path[frame]).square().sum((1, 2)) / (2 * 0.05)
        expected = torch.einsum("g,gnek->nek", log.softmax(0), one_hot)
        torch.testing.assert_close(ours[frame], expected, rtol=1e-4, atol=1e-5)


def test_they_start_at_the_prior_and_find_the_springs():
    positions, velocities, couplings = particles.draw("springs", 1, 4, numpy.random.default_rng(1))
    parts = particles.simulate("springs", positions, velocities, couplings, steps=5_000)
    path = torch.cat([torch.from_numpy(part[0]) for part in parts], -1).float() / 5  # [T, 4, 4]
    decoder = SimulatorDecoder("springs", -5 * torch.ones(4), 5 * torch.ones(4), 100)
    model = GivenGraph(NRIModel(graph="true", first_is_none=False), 4, decoder)
    found = edge_posterior(model, path)[..., 1]
    truth = torch.from_numpy(couplings[0])[~torch.eye(4, dtype=torch.bool)].view(4, 3).float()
    assert (found[0] == 0.5).all()
    assert ((found[-1] > 0.5).float() == truth).all()
    assert (found[-1] - truth).abs().mean() < (found[10] - truth).abs().mean() < 0.5


def test_too_many_graphs_are_refused():
    model = GivenGraph(NRIModel(graph="true", decoder_width=4), 2)
    with pytest.raises(InputError, match="8192 graphs, more than 4096"):
        edge_posterior(model, torch.zeros(3, 14, 2))
