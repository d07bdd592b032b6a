"""Labels of claims, on made-up records."""

import dataclasses

import pytest

from reprolib.evidence import quoted
from reprolib.evidence.claims import Claim, Comparison
from reprolib.evidence.deviations import Deviation
from reprolib.judgement.hearing import Known
from reprolib.judgement.labels import LABELS, Court
from reprolib.judgement.verdicts import measurements

METRIC = "accuracy/all"
PRINTED = {"Net": 90.0, "Base": 71.0, "Human": 85.0}
GOOD = {"Net": [90.0, 90.1, 89.9], "Base": [71.0, 71.2, 70.8], "Majority": [50.0]}


def order(one, sign, other):
    return Comparison(("toy",), (METRIC,), one, sign, other)


@pytest.fixture
def judge(toy, record_of, line_of):
    """judge({"Net": [90, 90, 90]}, compared=[...]) -> the judgement of a claim on Net, with Base and Majority.

    Options: figures, printed (figures by system), scale, kind, procedure, error (of the test set), scales (what small
    changes of Net), deviations (of the row Net), also (further rows by system, with `stands_for`).
    """

    def make(values, compared=(("Net", ">", "Base"),), figures=("Net",), **options):
        scale, kind = options.get("scale", "small"), options.get("kind", "generated")
        records = []
        for system, of_seeds in values.items():
            data = {"name": "toy", "kind": kind, "split": "test", "hash": "", "sizes": {}}
            data["procedure"] = options.get("procedure", "paper")
            records += [
                record_of(
                    system=system,
                    seed=seed,
                    scale=scale,
                    data=data,
                    metrics={METRIC: value},
                    errors={METRIC: options.get("error", 0.1)},
                    steps=0 if system == "Majority" else 20,
                )
                for seed, value in enumerate(of_seeds)
            ]
        net = dataclasses.replace(
            toy.row("toy/Net"),
            scales={"small": options.get("scales", {})},
            deviations=tuple(options.get("deviations", ())),
        )
        base = dataclasses.replace(net, system="Base", baseline=True, deviations=(), scales={})
        rows = [net, base, toy.row("toy/Majority")]
        rows += [dataclasses.replace(net, system=name, **some) for name, some in options.get("also", {}).items()]
        lines = tuple(
            line_of(system=system, value=value) for system, value in (PRINTED | options.get("printed", {})).items()
        )
        known = Known(
            measurements(records),
            {(row.task, row.system): (toy, row) for row in rows},
            lines,
            {(line.task, line.system, line.metric): line.value for line in lines},
        )
        names = tuple(f"toy/{system}/{METRIC}" for system in figures)
        claim = Claim("c", "toy2017", "Table 1", True, "Claimed.", names, tuple(order(*each) for each in compared))
        return Court(known, (claim,)).judge(claim)

    return make


def test_figure_and_effect_together_reproduce(judge):
    found = judge(GOOD)
    assert (found.label, found.figure, found.effect, found.n) == ("reproduced", "close", "holds", 3)
    assert [(record.system, record.seed) for record in found.records][:3] == [("Net", 0), ("Net", 1), ("Net", 2)]


@pytest.mark.parametrize(
    ("options", "label"),
    [
        ({"scales": {"train.optimiser": "muon"}}, "reproduced, with less"),
        ({"scales": {"model.hidden": (8,)}}, "reproduced, with less"),
        ({"scales": {"model.norm": True}}, "reproduced, changed"),
        ({"procedure": "ours"}, "reproduced, changed"),
        ({"procedure": "released", "kind": "real"}, "reproduced"),
        ({"deviations": [Deviation("data", "more data")]}, "reproduced, changed"),
        ({"deviations": [Deviation("choice", "batches of 16")]}, "reproduced"),
    ],
)
def test_how_far_it_is_from_the_paper_qualifies_it(judge, options, label):
    assert judge(GOOD, **options).label == label


@pytest.mark.parametrize("few", [{"Net": [90.0, 90.1]}, {"Base": [71.0]}, {"Net": [90.0], "Base": [71.0]}])
@pytest.mark.parametrize("scale", ["small", "paper"])
def test_fewer_than_three_seeds_never_reproduce(judge, few, scale):
    assert judge(GOOD | few, scale=scale).label == "inconclusive"


def test_a_claim_without_a_comparison_is_judged_by_its_figure_and_the_reverse(judge):
    assert judge(GOOD, compared=()).label == "reproduced"
    assert judge(GOOD | {"Net": [80.0] * 3}, compared=()).label == "inconclusive"
    assert judge(GOOD, figures=()).label == "reproduced"
    assert judge(GOOD, figures=(), compared=[("Base", ">", "Net")]).label == "inconclusive"


def test_an_effect_alone_is_an_effect_shown(judge):
    found = judge(GOOD | {"Net": [85.0, 85.1, 84.9]})
    assert (found.label, found.figure, found.effect) == ("effect shown", "short", "holds")


@pytest.mark.parametrize(("scale", "label"), [("small", "inconclusive"), ("paper", "not reproduced")])
def test_compute_only_separates_inconclusive_from_not_reproduced(judge, scale, label):
    assert judge(GOOD | {"Net": [72.0, 72.1, 71.9]}, scale=scale).label == label


def test_a_lead_of_a_tenth_does_not_show_a_printed_lead_of_19(judge):
    found = judge(GOOD | {"Net": [71.1] * 3, "Base": [71.0] * 3}, error=0.0)
    assert (found.effect, found.label) == ("fails", "inconclusive")


