"""The pair sum in blocks against its definition, a loop over pairs, and what a block may hold."""

from itertools import product

import pytest
import torch
from torch import nn

from reprolib.kernels.pair_sum import listed_pair_sum, pair_sum

EXACT = {"rtol": 1e-11, "atol": 1e-11}
ROWS = (1, 3, 4, 7, 8, 16, 17, 33, 1000, None)
B, N, H, G = 3, 4, 5, 6
EVERY = list(product(range(B), range(N), range(N)))
LISTS = {
    "every": EVERY,
    "some, a scene without": [(0, 1, 2), (0, 3, 3), (2, 0, 1), (2, 1, 0), (2, 0, 1)],
    "one scene": [(1, i, i) for i in range(N)],
    "none": [],
}


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(0)


@pytest.fixture
def sides():
    return [torch.randn(B, N, H, dtype=torch.float64, requires_grad=True) for _ in range(2)]


@pytest.fixture
def layers():
    return nn.Sequential(nn.Tanh(), nn.Linear(H, 7), nn.ReLU(inplace=True), nn.Linear(7, G)).double()


def looped(layers, left, right, listed):
    """The definition: one pair at a time."""
    totals = [torch.zeros(G, dtype=torch.float64) for _ in left]
    for scene, i, j in listed:
        totals[scene] = totals[scene] + layers((left[scene, i] + right[scene, j])[None])[0]
    return torch.stack(totals)


def indices(listed):
    table = torch.tensor(listed, dtype=torch.long).view(-1, 3)  # [R, 3]
    return table[:, 0], table[:, 1:]


def gradients(total, layers, sides):
    weights = torch.linspace(-1, 2, total.numel(), dtype=total.dtype).view_as(total)
    return torch.autograd.grad((total * weights).sum(), [*sides, *layers.parameters()])


def assert_same(ours, theirs, layers, sides):
    torch.testing.assert_close(ours, theirs, **EXACT)
    for mine, other in zip(gradients(ours, layers, sides), gradients(theirs, layers, sides), strict=True):
        torch.testing.assert_close(mine, other, **EXACT)


def rows_seen(layers):
    """Filled with the number of rows of each call of the layers."""
    seen = []
    layers.register_forward_pre_hook(lambda module, inputs: seen.append(len(inputs[0])))
    return seen


@pytest.mark.parametrize("recompute", [False, True])
@pytest.mark.parametrize("rows", ROWS)
def test_all_pairs_in_blocks_of_any_size_are_the_loop(layers, sides, rows, recompute):
    ours = pair_sum(layers, *sides, rows, recompute)
    assert_same(ours, looped(layers, *sides, EVERY), layers, sides)


@pytest.mark.parametrize("recompute", [False, True])
@pytest.mark.parametrize("rows", ROWS)
@pytest.mark.parametrize("listed", LISTS.values(), ids=LISTS)
def test_listed_pairs_in_blocks_of_any_size_are_the_loop(layers, sides, listed, rows, recompute):
    ours = listed_pair_sum(layers, *sides, *indices(listed), rows, recompute)
    theirs = looped(layers, *sides, listed)
    if listed:
        assert_same(ours, theirs, layers, sides)
    else:
        torch.testing.assert_close(ours, theirs, **EXACT)
        assert not any(gradient.any() for gradient in gradients(ours, layers, sides))


@pytest.mark.parametrize("rows", ROWS[:-1])
def test_a_block_holds_at_most_the_rows_allowed_and_no_pair_is_seen_twice(layers, sides, rows):
    seen = rows_seen(layers)
    pair_sum(layers, *sides, rows)
    assert max(seen) <= rows
    assert sum(seen) == len(EVERY)
    seen.clear()
    listed_pair_sum(layers, *sides, *indices(EVERY), rows)
    assert max(seen) <= rows
    assert sum(seen) == len(EVERY)


def test_small_scenes_share_a_block(layers, sides):
    seen = rows_seen(layers)
    pair_sum(layers, *sides, rows=2 * N * N)
    assert seen == [2 * N * N, N * N]
    seen.clear()
    listed_pair_sum(layers, *sides, *indices(LISTS["some, a scene without"]), rows=4)
    assert seen == [2, 3]


@pytest.mark.parametrize("shape", [(0, N, H), (B, 0, H)], ids=["no scene", "no object"])
@pytest.mark.parametrize("rows", [1, 100, None])
def test_no_scene_or_no_object_sums_to_zeros(layers, shape, rows):
    sides = [torch.zeros(shape, dtype=torch.float64, requires_grad=True) for _ in range(2)]
    for total in (pair_sum(layers, *sides, rows), listed_pair_sum(layers, *sides, *indices([]), rows)):
        torch.testing.assert_close(total, torch.zeros(shape[0], G, dtype=torch.float64), **EXACT)
        total.sum().backward()


def test_dropout_drops_the_same_units_when_a_block_is_computed_again(sides):
    layers = nn.Sequential(nn.Linear(H, 40), nn.Dropout(0.5), nn.Linear(40, G)).double()
    results = []
    for recompute in (False, True):
        torch.manual_seed(7)
        total = pair_sum(layers, *sides, 8, recompute)
        results.append([total, *gradients(total, layers, sides)])
    for stored, again in zip(*results, strict=True):
        torch.testing.assert_close(again, stored, **EXACT)


def test_nothing_is_stored_without_gradients(layers, sides):
    with torch.no_grad():
        total = pair_sum(layers, *sides, 8, recompute=True)
    torch.testing.assert_close(total, looped(layers, *sides, EVERY), **EXACT)
    assert not total.requires_grad


@pytest.mark.parametrize("recompute", [False, True])
def test_half_precision_does_not_pile_up_rounding_over_many_blocks(recompute):
    layers = nn.Sequential(nn.Linear(16, 16), nn.Tanh(), nn.Linear(16, 16), nn.Tanh())
    sides = [torch.randn(16, 16, 16, requires_grad=True) for _ in range(2)]
    exact = pair_sum(layers, *sides)
    expected = gradients(exact, layers, sides)
    with torch.autocast("cpu", torch.bfloat16):
        total = pair_sum(layers, *sides, 8, recompute)  # 512 blocks
    assert total.dtype == torch.float32
    assert (total - exact).norm() < 0.01 * exact.norm()
    for ours, theirs in zip(gradients(total, layers, sides), expected, strict=True):
        assert (ours - theirs).norm() < 0.01 * theirs.norm()


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize("rows", [None, 64 * 64, 1000])
def test_half_precision_terms_are_summed_in_single_precision(dtype, rows):
    """4,096 terms of 33: a sum that bfloat16 would round and float16 cannot hold."""
    left, right = torch.full((2, 64, 3), 16, dtype=dtype), torch.full((2, 64, 3), 17, dtype=dtype)
    scene, pairs = indices(list(product(range(2), range(64), range(64))))
    same = nn.Identity()
    for total in (pair_sum(same, left, right, rows), listed_pair_sum(same, left, right, scene, pairs, rows)):
        assert total.dtype == torch.float32
        assert total.unique().tolist() == [64 * 64 * 33]
