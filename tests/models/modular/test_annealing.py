"""Annealing: what proposals change, how often they are accepted, and what is found in the end."""

import itertools
import math

import pytest
import torch

from reprolib.errors import InputError
from reprolib.models.modular import ModularMetaLearning, annealing, proposals
from reprolib.models.modular.annealing import Cooling, best_of, best_so_far, bounce, course, random_structures
from reprolib.settings.searching import ModularModel

SCENES, OBJECTS = 500, 4


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def start(modules=3):
    return random_structures(SCENES, OBJECTS, modules, seeded())


def test_uniform_changes_one_edge_to_any_other_module():
    before = start()
    after = proposals.one_edge(3)(before, 1.0, seeded(1))
    changed = after != before
    assert (changed.flatten(1).sum(1) == 1).all()
    assert changed.any(0).all()
    assert set(((after - before) % 3)[changed].tolist()) == {1, 2}


@pytest.mark.parametrize("kind", ["node", "learned", "exact"])
def test_a_blocked_proposal_changes_the_edges_into_one_receiver(kind):
    before = start()
    propose = {
        "node": proposals.into_a_node(3),
        "learned": proposals.from_probabilities(torch.full((SCENES, OBJECTS, OBJECTS - 1, 3), 1 / 3)),
        "exact": proposals.from_scores(torch.zeros(SCENES, OBJECTS, 27), 3),
    }[kind]
    changed = propose(before, 1.0, seeded(1)) != before
    assert (changed.any(2).sum(1) <= 1).all()
    assert changed.any(0).all()
    assert (changed.sum((1, 2)) > 1).any()
    assert before.equal(start())


def test_a_learned_proposal_draws_as_its_encoder_says():
    shares = torch.tensor([0.1, 0.2, 0.7])
    propose = proposals.from_probabilities(shares.expand(SCENES, OBJECTS, OBJECTS - 1, 3))
    before = torch.full((SCENES, OBJECTS, OBJECTS - 1), 9)
    after = propose(before, 1.0, seeded())
    drawn = after[after < 9]
    assert len(drawn) == SCENES * (OBJECTS - 1)
    torch.testing.assert_close(drawn.bincount() / len(drawn), shares, rtol=0, atol=0.05)


def test_an_exact_proposal_is_the_conditional_distribution_at_a_temperature():
    scores = torch.tensor([0.0, 1.0, 2.0, 4.0]).expand(20_000, 3, 4)
    before = torch.full((20_000, 3, 2), 9)
    after = proposals.from_scores(scores, 2)(before, 2.0, seeded())
    drawn = after[after < 9].view(-1, 2) @ torch.tensor([2, 1])
    torch.testing.assert_close(drawn.bincount() / len(drawn), (-scores[0, 0] / 2).softmax(0), rtol=0, atol=0.015)


@pytest.mark.parametrize("propose", [proposals.one_edge(2), proposals.into_a_node(2)])
def test_annealing_at_a_temperature_samples_from_its_energy(propose):
    """Detailed balance, on a toy energy: after many steps every graph is as frequent as exp(-energy / temperature)."""
    graphs = annealing.every_structure(2, 2)  # [4, 2, 1]
    table = torch.tensor([0.0, 0.5, 1.0, 0.2])

    def energy(structures):
        return table[structures.flatten(1) @ torch.tensor([2, 1])]

    generator = seeded()
    structures = random_structures(20_000, 2, 2, generator)
    energies = energy(structures)
    for _ in range(60):
        after = bounce(structures, energies, energy, propose, 0.4, generator)
        structures, energies = after.structures, after.energies
    assert torch.equal(energies, energy(structures))
    shares = (structures.flatten(1) @ torch.tensor([2, 1])).bincount(minlength=4) / len(structures)
    torch.testing.assert_close(shares, (-energy(graphs) / 0.4).softmax(0), rtol=0, atol=0.015)


