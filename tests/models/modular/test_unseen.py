"""An object that nobody observes: found where it was planted, without ever reading its truth, scene by scene alike."""

from dataclasses import replace

import pytest
import torch

from reprolib.errors import InputError
from reprolib.models.modular.annealing import random_structures
from reprolib.models.modular.unseen import MeanState, Observed, UnseenObject, followed, hide, predicted
from reprolib.settings.searching import UnseenModel

SCENES, OBJECTS, FRAMES = 6, 4, 13


@pytest.fixture(scope="module")
def model():
    """Modules that act strongly enough to be noticed, and slowly enough for a rollout."""
    torch.manual_seed(1)
    made = UnseenObject(UnseenModel(width=8, restart=5, guesses=3, descents=120), 4)
    with torch.no_grad():
        for parameter in made.network.parameters():
            parameter *= 2
        made.network.node[-1].weight *= 0.2
    return made.eval()


@pytest.fixture(scope="module")
def planted(model):
    """Scenes that the modules made, and which object is hidden in each."""
    generator = torch.Generator().manual_seed(5)
    structures = random_structures(SCENES, OBJECTS, 2, generator)
    start = torch.rand(SCENES, OBJECTS, 4, generator=generator) - 0.5
    with torch.no_grad():
        after = model.network.rollout(start, structures, FRAMES - 1)
    return torch.cat([start[:, None], after], 1), structures, torch.tensor([0, 1, 2, 3, 0, 1])


@pytest.fixture(scope="module")
def found(model, planted):
    return model.guess(hide(*planted), seeded())


def seeded():
    return torch.Generator().manual_seed(3)


def of_hidden(trajectories, hidden):
    return trajectories[torch.arange(len(hidden)), :, hidden]


def test_the_true_start_explains_the_visible_objects_whatever_the_restart(model, planted):
    trajectories, _, hidden = planted
    true = of_hidden(trajectories, hidden)
    for restart in (1, 5, 100):
        found = followed(model.network, hide(*planted), true[:, None, 0], restart)
        assert found.errors.max() < 1e-10
        assert torch.allclose(found.states[:, 0], true, atol=1e-5)


def test_a_planted_object_is_found_by_the_guess_that_explains_the_others_best(found, planted):
    trajectories, _, hidden = planted
    best = found.states[torch.arange(SCENES), found.errors.argmin(1)]
    missed = (best - of_hidden(trajectories, hidden)).square().mean((1, 2))
    assert missed.median() < 1e-4
    assert found.errors.min(1).values.median() < 1e-5
    untouched = (2 * torch.rand(SCENES, 3, 4, generator=seeded()) - 1 - of_hidden(trajectories, hidden)[:, :1]).square()
    assert untouched.mean() > 1e-2, "no guess begins at the truth"


def test_the_truth_of_the_hidden_object_is_never_read(model, planted, found):
    trajectories, structures, hidden = planted
    other = trajectories.clone()
    other[torch.arange(SCENES), :, hidden] = torch.randn(SCENES, FRAMES, 4)
    again = model.guess(hide(other, structures, hidden), seeded())
    assert torch.equal(again.states, found.states)
    assert torch.equal(again.errors, found.errors)
    scenes = hide(*planted)
    assert of_hidden(scenes.trajectories, hidden).isnan().all()
    assert int(scenes.trajectories.isnan().sum()) == SCENES * FRAMES * 4, "and all others are seen"


def test_scenes_and_guesses_do_not_know_of_one_another(model, planted, monkeypatch):
    monkeypatch.setattr(model, "config", replace(model.config, descents=15))
    scenes, starts = hide(*planted), torch.rand(SCENES, 3, 4, generator=seeded())
    together = model.descended(scenes, starts)
    alone = [model.descended(one, first) for one, first in zip(scenes.split(1), starts.split(1), strict=True)]
    assert torch.allclose(together, torch.cat(alone), atol=1e-4)
    assert torch.allclose(together[:, 1:2], model.descended(scenes, starts[:, 1:2]), atol=1e-4)
    assert (together - starts).abs().min(2).values.max() > 0.05, "each has moved"


def test_errors_are_those_of_a_loop_over_scenes_and_frames(model, planted):
    trajectories, structures, hidden = planted
    starts = torch.rand(SCENES, 2, 4, generator=seeded())
    with torch.no_grad():
        errors = predicted(model.network, hide(*planted), starts, 5)[1]
        for scene in range(SCENES):
            visible, state, missed = [i for i in range(OBJECTS) if i != hidden[scene]], starts[scene, 1], []
            for frame in range(FRAMES - 1):
                if frame % 5 == 0:
                    states = trajectories[scene, frame].clone()
                    states[hidden[scene]] = state
                states = model.network(states[None], structures[scene : scene + 1])[0]
                state = states[hidden[scene]]
                missed.append((states - trajectories[scene, frame + 1])[visible].square().mean())
            assert errors[scene, 1] == pytest.approx(float(torch.stack(missed).mean()), rel=1e-4)


def test_weights_are_left_alone(model, found):
    assert all(parameter.grad is None for parameter in model.parameters())


def test_the_mean_state_says_the_same_of_every_scene(planted):
    trajectories = planted[0]
    found = MeanState(trajectories).guess(hide(*planted), seeded())
    assert found.states.shape == (SCENES, 1, FRAMES, 4)
    assert torch.allclose(found.states[2, 0, 7], trajectories.mean((0, 1, 2)))


def test_scenes_that_show_nothing_are_refused(planted, model):
    trajectories, structures, hidden = planted
    with pytest.raises(InputError, match="scenes of 1 frames and 4 objects show no effect on others"):
        hide(trajectories[:, :1], structures, hidden)
    with pytest.raises(InputError, match="scenes of 13 frames and 1 objects"):
        hide(trajectories[:, :, :1], structures[:, :1, :0], torch.zeros(SCENES, dtype=torch.long))
    with pytest.raises(InputError, match="the error of a guess is not finite"):
        followed(model.network, Observed(*vars(hide(*planted)).values()), torch.full((SCENES, 1, 4), torch.inf), 5)
