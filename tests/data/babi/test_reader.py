"""The bAbI reader: every layout people have gives the same questions, and damage is named with its file and line."""

import errno
import hashlib
import io
import os
import tarfile
import zipfile
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reprolib.data.babi import babi_reader
from reprolib.data.babi.babi_reader import FETCHED, SPLITS, Question, TaskFiles, open_source, parse
from reprolib.errors import InputError
from reprolib.settings.data_sets import BABI_TASKS, BABI_VARIANTS

STORIES = """\
1 Mary moved to the bathroom.
2 John went to the hallway.
3 Where is Mary? \tbathroom\t1
4 Mary got the milk there.
5 Mary moved to the garden.
6 Where is the milk? \tgarden\t5 4
7 What is Mary carrying? \tmilk,football\t4
1 Bill is in the park.
2 Is Bill in the school? \tno\t1
"""
LINES = STORIES.splitlines(keepends=True)
RELEASED_NAMES = {1: "single-supporting-fact", 2: "two-supporting-facts", 19: "path-finding"}


def text_of(task, split):
    """A file that no other task and split has."""
    return STORIES.replace("garden", f"garden{task}{split}")


def file_name(task, split, described):
    return f"qa{task}_{RELEASED_NAMES[task]}_{split}.txt" if described else f"qa{task}_{split}.txt"


def release(variant, described=None):
    """{path in the release: bytes} of three tasks; without validation files the names describe the task."""
    valid = "valid" in variant
    described = not valid if described is None else described
    return {
        f"tasks_1-20_v1-2/{variant}/{file_name(task, split, described)}": text_of(task, split).encode()
        for task in RELEASED_NAMES
        for split in (SPLITS if valid else ("train", "test"))
    }


def write_folder(folder, contents):
    for name, content in contents.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    return folder


def write_archive(path, contents, mode="w:gz"):
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, mode) as archive:
        for name, content in contents.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


def write_zip(path, contents):
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in contents.items():
            archive.writestr(name, content)
    return path


def everything(source):
    return {key: source.questions(*key) for key in source.files}


def refusal(text, name="qa1_train.txt"):
    """What the reader says of a damaged file."""
    with pytest.raises(InputError) as error:
        list(parse(text, 1, name))
    assert "\n" not in str(error.value)
    return str(error.value)


# What a file says


def test_questions_with_their_story_and_support():
    first, second, third, last = parse(STORIES, 7, "qa7_train.txt")
    start = ("Mary moved to the bathroom.", "John went to the hallway.")
    more = (*start, "Mary got the milk there.", "Mary moved to the garden.")
    assert first == Question(7, start, "Where is Mary?", "bathroom", (0,))
    assert second == Question(7, more, "Where is the milk?", "garden", (3, 2))  # earlier questions do not count
    assert third == Question(7, more, "What is Mary carrying?", "milk,football", (2,))
    assert last == Question(7, ("Bill is in the park.",), "Is Bill in the school?", "no", (0,))
    assert [second.story[at] for at in second.support] == ["Mary moved to the garden.", "Mary got the milk there."]


def test_line_ends_of_either_kind():
    assert list(parse(STORIES.replace("\n", "\r\n"), 1, "x")) == list(parse(STORIES, 1, "x"))


def test_questions_without_supporting_lines():
    """Two columns, or a third one that is empty: the same questions, without support."""
    expected = [Question(q.task, q.story, q.text, q.answer, ()) for q in parse(STORIES, 7, "x")]
    for gap in ("", "\t"):
        lines = [line.rpartition("\t")[0] + gap if "\t" in line else line for line in STORIES.splitlines()]
        assert list(parse("\n".join([*lines, ""]), 7, "x")) == expected
        assert list(parse("\n".join(lines), 7, "x")) == expected


def test_a_last_line_without_its_end_or_with_blank_ones_after_it():
    for text in (STORIES[:-1], STORIES + "\n\r\n"):
        assert list(parse(text, 1, "x")) == list(parse(STORIES, 1, "x"))


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_a_byte_order_mark(tmp_path, ends):
    name = "tasks_1-20_v1-2/en/qa1_single-supporting-fact_test.txt"
    marked = b"\xef\xbb\xbf" + text_of(1, "test").replace("\n", ends).encode()
    source = open_source(write_folder(tmp_path, release("en") | {name: marked}))
    assert source.questions(1, "test") == list(parse(text_of(1, "test"), 1, "x"))


