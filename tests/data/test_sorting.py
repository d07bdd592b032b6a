"""Lists as graphs: the labels, followed from node to node, give the sorted list."""

import numpy as np

from reprolib.data import sorting


def test_labels_lead_through_the_sorted_list():
    columns = sorting.generate(200, (2, 9), seed=1)
    for i, size in enumerate(columns["sizes"]):
        values = columns["nodes"][i, :size, 0]
        (node,) = columns["node_labels"][i].nonzero()[0]
        walked = [values[node]]
        while len(following := columns["edge_labels"][i, node].nonzero()[0]):
            (node,) = following
            walked.append(values[node])
        assert walked == sorted(values.tolist())
        assert columns["edge_labels"][i].sum() == size - 1


def test_every_number_meets_every_number_itself_included():
    columns = sorting.generate(20, (3, 6), seed=2)
    np.testing.assert_array_equal(columns["joined"].sum((1, 2)), columns["sizes"] ** 2)


def test_numbers_are_uniform():
    values = np.sort(sorting.generate(500, (10, 10), seed=0)["nodes"].ravel())
    assert np.abs(values - np.linspace(0, 1, len(values))).max() < 0.03  # Kolmogorov and Smirnov: p = 1e-4 at 0.032


def test_ranks_of_absent_numbers_come_last():
    values, there = np.array([[0.5, 0.1, 0.9, 0.0]]), np.array([[True, True, True, False]])
    np.testing.assert_array_equal(sorting.ranks(values, there), [[1, 0, 2, 3]])
