"""The truth table of the verdicts."""

import dataclasses
import itertools

import pytest

from reprolib.experiments.entry import Comparison
from reprolib.verdicts import Measurement, agrees, judge, measurements

METRIC = "accuracy/all"


@pytest.fixture
def verdict(toy, record_of, line_of):
    """verdict(ours=[89, 90, 91], published=90) -> the verdict and its reason.

    Options: scale, kind, deviations, own_procedure, baseline, comparisons, others (the other system's values), metric,
    unit, system.
    """

    def decide(ours, published=90.0, metric=METRIC, unit="percent", **options):
        def measured(system, values):
            shared = {"scale": options.get("scale", "paper"), "kind": options.get("kind", "generated")}
            deviations = options.get("deviations", [])
            return tuple(
                record_of(system=system, seed=seed, metrics={metric: value}, deviations=deviations, **shared)
                for seed, value in enumerate(values)
            )

        records = measured("Net", ours)
        groups = measurements([*records, *measured("Majority", options.get("others", ()))])
        row = dataclasses.replace(
            toy.row("toy/Net"), baseline=options.get("baseline", False), comparisons=options.get("comparisons", ())
        )
        experiment = dataclasses.replace(toy, own_procedure=options.get("own_procedure", True))
        line = line_of(metric=metric, unit=unit, value=published, **options.get("line", {}))
        return judge(line, experiment, row, Measurement(records), groups)

    return decide


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "reproduced"),
        ({"ours": [90.0, 90.0]}, "not reproduced"),  # two seeds
        ({"scale": "small"}, "not reproduced"),
        ({"scale": "smoke"}, "not attempted"),
        ({"kind": "real"}, "reproduced"),
        ({"own_procedure": False}, "not reproduced"),  # a stand-in for the paper's data
        ({"own_procedure": False, "kind": "real"}, "reproduced"),
        (
            {"own_procedure": False, "kind": "real", "deviations": ["task 3: 8000 questions are generated"]},
            "not reproduced",
        ),
        ({"deviations": ["scenes are generated as the paper says"]}, "reproduced"),  # its own procedure is generation
        ({"published": None}, "not reproduced"),
    ],
)
def test_who_may_be_called_reproduced(verdict, changes, expected):
    assert verdict(**({"ours": [90.0, 90.0, 90.0]} | changes))[0] == expected


@pytest.mark.parametrize("said", ["3 questions are generated", "the real files at hand (mini) are not the release: 9"])
def test_every_seed_must_be_free_of_stand_ins(toy, record_of, line_of, said):
    experiment = dataclasses.replace(toy, own_procedure=False)
    clean, row = [record_of("real", seed=seed) for seed in range(3)], toy.row("toy/Net")
    topped = [*clean[:2], record_of("real", seed=2, deviations=[said])]
    assert judge(line_of(), experiment, row, Measurement(tuple(clean)), {})[0] == "reproduced"
    assert judge(line_of(), experiment, row, Measurement(tuple(topped)), {})[0] == "not reproduced"


@pytest.mark.parametrize(
    ("ours", "plain", "baseline"),
    [
        ([90.0, 90.0, 90.0], True, True),
        ([89.0, 89.0, 89.0], True, True),  # exactly one point
        ([88.9, 88.9, 88.9], False, False),
        ([99.0, 99.0, 99.0], True, False),  # better is enough, but not for a baseline
        ([91.0, 91.0, 91.0], True, True),
        ([91.1, 91.1, 91.1], True, False),
        ([85.0, 88.0, 91.0], True, True),  # mean 88, two standard errors of 3 / sqrt 3 make 3.46
        ([87.5, 88.0, 88.5], False, False),  # 0.58
        ([83.0, 86.0, 89.0], False, False),  # mean 86, again 3.46, where two deviations would make 6
        ([89.0, 92.0, 95.0], True, True),
    ],
)
def test_accuracies_agree_within_a_point_or_two_standard_errors(verdict, ours, plain, baseline):
    assert (verdict(ours)[0] == "reproduced") == plain
    assert (verdict(ours, baseline=True)[0] == "reproduced") == baseline


