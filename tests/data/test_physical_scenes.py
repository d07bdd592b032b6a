"""Balls on a table: the physics against closed forms, the links against a graph search, seeds against one another."""

import dataclasses
import sys

import numpy as np
import pytest
from scipy.sparse.csgraph import connected_components

from reprolib import paths
from reprolib.data import catalogue, physical_scenes
from reprolib.data.linked_balls import BALLS, RIGID, SPRING, Start, components, draw, forest
from reprolib.data.physical_scenes import FRAMES, cached, generate
from reprolib.data.table_top import MISSING, Table
from reprolib.errors import InputError
from reprolib.settings.physical import World

WORLD = World()
TIMES = WORLD.step * WORLD.steps * np.arange(1, FRAMES + 1)  # of the frames
CORNERS = [(-0.9 + 0.2 * ball, 0.9) for ball in range(BALLS)]  # a row of balls along a wall


@pytest.fixture(scope="module")
def table():
    return Table.of(WORLD)


@pytest.fixture(scope="module")
def scenes():
    return generate(WORLD, 110, seed=1, stream=0)


@pytest.fixture
def without_mujoco(monkeypatch):
    monkeypatch.setitem(sys.modules, "mujoco", None)  # which makes its import fail


def start(moving, links=(), kinds=()):
    """A scene in which some balls, {number: (place, velocity)}, move, and all others rest along a wall."""
    places, velocities = np.array(CORNERS), np.zeros((BALLS, 2))
    for ball, (place, velocity) in moving.items():
        places[ball], velocities[ball] = place, velocity
    return Start(list(links), np.array(kinds, dtype=int), places, velocities)


def same(some, others):
    return all((a == b).all() for a, b in zip(vars(some).values(), vars(others).values(), strict=True))


# Physics


def test_a_free_ball_moves_uniformly_and_the_others_rest(table):
    seen = table.simulate(start({3: ((-0.8, -0.5), (0.4, 0.2))}), FRAMES)
    np.testing.assert_allclose(seen[3], np.array([-0.8, -0.5]) + TIMES[:, None] * [0.4, 0.2], atol=1e-9)
    assert (np.delete(seen, 3, axis=0) == np.delete(np.array(CORNERS), 3, axis=0)[:, None]).all()


def test_balls_that_collide_keep_their_momentum_and_most_of_their_speed(table):
    seen = table.simulate(start({0: ((-0.5, 0), (0.5, 0)), 1: ((0.5, 0.01), (-0.3, 0))}), frames := 10)
    speeds = np.diff(seen[:2], axis=1) / np.diff(TIMES[:frames])[:, None]
    before, after = speeds[:, 0], speeds[:, -1]
    np.testing.assert_allclose(speeds.sum(axis=0), np.broadcast_to([0.2, 0], (frames - 1, 2)), atol=1e-6)
    assert 0.8 < np.linalg.norm(after[0] - after[1]) / np.linalg.norm(before[0] - before[1]) < 1
    assert after[0, 0] < 0 < after[1, 0]


def test_balls_at_a_spring_swing_as_the_harmonic_oscillator_does(table):
    ends = {0: ((-0.25, 0), (-0.3, 0)), 1: ((0.25, 0), (0.3, 0))}
    seen = table.simulate(start(ends, [(0, 1)], [SPRING]), FRAMES)
    rate = np.sqrt(2 * WORLD.stiffness / WORLD.mass)
    expected = 0.5 + 0.6 / rate * np.sin(rate * TIMES)
    np.testing.assert_allclose(seen[1, :, 0] - seen[0, :, 0], expected, atol=0.005)
    np.testing.assert_allclose(seen[:2].sum(axis=0), 0, atol=1e-9)


def test_balls_at_a_rigid_link_turn_around_their_middle(table):
    ends = {4: ((-0.2, 0), (0, -0.3)), 7: ((0.2, 0), (0, 0.3))}
    seen = table.simulate(start(ends, [(4, 7)], [RIGID]), FRAMES)
    turn = 0.3 / 0.2 * TIMES
    np.testing.assert_allclose(seen[7], 0.2 * np.stack([np.cos(turn), np.sin(turn)], axis=1), atol=0.01)


