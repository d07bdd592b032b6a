"""What the plots and tables of a page hold: the records' numbers, the marks, the words; never pixels."""

import itertools
import math
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from collections import Counter
from dataclasses import replace
from functools import partial

import matplotlib as mpl
import numpy as np
import pytest
import torch

from reprolib import experiments
from reprolib.contracts.configuration import change
from reprolib.contracts.requests import Request
from reprolib.data.babi.arrays import vocabulary
from reprolib.errors import InputError
from reprolib.evidence import published, records
from reprolib.evidence.records import Record
from reprolib.gn import configurations as gn
from reprolib.gn.block import OnConcat
from reprolib.judgement import labels
from reprolib.pages import figures
from reprolib.pages.figures.gn_block import diagrams
from reprolib.pages.figures.rn_babi import plots_of_babi, views_of_babi
from reprolib.pages.figures.rn_babi.views_of_babi import StoryView
from reprolib.pages.figures.rn_sort_of_clevr import views_of_sort_of_clevr
from reprolib.pages.figures.shared import specimens, style
from reprolib.pages.figures.shared.specimens import SceneView
from reprolib.paths import ROOT
from reprolib.settings.data_sets import BABI_TASKS

BABI, RN, MAJORITY = "babi_joint_10k", "RN", "Majority"
LOOKS = tuple(style.LABELLED.values())


def record(task, system, metrics, *, seed=0, scale="small", kind="generated", curve=(), **other):
    """A record with these metrics, and nothing remarkable otherwise."""
    experiment = {BABI: "rn_babi"}.get(task, "rn_sort_of_clevr")
    found = Record(
        schema=records.SCHEMA,
        experiment=experiment,
        task=task,
        system=system,
        scale=scale,
        seed=seed,
        changes={},
        config={},
        config_hash="0" * 16,
        data={"name": "x", "kind": kind, "procedure": "released", "split": "test", "hash": "h", "sizes": {}},
        metrics=metrics,
        errors={},
        validation={},
        curve=list(curve),
        best_step=1,
        steps=1,
        starts_from=None,
        weights=None,
        parameters=1,
        device="a processor, 1 thread",
        workers=1,
        seconds=90.0,
        processor_seconds=80.0,
        samples_per_second=1.0,
        peak_memory=1,
        versions={"torch": "2.11"},
        commit=None,
        dirty=None,
        started=f"2025-03-0{seed + 1}T12:00:00+00:00",
        deviations=[],
        command=f"reprolib run {experiment} --row '{task}/{system}' --scale {scale} --seed {seed} --data {kind}",
    )
    return replace(found, **other)


def babi(accuracies, system=RN, **other):
    """A bAbI record with the accuracy of each task."""
    metrics = {f"accuracy/task_{task}": float(value) for task, value in enumerate(accuracies, start=1)}
    return record(BABI, system, metrics | {"error/task_16": 100 - accuracies[15]}, **other)


def scene(task, system, nonrelational, relational, **other):
    return record(task, system, {"accuracy/nonrelational": nonrelational, "accuracy/relational": relational}, **other)


def texts(figure):
    """Every visible text of a figure, as one string."""
    return "\n".join(text.get_text() for text in figure.findobj(mpl.text.Text) if text.get_text())


def markers(axis, marker):
    """(x, y) of all points drawn with a marker."""
    lines = [line for line in axis.lines if line.get_marker() == marker]
    return [(float(x), float(y)) for line in lines for x, y in zip(*line.get_data(), strict=True)]


# Bars


def test_a_task_bar_is_as_long_as_the_mean_over_seeds():
    first, second = [90.0 + task / 2 for task in range(20)], [94.0 + task / 4 for task in range(20)]
    figure = figures.task_bars([babi(first), babi(second, seed=1)], "RN")
    axis = figure.axes[0]
    assert [patch.get_width() for patch in axis.patches] == pytest.approx(np.mean([first, second], axis=0))
    assert [patch.get_y() + patch.get_height() / 2 for patch in axis.patches] == pytest.approx(range(1, 21))
    assert len(axis.collections) == 1, "whiskers"
    assert "small scale, generated data, 2 seeds" in texts(figure)


