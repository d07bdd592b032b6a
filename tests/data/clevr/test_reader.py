"""The CLEVR reader: what a folder holds comes back, however it is spaced, and damage is named with its file."""

import json
import math
import re

import pytest

from reprolib import paths
from reprolib.data.clevr import answer, clevr_reader, parts, programs
from reprolib.data.clevr.clevr_reader import ANSWERS, CATEGORIES, SPLITS, Question, read_questions, read_scenes
from reprolib.errors import InputError

LOOKS = {"size": "large", "color": "cyan", "material": "metal", "shape": "cube"}
ITEM = LOOKS | {"3d_coords": [0.1, -2.0, 0.7], "rotation": 30.5, "pixel_coords": [160, 120, 9.5]}
NOWHERE = {relation: [[]] for relation in ("left", "right", "front", "behind")}
PROGRAM = [
    {"function": "scene", "inputs": [], "value_inputs": []},
    {"function": "count", "inputs": [0], "value_inputs": []},
]


def scene(index, **changes):
    return {"image_index": index, "objects": [ITEM], "relationships": NOWHERE} | changes


def question(index, **changes):
    usual = {
        "image_index": index,
        "question_family_index": 7,
        "question": f'How many "] things, é, are in {index}?',
        "answer": "1",
    }
    return usual | {"program": PROGRAM} | changes


def write(folder, scenes=(), questions=(), split="train", indent=None, last=False):
    """A folder of one split; with `last`, the information stands behind the lists."""
    for part, content in (("scenes", scenes), ("questions", questions)):
        (folder / part).mkdir(exist_ok=True)
        information = {"info": {"split": split, "license": 'of "scenes": [{ and "questions": [{'}}
        lists = {part: list(content)}
        whole = lists | information if last else information | lists
        text = json.dumps(whole, indent=indent, ensure_ascii=False)
        (folder / part / f"CLEVR_{split}_{part}.json").write_text(text, encoding="utf-8")
    return folder


def again(folder, part):
    """The remedy, as a pattern."""
    moved = rf"move {re.escape(str(folder / part))} away, then run `reprolib data fetch clevr_no_images`$"
    return f"restore or correct it, or if it was fetched, {moved}"


def read(folder, split="train"):
    return list(read_questions(folder, split, read_scenes(folder, split)))


@pytest.mark.parametrize("window", [300, 301, 337, 1 << 20])
@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("last", [False, True])
def test_what_was_written_comes_back(tmp_path, monkeypatch, window, indent, last):
    scenes, questions = [scene(i) for i in (4, 9)], [question(i) for i in (9, 4, 9)]
    write(tmp_path, scenes, questions, "val", indent, last)
    monkeypatch.setattr(clevr_reader, "WINDOW", window)
    assert read_scenes(tmp_path, "val") == {4: scenes[0], 9: scenes[1]}
    assert read_scenes(tmp_path, "val", {9, 17}) == {9: scenes[1]}
    assert read(tmp_path, "val") == [
        Question(q["question"], tuple(PROGRAM), "1", q["image_index"], "count", 7) for q in questions
    ]


def test_only_a_window_of_the_text_is_held(tmp_path, monkeypatch):
    write(tmp_path, [scene(0)], [question(0)] * 500)
    monkeypatch.setattr(clevr_reader, "WINDOW", 1000)
    held = []
    following = clevr_reader._next
    monkeypatch.setattr(
        clevr_reader, "_next", lambda text, position: held.append(len(text)) or following(text, position)
    )
    assert len(read(tmp_path)) == 500
    assert max(held) < 2000 < (tmp_path / "questions/CLEVR_train_questions.json").stat().st_size / 10


def test_the_answers_are_the_28_of_the_release():
    assert len(ANSWERS) == len(set(ANSWERS)) == 28
    assert set(ANSWERS) > {"yes", "no", "0", "10", "cylinder", "rubber", "small", "gray"}


@pytest.mark.parametrize(
    ("function", "category"),
    [
        ("count", "count"),
        ("exist", "exist"),
        ("equal_integer", "compare numbers"),
        ("less_than", "compare numbers"),
        ("greater_than", "compare numbers"),
        ("query_color", "query attribute"),
        ("equal_shape", "compare attribute"),
    ],
)
def test_categories(function, category):
    assert CATEGORIES[function] == category


@pytest.mark.parametrize("part", ["scenes", "questions"])
def test_a_missing_part_is_named(tmp_path, part):
    write(tmp_path, [scene(0)], [question(0)])
    (tmp_path / part / f"CLEVR_train_{part}.json").unlink()
    with pytest.raises(InputError, match=rf"{part}/CLEVR_train_{part}\.json is missing: {again(tmp_path, part)}"):
        read(tmp_path)
    (tmp_path / part).rmdir()
    with pytest.raises(InputError, match=rf"{part}\.json is missing: run `reprolib data fetch clevr_no_images`$"):
        read(tmp_path)


