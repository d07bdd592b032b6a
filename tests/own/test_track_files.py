"""Tracks and true edges from files: what is read, and that every mistake is named."""

import numpy as np
import pytest

from reprolib.errors import InputError
from reprolib.own.edge_files import read_edges
from reprolib.own.track_files import read
from reprolib.own.tracks import of_arrays

GOOD = "scene,frame,object,x,y\n1,0,a,0.5,1\n1,0,b,2,3\n1,1,a,0.6,1\n1,1,b,2,3e0\n2,0,a,7,8\n2,0,b,9,10\n2,1,b,9,11\n"
MISTAKES = {  # a file's text: what the error says
    "": "has no column scene: its first line names nothing",
    "scene,frame,object\n": "has no row below its first line",
    "scene,frame,object\n1,0,a\n": "has no column beside scene, frame and object",
    "scene;frame;object;x\n1;0;a;2\n": "has no column scene: its first line names scene;frame;object;x",
    "frame,object,x\n0,a,1\n": "has no column scene: its first line names frame, object, x",
    "scene,frame,object,x,x\n1,0,a,1,1\n": "has a column x that is not the only one",
    GOOD.replace("0.6", "far"): "line 4: x is 'far', which is no number",
    GOOD.replace("0.6", ""): "line 4: x of object a in scene 1 is nan: leave the row out",
    GOOD.replace("0.6", "NaN"): "line 4: x of object a in scene 1 is nan: leave the row out",
    GOOD.replace("0.6", "-inf"): "line 4: x of object a in scene 1 is -inf",
    GOOD.replace("0.6,1", "0.6"): "line 4: y of object a in scene 1 is nan",
    GOOD.replace("0.6,1", "0.6,1,5"): "cannot be read as a table",
    GOOD.replace("1,1,a", "1,1.5,a"): "line 4: the frame is '1.5': give a whole number",
    GOOD.replace("1,1,a", "1,,a"): "line 4: the frame is missing",
    GOOD.replace("1,1,a", "1,1,"): "line 4: the object is missing",
    GOOD + "1,1,b,0,0\n": "line 5: object b of scene 1 in frame 1 is there more than once",
    GOOD + "1,99999999,b,0,0\n": "number the frames of each scene one after another",
    "scene,frame,object,x\n1,0,a,1\n1,1,a,2\n": "has 1 object in every scene: an interaction takes two",
}


@pytest.mark.parametrize("text", MISTAKES, ids=lambda text: repr(MISTAKES.get(text, text))[:40])
def test_a_mistake_in_a_table_is_named(text, tmp_path):
    path = tmp_path / "tracks.csv"
    path.write_text(text)
    with pytest.raises(InputError) as error:
        read([path])
    assert str(error.value).startswith(str(path))
    assert MISTAKES[text] in str(error.value)


def test_a_table(tmp_path):
    """In any order, with a mark of UTF-8, blank lines at the end, and frames that are counted otherwise."""
    path = tmp_path / "tracks.csv"
    header, *lines = GOOD.splitlines()
    for order in (lines, lines[::-1]):
        shifted = [",".join([s, str(10 + 5 * int(f)), *rest]) for s, f, *rest in (line.split(",") for line in order)]
        path.write_text("\ufeff" + "\n".join([header, *shifted]) + "\n\n")
        tracks = read([path])
        first, second = tracks.scenes.index("1"), tracks.scenes.index("2")
        a, b = (tracks.objects[second].index(name) for name in "ab")
        assert tracks.features == ("x", "y")
        assert tracks.values.shape == (2, 2, 2, 2)
        assert tracks.present[first].all()
        assert tracks.present[second, :, [a, b]].tolist() == [[True, False], [True, True]]
        assert tracks.values[second, :, a].tolist() == [[7, 8], [0, 0]]
        assert tracks.values[second, :, b].tolist() == [[9, 10], [9, 11]]


def test_scenes_of_other_objects_and_lengths(tmp_path):
    path = tmp_path / "tracks.csv"
    path.write_text("scene,frame,object,x\nu,0,a,1\nu,0,b,2\nv,0,c,3\nv,0,d,4\nv,0,a,5\nv,1,c,6\n")
    tracks = read([path])
    assert tracks.objects == (("a", "b", ""), ("a", "c", "d"))
    assert tracks.present.tolist() == [[[True, True, False], [False] * 3], [[True] * 3, [False, True, False]]]
    assert tracks.values[1, :, :, 0].tolist() == [[5, 3, 4], [0, 6, 0]]


def test_arrays(tmp_path):
    values = np.random.default_rng(0).normal(size=(3, 4, 5, 2))
    np.save(tmp_path / "a.npy", values)
    assert np.array_equal(read([tmp_path / "a.npy"]).values, values)
    present = np.ones((3, 4, 5), bool)
    present[1, 2, 3] = False
    values[1, 2, 3] = np.nan
    np.savez(tmp_path / "a.npz", trajectories=values, present=present, edges=np.zeros(3))
    tracks = read([tmp_path / "a.npz"])
    assert np.array_equal(tracks.present, present)
    assert np.array_equal(tracks.values, np.where(present[..., None], values, 0))
    with pytest.raises(InputError, match=r"feature_1 of object 3 of scene 1 is nan in frame 2"):
        of_arrays(values)


