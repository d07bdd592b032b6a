"""How modules and structures are learned in turn: what persists, what is found, what goes on after an interruption."""

import copy

import pytest
import torch

from reprolib.contracts.configuration import Config
from reprolib.data.split import Dataset, Split
from reprolib.errors import InputError
from reprolib.evidence.metrics import edge_accuracy
from reprolib.methods import modular_search
from reprolib.models.modular import ModularMetaLearning
from reprolib.models.modular.annealing import random_structures
from reprolib.models.modular.graph_shapes import both_ways
from reprolib.models.modular.receivers import least
from reprolib.settings.data_sets import FRAMES, HORIZON, MotionData
from reprolib.settings.searching import ModularModel, Searching
from reprolib.training.learner import Job, Moment, evaluated
from reprolib.training.loop import OutOfTimeError, fit

SCENES, OBJECTS = 24, 4
CPU = torch.device("cpu")


def teacher(**settings):
    """A model whose modules are as different as trained ones, and slow enough for a rollout."""
    torch.manual_seed(1)
    model = ModularMetaLearning(ModularModel(width=8, **settings), 4)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter *= 2
        model.network.node[-1].weight *= 0.2
    return model.eval()


def scenes(model, frames=12, count=SCENES, seed=0):
    """Scenes that the model's modules make along planted structures."""
    generator = torch.Generator().manual_seed(seed)
    planted = random_structures(count, OBJECTS, 2, generator)
    start = torch.randn(count, OBJECTS, 4, generator=generator)
    with torch.no_grad():
        after = model.network.rollout(start, planted, frames - 1)
    return Split({"trajectories": torch.cat([start[:, None], after], 1), "edges": planted})


def begun(model, split, **settings):
    learner = modular_search.learner()
    learner.begin(Job(model, split, Searching(400, batch=8, rate=1e-12, **settings), CPU, "fp32"))
    return learner


def train(learner, epochs, batch=8):
    step = 0
    for epoch in range(epochs):
        for rows in torch.arange(SCENES).split(batch):
            learner.set_rates(step)
            learner.update(Moment(rows, step, epoch, seed=0))
            step += 1
        learner.end_of_epoch(epoch)


def test_scores_find_what_known_modules_made():
    model = teacher()
    split = scenes(model)
    learner = begun(model, split, learning="scores", frames=4, warmth=0.0, least_error_from=1e-6, least_error=1e-6)
    train(learner, 4)
    found = learner.search.structures(learner.examples["scores"], least)
    assert edge_accuracy(found, split.columns["edges"]) > 99


@pytest.mark.parametrize("warmth", [0.0, 0.1])
def test_blocks_find_what_known_modules_made(warmth):
    model = teacher()
    split = scenes(model)
    exact = {"least_error_from": 1e-6, "least_error": 1e-6, "cooling": 0.04}  # 16 of 400 steps
    learner = begun(model, split, learning="blocks", senders=2, frames=8, warmth=warmth, **exact)
    assert edge_accuracy(learner.examples["structures"], split.columns["edges"]) < 65
    train(learner, 7)
    assert edge_accuracy(learner.examples["structures"], split.columns["edges"]) > 97


@pytest.mark.parametrize("proposal", ["node", "exact"])
def test_bouncegrad_finds_what_known_modules_made(proposal):
    model = teacher(proposal=proposal, restart=1)
    split = scenes(model, frames=6)
    learner = begun(model, split, horizon=10)
    before = learner.examples["structures"].clone()
    train(learner, 1)
    changed = (learner.examples["structures"] != before).any(2)
    assert changed.sum(1).max() == 1  # one proposal a scene an epoch
    train(learner, 70)
    assert edge_accuracy(learner.examples["structures"], split.columns["edges"]) > 95


def test_a_learned_proposal_learns_from_what_is_kept():
    model = teacher()
    split = scenes(model)
    torch.manual_seed(0)
    student = ModularMetaLearning(ModularModel(width=8, encoder_width=16, restart=3), 4, frames=12)
    learner = begun(student, split, encoder_rate=0.1)
    learner.examples["structures"].fill_(1)
    train(learner, 15)
    share = student.encoder.eval()(split.columns["trajectories"]).softmax(-1)[..., 1].mean()
    assert share > 0.7
    statistics = learner.statistics()
    assert 0 < statistics["accepted"] <= 1
    assert learner.statistics()["accepted"] == 0


