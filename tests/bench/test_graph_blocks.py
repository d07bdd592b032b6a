"""The full block beside its plain version and other libraries: they agree, or nothing is measured. Nothing is timed."""

import pytest
import torch

from reprolib import bench
from reprolib.bench import graph_blocks, other_libraries
from reprolib.bench.measure import differences

CPU = torch.device("cpu")
CASES = graph_blocks.Case(5, (3, 6), degree=3, width=8), graph_blocks.Case(1, (30, 30), degree=4, width=8)
HERE = [name for name in graph_blocks.REFERENCES if not other_libraries.absent(name, CPU)]
geometric = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # its import warns about torch.jit


@geometric
@pytest.mark.parametrize("name", HERE)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
def test_ours_and_the_reference_agree(case, name):
    graph, updates = graph_blocks.build(case, CPU)
    ours = graph_blocks.step(graph_blocks.Ours(updates), graph)()
    after, *gradients = differences(ours, graph_blocks.REFERENCES[name](updates, graph)())
    assert len(gradients) == 3 + len(list(updates.parameters()))
    assert after < 1e-6
    assert max(gradients) < 1e-5


def test_the_reference_sums_what_each_node_and_each_graph_receives():
    """With updates that pass the sums on, the reference is counting: edges by receiver, nodes and edges by graph."""
    graph, _ = graph_blocks.build(CASES[0], CPU)

    def part(index):
        return lambda rows: rows[:, 8 * index : 8 * (index + 1)]

    for read, expected in (
        ({"edge": 1, "node": 1, "global": 2}, lambda: graph.nodes[graph.senders]),
        ({"edge": 2, "node": 1, "global": 2}, lambda: graph.nodes[graph.receivers]),
    ):
        plain = graph_blocks.GraphByGraph({name: part(index) for name, index in read.items()})
        edges, nodes, globals_ = plain(graph)
        torch.testing.assert_close(edges, expected())
        received = [sum(edges[k] for k in range(len(edges)) if graph.receivers[k] == i) for i in range(len(nodes))]
        for found, wanted in zip(nodes, received, strict=True):
            torch.testing.assert_close(found, torch.zeros(8) + wanted)
        for number, found in enumerate(globals_):
            torch.testing.assert_close(found, edges[graph.edge_graph == number].sum(0))


def test_graphs_have_the_sizes_of_their_case():
    small, large = graph_blocks.CASES
    graph, _ = graph_blocks.build(small, CPU)
    assert graph.num_graphs == small.graphs
    assert set(graph.n_node.tolist()) == set(range(small.nodes[0], small.nodes[1] + 1))
    assert torch.equal(graph.n_edge, small.degree * graph.n_node)
    assert large.graphs < small.graphs
    assert large.nodes[0] > small.nodes[1]
    assert small.width == large.width


@geometric
def test_run_covers_every_case_and_names_what_is_not_installed(monkeypatch, capsys):
    monkeypatch.setattr(graph_blocks, "CASES", CASES)
    monkeypatch.setattr(
        other_libraries, "find_spec", lambda package: None if package in ("jax", "jraph") else "installed"
    )
    ratios = list(bench.run("gn", "cpu"))
    assert [ratio.case for ratio in ratios] == [
        f"{case.title}, against {name}" for name in ("one by one", "MetaLayer") for case in CASES
    ]
    assert all(ratio.name == "gn" and min(ratio.ratio, ratio.peak_memory_ratio) > 0 for ratio in ratios)
    assert capsys.readouterr().err == "gn: jraph is left out, because it is not installed: pip install jax jraph\n"


def test_jraph_is_not_compared_across_devices(monkeypatch):
    monkeypatch.setattr(other_libraries, "find_spec", lambda package: "installed")
    assert "CPU only" in other_libraries.absent("jraph", torch.device("cuda"))
    assert other_libraries.absent("jraph", CPU) is None


def test_a_reference_that_computes_something_else_is_not_timed(monkeypatch):
    whole = graph_blocks.GraphByGraph.one

    def reversed_edges(self, graph):
        return whole(self, graph.replace(senders=graph.receivers, receivers=graph.senders))

    monkeypatch.setattr(graph_blocks.GraphByGraph, "one", reversed_edges)
    with pytest.raises(RuntimeError, match="5 graphs of 3 to 6 nodes, against one by one: ours and the reference"):
        graph_blocks.compare(CASES[0], "one by one", CPU, rounds=1)
