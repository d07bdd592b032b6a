"""How well an unseen object is found: what is counted, which guess is taken, and how its modules are trained."""

import math

import pytest
import torch

from reprolib.contracts.configuration import Config
from reprolib.data.split import Dataset, Split
from reprolib.errors import InputError
from reprolib.methods import unseen_states
from reprolib.models.modular.unseen import MeanState, UnseenObject
from reprolib.settings.data_sets import FRAMES, MotionData
from reprolib.settings.recipe import Training
from reprolib.settings.searching import UnseenModel
from reprolib.training.learner import Job, Moment

OBJECTS, CPU = 3, torch.device("cpu")


def scenes(count, frames, seed=0):
    generator = torch.Generator().manual_seed(seed)
    trajectories = torch.randn(count, frames, OBJECTS, 4, generator=generator)
    return Split(
        {"trajectories": trajectories, "edges": torch.randint(2, (count, OBJECTS, OBJECTS - 1), generator=generator)}
    )


def model(**settings):
    torch.manual_seed(0)
    return UnseenObject(UnseenModel(width=8, guesses=2, descents=2) if not settings else UnseenModel(**settings), 4)


@pytest.fixture
def answered():
    """Three scenes whose hidden object has 0, 1 and 2 springs; guesses are off by known distances."""
    split = scenes(3, FRAMES + 5)
    hidden = torch.tensor([0, 1, 2])
    for scene, springs in enumerate(([0, 0], [0, 1], [1, 1])):
        split.columns["edges"][scene, hidden[scene]] = torch.tensor(springs)
    true = split.columns["trajectories"][torch.arange(3), :FRAMES, hidden]
    off = torch.tensor([[1.0, 0.0], [0.01, 2.0], [0.5, 0.02]])  # of each guess
    told = {
        "hidden": hidden,
        "guesses": true[:, None] + off[:, :, None, None],
        "missed": torch.tensor([[1.0, 2.0], [1.0, 2.0], [2.0, 1.0]]),
    }
    return Split(split.columns | told)


def test_the_guess_that_explains_the_others_counts_and_not_the_one_that_is_nearest(answered):
    figures = unseen_states.evaluate(model(), answered)
    assert figures["mse/unseen_state"] == pytest.approx((0.01**2 + 0.02**2) / 2, rel=1e-3)
    assert figures["mse/unseen_state_all"] == pytest.approx((1.0 + 0.01**2 + 0.02**2) / 3, rel=1e-3)
    assert [figures[f"mse/unseen_with_{count}"] for count in (0, 1, 2)] == pytest.approx([1, 1e-4, 4e-4], rel=1e-2)
    assert figures["mse/unseen_of_1_guesses"] == pytest.approx((0.01**2 + 0.5**2) / 2, rel=1e-3)
    assert figures["mse/unseen_of_2_guesses"] == figures["mse/unseen_state"]
    assert figures["mse/unseen_start"] == pytest.approx(figures["mse/unseen_state"], rel=1e-2)
    assert figures["accuracy/found"] == 100
    assert figures["mse/unseen_state"].error == pytest.approx(3e-4 / 2, rel=1e-2), "of two scenes"


def test_only_scenes_of_a_test_lose_an_object_and_all_models_the_same_one():
    learner, generator = unseen_states.learner(), torch.Generator()
    short, long = scenes(4, FRAMES), scenes(4, FRAMES + 1)
    assert learner.adapt(model(), short, generator) is short
    assert unseen_states.evaluate(model(), short).keys() == {"score"}
    mean = MeanState(short.columns["trajectories"])
    told = [learner.adapt(one, long, generator.manual_seed(7)).columns for one in (model(), mean)]
    assert torch.equal(told[0]["hidden"], told[1]["hidden"])
    assert [one["guesses"].shape for one in told] == [(4, 2, FRAMES, 4), (4, 1, FRAMES, 4)]
    changed = long.columns["trajectories"].clone()
    changed[torch.arange(4), :, told[0]["hidden"]] = 0.0
    blind = learner.adapt(model(), Split(long.columns | {"trajectories": changed}), generator.manual_seed(7)).columns
    assert torch.equal(blind["guesses"], told[0]["guesses"])


def test_modules_learn_the_law_of_true_edges():
    """Objects drift by a step for every edge into them; in a few steps of training the error falls tenfold."""
    split = scenes(8, FRAMES)
    trajectories, edges = split.columns["trajectories"], split.columns["edges"]
    drift = torch.arange(FRAMES)[None, :, None] * edges.sum(2)[:, None]  # [M, T, N]
    trajectories[:] = trajectories[:, :1] + 0.03 * drift[..., None]
    learner, network = unseen_states.learner(), model()
    learner.begin(Job(network, split, Training(60, batch=8, rate=1e-2), CPU, "fp32"))
    before = unseen_states.evaluate(network, split)["score"]
    for step in range(60):
        learner.update(Moment(torch.arange(8), step, step, seed=0))
    assert unseen_states.evaluate(network, split)["score"] > before + math.log(10)


def test_what_gives_no_model_or_no_training_is_refused():
    split = scenes(4, FRAMES)
    data = Dataset("springs_3", "generated", "", {"train": split}, {"features": 4})
    with pytest.raises(InputError, match=r"model\.modules is 1, but edges have 2 types: give 2 or more"):
        unseen_states.build(Config(MotionData("springs", 3), UnseenModel(modules=1), Training(1)), data)
    split.columns["trajectories"][2, 3, 1, 0] = math.nan
    with pytest.raises(InputError, match="a trajectory holds a number that is not finite"):
        unseen_states.learner().begin(Job(model(), split, Training(1), CPU, "fp32"))
