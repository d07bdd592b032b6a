"""bAbI questions as arrays: decoded again word by word, they are the file's text."""

import dataclasses
import itertools

import numpy as np
import pytest

from reprolib.data.babi.arrays import Vocabulary, as_a_set, encode, vocabulary, words
from reprolib.data.babi.babi_reader import SPLITS, Question, open_source
from reprolib.data.babi.babi_tensors import RELEASED, identity, load
from reprolib.errors import InputError
from reprolib.settings.data_sets import BABI_TASKS, BABI_WINDOW, BabiData

PLACES = ("garden", "kitchen", "office", "hallway")


def story(length, seed):
    """Sentences of two to seven words; some come twice."""
    rng = np.random.default_rng(seed)
    return tuple(f"Mary went {'back ' * rng.integers(3)}to the {PLACES[rng.integers(4)]}." for _ in range(length))


def question(length, seed, task=1, answer="garden"):
    return Question(task, story(length, seed), "Where is Mary?", answer, (0,))


@pytest.fixture
def splits():
    """Stories shorter than the window, as long and longer, with all kinds of answer."""
    return {
        "train": [
            question(length, seed=length) for length in (1, 2, BABI_WINDOW - 1, BABI_WINDOW, BABI_WINDOW + 1, 60)
        ],
        "valid": [
            Question(8, ("Mary got the milk there.", "Mary took the football."), "What is Mary carrying?", said, (0,))
            for said in ("milk,football", "milk", "nothing")
        ],
        "test": [
            Question(19, ("The den is north of the shed.",), "How do you go from the shed to the den?", "n,n", (0,))
        ],
    }


def all_of(splits):
    return [question for split in splits.values() for question in split]


def decode(arrays, vocab, row):
    """The words of a row of the table of sentences."""
    return [vocab.words[token - 1] for token in arrays.sentences[row] if token]


# The vocabulary


def test_words_are_lower_case_and_without_the_final_mark():
    assert words("Mary went back to the garden.") == ["mary", "went", "back", "to", "the", "garden"]
    assert words("Is the box bigger than the chest?") == ["is", "the", "box", "bigger", "than", "the", "chest"]


def test_vocabulary_is_joint_over_tasks_and_splits(splits):
    vocab = vocabulary(all_of(splits))
    assert list(vocab.words) == sorted({word for q in all_of(splits) for s in (*q.story, q.text) for word in words(s)})
    assert {"mary", "football", "den", "carrying"} <= set(vocab.words)
    assert vocab == vocabulary(reversed(all_of(splits)))


def test_a_comma_answer_is_one_answer_of_several_words(splits):
    vocab = vocabulary(all_of(splits))
    assert vocab.answers == ("garden", "milk", "milk,football", "n,n", "nothing")


# The arrays


@pytest.mark.parametrize("window", [1, 5, BABI_WINDOW, 100])
def test_decoding_gives_the_last_sentences_with_the_most_recent_first(splits, window):
    vocab = vocabulary(all_of(splits))
    for name, arrays in encode(splits, vocab, window).items():
        assert arrays.windows.shape == (len(splits[name]), window)
        for at, question in enumerate(splits[name]):
            recent = [words(sentence) for sentence in reversed(question.story)][:window]
            shown = [decode(arrays, vocab, row) for row in arrays.windows[at]]
            assert shown == recent + [[]] * (window - len(recent))
            assert decode(arrays, vocab, arrays.questions[at]) == words(question.text)
            assert vocab.answers[arrays.answers[at]] == question.answer
            assert arrays.tasks[at] == question.task


def test_twenty_sentences_unless_said_otherwise(splits):
    arrays = encode(splits, vocabulary(all_of(splits)))
    assert {part.windows.shape[1] for part in arrays.values()} == {20}


def test_true_lengths(splits):
    """No padding inside a sentence: its length is the number of its non-zero entries, as the readers take it."""
    vocab = vocabulary(all_of(splits))
    table = encode(splits, vocab)["train"].sentences
    lengths = (table > 0).sum(axis=1)
    assert all((row[:length] > 0).all() for row, length in zip(table, lengths, strict=True))
    assert lengths[0] == 0
    assert lengths[1:].min() > 0
    texts = {sentence for q in all_of(splits) for sentence in (*q.story[-BABI_WINDOW:], q.text)}
    assert sorted(lengths[1:]) == sorted(len(words(text)) for text in texts)
    assert table.shape[1] == lengths.max()


