"""The plots of the CLEVR pages: what the records say, and scenes that a network was asked about."""

import itertools
from dataclasses import replace

import matplotlib as mpl
import numpy as np
import pytest
import torch
from torch import nn

from reprolib import experiments, paths
from reprolib.contracts.configuration import change
from reprolib.contracts.requests import Request
from reprolib.data.clevr import placing, questions, tokens
from reprolib.data.clevr.clevr_reader import ANSWERS
from reprolib.data.clevr.programs import answer
from reprolib.data.clevr.scenes import HEIGHT, OBJECTS, WIDTH
from reprolib.data.clevr.visibility import visible
from reprolib.evidence import published, records
from reprolib.pages import figures
from reprolib.pages.figures.rn_clevr import plots_of_hard_questions, views_of_clevr
from reprolib.pages.figures.rn_clevr.plots_of_clevr import SHOWN_CATEGORIES
from reprolib.pages.figures.rn_clevr.views_of_clevr import ClevrView, DrawnView
from reprolib.pages.figures.shared import specimens, style

PIXELS, STATE = "clevr_pixels", "clevr_state"
TABLE = ("CNN+LSTM+RN", "CNN+LSTM+SA (re-tuned)", "CNN+LSTM", "LSTM", "Q-type baseline")


@pytest.fixture
def found_of(record_of):
    """found_of(task, system, overall, seed=1) -> a record with this accuracy overall, and others by rule."""

    def make(task, system, overall, scale="small", **changes):
        kinds = {f"accuracy/{kind}": overall + 0.5 * place for place, kind in enumerate(SHOWN_CATEGORIES)}
        objects = {f"accuracy/objects_{count}": overall - count for count in range(3, 11)}
        sizes = {
            f"accuracy/{measure}_{most}": overall - most
            for measure in ("functions", "depth")
            for most in range(4, 29, 4)
        }
        curve = [{"step": step, "loss": 1.0, "accuracy/overall": overall} for step in (1, 2, 3)]
        usual = {"metrics": kinds | objects | sizes, "curve": curve, "experiment": f"rn_{task}"}
        return record_of(**({"task": task, "system": system, "scale": scale} | usual | changes))

    return make


def texts(figure):
    """Every visible text of a figure, as one string."""
    return "\n".join(text.get_text() for text in figure.findobj(mpl.text.Text) if text.get_text())


def printed(figure, kind):
    """The diamonds of a category's panel: {name of the row: value}."""
    names = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    diamonds = [
        line for line in figure.axes[SHOWN_CATEGORIES.index(kind)].lines if line.get_marker() == style.PAPER["marker"]
    ]
    return {names[int(line.get_ydata()[0])]: float(line.get_xdata()[0]) for line in diamonds}


# From records


def test_a_bar_is_as_long_as_the_mean_of_a_system_in_a_category(found_of):
    found = [found_of(PIXELS, system, 50.0 - place) for place, system in enumerate(TABLE)]
    found.append(found_of(PIXELS, TABLE[0], 54.0, seed=1))
    figure = figures.category_bars(found)
    assert [axis.get_title(loc="left") for axis in figure.axes] == [kind.replace("_", " ") for kind in SHOWN_CATEGORIES]
    for place, axis in enumerate(figure.axes):
        lengths = [patch.get_width() for patch in axis.patches]
        assert lengths == pytest.approx([value + 0.5 * place for value in (52.0, 49.0, 48.0, 47.0, 46.0)])
    assert "clevr_pixels (small scale, generated data, 2 seeds)" in texts(figure)
    assert texts(figure).count("no record") == 6, "attention on pretrained features, in every panel"


def hollow(figure, kind):
    """The lengths of the hollow bars of a category's panel."""
    bars = figure.axes[SHOWN_CATEGORIES.index(kind)].patches
    return [bar.get_width() for bar in bars if bar.get_facecolor() == (1, 1, 1, 1)]


def changed(record, **metrics):
    """A record with other accuracies in some categories."""
    return replace(record, metrics=record.metrics | {f"accuracy/{kind}": value for kind, value in metrics.items()})


def test_a_bar_is_hollow_where_it_is_not_above_the_baseline(found_of):
    baseline = changed(found_of(STATE, "Q-type baseline", 40.0), count=30.0, exist=50.0)
    lstm = changed(found_of(STATE, "LSTM", 60.0), count=32.0, exist=49.0)
    ours = [changed(found_of(STATE, "LSTM+RN", 60.0, seed=seed), count=31.0 + 2.2 * seed) for seed in (0, 1)]
    figure = figures.category_bars([baseline, lstm, *ours])
    marked = {kind: bars for kind in SHOWN_CATEGORIES if (bars := hollow(figure, kind))}
    assert marked == {"count": [32.0], "exist": [49.0]}
    assert "not above the Q-type baseline by more than 2 points: chance" in texts(figure)