@pytest.mark.parametrize(
    "settings",
    [
        {"learning": "scores", "frames": 4},
        {"learning": "scores", "frames": 4, "follow": 12},
        {"learning": "blocks", "frames": 4, "senders": 2, "follow": 12},
        {"learning": "bouncegrad"},
    ],
)
def test_training_makes_the_errors_smaller_and_goes_on_where_it_was_stopped(settings, tmp_path):
    split, checkpoint = scenes(teacher()), tmp_path / "checkpoint"
    training = Searching(30, batch=8, rate=1e-3, evaluate_every=10, **settings)

    def run(**options):
        torch.manual_seed(0)
        sizes = ModularModel(width=8, encoder_width=8, restart=3)
        model = ModularMetaLearning(sizes, 4, frames=12, apart=training.follow > 0)
        done = fit(
            model,
            modular_search.learner(),
            split,
            lambda model: modular_search.evaluate(model, split),
            "score",
            training,
            seed=0,
            identity="same",
            **options,
        )
        return done, model

    whole, model = run()
    assert whole.history[-1]["score"] > whole.history[0]["score"]
    with pytest.raises(OutOfTimeError):
        run(checkpoint=checkpoint, deadline=0)
    resumed, same = run(checkpoint=checkpoint, resume=True)
    assert resumed.history == whole.history
    assert all(torch.equal(*pair) for pair in zip(model.state_dict().values(), same.state_dict().values(), strict=True))


def test_a_test_scene_is_searched_in_the_frames_of_training_alone():
    model = teacher()
    split = scenes(model, frames=FRAMES + HORIZON + 1)
    figures = modular_search.evaluate(model, split)
    assert figures["accuracy/edges"] == 100
    assert figures["mse/step_1"] < 1e-9
    assert figures[f"mse/step_{HORIZON}"] < 1e-9
    later = copy.deepcopy(split.columns)
    later["trajectories"][:, FRAMES + 1 :] = 9.0
    changed = modular_search.evaluate(model, Split(later))
    assert (changed["accuracy/edges"], changed["score"]) == (100, figures["score"])
    short = modular_search.evaluate(model, Split({name: column[:, :FRAMES] for name, column in later.items()}))
    assert short.keys() == {"accuracy/edges", "score"}


