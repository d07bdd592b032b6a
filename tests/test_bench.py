"""Both sides of a benchmark agree, and the counter of bytes counts bytes. Nothing here is timed."""

from dataclasses import asdict, replace

import pytest
import torch

from reprolib import bench
from reprolib.errors import InputError

CPU = torch.device("cpu")
SMALL = {"features": 5, "question": 4, "g": (16, 16, 16), "f": (8, 6), "cpu_batch": 3}


def relative_difference(mine, other):
    return (mine - other).float().norm() / other.float().norm()


def small(case):
    """A case with its own objects, mask and chunk, but narrow."""
    return replace(case, **SMALL, objects=min(case.objects, 12))


@pytest.mark.parametrize("precision", bench.PRECISIONS)
@pytest.mark.parametrize("case", bench.CASES, ids=lambda case: case.title)
def test_ours_and_the_reference_agree(case, precision):
    ours, reference, batch = bench.build(small(case), CPU)
    logits, *gradients = zip(*(bench.step(side, batch, precision) for side in (ours, reference)), strict=True)
    assert relative_difference(*logits) < (1e-6 if precision == "fp32" else 0.02)
    for gradient in gradients:
        assert relative_difference(*gradient) < (1e-4 if precision == "fp32" else 0.2)


def test_both_sides_hold_the_same_weights():
    ours, reference, _ = bench.build(small(bench.CLEVR), CPU)
    assert [id(weight) for weight in ours.parameters()] == [id(weight) for weight in reference.parameters()]


def test_cases_have_the_sizes_of_the_paper_and_only_stories_differ_in_length():
    takes = {case.title: 2 * case.features + case.question for case in bench.CASES}
    assert takes["CLEVR pixels"] == 180
    assert takes["Sort-of-CLEVR"] == 527
    stories = next(case for case in bench.CASES if case.fewest)
    _, _, batch = bench.build(stories, CPU)
    assert set(batch.mask.sum(1).tolist()) <= set(range(2, 21))
    assert batch.mask.sum(1).unique().numel() > 5


@pytest.mark.parametrize("precision", bench.PRECISIONS)
def test_a_ratio_is_reference_over_ours(precision):
    ratio = bench.compare(small(bench.CLEVR), precision, CPU, rounds=1)
    assert ratio.name in bench.NAMES
    assert ratio.case == f"CLEVR pixels {precision}"
    assert ratio.device == "cpu"
    assert ratio.ratio == pytest.approx(ratio.reference / ratio.ours)
    assert min(ratio.ours, ratio.reference, ratio.peak_memory_ratio) > 0
    assert set(asdict(ratio)) == {
        *("name", "case", "ours", "reference", "unit", "ratio", "peak_memory_ratio", "device")
    }


@pytest.mark.parametrize("precision", bench.PRECISIONS)
@pytest.mark.parametrize("case", bench.CASES, ids=lambda case: case.title)
def test_ours_needs_less_memory_where_pairs_outweigh_weights(case, precision):
    narrow = replace(case, g=(64,) * 4, f=(64, 29), cpu_batch=4)
    assert bench.compare(narrow, precision, CPU, rounds=1).peak_memory_ratio > 1.1


def test_a_reference_that_computes_something_else_is_not_timed(monkeypatch):
    monkeypatch.setattr(
        bench.ConcatenatedPairs,
        "forward",
        lambda self, objects, question, mask: self.f(
            self.g(torch.cat([objects, objects, question[:, None].expand(-1, objects.shape[1], -1)], -1)).sum(1)
        ),
    )
    with pytest.raises(RuntimeError, match="differ by"):
        bench.compare(small(bench.CLEVR), "fp32", CPU, rounds=1)


def test_run_covers_every_case_in_both_precisions_and_gives_the_threads_back(monkeypatch):
    monkeypatch.setattr(bench, "CASES", tuple(small(case) for case in bench.CASES))
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    ratios = bench.run("relation", "cpu")
    assert torch.get_num_threads() == 2
    torch.set_num_threads(threads)
    assert len({ratio.case for ratio in ratios}) == 2 * len(bench.CASES)


def test_an_unknown_benchmark_is_named():
    with pytest.raises(InputError, match="'relations': choose one of relation"):
        bench.run("relations", "cpu")


def test_bytes_are_counted_while_a_tensor_lives():
    kept = torch.zeros(1000)
    with bench.LiveBytes() as live:
        first = kept + 1  # 4,000 bytes
        view, same = first[:10], first.add_(1)
        second = torch.cat([first, kept])  # 8,000 more
        assert live.now == 12_000
        del first, view, same
        assert live.now == 8_000
        third = second.double()  # 16,000 more
        del second, third
        fourth = kept.clone()
        pieces = fourth.split(10)
    assert live.now == 4_000
    assert live.peak == 24_000
    assert len(pieces) == 100


def test_bytes_of_the_backward_pass_are_counted():
    weight = torch.ones(100, 100, requires_grad=True)
    with bench.LiveBytes() as live:
        (gradient,) = torch.autograd.grad((weight.exp() * 2).sum(), weight)
        assert live.now == gradient.nbytes
    assert live.peak >= 3 * gradient.nbytes
