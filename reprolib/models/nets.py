"""Pieces that several models share: sentences read by an LSTM, pictures cut into cells, rows of a table seen once.

U pictures or sentences, L words, D features of a word, H states of the LSTM, C kernels of the last convolution,
N cells.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from reprolib.errors import InputError

CONVOLUTIONS = 4  # each halves the picture's side: 75 to 5, 128 to 8


def once_each(function: Callable[[Tensor], Tensor], table: Tensor, rows: Tensor) -> Tensor:
    """function(table[rows]), with a row of the table that is named more than once worked on once."""
    distinct, where = rows.unique(return_inverse=True)
    return function(table[distinct])[where]


def last_state(embedding: nn.Embedding, lstm: nn.LSTM, tokens: Tensor) -> Tensor:
    """Last state [U, H] of each sentence of word numbers [U, L], at its true length; 0 is padding."""
    tokens = tokens.long()
    states, _ = lstm(embedding(tokens))  # [U, L, H]
    last = (tokens > 0).sum(1).clamp(min=1) - 1  # [U]
    return states[torch.arange(len(tokens), device=tokens.device), last]


def word_sum(embedding: nn.Embedding, tokens: Tensor) -> Tensor:
    """Sum [U, D] of the embeddings of each sentence's words [U, L]; 0 is padding."""
    return (embedding(tokens.long()) * (tokens > 0)[..., None]).sum(1)


def word_slots(embedding: nn.Embedding, tokens: Tensor, slots: int) -> Tensor:
    """The embeddings of each sentence's words [U, L] side by side, [U, slots * D], with zeros where it has ended.

    Raises:
        InputError: a sentence of more words than slots.
    """
    if (tokens[:, slots:] > 0).any():
        raise InputError(f"a sentence has more than {slots} words: read it with another model.reader than slots")
    words = embedding(tokens[:, :slots].long()) * (tokens[:, :slots] > 0)[..., None]  # [U, min(L, slots), D]
    return nn.functional.pad(words, (0, 0, 0, slots - words.shape[1])).flatten(1)


class Cells(nn.Module):
    """Four strided convolutions: pictures uint8 [U, S, S, 3] -> cells [U, N, C + 2], the last two its place.

    Args:
        kernels: of each convolution; ReLU, then batch norm follow, as the papers list them.
        norm_first: batch norm, then ReLU.
        coordinates: a place is x and y in [-coordinates, coordinates].
        augment: changes pictures [U, 3, S, S] in [-0.5, 0.5] before the first convolution.

    Raises:
        InputError: not four numbers of kernels.
    """

    def __init__(
        self,
        kernels: tuple[int, ...],
        norm_first: bool = False,
        coordinates: float = 1.0,
        augment: nn.Module | None = None,
    ):
        super().__init__()
        if len(kernels) != CONVOLUTIONS:
            raise InputError(f"model.kernels is {kernels}: give {CONVOLUTIONS} numbers, one a convolution")
        layers: list[nn.Module] = []
        for inputs, outputs in zip((3, *kernels[:-1]), kernels, strict=True):
            after = [nn.ReLU(), nn.BatchNorm2d(outputs)]
            layers += [nn.Conv2d(inputs, outputs, 3, stride=2, padding=1), *(after[::-1] if norm_first else after)]
        self.convolutions = nn.Sequential(*layers)
        self.coordinates, self.augment = coordinates, augment or nn.Identity()

    @staticmethod
    def count(side: int) -> int:
        """N of a picture of side by side pixels."""
        return (-(-side // 2**CONVOLUTIONS)) ** 2

    def forward(self, images: Tensor) -> Tensor:
        """Cells row by row, each with its x and y."""
        images = self.augment(images.permute(0, 3, 1, 2).float() / 255 - 0.5)  # [U, 3, S, S]
        images = images.to(next(self.convolutions.parameters()).dtype)
        cells = self.convolutions(images.contiguous(memory_format=torch.channels_last))  # [U, C, s, s]
        reach, size = self.coordinates, cells.shape[-1]
        side = torch.linspace(-reach, reach, size, device=cells.device, dtype=cells.dtype)
        place = torch.stack(torch.meshgrid(side, side, indexing="xy"))  # [2, s, s]
        return torch.cat([cells, place.expand(len(cells), -1, -1, -1)], dim=1).flatten(2).mT  # [U, N = s * s, C + 2]