def test_task_bars_mark_the_threshold_the_failures_and_the_printed_figures():
    figure = figures.task_bars([babi([95.0] * 7 + [94.9] * 13), babi([20.0] * 20, MAJORITY)], "RN")
    axis = figure.axes[0]
    assert [95.0, 95.0] in [list(line.get_xdata()) for line in axis.lines]
    assert "7 of 20 tasks pass" in texts(figure)
    assert len({patch.get_facecolor() for patch in axis.patches[:7]}) == 1
    assert axis.patches[6].get_facecolor() != axis.patches[7].get_facecolor()
    names = [label.get_text() for label in axis.get_yticklabels()]
    assert len(names) == 20
    assert [number for number, name in enumerate(names, start=1) if "†" in name] == [2, 3]
    printed = {line.metric: line.value for line in published.read() if (line.system, line.task) == (RN, BABI)}
    expected = [(printed["accuracy/task_2"], 2), (printed["accuracy/task_3"], 3), (100 - printed["error/task_16"], 16)]
    assert markers(axis, style.PAPER["marker"]) == expected
    assert markers(axis, "|") == [(20.0, task) for task in range(1, 21)]


def test_task_bars_show_the_largest_scale_and_never_mix_it_with_another():
    smoke = [babi([10.0] * 20, scale="smoke"), babi([5.0] * 20, MAJORITY, scale="smoke")]
    axis = figures.task_bars([*smoke, babi([50.0] * 20)], "RN").axes[0]
    assert {patch.get_width() for patch in axis.patches} == {50.0}
    assert markers(axis, "|") == []


def test_scene_bars_stand_in_the_order_of_figure_4_with_the_printed_figures():
    found = [scene("sort_of_clevr", "CNN+RN", 98.0, 91.0), scene("sort_of_clevr", "CNN+MLP", 97.0, 61.0)]
    figure = figures.scene_bars([*found, scene("sort_of_clevr_state", RN, 99.0, 96.5)])
    pictures, states = figure.axes
    assert [patch.get_height() for patch in pictures.patches] == [98.0, 97.0, 91.0, 61.0]
    assert [patch.get_height() for patch in states.patches] == [99.0, 96.5]
    assert [height for _, height in markers(pictures, style.PAPER["marker"])] == [94.0, 94.0, 94.0, 63.0]
    assert texts(figure).count("no record") == 4, "the majority answer, of two kinds in two panels"
    assert texts(figure).index("non-relational") < texts(figure).index("\nrelational")


def test_scene_bars_compare_at_one_scale_only():
    found = [scene("sort_of_clevr", "CNN+RN", 98.0, 91.0), scene("sort_of_clevr", "CNN+MLP", 30.0, 20.0, scale="smoke")]
    figure = figures.scene_bars(found)
    assert [patch.get_height() for patch in figure.axes[0].patches] == [98.0, 91.0]


def test_label_bars_count_every_claim_once():
    every = itertools.cycle(labels.LABELS)
    judged = [replace(one, label=next(every)) for one in labels.judged([])]
    figure = figures.label_bars(judged)
    (axis,) = figure.axes
    assert sum(patch.get_width() for patch in axis.patches) == len(judged)
    assert sum(int(number) for text in axis.texts for number in text.get_text().split(", ") if number) == len(judged)
    papers = [label.get_text() for label in axis.get_yticklabels()]
    assert papers == ["Santoro et al. 2017", "Kipf et al. 2018", "Alet et al. 2019", "Battaglia et al. 2018"]
    first = Counter(one.label for one in judged if one.claim.paper == "santoro2017")
    row = [patch for patch in axis.patches if round(patch.get_y() + patch.get_height() / 2) == 0]
    assert [patch.get_width() for patch in row] == [first[label] for label in labels.LABELS]
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == list(labels.LABELS)


def test_every_label_looks_different_in_grey():
    assert tuple(style.LABELLED) == labels.LABELS
    luminance = [0.299 * r + 0.587 * g + 0.114 * b for r, g, b in (mpl.colors.to_rgb(c) for c, _ in LOOKS)]
    pairs = itertools.combinations(zip(luminance, (hatch for _, hatch in LOOKS), strict=True), 2)
    assert all(abs(one - other) > 0.03 or hatch != hatched for (one, hatch), (other, hatched) in pairs)


# Curves


