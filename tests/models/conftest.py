"""What tests of several models ask."""

import pytest
import torch


@pytest.fixture
def looks_across():
    """looks_across(f, width) -> whether a row's output depends on another row, as batch norm makes it in training."""

    def ask(f, width):
        rows = torch.randn(6, width)
        other = rows.clone()
        other[1] += 1
        return not f.train()(rows)[0].equal(f(other)[0])

    return ask
