"""What the page on the Graph Network block computes: configurations against definitions, and a demonstration.

Battaglia et al. 2018 print no figures, so this has no rows, no records and no verdicts.
"""

from dataclasses import dataclass

import torch

from reprolib.contracts.entry import check_scale
from reprolib.contracts.source import KINDS
from reprolib.data.split import Split
from reprolib.errors import InputError
from reprolib.gn import definitions, demo
from reprolib.settings.recipe import Training
from reprolib.training.learner import Learner
from reprolib.training.loop import fit

SMALLEST, LARGEST, ROUNDS = 4, 8, 6  # of the training graphs: nodes, and rounds of message passing
TRAINED, AS_NODES, CEILING = "as trained", "as many as nodes", "ceiling"


@dataclass(frozen=True)
class Sizes:
    """What a scale changes."""

    compared: int  # graphs on which a configuration is held against its definition
    width: int
    steps: int
    nodes: tuple[int, ...]  # of the test graphs
    tested: int = 200  # graphs of each size


SIZES = {
    "smoke": Sizes(compared=8, width=16, steps=400, nodes=(8, 16, 24, 32, 48)),
    "small": Sizes(compared=64, width=16, steps=2_000, nodes=(8, 16, 32, 64, 96)),
    "long": Sizes(compared=64, width=16, steps=10_000, nodes=(8, 16, 32, 64, 96)),
    "paper": Sizes(compared=512, width=32, steps=10_000, nodes=(8, 16, 32, 64, 128, 256)),
}


@dataclass(frozen=True)
class Point:
    """Accuracy in percent on test graphs of one size."""

    seed: int
    nodes: int
    rounds: str  # TRAINED, AS_NODES, or CEILING: the most that any network reaches in the rounds it was trained with
    accuracy: float


def equalities(scale: str) -> dict[str, float]:
    """Largest absolute difference in float64 between each configuration and its definition as loops."""
    return definitions.differences(_sizes(scale).compared)


def generalisation(scale: str, seeds: list[int], data: str, train: bool) -> list[Point]:
    """Train the demonstration on graphs of 4 to 8 nodes and test it on larger ones; nothing with train=False.

    Raises:
        InputError: unknown scale, or data that do not exist.
    """
    sizes = _sizes(scale)
    if data != KINDS[0]:
        raise InputError(f"data is {data!r}: the demonstration has only generated graphs, so leave data='{KINDS[0]}'")
    return [point for seed in seeds for point in _points(sizes, seed)] if train else []


def _sizes(scale: str) -> Sizes:
    check_scale(scale)
    return SIZES[scale]


def _points(sizes: Sizes, seed: int) -> list[Point]:
    model, points = _trained(sizes, seed), []
    for nodes in sizes.nodes:
        graphs = demo.two_trees(sizes.tested, nodes, nodes, seed=3 * seed + 2)
        values = {
            CEILING: demo.ceiling(graphs, ROUNDS),
            TRAINED: demo.accuracy(model, graphs, ROUNDS),
            AS_NODES: demo.accuracy(model, graphs, nodes),
        }
        points += [Point(seed, nodes, rounds, value) for rounds, value in values.items()]
    return points


def _trained(sizes: Sizes, seed: int) -> demo.Connected:
    torch.manual_seed(seed)
    model = demo.Connected(sizes.width)
    train, valid = (demo.two_trees(count, SMALLEST, LARGEST, 3 * seed + i) for i, count in enumerate((4000, 400)))
    fit(
        model,
        Learner(lambda model, batch: demo.loss(model, batch, ROUNDS)),
        Split(train),
        lambda model: {"accuracy": demo.accuracy(model, valid, ROUNDS)},
        "accuracy",
        Training(steps=sizes.steps, batch=32, rate=3e-3, schedule="cosine", evaluate_every=sizes.steps // 4),
        seed=seed,
        identity="demonstration",
    )
    return model.eval()
