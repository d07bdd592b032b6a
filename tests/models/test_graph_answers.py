"""Answers of the graph tasks: losses and shares counted graph by graph, rollouts of a model that knows the law."""

import pytest
import torch
from torch import nn

from reprolib.data import mass_springs, sorting
from reprolib.data.split import Split
from reprolib.models.graph_answers import (
    judged,
    label_loss,
    label_metrics,
    label_score,
    labels_of,
    motion_loss,
    motion_metrics,
    right,
    rollout,
    rollout_errors,
    solved_by_step,
)
from reprolib.models.graph_tasks import Answers, there


@pytest.fixture
def lists():
    columns = sorting.generate(9, (3, 6), seed=0)
    return Split({name: torch.from_numpy(column) for name, column in columns.items()})


@pytest.fixture
def chains():
    columns = mass_springs.generate(5, (4, 6), seed=0, steps=12)
    return Split({name: torch.from_numpy(column) for name, column in columns.items()})


class Guess(nn.Module):
    """Random logits, the same for the same batch: [K, N, 1] and [K, E, 1]."""

    def forward(self, batch, steps=None):
        generator = torch.Generator().manual_seed(len(batch["sizes"]))
        nodes, edges = int(batch["sizes"].sum()), int(batch["joined"].sum())
        return Answers(*(torch.randn(steps or 3, count, 1, generator=generator) for count in (nodes, edges)))


class Oracle(nn.Module):
    """True labels, wrong in the first node of the first graph."""

    def __init__(self, flaw=False):
        super().__init__()
        self.flaw = flaw

    def forward(self, batch, steps=None):
        nodes, edges = (torch.where(label, 20.0, -20.0)[None, :, None] for label in labels_of(batch))
        if self.flaw:
            nodes[0, 0] *= -1
        return Answers(nodes, edges)


class Law(nn.Module):
    """The true velocities after a step, written mass by mass."""

    def forward(self, batch, steps=None):
        rows = []
        for i, size in enumerate(batch["sizes"].tolist()):
            for mass in range(size):
                force = 10 * batch["globals"][i]
                for other in batch["joined"][i, :, mass].nonzero()[:, 0]:
                    constant, rest = batch["edges"][i, other, mass]
                    gap = batch["nodes"][i, other, :2] - batch["nodes"][i, mass, :2]
                    force = force + 50 * constant * (1 - rest / gap.norm()) * gap
                rows.append(batch["nodes"][i, mass, 2:4] + 0.1 * force * (1 - batch["nodes"][i, mass, 4]))
        return Answers(torch.stack(rows)[None], None)


def test_counts_are_those_of_a_loop_over_graphs(lists):
    batch = lists.batch(slice(None))
    answers, found = Guess()(batch), right(Guess()(batch), batch)
    node = edge = 0
    for i, size in enumerate(batch["sizes"].tolist()):
        for step in range(3):
            nodes = (answers.nodes[step, node : node + size, 0] > 0) == batch["node_labels"][i, :size]
            logits = answers.edges[step, edge : edge + size**2, 0].view(size, size)
            edges = (logits > 0) == batch["edge_labels"][i, :size, :size]
            assert found["nodes"][step, i] == nodes.sum()
            assert found["edges"][step, i] == edges.sum()
            assert found["all"][step, i] == (nodes.all() and edges.all())
        node, edge = node + size, edge + size**2


def test_one_wrong_node_spoils_one_graph(lists):
    whole, spoiled = (label_metrics(judged(Oracle(flaw), lists)) for flaw in (False, True))
    assert set(whole.values()) == {100.0}
    size = int(lists.columns["sizes"][0])
    assert spoiled["accuracy/solved"] == pytest.approx(100 * 8 / 9)
    assert spoiled["accuracy/nodes"] == pytest.approx(100 * (1 - 1 / size / 9))
    assert spoiled["accuracy/edges"] == 100
    assert spoiled["accuracy/elements"] == pytest.approx(100 * (1 - 1 / (size + size**2) / 9))