# Layouts


@pytest.mark.parametrize("variant", BABI_VARIANTS)
@pytest.mark.parametrize("described", [True, False])
def test_every_variant_and_both_naming_schemes(tmp_path, variant, described):
    source = open_source(write_folder(tmp_path, release(variant, described)), variant)
    assert source.variant == variant
    assert set(source.files) == {(t, s) for t in RELEASED_NAMES for s in SPLITS if s != "valid" or "valid" in variant}
    for task, split in source.files:
        assert source.questions(task, split) == list(parse(text_of(task, split), task, "x"))


def test_folder_and_archives_give_the_same(tmp_path):
    contents = release("en-valid-10k")
    write_folder(tmp_path / "a", contents)
    write_folder(tmp_path / "b", {name.partition("/")[2]: content for name, content in contents.items()})
    places = [tmp_path / "a", tmp_path / "a" / "tasks_1-20_v1-2" / "en-valid-10k", tmp_path / "b"]
    for number, suffix in enumerate((".tar.gz", ".tgz", ".tar", ".tar.bz2", ".tar.xz")):
        mode = {".tgz": "w:gz", ".tar": "w"}.get(suffix, f"w:{suffix[5:]}")
        archive = write_archive(tmp_path / f"archive{number}" / f"babi{suffix}", contents, mode)
        places += [archive, archive.parent]
    places.append(write_zip(tmp_path / "zipped" / "babi.zip", contents))
    places.append(places[-1].parent)
    sources = [open_source(place) for place in places]
    assert len({source.sha256 for source in sources}) == 1
    assert all(everything(source) == everything(sources[0]) for source in sources)


def test_hash_depends_on_every_byte_and_its_place(tmp_path):
    contents = release("en-10k")
    train, test = (f"tasks_1-20_v1-2/en-10k/{file_name(1, split, True)}" for split in ("train", "test"))
    changed = contents | {test: contents[test].replace(b"park", b"dark")}
    swapped = contents | {train: contents[test], test: contents[train]}
    shorter = {name: content for name, content in contents.items() if name != test}
    hashes = {
        open_source(write_folder(tmp_path / str(number), variant)).sha256
        for number, variant in enumerate((contents, changed, swapped, shorter))
    }
    assert len(hashes) == 4


def hash_of(**splits):
    """Of a source with these files of task 1."""
    return TaskFiles("en", {(1, name): content.encode() for name, content in splits.items()}, {}).sha256


def test_hash_tells_where_a_file_ends():
    """Text that moves from the end of one file to the start of the next, or that is what stands between two files."""
    assert hash_of(test="ab", train="c") != hash_of(test="a", train="bc")
    for between in ("(1, 'train')\n", "(1, 'train'):\n", "(1, 'train'):1\n"):
        assert hash_of(test="a", train=f"b{between}c") != hash_of(test=f"a{between}b", train="c")


def test_hash_is_that_of_task_split_length_and_content_of_every_file():
    """Written out: records name it, and a change of it makes them stale."""
    contents = b"(1, 'test'):2\nab(1, 'train'):1\nc"
    assert hash_of(train="c", test="ab") == hashlib.sha256(contents).hexdigest()


def test_variants_side_by_side(tmp_path):
    archive = write_archive(tmp_path / "babi.tar.gz", release("en") | release("en-valid-10k") | release("en-10k"))
    assert open_source(archive).variant == "en-valid-10k"
    assert open_source(archive, "en").variant == "en"
    with pytest.raises(InputError, match="no bAbI files of variant en-valid "):
        open_source(archive, "en-valid")
    with pytest.raises(InputError, match=r"unknown bAbI variant 'de': choose one of en-valid-10k, en-10k"):
        open_source(archive, "de")


