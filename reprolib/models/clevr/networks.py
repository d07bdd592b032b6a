"""Relation networks for CLEVR (Santoro et al. 2017, sections 4 and 5.1 and supplement).

A batch holds questions [B, L] with their scenes [B], rows of the tables images [M, S, S, 3], or objects [M, N, D] and
counts [M]. B questions, N objects of a scene, D features an object, H states of the LSTM, G outputs of g.
"""

from abc import ABC, abstractmethod

from torch import Tensor, nn

from reprolib.models.clevr.inputs import QuestionReader, cells, scene_objects
from reprolib.models.nets import once_each
from reprolib.models.relation_network import RelationNetwork, mlp
from reprolib.settings.relating import PixelModel, StateModel

FEATURES = 13  # place 3, colour 3, shape 3, material 2, size 2
Encoded = tuple[Tensor, Tensor, Tensor | None]


class QuestionedRelationNetwork(nn.Module, ABC):
    """What the two relation networks share: they differ in their objects.

    Args:
        features: D.
        words: size of the vocabulary, padding not counted.
        answers: number of outputs; the paper has 29 for the 28 answers that occur.
    """

    def __init__(self, sizes: PixelModel | StateModel, features: int, words: int, answers: int):
        super().__init__()
        self.reader = QuestionReader(sizes, words)
        g = mlp([2 * features + sizes.lstm, *sizes.g], norm=sizes.norm)
        f = answering(sizes.g[-1], sizes.f, sizes.dropout, answers, sizes.norm)
        self.relation_network = RelationNetwork(g, f, sizes.pairs, sizes.chunk)

    @abstractmethod
    def encode(self, batch: dict[str, Tensor]) -> Encoded:
        """Objects [B, N, D], questions [B, H], and mask [B, N] of the objects that are there, None for all."""

    def forward(self, batch: dict[str, Tensor]) -> Tensor:
        """Logits [B, answers]."""
        return self.relation_network(*self.encode(batch))

    def each_relation(self, batch: dict[str, Tensor]) -> Tensor:
        """g(o_i, o_j, q) of every ordered pair, [B, N, N, G], zero where an object is absent: for pictures."""
        objects, question, mask = self.encode(batch)
        relations = self.relation_network.each_relation(objects, question)
        return relations if mask is None else relations * (mask[:, :, None] & mask[:, None])[..., None]


class PixelRelationNetwork(QuestionedRelationNetwork):
    """CNN+LSTM+RN: every cell of the last feature map is an object, 64 of them in a picture of 128 x 128."""

    def __init__(self, sizes: PixelModel, words: int, answers: int):
        super().__init__(sizes, sizes.kernels[-1] + 2, words, answers)
        self.cells = cells(sizes)

    def encode(self, batch: dict[str, Tensor]) -> Encoded:
        """Cells [B, N, C + 2] and questions [B, H]; a picture with several questions is seen once."""
        return once_each(self.cells, batch["images"], batch["scenes"]), self.reader(batch["questions"]), None


class StateRelationNetwork(QuestionedRelationNetwork):
    """LSTM+RN: an object is a row of a state description.

    Examples:
        >>> import torch
        >>> from reprolib import StateModel, StateRelationNetwork
        >>> model = StateRelationNetwork(StateModel(g=(16,), f=(16,)), words=9, answers=4, features=6)
        >>> batch = {
        ...     "objects": torch.randn(2, 5, 6),  # two scenes of at most five objects
        ...     "counts": torch.tensor([5, 3]),
        ...     "scenes": torch.tensor([0, 0, 1]),  # three questions, two of them about the first scene
        ...     "questions": torch.tensor([[1, 2, 3], [4, 5, 0], [6, 7, 8]]),  # numbers of words, filled up with 0
        ... }
        >>> model(batch).shape
        torch.Size([3, 4])
    """

    def __init__(self, sizes: StateModel, words: int, answers: int, features: int = FEATURES):
        super().__init__(sizes, features, words, answers)

    def encode(self, batch: dict[str, Tensor]) -> Encoded:
        """Objects [B, N, D], questions [B, H] and mask [B, N]."""
        objects, mask = scene_objects(batch)
        return objects, self.reader(batch["questions"]), mask


def answering(inputs: int, hidden: tuple[int, ...], dropout: float, answers: int, norm: bool = False) -> nn.Sequential:
    """ReLU layers, dropout after the last of them, and the logits."""
    return nn.Sequential(mlp([inputs, *hidden], norm=norm), nn.Dropout(dropout), nn.Linear(hidden[-1], answers))
