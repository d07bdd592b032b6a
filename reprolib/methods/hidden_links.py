"""Networks that find hidden links: how they are built, trained and measured (Santoro et al. 2017, section 5.5).

S scenes, 10 balls, 45 pairs of them.
"""

import numpy as np
import torch
from torch import Tensor, nn

from reprolib.contracts.configuration import Config
from reprolib.data import link_fits
from reprolib.data.ball_views import another_view
from reprolib.data.linked_balls import BALLS, NONE, RIGID, SPRING
from reprolib.data.split import Dataset, Split
from reprolib.errors import InputError
from reprolib.evidence.metrics import Figure, accuracy, average
from reprolib.methods.answers import RaggedLearner
from reprolib.models import link_networks
from reprolib.settings.relating import DistanceModel, LinkMLP, LinkModel, Majority
from reprolib.training.learner import Learner

AT_ONCE = 500  # scenes evaluated at once
ALIKE = 0.1  # of the unlinked pairs: those that move most alike
FITTED = 10_000  # training scenes at most that the limit of distances is chosen by


def build(config: Config, data: Dataset) -> nn.Module:
    """The model of a row.

    Raises:
        InputError: settings that do not go together.
    """
    sizes, asked = config.model, config.data.asked
    if isinstance(sizes, Majority):
        return link_networks.MostFrequent(_answers(data.splits["train"].columns))
    if isinstance(sizes, DistanceModel):
        return link_networks.DistanceVariance(_limit(data.splits["train"]), asked)
    return network(sizes, data.facts["features"], asked)


def network(sizes: LinkModel | LinkMLP, features: int, asked: str) -> nn.Module:
    """The network that answers what is asked, of rows of so many features.

    Raises:
        InputError: numbers of systems cannot be read off pairs.
    """
    if isinstance(sizes, LinkMLP):
        made = link_networks.FlatScene(sizes, features, asked)
    elif sizes.readout == "sum":
        made = link_networks.SummedRelations(sizes, features, asked)
    elif asked == "connections":
        made = link_networks.OwnRelations(sizes, features)
    else:
        raise InputError("model.readout=pair finds connections: set model.readout=sum to count systems")
    made.views = sizes.views
    return made


def learner() -> Learner:
    """Gradient descent on the cross-entropy of connections, or of numbers of systems."""
    return RaggedLearner(loss)


def loss(model: nn.Module, batch: dict[str, Tensor]) -> Tensor:
    """Mean cross-entropy of what is asked, in other views of the scenes where the model is trained on them."""
    if model.views:
        objects, connections = another_view(batch["objects"], batch["connections"])
        batch = batch | {"objects": objects, "connections": connections}
    logits = model(batch["objects"]).float()
    if "systems" in batch:
        return nn.functional.cross_entropy(logits, batch["systems"])
    return nn.functional.binary_cross_entropy_with_logits(logits, _answers(batch).float())


@torch.no_grad()
def evaluate(model: nn.Module, split: Split) -> dict[str, float]:
    """Percent right of what is asked: of scenes and of pairs, or of numbers of systems."""
    logits = torch.cat([model(batch["objects"]) for batch in split.batches(AT_ONCE)])
    if "systems" in split.columns:
        return _of_counts(logits.argmax(1), split.columns["systems"])
    right = (logits > 0) == _answers(split.columns)
    return _of_connections(right[:, link_fits.FIRST, link_fits.SECOND], split)


def _of_counts(found: Tensor, systems: Tensor) -> dict[str, Figure]:
    """Of numbers of systems less one [S]: how many are right, how many nearly, and how many of each number."""
    right, near = found == systems, (found - systems).abs() <= 1
    by_number = {f"accuracy/count_{n + 1}": accuracy(right[systems == n]) for n in systems.unique().tolist()}
    return {"accuracy/count": accuracy(right), "accuracy/count_within_1": accuracy(near)} | by_number


def _of_connections(right: Tensor, split: Split) -> dict[str, Figure]:
    """Of scenes, of pairs by their kind, and whether unlinked pairs that move alike explain what is wrong [S, 45]."""
    table = split.columns["connections"]
    kinds = table[:, link_fits.FIRST, link_fits.SECOND]  # [S, 45]
    unlinked = kinds == NONE
    joined = _reach(table != NONE)[:, link_fits.FIRST, link_fits.SECOND]
    alike = unlinked & _alike(split, unlinked)
    parts = {
        "spring": kinds == SPRING,
        "rigid": kinds == RIGID,
        "unlinked": unlinked,
        "unlinked_of_one_system": unlinked & joined,
        "unlinked_of_two_systems": unlinked & ~joined,
        "unlinked_alike": alike,
    }
    return {
        "accuracy/scene_all_correct": accuracy(right.all(1)),
        "accuracy/scene_but_for_alike": accuracy((right | alike).all(1)),
        "accuracy/pairs": average(100.0 * right.double().mean(1)),
    } | {f"accuracy/{name}": accuracy(right[part]) for name, part in parts.items()}


def _alike(split: Split, unlinked: Tensor) -> Tensor:
    """Pairs [S, 45] whose distance spreads no more than that of the tenth of the unlinked ones that spreads least."""
    parts = [link_networks.pair_spreads(batch["objects"]) for batch in split.batches(AT_ONCE)]
    spreads = torch.from_numpy(np.concatenate(parts))  # [S, 45]
    return (spreads <= spreads[unlinked.cpu()].quantile(ALIKE)).to(unlinked.device)


def _reach(joined: Tensor) -> Tensor:
    """Whether a way of links leads from one ball to another [S, 10, 10], of whether one link does."""
    reach = joined | torch.eye(BALLS, dtype=torch.bool, device=joined.device)
    for _ in range(4):  # ways of up to 16 links
        reach = (reach.float() @ reach.float()) > 0
    return reach


def _answers(columns: dict[str, Tensor]) -> Tensor:
    """What is right, as the logits are laid out: connections [S, 10, 10], or one number of systems [S, 10]."""
    if "systems" in columns:
        return nn.functional.one_hot(columns["systems"], BALLS).bool()
    return columns["connections"] != NONE


def _limit(split: Split) -> float:
    """The spread of distances below which pairs of the training scenes are best taken for joined."""
    objects, connections = (split.columns[name][:FITTED] for name in ("objects", "connections"))
    joined = (connections != NONE)[:, link_fits.FIRST, link_fits.SECOND].cpu().numpy()  # [S, 45]
    return link_fits.best_limit(link_networks.pair_spreads(objects), joined)