def test_without_chance_or_without_the_baseline_no_bar_is_hollow(found_of):
    weak, lstm = found_of(STATE, "Q-type baseline", 10.0), found_of(STATE, "LSTM", 20.0)
    elsewhere = found_of(STATE, "Q-type baseline", 90.0, scale="smoke")
    for found in ([weak, lstm], [lstm], [elsewhere, lstm]):
        figure = figures.category_bars(found)
        assert [hollow(figure, kind) for kind in SHOWN_CATEGORIES] == [[]] * len(SHOWN_CATEGORIES)
        assert "chance" not in texts(figure)


def test_diamonds_are_the_papers_figures_also_of_people(found_of):
    figure = figures.category_bars([found_of(PIXELS, "LSTM", 50.0)])
    expected = {
        line.system: line.value
        for line in published.read()
        if (line.paper, line.table, line.metric) == ("santoro2017", "Table 1", "accuracy/count")
    }
    shown = printed(figure, "count")
    assert sorted(shown.values()) == sorted(expected.values())
    assert shown["people"] == expected["Human"]
    assert shown["CNN+LSTM+RN"] == expected["CNN+LSTM+RN"]
    states = figures.category_bars([found_of(STATE, "LSTM+RN", 50.0)])
    assert [set(printed(states, kind)) for kind in SHOWN_CATEGORIES] == [{"LSTM+RN"}, *[set()] * 5], (
        "the paper prints one figure"
    )


def test_systems_are_compared_at_one_scale(found_of):
    found = [found_of(STATE, "LSTM+RN", 60.0), found_of(STATE, "LSTM", 20.0, scale="smoke")]
    assert [patch.get_width() for patch in figures.category_bars(found).axes[0].patches] == [60.0]
    smoke = figures.category_bars([replace(record, scale="smoke") for record in found])
    assert [patch.get_width() for patch in smoke.axes[0].patches] == [60.0, 20.0]
    assert "smoke scale" in texts(smoke)


def test_larger_networks_stand_in_no_table_by_category(found_of):
    found = [
        found_of(PIXELS, system, 50.0) for system in (*TABLE, "CNN+LSTM+RN (LSTM 256)", "CNN+LSTM+RN (64 kernels)")
    ]
    assert [record.system for record in figures.tabled(found)] == list(TABLE)
    assert "kernels" not in texts(figures.category_bars(found)) + texts(figures.by_scene(found))
    assert len(figures.learning_curves(figures.tabled(found)).axes[0].lines) == len(TABLE)


def test_accuracy_by_scene_has_a_line_a_system_in_every_panel(found_of):
    found = [found_of(STATE, "LSTM", 40.0), found_of(STATE, "LSTM+RN", 60.0), found_of(STATE, "LSTM+RN", 64.0, seed=1)]
    objects, functions, depth = figures.by_scene(found).axes
    ours, other = objects.lines
    assert list(ours.get_xdata()) == list(range(3, 11))
    assert list(ours.get_ydata()) == [62.0 - count for count in range(3, 11)]
    assert list(other.get_ydata()) == [40.0 - count for count in range(3, 11)]
    for axis in (functions, depth):
        assert list(axis.lines[0].get_xdata()) == list(range(4, 29, 4))
        assert list(axis.lines[0].get_ydata()) == [62.0 - most for most in range(4, 29, 4)]
    assert len(objects.collections) == 1, "a band where there are two seeds"
    assert {text.get_text() for text in depth.texts} == {"LSTM+RN", "LSTM"}


def test_a_measure_that_no_record_has_gets_no_panel(found_of):
    older = found_of(STATE, "LSTM", 40.0)
    older = replace(older, metrics={name: value for name, value in older.metrics.items() if "depth" not in name})
    objects, functions = figures.by_scene([older]).axes
    assert [len(axis.lines) for axis in (objects, functions)] == [1, 1]
    assert {text.get_text() for text in functions.texts} == {"LSTM"}
    older = replace(older, metrics={name: value for name, value in older.metrics.items() if "functions" not in name})
    assert [len(axis.lines) for axis in figures.by_scene([older]).axes] == [1]


