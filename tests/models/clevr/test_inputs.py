"""Questions are read whole and no further; pictures move as they are told."""

import math

import pytest
import torch

from reprolib.models.clevr import inputs
from reprolib.models.clevr.inputs import ANGLE, PADDING, Augmentation, QuestionReader, cells, moved, reversed_words
from reprolib.settings.relating import Reading, Seeing

SIDE = 64
SMALL = Reading(embedding=4, lstm=5)
REVERSED = Reading(embedding=4, lstm=5, reverse=True)


def reader(sizes):
    torch.manual_seed(0)
    return QuestionReader(sizes, words=12)


def test_words_are_turned_round_and_padding_stays_behind():
    questions = torch.tensor([[5, 6, 7, 0, 0], [1, 2, 3, 4, 9], [8, 0, 0, 0, 0], [0, 0, 0, 0, 0]])
    assert reversed_words(questions).tolist() == [[7, 6, 5, 0, 0], [9, 4, 3, 2, 1], [8, 0, 0, 0, 0], [0, 0, 0, 0, 0]]


def test_a_reversed_reader_reads_what_a_plain_one_reads_of_reversed_words(asked):
    questions = asked.columns["questions"]
    turned = torch.zeros_like(questions)
    for row, words in enumerate(questions):
        words = words[words > 0]
        turned[row, : len(words)] = words.flip(0)
    assert reader(REVERSED)(questions).equal(reader(SMALL)(turned))
    assert not reader(REVERSED)(questions).allclose(reader(SMALL)(questions), atol=1e-3)


@pytest.mark.parametrize("together", [2, 10_000], ids=["parts", "whole"])
@pytest.mark.parametrize("sizes", [SMALL, REVERSED], ids=["plain", "reversed"])
def test_padding_does_not_reach_the_state(asked, sizes, together, monkeypatch):
    monkeypatch.setattr(inputs, "TOGETHER", together)
    questions, model = asked.columns["questions"], reader(sizes)
    states = model(questions)
    alone = torch.cat([model(row[row > 0][None]) for row in questions])
    torch.testing.assert_close(alone, states)
    wider = torch.cat([questions, torch.zeros(len(questions), 5, dtype=questions.dtype)], dim=1)
    assert model(wider).equal(states)
    with torch.no_grad():
        model.embedding.weight[0] = 7.0
    torch.testing.assert_close(model(questions), states)


def dots(places):
    """Pictures with one bright pixel each, on black zeros."""
    pictures = torch.zeros(len(places), 3, SIDE, SIDE)
    for picture, (x, y) in zip(pictures, places, strict=True):
        picture[:, y, x] = 1
    return pictures


def centre_of_light(pictures):
    """Mean place (x, y) of the light in every picture: [U, 2]."""
    light = pictures.mean(1)  # [U, S, S]
    side, total = torch.arange(SIDE).float(), light.sum((1, 2))
    return torch.stack([light.sum(1) @ side, light.sum(2) @ side], 1) / total[:, None]


def test_nothing_moves_by_nothing():
    pictures = torch.rand(3, 3, SIDE, SIDE) - 0.5
    torch.testing.assert_close(moved(pictures, torch.zeros(3, 2), torch.zeros(3)), pictures, atol=1e-4, rtol=0)


def test_a_shift_is_a_crop_of_the_padded_picture():
    torch.manual_seed(0)
    pictures = torch.rand(4, 3, SIDE, SIDE) - 0.5
    shifts = torch.tensor([[4, 0], [0, -4], [-3, 2], [1, 1]])
    padded = torch.nn.functional.pad(pictures, [PADDING] * 4)
    found = moved(pictures, shifts, torch.zeros(4))
    for picture, whole, (x, y) in zip(found, padded, shifts.tolist(), strict=True):
        rows, columns = slice(PADDING - y, PADDING - y + SIDE), slice(PADDING - x, PADDING - x + SIDE)
        torch.testing.assert_close(picture, whole[:, rows, columns], atol=1e-4, rtol=0)


def test_a_bright_pixel_goes_where_the_shift_and_then_the_rotation_put_it():
    places = [(50, 31), (10, 12), (31, 5), (40, 40), (40, 40)]
    shifts, angles = [(0, 0), (3, -4), (0, 4), (-2, 1), (0, 0)], [math.pi / 2, 0.05, -0.05, 1.0, math.pi]
    found = centre_of_light(moved(dots(places), torch.tensor(shifts), torch.tensor(angles)))
    middle = (SIDE - 1) / 2
    for place, (x, y), (right, down), angle in zip(found.tolist(), places, shifts, angles, strict=True):
        x, y = x + right - middle, y + down - middle  # y points down: clockwise is from x to y
        turned = x * math.cos(angle) - y * math.sin(angle), x * math.sin(angle) + y * math.cos(angle)
        assert place == pytest.approx([middle + turned[0], middle + turned[1]], abs=0.2)


def test_places_do_not_suffer_from_half_precision():
    pictures = dots([(3, 60), (50, 31)])
    shifts, angles = torch.tensor([[4, -4], [0, 3]]), torch.tensor([0.03, -0.05])
    with torch.autocast("cpu", torch.bfloat16):
        half = moved(pictures, shifts, angles)
    assert half.equal(moved(pictures, shifts, angles))


def test_draws_reach_as_far_as_the_paper_says_and_no_further(monkeypatch):
    drawn = {}
    monkeypatch.setattr("reprolib.models.clevr.inputs.moved", lambda _, *draws: drawn.update(enumerate(draws)))
    torch.manual_seed(0)
    Augmentation().train()(torch.zeros(3000, 3, 1, 1))
    shifts, angles = drawn[0], drawn[1]
    assert shifts.shape == (3000, 2)
    for axis in shifts.unbind(1):
        assert axis.unique().tolist() == list(range(-4, 5))  # 136 - 128 = 8 pixels of room
    assert shifts[:, 0].ne(shifts[:, 1]).any()
    assert angles.shape == (3000,)
    assert angles.abs().max() <= ANGLE == 0.05
    assert angles.std() == pytest.approx(0.1 / math.sqrt(12), rel=0.05)


def test_pictures_move_in_training_only():
    torch.manual_seed(0)
    images = torch.randint(0, 256, (1, SIDE, SIDE, 3), dtype=torch.uint8).expand(2, -1, -1, -1)
    still, moving = (cells(Seeing(kernels=(2, 2, 2, 2), augment=augment)) for augment in (False, True))
    moving.load_state_dict(still.state_dict())
    first, second = moving.train()(images)
    assert not first.allclose(second, atol=1e-3), "one draw for two pictures"
    assert not moving(images)[0].allclose(first, atol=1e-3), "the same draw in every step"
    first, second = still.train()(images)
    assert first.equal(second)
    still.load_state_dict(moving.eval().state_dict())
    assert moving(images).equal(moving(images))
    assert moving(images).equal(still.eval()(images))
