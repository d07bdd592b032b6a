"""Settings of modular meta-learning: limits, and what falls in the course of training."""

import pytest

from reprolib.errors import InputError
from reprolib.settings.searching import ModularModel, Searching, UnseenModel


def test_the_added_error_falls_geometrically_and_then_stays():
    training = Searching(1_000, least_error_from=1e-2, least_error=1e-6, falling=0.5)
    assert [training.least_error_at(step) for step in (0, 250, 500, 999)] == pytest.approx([1e-2, 1e-4, 1e-6, 1e-6])
    assert Searching(1_000, falling=0.0).least_error_at(0) == Searching(1_000).least_error


def test_the_temperature_falls_to_zero():
    training = Searching(1_000, warmth=0.4, cooling=0.5)
    assert [training.warmth_at(step) for step in (0, 250, 500, 999)] == pytest.approx([0.4, 0.2, 0.0, 0.0])
    assert Searching(1_000, cooling=0.0).warmth_at(0) == 0


@pytest.mark.parametrize(
    ("settings", "wrong", "said"),
    [
        (ModularModel, {"search": 0}, "model.search is 0: give a number of 1 and up"),
        (ModularModel, {"modules": 0}, "model.modules is 0"),
        (ModularModel, {"modules": 1, "first_is_none": True}, "model.modules is 1: give 2 or more"),
        (ModularModel, {"proposal": "gibbs"}, "model.proposal is 'gibbs': choose one of uniform, node, learned, exact"),
        (ModularModel, {"least_error": 0.0}, "model.least_error is 0.0: give a number above 0"),
        (UnseenModel, {"guesses": 0}, "model.guesses is 0: give a number of 1 to 256"),
        (UnseenModel, {"guesses": 257}, "model.guesses is 257: give a number of 1 to 256"),
        (UnseenModel, {"descents": -1}, "model.descents is -1: give a number of 0 and up"),
        (UnseenModel, {"descent_rate": 0.0}, "model.descent_rate is 0.0: give a number above 0"),
        (UnseenModel, {"restart": 0}, "model.restart is 0: give a number of 1 and up"),
        (Searching, {"steps": 1, "decay": 1.0}, "train.decay is 1.0: give a number from 0 to below 1"),
        (Searching, {"steps": 1, "frames": 0}, "train.frames is 0"),
        (Searching, {"steps": 1, "least_error_from": 1e-9}, "train.least_error_from is 1e-09: give train.least_error"),
    ],
)
def test_what_cannot_be_is_refused(settings, wrong, said):
    with pytest.raises(InputError) as caught:
        settings(**wrong)
    assert said in str(caught.value)
