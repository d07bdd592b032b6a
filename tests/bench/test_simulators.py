"""Simulators against loops in Python. Nothing is timed; the reference is what tests/data/test_particles.py trusts."""

import pytest

from reprolib.bench import simulators
from reprolib.settings.data_sets import PARTICLES


@pytest.mark.parametrize("kind", PARTICLES)
def test_both_sides_move_alike(kind, monkeypatch):
    ratio = simulators.compare(kind, scenes=2, steps=300, rounds=1)
    assert (ratio.name, ratio.unit) == ("simulators", "CPU ms")
    assert ratio.device.endswith(", 1 thread")
    assert ratio.case.startswith(f"{kind} 5, 2 scenes of 300 steps")
    assert ratio.ratio > 0
    assert ratio.peak_memory_ratio > 0
    monkeypatch.setattr(simulators, "_bounce", lambda place, speed: place.__iadd__(0.1))
    with pytest.raises(RuntimeError, match="ours and the reference differ"):
        simulators.compare(kind, scenes=2, steps=300, rounds=1)