def test_the_official_error_begins_again_from_the_true_frame_halfway():
    """A true course that jumps between the frames 58 and 59: one rollout misses it, the restarted one does not."""
    model = teacher()
    split = scenes(model, frames=FRAMES + HORIZON + 1)
    later = scenes(model, frames=HORIZON // 2 + 1, seed=1).columns["trajectories"][:, :1].squeeze(1)
    moved = split.columns["trajectories"].clone()
    with torch.no_grad():
        after = model.network.rollout(later, split.columns["edges"], HORIZON // 2)
    moved[:, FRAMES + HORIZON // 2 :] = torch.cat([later[:, None], after], 1)
    figures = modular_search.evaluate(model, Split(split.columns | {"trajectories": moved}))
    assert figures[f"mse/restarted_{HORIZON}"] < 1e-9
    assert figures[f"mse/step_{HORIZON // 2 - 1}"] < 1e-9
    assert figures[f"mse/step_{HORIZON // 2}"] > 1e-3
    assert figures[f"mse/step_{HORIZON}"] > 1e-3


def test_short_observations_are_searched_in_their_own_frames_and_asked_whether_their_edges_agree():
    model = teacher()
    split = scenes(model, frames=FRAMES + HORIZON + 1)
    hidden = split.columns["trajectories"].clone()
    hidden[:, 10:] = torch.randn(hidden[:, 10:].shape, generator=torch.Generator().manual_seed(0))
    figures = modular_search.evaluate(model, Split(split.columns | {"trajectories": hidden}))
    pairs = both_ways(model.edges(hidden[:, :10])).double()
    assert figures["accuracy/symmetric_pairs_after_10_frames"] == pytest.approx(100 * float(pairs.mean()))
    assert figures["accuracy/after_10_frames"] == modular_search.evaluate(model, split)["accuracy/after_10_frames"]


def test_with_a_budget_a_test_scene_is_annealed():
    model = teacher(search=120, proposal="exact", restart=1)
    split = scenes(model)
    figures = evaluated(modular_search.learner(), modular_search.evaluate, model, split, seed=0)
    assert figures["accuracy/edges"] > 95
    assert figures == evaluated(modular_search.learner(), modular_search.evaluate, model, split, seed=0)


def test_modules_are_named_as_fits_best():
    model, split = teacher(), scenes(teacher(), frames=FRAMES)
    swapped = Split(split.columns | {"edges": 1 - split.columns["edges"]})
    assert modular_search.evaluate(model, swapped)["accuracy/edges"] == 100


def test_fewer_modules_than_types_are_refused():
    data = Dataset("", "generated", "", {"train": scenes(teacher())}, {"features": 4})
    config = Config(MotionData(), ModularModel(modules=1), Searching(1))
    with pytest.raises(InputError, match=r"model\.modules is 1, but edges have 2 types: give 2 or more"):
        modular_search.build(config, data)
    whole = modular_search.build(Config(MotionData(), ModularModel(width=8), Searching(1, learning="scores")), data)
    assert whole.encoder is None


def test_symmetric_graphs_are_refused_where_they_are_not_compared():
    data = Dataset("", "generated", "", {"train": scenes(teacher())}, {"features": 4})
    for learning in ("bouncegrad", "blocks"):
        with pytest.raises(InputError, match=r"takes no graph as a whole: set model\.symmetric to False"):
            modular_search.build(
                Config(MotionData(), ModularModel(symmetric=True), Searching(1, learning=learning)), data
            )
    for other in ("search", "block"):
        with pytest.raises(InputError, match=r"set model\.search and model\.block to None"):
            ModularModel(symmetric=True, **{other: 3})


def test_symmetric_structures_are_learned_along():
    model = teacher(symmetric=True)
    split = scenes(model)
    learner = begun(model, split, learning="scores", frames=4)
    moment = Moment(torch.arange(SCENES), 0, 0, seed=0)
    learner.update(moment)
    assert both_ways(learner.search.best(moment, learner.examples)).all()
    assert both_ways(model.edges(split.columns["trajectories"])).all()


def test_a_trajectory_that_is_not_finite_is_refused():
    split = scenes(teacher())
    split.columns["trajectories"][3, 2, 1, 0] = float("nan")
    with pytest.raises(InputError, match="not finite"):
        begun(teacher(), split)


def test_scenes_that_are_too_short_for_the_rollout_are_refused():
    split = scenes(teacher(), frames=8)
    learner = begun(teacher(restart=10, proposal="node"), split)
    with pytest.raises(InputError, match=r"scenes of 8 frames have no 10 to predict: lower model\.restart"):
        train(learner, 1)


def following(model, split, **settings):
    """A learner that has searched, and whose predictor has learned rollouts."""
    learner = modular_search.learner()
    training = Searching(120, batch=8, rate=1e-3, learning="scores", frames=6, warmth=0.0, follow=60, **settings)
    learner.begin(Job(model, split, training, CPU, "fp32"))
    return learner


@pytest.mark.parametrize("alike", [False, True])
def test_a_copy_of_the_modules_learns_rollouts_and_leaves_those_that_search_alone(alike):
    split = scenes(teacher())
    torch.manual_seed(0)
    model = ModularMetaLearning(ModularModel(width=8, restart=3), 4, apart=True)
    learner = following(model, split, alike=alike)
    step, errors = 0, []
    for epoch in range(40):
        for rows in torch.arange(SCENES).split(8):
            learner.set_rates(step)
            learner.update(Moment(rows, step, epoch, seed=0))
            step += 1
            if step == 60:
                searched = copy.deepcopy(model.network.state_dict())
                structures = learner.search.structures(learner.examples["scores"], least)
                with torch.no_grad():
                    errors.append(model.errors(split.columns["trajectories"], structures).mean())
    assert all(torch.equal(*pair) for pair in zip(searched.values(), model.network.state_dict().values(), strict=True))
    with torch.no_grad():
        errors.append(model.errors(split.columns["trajectories"], structures, model.predictor).mean())
    assert errors[1] < 0.7 * errors[0]


def test_where_frames_count_alike_one_that_errs_more_does_not_outweigh_the_others(monkeypatch):
    """The logarithm takes a factor off the gradient, which the paper's loss has squared."""
    split = scenes(teacher())
    gradients = {}
    for alike in (False, True):
        for factor in (1.0, 10.0):
            torch.manual_seed(0)
            model = ModularMetaLearning(ModularModel(width=8, restart=3), 4, apart=True)
            learner = following(model, split, alike=alike)
            learner.set_rates(60)
            structures = torch.zeros(8, 4, 3, dtype=torch.long)
            moment = Moment(torch.arange(8), 61, 0, seed=0)
            now, after = learner.search._windows(moment, 2, 3)
            predicted = model.predictor.rollout(now.flatten(0, 1), structures.repeat_interleave(2, 0), 3).detach()
            unit = torch.tensor([1.0, 1.0, factor])[:, None, None]  # of the third frame's error
            stretched = predicted - unit * (predicted - after.flatten(0, 1))
            monkeypatch.setattr(
                learner.search, "_windows", lambda *_, now=now, true=stretched: (now, true.unflatten(0, (8, 2)))
            )
            learner.search._rolled(Moment(torch.arange(8), 61, 0, seed=0), structures).backward()
            gradients[alike, factor] = torch.cat([each.grad.flatten() for each in model.predictor.parameters()])
    assert not torch.allclose(gradients[False, 1.0], gradients[False, 10.0], rtol=0.5)
    plain, stretched = gradients[True, 1.0], gradients[True, 10.0]
    assert stretched.norm() < 2 * plain.norm()
    assert gradients[False, 10.0].norm() > 3 * gradients[False, 1.0].norm()


def test_each_part_of_the_training_has_its_own_schedule():
    model = ModularMetaLearning(ModularModel(width=8, restart=3), 4, apart=True)
    learner = following(model, scenes(teacher()), schedule="cosine")
    rates = []
    for step in range(120):
        learner.set_rates(step)
        rates.append(learner.optimiser.param_groups[0]["lr"])
    assert rates[0] == rates[60] == 1e-3
    assert rates[59] == rates[119] < 1e-5


@pytest.mark.parametrize(
    ("settings", "said"), [({"follow": 9}, "BounceGrad"), ({"follow": 400, "learning": "scores"}, "fewer")]
)
def test_steps_after_a_search_are_some_of_all(settings, said):
    with pytest.raises(InputError, match=said):
        Searching(400, **settings)
