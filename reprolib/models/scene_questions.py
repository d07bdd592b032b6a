"""Models for Sort-of-CLEVR (Santoro et al. 2017, section 4 and supplement).

B questions, S scenes, C kernels of the last convolution.
"""

import torch
from torch import Tensor, nn

from reprolib.data.sort_of_clevr import COLOURS, IMAGE
from reprolib.models.nets import Cells, once_each
from reprolib.models.relation_network import RelationNetwork, check_norm, mlp
from reprolib.settings.relating import SceneMLP, SceneModel

BITS = 11  # of a question


class PictureRelationNetwork(nn.Module):
    """CNN + RN: every cell of the last feature map is an object."""

    def __init__(self, sizes: SceneModel, answers: int):
        super().__init__()
        self.cells = Cells(sizes.kernels, sizes.norm_first, sizes.coordinates)
        self.question_scale, self.views = sizes.question_scale, sizes.views
        self.relation_network = _relation_network(sizes, sizes.kernels[-1] + 2, answers)

    def forward(self, batch: dict[str, Tensor]) -> Tensor:
        """Logits [B, answers] from scenes [B] (rows of images [S, 75, 75, 3]) and questions [B, 11]."""
        return self.relation_network(*self.encode(batch))

    def encode(self, batch: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
        """Objects [B, 25, C + 2] and questions [B, 11]."""
        return once_each(self.cells, batch["images"], batch["scenes"]), self.question_scale * batch["questions"]


class StateRelationNetwork(nn.Module):
    """RN on state descriptions: an object is a row of coordinates, colour and shape."""

    def __init__(self, sizes: SceneModel, features: int, answers: int):
        super().__init__()
        self.question_scale, self.views = sizes.question_scale, sizes.views
        self.relation_network = _relation_network(sizes, features, answers)

    def forward(self, batch: dict[str, Tensor]) -> Tensor:
        """Logits [B, answers] from scenes [B] (rows of objects [S, 6, D]) and questions [B, 11]."""
        return self.relation_network(*self.encode(batch))

    def encode(self, batch: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
        """Objects [B, 6, D] and questions [B, 11]."""
        return batch["objects"][batch["scenes"]], self.question_scale * batch["questions"]


class PictureMLP(nn.Module):
    """CNN + MLP: the cells are flattened, the question is concatenated."""

    def __init__(self, sizes: SceneMLP, answers: int):
        super().__init__()
        self.cells = Cells(sizes.kernels, sizes.norm_first, sizes.coordinates)
        self.question_scale, self.views = sizes.question_scale, sizes.views
        inputs = Cells.count(IMAGE) * (sizes.kernels[-1] + 2) + BITS
        self.mlp = mlp([inputs, *sizes.hidden, answers], norm=sizes.norm, last_relu=False)

    def forward(self, batch: dict[str, Tensor]) -> Tensor:
        """Logits [B, answers]."""
        cells = once_each(self.cells, batch["images"], batch["scenes"]).flatten(1)  # [B, 25 * (C + 2)]
        check_norm(self.mlp, len(cells), "questions")
        return self.mlp(torch.cat([cells, self.question_scale * batch["questions"]], dim=1))


class StateMLP(nn.Module):
    """MLP on state descriptions: all objects side by side in the order of their colours, then the question."""

    def __init__(self, sizes: SceneMLP, features: int, answers: int):
        super().__init__()
        self.question_scale, self.views = sizes.question_scale, sizes.views
        inputs = len(COLOURS) * features + BITS
        self.mlp = mlp([inputs, *sizes.hidden, answers], norm=sizes.norm, last_relu=False)

    def forward(self, batch: dict[str, Tensor]) -> Tensor:
        """Logits [B, answers] from scenes [B] (rows of objects [S, 6, D]) and questions [B, 11]."""
        objects = batch["objects"][batch["scenes"]].flatten(1)  # [B, 6 * D]
        check_norm(self.mlp, len(objects), "questions")
        return self.mlp(torch.cat([objects, self.question_scale * batch["questions"]], dim=1))


def _relation_network(sizes: SceneModel, features: int, answers: int) -> RelationNetwork:
    g = mlp([2 * features + BITS, *sizes.g], norm=sizes.norm)
    hidden = mlp([sizes.g[-1], *sizes.f], norm=sizes.norm, dropout=sizes.dropout)
    f = nn.Sequential(hidden, nn.Linear(sizes.f[-1], answers))
    return RelationNetwork(g, f, sizes.pairs, sizes.chunk)
