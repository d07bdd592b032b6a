"""What a proposal is worth when the modules are known: how many are tried until an annealer has found the graphs.

M scenes, N objects, K edge modules.
"""

from dataclasses import replace

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from reprolib.contracts.configuration import Config
from reprolib.data.split import Dataset, Split
from reprolib.evidence.metrics import best_naming, edge_accuracy
from reprolib.models.modular import ModularMetaLearning
from reprolib.models.modular.annealing import best_so_far
from reprolib.settings.data_sets import FRAMES
from reprolib.training import optimisers
from reprolib.training.learner import Job, Learner

WANTED = 95  # percent of edges


def build(config: Config, data: Dataset) -> nn.Module:
    """The model of a row, whose modules another row has learned; an encoder where the proposal learns."""
    encoded = FRAMES if config.model.proposal == "learned" else None
    return ModularMetaLearning(config.model, data.facts["features"], encoded)


def learner() -> Learner:
    """The encoder alone learns."""
    return EncoderLearner()


class EncoderLearner(Learner):
    """The encoder of a learned proposal, by cross-entropy on the best structures of the training scenes.

    They are what a search of these scenes ends at, found under the known modules without a true edge.
    """

    def __init__(self) -> None:
        super().__init__(_surprise)

    def begin(self, job: Job) -> None:
        """Find the structures to learn from."""
        structures = job.model.edges(job.data.columns["trajectories"])
        super().begin(replace(job, data=Split(job.data.columns | {"structures": structures}, job.data.tables)))
        training = job.training
        self.optimiser = optimisers.make(
            training.optimiser, job.model.encoder, training.rate, training.weight_decay
        )  # the modules stay as they are


def _surprise(model: ModularMetaLearning, batch: dict[str, Tensor]) -> Tensor:
    """Cross-entropy of the edges of a batch."""
    logits = model.encoder(batch["trajectories"])  # [B, N, N - 1, K]
    return cross_entropy(logits.float().flatten(0, 2), batch["structures"].flatten())


@torch.no_grad()
def evaluate(model: ModularMetaLearning, split: Split) -> dict[str, float]:
    """Of scenes that go on after the frames of training, as those of a test do, what an annealer finds in these frames.

    Metrics: the proposals that a scene is given until 95 % of all edges are right, or all of them where they do not
    suffice; the accuracy after 1, 2, 4, ... of them and in the end. What counts at each moment are the best structures
    so far. The score of other scenes is how well an encoder knows their best structures.
    """
    trajectories, edges = split.columns["trajectories"], split.columns["edges"]
    seen = trajectories[:, :FRAMES]
    best = model.edges(seen)
    if trajectories.shape[1] == FRAMES:
        known = None if model.encoder is None else _surprise(model, {"trajectories": seen, "structures": best})
        return {"score": 0.0 if known is None else -float(known)}
    naming = best_naming(best, edges, model.config.modules)
    moments = best_so_far(model.course(seen, torch.Generator().manual_seed(0)))
    accuracies = [edge_accuracy(structures, edges, naming) for structures in moments]  # from the start on
    tried = len(accuracies) - 1
    needed = next((step for step, value in enumerate(accuracies) if value >= WANTED), tried)
    marks = {2**power for power in range(tried.bit_length())}
    found = {f"accuracy/after_{step}_proposals": accuracies[step] for step in sorted(marks)}
    return {f"search_steps/to_{WANTED}": float(max(1, needed)), "accuracy/edges": accuracies[-1]} | found