def test_the_official_files_are_joined(tmp_path):
    places, speeds = np.random.default_rng(0).normal(size=(2, 3, 4, 2, 5))
    files = [tmp_path / "loc_train_springs5.npy", tmp_path / "vel_train_springs5.npy"]
    for path, array in zip(files, (places, speeds), strict=True):
        np.save(path, array)
    tracks = read(files)
    assert tracks.features == ("x", "y", "vx", "vy")
    assert np.array_equal(tracks.values, np.concatenate([places, speeds], 2).swapaxes(2, 3))


@pytest.mark.parametrize(
    ("array", "said"),
    [
        (np.zeros((3, 4, 5)), r"has the shape \[3, 4, 5\]: give \[scenes, frames, objects, features\]"),
        (np.zeros((3, 4, 0, 2)), r"has the shape \[3, 4, 0, 2\]"),
        (np.zeros((3, 4, 1, 2)), "has 1 object in every scene"),
        (np.full((3, 4, 2, 2), np.inf), "of object 0 of scene 0 is inf in frame 0"),
        (np.zeros((3, 4, 2, 2), complex), "no array of real numbers"),
        (np.full((3, 4, 2, 2), "x"), "no array of real numbers"),
        (np.full((1, 1, 2, 2), None), "cannot be read as arrays of numbers"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_mistake_in_an_array_is_named(array, said, tmp_path):
    np.save(tmp_path / "a.npy", array)
    with pytest.raises(InputError, match=said) as error:
        read([tmp_path / "a.npy"])
    assert "a.npy" in str(error.value)


def test_files_that_are_none(tmp_path):
    (tmp_path / "a.npy").write_bytes(b"")
    (tmp_path / "b.npz").write_bytes(b"PK nonsense")
    np.savez(tmp_path / "c.npz", positions=np.zeros((1, 2, 2, 1)))
    np.save(tmp_path / "d.npy", np.zeros((3, 4, 2, 2)))
    np.save(tmp_path / "e.npy", np.zeros((3, 5, 2, 2)))
    for names, said in {
        ("a.npy",): "cannot be read as arrays",
        ("b.npz",): "cannot be read as arrays",
        ("c.npz",): "holds positions: call the array",
        ("none.csv",): "none.csv cannot be read as a table with commas",
        ("none.npy",): "none.npy cannot be read as arrays of numbers",
        ("a.txt",): "is no .csv, .npy or .npz",
        ("d.npy", "c.npz"): "several files are joined feature by feature",
        ("d.npy", "e.npy"): r"d.npy has \[3, 4, 2\] and e.npy has \[3, 5, 2\] scenes, frames and objects",
    }.items():
        with pytest.raises(InputError, match=said):
            read([tmp_path / name for name in names])


def test_true_edges_in_every_shape(tmp_path):
    tracks = of_arrays(np.zeros((2, 3, 3, 1)))
    square = np.array([[0, 1, 0], [0, 0, 0], [1, 1, 0]])  # 0 hears 1; 2 hears 0 and 1
    dense = np.array([[1, 0], [0, 0], [1, 1]])
    for array in (square, dense, np.stack([square] * 2), np.stack([dense] * 2).astype(float)):
        np.save(tmp_path / "edges.npy", array)
        assert read_edges(tmp_path / "edges.npy", tracks).tolist() == [dense.tolist()] * 2
    lines = "receiver,sender,type\n0,1,1\n2,0,1\n2,1,1\n"
    (tmp_path / "edges.csv").write_text(lines)
    assert read_edges(tmp_path / "edges.csv", tracks).tolist() == [dense.tolist()] * 2
    (tmp_path / "edges.csv").write_text("scene,sender,receiver,type\n1,1,0,2\n")
    assert read_edges(tmp_path / "edges.csv", tracks).tolist() == [[[0, 0]] * 3, [[2, 0], [0, 0], [0, 0]]]


def test_edges_that_do_not_fit_are_named(tmp_path):
    tracks = of_arrays(np.zeros((2, 3, 3, 1)))
    for text, said in {
        "receiver,sender\n0,1\n": "has no column type",
        "receiver,sender,type\n0,1,half\n": "line 2: type is 'half', which is no number",
        "receiver,sender,type\n0,1,-1\n": "line 2: the type is no whole number",
        "receiver,sender,type\n0,0,1\n": "line 2: 0 and 0 are no two objects of a scene",
        "receiver,sender,type\n0,7,1\n": "line 2: 7 and 0 are no two objects of a scene",
        "receiver,sender,type,scene\n0,1,1,9\n": "line 2: there is no scene 9",
    }.items():
        (tmp_path / "edges.csv").write_text(text)
        with pytest.raises(InputError, match=said):
            read_edges(tmp_path / "edges.csv", tracks)
    for array, said in ((np.zeros((2, 2)), "has the shape"), (np.full((3, 3), 0.5), "does not hold types of edges")):
        np.save(tmp_path / "edges.npy", array)
        with pytest.raises(InputError, match=said):
            read_edges(tmp_path / "edges.npy", tracks)


@pytest.mark.parametrize("value", [1e300, 2.0**63, np.uint64(2**64 - 1)])
def test_a_type_that_no_whole_number_holds_is_named(value, tmp_path):
    np.save(tmp_path / "edges.npy", np.full((3, 3), value))
    with pytest.raises(InputError, match=r"edges\.npy holds type 1\.?\d*e\+|edges\.npy holds type 9\.22337e\+18"):
        read_edges(tmp_path / "edges.npy", of_arrays(np.zeros((2, 3, 3, 1))))
