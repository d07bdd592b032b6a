"""The network of the graph tasks: equal to loops over its graphs, blind to the order of nodes, able to learn."""

import pytest
import torch

from reprolib.data import mass_springs, shortest_paths, sorting
from reprolib.data.split import Split
from reprolib.errors import InputError
from reprolib.gn import unbatch
from reprolib.gn.block import GraphNetwork, OnConcat
from reprolib.gn.configurations import EncodeProcessDecode, full_block, independent
from reprolib.models import graph_tasks
from reprolib.models.graph_answers import label_loss, labels_of, motion_loss, right
from reprolib.models.graph_tasks import Widths, build, graph_of, there
from reprolib.settings.on_graphs import PaddedModel, ProcessModel
from reprolib.training import optimisers

LABELS = {"sorting": sorting, "shortest_paths": shortest_paths}
OUTPUTS = {sorting: (1, 1), shortest_paths: (1, 1), mass_springs: (2, 0)}
CONFIGS = {
    "graph network": ProcessModel(width=6, steps=3),
    "one step": ProcessModel(width=6, steps=1),
    "deep sets": ProcessModel(width=6, steps=3, messages=False),
    "padded": PaddedModel(nodes=9, width=12),
}
every_task = pytest.mark.parametrize("task", OUTPUTS, ids=lambda task: task.__name__.split(".")[-1])
every_config = pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS)


def split_of(task, count, sizes, seed=0):
    columns = task.generate(count, sizes, seed)
    if task is mass_springs:
        columns = mass_springs.transitions(columns, 2, seed)
    tensors = {name: torch.from_numpy(column) for name, column in columns.items()}
    return Split({name: each.double() if each.is_floating_point() else each for name, each in tensors.items()})


def model_of(task, config):
    torch.manual_seed(0)
    return build(config, Widths(task.NODE, task.EDGE, task.GLOBAL, *OUTPUTS[task])).double().eval()


def moved(batch, orders):
    """The batch with the nodes of every graph in another order [B, S]; padding stays behind."""
    rows = torch.arange(len(orders))[:, None]
    by_node, by_pair = ("nodes", "node_labels"), ("joined", "edges", "edge_labels")
    found = {name: batch[name][rows, orders] for name in by_node if name in batch}
    found |= {
        name: batch[name][rows[..., None], orders[:, :, None], orders[:, None]] for name in by_pair if name in batch
    }
    return batch | found


def orders_of(batch):
    """A random order of the nodes of each graph [B, S], absent ones last."""
    scores = torch.rand(batch["nodes"].shape[:2]).masked_fill(~there(batch), 2.0)
    return scores.argsort(dim=1)


def padded(answers, batch):
    """Answers as [K, B, S, P] and [K, B, S, S, P], 0 where nothing is."""
    nodes = answers.nodes.new_zeros(len(answers.nodes), *there(batch).shape, answers.nodes.shape[-1])
    nodes[:, there(batch)] = answers.nodes
    if answers.edges is None:
        return nodes, None
    edges = nodes.new_zeros(len(nodes), *batch["joined"].shape, answers.edges.shape[-1])
    edges[:, batch["joined"]] = answers.edges
    return nodes, edges


@every_task
def test_graphs_hold_what_their_columns_say(task):
    batch = split_of(task, 7, (4, 8)).batch(slice(None))
    graph = graph_of(batch)
    for i, part in enumerate(unbatch(graph)):
        size = int(batch["sizes"][i])
        assert torch.equal(part.nodes, batch["nodes"][i, :size])
        ends = list(zip(part.senders.tolist(), part.receivers.tolist(), strict=True))
        assert ends == [tuple(pair) for pair in batch["joined"][i].nonzero().tolist()]
        for edge, (sender, receiver) in zip(part.edges, ends, strict=True):
            assert torch.equal(edge, batch["edges"][i, sender, receiver] if task.EDGE else torch.zeros(1).double())
        assert torch.equal(part.globals_[0], batch["globals"][i] if task.GLOBAL else torch.zeros(1).double())


def test_labels_are_in_the_order_of_the_graph():
    batch = split_of(sorting, 5, (3, 6)).batch(slice(None))
    graph, (nodes, edges) = graph_of(batch), labels_of(batch)
    values = graph.nodes[:, 0]
    for k in edges.nonzero()[:, 0].tolist():
        low, high = values[graph.senders[k]], values[graph.receivers[k]]
        own = values[graph.node_graph == graph.edge_graph[k]]
        assert high > low
        assert not ((own > low) & (own < high)).any()
    assert torch.equal(values[nodes], torch.stack([part.nodes.min() for part in unbatch(graph)]))