def test_a_split_that_is_none(tmp_path):
    with pytest.raises(
        InputError, match="no split 'tets': choose one of train, val, trainA, valA, valB, test, testA, tes"
    ):
        read_scenes(tmp_path, "tets")


@pytest.mark.parametrize("split", ["test", "testA"])
def test_a_split_without_answers_is_read_as_released(tmp_path, split):
    """Nothing but the words, the image and a number of its own; answers that are there are not looked at."""
    bare = {"question": "What is it?", "image_index": 5, "question_index": 31, "split": split}
    write(tmp_path, questions=[bare, bare | {"answer": "eleven"}], split=split)
    assert list(read_questions(tmp_path, split, None)) == [Question("What is it?", (), "", 5, "", None, 31)] * 2
    with pytest.raises(
        InputError, match=r"valA_questions\.json is missing: .*or unpack questions/ of the released arch"
    ):
        list(read_questions(tmp_path, "valA", None))


@pytest.mark.parametrize(
    ("written", "answer", "last"),
    [(True, "yes", "exist"), (False, "no", "exist"), (0, "0", "count"), (10, "10", "count")],
)
def test_what_the_official_generator_writes(tmp_path, written, answer, last):
    """The same question as in the release, whose programs spell `type` as `function`."""
    released = [{"function": "scene", "inputs": [], "value_inputs": []}]
    released += [{"function": "filter_color", "inputs": [0], "value_inputs": ["red"]}]
    released += [{"function": last, "inputs": [1], "value_inputs": []}]
    ours = [{"type": node["function"]} | {key: node[key] for key in ("inputs", "value_inputs")} for node in released]
    older = [{"type": node["function"], "inputs": node["inputs"]} for node in released]  # before it renames side_inputs
    older[1]["side_inputs"] = ["red"]
    for program in (ours, older):
        further = {"image": "CLEVR_train_000000", "template_filename": "zero_hop.json", "question_index": 0}
        write(tmp_path, [scene(0)], [question(0, program=program, answer=written) | further])
        (found,) = read(tmp_path)
        assert (found.answer, found.function, found.category) == (answer, last, last)
        assert found.program == tuple(program)
        assert programs.parse(program) == programs.parse(released)


def test_a_question_without_a_program_is_of_no_category(tmp_path):
    bare = {key: value for key, value in question(0).items() if key not in ("program", "question_family_index")}
    write(tmp_path, [scene(0)], [bare, bare | {"program": None, "question_family_index": None}])
    assert read(tmp_path) == [Question(bare["question"], (), "1", 0, "", None)] * 2
    assert read(tmp_path)[0].category == ""


def test_a_byte_order_mark(tmp_path):
    write(tmp_path, [scene(0)], [question(0)])
    path = tmp_path / "questions/CLEVR_train_questions.json"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert len(read(tmp_path)) == 1


@pytest.mark.parametrize("part", ["scenes", "questions"])
def test_a_file_cut_off_anywhere_is_named(tmp_path, part):
    write(tmp_path, [scene(0), scene(1)], [question(0), question(1)])
    path = tmp_path / part / f"CLEVR_train_{part}.json"
    whole, words = path.read_bytes(), again(tmp_path, part)
    for length in [*range(0, len(whole), 7), len(whole) - 2, len(whole) - 1]:
        path.write_bytes(whole[:length])
        with pytest.raises(InputError, match=rf"CLEVR_train_{part}\.json is cut off or damaged .*: {words}"):
            read(tmp_path)


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text + "{}",
        lambda text: text.replace('{"image_index": 1', '{"image_index" 1'),
        lambda text: text.replace('}, {"image_index": 1', '} {"image_index": 1'),
        lambda text: text.replace('}, {"image_index": 1', '}, 7, {"image_index": 1'),
        lambda text: text.replace("]}", ",]}"),
        lambda text: '{"questions": []}',
        lambda text: "[]",
        lambda text: "",
    ],
)
def test_a_file_that_is_not_the_json_of_a_list_of_objects(tmp_path, damage):
    write(tmp_path, [scene(0), scene(1)], [question(0), question(1)])
    path = tmp_path / "questions/CLEVR_train_questions.json"
    text = path.read_text(encoding="utf-8")
    assert damage(text) != text
    path.write_text(damage(text), encoding="utf-8")
    with pytest.raises(InputError, match=r"CLEVR_train_questions\.json is cut off or damaged"):
        read(tmp_path)