def test_another_language_is_read_only_where_it_is_asked_for(tmp_path):
    archive = write_zip(tmp_path / "babi.zip", release("hn-10k") | release("shuffled"))
    assert open_source(archive, "hn-10k").variant == "hn-10k"
    with pytest.raises(InputError, match=r"/en \(found .*: set data\.variant to hn-10k or shuffled, or put"):
        open_source(archive)


def test_other_files_are_passed_over(tmp_path):
    others = {
        "tasks_1-20_v1-2/README.txt": b"\xff\xff",
        "tasks_1-20_v1-2/hn-10k/qa1_single-supporting-fact_train.txt": b"\xff",
        "tasks_1-20_v1-2/en-10k/._qa1_single-supporting-fact_train.txt": b"\xff",
    }
    plain = open_source(write_archive(tmp_path / "a.tar.gz", release("en-10k")))
    full = open_source(write_archive(tmp_path / "b.tar.gz", release("en-10k") | others))
    assert full.sha256 == plain.sha256


def test_an_unfinished_download_is_passed_over(tmp_path):
    write_archive(tmp_path / "babi.tar.gz", release("en-10k"))
    (tmp_path / "other.tar.gz.part").write_bytes(b"half an archive")
    assert open_source(tmp_path).variant == "en-10k"


def test_the_same_file_twice(tmp_path):
    write_archive(tmp_path / "a.tar.gz", release("en-10k"))
    write_archive(tmp_path / "b.tar.gz", release("en-10k"))
    assert len(open_source(tmp_path).files) == 6
    other = {name: content + b"3 Is Bill in the park? \tyes\t1\n" for name, content in release("en-10k").items()}
    write_archive(tmp_path / "b.tar.gz", other)
    with pytest.raises(InputError, match=r"b\.tar\.gz/.*a\.tar\.gz/.*differ: remove one"):
        open_source(tmp_path)


# What is not there


def test_nothing_there(tmp_path):
    with pytest.raises(InputError, match=r"nowhere does not exist: point REPROLIB_DATA"):
        open_source(tmp_path / "nowhere")
    with pytest.raises(InputError, match=r"holds no bAbI files of variant en-valid-10k/en-10k/en-valid/en"):
        open_source(tmp_path)


def test_a_missing_file_is_named(tmp_path):
    source = open_source(write_folder(tmp_path, release("en-valid")))
    with pytest.raises(InputError, match=r"en-valid has no test file of task 3: restore qa3_test\.txt"):
        source.questions(3, "test")


# Damage


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("".join([*LINES[:3], LINES[4]]), 4, "numbered 5 after 3"),
        ("".join([*LINES[:2], LINES[1]]), 3, "numbered 2 after 2"),
        ("".join(LINES[1:]), 1, "numbered 2 after 0"),
        ("".join([*LINES[:1], "Mary went on.\n", *LINES[1:]]), 2, "expected 'NUMBER text'"),
        ("".join([*LINES[:1], "\n", *LINES[1:]]), 2, "expected 'NUMBER text'"),
        ("".join([*LINES[:1], "2\n", *LINES[2:]]), 2, "expected 'NUMBER text'"),
        ("".join([*LINES[:1], "² John went.\n", *LINES[2:]]), 2, "expected 'NUMBER text'"),
        (STORIES.replace("\tbathroom\t1", " bathroom 1"), 3, "between tabs"),
        (STORIES.replace("\tbathroom\t1", "\tbathroom 1"), 3, "between tabs"),
        (STORIES.replace("\tbathroom\t1", "\t\t1"), 3, "between tabs"),
        (STORIES.replace("\tbathroom\t1", "\tbathroom\t1\t2"), 3, "between tabs"),
        (STORIES.replace("\tno\t1", "\tno\t1\tno\t1"), 9, "between tabs"),
        (STORIES.replace("\tgarden\t5 4", "\tgarden\t5 3"), 6, "not statements of this story"),  # 3 is a question
        (STORIES.replace("\tgarden\t5 4", "\tgarden\t9"), 6, "not statements of this story"),
        (STORIES.replace("\tgarden\t5 4", "\tgarden\tfive"), 6, "not statements of this story"),
        (STORIES.replace("\tno\t1", "\tno\t4"), 9, "not statements of this story"),
        ("".join(LINES[:5]), 5, "ends in the middle of a story"),
        (STORIES[:-3], 9, "cut off"),
        (STORIES[:-4], 9, "cut off"),
        (STORIES[:-6], 9, "between tabs"),
        (STORIES[: STORIES.index("garden") + 3], 5, "ends in the middle of a story"),
        (STORIES.replace("hallway", "hall\0way"), 2, "binary"),
    ],
)
def test_damage_is_named_with_file_and_line(text, line, reason):
    message = refusal(text)
    assert message.startswith(f"qa1_train.txt, line {line}:")
    assert reason in message


