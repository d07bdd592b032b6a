"""What separates a run from the paper's: less of the same, or something else."""

import dataclasses

import pytest

from reprolib import experiments
from reprolib.contracts.configuration import change
from reprolib.errors import InputError
from reprolib.evidence.deviations import Deviation
from reprolib.judgement.fidelity import departures, fidelity


@pytest.fixture
def class_of(toy, record_of):
    """class_of({"model.hidden": (8,)}) -> the class of the toy's row with that change at small scale."""

    def judge(changes=(), deviations=(), records=None, scale="small"):
        row = dataclasses.replace(toy.row("toy/Net"), scales={"small": dict(changes)}, deviations=tuple(deviations))
        return fidelity(departures(row, scale, [record_of()] if records is None else records))

    return judge


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "as printed"),
        ({"train.steps": 30}, "less"),
        ({"train.optimiser": "muon", "train.schedule": "constant", "train.rate": 1.0}, "less"),
        ({"train.steps": 61}, "changed"),  # more examples than the paper's
        ({"train.steps": 30, "train.batch": 32}, "less"),  # as many
        ({"train.steps": 31, "train.batch": 32}, "changed"),
        ({"data.train": 20}, "less"),
        ({"data.train": 97}, "changed"),
        ({"model.hidden": (8,)}, "less"),
        ({"model.hidden": (17,)}, "changed"),
        ({"model.hidden": (8, 8)}, "changed"),
        ({"model.norm": True}, "changed"),
        ({"model.dropout": 0.0}, "less"),
        ({"model.hidden": (8,), "model.norm": True}, "changed"),  # both less and changed
    ],
)
def test_the_configuration_tells(class_of, changes, expected):
    assert class_of(changes) == expected


@pytest.mark.parametrize(
    ("kind", "less", "expected"),
    [
        ("choice", False, "as printed"),
        ("precision", False, "as printed"),
        ("training", False, "less"),
        ("data", False, "changed"),
        ("data", True, "less"),
        ("split", False, "changed"),
        ("model", False, "changed"),
    ],
)
def test_so_do_the_deviations_of_rows_and_of_records(class_of, record_of, kind, less, expected):
    deviation = Deviation(kind, "something", less)
    record = record_of(deviations=[dataclasses.asdict(deviation)])
    assert class_of(deviations=[deviation]) == class_of(records=[record_of(), record]) == expected


def test_data_of_a_procedure_of_ours_are_another_thing(class_of, record_of):
    data = {"name": "toy", "kind": "generated", "procedure": "ours", "split": "test", "hash": "", "sizes": {}}
    assert class_of(records=[record_of(data=data)]) == "changed"
    assert class_of(records=[record_of(data=data | {"procedure": "paper"})]) == "as printed"
    assert class_of(records=[record_of(data=data | {"procedure": "released"})]) == "as printed"


def test_every_difference_is_said_once(toy, record_of):
    row = dataclasses.replace(toy.row("toy/Net"), scales={"small": {"train.rate": 0.5, "data.train": 20}})
    said = [each.text for each in departures(row, "small", [record_of(), record_of(seed=1)])]
    assert said == ["trained with rate 0.5", "data.train is 20, the paper has 96"]


def test_half_of_the_pairs_is_less_and_the_reverse_is_not():
    row = experiments.get("rn_clevr_state").row("clevr_state/LSTM+RN")
    for paper, ours, expected in (("all", "unordered", "less"), ("unordered", "all", "changed")):
        config = change(row.config, {"model.pairs": paper})
        halved = dataclasses.replace(row, config=config, scales={"small": {"model.pairs": ours}}, deviations=())
        assert fidelity(departures(halved, "small", [])) == expected


def test_an_unknown_kind_of_deviation_is_refused():
    with pytest.raises(InputError, match="kind 'luck': choose one of data, split, model"):
        Deviation("luck", "something")
