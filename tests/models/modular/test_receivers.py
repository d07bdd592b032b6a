"""All assignments of a receiver at once against one graph after the other."""

import pytest
import torch

from reprolib.errors import InputError
from reprolib.models.modular.annealing import every_structure, exhaustive
from reprolib.models.modular.graph_shapes import both_ways
from reprolib.models.modular.receivers import assignments, best_structures, errors, over_frames, symmetric_graphs

FLOOR = 1e-6


@pytest.mark.parametrize(("modules", "objects", "first_is_none"), [(2, 4, False), (3, 3, False), (2, 4, True)])
def test_the_exact_search_is_the_best_of_all_graphs(network, scenes, modules, objects, first_is_none):
    made = network(modules, first_is_none)
    trajectories, _ = scenes(made, objects)
    trajectories += 0.02 * torch.randn(trajectories.shape, generator=torch.Generator().manual_seed(3))
    found = best_structures(made, trajectories, FLOOR)
    for trajectory, best in zip(trajectories, found, strict=True):

        def energy(graphs, trajectory=trajectory):
            now = trajectory[:-1].repeat(len(graphs), 1, 1)  # [G T', N, D]
            predicted = made(now, graphs.repeat_interleave(len(trajectory) - 1, 0)).unflatten(0, (len(graphs), -1))
            squares = (predicted - trajectory[1:]).square().mean(-1)  # [G, T', N]
            return (squares + FLOOR).log().mean((1, 2))

        assert torch.equal(exhaustive(energy, objects, modules), best)


def test_errors_are_those_of_the_network_along_each_assignment(network, scenes):
    made = network(3)
    trajectories, _ = scenes(made, 3)
    now, after = trajectories[:, 0], trajectories[:, 3]
    found = errors(made, now, after)
    for place, row in enumerate(assignments(2, 3)):
        expected = (made(now, row.expand(2, 3, 2)) - after).square().mean(-1)
        torch.testing.assert_close(found[..., place], expected)


def test_blocks_of_frames_change_nothing(network, scenes, monkeypatch):
    made = network()
    trajectories, _ = scenes(made, 4, count=6)
    whole = over_frames(made, trajectories)
    monkeypatch.setattr("reprolib.models.modular.receivers.BLOCK", 1)
    monkeypatch.setattr("reprolib.models.modular.receivers.AT_ONCE", 11)
    torch.testing.assert_close(over_frames(made, trajectories), whole)


def test_a_planted_structure_is_found_with_known_modules(network, scenes):
    made = network()
    trajectories, structure = scenes(made, 5, count=4)
    with torch.no_grad():
        after = made(trajectories[:, 0], structure)
    assert torch.equal(best_structures(made, torch.stack([trajectories[:, 0], after], 1), FLOOR), structure)


def test_half_of_all_graphs_differ_in_an_edge():
    graphs = every_structure(3, 2)
    assert graphs.shape == (64, 3, 2)
    assert len(graphs.unique(dim=0)) == 64


def test_too_many_assignments_and_graphs_are_refused():
    with pytest.raises(InputError, match="19 senders and 2 edge modules give 524,288"):
        assignments(19, 2)
    with pytest.raises(InputError, match="take fewer"):
        every_structure(5, 2)


def test_what_is_not_finite_and_what_does_not_move_is_refused(network, scenes):
    made = network()
    trajectories, _ = scenes(made, 4)
    with pytest.raises(InputError, match="give 2 or more"):
        best_structures(made, trajectories[:, :1], FLOOR)
    trajectories[0, 1, 2] = float("nan")
    with pytest.raises(InputError, match="not finite"):
        best_structures(made, trajectories, FLOOR)


def symmetric_by_hand(made, trajectory, objects):
    """The best of all graphs that are alike in both directions, one after the other."""
    graphs = every_structure(objects, made.count)
    alike = graphs[both_ways(graphs).all(1)]
    now = trajectory[:-1].repeat(len(alike), 1, 1)
    predicted = made(now, alike.repeat_interleave(len(trajectory) - 1, 0)).unflatten(0, (len(alike), -1))
    squares = (predicted - trajectory[1:]).square().mean(-1)
    return alike[(squares + FLOOR).log().mean((1, 2)).argmin()]


@pytest.mark.parametrize(("modules", "objects"), [(2, 4), (3, 3)])
def test_the_symmetric_search_is_the_best_of_all_symmetric_graphs(network, scenes, modules, objects):
    made = network(modules)
    trajectories, _ = scenes(made, objects, count=6)
    trajectories += 0.02 * torch.randn(trajectories.shape, generator=torch.Generator().manual_seed(3))
    found = best_structures(made, trajectories, FLOOR, symmetric=True)
    expected = torch.stack([symmetric_by_hand(made, trajectory, objects) for trajectory in trajectories])
    assert torch.equal(found, expected)
    assert not torch.equal(found, best_structures(made, trajectories, FLOOR))


def test_symmetric_graphs_are_all_different_and_not_too_many():
    graphs = symmetric_graphs(5, 2)
    assert graphs.shape == (1024, 5, 4)
    assert len(graphs.unique(dim=0)) == 1024
    assert both_ways(graphs).all()
    with pytest.raises(InputError, match=r"2\^15 symmetric graphs, .* set model\.symmetric to False"):
        symmetric_graphs(6, 2)
