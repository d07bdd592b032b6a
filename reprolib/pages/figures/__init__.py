"""What a page plots, a folder an experiment: its plots, and the views of a network that they show.

Each plot takes records, views or arrays; no number starts here. What several experiments share stands in `shared`.
Plots are matplotlib figures in the one style of `shared/style.py`; `show` turns one into a picture for a notebook.
"""

from reprolib.pages.figures.basketball.half_court import moving_play, predicted_plays
from reprolib.pages.figures.basketball.plots_of_basketball import edges_by_roles
from reprolib.pages.figures.execution import execution
from reprolib.pages.figures.gn_block.diagrams import configurations, full_block
from reprolib.pages.figures.gn_tasks.path_search import path_search, path_steps
from reprolib.pages.figures.gn_tasks.plots_of_graph_tasks import (
    next_numbers,
    rollouts_by_masses,
    solved_by_size,
    solved_by_step,
    swinging_chains,
)
from reprolib.pages.figures.headline_figures import headline_figures
from reprolib.pages.figures.label_bars import label_bars
from reprolib.pages.figures.lectures import by_distance, close_pairs, joined_paths
from reprolib.pages.figures.lectures_seen import (
    answer_maps,
    asked_pictures,
    edge_maps,
    plays_from_above,
    seen_and_held_out,
    tied_paths,
    whereabouts,
)
from reprolib.pages.figures.mocap.plots_of_walks import learned_edges, walk_errors, walk_moments, walking
from reprolib.pages.figures.modular_data.plots_of_few_data import edges_by_frames, edges_by_scenes
from reprolib.pages.figures.modular_edges.course_of_a_search import search_course, search_moments
from reprolib.pages.figures.modular_proposals.plots_of_proposals import acceptance_in_training, edges_by_proposals
from reprolib.pages.figures.modular_sizes.plots_of_sizes import edges_by_minutes
from reprolib.pages.figures.modular_unseen.plots_of_unseen import unseen_by_springs, unseen_paths
from reprolib.pages.figures.nri_edges.graphs import graphs
from reprolib.pages.figures.nri_edges.plots_of_edges import (
    edge_curves,
    edges_by_closeness,
    edges_by_objects,
    inferred_graphs,
    laws,
)
from reprolib.pages.figures.nri_edges.scores import accuracy_curves, by_objects
from reprolib.pages.figures.nri_prediction.plots_of_prediction import (
    error_by_step,
    horizon,
    predicted_motion,
    trajectories,
)
from reprolib.pages.figures.rn_babi.plots_of_babi import induction_by_distance, story_relations, task_bars
from reprolib.pages.figures.rn_clevr.blender import beside_blender
from reprolib.pages.figures.rn_clevr.plots_of_clevr import (
    by_scene,
    category_bars,
    drawn_scenes,
    failures,
    lit_pairs,
    size_bars,
    tabled,
)
from reprolib.pages.figures.rn_clevr.plots_of_hard_questions import wrong_where_hard
from reprolib.pages.figures.rn_data.plots_of_few_scenes import answers_by_scenes
from reprolib.pages.figures.rn_physics.plots_of_links import (
    body_links,
    counts_by_systems,
    links_found,
    walking_links,
    wrong_by_kind,
)
from reprolib.pages.figures.rn_physics.plots_of_physics import hidden_links, moving_links
from reprolib.pages.figures.rn_sort_of_clevr.plots_of_sort_of_clevr import sample_scenes, scene_bars, scene_relations
from reprolib.pages.figures.shared import animation
from reprolib.pages.figures.shared.curves import learning_curves
from reprolib.pages.figures.shared.looping_gif import Movie
from reprolib.pages.figures.shared.style import Picture, show
from reprolib.pages.figures.true_against_predicted import predictions

__all__ = [
    "Movie",
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
    "by_objects",
    "by_scene",
    "category_bars",
    "close_pairs",
    "configurations",
    "counts_by_systems",
    "drawn_scenes",
    "edge_curves",
    "edge_maps",
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
    "induction_by_distance",
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
    "plays_from_above",
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
    "tied_paths",
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
