"""What the figures of Neural Relational Inference hold: trajectories, graphs, scores, the frames of the animation."""

import io
import itertools
import os
import re
import subprocess
import sys

import matplotlib as mpl
import numpy as np
import pytest
import torch
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection
from matplotlib.colors import to_hex, to_rgba
from PIL import Image

from reprolib.pages.figures.nri_edges import graphs, scores
from reprolib.pages.figures.nri_prediction import plots_of_prediction as prediction
from reprolib.pages.figures.shared import animation, movie, style
from reprolib.pages.figures.shared import lines as looks
from reprolib.pages.figures.shared import moving_objects as objects

S, T0, T1, N = 2, 12, 20, 4  # scenes, frames seen and predicted, objects


def texts(figure):
    """Every visible text of a figure, as one string."""
    return "\n".join(text.get_text() for text in figure.findobj(mpl.text.Text) if text.get_text())


def dense(matrix):
    """The receiver-major layout [N, N-1] of a matrix [receiver, sender]: senders ascend and leave out the receiver."""
    size = len(matrix)
    return np.array([[matrix[i][j] for j in range(size) if j != i] for i in range(size)], dtype=float)


def symmetric(size, joined):
    """The matrix of a graph in which these pairs are joined."""
    matrix = np.zeros((size, size))
    for i, j in joined:
        matrix[i, j] = matrix[j, i] = 1
    return matrix


@pytest.fixture
def scenes():
    """past [S, T0, N, 2], true [S, T1, N, 2] and predicted: random walks."""
    walk = np.random.default_rng(0).normal(size=(S, T0 + 2 * T1, N, 2)).cumsum(axis=1)
    return np.split(walk, [T0, T0 + T1], axis=1)


# Trajectories


def of_object(axis, number):
    """The past, the true future, the predicted dots and the last given place of an object, as drawn."""
    drawn = [line for line in axis.lines if objects.shade(number) in (line.get_color(), line.get_markeredgecolor())]
    return [line.get_xydata() for line in drawn]


def test_each_object_has_its_past_its_future_and_its_prediction_in_one_colour(scenes):
    past, true, predicted = scenes
    figure = prediction.trajectories(*scenes, titles=("first", "second"))
    assert len(figure.axes) == S
    assert [axis.get_title(loc="left") for axis in figure.axes] == ["first", "second"]
    for scene, axis in enumerate(figure.axes):
        assert axis.get_aspect() == 1
        for number in range(N):
            seen, future, dots, place = of_object(axis, number)
            assert np.array_equal(seen, past[scene, :, number])
            assert np.array_equal(future, np.concatenate([past[scene, -1:, number], true[scene, :, number]]))
            assert 1 < len(dots) <= prediction.DOTS
            assert {tuple(dot) for dot in dots} <= {tuple(at) for at in predicted[scene, :, number]}
            assert np.array_equal(dots[-1], predicted[scene, -1, number]), "the end of the prediction is shown"
            assert np.array_equal(place, past[scene, -1:, number])


def test_a_single_scene_needs_no_axis_of_scenes_and_a_tensor_is_as_good_as_an_array(scenes):
    arrays = prediction.trajectories(*(each[0] for each in scenes))
    tensors = prediction.trajectories(*(torch.tensor(each[:1], requires_grad=True) for each in scenes))
    assert len(arrays.axes) == 1
    assert style.show(arrays) == style.show(tensors)


def test_a_prediction_that_runs_away_does_not_shrink_the_picture(scenes):
    past, true, predicted = scenes
    calm, wild = prediction.trajectories(past, true, true), prediction.trajectories(past, true, 1e6 * predicted)
    assert calm.axes[0].get_xlim() == wild.axes[0].get_xlim()
    assert calm.axes[0].get_ylim() == wild.axes[0].get_ylim()