def test_sentences_are_stored_once_for_all_splits(splits):
    arrays = encode(splits, vocabulary(all_of(splits)))
    assert len({id(part.sentences) for part in arrays.values()}) == 1
    table = arrays["test"].sentences
    assert len(np.unique(table, axis=0)) == len(table)


def test_the_order_of_splits_changes_no_content(splits):
    vocab = vocabulary(all_of(splits))
    one, other = encode(splits, vocab), encode(dict(reversed(splits.items())), vocab)
    for name in splits:
        np.testing.assert_array_equal(
            one[name].sentences[one[name].windows], other[name].sentences[other[name].windows]
        )
        np.testing.assert_array_equal(one[name].answers, other[name].answers)


def test_types(splits):
    arrays = encode(splits, vocabulary(all_of(splits)))["train"]
    kinds = {name: array.dtype.name for name, array in vars(arrays).items()}
    assert kinds == {
        "sentences": "uint8",
        "windows": "int32",
        "questions": "int32",
        "answers": "int64",
        "tasks": "int64",
    }


def test_what_the_vocabulary_lacks_is_named(splits):
    vocab = vocabulary(all_of(splits))
    with pytest.raises(InputError, match="'football' is not in the vocabulary"):
        encode(splits, Vocabulary(tuple(word for word in vocab.words if word != "football"), vocab.answers))
    with pytest.raises(InputError, match="the answer 'milk,football' is not in the vocabulary"):
        encode(splits, Vocabulary(vocab.words, ("garden", "milk", "n,n", "nothing")))


@pytest.mark.parametrize("window", [0, -1])
def test_a_window_holds_at_least_one_sentence(splits, window):
    with pytest.raises(InputError, match=f"window is {window}: give at least 1"):
        encode(splits, vocabulary(all_of(splits)), window)


# From files to tensors


STORY = "1 Mary went to the garden.\n2 Where is Mary? \tgarden\t1\n"


@pytest.fixture
def en(tmp_path, monkeypatch):
    """REPROLIB_DATA with two tasks of variant en: 30 questions to train on, 5 to test."""
    folder = tmp_path / "babi" / "en"
    folder.mkdir(parents=True)
    for task in (1, 2):
        (folder / f"qa{task}_train.txt").write_text(STORY * 27 + STORY.replace("Mary", "John") * 3)
        (folder / f"qa{task}_test.txt").write_text(STORY * 5)
    monkeypatch.setenv("REPROLIB_DATA", str(tmp_path))
    return folder


def said(data):
    """The deviations in words, all of which are of the data, and none merely fewer of the paper's."""
    assert {(each.kind, each.less) for each in data.deviations} == {("data", False)}
    return [each.text for each in data.deviations]


def test_without_validation_files_the_last_tenth_is_held_out(en):
    data = load(BabiData(tasks=(1,)), "real")
    assert data.sizes == {"train": 27, "valid": 3, "test": 5}
    assert said(data) == [
        "variant en: 1,000 training questions a task",
        "the files of task 1 are not the release: test",
        "task 1: the train file holds 30 questions and the released one 1,000",
        "task 1: the test file holds 5 questions and the released one 1,000",
    ]
    asked = {name: {tuple(row.tolist()) for row in part.columns["windows"]} for name, part in data.splits.items()}
    assert asked["train"] == asked["test"] != asked["valid"]


def test_the_variant_is_a_choice(en):
    other = en.parent / "en-valid"
    other.mkdir()
    for split in ("train", "valid", "test"):
        (other / f"qa1_{split}.txt").write_text(STORY * 7)
    fullest, chosen = BabiData(tasks=(1,)), BabiData(tasks=(1,), variant="en")
    assert load(fullest, "real").sizes == {"train": 7, "valid": 7, "test": 7}
    assert load(chosen, "real").sizes == {"train": 27, "valid": 3, "test": 5}
    assert load(chosen, "real").hash == identity(chosen, "real") != identity(fullest, "real")
    with pytest.raises(InputError, match="variant en-10k"):
        load(BabiData(tasks=(1,), variant="en-10k"), "real")
    with pytest.raises(InputError, match=r"data\.variant=en names released files: give --data real"):
        load(chosen, "generated")


