"""Segment reductions against loops, closed forms, and exact sums in low precision."""

import pytest
import torch
from torch.autograd import gradcheck, gradgradcheck

from reprolib.errors import InputError
from reprolib.gn.segments import gather, segment_max, segment_mean, segment_softmax, segment_sum

BY_LOOP = {
    segment_sum: lambda rows: torch.stack(rows).sum(0),
    segment_mean: lambda rows: torch.stack(rows).mean(0),
    segment_max: lambda rows: torch.stack(rows).amax(0),
}
SEGMENTS = torch.tensor([4, 1, 1, 4, 0, 4, 1])  # unsorted; segments 2, 3 and 5 are empty
NUM_SEGMENTS = 6


def rows_of(values, segment):
    return [value for value, owner in zip(values, SEGMENTS.tolist(), strict=True) if owner == segment]


@pytest.mark.parametrize("trailing", [(), (3,), (2, 3), (0,)])
@pytest.mark.parametrize("reduce", BY_LOOP)
def test_reductions_equal_a_loop_and_empty_segments_give_zero(reduce, trailing):
    values = torch.randn(7, *trailing, dtype=torch.float64, generator=torch.Generator().manual_seed(0)) - 3  # all < 0
    expected = torch.zeros(NUM_SEGMENTS, *trailing, dtype=torch.float64)
    for segment in range(NUM_SEGMENTS):
        if rows := rows_of(values, segment):
            expected[segment] = BY_LOOP[reduce](rows)
    result = reduce(values, SEGMENTS, NUM_SEGMENTS)
    assert result.dtype == torch.float64
    torch.testing.assert_close(result, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("trailing", [(), (3,), (2, 3)])
def test_softmax_equals_a_loop(trailing):
    logits = torch.randn(7, *trailing, dtype=torch.float64, generator=torch.Generator().manual_seed(1)) * 5
    result = segment_softmax(logits, SEGMENTS, NUM_SEGMENTS)
    for segment in (0, 1, 4):
        expected = torch.stack(rows_of(logits, segment)).softmax(0)
        torch.testing.assert_close(torch.stack(rows_of(result, segment)), expected, rtol=1e-12, atol=1e-12)


def test_softmax_survives_logits_that_overflow_exp():
    logits = torch.tensor([1e4, 1e4 + 1, -1e4, 0.0])
    result = segment_softmax(logits, torch.tensor([0, 0, 1, 2]), 3)
    torch.testing.assert_close(result, torch.tensor([0.26894142, 0.73105858, 1.0, 1.0]))


@pytest.mark.parametrize("reduce", [segment_sum, segment_mean, segment_max, segment_softmax])
def test_gradients_pass_gradcheck(reduce):
    values = torch.randn(7, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(2), requires_grad=True)
    assert gradcheck(lambda v: reduce(v, SEGMENTS, NUM_SEGMENTS), values)
    if reduce is not segment_max:
        assert gradgradcheck(lambda v: reduce(v, SEGMENTS, NUM_SEGMENTS), values)


def test_tied_maxima_share_the_gradient():
    values = torch.tensor([[2.0], [2.0], [1.0], [7.0]], requires_grad=True)
    segment_max(values, torch.tensor([0, 0, 0, 1]), 3).sum().backward()
    assert values.grad.flatten().tolist() == [0.5, 0.5, 0.0, 1.0]


def test_gather_is_the_adjoint_of_the_sum():
    rng = torch.Generator().manual_seed(3)
    wide, narrow = (torch.randn(rows, 2, dtype=torch.float64, generator=rng) for rows in (7, NUM_SEGMENTS))
    narrow.requires_grad_()
    gathered = gather(narrow, SEGMENTS)
    for row, segment in zip(gathered, SEGMENTS.tolist(), strict=True):
        assert torch.equal(row, narrow[segment])
    (gathered * wide).sum().backward()
    torch.testing.assert_close(narrow.grad, segment_sum(wide, SEGMENTS, NUM_SEGMENTS), rtol=1e-14, atol=1e-14)


@pytest.mark.parametrize("trailing", [(), (1,)])
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_low_precision_is_accumulated_in_float32(dtype, trailing):
    """8,192 ones stall at 256 (bfloat16) or 2,048 (float16) where they are added one by one in their own precision."""
    ones, segments = torch.ones(2 * 8192, *trailing, dtype=dtype), torch.arange(2 * 8192) % 2
    for reduce, expected in ((segment_sum, 8192), (segment_mean, 1), (segment_max, 1)):
        result = reduce(ones, segments, 2)
        assert result.dtype == dtype
        assert result.flatten().tolist() == [expected, expected]
    weights = segment_softmax(ones, segments, 2)
    assert weights.dtype == dtype
    assert weights.unique().tolist() == [1 / 8192]


@pytest.mark.parametrize("trailing", [(), (1,)])
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_low_precision_gradient_of_gather_is_accumulated_in_float32(dtype, trailing):
    values = torch.zeros(2, *trailing, dtype=dtype, requires_grad=True)
    gathered = gather(values, torch.arange(2 * 8192) % 2)
    gathered.backward(torch.ones_like(gathered))
    assert gathered.dtype == dtype
    assert values.grad.flatten().tolist() == [8192, 8192]


@pytest.mark.parametrize("reduce", [segment_sum, segment_mean, segment_max])
def test_nothing_to_reduce(reduce):
    nothing, nowhere = torch.zeros(0, 3), torch.zeros(0, dtype=torch.int64)
    assert reduce(nothing, nowhere, 0).shape == (0, 3)
    assert torch.equal(reduce(nothing, nowhere, 2), torch.zeros(2, 3))
    assert segment_softmax(nothing, nowhere, 2).shape == (0, 3)


@pytest.mark.parametrize("reduce", [segment_sum, segment_mean, segment_max, segment_softmax])
@pytest.mark.parametrize(
    ("values", "segments", "complaint"),
    [
        (torch.zeros(3, 1), torch.zeros(2, dtype=torch.int64), "as many segments as rows, not 2"),
        (torch.zeros(3, 1), torch.zeros(3), "vector of int64, not torch.float32"),
        (torch.zeros(3, 1), torch.zeros(3, 1, dtype=torch.int64), r"of shape \(3, 1\)"),
        (torch.zeros(3, 1, dtype=torch.int64), torch.zeros(3, dtype=torch.int64), "torch.int64; convert"),
    ],
)
def test_what_does_not_fit_is_an_input_error(reduce, values, segments, complaint):
    with pytest.raises(InputError, match=complaint):
        reduce(values, segments, 4)
