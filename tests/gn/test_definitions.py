"""The loops that define the configurations: they agree with the library, and would tell if it were wrong."""

import pytest
import torch
from torch import nn

from reprolib.gn import configurations, definitions


def test_every_configuration_equals_its_loops_up_to_rounding():
    found = definitions.differences(16)
    assert len(found) == 9
    assert all(0 < difference < 1e-12 for difference in found.values()), found


def test_every_named_configuration_is_compared():
    assert {name.replace(" ", "_").replace("-", "_") for name in definitions.CHECKS} == {
        *("full_block", "independent", "independent_recurrent", "message_passing", "interaction_network"),
        *("relation_network", "deep_sets", "attention", "encode_process_decode"),
    }


def test_the_comparison_leaves_the_random_state_alone_and_depends_on_its_seed():
    torch.manual_seed(5)
    state = torch.get_rng_state()
    first = definitions.differences(4)
    assert torch.equal(torch.get_rng_state(), state)
    assert definitions.differences(4) == first
    assert definitions.differences(4, seed=1) != first


@pytest.mark.parametrize("name", ["relation_network", "deep_sets", "message_passing", "interaction_network"])
def test_a_wrong_configuration_is_seen(name, monkeypatch):
    """A block that uses a part of another width of random numbers differs by far more than rounding."""
    right = getattr(configurations, name)

    def wrong(*modules):
        return right(*modules[:-1], nn.Sequential(modules[-1], nn.Tanh()))

    monkeypatch.setattr(definitions, name, wrong)
    difference = definitions.differences(8)[name.replace("_", " ")]
    assert difference > 1e-3


def test_random_graphs_have_all_sizes():
    torch.manual_seed(0)
    graph = definitions.random_graphs(200)
    assert set(graph.n_node.tolist()) == set(range(6))
    assert set(graph.n_edge.tolist()) == set(range(9))
    assert graph.num_graphs == 200
