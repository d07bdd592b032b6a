"""Graphs of own scenes: an arrow for every likely interaction, whatever objects are called."""

import numpy as np
import pytest

from reprolib.pages.figures import show
from reprolib.pages.figures.own_graphs import THICKEST, mean_panel, own_graphs, scene_panel


def arrows(axis):
    return sorted(round(text.arrow_patch.get_linewidth(), 2) for text in axis.texts if hasattr(text, "arrow_patch"))


def test_an_arrow_is_as_thick_as_it_is_likely():
    acting = np.array([[0, 0.5, 1.0], [0.01, 0, 0], [1, 1, 0]])
    panels = [
        mean_panel("mean", {("10", "9"): 1.0, ("9", "10"): 0.25}),
        scene_panel("scene $1", ["a", "$b$", ""], acting, np.ones((3, 3), int)),
    ]
    assert panels[0].names == ["9", "10"]
    assert panels[1].names == ["a", "$b$"], "nobody stands where there is no name"
    figure = own_graphs(panels)
    assert [arrows(axis) for axis in figure.axes[:2]] == [[THICKEST / 4, THICKEST], [THICKEST / 2]]
    assert "<svg" in show(figure).svg


def test_too_many_objects_are_not_drawn():
    crowd = mean_panel("mean", {(str(i), str(i + 1)): 1.0 for i in range(40)})
    assert "too many to draw" in own_graphs([crowd]).texts[0].get_text()


@pytest.mark.parametrize("count", [1, 3, 4])
def test_panels_stand_two_in_a_row(count):
    panel = mean_panel("mean", {("a", "b"): 0.7})
    assert sum(axis.axison for axis in own_graphs([panel] * count).axes) == count
