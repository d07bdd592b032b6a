"""Reductions of rows by segment, the rho functions of a graph network, and `gather`, the way back.

Row m of `values` [M, ...] belongs to segment `segments[m]`; the result has one row a segment, [S, ...]. Rows may come
in any order, an empty segment gives 0, and all functions are differentiable and keep the dtype: bfloat16 and float16
are accumulated in float32, forward and backward, and rounded once.

Dimensions: M rows, S segments.
"""

import torch
from torch import Tensor

from reprolib.errors import InputError


def segment_sum(values: Tensor, segments: Tensor, num_segments: int) -> Tensor:
    """Sum of the rows of each segment: [M, ...], [M] -> [S, ...]. InputError when values and segments do not fit."""
    return _wide_sum(values, segments, num_segments).to(values.dtype)


def segment_mean(values: Tensor, segments: Tensor, num_segments: int) -> Tensor:
    """Mean of the rows of each segment: [M, ...], [M] -> [S, ...]. InputError when values and segments do not fit."""
    total = _wide_sum(values, segments, num_segments)  # [S, ...]
    count = torch.bincount(segments, minlength=num_segments).clamp(min=1)  # [S]
    return (total / _column(count, total)).to(values.dtype)


def segment_max(values: Tensor, segments: Tensor, num_segments: int) -> Tensor:
    """Element-wise maximum over the rows of each segment: [M, ...], [M] -> [S, ...]; tied rows share the gradient.

    InputError when values and segments do not fit.
    """
    _check(values, segments)
    index = _column(segments, values).expand_as(values)  # [M, ...]
    empty = values.new_zeros(num_segments, *values.shape[1:])
    return empty.scatter_reduce(0, index, values, "amax", include_self=False)


def segment_softmax(logits: Tensor, segments: Tensor, num_segments: int) -> Tensor:
    """Softmax over the rows of each segment, for each trailing element apart: [M, ...], [M] -> [M, ...].

    InputError when logits and segments do not fit.
    """
    wide = _widened(logits)
    peak = segment_max(wide.detach(), segments, num_segments)  # [S, ...], cancels in the quotient
    weights = (wide - peak.index_select(0, segments)).exp()  # [M, ...]
    total = _wide_sum(weights, segments, num_segments)  # [S, ...]
    return (weights / total.index_select(0, segments)).to(logits.dtype)


def gather(values: Tensor, segments: Tensor) -> Tensor:
    """Row `segments[m]` of `values` for every m: [S, ...], [M] -> [M, ...]; its gradient is a segment_sum."""
    return _widened(values).index_select(0, segments).to(values.dtype)


def _wide_sum(values: Tensor, segments: Tensor, num_segments: int) -> Tensor:
    _check(values, segments)
    wide = _widened(values)
    return wide.new_zeros(num_segments, *values.shape[1:]).index_add(0, segments, wide)  # [S, ...]


def _widened(values: Tensor) -> Tensor:
    return values.float() if values.dtype in (torch.bfloat16, torch.float16) else values


def _column(vector: Tensor, like: Tensor) -> Tensor:
    return vector.view(-1, *[1] * (like.dim() - 1))  # [M] -> [M, 1, ...]


def _check(values: Tensor, segments: Tensor) -> None:
    if not values.is_floating_point():
        raise InputError(
            f"the values of a segment reduction are {values.dtype}; convert them to a floating point dtype."
        )
    if segments.dtype != torch.int64 or segments.dim() != 1:
        raise InputError(f"segments must be a vector of int64, not {segments.dtype} of shape {tuple(segments.shape)}.")
    if values.dim() == 0 or len(values) != len(segments):
        raise InputError(f"values of shape {tuple(values.shape)} need as many segments as rows, not {len(segments)}.")