def test_learning_curves_are_those_of_the_records_a_panel_a_task():
    def curve(*scores):
        return [{"step": 10 * i, "loss": 1.0, "accuracy/overall": score} for i, score in enumerate(scores, start=1)]

    found = [
        scene("sort_of_clevr", "CNN+RN", 0, 0, curve=curve(20.0, 60.0, 90.0)),
        scene("sort_of_clevr", "CNN+RN", 0, 0, curve=curve(30.0, 60.0, 91.0), seed=1),
        scene("sort_of_clevr", "CNN+RN", 0, 0, curve=curve(1.0, 2.0, 3.0), scale="smoke"),
        scene("sort_of_clevr", "CNN+MLP", 0, 0, curve=curve(10.0, 60.0, 89.0)),
        scene("sort_of_clevr_state", RN, 0, 0, curve=curve(50.0, 60.0, 70.0)),
        scene("sort_of_clevr_state", MAJORITY, 0, 0),
    ]
    figure = figures.learning_curves(found)
    pictures, states = figure.axes
    assert [list(line.get_ydata()) for line in pictures.lines] == [
        [20.0, 60.0, 90.0],
        [30.0, 60.0, 91.0],
        [10.0, 60.0, 89.0],
    ]
    assert list(states.lines[0].get_xdata()) == [10, 20, 30]
    names = {text.get_text(): text.xy[1] for text in pictures.texts}
    assert set(names) == {"CNN+RN", "CNN+MLP"}
    assert names["CNN+RN"] - names["CNN+MLP"] >= 10, "the names must not overlap"


@pytest.mark.parametrize("system", ["RN", "RN (words kept and in place, Muon)"])
def test_the_steps_of_a_long_run_stay_apart_however_long_the_name(system):
    curve = [{"step": step, "loss": 1.0, "accuracy/mean": 90.0} for step in (2_000, 60_000, 90_000)]
    figure = figures.learning_curves([record(BABI, system, {}, curve=curve)])
    figure.draw_without_rendering()
    (axis,) = figure.axes
    labels = [label.get_window_extent() for label in axis.get_xticklabels()]
    assert len(labels) > 2
    assert all(left.x1 < right.x0 - 5 for left, right in itertools.pairwise(labels)), "touching"
    named = axis.texts or axis.get_legend().get_texts()
    assert [name.get_text() for name in named] == [system]
    assert axis.get_window_extent().width > 0.6 * figure.bbox.width, "little room for the line"


def test_a_network_has_one_colour_and_its_line_is_broken_where_muon_trained_it():
    names = ("RN", "RN (words kept and in place)", "RN (words kept and in place, Muon)")
    curve = [{"step": step, "loss": 1.0, "accuracy/mean": 90.0} for step in (10, 20, 30)]
    figure = figures.learning_curves([record(BABI, name, {}, curve=curve) for name in names])
    plain, adam, muon = figure.axes[0].lines
    assert plain.get_color() != adam.get_color() == muon.get_color()
    assert [line.get_linestyle() for line in (plain, adam, muon)] == ["-", "-", "--"]


def test_the_title_of_curves_from_two_scales_fits_its_figure():
    curve = [{"step": step, "loss": 1.0, "accuracy/mean": 90.0} for step in (10, 20, 30)]
    found = [record(BABI, "RN", {}, curve=curve), record(BABI, "RN (words kept)", {}, curve=curve, scale="smoke")]
    figure = figures.learning_curves(found)
    figure.draw_without_rendering()
    title = figure.axes[0].title.get_window_extent()
    assert title.x1 <= figure.bbox.x1
    assert title.y1 <= figure.bbox.y1


def test_networks_that_see_clevr_have_a_colour_each():
    names = ("CNN+LSTM+RN", "CNN+LSTM+SA (re-tuned)", "CNN+LSTM", "LSTM", "Q-type baseline")
    assert len({style.colour(name) for name in names}) == len(names)
    names = ("LSTM+RN", "LSTM+deep sets", "LSTM", "Q-type baseline")
    assert len({style.colour(name) for name in names}) == len(names)


# Relations

STORY = StoryView(
    sentences=("Mary took the milk.", "John slept.", "Mary went to the office."),
    support=(0, 2),
    question="Where is the milk? ",
    answer="office",
    magnitudes=np.array([[np.nan, np.nan, np.nan], [1.0, np.nan, np.nan], [3.0, 2.0, np.nan]]),
    source="committed weights",
)
SCENE = SceneView(
    image=np.full((75, 75, 3), 255, dtype=np.uint8),
    question="What is the shape of the red object?",
    answer="circle",
    said="square",
    places=np.array([[10.0, 10.0], [40.0, 20.0], [60.0, 70.0]]),
    magnitudes=np.array([[5.0, 9.0, 1.0], [7.0, 2.0, 1.0], [1.0, 1.0, 1.0]]),
    source="untrained network",
)