def test_what_was_given_lies_inside_the_picture(scenes):
    past, true, _ = scenes
    for axis, given in zip(
        prediction.trajectories(past, true, true).axes, np.concatenate([past, true], 1), strict=True
    ):
        low, high = np.array([axis.get_xlim(), axis.get_ylim()]).T
        assert (given > low).all()
        assert (given < high).all()
        assert high[0] - low[0] == pytest.approx(high[1] - low[1])


def test_more_scenes_than_columns_go_on_in_the_next_row(scenes):
    four = [np.concatenate([each, each]) for each in scenes]
    axes = prediction.trajectories(*four).axes
    assert [axis.axison for axis in axes] == [True] * 4 + [False] * 2


# Graphs


def joined(axis, places):
    """The drawn line of every pair of objects."""
    found = {}
    for line in axis.lines:
        ends = line.get_xydata()
        if len(ends) == 3:
            pair = [int(np.abs(places - end).sum(axis=1).argmin()) for end in ends[[0, 2]]]
            found[tuple(sorted(pair))] = line
            assert ends[1] == pytest.approx(ends[[0, 2]].mean(axis=0)), "the sign stands in the middle"
    return found


TRUE = symmetric(N, [(0, 1), (0, 2), (2, 3)])
BELIEVED = np.array([[0, 0.9, 0.2, 0.7], [0.9, 0, 0.1, 0.3], [0.4, 0.1, 0, 0.6], [0.8, 0.2, 0.8, 0]])


def test_a_line_is_as_wide_as_the_mean_probability_of_both_directions():
    left, right = graphs.graphs(dense(TRUE), dense(BELIEVED)).axes
    places = objects.circle(N)
    lines = joined(right, places)
    assert set(lines) == set(itertools.combinations(range(N), 2))
    for (i, j), line in lines.items():
        if (i, j) != (0, 2):  # missed: as wide as it should be
            assert line.get_linewidth() == pytest.approx(graphs.THICKEST * (BELIEVED[i, j] + BELIEVED[j, i]) / 2)
    widths = {pair: line.get_linewidth() > 0 for pair, line in joined(left, places).items()}
    assert {pair for pair, drawn in widths.items() if drawn} == {(0, 1), (0, 2), (2, 3)}


def test_wrong_pairs_bear_a_sign_of_their_own_and_another_line():
    left, right = graphs.graphs(dense(TRUE), dense(BELIEVED)).axes
    lines = joined(right, objects.circle(N))
    signs = {pair: line.get_marker() for pair, line in lines.items()}
    assert signs[0, 3] == "X", "believed to be 0.75, but there is none"
    assert signs[0, 2] == "o", "believed to be 0.3, but it is there"
    assert {sign for pair, sign in signs.items() if pair not in {(0, 3), (0, 2)}} == {"None"}
    assert {pair for pair, line in lines.items() if line.is_dashed()} == {(0, 3), (0, 2)}
    assert not any(line.is_dashed() for line in left.lines)
    assert right.get_title(loc="left") == "inferred: 4 of 6 right"


def test_graphs_stand_where_the_objects_are_and_are_named(scenes):
    places = scenes[0][:, -1]
    both = np.stack([dense(TRUE), dense(1 - TRUE)])
    figure = graphs.graphs(torch.tensor(both), both, places, titles=("first", "second"), edge="repulsion")
    assert len(figure.axes) == 2 * S
    for scene, axis in enumerate(figure.axes[::2]):
        nodes = [line for line in axis.lines if len(line.get_xdata()) == 1]
        assert np.array_equal([node.get_xydata()[0] for node in nodes], places[scene])
        assert [text.get_text() for text in axis.texts] == ["1", "2", "3", "4"]
    assert texts(figure).count("6 of 6 right") == S
    assert "second: true" in texts(figure)
    assert "repulsion missed" in texts(figure)


def test_objects_of_a_circle_are_equally_far_apart():
    places = objects.circle(5)
    assert np.linalg.norm(places - np.roll(places, 1, axis=0), axis=1) == pytest.approx(2 * np.sin(np.pi / 5))
    assert places[0] == pytest.approx([0, 1])
    assert places[1, 0] > 0, "clockwise"


