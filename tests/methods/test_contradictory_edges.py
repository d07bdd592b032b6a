"""How far inferred edges agree, as a row of inference and a search measure it, against counting scene by scene."""

from itertools import combinations, product
from types import SimpleNamespace

import pytest
import torch

from reprolib.data.split import Split
from reprolib.methods import trajectories
from reprolib.methods.contradictory_edges import ATTRACTION
from reprolib.settings.data_sets import FRAMES, HORIZON

SCENES, OBJECTS = 40, 5


def charged(generator):
    """Edges of scenes with two kinds of charges: 0 between unlike ones, else 1."""
    kinds = torch.randint(2, (SCENES, OBJECTS), generator=generator)
    pairs = (kinds[:, :, None] == kinds[:, None]).long()
    return pairs[:, ~torch.eye(OBJECTS, dtype=torch.bool)].view(SCENES, OBJECTS, OBJECTS - 1)


def square(scene):
    """{(receiver, sender): type} of a scene."""
    ordered = [pair for pair in product(range(OBJECTS), repeat=2) if pair[0] != pair[1]]
    return dict(zip(ordered, scene.flatten().tolist(), strict=True))


def explained(scene):
    """Whether some two kinds of objects attract only unlike ones."""
    drawn = [pair for pair, kind in square(scene).items() if kind == ATTRACTION]
    return any(all(kinds[i] != kinds[j] for i, j in drawn) for kinds in product((0, 1), repeat=OBJECTS))


def test_contradictions_are_counted_under_the_naming_of_all_edges():
    generator = torch.Generator().manual_seed(0)
    edges = charged(generator)
    wrong = torch.rand(edges.shape, generator=generator) < 0.1
    named = torch.where(wrong, 1 - edges, edges)
    model = SimpleNamespace(edges=lambda _: 1 - named)  # which calls the types by each other's names
    paths = torch.zeros(SCENES, FRAMES + HORIZON + 1, OBJECTS, 4)
    found = trajectories.evaluate(model, Split({"trajectories": paths, "edges": edges}))
    both = [square(scene)[i, j] == square(scene)[j, i] for scene in named for i, j in combinations(range(OBJECTS), 2)]
    assert found["accuracy/symmetric_pairs"] == pytest.approx(100 * sum(both) / len(both))
    assert found["accuracy/bipartite_scenes"] == pytest.approx(100 * sum(map(explained, named)) / SCENES)
    assert 0 < found["accuracy/bipartite_scenes"] < 100
    short = trajectories.evaluate(model, Split({"trajectories": paths[:, :FRAMES], "edges": edges}))
    assert short.keys() == {"accuracy/edges", "score"}, "of scenes that pick weights nothing else is asked"


def test_attraction_is_asked_about_where_it_is_truly_bipartite():
    edges = torch.zeros(SCENES, OBJECTS, OBJECTS - 1, dtype=torch.long)  # no spring anywhere, so no two kinds
    paths = torch.zeros(SCENES, FRAMES + HORIZON + 1, OBJECTS, 4)
    found = trajectories.evaluate(
        SimpleNamespace(edges=lambda _: edges), Split({"trajectories": paths, "edges": edges})
    )
    assert "accuracy/symmetric_pairs" in found
    assert "accuracy/bipartite_scenes" not in found