def test_another_language_is_a_variant(en):
    """Its questions, in its own words, and no word of the English generator, however few there are."""
    hindi = en.rename(en.with_name("hn-10k"))
    (hindi / "qa3_train.txt").write_text("1 Sita rasoighar mein gayi.\n2 Sita kahan hai?\trasoighar\t1\n" * 20)
    (hindi / "qa3_test.txt").write_text("1 Sita rasoighar mein gayi.\n2 Sita kahan hai?\trasoighar\n")
    config = BabiData(tasks=(3,), variant="hn-10k")
    data = load(config, "real")
    assert data.sizes == {"train": 18, "valid": 2, "test": 1}
    assert data.facts["words"] == 6
    assert said(data) == [
        "variant hn-10k: 10,000 training questions a task",
        "task 3: the train file holds 20 questions and the released one 10,000",
        "task 3: the test file holds 1 questions and the released one 1,000",
    ]
    with pytest.raises(InputError, match=r"of variant en-valid-10k/.*: set data\.variant to hn-10k, or put them there"):
        load(BabiData(tasks=(3,)), "real")


def test_more_words_than_a_byte_can_count():
    asked = [Question(1, (f"word{i}",), f"is{i}", "yes", ()) for i in range(200)]
    arrays = encode({"train": asked}, vocabulary(asked))["train"]
    words_of = vocabulary(asked).words
    assert [words_of[arrays.sentences[row, 0] - 1] for row in arrays.questions] == [q.text for q in asked]


@pytest.mark.parametrize(("name", "known"), [("answers", "whole, words"), ("variant", "en-valid-10k, en-10k")])
def test_unknown_choices_are_named(name, known):
    with pytest.raises(InputError, match=f"data.{name} is 'other': choose one of {known}"):
        BabiData(**{name: "other"})


def test_answers_by_word_are_sets_of_words():
    """Task 8 lists what is carried, task 19 the way: 'n,n' becomes 'n', and 's,e' the same as 'e,s'."""
    sizes = {"train": 300, "valid": 20, "test": 20}
    whole, words = (load(BabiData(tasks=(8, 19), answers=how, **sizes), "generated") for how in ("whole", "words"))
    assert "spelled" not in whole.splits["train"].tables
    assert whole.facts["outputs"] == whole.facts["answers"] > words.facts["answers"] > words.facts["outputs"]
    spelled = words.splits["train"].tables["spelled"]
    assert spelled.shape == (words.facts["answers"], words.facts["outputs"])
    assert len(spelled.unique(dim=0)) == len(spelled), "two answers of the same words"
    assert set(spelled.sum(1).tolist()) == {1, 2, 3}
    assert words.hash != whole.hash


def test_the_words_of_an_answer():
    question = Question(8, ("Mary took the milk.",), "What is Mary carrying?", "milk,football,milk", (0,))
    assert as_a_set(question) == dataclasses.replace(question, answer="football,milk")
    vocab = Vocabulary(("mary",), ("football", "football,milk", "nothing"))
    assert vocab.said == ("football", "milk", "nothing")
    assert vocab.spelled.tolist() == [[True, False, False], [True, True, False], [False, False, True]]


@pytest.fixture
def ten_thousand(tmp_path, monkeypatch):
    """REPROLIB_DATA with tasks 2 and 3 of variant en-valid-10k, as many questions as in the release."""
    folder = tmp_path / "babi" / "en-valid-10k"
    folder.mkdir(parents=True)
    for task in (2, 3):
        for split, count in RELEASED.items():
            (folder / f"qa{task}_{split}.txt").write_text(STORY * count)
    monkeypatch.setenv("REPROLIB_DATA", str(tmp_path))
    return folder


@pytest.mark.parametrize(
    ("split", "count"),
    [("train", 5000), ("train", 8995), ("valid", 5), ("valid", 995), ("valid", 1005), ("test", 10), ("test", 1005)],
)
def test_a_file_cut_at_the_end_of_a_line_is_refused(ten_thousand, split, count):
    (ten_thousand / f"qa2_{split}.txt").write_text(STORY * count)
    said = (
        rf"qa2_{split}\.txt: the {split} file of task 2 holds {count} questions and the released one {RELEASED[split]}"
    )
    with pytest.raises(InputError, match=f"{said}; correct it, or restore a whole copy"):
        load(BabiData(tasks=(2,), train=3, valid=3, test=3), "real")


