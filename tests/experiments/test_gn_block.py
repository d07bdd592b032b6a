"""What the page on the block computes: equalities, and a network that outgrows its training graphs."""

from dataclasses import replace

import pytest

from reprolib.contracts.entry import SCALES
from reprolib.errors import InputError
from reprolib.experiments import gn_block
from reprolib.experiments.gn_block import AS_NODES, CEILING, TRAINED


def test_every_scale_is_defined_and_larger_than_the_one_before():
    assert tuple(gn_block.SIZES) == SCALES
    sizes = list(gn_block.SIZES.values())
    assert sorted(sizes, key=lambda size: (size.steps, size.compared, max(size.nodes))) == sizes


def test_equalities_hold_at_smoke_scale():
    assert all(value < 1e-12 for value in gn_block.equalities("smoke").values())


def test_trained_on_small_graphs_it_works_on_larger_ones_given_the_rounds(monkeypatch):
    smoke = replace(gn_block.SIZES["smoke"], steps=200, nodes=(8, 24), tested=60)
    monkeypatch.setattr(gn_block, "SIZES", {"smoke": smoke})
    points = {(p.nodes, p.rounds): p.accuracy for p in gn_block.generalisation("smoke", [1], "generated", True)}
    assert set(points) == {(nodes, rounds) for nodes in (8, 24) for rounds in (AS_NODES, CEILING, TRAINED)}
    assert points[8, TRAINED] > 99
    assert points[24, AS_NODES] > 99
    assert points[24, TRAINED] <= points[24, CEILING] < 99


def test_nothing_is_trained_when_nobody_asks_for_it():
    assert gn_block.generalisation("smoke", [0], "generated", False) == []


@pytest.mark.parametrize("call", [gn_block.equalities, lambda s: gn_block.generalisation(s, [0], "generated", True)])
def test_an_unknown_scale_is_an_error(call):
    with pytest.raises(InputError, match="unknown scale 'huge': choose one of smoke, small, long, paper"):
        call("huge")


def test_there_are_no_real_graphs():
    with pytest.raises(InputError, match="only generated graphs"):
        gn_block.generalisation("smoke", [0], "real", True)
