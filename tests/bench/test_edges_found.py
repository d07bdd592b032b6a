"""Both sides find the edges of a handful of scenes, and who does not is an error. Nothing is timed."""

from dataclasses import replace

import pytest
import torch

from reprolib import experiments, paths
from reprolib.bench import edges_found
from reprolib.bench.nri import FEATURES, OfficialStructure
from reprolib.errors import InputError
from reprolib.settings.data_sets import FRAMES

CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def _cache(monkeypatch, tmp_path):
    monkeypatch.setattr(paths, "BUILD", tmp_path)


def test_both_sides_train_until_the_level_is_reached(monkeypatch):
    monkeypatch.setattr(edges_found, "EVERY", {"ours": 1, "reference": 1})
    threads = torch.get_num_threads()
    ratio = edges_found.compare(CPU, scenes=20, level=50.0)  # the better of two namings is never below
    assert (ratio.case, ratio.unit) == ("springs 5, 20 scenes, to 50 % of the edges", "s")
    assert ratio.ratio == pytest.approx(ratio.reference / ratio.ours)
    assert torch.get_num_threads() == threads


def test_a_level_that_is_not_reached_is_an_error(monkeypatch):
    monkeypatch.setattr(edges_found, "_accuracy", lambda model, split: 60.0)
    row = experiments.get("nri_edges").row("springs_5/NRI (learned)")
    data = row.source.load(replace(row.at("smoke").data, others=()), "generated")
    config = replace(edges_found.OFFICIAL, train=replace(edges_found.OFFICIAL.train, steps=3, batch=4))
    model = OfficialStructure(config.model, FRAMES, FEATURES, 5)
    with pytest.raises(InputError, match="93 % of the edges were not right after 3 steps"):
        edges_found._trained(model, config, data, 1, 93.0)


def test_the_references_edges_are_laid_out_as_the_true_ones():
    torch.manual_seed(0)
    model = OfficialStructure(edges_found.OFFICIAL.model, FRAMES, FEATURES, 5).eval()
    scenes = torch.randn(3, FRAMES, 5, FEATURES)
    found = edges_found._official_edges(model)(scenes)
    assert found.shape == (3, 5, 4)
    assert found.flatten(1).equal(model.encode(scenes).argmax(-1))
