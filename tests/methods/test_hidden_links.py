"""Networks that find hidden links: what they do not depend on, what is measured, and that training learns."""

import dataclasses
import math

import pytest
import torch

from reprolib.contracts.configuration import change
from reprolib.data import link_fits
from reprolib.data.linked_balls import NONE, RIGID, SPRING
from reprolib.data.physical_scenes import generate
from reprolib.data.sources import PHYSICS
from reprolib.data.split import Split
from reprolib.errors import InputError
from reprolib.experiments.rn_physics import CONNECTING, EXPERIMENT
from reprolib.methods import hidden_links
from reprolib.models import link_networks
from reprolib.settings.physical import World

TINY = {"data.train": 40, "data.valid": 10, "data.test": 20}
ROWS = {row.name: row for row in EXPERIMENT.rows if row.source is PHYSICS}


def tiny(name):
    return change(ROWS[name].at("smoke"), TINY)


@pytest.fixture(scope="module")
def loaded():
    return {
        asked: PHYSICS.load(tiny(f"{task}/RN").data, "generated")
        for asked, task in (("connections", "physics_connections"), ("systems", "physics_counting"))
    }


def built(name, loaded):
    torch.manual_seed(0)
    config = tiny(name)
    return CONNECTING.build(config, loaded[config.data.asked])


@pytest.mark.parametrize("name", ROWS)
def test_every_row_has_logits_of_what_is_asked(name, loaded):
    model, asked = built(name, loaded).eval(), tiny(name).data.asked
    logits = model(loaded[asked].splits["valid"].columns["objects"])
    assert logits.shape == (10, *link_networks.SHAPES[asked])
    assert torch.equal(model(loaded[asked].splits["valid"].columns["objects"]), logits)


@pytest.mark.parametrize("name", ["physics_connections/RN", "physics_counting/RN"])
def test_the_sum_does_not_depend_on_the_order_of_rows(name, loaded):
    config = change(tiny(name), {"model.pairs": "all"})
    model = CONNECTING.build(config, loaded[config.data.asked]).double()
    objects = loaded["connections"].splits["valid"].columns["objects"].double()
    torch.testing.assert_close(model(objects[:, torch.randperm(10)]), model(objects))


def test_own_relations_move_with_their_rows(loaded):
    model = built("physics_connections/RN (pair by pair)", loaded).double()
    objects, order = loaded["connections"].splits["valid"].columns["objects"].double(), torch.randperm(10)
    logits = model(objects)
    torch.testing.assert_close(model(objects[:, order]), logits[:, order][:, :, order])
    torch.testing.assert_close(logits, logits.mT)


def test_an_mlp_on_mixed_rows_sees_another_order_at_every_step(loaded):
    model = built("physics_connections/MLP (rows in random order)", loaded).train()
    objects = loaded["connections"].splits["valid"].columns["objects"]
    assert not torch.equal(model(objects), model(objects))


def test_the_distance_rule_is_that_of_the_fits(loaded):
    model, scenes = built("physics_connections/Distance variance", loaded), generate(World(), 40, seed=0, stream=0)
    assert float(model.limit) == pytest.approx(link_fits.best_variance(scenes))
    found = model(loaded["connections"].splits["train"].columns["objects"]) > 0
    expected = link_fits.by_variance(scenes.trajectories, float(model.limit)) != NONE
    assert (found[:, link_fits.FIRST, link_fits.SECOND].numpy() == expected).all()
    assert torch.equal(found, found.mT)


def test_systems_are_counted_off_the_links_of_the_rule(loaded):
    """With a limit of nothing, each ball is a system; with one that all pairs stay below, all are one."""
    model = built("physics_counting/Distance variance", loaded)
    objects = loaded["systems"].splits["valid"].columns["objects"]
    for limit, systems in ((0.0, 10), (100.0, 1)):
        model.limit.fill_(limit)
        assert (model(objects).argmax(1) + 1 == systems).all()


class Told(torch.nn.Module):
    """Answers with what it is given, scene by scene."""

    def __init__(self, logits):
        super().__init__()
        self.logits = list(logits.split(hidden_links.AT_ONCE))

    def forward(self, objects):
        return self.logits.pop(0)


