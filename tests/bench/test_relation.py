"""Both sides of the relation network's benchmark agree. Nothing here is timed."""

from dataclasses import asdict, replace

import pytest
import torch

from reprolib import bench
from reprolib.bench import relation
from reprolib.bench.measure import PRECISIONS, differences

CPU = torch.device("cpu")
SMALL = {"features": 5, "question": 4, "g": (16, 16, 16), "f": (8, 6), "cpu_batch": 3}


def small(case):
    """A case with its own objects, mask and chunk, but narrow."""
    return replace(case, **SMALL, objects=min(case.objects, 12))


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("case", relation.CASES, ids=lambda case: case.title)
def test_ours_and_the_reference_agree(case, precision):
    ours, reference, batch = relation.build(small(case), CPU)
    logits, *gradients = differences(*(relation.step(side, batch, precision) for side in (ours, reference)))
    assert logits < (1e-6 if precision == "fp32" else 0.02)
    assert max(gradients) < (1e-4 if precision == "fp32" else 0.2)


def test_both_sides_hold_the_same_weights():
    ours, reference, _ = relation.build(small(relation.CLEVR), CPU)
    assert [id(weight) for weight in ours.parameters()] == [id(weight) for weight in reference.parameters()]


def test_cases_have_the_sizes_of_the_paper_and_only_stories_differ_in_length():
    takes = {case.title: 2 * case.features + case.question for case in relation.CASES}
    assert takes["CLEVR pixels"] == 180
    assert takes["Sort-of-CLEVR"] == 527
    stories = next(case for case in relation.CASES if case.fewest)
    _, _, batch = relation.build(stories, CPU)
    assert set(batch.mask.sum(1).tolist()) <= set(range(2, 21))
    assert batch.mask.sum(1).unique().numel() > 5


@pytest.mark.parametrize("precision", PRECISIONS)
def test_a_ratio_is_reference_over_ours(precision):
    ratio = relation.compare(small(relation.CLEVR), precision, CPU, rounds=1)
    assert ratio.name in bench.NAMES
    assert ratio.case == f"CLEVR pixels {precision}"
    assert ratio.device.endswith(", 1 thread")
    assert ratio.ratio == pytest.approx(ratio.reference / ratio.ours)
    assert min(ratio.ours, ratio.reference, ratio.peak_memory_ratio) > 0
    assert set(asdict(ratio)) == {
        *("name", "case", "ours", "reference", "unit", "ratio", "peak_memory_ratio", "device")
    }


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("case", relation.CASES, ids=lambda case: case.title)
def test_ours_needs_less_memory_where_pairs_outweigh_weights(case, precision):
    narrow = replace(case, g=(64,) * 4, f=(64, 29), cpu_batch=4)
    assert relation.compare(narrow, precision, CPU, rounds=1).peak_memory_ratio > 1.1


def test_a_reference_that_computes_something_else_is_not_timed(monkeypatch):
    monkeypatch.setattr(
        relation.ConcatenatedPairs,
        "forward",
        lambda self, objects, question, mask: self.f(
            self.g(torch.cat([objects, objects, question[:, None].expand(-1, objects.shape[1], -1)], -1)).sum(1)
        ),
    )
    with pytest.raises(RuntimeError, match="differ by"):
        relation.compare(small(relation.CLEVR), "fp32", CPU, rounds=1)


def test_run_covers_every_case_in_both_precisions(monkeypatch):
    monkeypatch.setattr(relation, "CASES", tuple(small(case) for case in relation.CASES))
    ratios = list(bench.run("relation", "cpu"))
    assert len({ratio.case for ratio in ratios}) == 2 * len(relation.CASES)
