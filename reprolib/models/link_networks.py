"""Networks that say which balls are joined, or how many systems they form (Santoro et al. 2017, section 5.5).

All map rows of balls [B, 10, D] to logits: of connections [B, 10, 10], by the balls' colours, or of numbers of systems
[B, 10], from one to ten. B scenes, G features of a relation.
"""

import numpy as np
import torch
from torch import Tensor, nn

from reprolib.data import link_fits
from reprolib.data.ball_views import places_of
from reprolib.data.linked_balls import BALLS, components
from reprolib.models.relation_network import RelationNetwork, mlp
from reprolib.settings.relating import LinkMLP, LinkModel

SHAPES = {"connections": (BALLS, BALLS), "systems": (BALLS,)}  # of the logits of a scene


class SummedRelations(nn.Module):
    """The paper's network: all logits are read off the one sum of all relations."""

    def __init__(self, sizes: LinkModel, features: int, asked: str):
        super().__init__()
        self.shape, outputs = SHAPES[asked], int(np.prod(SHAPES[asked]))
        f = mlp([sizes.g[-1], *sizes.f, outputs], last_relu=False)
        self.relation_network = RelationNetwork(mlp([2 * features, *sizes.g]), f, sizes.pairs)

    def forward(self, objects: Tensor) -> Tensor:
        """Logits [B, 10, 10] or [B, 10]."""
        return self.relation_network(objects).unflatten(1, self.shape)


class OwnRelations(nn.Module):
    """The logit of a connection is read off the relations of its two balls alone, as edges of a graph network."""

    def __init__(self, sizes: LinkModel, features: int):
        super().__init__()
        self.relation_network = RelationNetwork(mlp([2 * features, *sizes.g]), nn.Linear(sizes.g[-1], 1), sizes.pairs)

    def forward(self, objects: Tensor) -> Tensor:
        """Logits [B, 10, 10], symmetric."""
        relations = self.relation_network.each_relation(objects)  # [B, 10, 10, G]
        return self.relation_network.f(relations + relations.transpose(1, 2)).squeeze(-1)  # [B, 10, 10]


class FlatScene(nn.Module):
    """The MLP baseline: all rows side by side."""

    def __init__(self, sizes: LinkMLP, features: int, asked: str):
        super().__init__()
        self.shape, outputs, self.mixed = SHAPES[asked], int(np.prod(SHAPES[asked])), sizes.rows == "random"
        self.mlp = mlp([BALLS * features, *sizes.hidden, outputs], last_relu=False)

    def forward(self, objects: Tensor) -> Tensor:
        """Logits [B, 10, 10] or [B, 10]."""
        rows = self._shuffled(objects) if self.mixed else objects
        return self.mlp(rows.flatten(1)).unflatten(1, self.shape)

    def _shuffled(self, objects: Tensor) -> Tensor:
        """Every scene's rows in an order of its own, which is the same at every evaluation."""
        generator = None if self.training else torch.Generator(objects.device).manual_seed(0)
        order = torch.rand(objects.shape[:2], device=objects.device, generator=generator).argsort(1)  # [B, 10]
        return objects.gather(1, order[..., None].expand_as(objects))


class MostFrequent(nn.Module):
    """Answers every scene alike, with what most training scenes have.

    Args:
        answers: of the training scenes, what is right [S, ...] as 0 or 1, in the shape of the logits.
    """

    def __init__(self, answers: Tensor):
        super().__init__()
        self.register_buffer("logits", answers.float().mean(0).logit(1e-6))

    def forward(self, objects: Tensor) -> Tensor:
        """Logits [B, 10, 10] or [B, 10]."""
        return self.logits.expand(len(objects), *self.logits.shape)


class DistanceVariance(nn.Module):
    """Joins balls whose distance spreads less over the frames than a limit; counts the systems that come of it.

    Args:
        limit: standard deviation of a distance, in the units of the rows.
    """

    def __init__(self, limit: float, asked: str):
        super().__init__()
        self.register_buffer("limit", torch.tensor(limit))
        self.asked = asked

    def forward(self, objects: Tensor) -> Tensor:
        """Logits [B, 10, 10], by how much the spread lies under the limit, or [B, 10], zero or one."""
        logits = self.limit - spread_table(objects)  # [B, 10, 10]
        if self.asked == "connections":
            return logits
        counts = components((logits > 0).int().cpu().numpy())
        return nn.functional.one_hot(torch.from_numpy(counts) - 1, BALLS).to(logits)


def spread_table(objects: Tensor) -> Tensor:
    """How much the distance of every two balls spreads over the frames [B, 10, 10]; infinitely, of one from itself."""
    spreads = torch.from_numpy(pair_spreads(objects)).to(objects)  # [B, 45]
    table = objects.new_full((len(objects), BALLS, BALLS), torch.inf)
    table[:, link_fits.FIRST, link_fits.SECOND] = table[:, link_fits.SECOND, link_fits.FIRST] = spreads
    return table


def pair_spreads(objects: Tensor) -> np.ndarray:
    """The same of each pair i < j of rows [B, 45]."""
    return link_fits.spreads(places_of(objects).transpose(2, 3).cpu().numpy())