@pytest.mark.parametrize(
    ("ours", "plain", "baseline"),
    [
        ([10.0] * 3, True, True),
        ([11.0] * 3, True, True),
        ([11.1] * 3, False, False),
        ([2.0] * 3, True, False),  # a lower error is better
    ],
)
def test_errors_are_better_when_lower(verdict, ours, plain, baseline):
    assert (verdict(ours, 10.0, "error/all")[0] == "reproduced") == plain
    assert (verdict(ours, 10.0, "error/all", baseline=True)[0] == "reproduced") == baseline


@pytest.mark.parametrize(
    ("factor", "plain", "baseline"),
    [
        (1.0, True, True),
        (1.49, True, True),
        (1.51, False, False),
        (0.67, True, True),
        (0.66, True, False),
        (1e-3, True, False),
    ],
)
def test_squared_errors_agree_within_a_factor(verdict, factor, plain, baseline):
    ours = [2e-5 * factor] * 3
    assert (verdict(ours, 2e-5, "mse/step_1", "squared")[0] == "reproduced") == plain
    assert (verdict(ours, 2e-5, "mse/step_1", "squared", baseline=True)[0] == "reproduced") == baseline


def test_counts_agree_only_up_to_their_spread(verdict):
    assert verdict([18.0] * 3, 18.0, "tasks_passed", "tasks of 20")[0] == "reproduced"
    assert verdict([17.0] * 3, 18.0, "tasks_passed", "tasks of 20")[0] == "not reproduced"
    assert verdict([17.0, 17.0, 19.0], 18.0, "tasks_passed", "tasks of 20")[0] == "reproduced"
    assert verdict([20.0] * 3, 18.0, "tasks_passed", "tasks of 20")[0] == "reproduced"


@pytest.mark.parametrize(
    ("margin", "ours", "others", "expected"),
    [
        (1.5, 2e-5, 3.01e-5, "partly"),
        (1.5, 2e-5, 2.99e-5, "not reproduced"),
        (-1.5, 3.01e-5, 2e-5, "partly"),
        (-1.5, 2e-5, 3e-5, "not reproduced"),
        (0, 2e-5, 2e-5, "partly"),
        (0, 2.1e-5, 2e-5, "not reproduced"),
    ],
)
def test_squared_errors_are_compared_by_their_ratio(verdict, margin, ours, others, expected):
    comparison = Comparison("mse/*", "Majority", margin)
    assert verdict([ours], None, "mse/step_1", others=[others], comparisons=(comparison,), scale="small")[0] == expected


@pytest.mark.parametrize(
    ("metric", "margin", "ours", "others", "expected"),
    [
        ("accuracy/all", 15, 80.0, 65.0, "partly"),
        ("accuracy/all", 15, 79.9, 65.0, "not reproduced"),
        ("accuracy/all", -15, 50.0, 65.0, "partly"),  # declared to be worse, and it is
        ("accuracy/all", -15, 50.1, 65.0, "not reproduced"),
        ("accuracy/all", -15, 95.0, 65.0, "not reproduced"),
        ("error/all", 15, 20.0, 35.0, "partly"),
        ("error/all", 15, 35.0, 20.0, "not reproduced"),
        ("error/all", -15, 35.0, 20.0, "partly"),
        ("accuracy/all", 0, 65.0, 65.0, "partly"),
    ],
)
@pytest.mark.parametrize("scale", ["small", "paper"])
def test_a_declared_comparison_makes_it_partly(verdict, metric, margin, ours, others, expected, scale):
    comparison = Comparison(metric, "Majority", margin)
    found, why = verdict([ours], None, metric, others=[others], comparisons=(comparison,), scale=scale)
    assert found == expected
    assert f"{'worse' if margin < 0 else 'better'} than Majority by {abs(margin)}" in why


