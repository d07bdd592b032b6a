"""The shared pieces against the same written out, one sentence, one layer, one row at a time."""

import pytest
import torch
from torch import nn
from torch.nn import functional

from reprolib.models.nets import Cells, last_state, once_each


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(0)


def test_the_last_state_is_that_after_the_last_word():
    embedding, lstm = nn.Embedding(9, 4, padding_idx=0), nn.LSTM(4, 5, batch_first=True)
    sentences = [[3, 1, 4], [1, 5, 8, 2, 6], [7]]
    tokens = torch.tensor([words + [0] * (6 - len(words)) for words in sentences], dtype=torch.uint8)
    alone = [lstm(embedding(torch.tensor([words])))[1][0][0, 0] for words in sentences]
    torch.testing.assert_close(last_state(embedding, lstm, tokens), torch.stack(alone))


def test_a_row_named_twice_is_worked_on_once():
    table, seen = torch.randn(5, 3), []

    def double(rows):
        seen.append(len(rows))
        return 2 * rows

    rows = torch.tensor([[4, 0, 4], [0, 0, 1]])
    assert once_each(double, table, rows).equal(2 * table[rows])
    assert seen == [3]


@pytest.mark.parametrize("norm_first", [False, True])
@pytest.mark.parametrize("training", [False, True])
def test_cells_are_the_four_convolutions_one_by_one(norm_first, training):
    cells = Cells((3, 4, 5, 6), norm_first, coordinates=4.0).train(training)
    convolutions = [layer for layer in cells.convolutions if isinstance(layer, nn.Conv2d)]
    norms = [layer for layer in cells.convolutions if isinstance(layer, nn.BatchNorm2d)]
    for norm in norms:
        nn.init.normal_(norm.running_mean)
        nn.init.uniform_(norm.weight, 0.5, 2)
    images = torch.randint(0, 256, (2, 40, 40, 3), dtype=torch.uint8)
    maps = images.permute(0, 3, 1, 2) / 255 - 0.5
    for convolution, norm in zip(convolutions, norms, strict=True):
        maps = functional.conv2d(maps, convolution.weight, convolution.bias, stride=2, padding=1)
        maps = maps if norm_first else maps.relu()
        still = (norm.running_mean.clone(), norm.running_var.clone())
        maps = functional.batch_norm(maps, *still, norm.weight, norm.bias, training=training)
        maps = maps.relu() if norm_first else maps
    assert maps.shape[2:] == (3, 3)
    found = cells(images)
    assert found.shape == (2, Cells.count(40), 6 + 2)
    for row in range(3):
        for column in range(3):
            cell = found[:, 3 * row + column]
            torch.testing.assert_close(cell[:, :6], maps[:, :, row, column])
            assert cell[:, 6:].tolist() == [[4.0 * (column - 1), 4.0 * (row - 1)]] * 2


@pytest.mark.parametrize("side", [75, 128, 33])
def test_the_number_of_cells_is_known_beforehand(side):
    images = torch.zeros(1, side, side, 3, dtype=torch.uint8)
    assert Cells((1, 1, 1, 1)).eval()(images).shape[1] == Cells.count(side)


def test_what_augments_comes_before_the_first_convolution():
    seen = []

    class Darken(nn.Module):
        def forward(self, pictures):
            seen.append((pictures.min().item(), pictures.max().item(), pictures.shape))
            return torch.full_like(pictures, -0.5)

    torch.manual_seed(0)
    darkened = Cells((2, 2, 2, 2), augment=Darken()).eval()
    torch.manual_seed(0)
    plain = Cells((2, 2, 2, 2)).eval()
    assert list(darkened.state_dict()) == list(plain.state_dict())
    images = torch.randint(0, 256, (3, 16, 32, 3), dtype=torch.uint8)
    images[0, 0, 0] = torch.tensor([0, 255, 9])
    assert darkened(images[:, :, :16]).equal(plain(torch.zeros_like(images[:, :, :16])))
    assert seen == [(-0.5, 0.5, (3, 3, 16, 16))]
