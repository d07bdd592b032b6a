"""Graphs of own trajectories: found where there are some, denied where there are none, the same after a stop."""

import csv
import doctest
import json

import numpy as np
import pytest
import torch

from reprolib.errors import InputError
from reprolib.own import graph_report, held_out, inference
from reprolib.own.inference import infer, together
from reprolib.own.track_files import read
from reprolib.own.tracks import of_arrays

STEPS = ("1e999", "NaN", "1.5", "true", "0", "-1", '"20"', "null", "9" * 5000)  # that no plan has
QUICK = {"method": "nri", "steps": 4, "seeds": 2, "device": "cpu"}


def test_the_example_in_its_docstring():
    found = doctest.testmod(inference)
    assert found.attempted > 3
    assert found.failed == 0


def test_files_give_what_their_arrays_give(springs, tmp_path):
    scenes = springs(12, 3)
    np.savez(tmp_path / "scenes.npz", trajectories=scenes.trajectories, edges=scenes.edges)
    named = infer(str(tmp_path / "scenes.npz"), edges=tmp_path / "scenes.npz", **QUICK)
    given = infer(scenes.trajectories, edges=scenes.edges, **QUICK)
    np.testing.assert_array_equal(named.probabilities, given.probabilities)
    assert named.accuracy == given.accuracy
    with pytest.raises(InputError, match="present goes with an array"):
        infer([tmp_path / "scenes.npz"], np.ones((12, 49, 3), bool), **QUICK)


def test_a_search_finds_springs(springs):
    """Three particles, from places alone."""
    scenes = springs(200, 3)
    graph = infer(scenes.trajectories[..., :2], edges=scenes.edges, method="modular", steps=150, seeds=1, device="cpu")
    assert graph.accuracy["held-out scenes"] > 90
    assert graph.verdict.clear
    assert "Objects interact" in graph_report.conclusion(graph)


def test_an_encoder_finds_springs(springs):
    """In few steps: no more than a beginning, but ahead of chance."""
    scenes = springs(100, 3)
    graph = infer(scenes.trajectories, edges=scenes.edges, method="nri", steps=250, seeds=1, device="cpu")
    assert graph.accuracy["all scenes"] > 62 > 10 + graph.accuracy["always the most frequent type"]
    assert graph.verdict.clear


def test_directed_couplings_keep_their_direction():
    """In every scene the second object drives the first; whatever else there may be makes no difference."""
    rng = np.random.default_rng(0)
    frames = [rng.normal(size=(100, 3, 1))]
    for _ in range(15):
        frames.append(rng.normal(size=(100, 3, 1)))
        frames[-1][:, 0] = 0.9 * frames[-2][:, 1] + 0.1 * frames[-1][:, 0]
    graph = infer(np.stack(frames, 1), method="modular", changes="none", steps=200, seeds=1, device="cpu")
    mean = graph.mean_graph()
    assert mean["1", "0"] == max(mean.values()) > 0.9
    assert mean["0", "1"] < 0.8 > mean["2", "0"]


@pytest.mark.parametrize("method", ["nri", "modular"])
def test_random_walks_do_not_interact(method, walks):
    graph = infer(walks(80, 3), method=method, steps=60, seeds=1, device="cpu")
    assert graph.verdict.clear is False
    assert "do not show that objects interact" in graph_report.conclusion(graph)
    assert min(graph.verdict.ratios.values()) > 0.9


def test_a_stopped_run_goes_on_to_the_same_graph(walks, tmp_path, monkeypatch):
    values = walks(12, 3)
    whole = infer(values, **QUICK)
    fit, calls = inference.PlannedTraining._fit, []

    def stops(self, *given):
        if len(calls) == 3:
            raise KeyboardInterrupt
        calls.append(given)
        return fit(self, *given)

    monkeypatch.setattr(inference.PlannedTraining, "_fit", stops)
    with pytest.raises(KeyboardInterrupt):
        infer(values, folder=tmp_path / "run", **QUICK)
    monkeypatch.setattr(inference.PlannedTraining, "_fit", fit)
    assert json.loads((tmp_path / "run" / "plan.json").read_text())["steps"] == 4
    with pytest.raises(InputError, match="is not finished: add --resume"):
        infer(values, folder=tmp_path / "run", **QUICK)
    with pytest.raises(InputError, match="is of other trajectories, options or device"):
        infer(values, folder=tmp_path / "run", resume=True, types=3, **QUICK)
    resumed = infer(values, folder=tmp_path / "run", resume=True, **QUICK)
    assert np.array_equal(resumed.probabilities, whole.probabilities)
    assert resumed.errors == whole.errors
    names = {path.name for path in (tmp_path / "run").iterdir()}
    assert names == {"plan.json", "edges.csv", "edges.npz", "errors.csv", "graph.svg", "summary.md"}
    with pytest.raises(InputError, match="holds a finished run"):
        infer(values, folder=tmp_path / "run", resume=True, **QUICK)


