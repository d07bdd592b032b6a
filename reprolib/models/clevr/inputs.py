"""What every model of CLEVR reads its questions and its pictures with.

B questions, L words, H states of the LSTM; U pictures of S by S pixels; M scenes of at most N objects of D features.
"""

import torch
from torch import Tensor, nn

from reprolib.models.nets import Cells, last_state
from reprolib.settings.relating import Reading, Seeing

PADDING = 4  # pixels on each side: 128 to 136, then cropped to 128 at random
TOGETHER = 64  # questions of about one length that a CPU reads at once
ANGLE = 0.05  # radians, the largest rotation to both sides


class QuestionReader(nn.Module):
    """An LSTM over the words of a question.

    Args:
        words: size of the vocabulary, padding not counted.
    """

    def __init__(self, sizes: Reading, words: int):
        super().__init__()
        self.reverse = sizes.reverse
        self.embedding = nn.Embedding(words + 1, sizes.embedding, padding_idx=0)
        self.lstm = nn.LSTM(sizes.embedding, sizes.lstm, batch_first=True)

    def forward(self, questions: Tensor) -> Tensor:
        """Last state [B, H] of questions [B, L], word numbers from 1 with zeros after the last word.

        On a CPU those of about one length are read together, so that few steps go to padding.
        """
        order = (questions > 0).sum(1).argsort()
        parts = order.chunk(max(1, len(questions) // TOGETHER) if questions.device.type == "cpu" else 1)
        return torch.cat([self._read(questions[part]) for part in parts])[order.argsort()]

    def _read(self, questions: Tensor) -> Tensor:
        longest = int((questions > 0).sum(1).max())
        questions = questions[:, : max(longest, 1)].long()
        return last_state(self.embedding, self.lstm, reversed_words(questions) if self.reverse else questions)


def reversed_words(questions: Tensor) -> Tensor:
    """The words of int64 questions [B, L] from last to first, with the padding still after them."""
    place = (questions > 0).sum(1, keepdim=True) - 1 - torch.arange(questions.shape[1], device=questions.device)
    return questions.gather(1, place.clamp(min=0)).masked_fill(place < 0, 0)  # [B, L]


class Augmentation(nn.Module):
    """In training, moves every picture by whole pixels and turns it, by one draw a picture; what comes in is grey."""

    def forward(self, pictures: Tensor) -> Tensor:
        """Pictures [U, 3, S, S] with 0 for mid-grey."""
        if not self.training:
            return pictures
        count, device = len(pictures), pictures.device
        shifts = torch.randint(-PADDING, PADDING + 1, (count, 2), device=device)
        angles = torch.empty(count, device=device).uniform_(-ANGLE, ANGLE)
        return moved(pictures, shifts, angles)


def moved(pictures: Tensor, shifts: Tensor, angles: Tensor) -> Tensor:
    """Square pictures [U, 3, S, S], moved and then turned about their centre; zeros come in from outside.

    Args:
        shifts: [U, 2], pixels to the right and down.
        angles: [U], radians clockwise.
    """
    cos, sin = angles.cos(), angles.sin()
    x, y = (2 / pictures.shape[-1] * shifts).unbind(1)  # affine_grid measures in half pictures
    back = torch.stack([cos, sin, -x, -sin, cos, -y], 1).view(-1, 2, 3)  # from a pixel to where it comes from
    with torch.autocast(pictures.device.type, enabled=False):  # half precision would blur places by half a pixel
        grid = nn.functional.affine_grid(back, list(pictures.shape), align_corners=False)
        return nn.functional.grid_sample(pictures, grid, align_corners=False)


def scene_objects(batch: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
    """Objects [B, N, D] of each question's scene, and mask [B, N] of those that are there.

    Args:
        batch: scenes [B], rows of objects [M, N, D] and counts [M].
    """
    objects, counts = batch["objects"][batch["scenes"]], batch["counts"][batch["scenes"]]  # [B, N, D], [B]
    return objects, torch.arange(objects.shape[1], device=counts.device) < counts[:, None]


def cells(sizes: Seeing) -> Cells:
    """The network that cuts pictures uint8 [U, S, S, 3] into cells [U, N, C + 2]."""
    return Cells(sizes.kernels, sizes.norm_first, sizes.coordinates, Augmentation() if sizes.augment else None)
