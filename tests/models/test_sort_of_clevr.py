"""The models of Sort-of-CLEVR: they learn, and a picture with many questions is seen once without being mixed up."""

import re
from dataclasses import replace

import pytest
import torch

from reprolib.contracts.configuration import change
from reprolib.data import sort_of_clevr
from reprolib.data.sources import SORT_OF_CLEVR
from reprolib.data.split import Split
from reprolib.errors import InputError
from reprolib.experiments.rn_sort_of_clevr import EXPERIMENT, METHOD
from reprolib.methods.answers import answer_loss
from reprolib.models.scene_questions import (
    Cells,
    PictureMLP,
    PictureRelationNetwork,
    StateMLP,
    StateRelationNetwork,
)
from reprolib.settings.recipe import Training
from reprolib.settings.relating import SceneMLP, SceneModel
from reprolib.training.loop import fit

KERNELS = (4, 8, 8, 8)
RN = SceneModel(kernels=KERNELS, g=(24, 24), f=(24,))
ANSWERS = len(sort_of_clevr.answer_names("paper"))
BUILD = {
    "picture RN": lambda: PictureRelationNetwork(RN, ANSWERS),
    "picture MLP": lambda: PictureMLP(SceneMLP(kernels=KERNELS, hidden=(32, 32)), ANSWERS),
    "picture RN, batch norm": lambda: PictureRelationNetwork(replace(RN, norm=True, pairs="unordered"), ANSWERS),
    "picture MLP, batch norm": lambda: PictureMLP(SceneMLP(kernels=KERNELS, hidden=(32, 32), norm=True), ANSWERS),
    "state RN": lambda: StateRelationNetwork(RN, 10, ANSWERS),
    "state MLP": lambda: StateMLP(SceneMLP(hidden=(32, 32)), 10, ANSWERS),
    "state MLP, batch norm": lambda: StateMLP(SceneMLP(hidden=(32, 32), norm=True), 10, ANSWERS),
}


@pytest.fixture(scope="module")
def scenes():
    """Four scenes with 20 questions each, with pictures and states in one split."""
    config = change(EXPERIMENT.rows[0].config, {"data.train": 4, "data.valid": 1, "data.test": 1})
    pictures = SORT_OF_CLEVR.load(config.data, "generated").splits["train"]
    states = SORT_OF_CLEVR.load(replace(config.data, view="states"), "generated").splits["train"]
    return Split(pictures.columns, pictures.tables | states.tables)


@pytest.fixture(params=BUILD)
def model(request):
    torch.manual_seed(0)
    return BUILD[request.param]()


def test_a_few_questions_are_learnt_by_heart(model, scenes):
    few = Split({name: column[::4] for name, column in scenes.columns.items()}, scenes.tables)
    training = Training(steps=160, batch=len(few), rate=4e-3, evaluate_every=40)
    validate = lambda model: {"right": (model(few.batch(slice(None))).argmax(1) == few.columns["answers"]).sum().item()}  # noqa: E731
    fit(model, METHOD.learner(), few, validate, "right", training, seed=0, identity="scenes")
    assert validate(model.eval())["right"] == len(few) == 20


def test_a_question_is_answered_about_its_own_scene(model, scenes):
    model.eval()
    order = torch.randperm(len(scenes), generator=torch.Generator().manual_seed(0))
    logits = model(scenes.batch(slice(None)))
    assert model(scenes.batch(order)).allclose(logits[order], atol=1e-5)
    alone = [model(scenes.batch(torch.tensor([i])))[0] for i in range(0, len(scenes), 9)]
    assert torch.stack(alone).allclose(logits[::9], atol=1e-5)
    batch = scenes.batch(slice(None))
    turned = model(batch | {"scenes": (batch["scenes"] + 1) % 4})
    assert not turned.allclose(logits, atol=1e-3), "the answer does not depend on the scene"
    again = model(batch | {"questions": batch["questions"].roll(1, 0)})
    assert not again.allclose(logits, atol=1e-3), "the answer does not depend on the question"


def test_a_louder_question_is_the_same_question_times_a_factor(model, scenes):
    batch, model = scenes.batch(slice(None)), model.eval()
    expected = model(batch | {"questions": 10 * batch["questions"]})
    assert not model(batch).allclose(expected, atol=1e-4)
    model.question_scale = 10.0
    assert model(batch).equal(expected)


@pytest.mark.parametrize("first", [False, True])
def test_the_order_of_batch_norm_and_relu(scenes, first):
    """After a ReLU that comes last no cell is negative."""
    model = PictureMLP(replace(SceneMLP(kernels=KERNELS), norm_first=first), ANSWERS)
    cells = model.cells(scenes.tables["images"])[..., :-2]
    assert (cells.min() >= 0) == first


@pytest.mark.parametrize("reach", [1.0, 4.0])
def test_the_reach_of_a_cells_place(scenes, reach):
    for network, sizes in ((PictureMLP, SceneMLP(kernels=KERNELS)), (PictureRelationNetwork, RN)):
        model = network(replace(sizes, coordinates=reach), ANSWERS)
        assert model.cells(scenes.tables["images"])[..., -2:].abs().max() == reach


