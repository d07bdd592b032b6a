"""Lists of numbers as graphs whose edges order them (demonstration "sort" of the library of Battaglia et al. 2018).

A number is a node, uniform in [0, 1), and an edge runs from every node to every node, itself included. To be found: the
node with the smallest number, and for each node the edge to the node with the next larger one. Together they are the
sorted list. As in the demonstration edges and graphs have no features.

Dimensions: M lists of at most S numbers.
"""

import numpy as np

from reprolib.data.padded_graphs import Columns, endless, pairs, present

VERSION = 1  # part of the data's identity: raise it whenever the same seed gives other bytes
NODE, EDGE, GLOBAL = 1, 0, 0  # features


def generate(count: int, sizes: tuple[int, int], seed: int, stream: int = 0) -> Columns:
    """The first `count` lists of an endless sequence, as the columns of `padded_graphs`: nodes hold the number.

    Args:
        sizes: (smallest, largest) length of a list; (8, 16) in the demonstration's training, (16, 32) in its test.
        stream: number of one of the independent sequences of a seed: give training and test data different ones.

    Raises:
        InputError: a number that is not whole or too small, or a range of sizes that is empty.
    """
    return endless(_draw, count, sizes, seed, stream)


def ranks(values: np.ndarray, there: np.ndarray) -> np.ndarray:
    """Place of each number in its sorted list, from 0, absent ones last: int64 [M, S], as values and there."""
    order = np.where(there, values, np.inf).argsort(axis=1, kind="stable")
    return order.argsort(axis=1)


def _draw(rng: np.random.Generator, sizes: np.ndarray, largest: int) -> Columns:
    there = present(sizes, largest)  # [M, S]
    values = rng.random((len(sizes), largest), dtype=np.float32) * there
    rank, joined = ranks(values, there), pairs(there)
    return {
        "nodes": values[..., None],  # [M, S, 1]
        "joined": joined,
        "node_labels": (rank == 0) & there,
        "edge_labels": (rank[:, None, :] == rank[:, :, None] + 1) & joined,
    }
