"""Derived figures: one value for every seed that all rows have, judged and published like a row's own."""

from dataclasses import replace

import pytest

from reprolib import experiments
from reprolib.contracts.entry import Derived
from reprolib.evidence import claims, published
from reprolib.judgement.derived import derived
from reprolib.judgement.labels import Court
from reprolib.judgement.verdicts import measurements
from reprolib.pages.tables import cell as sheet


def ratio(found):
    net, norm = (record.metrics["accuracy/all"] for record in found)
    return {"accuracy/ratio": 100 * net / norm}


@pytest.fixture
def figure(toy, monkeypatch, line_of):
    """Net's accuracy in percent of Norm's, printed as 95."""
    made = Derived("toy", "Net over Norm", (toy.row("toy/Net"), toy.row("toy/Norm")), ratio)
    more = replace(toy, derived=(made,))
    monkeypatch.setattr(experiments, "every", lambda: [more])
    monkeypatch.setattr(experiments, "get", lambda name: more)
    line = line_of(system="Net over Norm", metric="accuracy/ratio", value=95.0)
    claim = claims.Claim("toy-ratio", "toy2017", "Table 1", True, "Net has 95 %.", ("toy/Net over Norm/*",), ())
    monkeypatch.setattr(published, "read", lambda: (line,))
    monkeypatch.setattr(claims, "read", lambda: (claim,))
    return made


def found(record_of, net=(90.0, 91.0, 92.0), norm=(90.0, 91.0, 92.0)):
    values = {"Net": net, "Norm": norm}
    return [
        record_of(system=system, seed=seed, metrics={"accuracy/all": value}, command=f"run {system} --seed {seed} x")
        for system, of in values.items()
        for seed, value in enumerate(of)
    ]


def test_one_value_for_every_seed_that_all_rows_have(figure, record_of):
    records = found(record_of, net=(80.0, 60.0, 70.0), norm=(80.0, 80.0))
    (key,) = made = derived(figure, measurements(records))
    assert key == ("toy", "Net over Norm", "paper", "generated")
    assert made[key].values("accuracy/ratio") == [100.0, 75.0]
    assert {(one.system, one.seed) for one in made[key].evidence} == {
        (system, seed) for system in ("Net", "Norm") for seed in (0, 1)
    }


def test_what_is_not_trained_counts_for_every_seed(figure, record_of):
    records = [*found(record_of, net=(80.0, 60.0, 70.0), norm=()), record_of(system="Norm", steps=0)]
    (made,) = derived(figure, measurements(records)).values()
    assert len(made.values("accuracy/ratio")) == 3


def test_nothing_is_made_where_a_row_is_lacking(figure, record_of):
    assert derived(figure, measurements(found(record_of, norm=()))) == {}


def test_it_is_judged_by_the_records_that_it_was_made_of(figure, record_of):
    (judgement,) = Court.of(found(record_of)).judge_all()
    assert (judgement.label, judgement.n) == ("reproduced", 3)
    assert sorted((one.system, one.seed) for one in judgement.records) == [
        (system, seed) for system in ("Net", "Norm") for seed in (0, 1, 2)
    ]
    (short,) = Court.of(found(record_of, net=(70.0, 70.0, 70.0))).judge_all()
    assert short.label == "not reproduced"


def test_its_claims_ask_for_the_runs_of_its_rows(figure, record_of):
    assert Court.of([]).rests_on(headline=True) == {("toy", "Net"), ("toy", "Norm")}


def test_it_stands_in_the_tables_with_the_commands_of_its_rows(figure, record_of):
    (cell,) = sheet.cells("all", found(record_of))
    assert cell.ours == pytest.approx(100.0)
    loop = "for seed in 0 1 2; do run {} --seed $seed x; done"
    assert cell.command == f"{loop.format('Net')} && {loop.format('Norm')}"
