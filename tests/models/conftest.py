"""What tests of several models ask."""

import pytest
import torch
from torch import nn


@pytest.fixture
def looks_across():
    """looks_across(f, width) -> whether a row's output depends on another row, as batch norm makes it in training."""

    def ask(f, width):
        rows = torch.randn(6, width)
        other = rows.clone()
        other[1] += 1
        return not f.train()(rows)[0].equal(f(other)[0])

    return ask


@pytest.fixture
def dropped():
    """dropped(f, width) -> how often f, of one hidden unit, drops it in training, and what its factor makes up for."""

    def ask(f, width):
        for parameter in f.parameters():
            nn.init.ones_(parameter)
        rows = torch.rand(4000, width)
        whole, found = (f.train(training)(rows)[:, 0] - 1 for training in (False, True))  # 1 is the last bias
        factors = found / whole
        return (factors == 0).double().mean().item(), 1 - 1 / factors.max().item()

    return ask
