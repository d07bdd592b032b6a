"""Settings declare their limits, may be nested, and keep old hashes when they grow."""

import math
from dataclasses import dataclass, field
from typing import Annotated, ClassVar

import pytest

from reprolib.contracts.configuration import Config, change
from reprolib.data.babi.rename import EXCHANGEABLE
from reprolib.data.simulations import SIMULATED, VIEWS
from reprolib.data.sort_of_clevr import WORDS
from reprolib.errors import InputError
from reprolib.settings import data_sets
from reprolib.settings.data_sets import OSCILLATORS, PARTICLES, RENAMABLE, SceneData
from reprolib.settings.declared import (
    LATER,
    Above,
    AtLeast,
    Count,
    Fraction,
    NotEmpty,
    OneOf,
    Positive,
    Settings,
    Whole,
    counted,
    flat,
)
from reprolib.settings.recipe import Training


@dataclass(frozen=True)
class Inner(Settings):
    part: ClassVar[str] = "model.encoder"
    width: Count = 8
    rates: tuple[float, ...] = (0.5, 2.0)
    late: Whole = field(default=3, metadata=LATER)


@dataclass(frozen=True)
class Outer(Settings):
    part: ClassVar[str] = "model"
    encoder: Inner = field(default_factory=Inner)
    widths: Annotated[tuple[Count, ...], NotEmpty()] = (4, 4)
    pair: tuple[int, float] = (1, 0.5)
    most: Annotated[int, AtLeast(2, 64)] | None = None
    kind: Annotated[str, OneOf("mlp", "cnn")] = "mlp"
    dropout: Fraction = 0.0
    rate: Positive = 1.0
    open: Annotated[float, Above(0)] | None = None


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("widths", (), r"model\.widths is \[\]: give one or more"),
        ("widths", (4, 0), r"model\.widths is \[4, 0\]: give a number of 1 and up"),
        ("most", 1, r"model\.most is 1: give a number of 2 to 64"),
        ("most", 65, r"model\.most is 65: give a number of 2 to 64"),
        ("kind", "rnn", r"model\.kind is 'rnn': choose one of mlp, cnn"),
        ("dropout", 1.0, r"model\.dropout is 1\.0: give a number from 0 to below 1"),
        ("dropout", -0.1, r"model\.dropout is -0\.1"),
        ("rate", 0.0, r"model\.rate is 0\.0: give a number above 0"),
        ("rate", math.inf, r"model\.rate is inf"),
        ("rate", math.nan, r"model\.rate is nan"),
        ("open", -1.0, r"model\.open is -1\.0: give a number above 0"),
    ],
)
def test_a_value_outside_its_limits_is_named_with_the_remedy(name, value, words):
    with pytest.raises(InputError, match=words):
        Outer(**{name: value})


def test_what_is_none_has_no_limit_and_the_last_value_within_one_is_taken():
    assert Outer(most=None, open=None).most is None
    assert (Outer(most=2).most, Outer(most=64).most, Outer(dropout=0.0).dropout) == (2, 64, 0.0)


CONFIG = Config(data=Inner(), model=Outer(), train=Training(steps=1))


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("model.encoder.width", 3, 3),
        ("model.encoder.rates", [1, 2.5], (1.0, 2.5)),
        ("model.encoder.rates", (3,), (3.0,)),
        ("model.pair", [2, 3], (2, 3.0)),
        ("model.open", 2, 2.0),
    ],
)
def test_nested_settings_and_tuples_of_numbers_are_reached(key, value, expected):
    found = change(CONFIG, {key: value}).flat()
    assert found[key] == expected
    assert str(found[key]) == str(expected), "an int is taken as a float where the parameter is one"
    assert {name for name in found if found[name] != CONFIG.flat()[name]} == {key}


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("model.encoder.rates", ["fast"], "takes a list of float, such as"),
        ("model.encoder.rates", 2.0, "takes a list of float"),
        ("model.pair", [1, 2, 3], r"parameter model\.pair takes a list"),
        ("model.pair", [1.5, 2], r"parameter model\.pair takes a list"),
        ("model.encoder.width", 0, r"model\.encoder\.width is 0: give a number of 1 and up"),
        ("model.encoder", 3, "unknown parameter 'model.encoder': choose one of .*model.encoder.width"),
        ("model.encoder.depth", 3, "unknown parameter 'model.encoder.depth'"),
    ],
)
def test_what_does_not_fit_is_refused(key, value, words):
    with pytest.raises(InputError, match=words):
        change(CONFIG, {key: value})


def test_a_later_field_of_nested_settings_counts_where_it_is_not_at_its_default():
    assert "encoder.late" not in counted(Outer())
    assert flat(Outer())["encoder.late"] == 3
    assert counted(Outer(encoder=Inner(late=4)))["encoder.late"] == 4


def test_the_values_that_settings_allow_are_those_that_the_data_know():
    assert set(RENAMABLE) == set(EXCHANGEABLE)
    assert tuple(VIEWS) == OSCILLATORS
    assert (*PARTICLES, *OSCILLATORS) == SIMULATED
    assert {SceneData(answers=name).answers for name in WORDS} == set(WORDS)
    with pytest.raises(InputError, match=r"data\.test_frames is 69: give a number of 70 and up"):
        data_sets.MotionData(test_frames=69)