def test_sizes_are_judged_apart(lists):
    found, sizes = judged(Guess(), lists), lists.columns["sizes"]
    metrics = label_metrics(found, bins=((3, 4), (6, 6), (30, 40)), step=1)
    names = {"nodes", "edges"} | {f"{kind}{part}" for kind in ("elements", "solved") for part in ("", "_3_4", "_6")}
    assert metrics.keys() == {f"accuracy/{name}" for name in names}
    hits = (found["nodes"] + found["edges"])[1]
    expected = [float(hit) / (size + size**2) for hit, size in zip(hits, sizes.tolist(), strict=True) if size < 5]
    assert metrics["accuracy/elements_3_4"] == pytest.approx(100 * sum(expected) / len(expected), rel=1e-5)


def test_solved_graphs_are_counted_after_every_step():
    found = {"all": torch.tensor([[0, 0, 0, 1], [1, 0, 1, 1]])}
    assert solved_by_step(found) == [25.0, 75.0]


def test_rollouts_are_judged_by_size():
    errors, sizes = {"velocity": torch.tensor([1.0, 2.0, 4.0, 6.0])}, torch.tensor([4, 5, 8, 9])
    found = motion_metrics(errors, sizes, bins=((4, 4), (5, 8), (9, 9), (2, 3)))
    assert found == {"mse/velocity": 3.25, "mse/velocity_4": 1, "mse/velocity_5_8": 3, "mse/velocity_9": 6}


def test_judging_in_batches_changes_nothing(lists):
    found, at_once = (judged(Oracle(), lists, size=size) for size in (2, 100))
    assert found.keys() == at_once.keys()
    assert all(torch.equal(found[name], at_once[name]) for name in found)


def test_steps_are_passed_on(lists):
    assert judged(Guess(), lists, steps=7)["nodes"].shape == (7, 9)
    assert judged(Guess(), lists)["all"].shape == (3, 9)


def test_loss_is_the_mean_over_nodes_plus_the_mean_over_edges_of_all_steps(lists):
    batch = lists.batch(slice(None))
    answers, expected = Guess()(batch), 0.0
    for logits, label in zip((answers.nodes, answers.edges), labels_of(batch), strict=True):
        chance = torch.sigmoid(logits[..., 0])
        expected += -torch.where(label, chance, 1 - chance).log().mean()
    assert label_loss(Guess(), batch) == pytest.approx(expected.item(), rel=1e-5)
    assert label_loss(Oracle(), batch) < 1e-6


def test_the_score_tells_answers_apart_that_are_all_right(lists):
    class Sure(Oracle):
        def forward(self, batch, steps=None):
            answers = super().forward(batch, steps)
            return Answers(answers.nodes / 10, answers.edges / 10)

    everything = slice(len(lists))
    assert label_score(Guess(), lists) == pytest.approx(-label_loss(Guess(), lists.batch(everything)).item(), rel=1e-5)
    assert label_metrics(judged(Sure(), lists))["accuracy/solved"] == 100
    assert label_score(Sure(), lists) < label_score(Oracle(), lists)


def test_a_model_that_knows_the_law_rolls_out_without_error(chains):
    batch = chains.batch(slice(None))
    torch.testing.assert_close(rollout(Law(), batch, 12), batch["rollout"], atol=1e-3, rtol=1e-3)
    errors = rollout_errors(Law(), chains)
    assert errors["position"].max() < 1e-6
    assert errors["velocity"].max() < 1e-5
    assert motion_loss(Law(), {**batch, "velocities": batch["rollout"][:, 1, :, 2:]}) < 1e-9


def test_errors_of_masses_that_stand_still(chains):
    class Still(nn.Module):
        def forward(self, batch, steps=None):
            return Answers(torch.zeros(1, int(batch["sizes"].sum()), 2), None)

    errors = rollout_errors(Still(), chains, size=2)
    torch.testing.assert_close(errors["position"], errors["still"])
    for i, size in enumerate(chains.columns["sizes"].tolist()):
        true = chains.columns["rollout"][i, :, :size]
        expected = (true[1:, :, 2:] ** 2).sum(-1).mean()
        assert errors["velocity"][i] == pytest.approx(expected.item(), rel=1e-4)


def test_motion_loss_leaves_padding_out(chains):
    class Zero(nn.Module):
        def forward(self, batch, steps=None):
            return Answers(torch.zeros(2, int(batch["sizes"].sum()), 2), None)

    batch = chains.batch(slice(None))
    batch["velocities"] = torch.full_like(batch["nodes"][..., :2], torch.nan)
    batch["velocities"][there(batch)] = 3.0
    assert motion_loss(Zero(), batch) == pytest.approx(18.0)