def test_a_picture_counts_once_however_many_questions_it_has(scenes):
    """Batch norm in training sees every distinct picture of the batch once."""
    torch.manual_seed(0)
    model = BUILD["picture RN"]().train()
    once = model.cells(scenes.tables["images"])
    objects, _ = model.encode(scenes.batch(slice(None)))
    assert objects.allclose(once[scenes.columns["scenes"]], atol=1e-6)


def test_cells_carry_their_place():
    torch.manual_seed(0)
    cells = Cells(KERNELS).eval()
    images = torch.zeros(2, 75, 75, 3, dtype=torch.uint8)
    images[1, :15, 60:] = 255  # the upper right corner
    found = cells(images)
    assert found.shape == (2, 25, KERNELS[-1] + 2)
    x, y = found[0, :, -2].view(5, 5), found[0, :, -1].view(5, 5)
    assert x.equal(torch.linspace(-1, 1, 5).expand(5, 5))
    assert y.equal(x.T)
    moved = (found[1] - found[0])[:, :-2].norm(dim=1).view(5, 5)
    row, column = divmod(moved.argmax().item(), 5)
    assert row <= 1
    assert column >= 3
    assert (x[row, column] > 0) & (y[row, column] < 0), "the place of a cell is not where it looks"


@pytest.mark.parametrize(("name", "depends"), [("state RN", False), ("state MLP", True)])
def test_of_the_networks_on_states_only_the_plain_one_depends_on_the_order_of_objects(scenes, name, depends):
    torch.manual_seed(0)
    model, batch = BUILD[name]().eval(), scenes.batch(slice(None))
    shuffled = batch["objects"][:, torch.tensor([3, 0, 5, 1, 4, 2])]
    logits = model(batch | {"objects": shuffled})
    assert logits.shape == (80, ANSWERS)
    assert logits.allclose(model(batch), atol=1e-4) is not depends


def test_every_parameter_is_trained(model, scenes):
    answer_loss(model, scenes.batch(slice(None))).backward()
    assert [name for name, p in model.named_parameters() if p.grad is None or not p.grad.any()] == []


def test_the_papers_sizes():
    """Four layers of 2000 in g; f of 2000, 1000, 500, 100 (Santoro et al. 2017, supplement)."""
    with torch.device("meta"):
        network = PictureRelationNetwork(SceneModel(), 10).relation_network
    layers = ([m for m in part.modules() if isinstance(m, torch.nn.Linear)] for part in (network.g, network.f))
    sizes = [[layer.out_features for layer in part] for part in layers]
    assert sizes == [[2000] * 4, [2000, 1000, 500, 100, 10]]
    assert network.g[0].in_features == 2 * (256 + 2) + 11


@pytest.mark.parametrize(
    ("model", "name", "value"),
    [
        (SceneModel, "g", (0,)),
        (SceneModel, "f", ()),
        (SceneModel, "kernels", (4, 0, 4, 4)),
        (SceneModel, "chunk", 0),
        (SceneMLP, "hidden", (32, -1)),
    ],
)
def test_sizes_that_make_no_model_are_named(model, name, value):
    with pytest.raises(
        InputError, match=re.escape(f"model.{name} is {list(value) if isinstance(value, tuple) else value}: give ")
    ):
        model(**{name: value})


def test_batch_norm_of_a_single_question_is_refused(scenes):
    model = BUILD["picture MLP, batch norm"]()
    with pytest.raises(InputError, match=r"looks across questions, here 1: raise train\.batch"):
        model(scenes.batch(slice(1)))
    assert model.eval()(scenes.batch(slice(1))).shape == (1, ANSWERS)


def test_a_wrong_number_of_convolutions_is_refused():
    with pytest.raises(InputError, match=r"model\.kernels is \(4, 4\): give 4 numbers"):
        Cells((4, 4))


@pytest.mark.parametrize("norm", [True, False])
def test_batch_norm_is_in_f_as_well_as_in_g(norm, looks_across):
    f = StateRelationNetwork(replace(RN, norm=norm, dropout=0.0), 10, ANSWERS).relation_network.f
    assert looks_across(f, RN.g[-1]) is norm


def test_dropout_is_off_at_test(scenes):
    model, batch = StateRelationNetwork(replace(RN, dropout=0.5), 10, ANSWERS), scenes.batch(slice(None))
    assert not model.train()(batch).equal(model(batch))
    assert model.eval()(batch).equal(model(batch))


@pytest.mark.parametrize("share", [0.1, 0.3])
def test_as_much_drops_out_as_the_setting_says(share, dropped):
    torch.manual_seed(0)
    sizes = replace(RN, f=(1,), dropout=share)
    for model in (PictureRelationNetwork(sizes, ANSWERS), StateRelationNetwork(sizes, 10, ANSWERS)):
        assert dropped(model.relation_network.f, RN.g[-1]) == pytest.approx((share, share), abs=0.03)
