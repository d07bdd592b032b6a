"""Values that are not finite are an error that names scene and object, and not an answer."""

import math

import pytest
import torch
from torch import nn

from reprolib.errors import InputError
from reprolib.models.correlation import CorrelationEdges, Threshold, paths
from reprolib.models.modular import ModularMetaLearning
from reprolib.models.nri import NRI, EdgeClassifier, GivenGraph
from reprolib.models.relation_network import RelationNetwork, mlp
from reprolib.models.without_graph import TrajectoryLSTM
from reprolib.settings.moving import EdgeClassifierModel, LSTMModel, NRIModel
from reprolib.settings.searching import ModularModel

FRAMES, OBJECTS, D = 6, 3, 4
SMALL = {"width": 4, "decoder_width": 4}
EDGES = torch.randint(2, (5, OBJECTS, OBJECTS - 1))


def motion():
    return torch.randn(5, FRAMES, OBJECTS, D)


def nri():
    return NRI(NRIModel(**SMALL), FRAMES, D).eval()


def alone():
    return GivenGraph(NRIModel(**SMALL), D)


def modular(block=None):
    return ModularMetaLearning(ModularModel(width=4, modules=2, block=block), D)


ASKED = {
    "NRI": lambda seen: nri()(seen),
    "its edges": lambda seen: nri().edges(seen),
    "its graph": lambda seen: nri().types({"trajectories": seen}),
    "its prediction": lambda seen: nri().predict(seen, 2, {"trajectories": seen}),
    "graph anew": lambda seen: nri().reinferred(seen, 2),
    "given graph": lambda seen: alone().predict(seen, 2, {"trajectories": seen, "edges": EDGES}),
    "edge classifier": lambda seen: EdgeClassifier(EdgeClassifierModel(width=4), FRAMES, D).eval().edges(seen),
    "all structures": lambda seen: modular().edges(seen),
    "blocks of senders": lambda seen: modular(block=1).edges(seen),
    "annealing": lambda seen: modular().searched(seen, torch.Generator()),
    "correlations": lambda seen: CorrelationEdges(paths, motion(), EDGES).edges(seen, Threshold(0.5, 1)),
    "LSTM": lambda seen: TrajectoryLSTM(LSTMModel(hidden=4), D, OBJECTS).rollout(seen, 2),
}


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("ask", ASKED.values(), ids=ASKED)
def test_a_trajectory_that_is_not_finite_is_named(ask, value):
    seen = motion()
    seen[4, 2, 0, 1] = seen[3, 5, 2, 3] = value
    with pytest.raises(InputError, match="of scene 3, object 2 are not finite: correct them"):
        ask(seen)


def test_a_model_that_has_diverged_sees_no_empty_graph():
    model = nri()
    with torch.no_grad():
        model.encoder.rounds.out.weight.fill_(math.inf)
    with pytest.raises(InputError, match="logits of the edges of scene 0, object 0 are not finite"):
        model.edges(motion())


@pytest.mark.parametrize("masked", [False, True])
def test_objects_and_questions_of_a_relation_network_are_named(masked):
    model, mask = RelationNetwork(mlp([8, 4]), nn.Identity()), torch.ones(4, 5, dtype=torch.bool)
    mask[1, 3] = False
    objects, question = torch.randn(4, 5, 3), torch.randn(4, 2)
    objects[1, 3, 0] = objects[2, 4, 1] = math.nan
    expected = "scene 2, object 4" if masked else "scene 1, object 3"
    with pytest.raises(InputError, match=f"features of {expected} are not finite"):
        model(objects, question, mask if masked else None)
    with pytest.raises(InputError, match="features of scene 1, object 3 are not finite"):
        model.each_relation(objects, question)
    question[3, 1] = math.inf
    with pytest.raises(InputError, match="questions of scene 3 are not finite"):
        model(torch.zeros(4, 5, 3), question)


def test_a_model_still_maps_over_batches_of_scenes_and_over_shapes_alone():
    model, objects = RelationNetwork(mlp([6, 4]), nn.Identity()), torch.randn(2, 4, 5, 3)
    torch.testing.assert_close(torch.func.vmap(model)(objects), torch.stack([model(each) for each in objects]))
    assert model.to("meta")(objects[0].to("meta")).shape == (4, 4)