def test_a_file_that_is_not_text(tmp_path):
    write(tmp_path, [scene(0)], [question(0)])
    (tmp_path / "scenes/CLEVR_train_scenes.json").write_bytes(b"\x89PNG\xff\xfe")
    with pytest.raises(InputError, match=r"CLEVR_train_scenes\.json is cut off or damaged \('utf-8' codec"):
        read(tmp_path)


def test_damage_early_in_a_long_file_is_seen_without_reading_on(tmp_path, monkeypatch):
    write(tmp_path, [scene(0)], [question(0)] * 500)
    path = tmp_path / "questions/CLEVR_train_questions.json"
    path.write_text(path.read_text(encoding="utf-8").replace('"answer":', '"answer"', 1), encoding="utf-8")
    monkeypatch.setattr(clevr_reader, "WINDOW", 1000)
    monkeypatch.setattr(clevr_reader, "LONGEST", 3000)
    lengths = []
    following = clevr_reader._next
    monkeypatch.setattr(
        clevr_reader, "_next", lambda text, position: lengths.append(len(text)) or following(text, position)
    )
    with pytest.raises(InputError, match="it breaks off in the questions"):
        read(tmp_path)
    assert max(lengths) <= 4000


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"answer": "eleven"}, "question 1: 'eleven' is none of CLEVR's 28 answers"),
        ({"answer": 11}, "question 1: 11 is none of CLEVR's 28 answers"),
        ({"answer": 1.0}, "question 1: 1.0 is none of CLEVR's 28 answers"),
        ({"answer": ["1"]}, r"question 1: \['1'\] is none of CLEVR's 28 answers"),
        ({"answer": None}, "question 1: None is none of CLEVR's 28 answers"),
        ({"question": " "}, "question 1: the question has no words"),
        ({"question": None}, "question 1: question must be of type str, not None"),
        ({"image_index": 5}, r"question 1: image 5 has no scene \(move scenes/ away as well\)"),
        ({"program": {}}, "question 1: program must be of type list"),
        ({"program": PROGRAM[:1]}, r"question 1, node 0 \(scene\): the last node gives no answer"),
        ({"program": [{"function": "look", "inputs": []}]}, "question 1, node 0: unknown function 'look'"),
        (
            {"program": [PROGRAM[0], {"function": "count", "inputs": [1]}]},
            r"question 1, node 1 \(count\): input 1 is not",
        ),
    ],
)
def test_a_wrong_question_is_named(tmp_path, changes, words):
    write(tmp_path, [scene(0)], [question(0), question(0, **changes)])
    with pytest.raises(InputError, match=rf"questions\.json, {words}[^;]*; {again(tmp_path, 'questions')}"):
        read(tmp_path)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"image_index": 0}, "scene 1: image_index 0 is there twice"),
        ({"image_index": "1"}, "scene 1: image_index must be of type int, not '1'"),
        ({"objects": None}, "scene 1: objects must be of type list"),
        ({"objects": [ITEM | {"color": "pink"}]}, "scene 1, object 0: unknown color 'pink'"),
        ({"objects": ["cube"]}, "scene 1, object 0: unknown size None"),
        ({"objects": [ITEM] * 11}, "scene 1 has 11 objects: CLEVR's have at most 10"),
        ({"relationships": {"left": [[]]}}, "scene 1: relation 'right' needs one list for each object"),
        ({"relationships": NOWHERE | {"front": []}}, "scene 1: relation 'front' needs one list for each object"),
        ({"relationships": NOWHERE | {"front": [[1]]}}, "scene 1: relation 'front' names objects that are not there"),
        ({"directions": []}, "scene 1: directions must be of type dict"),
        ({"directions": {"left": [1.0, 0.0]}}, "scene 1: the direction 'left' must be three finite numbers"),
        ({"directions": {"left": [1.0, 0.0, 0.0]}}, "scene 1: the direction 'right' must be three finite .*, not None"),
    ],
)
def test_a_wrong_scene_is_named(tmp_path, changes, words):
    write(tmp_path, [scene(0), scene(1, **changes)], [question(0)])
    with pytest.raises(InputError, match=rf"scenes\.json, {words}[^;]*; {again(tmp_path, 'scenes')}"):
        read_scenes(tmp_path, "train")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"3d_coords": None}, "3d_coords must be three finite numbers, not None"),
        ({"3d_coords": [0.1, -2.0]}, r"3d_coords must be three finite numbers, not \[0\.1, -2\.0\]"),
        ({"3d_coords": ["a", "b", "c"]}, r"3d_coords must be three finite numbers, not \['a', 'b', 'c'\]"),
        ({"3d_coords": [math.nan] * 3}, r"3d_coords must be three finite numbers, not \[nan, nan, nan\]"),
        ({"3d_coords": [0, 1, 10**17 * 10.0**60]}, "3d_coords must be three finite numbers"),
        ({"pixel_coords": [160, -math.inf, 9.5]}, "pixel_coords must be three finite numbers"),
        ({"rotation": "x"}, "rotation must be a finite number, not 'x'"),
        ({"rotation": math.nan}, "rotation must be a finite number, not nan"),
        ({"rotation": True}, "rotation must be a finite number, not True"),
    ],
)
def test_an_object_that_is_nowhere_is_named(tmp_path, changes, words):
    write(tmp_path, [scene(0), scene(1, objects=[ITEM | changes])], [question(0)])
    with pytest.raises(InputError, match=rf"CLEVR_train_scenes\.json, scene 1, object 0: {words}.*; restore"):
        read_scenes(tmp_path, "train")