def test_sizes_that_a_seed_lacks_are_left_out(found_of):
    """A small test set need not have scenes of every size."""
    first, second = found_of(STATE, "LSTM", 40.0), found_of(STATE, "LSTM", 50.0, seed=1)
    few = {name: value for name, value in second.metrics.items() if name != "accuracy/objects_4"}
    axis = figures.by_scene([first, replace(second, metrics=few)]).axes[0]
    assert list(axis.lines[0].get_xdata()) == [3, 5, 6, 7, 8, 9, 10]
    assert list(axis.lines[0].get_ydata()) == [45.0 - count for count in (3, 5, 6, 7, 8, 9, 10)]


def graded(record, wrong):
    """A record that tells questions apart by how hard they are to see, with percentages wrong by group."""
    return changed(record, **{name: 100 - value for name, value in wrong.items()})


HIDDEN = {"hidden_0": 5.0, "hidden_10": 6.0, "hidden_20": 9.0, "hidden_40": 12.0, "hidden_100": 30.0}
CLOSE = {"margin_0.5": 20.0, "margin_0.7": 12.0, "margin_1": 8.0, "margin_2": 4.0, "margin_9": 2.0}


def test_what_is_wrong_where_questions_are_hard_to_see(found_of):
    found = [
        graded(found_of(PIXELS, "CNN+LSTM+RN", 90.0), HIDDEN | CLOSE),
        graded(found_of(PIXELS, "CNN+LSTM+RN", 90.0, seed=1), HIDDEN | CLOSE | {"hidden_0": 7.0}),
        graded(
            found_of(PIXELS, "LSTM", 50.0),
            {name: value for name, value in (HIDDEN | CLOSE).items() if "0.7" not in name},
        ),
        found_of(PIXELS, "CNN+LSTM", 50.0),
    ]
    figure = figures.wrong_where_hard(found)
    hidden, close = figure.axes
    assert list(hidden.lines[0].get_ydata()) == [6.0, *list(HIDDEN.values())[1:]]
    assert list(close.lines[0].get_ydata()) == list(CLOSE.values())
    assert list(close.lines[1].get_xdata()) == [0, 2, 3, 4], "a group that a record lacks is left out"
    assert [label.get_text() for label in close.get_xticklabels()] == ["to 0.5", "to 0.7", "to 1", "to 2", "more"]
    assert {text.get_text() for text in close.texts} == {"CNN+LSTM+RN", "LSTM"}
    assert "Records that lack these figures: CNN+LSTM." in texts(figure)
    assert "lack" not in texts(figures.wrong_where_hard(found[:3]))


def test_records_that_tell_no_hard_questions_apart_are_said_to(found_of):
    words = texts(figures.wrong_where_hard([found_of(STATE, "LSTM", 50.0)]))
    assert max(map(len, words.splitlines())) <= style.LETTERS, "a long note has two lines"
    assert words.replace("\n", " ") == "No committed record tells questions apart by how hard they are to see yet."


def test_real_data_have_the_panel_of_distances_alone(found_of):
    figure = figures.wrong_where_hard([graded(found_of(PIXELS, "LSTM", 50.0, kind="real"), CLOSE)])
    (close,) = figure.axes
    assert list(close.lines[0].get_ydata()) == list(CLOSE.values())
    assert "lack" not in texts(figure)


def test_the_ticks_are_the_groups_that_are_measured():
    for groups, ticks in plots_of_hard_questions.PANELS.values():
        numbers = [float(name.rpartition("_")[2]) for name in groups.values()]
        assert [float(tick.removeprefix("to ")) for tick in ticks[:-1]] == numbers[:-1]
        assert ticks[-1] == "more"


def test_size_bars_compare_the_networks_sizes_beyond_smoke_scale(found_of):
    rows = [row.system for row in experiments.get("rn_clevr_pixels").rows if row.system.startswith("CNN+LSTM+RN")]
    found = [found_of(PIXELS, system, 60.0 + place) for place, system in enumerate(rows)]
    axis = figures.size_bars(found).axes[0]
    assert [patch.get_width() for patch in axis.patches] == [60.0, 61.0, 62.0, 63.0, 64.0]
    names = [label.get_text() for label in axis.get_yticklabels()]
    assert "paper" in names[0]
    assert names[1:] == ["LSTM 256", "LSTM 512", "32 kernels", "64 kernels"]
    assert texts(figures.size_bars(found[1:])).count("no record") == 1
    assert "smoke" in texts(figures.size_bars([replace(record, scale="smoke") for record in found]))


@pytest.mark.parametrize(
    "figure",
    [
        *(figures.category_bars, figures.by_scene, figures.wrong_where_hard, figures.size_bars),
        *(figures.drawn_scenes, figures.failures, figures.lit_pairs),
    ],
)
def test_without_anything_to_show_a_plot_says_so(figure):
    words = texts(figure([]))
    assert words.startswith(("No", "The network"))
    assert words.endswith(".")