@every_task
@pytest.mark.parametrize("messages", [True, False])
def test_the_core_is_the_full_block_on_encoded_and_state(task, messages):
    """The same modules in the block of `reprolib.gn`; without messages, with no reduction of edges."""
    model = model_of(task, ProcessModel(width=6, steps=4, messages=messages))
    batch, core = split_of(task, 5, (4, 7)).batch(slice(None)), model.core
    block = full_block(core.edge, core.node, core.global_)
    if not messages:
        updates = (
            OnConcat(core.edge, "edge", "sender", "receiver", "global_"),
            OnConcat(core.node, "node", "received", "global_"),
            OnConcat(core.global_, "global_", "nodes", "edges"),
        )
        block = GraphNetwork(*updates, rho_ev=None, rho_eu=None)
    whole = EncodeProcessDecode(model.encoder, block, independent(model.read_edges, model.read_nodes))
    expected, found = whole(graph_of(batch), 4), model(batch)
    torch.testing.assert_close(found.nodes, torch.stack([graph.nodes for graph in expected]))
    if model.read_edges is not None:
        torch.testing.assert_close(found.edges, torch.stack([graph.edges for graph in expected]))


@every_task
def test_the_network_equals_algorithm_1_as_loops(task):
    model = model_of(task, ProcessModel(width=5, steps=2))
    batch = split_of(task, 3, (4, 6)).batch(slice(None))
    found, core, rows = model(batch), model.core, [[], []]
    for part in unbatch(graph_of(batch)):
        start = model.encoder(part)
        v, e, u = start.nodes, start.edges, start.globals_[0]
        ends = list(zip(part.senders.tolist(), part.receivers.tolist(), strict=True))
        for _ in range(2):
            both_v, both_u = torch.cat([start.nodes, v], 1), torch.cat([start.globals_[0], u])
            e = [
                core.edge(torch.cat([start.edges[k], e[k], both_v[s], both_v[r], both_u]))
                for k, (s, r) in enumerate(ends)
            ]
            received = [
                sum((e[k] for k, (_, r) in enumerate(ends) if r == i), torch.zeros(5).double()) for i in range(len(v))
            ]
            v = torch.stack([core.node(torch.cat([both_v[i], received[i], both_u])) for i in range(len(v))])
            u = core.global_(torch.cat([both_u, v.sum(0), sum(e)]))
        rows[0] += [model.read_nodes(row) for row in v]
        rows[1] += [model.read_edges(row) for row in e] if model.read_edges is not None else []
    torch.testing.assert_close(found.nodes[-1], torch.stack(rows[0]))
    if rows[1]:
        torch.testing.assert_close(found.edges[-1], torch.stack(rows[1]))


@every_task
@pytest.mark.parametrize("name", ["graph network", "one step", "deep sets"])
def test_another_order_of_the_nodes_gives_the_same_answers_in_that_order(task, name):
    model, batch = model_of(task, CONFIGS[name]), split_of(task, 6, (4, 8)).batch(slice(None))
    orders = orders_of(batch)
    nodes, edges = padded(model(batch), batch)
    other = moved(batch, orders)
    nodes_moved, edges_moved = padded(model(other), other)
    rows = torch.arange(len(orders))[:, None]
    torch.testing.assert_close(nodes_moved, nodes[:, rows, orders])
    if edges is not None:
        torch.testing.assert_close(edges_moved, edges[:, rows[..., None], orders[:, :, None], orders[:, None]])


@every_task
@every_config
def test_a_graph_is_answered_alike_alone_among_others_and_with_more_padding(task, config):
    model, batch = model_of(task, config), split_of(task, 5, (4, 8)).batch(slice(None))
    nodes, edges = padded(model(batch), batch)
    alone = {name: column[2:3] for name, column in batch.items()}
    wider = {
        name: torch.nn.functional.pad(each, [0, 0] * extra + [0, 1] * places)
        for name, (extra, places) in {"nodes": (1, 1), "joined": (0, 2), "edges": (1, 2)}.items()
        if (each := alone.get(name)) is not None
    }
    for other in (alone, alone | wider):
        nodes_alone, edges_alone = padded(model(other), other)
        torch.testing.assert_close(nodes_alone[:, 0, :8], nodes[:, 2])
        if edges is not None:
            torch.testing.assert_close(edges_alone[:, 0, :8, :8], edges[:, 2])