# Scores


def ends(figure):
    """{name at the end of a line: its text}."""
    return {text.get_text(): text for text in figure.axes[0].texts}


def marks(axis):
    """[(x, y, colour of the edge)] of the paper's figures."""
    lines = [line for line in axis.lines if line.get_marker() == "D"]
    return [(float(x), y, line.get_markeredgecolor()) for line in lines for x, y in zip(*line.get_data(), strict=True)]


def curve(*accuracies):
    return [{"epoch": 0.5 * i, "accuracy/edges": value} for i, value in enumerate(accuracies, start=1)]


def test_accuracy_curves_draw_a_line_a_run_and_the_papers_figure_at_its_end():
    runs = {"NRI (learned)": [curve(60.0, 97.0), curve(62.0, 98.0)], "other": curve(50.0, 52.0, 53.0), "none": []}
    figure = scores.accuracy_curves(runs, {"NRI (learned)": 99.9})
    axis = figure.axes[0]
    drawn = [line for line in axis.lines if line.get_linestyle() != "None" and "step" not in line.get_drawstyle()]
    assert [list(line.get_ydata()) for line in axis.lines[:3]] == [[60.0, 97.0], [62.0, 98.0], [50.0, 52.0, 53.0]]
    assert list(axis.lines[2].get_xdata()) == [0.5, 1.0, 1.5]
    assert axis.get_xlabel() == "epochs"
    assert marks(axis) == [(1.5, 99.9, style.BLUE)]
    assert axis.lines[0].get_color() == axis.lines[1].get_color() != axis.lines[2].get_color()
    assert {"NRI (learned)", "other"} < set(ends(figure))
    assert "none" not in ends(figure)
    assert "printed in the paper" in texts(figure)
    assert len(drawn) == 4, "the runs, and the line of guessing"


def test_the_horizon_shows_means_over_seeds_in_a_band():
    steps = np.arange(1.0, T1 + 1)
    errors = {"Static": 1e-4 * steps, "NRI (learned)": torch.tensor(np.stack([1e-8 * steps, 3e-8 * steps]))}
    axis = prediction.horizon(errors, {"Static": {1: 8e-5, 10: 7e-3, 20: 3e-2}}).axes[0]
    assert axis.get_yscale() == "log"
    assert [line.get_ydata() for line in axis.lines[:2]] == [pytest.approx(1e-4 * steps), pytest.approx(2e-8 * steps)]
    assert list(axis.lines[0].get_xdata()) == list(range(1, T1 + 1))
    assert marks(axis) == [(1.0, 8e-5, style.GREY), (10.0, 7e-3, style.GREY), (20.0, 3e-2, style.GREY)]
    (band,) = axis.collections
    heights = band.get_paths()[0].vertices[:, 1]
    assert (heights.min(), heights.max()) == pytest.approx((1e-8, 3e-8 * T1))


ON_GRAPHS = ("Encode-process-decode", "Encode-process-decode, width 32", "One step", "Deep sets", "MLP", "Static")


def test_every_label_looks_different_and_named_systems_always_the_same():
    """Within one plot: systems on graphs and those of motion never meet."""
    of_motion = [system for system in looks.LOOKS if system not in ON_GRAPHS[:-1]]
    assert len({looks.LOOKS[system] for system in ON_GRAPHS}) == len(ON_GRAPHS)
    flat = {system: [1e-3] * 3 for system in (*of_motion, "mine")}
    lines = prediction.horizon(flat).axes[0].lines
    assert len({(line.get_color(), line.get_linestyle()) for line in lines}) == len(flat)
    alone = prediction.horizon({"mine": [1.0] * 3, "Static": [1e-3] * 3}).axes[0].lines[1]
    together = lines[list(flat).index("Static")]
    assert (alone.get_color(), alone.get_linestyle()) == (together.get_color(), together.get_linestyle())


