"""Models for bAbI (Santoro et al. 2017, section 4 and supplement).

B questions, W sentences in a window, U sentences, L words, F features of a sentence, A answers, O outputs.
"""

from functools import partial

import torch
from torch import Tensor, nn

from reprolib.models.nets import last_state, once_each, word_slots, word_sum
from reprolib.models.relation_network import RelationNetwork, mlp
from reprolib.settings.relating import READERS, SLOTS, BabiModel


class StoryRelationNetwork(nn.Module):
    """Reads every sentence in one way, tags it with its place in the window, and relates all pairs.

    Args:
        sizes: of the layers, and the choices.
        words: of the vocabulary, without padding.
        outputs: O, the answers, or the words that answers consist of.
        window: W.

    Raises:
        InputError: in a call, values that are not finite.

    Examples:
        >>> import torch
        >>> from reprolib import BabiModel, StoryRelationNetwork
        >>> model = StoryRelationNetwork(BabiModel(g=(16,), f=(16,)), words=3, outputs=2, window=5)
        >>> batch = {
        ...     "sentences": torch.tensor([[0, 0], [1, 2], [3, 1]]),  # numbers of words; row 0 is no sentence
        ...     "windows": torch.tensor([[1, 0, 0, 0, 0]]),  # a story of one sentence
        ...     "questions": torch.tensor([2]),
        ... }
        >>> model(batch).shape
        torch.Size([1, 2])
    """

    def __init__(self, sizes: BabiModel, words: int, outputs: int, window: int):
        super().__init__()
        self.window, self.position = window, sizes.position
        self.embedding = nn.Embedding(words + 1, sizes.embedding, padding_idx=0)
        self.parts = READERS[sizes.reader]
        lstm = partial(nn.LSTM, sizes.embedding, sizes.lstm, batch_first=True)
        self.story_lstm, self.question_lstm = (lstm(), lstm()) if "lstm" in self.parts else (None, None)
        tag = 0 if sizes.position == "none" else window
        g = mlp([2 * (sizes.features + tag) + sizes.features, *sizes.g], norm=sizes.norm)
        f = mlp([sizes.g[-1], *sizes.f], norm=sizes.norm, dropout=sizes.dropout)
        head = [nn.LayerNorm(sizes.g[-1])] * sizes.sum_norm + [f, nn.Linear(sizes.f[-1], outputs)]
        self.relation_network = RelationNetwork(g, nn.Sequential(*head), pairs=sizes.pairs)

    def forward(self, batch: dict[str, Tensor]) -> Tensor:
        """Logits [B, A] from windows [B, W] and questions [B] (rows of sentences [S, L]).

        Where the batch has a table "spelled" [A, O], an answer's logit is the sum of those of its words.
        """
        outputs = self.relation_network(*self.encode(batch))  # [B, O]
        return outputs @ batch["spelled"].to(outputs.dtype).T if "spelled" in batch else outputs

    def encode(self, batch: dict[str, Tensor]) -> tuple[Tensor, Tensor, Tensor]:
        """Objects [B, W, F + W], question [B, F] and mask [B, W]; a sentence that occurs twice is read once."""
        windows, table = batch["windows"], batch["sentences"]
        sentences = once_each(partial(self._read, self.story_lstm), table, windows)  # [B, W, F]
        question = self._read(self.question_lstm, table[batch["questions"]])
        return torch.cat([sentences, *self._tags(windows, sentences.dtype)], dim=-1), question, windows > 0

    def _read(self, lstm: nn.LSTM | None, tokens: Tensor) -> Tensor:
        """Features [U, F] of sentences of word numbers [U, L]."""
        read = {
            "lstm": lambda: last_state(self.embedding, lstm, tokens),
            "words": lambda: word_sum(self.embedding, tokens),
            "slots": lambda: word_slots(self.embedding, tokens, SLOTS),
        }
        return torch.cat([read[part]() for part in self.parts], dim=-1)

    def _tags(self, windows: Tensor, dtype: torch.dtype) -> list[Tensor]:
        """One-hot place of each sentence, [B, W, W], or nothing; windows list the most recent sentence first."""
        if self.position == "none":
            return []
        place = torch.arange(self.window, device=windows.device).expand_as(windows)  # [B, W]
        if self.position == "first":
            place = ((windows > 0).sum(1, keepdim=True) - 1 - place).clamp(min=0)  # padding is masked
        return [nn.functional.one_hot(place, self.window).to(dtype)]