def test_a_link_acts_in_no_other_scene(table):
    ends = {0: ((-0.25, 0), (-0.3, 0)), 1: ((0.25, 0), (0.3, 0))}
    before = table.simulate(start(ends), FRAMES)
    for kind in (SPRING, RIGID):
        assert np.abs(table.simulate(start(ends, [(0, 1)], [kind]), FRAMES) - before).max() > 0.1
    assert (table.simulate(start(ends), FRAMES) == before).all()


def test_rigid_links_hold_and_springs_swing(scenes):
    apart = scenes.trajectories[:, :, None] - scenes.trajectories[:, None]  # [S, 10, 10, 16, 2]
    spread = np.linalg.norm(apart, axis=-1).std(-1)
    assert spread[scenes.connections == RIGID].max() < 0.002
    assert np.quantile(spread[scenes.connections == SPRING], 0.1) > 0.02


def test_no_ball_leaves_the_table(scenes):
    assert np.isfinite(scenes.trajectories).all()
    assert np.abs(scenes.trajectories).max() < WORLD.half_width
    assert scenes.redrawn.sum() == 0


# Links


def test_a_forest_has_as_many_trees_as_asked_for():
    rng = np.random.default_rng(0)
    for systems in range(1, BALLS + 1):
        links = forest(systems, rng)
        matrix = np.zeros((BALLS, BALLS))
        matrix[tuple(np.array(links, dtype=int).reshape(-1, 2).T)] = 1
        assert all(i < j for i, j in links)
        assert len(set(links)) == BALLS - systems
        assert connected_components(matrix, directed=False)[0] == systems


def test_every_pair_is_as_often_linked():
    rng = np.random.default_rng(0)
    links = [link for _ in range(3000) for link in forest(1, rng)]
    counts = np.unique(links, axis=0, return_counts=True)[1]
    assert len(counts) == 45
    assert np.abs(counts / counts.mean() - 1).max() < 5 / np.sqrt(counts.mean())  # five standard deviations


def test_balls_start_apart_and_linked_ones_at_a_links_length():
    rng = np.random.default_rng(0)
    for systems in range(1, BALLS + 1):
        drawn = draw(WORLD, systems, rng)
        distances = np.linalg.norm(drawn.places[:, None] - drawn.places, axis=-1)
        lengths = [distances[link] for link in drawn.links]
        assert (distances + np.eye(BALLS) > 2 * WORLD.radius).all()
        assert all(WORLD.shortest <= length <= WORLD.longest for length in lengths)
        assert np.abs(drawn.places).max() < WORLD.half_width - WORLD.radius


def test_half_of_the_links_are_springs():
    rng = np.random.default_rng(0)
    kinds = np.concatenate([draw(WORLD, 1 + scene % BALLS, rng).kinds for scene in range(1000)])
    assert len(kinds) == 4500
    assert abs((kinds == SPRING).mean() - 0.5) < 0.03
    assert set(kinds) == {SPRING, RIGID}


def test_numbers_of_systems_are_balanced_and_those_of_a_graph_search(scenes):
    counts = np.bincount(scenes.systems, minlength=BALLS + 1)
    assert counts.tolist() == [0] + [11] * BALLS
    searched = [connected_components(matrix, directed=False)[0] for matrix in scenes.connections]
    assert searched == scenes.systems.tolist() == components(scenes.connections).tolist()
    assert (scenes.connections == scenes.connections.swapaxes(1, 2)).all()
    assert ((scenes.connections > 0).sum((1, 2)) == 2 * (BALLS - scenes.systems)).all()


# Seeds and files


def test_any_number_of_scenes_is_a_prefix_of_more(scenes):
    for count in (1, 37, 103):
        some = generate(WORLD, count, seed=1, stream=0)
        assert same(some, physical_scenes.PhysicalScenes(*(array[:count] for array in vars(scenes).values())))
    last = generate(WORLD, 10, seed=1, stream=0, first=100)
    assert same(last, physical_scenes.PhysicalScenes(*(array[100:] for array in vars(scenes).values())))