# Pictures

VIEW = ClevrView(
    image=np.full((12, 16, 3), 200, dtype=np.uint8),
    question="What size is the thing that is left of the red cube?",
    answer="large",
    said="small",
    places=np.array([[10.0, 10.0], [300.0, 20.0], [60.0, 200.0]]),
    magnitudes=np.array([[5.0, 9.0, 1.0], [7.0, 2.0, 1.0], [1.0, 1.0, 1.0]]),
    source="committed weights: small scale",
    category="query attribute",
)


def test_a_failure_shows_its_category_question_answer_and_the_truth():
    words = texts(figures.failures([VIEW, replace(VIEW, category="count", said="3", answer="4")])).replace("\n", " ")
    for text in (VIEW.source, VIEW.category, VIEW.question, "✗ small, but it is large", "count", "✗ 3, but it is 4"):
        assert text in words


def test_pairs_are_drawn_in_the_release_s_pixels_over_a_picture_of_any_size():
    untrained = [replace(VIEW, source=specimens.UNTRAINED)]
    for plot in (figures.lit_pairs, figures.failures):
        assert "No trained network" in texts(plot(untrained))
    figure = figures.lit_pairs([VIEW, replace(VIEW, said="large")])
    axis = figure.axes[0]
    assert axis.images[0].get_extent() == [0, WIDTH, HEIGHT, 0]
    pairs = [line for line in axis.lines if len(line.get_xdata()) == 2]
    assert max(pairs, key=lambda line: line.get_linewidth()).get_xydata().tolist() == [[10.0, 10.0], [300.0, 20.0]]
    assert "✗ small, but it is large" in texts(figure)
    assert "✓ large" in texts(figure)


def test_every_drawn_scene_has_its_question_and_answer():
    views = [DrawnView(VIEW.image, f"Is the number {number}?", "yes") for number in range(3)]
    figure = figures.drawn_scenes(views)
    assert [bool(axis.images) for axis in figure.axes] == [True, True, True, False]
    assert [axis.get_title(loc="left") for axis in figure.axes[:3]] == [f"Is the number {n}? Yes." for n in range(3)]


# Views


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """No records, and a cache of this module."""
    place = tmp_path_factory.mktemp("clevr")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(paths, "BUILD", place)
        patch.setenv("REPROLIB_RESULTS", str(place / "results"))
        patch.setattr(views_of_clevr, "FEW", {PIXELS: 3, STATE: 10})
        patch.setattr(views_of_clevr, "SIZE", (9, 12))
        yield place


@pytest.fixture(scope="module", params=[PIXELS, STATE])
def network(request, folder):
    return views_of_clevr.network(request.param)


def about(found, view):
    """The row of the question that a view shows."""
    words, columns = tokens.words(view.question), found.data.splits["test"].columns
    spelled = [tokens.spell(row, found.data.facts["vocabulary"]).split() for row in columns["questions"].tolist()]
    return spelled.index(words)


class Saying(nn.Module):
    """A network that answers as it is told, and relates like another one."""

    def __init__(self, other, answers):
        super().__init__()
        self.encode, self.relation_network, self.answers = other.encode, other.relation_network, answers

    def forward(self, batch):
        ours = [self.answers[tuple(row)] for row in batch["questions"].tolist()]
        return nn.functional.one_hot(torch.tensor(ours), 29).float()


def saying(found, answers):
    """The specimen with a network that gives these answers to the test questions."""
    rows = map(tuple, found.data.splits["test"].columns["questions"].tolist())
    return replace(found, model=Saying(found.model, dict(zip(rows, answers.tolist(), strict=True))))


def test_a_drawn_scene_has_a_question_that_is_answered_right(folder):
    views, scenes = views_of_clevr.drawn(3), placing.generate(3, 0)
    asked = list(questions.generate(scenes, per_scene=1))
    assert [view.image.shape for view in views] == [(9, 12, 3)] * 3
    for number, (view, one) in enumerate(zip(views, asked, strict=True)):
        assert view.question == one.text
        assert view.answer == answer(one.program, scenes.json(number))