def test_an_empty_file():
    assert refusal("") == refusal("\n") == "qa1_train.txt is empty: correct it, or restore a whole copy"


def test_only_what_was_fetched_is_fetched_again(tmp_path):
    name = "tasks_1-20_v1-2/en/qa1_single-supporting-fact_test.txt"
    damaged = release("en") | {name: b"1 Mary went.\n"}
    for archive, remedy in ((FETCHED, "run `reprolib data fetch babi` again"), ("my.tar.gz", "correct it, or restore")):
        source = open_source(write_archive(tmp_path / archive, damaged))
        with pytest.raises(InputError, match=rf"{archive}/{name}, line 1: the file ends .* story; {remedy}"):
            source.questions(1, "test")


def test_a_folder_that_is_called_like_a_file_is_passed_over(tmp_path):
    for name in ("en/qa1_train.txt", "old.tar.gz"):
        (tmp_path / name).mkdir(parents=True)
    with pytest.raises(InputError, match="holds no bAbI files"):
        open_source(tmp_path)
    write_archive(tmp_path / "babi.tar.gz", release("en"))
    assert len(open_source(tmp_path).files) == 6


def test_a_file_that_cannot_be_read_is_named(tmp_path, monkeypatch):
    def fail(path):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))

    write_folder(tmp_path, release("en"))
    monkeypatch.setattr(babi_reader, "read_regular", fail)
    with pytest.raises(InputError, match=r"_test\.txt cannot be read \(Permission denied\): make it readable"):
        open_source(tmp_path)


def test_a_damaged_file_is_named_by_its_path(tmp_path):
    name = "tasks_1-20_v1-2/en/qa1_single-supporting-fact_test.txt"
    binary = release("en") | {name: STORIES.encode().replace(b"hallway", b"\x80\xff")}
    for source in (
        open_source(write_folder(tmp_path / "folder", binary)),
        open_source(write_archive(tmp_path / "a.tar.gz", binary)),
    ):
        with pytest.raises(InputError, match=rf"{name}, line 2: the file is not UTF-8 text; correct it, or restore"):
            source.questions(1, "test")
        assert len(source.questions(1, "train")) == 4


@settings(max_examples=200, deadline=None)
@given(st.integers(0, len(STORIES)), st.integers(0, 20), st.text("1² 3?\t.\n\0\x85é", max_size=6))
def test_any_damage_is_read_or_refused_in_one_sentence(start, length, patch):
    text = STORIES[:start] + patch + STORIES[start + length :]
    questions, refused = [], ""
    try:
        questions = list(parse(text, 1, "qa1_train.txt"))
    except InputError as error:
        refused = str(error)
    assert bool(questions) != refused.startswith("qa1_train.txt")
    assert "\n" not in refused
    assert all(question.answer and question.text for question in questions)
    assert all(0 <= at < len(question.story) for question in questions for at in question.support)


# Archives


@pytest.mark.parametrize("name", ["../x", "tasks/../../qa1_train.txt", "/tmp/x", "/qa1_train.txt"])
def test_an_archive_that_reaches_outside_its_folder_is_refused(tmp_path, name):
    archive = write_archive(tmp_path / "inner" / "babi.tar.gz", release("en-10k") | {name: STORIES.encode()})
    with pytest.raises(InputError, match=rf"babi\.tar\.gz: member '{name}' lies outside its folder"):
        open_source(archive)
    assert [path.name for path in tmp_path.rglob("*")] == ["inner", "babi.tar.gz"]


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE])
def test_links_in_an_archive_are_not_followed(tmp_path, kind):
    secret = tmp_path / "secret.txt"
    secret.write_text(STORIES)
    with tarfile.open(tmp_path / "babi.tar", "w") as archive:
        link = tarfile.TarInfo("en/qa1_train.txt")
        link.type, link.linkname = kind, str(secret)
        archive.addfile(link)
    with pytest.raises(InputError, match="holds no bAbI files"):
        open_source(tmp_path / "babi.tar")