def test_the_heat_map_holds_the_magnitudes_and_marks_the_supporting_facts():
    figure = figures.story_relations(STORY)
    axis = figure.axes[0]
    drawn = axis.collections[0].get_array().reshape(3, 3)
    assert np.array_equal(np.ma.getmaskarray(drawn), np.isnan(STORY.magnitudes))
    assert drawn.compressed().tolist() == [1.0, 3.0, 2.0]
    labels = axis.get_yticklabels()
    assert [label.get_text().startswith(text) for label, text in zip(labels, STORY.sentences, strict=True)] == [
        True
    ] * 3
    assert [label.get_fontweight() == "bold" for label in labels] == [True, False, True]
    assert "Where is the milk? Answer: office" in texts(figure)
    assert STORY.source in texts(figure)


def test_sample_scenes_tell_right_from_wrong():
    right = replace(SCENE, said="circle", question="How many objects have the shape of the red object?")
    figure = figures.sample_scenes([SCENE, right])
    assert "✗ square, but it is circle" in texts(figure)
    assert "✓ circle" in texts(figure)
    assert SCENE.source in texts(figure)


def test_the_strongest_pair_is_the_thickest_line_and_a_self_pair_is_a_ring():
    figure = figures.scene_relations([SCENE, SCENE], [SCENE, SCENE])
    assert len(figure.axes) == 4
    lines = figure.axes[0].lines
    widest = max(lines, key=lambda line: line.get_linewidth() if len(line.get_xdata()) > 1 else 0)
    assert widest.get_xydata().tolist() == [[10.0, 10.0], [40.0, 20.0]], "8 on average, both directions together"
    rings = {tuple(line.get_xydata()[0]): line.get_markeredgewidth() for line in lines if len(line.get_xdata()) == 1}
    assert set(rings) == {(10.0, 10.0), (40.0, 20.0), (60.0, 70.0)}
    assert rings[10.0, 10.0] == pytest.approx(widest.get_linewidth() * (5 - 1) / (8 - 1))


def test_pairs_outside_the_sum_are_not_drawn():
    magnitudes = np.array([[np.nan, 2.0, 3.0], [np.nan, np.nan, 1.0], [np.nan, np.nan, np.nan]])
    views = [replace(SCENE, magnitudes=magnitudes)] * 2
    assert len(figures.scene_relations(views, views).axes[0].lines) == 3


# Diagrams


def identity(rows):
    return rows


BLOCKS = {
    "full block": gn.full_block(identity, identity, identity),
    "independent": gn.independent(identity, identity, identity),
    "message passing": gn.message_passing(identity, identity, identity),
    "interaction network": gn.interaction_network(identity, identity, identity),
    "relation network": gn.relation_network(identity, identity),
    "deep sets": gn.deep_sets(identity, identity),
    "attention": gn.attention(gn.DotProduct(identity, identity), OnConcat(identity, "sender")),
}
READS = {"edge": "e", "sender": "v", "receiver": "v", "node": "v", "received": "e", "nodes": "v", "edges": "e"}


def arrows(block):
    """The arrows of a block, from the inputs that its updates name and the reductions that it has."""
    found = set()
    for target, update in zip("evu", (block.phi_e, block.phi_v, block.phi_u), strict=True):
        names = getattr(update, "names", ("sender", "receiver") if update is not None else ())  # attention's own update
        found |= {READS.get(name, "u") + target for name in names}
    gone = zip(("ev", "eu", "vu"), (block.rho_ev, block.rho_eu, block.rho_vu), strict=True)
    return found - {arrow for arrow, rho in gone if rho is None}


@pytest.mark.parametrize("name", diagrams.ARROWS)
def test_the_drawn_arrows_are_those_of_the_code(name):
    assert set(diagrams.ARROWS[name]) == arrows(BLOCKS[name])


def test_every_configuration_is_drawn_and_named():
    figure = figures.configurations()
    titles = [axis.get_title(loc="left") for axis in figure.axes]
    assert titles == [*diagrams.ARROWS, "encode-process-decode"]
    full = figures.full_block()
    assert all(word in texts(full) for word in ("edge update", "node update", "global update", r"$\phi^e$", r"$\rho$"))


# Style


