"""Other views of Sort-of-CLEVR: scenes turned, mirrored and in other colours, with the questions that fit them.

B questions, S scenes, 6 colours, D = 10 features of an object.
"""

import torch
from torch import Tensor

from reprolib.data.sort_of_clevr import HORIZONTAL, RELATIONAL_BIT, RGB, SUBTYPE_BIT, VERTICAL, WHITE
from reprolib.data.sort_of_clevr_tensors import SUBTYPES

ACROSS, DOWN = SUBTYPES + HORIZONTAL, SUBTYPES + VERTICAL  # groups of questions for a side
PAINTS = (*RGB, (WHITE, WHITE, WHITE))
KEY = (1, 2, 4)  # of red, green and blue: their sum tells all paints apart


def another_view(batch: dict[str, Tensor]) -> dict[str, Tensor]:
    """A batch of questions, each about another view of its scene, that could have been drawn as well.

    A picture is turned or mirrored by one of the square's eight symmetries, and its objects exchange their colours.
    What is closest, furthest or of the same shape stays so. Left and right, top and bottom follow the picture.

    Args:
        batch: scenes [B], questions [B, 11], answers [B], groups [B], first_answers [6], and pictures [S, 75, 75, 3] or
            objects [S, 6, D] as tables.

    Returns:
        The batch with one row of its table for each question.
    """
    questions, groups = batch["questions"], batch["groups"]
    count, device = len(questions), questions.device
    swapped = torch.rand(count, device=device) < 0.5  # x and y change places
    mirrored = torch.rand(count, 2, device=device) < 0.5  # then x, and y
    colours = torch.rand(count, len(RGB), device=device).argsort(1)  # [B, 6]: the new colour of each old one
    table, rows = ("images", _repainted) if "images" in batch else ("objects", _rearranged)
    asked = _exchanged(groups, swapped)
    return batch | {
        table: rows(batch[table][batch["scenes"]], swapped, mirrored, colours),
        "scenes": torch.arange(count, device=device),
        "questions": _asked_of(questions, asked, colours),
        "groups": asked,
        "answers": _answers(batch, asked, mirrored),
    }


def _repainted(images: Tensor, swapped: Tensor, mirrored: Tensor, colours: Tensor) -> Tensor:
    """Pictures uint8 [B, 75, 75, 3]."""
    paints = torch.tensor(PAINTS, dtype=torch.uint8, device=images.device)  # [7, 3]
    key = torch.tensor(KEY, device=images.device)
    names = torch.empty(sum(KEY) * WHITE + 1, dtype=torch.long, device=images.device)
    names[paints.long() @ key] = torch.arange(len(PAINTS), device=images.device)
    named = names[(images.int() * key.int()).sum(-1)]  # [B, 75, 75]: the number of each pixel's paint
    named = torch.where(swapped[:, None, None], named.transpose(1, 2), named)
    named = torch.where(mirrored[:, 0, None, None], named.flip(2), named)
    named = torch.where(mirrored[:, 1, None, None], named.flip(1), named)
    white = colours.new_full((len(colours), 1), len(RGB))
    return paints[torch.cat([colours, white], 1).gather(1, named.flatten(1))].view_as(images)


def _rearranged(objects: Tensor, swapped: Tensor, mirrored: Tensor, colours: Tensor) -> Tensor:
    """Rows of objects [B, 6, D], in the order of their colours."""
    places, paint, shapes = objects.split([2, len(RGB), objects.shape[-1] - 2 - len(RGB)], 2)
    places = torch.where(swapped[:, None, None], places.flip(2), places)
    places = torch.where(mirrored[:, None], -places, places)
    moved = torch.cat([places, shapes], 2)
    moved = torch.empty_like(moved).scatter_(1, colours[..., None].expand_as(moved), moved)
    return torch.cat([moved[..., :2], paint, moved[..., 2:]], 2)


def _exchanged(groups: Tensor, swapped: Tensor) -> Tensor:
    """Groups of questions [B]: where x and y change places, who asked for one side asks for the other."""
    side = (groups == ACROSS) | (groups == DOWN)
    return torch.where(swapped & side, ACROSS + DOWN - groups, groups)


def _asked_of(questions: Tensor, groups: Tensor, colours: Tensor) -> Tensor:
    """Questions [B, 11] for the new colours and groups."""
    paint, types = questions[:, :RELATIONAL_BIT], questions[:, RELATIONAL_BIT:SUBTYPE_BIT]
    paint = torch.zeros_like(paint).scatter_(1, colours, paint)
    subtypes = torch.nn.functional.one_hot(groups % SUBTYPES, SUBTYPES).to(questions)
    return torch.cat([paint, types, subtypes], 1)


def _answers(batch: dict[str, Tensor], groups: Tensor, mirrored: Tensor) -> Tensor:
    """Classes [B] of the answers to questions of the new groups."""
    first = batch["first_answers"]
    place = batch["answers"] - first[batch["groups"]]  # among the words of its kind
    other = torch.where(groups == ACROSS, mirrored[:, 0], (groups == DOWN) & mirrored[:, 1])
    return first[groups] + torch.where(other, 1 - place, place)
