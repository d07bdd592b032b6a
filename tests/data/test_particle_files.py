"""Files of the official code of Kipf et al. 2018: the same numbers as its own loader gives, and damage is named."""

import re
from dataclasses import replace

import numpy as np
import pytest

from reprolib import experiments, paths
from reprolib.contracts.requests import Request
from reprolib.data import catalogue, particle_files
from reprolib.data.simulations import senders
from reprolib.data.sources import SIMULATED_MOTION
from reprolib.errors import InputError
from reprolib.running import runs
from reprolib.settings.data_sets import MotionData

SCENES = {"train": 6, "valid": 3, "test": 4}
FRAMES = {"train": 49, "valid": 49, "test": 99}
FEW = MotionData("charged", 5, train=6, valid=3, test=4)


def arrays(kind, objects, split, rng):
    """What generate_dataset.py saves of a split: edges as 0 and 1, or as products of charges with their squares."""
    count, frames = SCENES[split], FRAMES[split]
    loc, vel = rng.normal(0, 2, (2, count, frames, 2, objects))
    if kind == "charged":
        charges = rng.choice([-1.0, 1.0], (count, objects, 1))
        return {"loc": loc, "vel": vel, "edges": charges @ charges.swapaxes(1, 2)}
    below = np.tril(rng.choice([0.0, 1.0], (count, objects, objects)), -1)
    return {"loc": loc, "vel": vel, "edges": below + below.swapaxes(1, 2)}