@pytest.mark.parametrize(
    "figure",
    [partial(figures.task_bars, system="RN"), figures.scene_bars, figures.learning_curves, figures.sample_scenes],
)
def test_without_records_a_plot_says_so(figure):
    words = texts(figure([]))
    assert words.startswith("No")
    assert words.endswith(".")


def test_without_claims_the_bars_say_so():
    assert "No claim" in texts(figures.label_bars([]))


def settings():
    """Matplotlib's settings, but for the backend, which is chosen when it is first asked for."""
    return {name: value for name, value in mpl.rcParams.items() if name != "backend"}


def test_a_picture_has_the_same_bytes_twice_and_leaves_the_settings_alone():
    before = settings()
    found = [babi([50.0] * 20)]
    first, second = (figures.show(figures.task_bars(found, "RN")).svg for _ in range(2))
    assert first == second
    assert settings() == before
    root = ElementTree.fromstring(first)
    assert root.tag.endswith("svg")
    assert "date" not in first.lower()
    assert figures.show(figures.full_block())._repr_mimebundle_()["image/svg+xml"].startswith("<?xml")


# Specimens


@pytest.fixture
def results(tmp_path, monkeypatch):
    monkeypatch.setenv("REPROLIB_RESULTS", str(tmp_path))
    return tmp_path


def keep(root, name, row, *, answers=None, kind="generated", seed=0):
    """Write a record at small scale with the weights of an untrained network of its size; returns the network."""
    experiment = experiments.get(name)
    request = Request(experiment, experiment.row(row), "small", seed, kind)
    few = views_of_babi.FEW_STORIES if name == "rn_babi" else views_of_sort_of_clevr.FEW_SCENES | {"data.test": 2}
    config = change(request.config, few)
    data = request.row.source.load(config.data, "generated")
    facts = data.facts | ({"answers": answers, "outputs": answers} if answers else {})
    torch.manual_seed(100 + seed)
    model = request.row.method.build(config, replace(data, facts=facts)).eval()
    saved = records.round_weights(model, "float16")
    entry = records.save_weights(saved, request.place(root), "float16")
    kept = record(*row.split("/"), {"accuracy/all": 50.0}, seed=seed, kind=kind, weights=entry)
    parameters = sum(weight.numel() for weight in model.parameters())
    kept = replace(kept, config={"model": row}, config_hash=request.config.hash, parameters=parameters)
    records.write(kept, root)
    return model


def test_without_weights_the_network_is_untrained_and_says_so(results):
    view = views_of_babi.story()
    assert "untrained" in view.source
    assert views_of_babi.SHORTEST <= len(view.sentences) <= views_of_babi.LONGEST
    assert view.magnitudes.shape == (len(view.sentences),) * 2
    assert len(view.support) == 2


def test_the_story_shows_the_weights_of_the_best_record_even_of_real_data(results):
    keep(results, "rn_babi", views_of_babi.READER, seed=1)
    model = keep(results, "rn_babi", views_of_babi.READER, answers=60, kind="real")
    view = views_of_babi.story()
    assert view.source == "committed weights: small scale, real data, seed 0"
    assert np.array_equal(np.isnan(view.magnitudes), np.triu(np.ones_like(view.magnitudes), 1) == 1), (
        "itself or earlier"
    )
    _, config, data, _ = vars(specimens.specimen("rn_babi", views_of_babi.READER, views_of_babi.FEW_STORIES)).values()
    assert config.model.pairs == "unordered_self"
    asked = views_of_babi.babi_tensors.generated(views_of_babi.STORY_TASK, "test", 50, 0)
    number = next(i for i, question in enumerate(asked) if question.story == view.sentences)
    split = data.splits["test"]
    row = (split.columns["tasks"] == views_of_babi.STORY_TASK).nonzero()[number]
    with torch.no_grad():
        objects, question, _ = model.encode(split.batch(row))
        pair = torch.cat([objects[0, 0], objects[0, 2], question[0]])  # the last sentence with the last but two
        expected = model.relation_network.g(pair[None]).norm().item()
    assert view.magnitudes[-1, -3] == pytest.approx(expected, rel=1e-4)


def test_stale_weights_are_not_shown_and_damaged_ones_are_an_error(results):
    keep(results, "rn_babi", views_of_babi.READER)
    path, kept = next(records.read_all(results))
    weights = path.with_name(kept.weights["file"])
    content = weights.read_bytes()
    weights.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(InputError, match="hash"):
        views_of_babi.story()
    records.write(replace(kept, config_hash="1" * 16), results)
    assert "untrained" in views_of_babi.story().source


