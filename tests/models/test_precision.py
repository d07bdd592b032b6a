"""Models in half and double precision: inputs of the same type run, forward and backward, and answer about alike."""

import copy

import pytest
import torch
from torch import Tensor, nn

from reprolib.models.modular import ModularMetaLearning
from reprolib.models.modular.unseen import UnseenObject, hide
from reprolib.models.nets import Cells, last_state
from reprolib.models.nri import NRI, EdgeClassifier, GivenGraph
from reprolib.models.relation_network import RelationNetwork, mlp
from reprolib.models.without_graph import TrajectoryLSTM
from reprolib.settings.moving import EdgeClassifierModel, LSTMModel, NRIModel
from reprolib.settings.searching import ModularModel, UnseenModel

TYPES = {torch.float64: 1e-5, torch.bfloat16: 3e-2, torch.float16: 4e-3}  # and how near the answer is to single's
FRAMES, OBJECTS, D = 20, 4, 4
torch.manual_seed(0)
BATCH = {
    "trajectories": torch.randn(6, FRAMES, OBJECTS, D).cumsum(1) / 10,
    "edges": torch.randint(2, (6, OBJECTS, OBJECTS - 1)),
}
SCENES = torch.randn(4, 5, 3), torch.randn(4, 2), torch.rand(4, 5) < 0.7


def relation_network(pairs="all", norm=True, chunk=None):
    return RelationNetwork(mlp([8, 16, 16], norm=norm), mlp([16, 3], norm=norm, last_relu=False), pairs, chunk)


def nri(encoder, decoder):
    return NRI(NRIModel(encoder=encoder, decoder=decoder, width=16, decoder_width=16), FRAMES, D)


def modular(block=None):
    return ModularMetaLearning(ModularModel(width=16, modules=2, block=block, restart=4), D)


MOTION = {
    "nri, mlp and mlp": lambda: nri("mlp", "mlp"),
    "nri, cnn and recurrent": lambda: nri("cnn", "recurrent"),
    "decoder alone": lambda: GivenGraph(NRIModel(decoder_width=16), D),
    "decoder alone, recurrent": lambda: GivenGraph(NRIModel(decoder="recurrent", decoder_width=16), D),
    "single lstm": lambda: TrajectoryLSTM(LSTMModel(hidden=16), D, OBJECTS),
    "joint lstm": lambda: TrajectoryLSTM(LSTMModel(hidden=16, joint=True), D, OBJECTS),
    "encoder alone": lambda: EdgeClassifier(EdgeClassifierModel(width=16, dropout=0.0), FRAMES, D),
    "convolutions alone": lambda: EdgeClassifier(EdgeClassifierModel("cnn", width=16, dropout=0.0), FRAMES, D),
}


def cast(values, dtype):
    """Floating-point tensors in a type."""
    if isinstance(values, dict):
        return {name: cast(value, dtype) for name, value in values.items()}
    return values.to(dtype) if isinstance(values, Tensor) and values.is_floating_point() else values


def answers(model, ask, inputs, dtype):
    """An answer, and the gradients of the weights."""
    torch.manual_seed(1)
    model = copy.deepcopy(model).to(dtype)
    found = ask(model, *(cast(each, dtype) for each in inputs))
    found.double().mean().backward()
    return found, [weight.grad for weight in model.parameters() if weight.grad is not None]


def assert_near(model, ask, *inputs, kept=True):
    """The answers are near, and, where it is `kept`, of the model's type."""
    single, expected = answers(model, ask, inputs, torch.float32)
    for dtype, limit in TYPES.items():
        found, gradients = answers(model, ask, inputs, dtype)
        assert found.dtype == (dtype if kept else torch.promote_types(dtype, torch.float32))
        assert (found.double() - single.double()).norm() < limit * single.double().norm()
        assert len(gradients) == len(expected)
        assert all(gradient.dtype == dtype and gradient.isfinite().all() for gradient in gradients)


@pytest.mark.parametrize("masked", [False, True], ids=["full", "masked"])
@pytest.mark.parametrize(
    "options", [{}, {"pairs": "unordered"}, {"norm": False, "chunk": 6}], ids=["all", "unordered", "chunks"]
)
def test_relation_networks(options, masked):
    inputs = SCENES if masked else SCENES[:2]
    assert_near(relation_network(**options), lambda model, *inputs: model(*inputs), *inputs)


@pytest.mark.parametrize("name", MOTION)
def test_losses_of_motion_are_at_least_in_single_precision(name):
    model = MOTION[name]()
    scale = 1e-3 if hasattr(getattr(model, "config", None), "variance") else 1  # as a GradScaler would, for float16
    assert_near(model, lambda model, batch: scale * model.loss(batch), BATCH, kept=False)


@pytest.mark.parametrize("name", list(MOTION)[:6])
def test_predictions_of_motion(name):
    def ask(model, batch):
        paths = batch["trajectories"]
        return model.predict(paths, 3, batch) if hasattr(model, "predict") else model.rollout(paths, 3)

    assert_near(MOTION[name]().eval(), ask, BATCH)


@pytest.mark.parametrize("decoder", ["mlp", "recurrent"])
def test_a_graph_that_is_inferred_anew_at_every_step(decoder):
    model = nri("mlp", decoder).eval()
    assert_near(model, lambda model, paths: model.reinferred(paths, 3), BATCH["trajectories"])
    assert_near(model, lambda model, paths: model(paths)[1], BATCH["trajectories"])


def test_modules():
    model, inputs = modular(), (BATCH["trajectories"], BATCH["edges"])
    assert_near(model.network, lambda model, paths, edges: model.rollout(paths[:, 0], edges, 3), *inputs)
    assert_near(model, lambda model, *inputs: model.errors(*inputs), *inputs, kept=False)
    assert_near(model, lambda model, *inputs: model.misfit(*inputs), *inputs, kept=False)


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("block", [None, 2])
def test_a_search_finds_what_made_the_motion(block, dtype):
    model = modular(block)
    motion = model.network.rollout(3 * torch.randn(8, OBJECTS, D), torch.randint(2, (8, OBJECTS, OBJECTS - 1)), 9)
    expected = model.edges(motion)
    found = model.to(dtype).edges(motion.to(dtype))
    assert (found == expected).float().mean() > (0.99 if dtype == torch.float64 else 0.6)


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
def test_an_unseen_object_is_sought(dtype):
    model = UnseenObject(UnseenModel(width=8, guesses=2, descents=3, restart=4), D).to(dtype)
    scenes = hide(BATCH["trajectories"].to(dtype), BATCH["edges"], torch.zeros(6, dtype=torch.long))
    guessed = model.guess(scenes, torch.Generator().manual_seed(0))
    assert guessed.states.dtype == dtype
    assert guessed.errors.isfinite().all()


def test_pictures_and_sentences():
    pictures, words = torch.randint(256, (3, 32, 32, 3), dtype=torch.uint8), torch.randint(9, (4, 5))
    assert_near(Cells((4, 4, 4, 4)), lambda model, pictures: model(pictures), pictures)
    reader = nn.ModuleList([nn.Embedding(9, 6, padding_idx=0), nn.LSTM(6, 5, batch_first=True)])
    assert_near(reader, lambda model, words: last_state(*model, words), words)