def test_failures_are_wrong_and_one_a_category(network):
    assert "untrained" in network.source
    views = views_of_clevr.failures(network)
    assert [view.category for view in views] == [
        kind for kind in tokens.CATEGORY_NAMES if kind in {v.category for v in views}
    ]
    split = network.data.splits["test"]
    for view in views:
        row = about(network, view)
        batch = split.batch(torch.tensor([row]))
        assert view.answer == ANSWERS[batch["answers"]]
        assert view.said == views_of_clevr._answer(int(network.model(batch).argmax()))
        assert view.said != view.answer
        assert view.category == tokens.CATEGORY_NAMES[batch["categories"]]
    assert len({about(network, view) // 10 for view in views}) == min(len(views), len(split) // 10), "different scenes"


def test_failures_are_of_the_hardest_scenes(network):
    split = network.data.splits["test"]
    always_wrong = saying(network, torch.full_like(split.columns["answers"], len(ANSWERS)))
    first = views_of_clevr.failures(always_wrong)[0]
    scenes = views_of_clevr._scenes(network)
    asked = {int(one) for one in split.columns["scenes"][split.columns["categories"] == 0]}
    hardness = {}
    for index in asked:
        one, count = scenes[index : index + 1], int(scenes.counts[index])
        if "images" in split.tables:
            hardness[index] = min(visible(one)[0, :count])
        else:
            directions = one.directions()[0, (0, 2), :]  # to the left, to the front
            along = one.positions[0, :count] @ directions.T  # [n, 2]
            hardness[index] = min(abs(a - b) for axis in along.T.tolist() for a, b in itertools.combinations(axis, 2))
    assert len(asked) > 1
    assert about(network, first) // 10 == min(hardness, key=hardness.get)


def test_a_network_without_failures_has_none(network):
    columns = network.data.splits["test"].columns
    assert views_of_clevr.failures(saying(network, columns["answers"])) == []
    counts = columns["categories"] == tokens.CATEGORY_NAMES.index("count")
    odd = torch.where(counts, len(ANSWERS), columns["answers"])
    (view,) = views_of_clevr.failures(saying(network, odd))
    assert view.category == "count"
    assert view.said not in ANSWERS, "the output that no answer has"


def test_relations_are_those_of_the_network_between_what_is_there(network):
    views = views_of_clevr.relations(network)
    assert [sum(word in views_of_clevr.PLACING for word in tokens.words(view.question)) for view in views] == [1, 0]
    assert {view.category for view in views} == {"query attribute"}
    for view in views:
        batch = network.data.splits["test"].batch(torch.tensor([about(network, view)]))
        with torch.no_grad():
            objects, question, _ = network.model.encode(batch)
            pair = torch.cat([objects[0, 0], objects[0, 2], question[0]])
            expected = network.model.relation_network.g(pair[None]).norm().item()
        assert view.magnitudes[0, 2] == pytest.approx(expected, rel=1e-4)
        assert view.magnitudes.shape == (len(view.places),) * 2


def test_places_are_the_cells_or_the_objects_centres(network):
    for view in views_of_clevr.relations(network):
        if "images" in network.data.splits["test"].tables:
            assert len(view.places) == 64
            assert view.places[:2].tolist() == [[20, 15], [60, 15]]
            assert view.places[-1].tolist() == [WIDTH - 20, HEIGHT - 15]
            continue
        scene = placing.generate(10, 0, 2).json(about(network, view) // 10)
        listed = [item["pixel_coords"][:2] for item in scene["objects"]]
        assert np.round(view.places).tolist() == listed
        assert len(listed) <= OBJECTS


def test_the_network_is_that_of_the_committed_weights(folder, record_of, monkeypatch):
    monkeypatch.setenv("REPROLIB_RESULTS", str(folder / "committed"))
    name, row = views_of_clevr.ROWS[STATE]
    experiment = experiments.get(name)
    request = Request(experiment, experiment.row(row), "small")
    config = change(request.config, {"data.train": 1, "data.valid": 1, "data.test": 10})
    torch.manual_seed(7)
    model = request.row.method.build(config, request.row.source.load(config.data, "generated")).eval()
    saved = records.round_weights(model, "float16")
    entry = records.save_weights(saved, request.place(paths.results()), "float16")
    task, system = row.split("/")
    kept = record_of(
        experiment=name,
        task=task,
        system=system,
        scale="small",
        weights=entry,
        parameters=sum(weight.numel() for weight in model.parameters()),
    )
    records.write(replace(kept, config_hash=request.config.hash), paths.results())
    found = views_of_clevr.network(STATE)
    assert found.source == "committed weights: small scale, generated data, seed 0"
    batch = found.data.splits["test"].batch(slice(None))
    with torch.no_grad():
        assert torch.equal(found.model(batch), model(batch))


def test_questions_are_written_as_sentences(network):
    """The generator's own text comes back from the numbers of its words."""
    (first, *_) = questions.generate(placing.generate(1, 0, 2), 10, 0, 2)
    row = network.data.splits["test"].columns["questions"][0].tolist()
    assert views_of_clevr._sentence(row, network.data.facts) == first.text