@pytest.mark.parametrize("row", ["sort_of_clevr/CNN+RN", "sort_of_clevr_state/RN"])
def test_scenes_have_a_relational_and_another_question_and_the_networks_answers(results, row):
    keep(results, "rn_sort_of_clevr", row)
    views = views_of_sort_of_clevr.scenes(row, 2)
    assert len(views) == 4
    assert views[0].source == "committed weights: small scale, generated data, seed 0"
    assert all("closest" in view.question or "furthest" in view.question for view in views[::2])
    assert "of the object" not in "".join(view.question for view in views[1::2])
    assert all(view.magnitudes.shape == (len(view.places),) * 2 for view in views)
    found = specimens.specimen("rn_sort_of_clevr", row, views_of_sort_of_clevr.FEW_SCENES | {"data.test": 2})
    split = found.data.splits["test"]
    names = views_of_sort_of_clevr.sort_of_clevr.answer_names()
    said = [names[i] for i in found.model(split.batch(slice(None))).argmax(1).tolist()]
    assert all(view.said in said[20 * (i // 2) : 20 * (i // 2) + 20] for i, view in enumerate(views))


def test_places_of_states_lie_on_their_objects(results):
    for view in views_of_sort_of_clevr.scenes("sort_of_clevr_state/RN", 2)[::2]:
        pixels = [tuple(view.image[round(y), round(x)]) for x, y in view.places]
        assert pixels == list(views_of_sort_of_clevr.sort_of_clevr.RGB)


def test_every_pair_of_a_question_is_of_one_kind():
    asked = torch.eye(6, dtype=torch.bool)[[2, 5]]
    kinds = views_of_sort_of_clevr._kinds_of_pair(asked)
    assert [int(chosen[0].sum()) for chosen in kinds.values()] == [10, 1, 20, 5]
    assert (sum(chosen.int() for chosen in kinds.values()) == 1).all()
    assert kinds["the asked object and itself"][1].nonzero().tolist() == [[5, 5]]


def test_lengths_of_pairs_are_shares_of_their_mean(results):
    keep(results, "rn_sort_of_clevr", "sort_of_clevr_state/RN")
    lengths = views_of_sort_of_clevr.lengths(few=3)
    pairs = dict(zip(lengths, 2 * [10, 1, 20, 5], strict=True))
    assert sum(share * pairs[name] for name, share in lengths.items()) / 72 == pytest.approx(100, rel=1e-4)


def test_few_generated_stories_have_every_word_of_the_real_files(babi):
    """So that weights of real data read generated stories word for word."""
    files, few = views_of_babi.babi_tensors.source(), views_of_babi.FEW_STORIES
    real = [question for task in BABI_TASKS for question in files.questions(task, "test")]
    ours = [
        question
        for task in BABI_TASKS
        for split in ("train", "test")
        for question in views_of_babi.babi_tensors.generated(task, split, few[f"data.{split}"], 0)
    ]
    assert vocabulary(ours).words == vocabulary(real).words


def test_the_names_of_the_tasks_are_twenty():
    assert len(set(plots_of_babi.TASKS)) == len(BABI_TASKS)


def test_names_of_lines_stand_apart_and_below_the_title():
    assert style.spread([80, 92, 95], gap=11, top=100) == [78, 89, 100]
    assert style.spread([80, 92, 95], gap=11, top=math.inf) == [80, 92, 103]
    assert style.spread([10, 50, 55], gap=11, top=100) == [10, 50, 61]
    assert style.spread([], gap=11, top=100) == []


def test_every_plot_that_a_page_may_ask_for_is_there_and_no_other():
    assert all(callable(getattr(figures, name)) for name in figures.__all__ if name != "animation")
    listed = [name for names in figures._HOMES.values() for name in names]
    assert set(listed) < set(figures.__all__)
    assert len(set(listed)) == len(listed)
    with pytest.raises(AttributeError, match="has no attribute 'pie_charts'"):
        _ = figures.pie_charts


def test_a_page_loads_no_models_of_other_pages():
    code = "import sys\nfrom reprolib.pages import figures, tables\nfigures.task_bars\nprint(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert "reprolib.pages.figures.rn_babi.plots_of_babi" in loaded.split()
    assert not [name for name in loaded.split() if name.startswith(("reprolib.models.nri", "reprolib.models.clevr"))]