def test_what_is_not_worse_is_always_accepted():
    before = start()
    after = bounce(before, torch.ones(SCENES), lambda s: torch.ones(len(s)), proposals.one_edge(3), 1e-9, seeded())
    assert after.accepted.all()
    assert not after.worse.any()
    worse = bounce(before, torch.zeros(SCENES), lambda s: torch.ones(len(s)), proposals.one_edge(3), 1e-9, seeded())
    assert worse.worse.all()
    assert worse.structures.equal(before)


def test_the_temperature_follows_the_share_of_accepted_worsening_proposals():
    cooling, yes, no = Cooling(horizon=800), torch.ones(10).bool(), torch.zeros(10).bool()
    assert cooling.temperature == pytest.approx(math.exp(-9.8))
    cooling.see(yes, no)
    cooling.end_of_epoch(0)
    assert cooling.temperature == pytest.approx(1.1 * math.exp(-9.8))
    for epoch in range(20):
        cooling.see(yes, yes)
        cooling.end_of_epoch(epoch)
    assert cooling.temperature < math.exp(-9.8)
    copy = Cooling(horizon=800)
    copy.load_state_dict(cooling.state_dict())
    assert copy == cooling


@pytest.mark.parametrize(("proposal", "search"), [("node", 200), ("exact", 50)])
def test_a_planted_structure_is_found_with_known_modules(proposal, search):
    torch.manual_seed(1)
    config = ModularModel(width=8, proposal=proposal, restart=1, search=search)
    model = ModularMetaLearning(config, 4)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter *= 3  # as different as trained ones
        planted = random_structures(6, OBJECTS, 2, seeded())
        now = torch.randn(6, OBJECTS, 4, generator=seeded())
        trajectories = torch.stack([now, model.network(now, planted)], 1)
    assert model.searched(trajectories, seeded(2)).equal(planted)


def test_single_edges_find_a_planted_structure_where_edges_add_up():
    planted = start()

    def energy(structures):
        return 1e-4 * (structures != planted).sum((1, 2))

    found = best_of(course(torch.zeros_like(planted), energy, proposals.one_edge(3), 300, seeded(1)))
    assert (found == planted).float().mean() > 0.99


def test_the_best_so_far_never_becomes_worse_and_the_course_is_told_from_its_start():
    planted = start()

    def energy(structures):
        return 1e-5 * (structures != planted).sum((1, 2))

    before = random_structures(SCENES, OBJECTS, 3, seeded(3))
    moments = list(course(before, energy, proposals.into_a_node(3), 30, seeded(1)))
    assert len(moments) == 31
    assert moments[0].structures.equal(before)
    least = torch.stack([after.energies for after in moments]).cummin(0).values
    assert torch.equal(torch.stack([energy(best) for best in best_so_far(moments)]), least)
    assert torch.equal(energy(best_of(moments)), least[-1])
    assert any((late.energies > early.energies).any() for early, late in itertools.pairwise(moments))


def test_a_search_of_no_proposals_and_errors_without_bound_are_refused():
    propose = proposals.one_edge(3)
    with pytest.raises(InputError, match="a search of 0 proposals"):
        best_of(course(start(), lambda s: torch.zeros(len(s)), propose, 0, seeded()))
    with pytest.raises(InputError, match="not finite"):
        best_of(course(start(), lambda s: torch.full((len(s),), math.inf), propose, 1, seeded()))


def test_errors_restart_from_truth():
    torch.manual_seed(0)
    model = ModularMetaLearning(ModularModel(width=8, restart=3), 4)
    trajectories, structures = torch.randn(2, 8, OBJECTS, 4), random_structures(2, OBJECTS, 2, seeded())
    predicted = []
    for first in (0, 3, 6):
        states = trajectories[:, first]
        for _ in range(min(3, 7 - first)):
            states = model.network(states, structures)
            predicted.append(states)
    expected = (torch.stack(predicted, 1) - trajectories[:, 1:]).square().mean((1, 2, 3))
    torch.testing.assert_close(model.errors(trajectories, structures), expected)
    with pytest.raises(InputError, match="scenes of 3 frames have no 3 to predict"):
        model.errors(trajectories[:, :3], structures)