def test_minutes_become_steps(walks, tmp_path):
    graph = infer(walks(8, 2, frames=6), minutes=1e-3, seeds=1, device="cpu")
    assert graph.steps == 20
    assert "There was time for 20 steps of training only: give more minutes." in graph.doubts
    assert "8 scenes are few: take the graph as a hint." in graph.doubts


def test_types_are_named_as_by_the_first_seed():
    chances = torch.rand(40, 4, 3, 3, generator=torch.Generator().manual_seed(0)).softmax(-1)
    order = torch.tensor([2, 0, 1])
    known = torch.ones(40, 4, 3, dtype=torch.bool)
    mean, agreement, moved = together(torch.stack([chances, chances[..., order]]), known)
    torch.testing.assert_close(mean, chances)
    assert agreement.min() == 1
    assert moved
    assert not together(torch.stack([chances, chances]), known)[2]


def test_an_object_that_is_never_there_has_no_edge_and_changes_nothing(walks):
    values = walks(10, 3)
    present = np.ones((10, 20, 4), bool)
    present[:, :, 3] = False
    present[0, 8:12, 1] = False
    padded = np.concatenate([values, np.full((10, 20, 1, 2), np.nan)], 2)
    more = infer(of_arrays(padded, present), **QUICK)
    assert not more.known[:, 3].any()
    assert more.known.sum() == 10 * 6
    assert {tuple(names) for _, *names in more.edges()} == {
        (str(s), str(i), str(j)) for s in range(10) for i in range(3) for j in range(3) if i != j
    }
    assert (more.types[:, 3] == -1).all()


def test_scenes_that_nobody_ends_are_no_test(walks):
    present = np.ones((10, 20, 3), bool)
    present[:, 14:] = False
    graph = infer(walks(10, 3), present, **QUICK)
    assert (graph.errors, graph.verdict.clear) == ((), None)
    assert "Nobody is there at the end of a held-out scene" in graph_report.summary(graph)


def test_the_verdict_needs_a_clear_gain():
    def errors(ratio, spread, scenes=30, strange=1.0):
        alone = torch.rand(scenes, 4, generator=torch.Generator().manual_seed(0)) + 0.5
        noise = torch.randn(scenes, 4, generator=torch.Generator().manual_seed(1)) * spread
        return {
            (system, kind): value
            for kind in (held_out.ONE_STEP, held_out.ROLLOUT)
            for system, value in (
                (held_out.ALONE, alone),
                (held_out.STRANGERS, strange * alone),
                (held_out.GRAPH, alone * ratio * noise.exp()),
            )
        }

    assert held_out.verdict([errors(0.5, 0.1)]).clear is True
    assert held_out.verdict([errors(0.98, 0.001)]).clear is False
    assert held_out.verdict([errors(0.9, 2.0)]).clear is False
    assert held_out.verdict([errors(1.5, 0.1)]).clear is False
    assert held_out.verdict([errors(0.5, 0.1, strange=0.5)]).clear is False, "it makes no difference who is heard"
    assert held_out.verdict([errors(0.5, 0.1, scenes=3)]).clear is None
    assert held_out.verdict([errors(0.5, 0.1)]).ratios["one step"] == pytest.approx(0.5, rel=0.1)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"types": 1}, "types is 1: give a number of 2"),
        ({"method": "magic"}, "method is 'magic': choose one of auto, nri, modular"),
        ({"minutes": 0}, "minutes is 0: give a number above 0"),
        ({"held_out": 1.0}, "held_out is 1.0"),
        ({"seeds": 0}, "seeds is 0"),
        ({"layers": 2}, "unknown option layers: choose one of types"),
        ({"edges": np.zeros((9, 3, 3), int)}, "edges has the shape"),
    ],
    ids=str,
)
def test_wrong_options_are_named(asked, said, walks):
    with pytest.raises(InputError, match=said):
        infer(walks(10, 3, frames=6), **{**QUICK, "seeds": 1, **asked})