def test_metrics_against_counting(loaded):
    """One missed spring, one rigid link too many: each spoils its scene."""
    columns = loaded["connections"].splits["train"].columns
    kinds = columns["connections"]
    joined = torch.where(kinds != NONE, 1.0, -1.0)
    scenes = [s for s in range(40) if (kinds[s] == SPRING).any()]
    spring = (kinds[scenes[0]] == SPRING).nonzero()[0]
    other = next(s for s in range(40) if s != scenes[0] and (kinds[s] == NONE).sum() > 10)
    free = next(pair for pair in (kinds[other] == NONE).nonzero() if pair[0] < pair[1])
    joined[scenes[0], spring[0], spring[1]] = joined[scenes[0], spring[1], spring[0]] = -1.0
    joined[other, free[0], free[1]] = joined[other, free[1], free[0]] = 1.0
    found = CONNECTING.evaluate(Told(joined), Split(columns))
    upper = kinds[:, link_fits.FIRST, link_fits.SECOND]
    count = {kind: int((upper == kind).sum()) for kind in (NONE, SPRING, RIGID)}
    assert found["accuracy/scene_all_correct"] == pytest.approx(100 * 38 / 40)
    assert found["accuracy/pairs"] == pytest.approx(100 * (1 - 2 / (45 * 40)))
    assert found["accuracy/spring"] == pytest.approx(100 * (1 - 1 / count[SPRING]))
    assert found["accuracy/rigid"] == 100
    assert found["accuracy/unlinked"] == pytest.approx(100 * (1 - 1 / count[NONE]))
    of_one, of_two = (found[f"accuracy/unlinked_of_{name}"] for name in ("one_system", "two_systems"))
    assert min(of_one, of_two) < max(of_one, of_two) == 100
    assert found["accuracy/scene_but_for_alike"] >= found["accuracy/scene_all_correct"]
    assert found["accuracy/pairs"].error > 0


def test_pairs_of_one_system_are_those_that_links_lead_between():
    chain = torch.zeros(1, 10, 10, dtype=torch.bool)
    for ball in range(6):
        chain[0, ball, ball + 1] = chain[0, ball + 1, ball] = True
    assert hidden_links._reach(chain)[0, :7, :7].all()
    assert hidden_links._reach(chain)[0, 7:, :7].sum() == 0
    assert hidden_links._reach(chain)[0, 7:, 7:].sum() == 3


def test_counts_by_number():
    systems = torch.tensor([0, 0, 3, 3, 9])
    found = torch.tensor([0, 1, 3, 5, 9])
    columns = {"objects": torch.zeros(5, 10, 35), "systems": systems, "connections": torch.zeros(5, 10, 10)}
    metrics = CONNECTING.evaluate(Told(torch.nn.functional.one_hot(found, 10).float()), Split(columns))
    assert metrics == pytest.approx(
        {
            "accuracy/count": 60,
            "accuracy/count_within_1": 80,
            "accuracy/count_1": 50,
            "accuracy/count_4": 50,
            "accuracy/count_10": 100,
        }
    )


@pytest.mark.parametrize(
    "name", ["physics_connections/RN", "physics_connections/RN (pair by pair)", "physics_counting/RN"]
)
def test_a_few_scenes_are_learned_by_heart(name, loaded):
    torch.manual_seed(0)
    config = change(tiny(name), {"model.g": (128, 128), **({} if "pair" in name else {"model.f": (128,)})})
    data = loaded[config.data.asked]
    model, batch = CONNECTING.build(config, data), data.splits["valid"].batch(slice(None))
    optimiser = torch.optim.Adam(model.parameters(), 3e-3)
    for _ in range(400):
        optimiser.zero_grad()
        loss = hidden_links.loss(model, batch)
        loss.backward()
        optimiser.step()
    found = CONNECTING.evaluate(model, data.splits["valid"])
    assert found["accuracy/count" if "counting" in name else "accuracy/scene_all_correct"] == 100


def test_the_loss_of_no_opinion(loaded):
    """Logits of zero cost log 2 a connection, and log 10 a number of systems, in any view of the scenes."""
    for asked, cost in (("connections", math.log(2)), ("systems", math.log(10))):
        batch = loaded[asked].splits["valid"].batch(slice(None))
        model = Told(torch.zeros(10, *link_networks.SHAPES[asked]))
        model.views = True
        assert float(hidden_links.loss(model, batch)) == pytest.approx(cost)


def test_one_number_is_not_read_off_pairs(loaded):
    config = tiny("physics_counting/RN")
    config = dataclasses.replace(config, model=dataclasses.replace(config.model, readout="pair"))
    with pytest.raises(InputError, match=r"set model\.readout"):
        CONNECTING.build(config, loaded["systems"])