def test_a_figure_is_close_whatever_happens_to_other_rows(judge):
    for base in ([71.0] * 3, [10.0] * 3, [95.0] * 3, []):
        assert judge(GOOD | {"Base": base}).figure == "close"


def test_an_inverted_order_of_what_the_paper_calls_level_is_not_credited(judge):
    level = {"compared": [("Net", "~", "Base")], "figures": (), "printed": {"Base": 90.0}}
    assert judge(GOOD | {"Base": [89.5, 89.6, 89.4]}, **level).label == "reproduced"
    assert judge(GOOD | {"Base": [95.0, 95.1, 94.9]}, **level).label == "inconclusive"
    assert judge(GOOD | {"Base": [86.5, 86.4, 86.6]}, **level).label == "inconclusive"


@pytest.mark.parametrize("scale", ["small", "paper"])
def test_a_result_at_chance_earns_nothing_by_being_worse(judge, scale):
    """Base is at chance, far below what is printed: being ahead of it shows nothing, and is no failure either."""
    found = judge(GOOD | {"Base": [50.0, 50.2, 49.8]}, scale=scale)
    assert (found.effect, found.label) == ("unsure", "inconclusive")
    assert "a baseline that was trained badly" in found.reason


def test_who_does_not_beat_chance_can_neither_win_nor_lose(judge):
    lost = judge(GOOD | {"Net": [50.0, 50.1, 49.9]}, scale="paper")
    assert (lost.effect, lost.label) == ("unsure", "inconclusive")
    assert "does not beat chance" in lost.reason
    tied = {"compared": [("Net", "~", "Base")], "figures": (), "printed": {"Base": 50.0}}
    assert judge(GOOD | {"Net": [50.0] * 3, "Base": [50.0] * 3}, **tied).effect == "unsure", "both are at chance"
    at_chance = {"compared": [("Base", "~", "Majority")], "figures": (), "printed": {"Base": None}}
    assert judge(GOOD | {"Base": [50.0, 50.1, 49.9]}, **at_chance).effect == "holds", "where chance is what is claimed"


def test_a_baseline_that_is_better_than_printed_counts_as_it_is(judge):
    found = judge(GOOD | {"Base": [89.0, 89.1, 88.9]})
    assert found.effect == "fails", "the lead is a point where 19 are printed"


def test_a_system_that_is_only_quoted_stands_with_its_printed_figure(judge, monkeypatch):
    ahead_of_people = {"compared": [("Net", ">", "Human")], "figures": ()}
    assert judge(GOOD, **ahead_of_people).label == "not attempted", "a system that could be run has no record"
    monkeypatch.setattr(quoted, "REASONS", (("toy", "Human", quoted.PEOPLE),))
    assert judge(GOOD, **ahead_of_people).label == "reproduced"
    assert judge(GOOD | {"Net": [86.0, 86.1, 85.9]}, **ahead_of_people).effect == "fails", "a fifth of the printed lead"
    assert judge(GOOD, compared=[("Net", ">", "80")], figures=()).label == "reproduced"
    assert judge(GOOD, compared=[("Net", ">", "95")], figures=()).effect == "fails"


def test_the_mean_of_two_systems(judge):
    half_way = {"figures": (), "compared": [("Net", ">", "Base + Majority")]}
    assert judge(GOOD, **half_way).effect == "holds"
    assert judge(GOOD | {"Net": [60.0, 60.1, 59.9]}, **half_way).effect == "fails"


def test_a_row_of_ours_may_stand_for_the_printed_system(judge):
    weak = GOOD | {"Net": [70.0] * 3, "Net, renamed": [90.0, 90.1, 89.9]}
    also = {"Net, renamed": {"stands_for": "Net", "deviations": (Deviation("data", "renamed"),)}}
    found = judge(weak, also=also)
    assert found.label == "reproduced, changed"
    assert "Net is Net, renamed" in found.reason
    assert {record.system for record in found.records} == {"Net, renamed", "Base"}
    assert judge(GOOD | {"Net, renamed": [10.0] * 3}, also=also).label == "reproduced", "itself comes first"


def test_without_records_above_smoke_nothing_is_attempted(judge):
    assert judge({}).label == judge(GOOD, scale="smoke").label == "not attempted"


def test_what_lacks_a_record_is_said(judge):
    found = judge({"Net": GOOD["Net"]})
    assert (found.effect, found.label) == ("unsure", "inconclusive")
    assert "a record is lacking" in found.reason


def test_a_figure_that_is_not_measured_is_not_passed_over(judge):
    """Net's is close, Base's is lacking: together they are unsure, and nothing is reproduced."""
    found = judge({"Net": GOOD["Net"]}, figures=("Net", "Base"), compared=())
    assert (found.figure, found.label) == ("unsure", "inconclusive")
    assert "Base, accuracy/all of toy: a record is lacking" in found.reason


def test_a_claim_is_attempted_when_its_own_system_is(judge):
    """Records of a baseline alone are no attempt at what is claimed of another system."""
    assert judge({"Base": GOOD["Base"]}, figures=("Base", "Net")).label == "not attempted"
    assert judge({"Net": GOOD["Net"]}, figures=("Base", "Net")).label == "inconclusive"


def test_labels_from_the_best_to_none():
    assert LABELS[0] == "reproduced"
    assert LABELS[-1] == "not attempted"
    assert len(LABELS) == 7
