"""One test scene whose structure is annealed with committed modules: what is kept after every proposal, and its error.

P proposals, T frames, N objects, D features.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from reprolib.evidence.metrics import best_naming
from reprolib.models.modular import ModularMetaLearning
from reprolib.models.modular.annealing import course, random_structures
from reprolib.models.modular.proposals import into_a_node
from reprolib.pages.figures.shared.specimens import specimen
from reprolib.settings.data_sets import FRAMES

FEW = {"data.train": 1, "data.valid": 1, "data.test": 50}  # scenes that decide what the modules are called
PROPOSALS, SEED = 400, 0


@dataclass(frozen=True)
class AnnealedScene:
    """A search from a random structure on; errors are in normalised units."""

    edges: np.ndarray  # true types [N, N - 1]
    kept: np.ndarray  # the types that are kept at first and after every proposal [P + 1, N, N - 1]
    errors: np.ndarray  # theirs [P + 1]
    least: float  # the error of the true structure
    source: str


@torch.no_grad()
def annealed(task: str, proposals: int = PROPOSALS) -> AnnealedScene:
    """The first test scene of a task; all edges into one object are proposed anew at a time, as likely as not.

    Raises:
        InputError: the weights are damaged.
    """
    found = specimen("modular_edges", f"{task}/Modular meta-learning", FEW)
    columns = found.data.splits["test"].columns
    seen, edges, model = columns["trajectories"][:, :FRAMES], columns["edges"], found.model
    naming = best_naming(model.edges(seen), edges, model.config.modules)
    kept, errors = _course(model, seen[:1], proposals)
    true = naming.argsort()[edges[:1]]  # the modules that stand for the true types
    return AnnealedScene(
        edges=edges[0].numpy(),
        kept=naming[kept].numpy(),
        errors=errors.numpy(),
        least=float(model.errors(seen[:1], true)),
        source=found.source,
    )


def _course(model: ModularMetaLearning, scene: Tensor, proposals: int) -> tuple[Tensor, Tensor]:
    """What is kept of one scene [1, T, N, D] after each proposal [P + 1, N, N - 1], and its error [P + 1]."""
    modules, generator = model.config.modules, torch.Generator().manual_seed(SEED)
    start = random_structures(1, scene.shape[2], modules, generator)
    found = course(start, lambda tried: model.errors(scene, tried), into_a_node(modules), proposals, generator)
    kept, errors = zip(*((after.structures, after.energies) for after in found), strict=True)
    return torch.cat(kept), torch.cat(errors)