@pytest.mark.parametrize("more", [-4, 4])
def test_four_questions_more_or_less_are_the_release_too(ten_thousand, more):
    """As tasks 18 and 20 have them; a fifth is a damaged file, or in the known gap one to generate."""
    for task, (split, count) in itertools.product((2, 3), RELEASED.items()):
        (ten_thousand / f"qa{task}_{split}.txt").write_text(STORY * (count + more))
    data = load(BabiData(tasks=(2, 3)), "real")
    assert data.sizes == {split: 2 * (count + more) for split, count in RELEASED.items()}
    assert not any("generated" in text or "holds" in text for text in said(data))
    (ten_thousand / "qa3_train.txt").write_text(STORY * (RELEASED["train"] - 5))
    filled = said(load(BabiData(tasks=(3,), valid=1, test=1), "real"))
    assert filled[-1].startswith("task 3: 5 of 9000 training questions are generated")


def test_a_known_gap_is_filled_and_said(ten_thousand):
    (ten_thousand / "qa3_train.txt").write_text(STORY * 8900)
    data = load(BabiData(tasks=(2, 3), valid=7), "real")
    assert data.sizes == {"train": 18_000, "valid": 14, "test": 2000}
    assert said(data) == [
        "the files of task 2 are not the release: train, valid, test",
        "the files of task 3 are not the release: valid, test",
        "task 3: 100 of 9000 training questions are generated, because the real file at hand holds 8900",
    ]


@pytest.mark.parametrize("tasks", [(), (0,), (1, 21)])
def test_tasks_are_some_of_the_twenty(tasks):
    with pytest.raises(InputError, match=r"data\.tasks is \[.*\]: (give one or more|choose one of 1, 2, 3)"):
        BabiData(tasks=tasks)


def test_a_missing_file_is_named(en):
    (en / "qa2_test.txt").unlink()
    with pytest.raises(InputError, match=r"variant en has no test file of task 2: restore qa2_test\.txt"):
        load(BabiData(tasks=(1, 2)), "real")
    assert load(BabiData(tasks=(1,)), "real").sizes["test"] == 5


def test_the_hash_follows_the_files(en):
    before = identity(BabiData(tasks=(1, 2)), "real")
    assert before == load(BabiData(tasks=(1, 2)), "real").hash
    (en / "qa2_test.txt").write_text(STORY * 6)
    assert identity(BabiData(tasks=(1, 2)), "real") != before


# The released files


def test_a_changed_training_file_is_said(babi, tmp_path, monkeypatch):
    source = open_source(babi)
    if source.variant != "en-valid-10k":
        pytest.skip("only the files of en-valid-10k are known by hash")
    folder = tmp_path / "babi" / source.variant
    folder.mkdir(parents=True)
    for (task, split), content in source.files.items():
        (folder / f"qa{task}_{split}.txt").write_bytes(content)
    train = folder / "qa1_train.txt"
    train.write_bytes(train.read_bytes().replace(b"kitchen", b"bedroom", 1))
    monkeypatch.setenv("REPROLIB_DATA", str(tmp_path))
    assert said(load(BabiData(tasks=(1,)), "real")) == ["the files of task 1 are not the release: train"]
    assert load(BabiData(tasks=(2,)), "real").deviations == ()


@pytest.fixture(scope="module")
def real(babi):
    source = open_source(babi)
    return {
        split: [question for task in BABI_TASKS for question in source.questions(task, split)]
        for split in SPLITS
        if (1, split) in source.files
    }


def test_real_vocabulary_has_the_156_words_of_the_paper(real):
    vocab = vocabulary(all_of(real))
    assert len(vocab.words) == 145
    assert len({*vocab.words, *map(str.lower, vocab.said)}) == 156  # 11 are only answered; three marks make its 159
    assert sum("," in answer for answer in vocab.answers) > 0


@pytest.mark.usefixtures("babi")
def test_real_files_are_the_release_but_for_the_known_gap():
    assert load(BabiData(tasks=(1, 18, 20), train=9000), "real").deviations == ()
    assert said(load(BabiData(tasks=(3,), train=1000), "real")) == [
        "task 3: 8075 of 9000 training questions are generated, because the real file at hand holds 925"
    ]


def test_real_questions_decode_to_their_text(real):
    vocab = vocabulary(all_of(real))
    arrays = encode(real, vocab)["test"]
    assert len(arrays.answers) == 20_000
    for at in range(0, 20_000, 37):
        question = real["test"][at]
        recent = [words(sentence) for sentence in reversed(question.story)][:BABI_WINDOW]
        shown = [decode(arrays, vocab, row) for row in arrays.windows[at]]
        assert [sentence for sentence in shown if sentence] == recent
        assert vocab.answers[arrays.answers[at]] == question.answer
    assert ((arrays.windows > 0).sum(axis=1) == [min(len(q.story), BABI_WINDOW) for q in real["test"]]).all()