@pytest.mark.parametrize(
    ("margins", "expected", "told"),
    [
        ((10, -10), "not reproduced", "worse than Majority by 10: no, +20.0"),
        ((30, 40), "not reproduced", "by 30: no, +20.0; better than Majority by 40: no"),
        ((10, 20), "partly", "all 2 declared comparisons hold"),
        ((10,), "partly", "better than Majority by 10: yes, +20.0"),
    ],
)
def test_every_declared_comparison_must_hold(verdict, margins, expected, told):
    comparisons = tuple(Comparison("accuracy/*", "Majority", margin) for margin in margins)
    found, why = verdict([80.0], others=[60.0], scale="small", comparisons=comparisons)
    assert found == expected
    assert told in why


def test_a_comparison_is_of_means_over_seeds(verdict):
    comparison = (Comparison("accuracy/*", "Majority", 10),)
    assert verdict([70.0, 90.0], others=[65.0, 75.0], scale="small", comparisons=comparison)[0] == "partly"
    assert verdict([70.0, 70.0], others=[65.0, 75.0], scale="small", comparisons=comparison)[0] == "not reproduced"


def test_a_comparison_needs_the_other_system_at_the_same_scale_on_the_same_data(toy, record_of, line_of):
    row, ours = toy.row("toy/Net"), record_of(scale="small", metrics={METRIC: 80.0})
    for changes, expected in (
        ({}, "partly"),
        ({"scale": "paper"}, "not reproduced"),
        ({"kind": "real"}, "not reproduced"),
        ({"task": "other"}, "not reproduced"),
        ({"metrics": {"error/all": 1.0}}, "not reproduced"),
    ):
        usual = {"scale": "small", "system": "Majority", "metrics": {METRIC: 30.0}}
        groups = measurements([ours, record_of(**(usual | changes))])
        found, why = judge(line_of(), toy, row, Measurement((ours,)), groups)
        assert found == expected
        assert found == "partly" or "lacks a record of Majority" in why


def test_a_comparison_covers_only_its_metrics(verdict):
    options = {"others": [10.0], "scale": "small", "comparisons": (Comparison("accuracy/relational", "Majority", 1),)}
    assert verdict([80.0], metric="accuracy/relational", **options)[0] == "partly"
    assert verdict([80.0], metric="accuracy/all", **options) == (
        "not reproduced",
        "small scale; no comparison is declared for this metric",
    )


def test_smoke_earns_nothing_and_our_own_references_claim_nothing(verdict):
    comparison = (Comparison("accuracy/*", "Majority", 1),)
    assert verdict([99.0] * 3, scale="smoke", others=[1.0], comparisons=comparison)[0] == "not attempted"
    assert verdict([99.0] * 3, line={"paper": "reprolib"})[0] is None
    assert verdict([99.0], scale="smoke", others=[1.0], comparisons=comparison, line={"paper": "reprolib"})[0] is None


@pytest.mark.parametrize(("others", "expected"), [([80.0], "partly"), ([85.0], "not reproduced")])
def test_what_our_own_references_declare_is_judged_but_reproduces_nothing(verdict, others, expected):
    comparison = (Comparison("accuracy/*", "Majority", 10),)
    found = verdict([90.0] * 3, others=others, comparisons=comparison, line={"paper": "reprolib"})
    assert found[0] == expected


def test_a_reproduction_beats_its_comparison(verdict):
    comparison = (Comparison("accuracy/*", "Majority", 10),)
    assert verdict([90.0] * 3, others=[89.0], comparisons=comparison)[0] == "reproduced"
    assert verdict([70.0] * 3, others=[30.0], comparisons=comparison)[0] == "partly"
    assert verdict([70.0] * 3, others=[69.0], comparisons=comparison)[0] == "not reproduced"


def test_measurements_group_what_belongs_together(record_of):
    places = set(itertools.product(("small", "paper"), ("real", "generated")))
    found = [record_of(seed=seed, scale=scale, kind=kind) for seed in (2, 0, 1) for scale, kind in places]
    groups = measurements(found)
    assert set(groups) == {("toy", "Net", *place) for place in places}
    assert all([record.seed for record in group.records] == [0, 1, 2] for group in groups.values())


def test_agreement_without_a_published_value(line_of):
    assert not agrees(line_of(value=None), [90.0] * 3, baseline=False)