def test_names_at_the_ends_keep_apart_on_a_logarithmic_scale():
    errors = {"Static": [1.0, 1.0], "LSTM (joint)": [1e-6, 1.0e-5], "NRI (learned)": [1e-7, 1.1e-5], "x": [1e-8, 9e-6]}
    figure = prediction.horizon(errors)
    FigureCanvasAgg(figure).draw()
    boxes = sorted((text.get_window_extent() for text in ends(figure).values()), key=lambda box: box.y0)
    assert len(boxes) == len(errors)
    assert all(low.y1 <= high.y0 for low, high in itertools.pairwise(boxes))
    heights = {name: text.xy[1] for name, text in ends(figure).items()}
    assert sorted(heights, key=heights.get) == ["x", "LSTM (joint)", "NRI (learned)", "Static"], "in their lines' order"
    assert heights["x"] < 9e-6 < 1.1e-5 < heights["NRI (learned)"], "moved to both sides"


def test_accuracy_by_objects_marks_the_size_of_training():
    found = {"springs": {7: [90.0, 94.0], 3: [96.0, 98.0], 5: [99.0, 99.5]}, "charged": {3: 70.0, 10: 60.0}}
    figure = scores.by_objects(found, trained_on=5)
    axis = figure.axes[0]
    assert axis.lines[0].get_xydata().tolist() == [[3, 97.0], [5, 99.25], [7, 92.0]]
    assert axis.lines[1].get_xydata().tolist() == [[3, 70.0], [10, 60.0]]
    assert [list(line.get_xdata()) for line in axis.lines].count([5, 5]) == 1
    assert "trained on 5" in texts(figure)
    assert list(axis.get_xticks()) == [3, 5, 7, 10]
    assert len(axis.collections) == 1, "a band where there are several seeds"


def test_pulls_beyond_a_panel_are_marked_at_its_border():
    distances = np.arange(1.0, 201.0)
    learned = 0.1 * distances
    learned[3], learned[7] = 1e3, -1e3
    axis = scores.pull_by_distance({"springs": (distances, learned, 0.1 * distances)}).axes[0]
    bottom, top = axis.get_ylim()
    drawn = {line.get_marker(): line.get_xydata().tolist() for line in axis.lines}
    assert drawn["^"] == [[4.0, top]]
    assert drawn["v"] == [[8.0, bottom]]
    assert len(drawn["."]) == len(distances) - 2
    assert "beyond the panel" in texts(axis.figure)


def test_accuracies_under_guessing_stay_in_the_picture():
    for figure in (scores.accuracy_curves({"a": curve(20.0, 30.0)}), scores.by_objects({"a": {3: 20.0, 5: 30.0}})):
        assert figure.axes[0].get_ylim()[0] < 20.0


# The animation


@pytest.fixture
def moving():
    """Positions [T, N, 2] of a slow motion, beliefs [T, N, N-1] that turn from doubt to TRUE, and the true edges."""
    times = np.linspace(0, 1, 6)[:, None, None]
    places = objects.circle(N) * (1 + 0.3 * times)
    return places, np.stack([dense(0.5 + t * (TRUE - 0.5)) for t in times.flatten()]), dense(TRUE)


def pictures(shown):
    """The frames of a movie [T, height, width, 3], cut out of its sheet as its style sheet shows them."""
    sheet = np.asarray(Image.open(io.BytesIO(shown.sheet())).convert("RGB")).astype(int)
    width, height = shown.size
    found = []
    for across, down in re.findall(r"background-position:([\d.]+)% ([\d.]+)%", shown.course()):
        left = round(float(across) / 100 * (sheet.shape[1] - width))  # as browsers place a background
        top = round(float(down) / 100 * (sheet.shape[0] - height))
        found.append(sheet[top : top + height, left : left + width])
    return np.stack(found)


def test_the_animation_has_every_frame_and_loops(moving):
    shown = animation.springs(*moving)
    assert len(shown.frames) == len(moving[0])
    assert "infinite" in shown.html()
    moments = [float(moment) for moment in re.findall(r"([\d.]+)%{", shown.course())]
    assert moments == pytest.approx([100 * movie.PACE * n / shown.length for n in range(len(moments))], abs=1e-3)
    assert shown.length == movie.PACE * (len(moments) - 1) + movie.LAST
    width, height = shown.size
    assert 300 < height < width < 740
    assert len(shown.sheet()) < 200_000


