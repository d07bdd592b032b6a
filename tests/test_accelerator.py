"""What an accelerator computes is what a processor computes. Skipped where there is none."""

import pytest
import torch

from reprolib import devices, experiments, paths
from reprolib.contracts import requests
from reprolib.data.clevr import clevr_tensors, placing, render
from reprolib.running import runs
from reprolib.settings.data_sets import ClevrData

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
ROWS = [
    pytest.param(experiment, row, id=f"{experiment.name}-{row.name}")
    for experiment in experiments.every()
    for row in experiment.rows
    if row.headline
]


@pytest.mark.parametrize(("experiment", "row"), ROWS)
def test_a_headline_rows_network_answers_alike(experiment, row, monkeypatch, tmp_path):
    """Before training, whose rounding would grow; answers that are nearly tied may differ."""
    monkeypatch.setattr(paths, "BUILD", tmp_path)
    config = row.at("smoke")
    data = row.source.load(config.data, "generated")
    torch.manual_seed(0)
    model = row.method.build(config, data).eval()
    torch.manual_seed(1)
    expected = row.method.evaluate(model, data.splits["test"])
    torch.manual_seed(1)
    found = row.method.evaluate(model.cuda(), data.splits["test"].to("cuda"))
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        slack = 2.0 if name.startswith(("accuracy/", "error/")) else 1e-9  # percent, of answers that are nearly tied
        assert found[name] == pytest.approx(value, rel=1e-2, abs=slack), name


@pytest.mark.parametrize(("experiment", "row"), ROWS)
def test_a_headline_row_trains(experiment, row, monkeypatch, tmp_path):
    monkeypatch.setattr(paths, "BUILD", tmp_path / "build")
    monkeypatch.setattr(paths, "CHECKPOINTS", tmp_path / "checkpoints")
    record = runs.run(requests.Request(experiment, row), device="cuda", root=tmp_path)
    assert record.steps == row.at("smoke").train.steps
    assert all(value == value for value in record.metrics.values())  # no NaN


def test_pictures_stay_on_the_device_that_draws_them(monkeypatch, tmp_path):
    monkeypatch.setattr(paths, "BUILD", tmp_path)
    with devices.using(torch.device("cuda", 0)):
        data = clevr_tensors.load(ClevrData(train=2, valid=1, test=1, pictures=True), "generated")
    assert all(split.tables["images"].is_cuda for split in data.splits.values())
    assert not list(tmp_path.rglob("rendered*"))
    kept = clevr_tensors.load(ClevrData(train=2, valid=1, test=1, pictures=True), "generated")
    for name, split in data.splits.items():
        assert (split.tables["images"].cpu().int() - kept.splits[name].tables["images"].int()).abs().max() <= 1


def test_pictures_are_drawn_alike():
    scenes = placing.generate(4, seed=0)
    pictures = [render.render(scenes, 64, 64, torch.device(name)).cpu().float() for name in ("cpu", "cuda")]
    assert (pictures[0] - pictures[1]).abs().mean() < 1  # of 255: shadows are sampled
