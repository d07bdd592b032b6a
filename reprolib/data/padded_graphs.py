"""Graphs of different sizes as padded columns, drawn from endless sequences that a seed fixes.

A data set of M graphs of at most S nodes has these columns, all of which a `Split` can hold; `S` is the largest size
that was asked for, and what lies beyond a graph's size is zero or False.

    sizes        int64 [M]            nodes of each graph
    nodes        float32 [M, S, Dn]   features of the nodes
    joined       bool [M, S, S]       whether an edge runs from node i to node j
    edges        float32 [M, S, S, De]  features of the edges; absent where edges have none
    globals      float32 [M, Dg]      features of the graphs; absent where graphs have none
    node_labels, edge_labels          bool [M, S], [M, S, S]: what is to be found, of the nodes and of the edges
"""

from collections.abc import Callable

import numpy as np

from reprolib.data.checks import check_whole
from reprolib.errors import InputError

BLOCK = 1024  # graphs that share one random stream: any number of graphs is a prefix of any larger number

Columns = dict[str, np.ndarray]


def endless(
    draw: Callable[[np.random.Generator, np.ndarray, int], Columns],
    count: int,
    sizes: tuple[int, int],
    seed: int,
    stream: int,
    least: int = 2,
) -> Columns:
    """The first `count` graphs of an endless sequence; every size from smallest to largest is as likely.

    Args:
        draw: columns of the graphs of given sizes [BLOCK], padded to a number of nodes: (rng, sizes, S) -> columns.
        sizes: (smallest, largest) number of nodes.
        stream: number of one of the independent sequences of a seed: give training and test data different ones.
        least: nodes that the smallest graph must have.

    Raises:
        InputError: a number that is not whole or too small, or a range of sizes that is empty.
    """
    smallest, largest = sizes
    check_whole(1, count=count)
    check_whole(0, seed=seed, stream=stream)
    check_whole(least, **{"the smallest size": smallest})
    if largest < smallest:
        raise InputError(f"sizes are {sizes}: give the smallest number of nodes, then the largest")
    blocks = []
    for index in range(-(-count // BLOCK)):
        entropy = np.random.SeedSequence((seed, stream, smallest, largest), spawn_key=(index,))
        rng = np.random.Generator(np.random.PCG64(entropy))
        drawn = rng.integers(smallest, largest + 1, size=BLOCK)  # [BLOCK]
        blocks.append({"sizes": drawn} | draw(rng, drawn, largest))
    return {name: np.concatenate([block[name] for block in blocks])[:count] for name in blocks[0]}


def present(sizes: np.ndarray, largest: int) -> np.ndarray:
    """Which of the padded places are nodes: sizes [M] -> bool [M, S]."""
    return np.arange(largest) < sizes[:, None]


def pairs(there: np.ndarray) -> np.ndarray:
    """Which of the padded places are pairs of nodes, a node with itself included: bool [M, S] -> [M, S, S]."""
    return there[:, :, None] & there[:, None, :]
