"""What a page shows: plots, and tables that fit a phone. Each takes records, cells or arrays; no number starts here.

Plots are matplotlib figures in the one style of `style.py`; `show` turns one into a picture for a notebook.
"""

from reprolib.pages.figures import animation
from reprolib.pages.figures.bars import label_bars, scene_bars, task_bars
from reprolib.pages.figures.blender import beside_blender
from reprolib.pages.figures.clevr import by_scene, category_bars, drawn_scenes, failures, lit_pairs, size_bars, tabled
from reprolib.pages.figures.curves import generalisation, induction_by_distance, learning_curves
from reprolib.pages.figures.diagrams import configurations, full_block
from reprolib.pages.figures.motion import graphs, trajectories
from reprolib.pages.figures.relations import sample_scenes, scene_relations, story_relations
from reprolib.pages.figures.scores import accuracy_curves, by_objects, horizon
from reprolib.pages.figures.style import Picture, show

__all__ = [
    "Picture",
    "accuracy_curves",
    "animation",
    "beside_blender",
    "by_objects",
    "by_scene",
    "category_bars",
    "configurations",
    "drawn_scenes",
    "failures",
    "full_block",
    "generalisation",
    "graphs",
    "horizon",
    "induction_by_distance",
    "label_bars",
    "learning_curves",
    "lit_pairs",
    "sample_scenes",
    "scene_bars",
    "scene_relations",
    "show",
    "size_bars",
    "story_relations",
    "tabled",
    "task_bars",
    "trajectories",
]