def write(folder, kind="charged", objects=5, splits=tuple(SCENES)):
    """The arrays that are saved, by part and split."""
    folder.mkdir(exist_ok=True)
    rng, kept = np.random.default_rng(objects), {}
    for split in splits:
        for part, array in arrays(kind, objects, split, rng).items():
            np.save(folder / f"{part}_{split}_{kind}{objects}.npy", array)
            kept[part, split] = array
    return kept


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The folder of REPROLIB_DATA for these files, not yet there."""
    monkeypatch.setenv("REPROLIB_DATA", str(tmp_path))
    monkeypatch.setattr(paths, "BUILD", tmp_path / "build")
    return tmp_path / "nri"


def official(kept, split):
    """As the official loader: features in [-1, 1] by the training extremes, types (e + 1) / 2 rounded down."""
    parts = []
    for name in ("loc", "vel"):
        low, high = kept[name, "train"].min(), kept[name, "train"].max()
        parts.append((kept[name, split] - low) * 2 / (high - low) - 1)
    features = np.concatenate([part.transpose(0, 3, 1, 2) for part in parts], 3)  # [M, N, T, 4]
    types = ((kept["edges", split] + 1) / 2).astype(np.int64)
    objects = types.shape[1]
    off = ~np.eye(objects, dtype=bool)
    return features.transpose(0, 2, 1, 3), types[:, off].reshape(-1, objects, objects - 1)


@pytest.mark.parametrize(("kind", "objects"), [("springs", 5), ("charged", 5), ("springs", 10)])
def test_splits_are_those_of_the_official_loader(folder, kind, objects):
    kept = write(folder, kind, objects)
    data = SIMULATED_MOTION.load(MotionData(kind, objects, **SCENES), "real")
    assert (data.name, data.kind, data.deviations, data.sizes) == (f"{kind}_{objects}", "real", (), SCENES)
    for split in SCENES:
        trajectories, edges = official(kept, split)
        columns = data.splits[split].columns
        np.testing.assert_allclose(columns["trajectories"], trajectories, rtol=0, atol=1e-6)
        np.testing.assert_array_equal(columns["edges"], edges)


def test_an_edge_is_that_of_its_receiver_and_sender(folder):
    kept = write(folder)
    edges = SIMULATED_MOTION.load(FEW, "real").splits["test"].columns["edges"]
    for scene, receiver, place in np.ndindex(edges.shape):
        sender = senders(5)[receiver, place]
        assert edges[scene, receiver, place] == (kept["edges", "test"][scene, receiver, sender] == 1)


def test_the_first_scenes_are_read_in_the_units_of_all(folder):
    write(folder)
    whole = SIMULATED_MOTION.load(FEW, "real")
    some = SIMULATED_MOTION.load(replace(FEW, train=2, test_frames=80), "real")
    assert some.facts["scale"] == whole.facts["scale"]
    np.testing.assert_array_equal(
        some.splits["train"].columns["trajectories"], whole.splits["train"].columns["trajectories"][:2]
    )
    assert some.splits["test"].columns["trajectories"].shape == (4, 80, 5, 4)


def test_other_sizes_are_read_where_there_are_files(folder):
    write(folder)
    write(folder, objects=3, splits=("test",))
    data = SIMULATED_MOTION.load(replace(FEW, train=7, others=(3, 4), of_others=2), "real")
    assert data.splits["test"].tables["trajectories/3"].shape == (2, 49, 3, 4)
    assert not any("/4" in name for name in data.splits["test"].tables)
    assert [(each.text, each.less) for each in data.deviations] == [
        ("the files hold 6 scenes of train, not 7", True),
        ("there are no test files of 4 objects", True),
    ]


def test_the_hash_follows_the_files(folder):
    kept = write(folder)
    before = SIMULATED_MOTION.identity(FEW, "real")
    assert before == SIMULATED_MOTION.load(FEW, "real").hash != SIMULATED_MOTION.identity(FEW, "generated")
    np.save(folder / "vel_valid_charged5.npy", -kept["vel", "valid"])
    assert SIMULATED_MOTION.identity(FEW, "real") not in (before, None)


def test_what_is_not_there_is_named(folder):
    with pytest.raises(InputError, match=r"charged data were never released .*generated.* or set REPROLIB_DATA .*nri/"):
        SIMULATED_MOTION.load(FEW, "real")
    write(folder)
    (folder / "edges_test_charged5.npy").unlink()
    with pytest.raises(InputError, match=r"edges_test_charged5\.npy is not there: write it anew .* or use --data gen"):
        SIMULATED_MOTION.load(FEW, "real")
    with pytest.raises(InputError, match="files of springs and charged, not of kuramoto: use --data generated"):
        SIMULATED_MOTION.load(MotionData("kuramoto"), "real")


def test_a_row_runs_on_files(folder, tmp_path):
    write(folder, "springs")
    experiment = experiments.get("nri_edges")
    row = experiment.row("springs_5/Corr. (path)")
    record = runs.run(Request(experiment, row, kind="real"), device="cpu", root=tmp_path / "results")
    assert (record.data["kind"], record.data["procedure"], record.data["sizes"]) == ("real", "paper", SCENES)
    assert 0 <= record.metrics["accuracy/edges"] <= 100


def spoilt(array, place, value):
    array = array.copy()
    array[place] = value
    return array


@pytest.mark.parametrize(
    ("part", "harm", "words"),
    [
        ("loc", lambda a: a.swapaxes(2, 3), "has the shape [6, 49, 5, 2] and not [scenes, frames, 2, 5]"),
        ("loc", lambda a: a[:, :48], "vel_train_charged5.npy has other scenes or frames than loc_train_charged5.npy"),
        ("vel", lambda a: a[:5], "vel_train_charged5.npy has other scenes or frames than loc_train_charged5.npy"),
        ("vel", lambda a: spoilt(a, (4, 0, 1, 2), np.nan), "scene 4 (counting from 0), holds a value that is not fin"),
        ("vel", np.zeros_like, "vel_train_charged5.npy holds 0 everywhere, so nothing moves"),
        ("vel", lambda a: a[:0], "does not hold one array of real numbers"),
        ("vel", lambda a: a.astype(str), "does not hold one array of real numbers"),
        ("edges", lambda a: a[:, :4], "edges_train_charged5.npy has the shape [6, 4, 5] and not [6, 5, 5]"),
        ("edges", lambda a: spoilt(a, (3, 1, 2), 0.5), "edges_train_charged5.npy, scene 3 (counting from 0), holds an"),
    ],
)
def test_damage_is_named_with_its_file(folder, part, harm, words):
    kept = write(folder)
    np.save(folder / f"{part}_train_charged5.npy", harm(kept[part, "train"]))
    with pytest.raises(InputError, match=re.escape(words)) as error:
        SIMULATED_MOTION.load(FEW, "real")
    assert "\n" not in str(error.value)


def test_files_that_are_cut_off_or_too_short(folder):
    kept = write(folder)
    for name in ("loc", "vel"):
        np.save(folder / f"{name}_test_charged5.npy", kept[name, "test"][:, :49])
    with pytest.raises(InputError, match=r"loc_test_charged5\.npy has 49 frames a scene: give 99 or more"):
        SIMULATED_MOTION.load(FEW, "real")
    path = folder / "loc_test_charged5.npy"
    path.write_bytes(path.read_bytes()[:-8])
    with pytest.raises(InputError, match=r"loc_test_charged5\.npy cannot be read as arrays .*: write it anew"):
        particle_files.read(folder, "charged", 5, "test", 4, 49)


def test_a_value_beyond_what_float32_holds_is_named(folder):
    kept = write(folder)
    kept["loc", "train"][2, 3] = 1e300
    np.save(folder / "loc_train_charged5.npy", kept["loc", "train"])
    with pytest.raises(InputError, match=r"loc_train_charged5\.npy, scene 2 \(counting from 0\), holds a value"):
        particle_files.read(folder, "charged", 5, "train", 4, 49)


def test_the_check_reads_all_files(folder):
    write(folder)
    write(folder, objects=3, splits=("test",))
    _, *files = catalogue.check("charged")
    assert files == [
        "ok       files of 3 objects: test 4 scenes",
        "ok       files of 5 objects: train 6, valid 3, test 4 scenes",
    ]
    assert len(catalogue.check("springs")) == 1
    (folder / "vel_valid_charged5.npy").write_bytes(b"no array")
    with pytest.raises(InputError, match=r"vel_valid_charged5\.npy cannot be read as arrays"):
        catalogue.check("charged")
