"""Blocks of senders in turn: exact where a block holds all senders, never worse by a sweep, and for many senders."""

import pytest
import torch

from reprolib.errors import InputError
from reprolib.models.modular.receivers import best_structures
from reprolib.models.modular.relaxation import guessed
from reprolib.models.modular.sender_blocks import Receivers, Sweeps, descended

FLOOR = 1e-6


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def noisy(scenes, made, objects, **options):
    """Scenes that no structure explains wholly."""
    trajectories, _ = scenes(made, objects, **options)
    return trajectories + 0.02 * torch.randn(trajectories.shape, generator=seeded(3))


@pytest.mark.parametrize(("modules", "first_is_none", "block"), [(2, False, None), (3, False, 7), (2, True, 4)])
def test_a_block_of_all_senders_is_the_exact_search(network, scenes, modules, first_is_none, block):
    made = network(modules, first_is_none)
    trajectories = noisy(scenes, made, 5)
    found = descended(made, trajectories, FLOOR, Sweeps(block, 1, 1), seeded())
    assert torch.equal(found, best_structures(made, trajectories, FLOOR))


def test_scores_of_a_block_are_those_of_the_network_along_its_assignments(network, scenes):
    made = network(3)
    trajectories, structures = scenes(made, 4, count=1)
    now, after = trajectories[:, :-1], trajectories[:, 1:] + 0.1
    block = torch.tensor([2, 0])
    found = Receivers(made, now, after, FLOOR).scores(structures, block)
    for place, kinds in enumerate(torch.cartesian_prod(torch.arange(3), torch.arange(3))):
        tried = structures.index_copy(2, block, kinds.expand(1, 4, 2)).repeat(4, 1, 1)  # of four frames
        expected = ((made(now[0], tried) - after[0]).square().mean(-1) + FLOOR).log().mean(0)
        torch.testing.assert_close(found[0, :, place], expected)


def test_no_sweep_makes_a_receiver_worse(network, scenes):
    made = network()
    trajectories = noisy(scenes, made, 9, count=4)
    receivers, generator = Receivers(made, trajectories[:, :-1], trajectories[:, 1:], FLOOR), seeded()
    structures, before = torch.zeros(4, 9, 8, dtype=torch.long), torch.full((4, 9), torch.inf)
    for _ in range(6):
        structures, after = receivers.swept(structures, 3, generator)
        assert (after <= before + 1e-5).all()
        before = after
    places = torch.arange(8)[:1]
    again = receivers.scores(structures, places).gather(2, structures[..., :1]).squeeze(2)
    torch.testing.assert_close(again, before)


def test_more_starts_are_never_worse(network, scenes):
    made = network()
    trajectories = noisy(scenes, made, 9, count=3)
    receivers = Receivers(made, trajectories[:, :-1], trajectories[:, 1:], FLOOR)

    def score(starts):
        found = descended(made, trajectories, FLOOR, Sweeps(2, 1, starts), seeded())
        return receivers.scores(found, torch.arange(1)).gather(2, found[..., :1]).squeeze(2)

    assert (score(4) <= score(1) + 1e-5).all()


@pytest.mark.parametrize("objects", [16, 24])
def test_planted_structures_of_many_objects_are_found_with_known_modules(network, objects):
    made, generator = network(), seeded()
    planted = torch.randint(2, (2, objects, objects - 1), generator=generator)
    now = torch.randn(2, 60, objects, 4, generator=generator)
    with torch.no_grad():
        after = made(now.flatten(0, 1), planted.repeat_interleave(60, 0)).view_as(now)
    found = Receivers(made, now, after, FLOOR).searched(Sweeps(3, 3, 2), generator)
    assert (found == planted).float().mean() > 0.99


def test_modules_that_add_up_are_guessed_by_least_squares(network):
    """The change of a receiver is a sum of what it hears: then the guess alone is right."""
    made, generator = network(), seeded()
    made.node = torch.nn.Identity()
    said, own = torch.randn(6, 20, 2, 30, 8, generator=generator), torch.randn(6, 30, 8, generator=generator)
    planted = torch.randint(2, (6, 20), generator=generator)
    heard = said.gather(2, planted[:, :, None, None, None].expand(-1, -1, 1, 30, 8)).squeeze(2)
    moved = own + heard.sum(1)
    assert torch.equal(guessed(made, said, own, moved), planted)


def test_a_guess_reads_what_is_heard_before_the_node_module_overwrites_it(network):
    made, generator = network(), seeded()
    said, own = torch.randn(6, 20, 2, 30, 8, generator=generator), torch.randn(6, 30, 8, generator=generator)
    moved = torch.randn(6, 30, 4, generator=generator)
    found = guessed(made, said, own, moved)
    for layer in made.node:
        layer.inplace = False
    assert torch.equal(guessed(made, said, own, moved), found)


def test_what_cannot_be_searched_is_refused(network, scenes):
    made = network()
    trajectories, _ = scenes(made, 20, count=1)
    with pytest.raises(InputError, match=r"19 senders .* set model\.block to 12 or fewer"):
        best_structures(made, trajectories, FLOOR)
    for block in (13, None):
        with pytest.raises(InputError, match=r"set model\.block to 12 or fewer"):
            descended(made, trajectories, FLOOR, Sweeps(block, 1, 1), seeded())
    with pytest.raises(InputError, match="give 2 or more"):
        descended(made, trajectories[:, :1], FLOOR, Sweeps(3, 1, 1), seeded())
    trajectories[0, 1, 2] = float("nan")
    with pytest.raises(InputError, match="not finite"):
        descended(made, trajectories, FLOOR, Sweeps(3, 1, 1), seeded())
