"""Models for bAbI (Santoro et al. 2017, section 4 and supplement).

B questions, W sentences in a window, L words, H states of the LSTM.
"""

from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn

from reprolib.models.nets import last_state, once_each
from reprolib.models.relation_network import RelationNetwork, mlp


@dataclass(frozen=True)
class BabiModel:
    """Sizes of the relation network on stories; the defaults are the paper's."""

    embedding: int = 32  # unstated in the paper
    lstm: int = 32
    g: tuple[int, ...] = (256, 256, 256, 256)
    f: tuple[int, ...] = (256, 512)
    pairs: str = "all"
    norm: bool = False  # batch norm in every layer of g and f
    sum_norm: bool = False  # layer norm on the summed relations
    dropout: float = 0.0  # in f


class StoryRelationNetwork(nn.Module):
    """Reads every sentence with one LSTM, tags it with its distance from the question, and relates all pairs."""

    def __init__(self, sizes: BabiModel, words: int, answers: int, window: int):
        super().__init__()
        self.window = window
        self.embedding = nn.Embedding(words + 1, sizes.embedding, padding_idx=0)
        self.story_lstm = nn.LSTM(sizes.embedding, sizes.lstm, batch_first=True)
        self.question_lstm = nn.LSTM(sizes.embedding, sizes.lstm, batch_first=True)
        g = mlp([2 * (sizes.lstm + window) + sizes.lstm, *sizes.g], norm=sizes.norm)
        f = mlp([sizes.g[-1], *sizes.f], norm=sizes.norm, dropout=sizes.dropout)
        head = [nn.LayerNorm(sizes.g[-1])] * sizes.sum_norm + [f, nn.Linear(sizes.f[-1], answers)]
        self.relation_network = RelationNetwork(g, nn.Sequential(*head), pairs=sizes.pairs)

    def forward(self, batch: dict[str, Tensor]) -> Tensor:
        """Logits [B, answers] from windows [B, W] and questions [B] (rows of sentences [S, L])."""
        objects, question, mask = self.encode(batch)
        return self.relation_network(objects, question, mask)

    def encode(self, batch: dict[str, Tensor]) -> tuple[Tensor, Tensor, Tensor]:
        """Objects [B, W, H + W], question [B, H] and mask [B, W]; a sentence that occurs twice is read once."""
        windows, table = batch["windows"], batch["sentences"]
        read = partial(last_state, self.embedding, self.story_lstm)
        sentences = once_each(read, table, windows)  # [B, W, H]
        position = torch.eye(self.window, device=windows.device, dtype=sentences.dtype)
        objects = torch.cat([sentences, position.expand(len(windows), -1, -1)], dim=-1)  # [B, W, H + W]
        question = last_state(self.embedding, self.question_lstm, table[batch["questions"]])
        return objects, question, windows > 0
