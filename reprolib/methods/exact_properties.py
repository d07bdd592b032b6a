"""Properties that hold by construction: measured as the largest difference between two ways to compute the same."""

import torch
from torch import nn

from reprolib.contracts.configuration import Config
from reprolib.data.split import Dataset, Split
from reprolib.gn import definitions, relabelled
from reprolib.models import as_blocks
from reprolib.training.learner import Learner


class Property(nn.Module):
    """What is compared, and the seed of the random graphs and networks."""

    def __init__(self, name: str, seed: int):
        super().__init__()
        self.name, self.seed = name, seed


def build(config: Config, data: Dataset) -> nn.Module:
    """The property of a row."""
    return Property(config.model.kind, data.facts["seed"])


def learner() -> Learner:
    """Nothing is trained, so that no loss is ever asked for."""
    return Learner(lambda model, batch: torch.zeros(()))


def evaluate(model: Property, split: Split) -> dict[str, float]:
    """Largest absolute differences, by what is compared, and the largest of all."""
    found = MEASURED[model.name](len(split), model.seed)
    parts = {f"difference/{name.replace(' ', '_').replace('-', '_')}": value for name, value in found.items()}
    return parts | {"difference/largest": max(parts.values())}


def _configurations(graphs: int, seed: int) -> dict[str, float]:
    """Every configuration against its definition as loops, and the suite's models against the block."""
    return definitions.differences(graphs, seed) | _drawn(as_blocks.MODELS, seed)


def _order(graphs: int, seed: int) -> dict[str, float]:
    return _drawn(as_blocks.ORDER, seed)


def _drawn(checks: dict, seed: int) -> dict[str, float]:
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(seed)
        return {name: check() for name, check in checks.items()}


MEASURED = {"configurations": _configurations, "relabelling": relabelled.differences, "order": _order}
