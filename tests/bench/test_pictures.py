"""Pictures at once against one by one. Nothing is timed."""

import pytest
import torch

from reprolib import bench
from reprolib.bench import drawing

CPU = torch.device("cpu")


def test_both_ways_draw_the_same(monkeypatch):
    ratio = drawing.compare(CPU, count=2, side=24, rounds=1)
    assert (ratio.name, ratio.case) == ("pictures", "2 pictures of 24 x 24, at once against one by one")
    whole = drawing.render.render
    monkeypatch.setattr(drawing.render, "render", lambda scenes, **how: whole(scenes, **how) // len(scenes))
    with pytest.raises(RuntimeError, match="ours and the reference differ"):
        drawing.compare(CPU, count=2, side=24, rounds=1)


def test_a_processor_draws_them_one_by_one_anyway():
    assert list(bench.run("pictures", "cpu")) == []