def test_reading_an_archive_writes_nothing(tmp_path):
    archive = write_archive(tmp_path / "babi.tar.gz", release("en-10k"))
    everything(open_source(archive))
    assert list(tmp_path.rglob("*")) == [archive]


@pytest.mark.parametrize("mode", ["w:gz", "w:bz2", "w:xz", "w"])
def test_a_truncated_archive(tmp_path, mode):
    contents = release("en-10k") | {"tasks_1-20_v1-2/README.txt": os.urandom(50_000)}
    archive = write_archive(tmp_path / "babi.tar", contents, mode)
    whole = archive.read_bytes()
    for kept in (0, 7, 1000, len(whole) - 30_000):
        archive.write_bytes(whole[:kept])
        with pytest.raises(InputError, match=r"babi\.tar (is not a complete tar archive|holds no bAbI)") as error:
            open_source(archive)
        assert "\n" not in str(error.value)


@pytest.mark.parametrize("mode", ["w:gz", "w:bz2", "w:xz"])
@pytest.mark.parametrize("size", [0, 200_000])  # 0: the damage is met at a header; else inside a file
def test_an_archive_with_flipped_bytes(tmp_path, mode, size):
    noise = np.random.default_rng(0).bytes(size)
    archive = write_archive(tmp_path / "babi.tar", {"en-10k/qa2_train.txt": noise, **release("en-10k")}, mode)
    whole = archive.read_bytes()
    for at in range(40, len(whole) - 40, 60 + size // 10):
        archive.write_bytes(whole[:at] + bytes(byte ^ 0x55 for byte in whole[at : at + 8]) + whole[at + 8 :])
        with pytest.raises(InputError, match=r"babi\.tar is not a complete tar archive") as error:
            open_source(archive)
        assert "\n" not in str(error.value)


# The released files


@pytest.fixture(scope="module")
def real(babi):
    return open_source(babi)


def test_real_files_are_read_whole(real):
    """Every line is used: a question or a sentence of the story that the next question is about."""
    for task in BABI_TASKS:
        questions = real.questions(task, "test")
        text = real.files[task, "test"].decode()
        assert len(questions) == 1000 == text.count("\t") / 2
        assert {question.task for question in questions} == {task}
        grown = [len(b.story) - len(a.story) * (b.story[: len(a.story)] == a.story) for a, b in pairwise(questions)]
        assert len(questions[0].story) + sum(grown) == text.count("\n") - len(questions)


def test_real_support_holds_the_answer(real):
    """Task 1: the answer is the last word of the one supporting fact, which names the person asked about."""
    for question in real.questions(1, "test"):
        (fact,) = (question.story[at] for at in question.support)
        assert fact.rstrip(".").split()[-1] == question.answer
        assert fact.split()[0] == question.text.rstrip("?").split()[-1]


def test_real_archive_and_folder_are_one(real, tmp_path):
    write_folder(tmp_path, {f"{real.variant}/qa{t}_{s}.txt": content for (t, s), content in real.files.items()})
    assert open_source(tmp_path).sha256 == real.sha256


def test_real_hash_is_over_contents(real):
    digest = hashlib.sha256()
    for task, split in sorted(real.files):
        digest.update(f"{(task, split)}:{len(real.files[task, split])}\n".encode() + real.files[task, split])
    assert digest.hexdigest() == real.sha256


def test_a_zip_of_a_version_that_python_cannot_read(tmp_path):
    path = write_zip(tmp_path / "babi.zip", release("en-10k"))
    content = bytearray(path.read_bytes())
    central = content.index(b"PK\x01\x02")
    content[central + 6 : central + 8] = (212).to_bytes(2, "little")  # the version needed to extract
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"babi\.zip is not a complete zip archive \(zip file version 21\.2\)"):
        open_source(path)
