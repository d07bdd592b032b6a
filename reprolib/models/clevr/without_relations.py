"""Baselines of CLEVR without relations (Johnson et al. 2017, section 4; Santoro et al. 2017, Table 1).

A batch is that of `networks`. B questions, N cells or objects, D features an object, C kernels of the last convolution,
H states of the LSTM, K units of an attention, A answers, R objects of all questions together.
"""

import torch
from torch import Tensor, nn

from reprolib.gn import Graph
from reprolib.gn.configurations import deep_sets
from reprolib.models.clevr.inputs import QuestionReader, cells, scene_objects
from reprolib.models.clevr.networks import FEATURES, answering
from reprolib.models.nets import once_each
from reprolib.models.relation_network import check_norm, mlp
from reprolib.settings.relating import AttentionModel, FlatModel, QuestionModel, SetModel


class QuestionNetwork(nn.Module):
    """LSTM: the question alone."""

    def __init__(self, sizes: QuestionModel, words: int, answers: int):
        super().__init__()
        self.reader = QuestionReader(sizes, words)
        self.mlp = answering(sizes.lstm, sizes.hidden, sizes.dropout, answers, sizes.norm)

    def forward(self, batch: dict[str, Tensor]) -> Tensor:
        """Logits [B, A]."""
        return _answered(self.mlp, self.reader(batch["questions"]))


class SetNetwork(nn.Module):
    """LSTM+deep sets: f( sum_i g([o_i, q]) ), which sees every object and relates none to another (Zaheer et al. 2017).

    Args:
        features: D.
    """

    def __init__(self, sizes: SetModel, words: int, answers: int, features: int = FEATURES):
        super().__init__()
        self.reader = QuestionReader(sizes, words)
        g = mlp([features + sizes.lstm, *sizes.g], norm=sizes.norm)
        f = answering(sizes.g[-1], sizes.f, sizes.dropout, answers, sizes.norm)
        self.block = deep_sets(g, f)

    def forward(self, batch: dict[str, Tensor]) -> Tensor:
        """Logits [B, A]."""
        objects, mask = scene_objects(batch)
        check_norm(self.block, len(objects), "questions")
        counts, no_edge = mask.sum(1), mask.new_empty(0, dtype=torch.int64)  # [B], [0]
        question = self.reader(batch["questions"])
        scenes = Graph(
            objects[mask], None, no_edge, no_edge, question, counts, torch.zeros_like(counts)
        )  # nodes [R, D]
        return self.block(scenes).globals_


class FlatNetwork(nn.Module):
    """CNN+LSTM: the flattened cells and the question.

    Args:
        side: of a picture, in pixels.
    """

    def __init__(self, sizes: FlatModel, words: int, answers: int, side: int = 128):
        super().__init__()
        self.reader, self.cells = QuestionReader(sizes, words), cells(sizes)
        width = self.cells.count(side) * (sizes.kernels[-1] + 2)
        self.mlp = answering(width + sizes.lstm, sizes.hidden, sizes.dropout, answers, sizes.norm)

    def forward(self, batch: dict[str, Tensor]) -> Tensor:
        """Logits [B, A]."""
        seen = once_each(self.cells, batch["images"], batch["scenes"]).flatten(1)  # [B, N * (C + 2)]
        return _answered(self.mlp, torch.cat([seen, self.reader(batch["questions"])], dim=1))


class Hop(nn.Module):
    """One step of stacked attention: u' = u + sum_n p_n v_n, p = softmax_n(w . tanh(W_v v_n + W_u u + b)).

    Yang et al. 2016, section 3.3, with cells v [B, N, H] and the query u [B, H].
    """

    def __init__(self, width: int, attention: int):
        super().__init__()
        self.of_cell = nn.Linear(width, attention)
        self.of_query = nn.Linear(width, attention, bias=False)
        self.score = nn.Linear(attention, 1, bias=False)  # the softmax takes no notice of a bias

    def forward(self, seen: Tensor, query: Tensor) -> Tensor:
        """The next query [B, H]."""
        hidden = torch.tanh(self.of_cell(seen) + self.of_query(query)[:, None])  # [B, N, K]
        attended = self.score(hidden).softmax(1)  # [B, N, 1]
        return query + (attended * seen).sum(1)


class AttentionNetwork(nn.Module):
    """CNN+LSTM+SA: the question attends to the cells, twice; they are projected to its width without a tanh."""

    def __init__(self, sizes: AttentionModel, words: int, answers: int):
        super().__init__()
        self.reader, self.cells = QuestionReader(sizes, words), cells(sizes)
        self.project = nn.Linear(sizes.kernels[-1] + 2, sizes.lstm)
        self.hops = nn.ModuleList(Hop(sizes.lstm, sizes.attention) for _ in range(sizes.hops))
        self.mlp = answering(sizes.lstm, sizes.hidden, sizes.dropout, answers, sizes.norm)

    def forward(self, batch: dict[str, Tensor]) -> Tensor:
        """Logits [B, A]."""
        seen = self.project(once_each(self.cells, batch["images"], batch["scenes"]))  # [B, N, H]
        query = self.reader(batch["questions"])  # [B, H]
        for hop in self.hops:
            query = hop(seen, query)
        return _answered(self.mlp, query)


def _answered(mlp: nn.Module, known: Tensor) -> Tensor:
    """Logits [B, A] of what is known to each question, [B, ...]."""
    check_norm(mlp, len(known), "questions")
    return mlp(known)
