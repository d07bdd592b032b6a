"""The references of modular meta-learning against loops and the library, and that all are run. Nothing is timed."""

import pytest
import torch

from reprolib import bench
from reprolib.bench import modular_steps
from reprolib.models.modular.annealing import random_structures

CPU = torch.device("cpu")
TINY = modular_steps.Size(scenes=3, frames=8, objects=4, width=8, read=2)


def test_the_official_structure_predicts_as_the_library_does():
    (model,), scenes = modular_steps._models(TINY, 1, CPU), modular_steps._scenes(TINY, CPU)
    reference = modular_steps.OfficialStep(model.network, scenes, TINY, restart=7)
    structures = random_structures(3, 4, 2, torch.Generator().manual_seed(4))
    expected = model.network(scenes[:, 0], structures)
    torch.testing.assert_close(reference.after(scenes[:, 0], structures), expected)
    torch.testing.assert_close(reference.errors(structures), model.errors(scenes, structures))


def test_an_official_step_changes_one_receiver_at_most_and_learns():
    (model,), scenes = modular_steps._models(TINY, 1, CPU), modular_steps._scenes(TINY, CPU)
    reference = modular_steps.OfficialStep(model.network, scenes, TINY, restart=3)
    losses = []
    for _ in range(20):
        before = reference.structures.clone()
        losses.append(reference.step())
        assert (reference.structures != before).any(2).sum(1).max() <= 1
    assert losses[-1] < losses[0]


def test_run_covers_every_case_and_names_it(monkeypatch):
    monkeypatch.setattr(modular_steps, "Size", lambda: TINY)
    found = list(bench.run("modular", "cpu"))
    assert len({ratio.case for ratio in found}) == 4
    assert all(ratio.name == "modular" and ratio.ratio > 0 for ratio in found)
    assert all("3 scenes of 4" in ratio.case for ratio in found)


def test_a_reference_that_computes_something_else_is_not_timed(monkeypatch):
    errors, alone = modular_steps.SceneByScene._errors, modular_steps._alone
    monkeypatch.setattr(modular_steps.SceneByScene, "_errors", lambda *words: 2 * errors(*words))
    with pytest.raises(RuntimeError, match=r"3 scenes of 4, all assignments, against loops .* differ by"):
        modular_steps.against_loops(TINY, CPU, rounds=1)
    monkeypatch.setattr(modular_steps, "_alone", lambda *words: [2 * part for part in alone(*words)])
    with pytest.raises(RuntimeError, match=r"as one graph against one after the other: .* differ by"):
        modular_steps.as_one_graph(TINY, CPU, rounds=1)
