"""What a page plots, a folder an experiment: its plots, and the views of a network that they show.

Each plot takes records, views or arrays; no number starts here. What several experiments share stands in `shared`.
Plots are matplotlib figures in the one style of `shared/style.py`; `show` turns one into a picture for a notebook.

A plot of one experiment is imported when it is first asked for, so that a page loads no other's, nor their models.
"""

from importlib import import_module
from typing import Any

from reprolib.pages.figures.execution import execution
from reprolib.pages.figures.headline_figures import headline_figures
from reprolib.pages.figures.label_bars import label_bars
from reprolib.pages.figures.lectures import by_distance, by_examples, close_pairs, joined_paths
from reprolib.pages.figures.lectures_seen import answer_maps, asked_pictures, seen_and_held_out, whereabouts
from reprolib.pages.figures.shared import animation
from reprolib.pages.figures.shared.curves import learning_curves
from reprolib.pages.figures.shared.style import Picture, show
from reprolib.pages.figures.true_against_predicted import predictions

__all__ = [
    "Picture",
    "acceptance_in_training",
    "accuracy_curves",
    "animation",
    "answer_maps",
    "answers_by_scenes",
    "asked_pictures",
    "beside_blender",
    "body_links",
    "by_distance",
    "by_examples",
    "by_objects",
    "by_scene",
    "category_bars",
    "close_pairs",
    "configurations",
    "counts_by_systems",
    "drawn_scenes",
    "edge_curves",
    "edges_by_closeness",
    "edges_by_frames",
    "edges_by_minutes",
    "edges_by_objects",
    "edges_by_proposals",
    "edges_by_roles",
    "edges_by_scenes",
    "error_by_step",
    "execution",
    "failures",
    "full_block",
    "graphs",
    "headline_figures",
    "hidden_links",
    "horizon",
    "inferred_graphs",
    "joined_paths",
    "label_bars",
    "laws",
    "learned_edges",
    "learning_curves",
    "links_found",
    "lit_pairs",
    "moving_links",
    "moving_play",
    "next_numbers",
    "path_search",
    "path_steps",
    "predicted_motion",
    "predicted_plays",
    "predictions",
    "rollouts_by_masses",
    "sample_scenes",
    "scene_bars",
    "scene_relations",
    "search_course",
    "search_moments",
    "seen_and_held_out",
    "show",
    "size_bars",
    "solved_by_size",
    "solved_by_step",
    "story_relations",
    "swinging_chains",
    "tabled",
    "task_bars",
    "trajectories",
    "unseen_by_springs",
    "unseen_paths",
    "walk_errors",
    "walk_moments",
    "walking",
    "walking_links",
    "whereabouts",
    "wrong_by_kind",
    "wrong_where_hard",
]

_HOMES = {
    "basketball.half_court": ("moving_play", "predicted_plays"),
    "basketball.plots_of_basketball": ("edges_by_roles",),
    "gn_block.diagrams": ("configurations", "full_block"),
    "gn_tasks.path_search": ("path_search", "path_steps"),
    "gn_tasks.plots_of_graph_tasks": (
        "next_numbers",
        "rollouts_by_masses",
        "solved_by_size",
        "solved_by_step",
        "swinging_chains",
    ),
    "mocap.plots_of_walks": ("learned_edges", "walk_errors", "walk_moments", "walking"),
    "modular_data.plots_of_few_data": ("edges_by_frames", "edges_by_scenes"),
    "modular_edges.course_of_a_search": ("search_course", "search_moments"),
    "modular_proposals.plots_of_proposals": ("acceptance_in_training", "edges_by_proposals"),
    "modular_sizes.plots_of_sizes": ("edges_by_minutes",),
    "modular_unseen.plots_of_unseen": ("unseen_by_springs", "unseen_paths"),
    "nri_edges.graphs": ("graphs",),
    "nri_edges.plots_of_edges": ("edge_curves", "edges_by_closeness", "edges_by_objects", "inferred_graphs", "laws"),
    "nri_edges.scores": ("accuracy_curves", "by_objects"),
    "nri_prediction.plots_of_prediction": ("error_by_step", "horizon", "predicted_motion", "trajectories"),
    "rn_babi.plots_of_babi": ("story_relations", "task_bars"),
    "rn_clevr.blender": ("beside_blender",),
    "rn_clevr.plots_of_clevr": (
        "by_scene",
        "category_bars",
        "drawn_scenes",
        "failures",
        "lit_pairs",
        "size_bars",
        "tabled",
    ),
    "rn_clevr.plots_of_hard_questions": ("wrong_where_hard",),
    "rn_data.plots_of_few_scenes": ("answers_by_scenes",),
    "rn_physics.plots_of_links": ("body_links", "counts_by_systems", "links_found", "walking_links", "wrong_by_kind"),
    "rn_physics.plots_of_physics": ("hidden_links", "moving_links"),
    "rn_sort_of_clevr.plots_of_sort_of_clevr": ("sample_scenes", "scene_bars", "scene_relations"),
}  # modules by what they plot, a folder an experiment


def __getattr__(name: str) -> Any:
    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{home}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
