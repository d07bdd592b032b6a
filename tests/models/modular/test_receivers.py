"""All assignments of a receiver at once against one graph after the other."""

import pytest
import torch

from reprolib.errors import InputError
from reprolib.models.modular.annealing import every_structure, exhaustive
from reprolib.models.modular.modules import ModularNetwork
from reprolib.models.modular.receivers import assignments, best_structures, errors, over_frames

FLOOR = 1e-6


def network(modules=2, first_is_none=False):
    """Modules that differ from one another, as trained ones do."""
    torch.manual_seed(1)
    made = ModularNetwork(4, 8, modules, first_is_none)
    with torch.no_grad():
        for parameter in made.parameters():
            parameter *= 3
    return made


def scenes(made, objects, count=2, frames=5, seed=0):
    """Scenes that the modules make by themselves, a step from random states, and their structures."""
    generator = torch.Generator().manual_seed(seed)
    structure = torch.randint(made.count, (count, objects, objects - 1), generator=generator)
    states, trajectories = torch.randn(count, objects, 4, generator=generator), []
    for _ in range(frames):
        trajectories.append(states)
        states = made(states, structure) * 0.5
    return torch.stack(trajectories, 1).detach(), structure


@pytest.mark.parametrize(("modules", "objects", "first_is_none"), [(2, 4, False), (3, 3, False), (2, 4, True)])
def test_the_exact_search_is_the_best_of_all_graphs(modules, objects, first_is_none):
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


def test_errors_are_those_of_the_network_along_each_assignment():
    made = network(3)
    trajectories, _ = scenes(made, 3)
    now, after = trajectories[:, 0], trajectories[:, 3]
    found = errors(made, now, after)
    for place, row in enumerate(assignments(2, 3)):
        expected = (made(now, row.expand(2, 3, 2)) - after).square().mean(-1)
        torch.testing.assert_close(found[..., place], expected)


def test_blocks_of_frames_change_nothing(monkeypatch):
    made = network()
    trajectories, _ = scenes(made, 4, count=6)
    whole = over_frames(made, trajectories)
    monkeypatch.setattr("reprolib.models.modular.receivers.BLOCK", 1)
    monkeypatch.setattr("reprolib.models.modular.receivers.AT_ONCE", 11)
    torch.testing.assert_close(over_frames(made, trajectories), whole)


def test_a_planted_structure_is_found_with_known_modules():
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


def test_what_is_not_finite_and_what_does_not_move_is_refused():
    made = network()
    trajectories, _ = scenes(made, 4)
    with pytest.raises(InputError, match="give 2 or more"):
        best_structures(made, trajectories[:, :1], FLOOR)
    trajectories[0, 1, 2] = float("nan")
    with pytest.raises(InputError, match="not finite"):
        best_structures(made, trajectories, FLOOR)
