"""Models for Sort-of-CLEVR (Santoro et al. 2017, section 4 and supplement).

B questions, S scenes, C kernels of the last convolution.
"""

from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from reprolib.data.sort_of_clevr import IMAGE
from reprolib.models.nets import Cells, once_each
from reprolib.models.relation_network import RelationNetwork, check_norm, mlp
from reprolib.models.settings import Settings
from reprolib.settings import LATER

BITS = 11  # of a question


@dataclass(frozen=True)
class SceneModel(Settings):
    """Sizes of the relation network on pictures or states; the defaults are the paper's."""

    kernels: tuple[int, ...] = (32, 64, 128, 256)
    g: tuple[int, ...] = (2000, 2000, 2000, 2000)
    f: tuple[int, ...] = (2000, 1000, 500, 100)
    pairs: str = "all"
    chunk: int | None = None  # most pairs in memory at once
    dropout: float = 0.0  # in f
    norm_first: bool = field(default=False, metadata=LATER)  # batch norm, then ReLU, in the convolutions
    loudness: float = field(default=1.0, metadata=LATER)  # of the question: its 11 bits are 0 or so much
    norm: bool = field(default=False, metadata=LATER)  # batch norm in every layer of g and f
    coordinates: float = field(default=1.0, metadata=LATER)  # a cell's x and y lie within plus and minus so much


@dataclass(frozen=True)
class SceneMLP(Settings):
    """Sizes of the CNN+MLP baseline: the relation network's g and f, one after the other on the flattened cells."""

    kernels: tuple[int, ...] = (32, 64, 128, 256)
    hidden: tuple[int, ...] = (2000, 2000, 2000, 2000, 2000, 1000, 500, 100)
    norm_first: bool = field(default=False, metadata=LATER)  # as in `SceneModel`
    loudness: float = field(default=1.0, metadata=LATER)  # as in `SceneModel`
    norm: bool = field(default=False, metadata=LATER)  # batch norm in every hidden layer
    coordinates: float = field(default=1.0, metadata=LATER)  # as in `SceneModel`


class PictureRelationNetwork(nn.Module):
    """CNN + RN: every cell of the last feature map is an object."""

    def __init__(self, sizes: SceneModel, answers: int):
        super().__init__()
        self.cells, self.loudness = Cells(sizes.kernels, sizes.norm_first, sizes.coordinates), sizes.loudness
        self.relation_network = _relation_network(sizes, sizes.kernels[-1] + 2, answers)

    def forward(self, batch: dict[str, Tensor]) -> Tensor:
        """Logits [B, answers] from scenes [B] (rows of images [S, 75, 75, 3]) and questions [B, 11]."""
        return self.relation_network(*self.encode(batch))

    def encode(self, batch: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
        """Objects [B, 25, C + 2] and questions [B, 11]."""
        return once_each(self.cells, batch["images"], batch["scenes"]), self.loudness * batch["questions"]


class StateRelationNetwork(nn.Module):
    """RN on state descriptions: an object is a row of coordinates, colour and shape."""

    def __init__(self, sizes: SceneModel, features: int, answers: int):
        super().__init__()
        self.loudness = sizes.loudness
        self.relation_network = _relation_network(sizes, features, answers)

    def forward(self, batch: dict[str, Tensor]) -> Tensor:
        """Logits [B, answers] from scenes [B] (rows of objects [S, 6, D]) and questions [B, 11]."""
        return self.relation_network(*self.encode(batch))

    def encode(self, batch: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
        """Objects [B, 6, D] and questions [B, 11]."""
        return batch["objects"][batch["scenes"]], self.loudness * batch["questions"]


class PictureMLP(nn.Module):
    """CNN + MLP: the cells are flattened, the question is concatenated."""

    def __init__(self, sizes: SceneMLP, answers: int):
        super().__init__()
        self.cells, self.loudness = Cells(sizes.kernels, sizes.norm_first, sizes.coordinates), sizes.loudness
        inputs = Cells.count(IMAGE) * (sizes.kernels[-1] + 2) + BITS
        self.mlp = mlp([inputs, *sizes.hidden, answers], norm=sizes.norm, last_relu=False)

    def forward(self, batch: dict[str, Tensor]) -> Tensor:
        """Logits [B, answers]."""
        cells = once_each(self.cells, batch["images"], batch["scenes"]).flatten(1)  # [B, 25 * (C + 2)]
        check_norm(self.mlp, len(cells), "questions")
        return self.mlp(torch.cat([cells, self.loudness * batch["questions"]], dim=1))


def _relation_network(sizes: SceneModel, features: int, answers: int) -> RelationNetwork:
    g = mlp([2 * features + BITS, *sizes.g], norm=sizes.norm)
    hidden = mlp([sizes.g[-1], *sizes.f], norm=sizes.norm, dropout=sizes.dropout)
    f = nn.Sequential(hidden, nn.Linear(sizes.f[-1], answers))
    return RelationNetwork(g, f, sizes.pairs, sizes.chunk)
