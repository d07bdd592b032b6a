"""Entries: how scales and --set change a configuration, and what its hash depends on."""

import dataclasses
from dataclasses import dataclass
from typing import get_args

import pytest

from reprolib import experiments
from reprolib.contracts.configuration import Config, change
from reprolib.contracts.entry import SCALES, Row
from reprolib.contracts.source import DATA_KINDS, Procedure
from reprolib.data.sources import PHYSICS, SIMULATED_MOTION
from reprolib.errors import InputError
from reprolib.evidence import kinds
from reprolib.evidence.deviations import Deviation
from reprolib.settings.declared import LATER
from reprolib.settings.recipe import Training


@dataclass(frozen=True)
class Sizes:
    width: int = 8
    layers: tuple[int, ...] = (16, 8)
    rate: float = 0.5
    most: int | None = None
    share: float | None = None
    name: str = "a"
    norm: bool = False


@dataclass(frozen=True)
class OtherSizes(Sizes):
    pass


CONFIG = Config(data=Sizes(), model=Sizes(), train=Training(steps=10))


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("model.width", 3, 3),
        ("model.layers", (1,), (1,)),
        ("model.layers", [1, 2], (1, 2)),
        ("model.rate", 2, 2.0),
        ("model.rate", 1e-3, 1e-3),
        ("model.most", 3, 3),
        ("model.most", None, None),
        ("model.share", 3, 3.0),
        ("data.name", "b", "b"),
        ("data.norm", True, True),
    ],
)
def test_a_value_is_taken_in_its_parameters_type(key, value, expected):
    found = change(CONFIG, {key: value}).flat()
    assert (found[key], type(found[key])) == (expected, type(expected))
    assert {name for name in found if found[name] != CONFIG.flat()[name]} <= {key}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("model.width", 3.0),
        ("model.width", "3"),
        ("model.width", True),
        ("model.width", None),
        ("model.layers", 3),
        ("model.layers", ("a",)),
        ("model.layers", (True,)),
        ("model.rate", "fast"),
        ("model.rate", False),
        ("model.most", 3.5),
        ("model.share", "half"),
        ("model.name", 3),
        ("model.norm", 1),
    ],
)
def test_a_value_of_another_type_is_refused(key, value):
    with pytest.raises(InputError, match=rf"parameter {key} takes .*, not "):
        change(CONFIG, {key: value})


@pytest.mark.parametrize(
    "key", ["model", "model.", "width", "model.depth", "other.width", "model.width.x", "__class__.data", ""]
)
def test_an_unknown_parameter_is_refused(key):
    with pytest.raises(InputError, match=rf"unknown parameter '{key}': choose one of data\.width, "):
        change(CONFIG, {key: 1})


def test_changes_apply_together():
    """Neither of the two is possible on its own before the other."""
    blocks = change(CONFIG, {"train.batch": 40, "train.block": 20})
    assert change(blocks, {"train.batch": 7, "train.block": 7}).train.batch == 7
    assert change(blocks, {"train.block": 1, "train.batch": 3}).train.batch == 3


def test_a_later_field_leaves_old_hashes_alone_while_at_its_default():
    @dataclass(frozen=True)
    class Older:
        width: int = 8

    @dataclass(frozen=True)
    class Newer:
        width: int = 8
        depth: int = dataclasses.field(default=2, metadata=LATER)

    Newer.__name__ = Older.__name__
    before, after = (Config(data=Sizes(), model=kind(), train=Training(steps=10)) for kind in (Older, Newer))
    assert after.hash == before.hash
    assert change(after, {"model.depth": 3}).hash != before.hash
    assert after.flat()["model.depth"] == 2


def test_the_hash_depends_on_every_value_and_on_the_kind_of_model():
    every = {"width": 9, "layers": (16,), "rate": 0.1, "most": 1, "share": 0.1, "name": "b", "norm": True}
    variants = [
        CONFIG,
        *(change(CONFIG, {f"{part}.{key}": v}) for part in ("data", "model") for key, v in every.items()),
    ]
    variants.append(dataclasses.replace(CONFIG, model=OtherSizes()))
    assert len({config.hash for config in variants}) == len(variants)
    assert change(CONFIG, {"model.width": 8}).hash == CONFIG.hash


def test_a_scale_states_only_differences():
    row = Row(
        "task", "system", None, None, CONFIG, {"smoke": {"train.steps": 1}}, {"smoke": 0.1, "small": 1, "paper": 2}
    )
    assert row.at("paper") == row.at("small") == CONFIG
    assert row.at("smoke") == change(CONFIG, {"train.steps": 1})
    with pytest.raises(InputError, match="unknown scale 'large': choose one of smoke, small, long, paper"):
        row.at("large")
    with pytest.raises(InputError, match="task/system has no scale 'long': choose one of smoke, small, paper"):
        row.at("long")


def test_rows_of_the_suite():
    names = [(experiment.name, row.name) for experiment in experiments.every() for row in experiment.rows]
    assert len(set(names)) == len(names)
    systems = {(row.task, row.system) for experiment in experiments.every() for row in experiment.rows}
    assert len(systems) == len(names), "a system on a task is one row, whose records are told apart by nothing else"
    for experiment in experiments.every():
        assert experiments.get(experiment.name.replace("_", "-")) is experiment
        for row in experiment.rows:
            assert experiment.row(row.name) is row
            assert {"smoke", "small", "paper"} <= set(row.minutes) <= set(SCALES)
            assert row.minutes["small"] <= 45, "no row takes longer at small scale"
            assert row.minutes.get("long", 0) <= (600 if row.task == "clevr_pixels" else 180)
            assert set(row.scales) <= set(row.minutes), "a scale without its cost"
            assert len({row.at(scale).hash for scale in row.minutes}) >= 2, "a scale changes nothing"
            assert not row.stands_for or (row.task, row.stands_for) in systems
            assert all(isinstance(row.source.identity(row.at(scale).data, "generated"), str) for scale in row.minutes)


def test_who_made_the_data_of_the_suite():
    """Simulated motion and Sort-of-CLEVR follow the papers' own procedures, which released no files."""
    for experiment in experiments.every():
        for source in {id(row.source): row.source for row in experiment.rows}.values():
            assert set(source.procedures) <= set(DATA_KINDS)
            assert set(source.procedures.values()) <= set(get_args(Procedure))
            if source is SIMULATED_MOTION:
                expected = {"generated": "paper", "real": "paper"}
            elif experiment.name.startswith(("rn_sort_of_clevr", "rn_data", "gn_", "modular_")):
                expected = {"generated": "paper"}
            elif source is PHYSICS:
                expected = {"generated": "ours"}
            else:
                expected = {"generated": "ours", "real": "released"}
            assert source.procedures == expected, experiment.name


def test_what_picks_the_weights_and_what_is_watched_is_of_a_known_kind():
    for experiment in experiments.every():
        for row in experiment.rows:
            assert all(kinds.of_ours(metric) for metric in (row.method.select, *row.method.watch))


def test_a_deviation_of_an_unknown_kind_is_refused():
    assert Deviation("split", "the validation split is measured").less is False
    with pytest.raises(InputError, match="a deviation is of kind 'mood': choose one of data, split, model, training, "):
        Deviation("mood", "it was raining")


def test_unknown_names():
    with pytest.raises(InputError, match="unknown experiment 'rn': choose one of gn_block, gn_tasks, rn_"):
        experiments.get("rn")
    with pytest.raises(InputError, match="rn_babi has no row 'RN': `reprolib list` prints babi_joint_10k/RN, "):
        experiments.get("rn-babi").row("RN")