def test_a_seed_and_a_stream_fix_the_scenes():
    drawn = [generate(WORLD, 3, seed, stream).trajectories for seed, stream in ((0, 0), (0, 0), (0, 1), (1, 0))]
    assert (drawn[0] == drawn[1]).all()
    assert not any((drawn[0] == other).any() for other in drawn[2:])


def test_numbers_are_checked():
    for numbers in ({"count": 0}, {"seed": -1}, {"stream": 0.5}, {"first": 7}):
        with pytest.raises(InputError, match=f"{next(iter(numbers))} is "):
            generate(WORLD, **{"count": 1, "seed": 0, "stream": 0} | numbers)


def test_what_goes_wrong_is_drawn_again_and_counted(monkeypatch):
    simulate, calls = Table.simulate, []

    def fail_twice(self, start, frames):
        calls.append(start)
        return simulate(self, start, frames) * (np.nan if len(calls) < 2 else 5 if len(calls) == 2 else 1)

    monkeypatch.setattr(Table, "simulate", fail_twice)
    scenes = generate(WORLD, 2, seed=0, stream=0)
    assert scenes.redrawn.tolist() == [2, 0]
    assert len(calls) == 4
    monkeypatch.setattr(Table, "simulate", lambda *_: np.full((BALLS, FRAMES, 2), np.nan))
    with pytest.raises(InputError, match="balls escaped in 100 scenes in a row"):
        generate(WORLD, 1, seed=0, stream=0)


def test_an_engine_that_fails_gives_no_positions(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)  # where MuJoCo leaves its log
    seen = Table.of(World(stiffness=1e9)).simulate(start({0: ((0, 0), (9, 9))}, [(0, 5)], [SPRING]), FRAMES)
    assert np.isnan(seen).all()


def test_larger_sets_use_the_files_of_smaller_ones(monkeypatch, tmp_path):
    monkeypatch.setattr(paths, "BUILD", tmp_path)
    monkeypatch.setattr(physical_scenes, "PART", 100)
    once, made = cached(WORLD, 100, seed=1, stream=0), []
    monkeypatch.setattr(physical_scenes, "generate", lambda *given: made.append(given) or generate(*given))
    more = cached(WORLD, 103, seed=1, stream=0)
    assert made == [(WORLD, 3, 1, 0, 100)]
    assert same(more, generate(WORLD, 103, seed=1, stream=0))
    assert (more.trajectories[:100] == once.trajectories).all()
    assert len(list((tmp_path / "physics").glob("*.npz"))) == 2


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"shortest": 0.1}, "data.world.shortest is 0.1: linked balls overlap: give more than 0.12"),
        ({"longest": 0.2}, "data.world.longest is 0.2: give 0.25 or more"),
        ({"rigid": 1.5}, "data.world.rigid is 1.5: give a number of 0 to 1"),
        ({"step": 0.0}, "data.world.step is 0.0: give a number above 0"),
    ],
)
def test_a_world_that_cannot_be_is_refused(wrong, message):
    with pytest.raises(InputError, match=message):
        World(**wrong)


def test_a_full_table_is_refused():
    with pytest.raises(InputError, match="find no room"):
        draw(dataclasses.replace(WORLD, radius=0.34, shortest=0.7, longest=0.9), 10, np.random.default_rng(0))


# MuJoCo and the catalogue


def test_what_to_install_is_said_in_one_sentence(without_mujoco):
    assert MISSING.endswith("which is not installed: run `pip install mujoco`")
    with pytest.raises(InputError, match="run `pip install mujoco`"):
        generate(WORLD, 1, seed=0, stream=0)
    assert catalogue.check("physics") == [f"absent   {MISSING}"]


def test_the_catalogue_checks_and_writes(tmp_path, monkeypatch):
    lines = catalogue.check("physics")
    assert [line.split()[0] for line in lines] == ["ok", "ok"]
    folder = catalogue.generate("physics", tmp_path / "physics", 3)
    with np.load(folder / "scenes.npz") as file:
        assert (file["trajectories"] == generate(WORLD, 3, seed=0, stream=0).trajectories).all()
    monkeypatch.setattr(catalogue.balls_on_a_table, "MEAN", 0.5)
    assert catalogue.check("physics")[0].startswith("differs  the balls move otherwise")