@pytest.mark.parametrize("name", ["3d_coords", "pixel_coords", "rotation", "color"])
def test_what_an_object_lacks_is_named(tmp_path, name):
    item = {known: value for known, value in ITEM.items() if known != name}
    write(tmp_path, [scene(0, objects=[item])], [question(0)])
    with pytest.raises(InputError, match=rf"CLEVR_train_scenes\.json, scene 0, object 0: .*{name} .*None; restore"):
        read_scenes(tmp_path, "train")


class Held(dict):
    """A scene that is counted as long as it is held."""

    now = most = 0

    def __init__(self, content):
        super().__init__(content)
        Held.now += 1
        Held.most = max(Held.most, Held.now)

    def __del__(self):
        Held.now -= 1


@pytest.fixture
def held(monkeypatch):
    """`Held`, with every scene that is read counted by it."""
    decoder = json.JSONDecoder(object_hook=lambda found: Held(found) if "objects" in found else found)
    monkeypatch.setattr(clevr_reader, "DECODER", decoder)
    monkeypatch.setattr(Held, "now", 0)
    monkeypatch.setattr(Held, "most", 0)
    return Held


def test_arrays_are_made_with_few_scenes_in_memory(tmp_path, monkeypatch, held):
    """One that is read, and one that is not yet let go of."""
    monkeypatch.setattr(paths, "BUILD", tmp_path)
    write(tmp_path, [scene(index) for index in range(1, 41)], [question(40), question(1)])
    part = parts.released(tmp_path, "train")
    assert len(part) == 40
    assert part.indices.tolist() == list(range(1, 41))
    assert part.tokens.scenes.tolist() == [39, 0]
    assert part.scenes.positions[:, 0].tolist() == [pytest.approx(ITEM["3d_coords"])] * 40
    assert 1 <= held.most <= 2
    assert held.now == 0


@pytest.mark.parametrize("split", SPLITS)
def test_the_shared_set_comes_back_whole(mini, split):
    scenes = read_scenes(mini, split)
    questions = list(read_questions(mini, split, scenes))
    assert list(scenes.values()) == json.loads((mini / f"scenes/CLEVR_{split}_scenes.json").read_text())["scenes"]
    raw = json.loads((mini / f"questions/CLEVR_{split}_questions.json").read_text())["questions"]
    kept = [(q["question"], tuple(q["program"]), q["answer"], q["image_index"]) for q in raw]
    assert [(q.text, q.program, q.answer, q.image_index) for q in questions] == kept
    assert {q.category for q in questions} == set(CATEGORIES.values())
    assert all(answer(q.program, scenes[q.image_index]) == q.answer for q in questions)


@pytest.mark.parametrize("other", [True, 0.0, "0", None, -1, 1])
def test_relationships_name_objects_by_whole_numbers(tmp_path, other):
    write(tmp_path, [scene(0, relationships=NOWHERE | {"left": [[other]]})], [question(0)])
    with pytest.raises(InputError, match="scene 0: relation 'left' names objects that are not there"):
        read_scenes(tmp_path, "train")


@pytest.mark.parametrize("content", ["[" * 20_000, "9" * 5000])
@pytest.mark.parametrize("behind", ['{"scenes": [{"image_index": ', '{"scenes": [{}], "info": '])
def test_json_that_nobody_means_is_one_sentence(tmp_path, content, behind):
    write(tmp_path, [scene(0)], [question(0)])
    (tmp_path / "scenes" / "CLEVR_train_scenes.json").write_text(behind + content)
    with pytest.raises(InputError, match=r"CLEVR_train_scenes\.json(, scene 0| is cut off or damaged)") as error:
        read_scenes(tmp_path, "train")
    assert len(str(error.value).splitlines()) == 1
