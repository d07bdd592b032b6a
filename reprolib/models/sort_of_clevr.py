"""Models for Sort-of-CLEVR (Santoro et al. 2017, section 4 and supplement).

B questions, S scenes, U distinct scenes of a batch, C kernels of the last convolution.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from reprolib.errors import InputError
from reprolib.models.relation_network import RelationNetwork, mlp

BITS = 11  # of a question
CONVOLUTIONS = 4  # each halves the picture's side: 75 to 5


@dataclass(frozen=True)
class SceneModel:
    """Sizes of the relation network on pictures or states; the defaults are the paper's."""

    kernels: tuple[int, ...] = (32, 64, 128, 256)
    g: tuple[int, ...] = (2000, 2000, 2000, 2000)
    f: tuple[int, ...] = (2000, 1000, 500, 100)
    pairs: str = "all"
    chunk: int | None = None  # most pairs in memory at once
    dropout: float = 0.0  # in f


@dataclass(frozen=True)
class SceneMLP:
    """Sizes of the CNN+MLP baseline: the relation network's g and f, one after the other on the flattened cells."""

    kernels: tuple[int, ...] = (32, 64, 128, 256)
    hidden: tuple[int, ...] = (2000, 2000, 2000, 2000, 2000, 1000, 500, 100)


class Cells(nn.Module):
    """Four strided convolutions: pictures uint8 [U, 75, 75, 3] -> cells [U, 25, C + 2], the last two its place."""

    def __init__(self, kernels: tuple[int, ...]):
        super().__init__()
        if len(kernels) != CONVOLUTIONS:
            raise InputError(f"model.kernels is {kernels}: give {CONVOLUTIONS} numbers, one a convolution")
        layers: list[nn.Module] = []
        for inputs, outputs in zip((3, *kernels[:-1]), kernels, strict=True):
            layers += [nn.Conv2d(inputs, outputs, 3, stride=2, padding=1), nn.ReLU(), nn.BatchNorm2d(outputs)]
        self.convolutions = nn.Sequential(*layers)

    def forward(self, images: Tensor) -> Tensor:
        """Cells with their x and y in [-1, 1]."""
        images = images.permute(0, 3, 1, 2).float() / 255 - 0.5  # [U, 3, 75, 75]
        cells = self.convolutions(images.contiguous(memory_format=torch.channels_last))  # [U, C, 5, 5]
        side = torch.linspace(-1, 1, cells.shape[-1], device=cells.device, dtype=cells.dtype)
        place = torch.stack(torch.meshgrid(side, side, indexing="xy"))  # [2, 5, 5]
        return torch.cat([cells, place.expand(len(cells), -1, -1, -1)], dim=1).flatten(2).mT  # [U, 25, C + 2]


class PictureRelationNetwork(nn.Module):
    """CNN + RN: every cell of the last feature map is an object."""

    def __init__(self, sizes: SceneModel, answers: int):
        super().__init__()
        self.cells = Cells(sizes.kernels)
        self.relation_network = _relation_network(sizes, sizes.kernels[-1] + 2, answers)

    def forward(self, batch: dict[str, Tensor]) -> Tensor:
        """Logits [B, answers] from scenes [B] (rows of images [S, 75, 75, 3]) and questions [B, 11]."""
        return self.relation_network(*self.encode(batch))

    def encode(self, batch: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
        """Objects [B, 25, C + 2] and questions [B, 11]."""
        return _once_per_scene(self.cells, batch), batch["questions"]


class StateRelationNetwork(nn.Module):
    """RN on state descriptions: an object is a row of coordinates, colour and shape."""

    def __init__(self, sizes: SceneModel, features: int, answers: int):
        super().__init__()
        self.relation_network = _relation_network(sizes, features, answers)

    def forward(self, batch: dict[str, Tensor]) -> Tensor:
        """Logits [B, answers] from scenes [B] (rows of objects [S, 6, D]) and questions [B, 11]."""
        return self.relation_network(batch["objects"][batch["scenes"]], batch["questions"])


class PictureMLP(nn.Module):
    """CNN + MLP: the cells are flattened, the question is concatenated."""

    def __init__(self, sizes: SceneMLP, answers: int):
        super().__init__()
        self.cells = Cells(sizes.kernels)
        self.mlp = mlp([25 * (sizes.kernels[-1] + 2) + BITS, *sizes.hidden, answers], last_relu=False)

    def forward(self, batch: dict[str, Tensor]) -> Tensor:
        """Logits [B, answers]."""
        cells = _once_per_scene(self.cells, batch).flatten(1)  # [B, 25 * (C + 2)]
        return self.mlp(torch.cat([cells, batch["questions"]], dim=1))


def _relation_network(sizes: SceneModel, features: int, answers: int) -> RelationNetwork:
    g = mlp([2 * features + BITS, *sizes.g])
    f = nn.Sequential(mlp([sizes.g[-1], *sizes.f], dropout=sizes.dropout), nn.Linear(sizes.f[-1], answers))
    return RelationNetwork(g, f, sizes.pairs, sizes.chunk)


def _once_per_scene(cells: Cells, batch: dict[str, Tensor]) -> Tensor:
    """Cells [B, 25, C + 2] of every question's picture; a picture with several questions is seen once."""
    distinct, where = batch["scenes"].unique(return_inverse=True)  # [U], [B]
    return cells(batch["images"][distinct])[where]
