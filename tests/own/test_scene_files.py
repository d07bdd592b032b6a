"""Own scenes with questions: the tensors are what the files say, and a file that is wrong is named."""

import json

import pytest
import torch

from reprolib.errors import InputError
from reprolib.own.scene_files import read_scenes

SCENES = [
    {"image_index": 4, "objects": [{"kind": "cup", "at": [0, 2], "mass": 1}, {"kind": "jug", "at": [2, 2], "mass": 3}]},
    {"image_index": 9, "objects": [{"kind": "jug", "at": [1, 2], "mass": 2}]},
]
ASKED = [
    {"image_index": 9, "question": "How many jugs?", "answer": 1},
    {"image_index": 4, "question": "What is left of the jug?", "answer": "cup"},
]


@pytest.fixture
def written(tmp_path):
    def write(scenes=SCENES, questions=ASKED, name="train"):
        paths = tmp_path / f"{name}_scenes.json", tmp_path / f"{name}_questions.json"
        for path, key, content in zip(paths, ("scenes", "questions"), (scenes, questions), strict=True):
            path.write_text(content if isinstance(content, str) else json.dumps({"info": {}, key: content}))
        return paths

    return write


def test_objects_are_numbers_in_units_of_their_spread_and_one_for_each_text(written):
    mine = read_scenes(train=written())
    assert mine.features == ("at 0", "at 1", "kind cup", "kind jug", "mass")
    table = mine.splits["train"].tables
    assert table["counts"].tolist() == [2, 1]
    spread = (2 / 3) ** 0.5
    expected = [[[-1 / spread, 0, 1, 0, -1 / spread], [1 / spread, 0, 0, 1, 1 / spread]], [[0, 0, 0, 1, 0], [0] * 5]]
    torch.testing.assert_close(table["objects"], torch.tensor(expected))


def test_questions_point_to_their_scenes_and_answers(written):
    mine = read_scenes(train=written())
    columns = mine.splits["train"].columns
    assert columns["scenes"].tolist() == [1, 0]
    assert [mine.answers[place] for place in columns["answers"]] == ["1", "cup"]
    assert columns["questions"].shape == (2, 6)
    assert (columns["questions"] > 0).sum(1).tolist() == [3, 6]
    assert int(columns["questions"].max()) == mine.words == 9


def test_splits_share_words_answers_values_and_units(written):
    tests = [{"image_index": 0, "objects": [{"kind": "pan", "at": [5, 2], "mass": 2}] * 3}]
    asked = [{"image_index": 0, "question": "How many pans?", "answer": 3}]
    mine = read_scenes(train=written(), test=written(tests, asked, "test"))
    alone = read_scenes(train=written())
    assert mine.features == ("at 0", "at 1", "kind cup", "kind jug", "kind pan", "mass")
    assert mine.answers == ("1", "3", "cup")
    train, test = mine.splits["train"].tables["objects"], mine.splits["test"].tables["objects"]
    assert train.shape[1:] == test.shape[1:] == (3, 6)
    assert torch.equal(train[:, :2, [0, 1, 2, 3, 5]], alone.splits["train"].tables["objects"])
    assert float(test[0, 0, 0]) == pytest.approx(4 / (2 / 3) ** 0.5)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"scenes": "["}, "train_scenes.json cannot be read as JSON"),
        ({"scenes": "[" * 20_000}, "train_scenes.json cannot be read as JSON"),
        ({"scenes": []}, "train_scenes.json holds no scenes"),
        (
            {"scenes": [{"image_index": 4, "objects": [{"a": 10**400}]}]},
            r"JSON \(a whole number of 401 digits\)",
        ),
        ({"questions": [ASKED[0] | {"image_index": [4]}]}, r"question 0: image_index is \[4\]: give that of a scene"),
        ({"scenes": [*SCENES, SCENES[0]]}, "scene 2: image_index is 4: give every scene a number of its own"),
        ({"scenes": [{"image_index": 4, "objects": []}]}, "scene 0: objects must be a list of one or more"),
        ({"scenes": [{"image_index": 4, "objects": [{"a": None}]}]}, "scene 0, object 0: a is None: give a text"),
        ({"scenes": [{"image_index": 4, "objects": [{"a": [1, "b"]}]}]}, "scene 0, object 0: a is "),
        (
            {"scenes": [*SCENES, {"image_index": 1, "objects": [{"kind": "cup"}]}]},
            r"scenes.json, scene 2, object 0 has kind \(a text\), and the first object at \(2 numbers\)",
        ),
        ({"questions": "{}"}, "train_questions.json holds no questions"),
        ({"questions": [ASKED[0] | {"question": "?"}]}, "question 0: question is '[?]': give a text with words"),
        ({"questions": [ASKED[0] | {"answer": None}]}, "question 0: answer is None"),
        (
            {"questions": [ASKED[0], ASKED[1] | {"image_index": 5}]},
            "question 1: image_index is 5: give that of a scene",
        ),
    ],
)
def test_a_wrong_file_is_named(change, message, written):
    with pytest.raises(InputError, match=message):
        read_scenes(train=written(**change))


def test_files_are_asked_for():
    with pytest.raises(InputError, match="needs two files for each split"):
        read_scenes()
    with pytest.raises(InputError, match="needs two files for each split"):
        read_scenes(train="scenes.json")
    with pytest.raises(InputError, match="cannot be read as JSON"):
        read_scenes(train=("nowhere.json", "nothing.json"))
