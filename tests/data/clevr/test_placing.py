"""Scenes drawn by CLEVR's rules: every rule by brute force, and distributions held against the official tools'."""

import json

import numpy as np
import pytest
from scipy.stats import chi2_contingency, chisquare, ks_2samp, kstest

from reprolib.data.clevr.placing import CAMERA, CHUNK, LAMPS_AT, Rules, _generate, generate, look_at_origin
from reprolib.data.clevr.programs import ATTRIBUTES
from reprolib.data.clevr.scenes import SIZES, from_json
from reprolib.data.clevr.visibility import visible
from reprolib.errors import InputError

COUNT = 3 * CHUNK + 20
UNLIKELY = 1e-4  # of a fair draw; the seeds are fixed
FIELDS = ("counts", "positions", "rotations", "attributes", "cameras", "lamps")


@pytest.fixture(scope="module")
def drawn():
    return generate(COUNT, seed=0)


@pytest.fixture(scope="module")
def official(mini):
    """All scenes of the mini set."""
    folder, scenes, cameras = mini / "scenes", [], []
    for split in ("train", "val"):
        scenes += json.loads((folder / f"CLEVR_{split}_scenes.json").read_text())["scenes"]
        cameras += json.loads((folder / f"CLEVR_{split}_cameras.json").read_text()).values()
    return from_json(scenes, cameras)


def same(one, other):
    return all((getattr(one, name) == getattr(other, name)).all() for name in FIELDS)


def sizes_and_radii(scenes):
    """Full size of every object, and its radius: less for cubes, [M, N] each."""
    full = np.array(SIZES)[scenes.attributes[..., 0]]
    return full, np.where(scenes.attributes[..., 3] == ATTRIBUTES["shape"].index("cube"), full / np.sqrt(2), full)


def check_rules(scenes):
    """Every rule for every object and every pair of objects of every scene."""
    full, radii = sizes_and_radii(scenes)
    axes = scenes.directions()[:, [0, 2], :2].astype(np.float64)  # left, front: [M, 2, 2]
    places = scenes.positions.astype(np.float64)
    assert np.abs(places[..., :2]).max() <= 3
    np.testing.assert_allclose(places[..., 2][scenes.present], radii[scenes.present], rtol=1e-6)
    for index, count in enumerate(scenes.counts):
        for later in range(count):
            for earlier in range(later):
                apart = (places[index, later] - places[index, earlier])[:2]
                gap = np.linalg.norm(apart) - full[index, later] - radii[index, earlier]
                assert gap >= 0.25 - 1e-6, (index, later, earlier)
                assert np.abs(axes[index] @ apart).min() >= 0.4 - 1e-6, (index, later, earlier)
    assert visible(scenes)[scenes.present].min() >= 200


def test_every_pair_of_every_scene_keeps_the_rules(drawn):
    check_rules(drawn)


def test_the_official_scenes_keep_the_same_rules(official):
    check_rules(official)


def test_absent_objects_are_zeros_and_the_rest_is_in_range(drawn):
    for name in ("positions", "rotations", "attributes"):
        assert not getattr(drawn, name)[~drawn.present].any()
    assert {*drawn.counts.tolist()} == {*range(3, 11)}
    assert drawn.rotations.min() >= 0
    assert drawn.rotations.max() < 360
    for place, values in enumerate(ATTRIBUTES.values()):
        assert {*drawn.attributes[..., place][drawn.present].tolist()} == {*range(len(values))}


@pytest.mark.parametrize("count", [0, 1, 7, CHUNK, CHUNK + 3])
def test_any_count_is_a_prefix(count, drawn):
    few = generate(count, seed=0)
    assert len(few) == count
    assert same(few, drawn[:count])


def test_seeds_streams_and_chunks_differ(drawn):
    others = [generate(CHUNK, seed=1), generate(CHUNK, seed=0, stream=1), drawn[CHUNK : 2 * CHUNK]]
    places = [part.positions[:, 0].tobytes() for part in (drawn[:CHUNK], *others)]
    assert len({*places}) == 4


def test_cameras_look_level_at_the_origin(drawn):
    turn, place = drawn.cameras[:, :3, :3].astype(np.float64), drawn.cameras[:, :3, 3]
    np.testing.assert_allclose(turn.transpose(0, 2, 1) @ turn, np.broadcast_to(np.eye(3), turn.shape), atol=1e-6)
    np.testing.assert_allclose(np.linalg.det(turn), 1, atol=1e-6)
    assert not turn[:, 2, 0].any()
    assert (turn[:, 2, 1] > 0).all()
    np.testing.assert_allclose(place, turn[:, :, 2] * np.linalg.norm(place, axis=1, keepdims=True), atol=1e-5)


