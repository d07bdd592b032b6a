"""How many proposals a search takes with known modules, and what a proposal learns."""

import pytest
import torch

from reprolib.data.split import Split
from reprolib.evidence.metrics import edge_accuracy
from reprolib.methods import proposal_tries
from reprolib.models.modular import ModularMetaLearning
from reprolib.models.modular.annealing import best_so_far, random_structures
from reprolib.settings.data_sets import FRAMES
from reprolib.settings.recipe import Training
from reprolib.settings.searching import ModularModel
from reprolib.training.learner import Job, Moment

SCENES, OBJECTS, WIDTH = 16, 4, 8
CPU = torch.device("cpu")


def teacher(proposal="node", frames=None, **settings):
    """A model whose modules are as different as trained ones, and slow enough for a rollout."""
    torch.manual_seed(1)
    model = ModularMetaLearning(ModularModel(width=WIDTH, proposal=proposal, encoder_width=16, **settings), 4, frames)
    with torch.no_grad():
        for parameter in model.network.parameters():
            parameter *= 2
        model.network.node[-1].weight *= 0.2
    return model.eval()


def scenes(frames, seed=5):
    generator = torch.Generator().manual_seed(seed)
    planted = random_structures(SCENES, OBJECTS, 2, generator)
    start = torch.randn(SCENES, OBJECTS, 4, generator=generator)
    with torch.no_grad():
        after = teacher().network.rollout(start, planted, frames - 1)
    return Split({"trajectories": torch.cat([start[:, None], after], 1), "edges": planted})


def test_what_is_counted_are_the_proposals_until_the_best_graphs_are_right():
    model, split = teacher("exact", restart=1, search=60), scenes(FRAMES + 1)
    figures = proposal_tries.evaluate(model, split)
    with torch.no_grad():
        moments = best_so_far(model.course(split.columns["trajectories"][:, :FRAMES], torch.Generator().manual_seed(0)))
        right = [float(edge_accuracy(best, split.columns["edges"])) for best in moments]
    needed = int(figures["search_steps/to_95"])
    assert 1 < needed < 60
    assert right[needed] >= 95 > max(right[:needed])
    assert figures["accuracy/edges"] == right[60]
    assert {name: value for name, value in figures.items() if "after" in name} == {
        f"accuracy/after_{step}_proposals": right[step] for step in (1, 2, 4, 8, 16, 32)
    }


def test_a_search_that_does_not_suffice_counts_all_its_proposals():
    figures = proposal_tries.evaluate(teacher("uniform", search=2), scenes(FRAMES + 1))
    assert figures["search_steps/to_95"] == 2
    assert figures["accuracy/edges"] < 95


def test_the_encoder_alone_learns_the_graphs_that_the_modules_tell():
    model, split = teacher("learned", frames=FRAMES, encoder_dropout=0.0), scenes(FRAMES)
    before = {name: value.clone() for name, value in model.network.state_dict().items()}
    learner, early = proposal_tries.learner(), proposal_tries.evaluate(model, split)["score"]
    learner.begin(
        Job(model, Split({"trajectories": split.columns["trajectories"]}), Training(40, rate=1e-2), CPU, "fp32")
    )
    model.train()
    for step in range(40):
        learner.update(Moment(torch.arange(SCENES), step, step, seed=0))
    assert proposal_tries.evaluate(model.eval(), split)["score"] > early + 0.3
    assert all(torch.equal(value, before[name]) for name, value in model.network.state_dict().items())


def test_known_modules_need_no_encoder_but_all_modules():
    alone, learning = teacher(), teacher("learned", frames=FRAMES)
    untouched = learning.encoder.embed.first.weight.clone()
    learning.load_state_dict(alone.state_dict())
    assert torch.equal(learning.encoder.embed.first.weight, untouched)
    alone.load_state_dict(learning.state_dict())
    lacking = {name: value for name, value in alone.state_dict().items() if "of_state" not in name}
    with pytest.raises(RuntimeError, match="of_state"):
        learning.load_state_dict(lacking)
