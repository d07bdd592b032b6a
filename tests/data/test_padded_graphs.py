"""Columns of all generated graphs: prefixes of endless sequences, padding that holds nothing, and refused numbers."""

import numpy as np
import pytest

from reprolib.data import mass_springs, padded_graphs, shortest_paths, sorting
from reprolib.errors import InputError

TASKS = {"sorting": sorting, "shortest_paths": shortest_paths, "mass_springs": mass_springs}


def tasks(test):
    return pytest.mark.parametrize("task", TASKS.values(), ids=TASKS)(test)


def same(some, others):
    return some.keys() == others.keys() and all(np.array_equal(some[name], others[name]) for name in some)


@tasks
def test_any_number_of_graphs_is_a_prefix_of_any_larger_number(task, monkeypatch):
    monkeypatch.setattr(padded_graphs, "BLOCK", 16)
    many = task.generate(40, (4, 7), seed=3)
    for count in (1, 15, 16, 17, 40):
        assert same(task.generate(count, (4, 7), seed=3), {name: column[:count] for name, column in many.items()})


@tasks
def test_seeds_and_streams_are_independent(task):
    first, seed, stream = (task.generate(8, (5, 5), seed=s, stream=n)["nodes"] for s, n in ((0, 0), (1, 0), (0, 1)))
    for other in (seed, stream):
        assert not (first[..., 0] == other[..., 0]).any(axis=1).all()
    assert not np.array_equal(seed, stream)


@tasks
def test_sizes_cover_their_range(task):
    sizes = task.generate(600, (4, 6), seed=0)["sizes"]
    counts = np.bincount(sizes)
    assert list(counts[:4]) == [0] * 4
    assert len(counts) == 7
    assert (np.abs(counts[4:] - 200) < 60).all()  # five standard deviations


@tasks
def test_types_and_shapes(task):
    columns = task.generate(9, (4, 6), seed=2)
    assert columns["nodes"].shape == (9, 6, task.NODE)
    assert columns["nodes"].dtype == np.float32
    assert columns["joined"].shape == (9, 6, 6)
    assert columns["joined"].dtype == bool
    assert columns["sizes"].dtype == np.int64
    for name, width, shape in (("edges", task.EDGE, (9, 6, 6)), ("globals", task.GLOBAL, (9,))):
        assert (name in columns) == (width > 0)
        if width:
            assert columns[name].shape == (*shape, width)
            assert columns[name].dtype == np.float32


@tasks
def test_padding_holds_nothing(task):
    columns = task.generate(50, (3, 8), seed=4)
    there = padded_graphs.present(columns["sizes"], 8)
    within = padded_graphs.pairs(there)
    assert not columns["nodes"][~there].any()
    assert not columns["joined"][~within].any()
    assert not columns.get("edges", columns["joined"])[~columns["joined"]].any()
    if "node_labels" in columns:
        assert not columns["node_labels"][~there].any()
        assert not columns["edge_labels"][~columns["joined"]].any()


@tasks
@pytest.mark.parametrize(
    ("numbers", "named"),
    [
        ({"count": 0}, "count"),
        ({"count": 2.5}, "count"),
        ({"seed": -1}, "seed"),
        ({"stream": -1}, "stream"),
        ({"sizes": (1, 4)}, "smallest size"),
        ({"sizes": (5, 4)}, "sizes"),
    ],
)
def test_numbers_that_make_no_graphs_are_refused(task, numbers, named):
    with pytest.raises(InputError, match=named):
        task.generate(**{"count": 2, "sizes": (4, 5), "seed": 0, "stream": 0} | numbers)