@pytest.mark.parametrize(("count", "height"), [(1, 4), (5, 4), (7, 6_000)])
def test_every_frame_is_seen_in_its_turn(count, height):
    """Also where the sheet would be higher than its format allows, and has several columns."""
    frames = [np.full((height, 3, 3), 30 * number, np.uint8) for number in range(count)]
    shown = movie.Movie(frames, "a caption", "what is seen")
    assert shown.grid == ((4, 2) if height > 4 else (1, count))
    assert [np.unique(frame).tolist() for frame in pictures(shown)] == [[30 * number] for number in range(count)]


def test_one_frame_is_enough_and_frames_that_are_alike_are_kept(moving):
    places, beliefs, true = moving
    assert len(pictures(animation.springs(places[:1], beliefs[:1]))) == 1
    still = animation.springs(places[[0, 0, 0]], beliefs[[0, 0, 0]], true)
    assert len(pictures(still)) == 3, "the count of frames goes on"


def test_springs_fade_in_with_the_belief():
    places = np.broadcast_to(objects.circle(2), (5, 2, 2))
    beliefs = np.broadcast_to(np.linspace(0, 1, 5)[:, None, None], (5, 2, 1))
    frames = pictures(animation.springs(places, beliefs))
    darkest = frames[:, frames.shape[1] // 2, 20:-20].mean(axis=2).min(axis=1)  # on a row across the spring
    assert darkest == pytest.approx([255, 191, 128, 64, 0], abs=6), "from white to black"


def red(frames):
    """How many pixels of each frame are as red as what is wrong; no object has that colour in this test."""
    wanted = (255 * np.array(to_rgba(style.RED)[:3])).round()
    return (np.abs(frames - wanted) <= 2).all(axis=-1).sum(axis=(1, 2))


def test_a_spring_that_is_not_there_is_red_once_it_is_believed():
    places = np.broadcast_to(objects.circle(3), (3, 3, 2))
    beliefs = np.stack([dense(p * symmetric(3, [(0, 1), (1, 2)])) for p in (0.2, 0.4, 1.0)])
    assert (red(pictures(animation.springs(places, beliefs, dense(symmetric(3, [(0, 1)]))))) > 0).tolist() == [
        False,
        False,
        True,
    ]
    assert not red(pictures(animation.springs(places, beliefs, dense(symmetric(3, [(0, 1), (1, 2)]))))).any()
    assert not red(pictures(animation.springs(places, beliefs))).any(), "where the truth is not known nothing is wrong"


def test_the_true_springs_stand_beside_the_inferred_ones(moving):
    places, _, true = moving
    frames = pictures(animation.springs(places, np.broadcast_to(true, (len(places), *true.shape)), true))
    left, right = np.split(frames[:, 40:-40], 2, axis=2)
    apart = np.abs(left - right).max(axis=-1)  # a line may lie between the same pixels otherwise
    assert (apart > 32).mean() < 0.001, "a perfect model draws the truth"
    nothing = pictures(animation.springs(places, np.zeros((len(places), *true.shape)), true))
    empty, same = np.split(nothing[:, 40:-40], 2, axis=2)
    assert np.array_equal(right, same)
    assert (empty == 0).all(axis=-1).sum() < (right == 0).all(axis=-1).sum() / 10


def edges_of(axis):
    """{pair: colour} of the edges of one panel."""
    lines, *_ = (c for c in axis.collections if isinstance(c, LineCollection) and c.get_zorder() == 1)
    return dict(zip(itertools.combinations(range(N), 2), lines.get_colors(), strict=True))


def test_the_strip_shows_four_frames_from_the_first_to_the_last(moving):
    places, beliefs, true = moving
    figure = animation.strip(places, beliefs, true)
    titles = [axis.get_title(loc="left") for axis in figure.axes]
    assert [title.partition(":")[0] for title in titles] == ["frame 1", "frame 3", "frame 4", "frame 6"]
    assert titles[0] == "frame 1: 3 of 6 right", "an even chance counts as no spring"
    assert titles[-1] == "frame 6: 6 of 6 right"
    for axis, time in zip(figure.axes, (0, 2, 3, 5), strict=True):
        chances = objects.pairs("beliefs", beliefs[time])[0]
        assert {pair: colour[3] for pair, colour in edges_of(axis).items()} == pytest.approx(
            {pair: chances[pair] for pair in itertools.combinations(range(N), 2)}
        )
        dots = next(c for c in axis.collections if not isinstance(c, LineCollection))
        assert np.array_equal(dots.get_offsets(), places[time])
    assert "true spring" in texts(figure)


def test_the_strip_marks_what_is_wrong_where_the_truth_is_known(moving):
    places, beliefs, true = moving
    wrong = edges_of(animation.strip(places, 1 - beliefs, true).axes[-1])
    assert {pair for pair, colour in wrong.items() if to_hex(colour) == style.RED} == {(0, 3), (1, 2), (1, 3)}
    unknown = animation.strip(places, 1 - beliefs)
    assert {to_hex(colour) for colour in edges_of(unknown.axes[-1]).values()} == {"#000000"}
    assert "right" not in texts(unknown)


def test_trails_reach_back_and_fade(moving):
    places, beliefs, _ = moving
    *_, last = animation.strip(places, beliefs).axes
    (trail,) = (c for c in last.collections if isinstance(c, LineCollection) and c.get_zorder() == 2)
    steps = np.array(trail.get_segments()).reshape(len(places) - 1, N, 2, 2)
    assert np.array_equal(steps[:, :, 0], places[:-1])
    assert np.array_equal(steps[:, :, 1], places[1:])
    assert (np.diff(trail.get_colors()[::N, 3]) > 0).all(), "older parts are paler"


SAME = """
import hashlib
import numpy as np
from reprolib.pages.figures.nri_prediction import plots_of_prediction as prediction
from reprolib.pages.figures.shared import animation, lines as looks, style
places = np.random.default_rng(0).normal(size=(4, 5, 2))
shown = animation.springs(places, np.full((4, 5, 4), 0.6), np.ones((5, 4)))
printed = {name: {1: 1.0} for name in looks.LOOKS}
svg = style.show(prediction.horizon({name: [1.0, 2.0] for name in looks.LOOKS}, printed)).svg
digest = hashlib.sha256(shown.html().encode() + svg.encode()).hexdigest()
"""


def test_bytes_are_the_same_in_every_process():
    here = {}
    exec(SAME, here)
    again = {}
    exec(SAME, again)
    assert here["digest"] == again["digest"]
    other = subprocess.run(
        [sys.executable, "-c", SAME + "print(digest)"],
        env={**os.environ, "PYTHONHASHSEED": "7"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert other.stdout.strip() == here["digest"]


def test_the_settings_of_matplotlib_stay_as_they_were(moving):
    before = {name: value for name, value in mpl.rcParams.items() if name != "backend"}
    animation.springs(*moving)
    assert {name: value for name, value in mpl.rcParams.items() if name != "backend"} == before


def test_a_movie_stands_still_until_it_is_played_and_says_what_is_seen():
    shown = movie.Movie([np.zeros((2, 2, 3), np.uint8)] * 2, "before < after", 'a "square"')._repr_mimebundle_()
    html = shown["text/html"]
    assert re.findall(r'class="(\w+)"( checked)?>(\w+)<', html) == [
        ("stop", " checked", "Stop"),
        ("play", "", "Play"),
        ("pause", "", "Pause"),
    ]
    assert 'role="img" aria-label="Animation: a &quot;square&quot;"' in html
    assert "<figcaption>before &lt; after</figcaption>" in html
    assert "animation" in shown["text/plain"]