def test_cameras_and_lamps_fit_the_official_ones(official):
    np.testing.assert_allclose(look_at_origin(official.cameras[:, :3, 3]), official.cameras, atol=1e-6)
    for found, base, jitter in [(official.cameras[:, :3, 3], CAMERA, 0.5), (official.lamps, LAMPS_AT, 1.0)]:
        shift = (found - np.array(base)) / jitter
        assert np.abs(shift).max() <= 1
        assert min(shift.max(0).min(), -shift.min(0).max()) > 0.95, "and they reach the ends of the jitter"


def test_cameras_and_lamps_are_uniform(drawn):
    for found, base, jitter in [(drawn.cameras[:, :3, 3], CAMERA, 0.5), (drawn.lamps, LAMPS_AT, 1.0)]:
        shift = ((found - np.array(base)) / jitter).reshape(len(drawn), -1)
        assert min(kstest(column, "uniform", (-1, 2)).pvalue for column in shift.T) > UNLIKELY


def test_cameras_and_lamps_are_spread_as_the_official_ones(drawn, official):
    for name in ("cameras", "lamps"):
        ours, theirs = (getattr(scenes, name).reshape(len(scenes), -1) for scenes in (drawn, official))
        moving = np.ptp(theirs, axis=0) > 1e-5
        assert moving.sum() == {"cameras": 11, "lamps": 9}[name]
        assert min(ks_2samp(*pair).pvalue for pair in zip(ours.T[moving], theirs.T[moving], strict=True)) > UNLIKELY


def test_counts_rotations_and_colors_are_uniform(drawn):
    assert chisquare(np.bincount(drawn.counts)[3:]).pvalue > UNLIKELY
    assert kstest(drawn.rotations[drawn.present], "uniform", (0, 360)).pvalue > UNLIKELY
    for place in (1, 2):  # color and material have no part in what is seen; size and shape do
        assert chisquare(np.bincount(drawn.attributes[..., place][drawn.present])).pvalue > UNLIKELY


def tables_of(scenes):
    """Numbers of scenes by count, and of objects by each attribute and by size and shape together."""
    values = scenes.attributes[scenes.present]
    yield np.bincount(scenes.counts, minlength=11)[3:]
    for place, names in enumerate(ATTRIBUTES.values()):
        yield np.bincount(values[:, place], minlength=len(names))
    yield np.bincount(3 * values[:, 0] + values[:, 3], minlength=6)


def test_counts_and_attributes_as_the_official_ones(drawn, official):
    for ours, theirs in zip(tables_of(drawn), tables_of(official), strict=True):
        assert chi2_contingency([ours, theirs]).pvalue > UNLIKELY


def measures_of(scenes):
    """Where objects lie, in the world and along the camera's axes, how far apart, and how much is seen of them."""
    present, axes = scenes.present, scenes.directions()[:, [0, 2]]
    along = np.einsum("mnc,mrc->rmn", scenes.positions, axes)
    apart = np.linalg.norm(scenes.positions[:, :, None, :2] - scenes.positions[:, None, :, :2], axis=-1)
    apart[~(present[:, :, None] & present[:, None])] = np.inf
    apart[:, np.arange(10), np.arange(10)] = np.inf
    yield from (scenes.positions[..., 0][present], scenes.positions[..., 1][present], *along[:, present])
    yield apart.min(2)[present]
    yield scenes.rotations[present]
    yield visible(scenes)[present]


def test_places_and_pixels_as_the_official_ones(drawn, official):
    for ours, theirs in zip(measures_of(drawn), measures_of(official), strict=True):
        assert ks_2samp(ours, theirs).pvalue > UNLIKELY


@pytest.mark.parametrize(
    "changed",
    [{"margin": 7.0}, {"distance": 9.0}, {"pixels": 5000}, {"least": 10, "reach": 1.0}],
    ids=lambda changed: "_".join(changed),
)
def test_scenes_that_cannot_be_placed_are_given_up(changed):
    with pytest.raises(InputError, match=r"scene \d+ finds no place for its \d+ objects in 20 attempts"):
        _generate(5, 0, 0, Rules(restarts=20)._replace(**changed))


def test_rules_are_what_decides():
    scenes = _generate(20, 0, 0, Rules(least=4, most=5, camera=0.0, lamps=0.0, margin=1.0, pixels=600))
    assert {*scenes.counts.tolist()} == {4, 5}
    np.testing.assert_allclose(scenes.lamps, np.broadcast_to(LAMPS_AT, scenes.lamps.shape), rtol=1e-6)
    np.testing.assert_allclose(scenes.cameras[:, :3, 3], np.broadcast_to(CAMERA, (20, 3)), rtol=1e-6)
    assert visible(scenes)[scenes.present].min() >= 600


@pytest.mark.parametrize("arguments", [(-1, 0), (1.5, 0), (True, 0), (2, -1), (2, 0, "1")], ids=str)
def test_numbers_that_are_no_numbers_are_refused(arguments):
    with pytest.raises(InputError, match="give a whole number"):
        generate(*arguments)