def test_too_few_scenes_and_gaps_for_a_search_are_named(walks):
    with pytest.raises(InputError, match="4 scenes are too few to learn from"):
        infer(walks(4, 3))
    with pytest.raises(InputError, match="of 5 scenes that leaves none"):
        infer(walks(5, 3), held_out=0.9)
    present = np.ones((10, 20, 3), bool)
    present[0, :5, 0] = False
    with pytest.raises(InputError, match="modular needs tracks without gaps"):
        infer(walks(10, 3), present, method="modular")


def test_the_command(cli, tmp_path, walks, monkeypatch):
    monkeypatch.chdir(tmp_path)
    values = walks(8, 3, frames=6)
    lines = [
        f"s{s},{t},{name},{values[s, t, i, 0]},{values[s, t, i, 1]}"
        for s, t, i, name in ((s, t, i, "abc"[i]) for s in range(8) for t in range(6) for i in range(3))
        if (s, i) != (7, 2)
    ]
    (tmp_path / "tracks.csv").write_text("\n".join(["scene,frame,object,x,y", *lines]) + "\n")
    (tmp_path / "edges.csv").write_text("receiver,sender,type\na,b,1\n")
    words = ["tracks.csv", "--steps", "3", "--seeds", "1", "--types", "3", "--device", "cpu", "--edges", "edges.csv"]
    code, out, err = cli("infer", *words)
    assert code == 0, err
    assert "too few held-out scenes" in out.splitlines()[0]
    folder = tmp_path / "infer_tracks"
    with (folder / "edges.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == 7 * 6 + 2
    assert all(abs(sum(float(row[f"p_{kind}"]) for kind in range(3)) - 1) < 1e-3 for row in rows)
    with np.load(folder / "edges.npz") as arrays:
        tracks = read([tmp_path / "tracks.csv"])
        assert arrays["scenes"].tolist() == list(tracks.scenes)
        row = next(row for row in rows if (row["scene"], row["receiver"], row["sender"]) == ("s2", "c", "a"))
        assert arrays["types"][2, 2, 0] == int(row["type"])
        assert abs(arrays["probabilities"][2, 2, 0, 1] - float(row["p_1"])) < 1e-3
        assert (arrays["types"][7, 2] == -1).all()
    assert "<svg" in (folder / "graph.svg").read_text()
    assert (folder / "summary.md").read_text().startswith("# Who acts on whom")
    assert cli("infer", *words)[0] == 2
    assert "infer_tracks holds a finished run" in cli("infer", *words)[2]
    for mistake, said in (
        (("none.csv",), "none.csv cannot be read as a table with commas (No such file or directory)"),
        (("tracks.csv", "--held-out", "0.9"), "held_out is 0.9: of 8 scenes"),
        (("tracks.csv", "--method", "magic"), "method is 'magic': choose one of"),
        (
            ("tracks.csv", "--edges", "none.npy"),
            "none.npy cannot be read as arrays of numbers (No such file",
        ),
    ):
        code, out, err = cli("infer", *mistake, "--out", "other")
        assert (code, out, err.count("\n")) == (2, "", 1)
        assert said in err
    assert not (tmp_path / "other").exists()


@pytest.mark.parametrize(
    "content",
    ["", "[" * 20_000, "[]", '{"steps": 4}', *(f'{{"identity": "", "steps": {each}}}' for each in STEPS)],
    ids=lambda content: content[:40],
)
def test_a_plan_that_is_none_is_named(content, walks, tmp_path):
    (tmp_path / "plan.json").write_text(content)
    with pytest.raises(InputError, match=r"plan\.json .*: choose another folder with --out$"):
        infer(walks(12, 3), folder=tmp_path, resume=True, **QUICK)