def test_steps_at_test_time_go_on_where_those_of_training_end():
    model, batch = model_of(sorting, CONFIGS["graph network"]), split_of(sorting, 4, (3, 6)).batch(slice(None))
    few, many = model(batch), model(batch, 7)
    assert len(few.nodes) == len(few.edges) == 3
    assert len(many.nodes) == len(many.edges) == 7
    torch.testing.assert_close(few.edges, many.edges[:3])
    assert len(model_of(sorting, CONFIGS["padded"])(batch, 7).nodes) == 1


def test_deep_sets_hear_of_others_through_the_global_alone():
    """Which nodes are joined is nothing to the nodes; to the graph network it is."""
    batch = split_of(shortest_paths, 4, (6, 8)).batch(slice(None))
    fewer = batch | {"joined": torch.zeros_like(batch["joined"])}
    sets, network = (model_of(shortest_paths, CONFIGS[name]) for name in ("deep sets", "graph network"))
    assert torch.equal(sets(batch).nodes, sets(fewer).nodes)
    assert not torch.allclose(network(batch).nodes, network(fewer).nodes)


def test_the_first_answer_sees_neighbours_and_sums_only():
    """Two steps apart nothing is heard in one step but through the global; cut it, and the first answer is local."""
    model = model_of(shortest_paths, CONFIGS["graph network"])
    with torch.no_grad():
        for update, parts in ((model.core.edge, 6), (model.core.node, 3)):
            update[0].weight[:, parts * 6 :] = 0
    chain = (torch.arange(6)[:, None] - torch.arange(6)).abs() == 1
    batch = {"sizes": torch.tensor([6]), "nodes": torch.randn(1, 6, 5).double(), "joined": chain[None]}
    batch["edges"] = torch.ones(1, 6, 6, 1).double()
    other = batch | {"nodes": batch["nodes"].clone()}
    other["nodes"][0, 0] += 1
    changed = (model(batch, 3).nodes != model(other, 3).nodes).any(-1)  # [K, N]
    assert changed.tolist() == [[node <= step for node in range(6)] for step in (1, 2, 3)]


@pytest.mark.parametrize("task", LABELS.values(), ids=LABELS)
def test_a_few_graphs_can_be_learned_by_heart(task):
    torch.manual_seed(1)
    model = build(ProcessModel(width=16, steps=3), Widths(task.NODE, task.EDGE, task.GLOBAL, 1, 1))
    batch = {name: torch.from_numpy(column) for name, column in task.generate(3, (3, 4), seed=0).items()}
    optimiser = optimisers.make("muon", model, 1e-2, 0.0)
    for step in range(300):
        optimiser.zero_grad()
        label_loss(model, batch).backward()
        optimiser.step()
        if step % 20 == 19 and right(model(batch), batch)["all"][-1].all():
            return
    pytest.fail("three graphs are not learned in 300 steps")


def test_motion_can_be_learned():
    torch.manual_seed(0)
    model = build(ProcessModel(width=16, steps=1), Widths(5, 2, 2, 2, 0))
    columns = mass_springs.transitions(mass_springs.generate(4, (4, 6), seed=0), 5, seed=0)
    batch = {name: torch.from_numpy(column) for name, column in columns.items()}
    optimiser = optimisers.make("muon", model, 1e-2, 0.0)
    losses = []
    for _ in range(80):
        optimiser.zero_grad()
        losses.append(motion_loss(model, batch))
        losses[-1].backward()
        optimiser.step()
    assert losses[-1] < 0.1 * losses[0]


@pytest.mark.parametrize(
    ("settings", "numbers", "named"),
    [
        (ProcessModel, {"width": 0}, "model.width"),
        (ProcessModel, {"layers": 0}, "model.layers"),
        (ProcessModel, {"steps": 0}, "model.steps"),
        (PaddedModel, {"nodes": 0}, "model.nodes"),
        (PaddedModel, {"width": 0}, "model.width"),
    ],
)
def test_sizes_that_make_no_model_are_refused(settings, numbers, named):
    with pytest.raises(InputError, match=named):
        settings(**numbers)


def test_a_graph_with_more_nodes_than_places_is_refused():
    model, batch = model_of(sorting, CONFIGS["padded"]), split_of(sorting, 2, (10, 10)).batch(slice(None))
    with pytest.raises(InputError, match=r"graphs of 10 nodes: set model\.nodes"):
        model(batch)


def test_the_number_of_weights_does_not_depend_on_the_number_of_nodes():
    counts = {sum(p.numel() for p in model_of(task, CONFIGS["graph network"]).parameters()) for task in LABELS.values()}
    assert len(counts) == 2  # the encoders differ by the features they read
    assert graph_tasks.mlp(3, 4, 2)[0].weight.shape == (4, 3)
