"""Own stories: what the tensors say is what the files say, for a vocabulary of any size; a wrong line is named."""

import pytest

from reprolib.errors import InputError
from reprolib.own.story_files import read_stories

STORY = "1 Mary went home.\n2 John left.\n3 Where is Mary?\thome\t1\n4 Mary left.\n5 Who left last?\tMary\t4\n"


@pytest.fixture
def written(tmp_path):
    def write(text, name="mine.txt"):
        (tmp_path / name).write_text(text)
        return tmp_path / name

    return write


def test_tensors_say_what_the_file_says(written):
    stories = read_stories(train=written(STORY), window=2)
    split, (first, second) = stories.splits["train"], stories.questions["train"]
    assert [stories.answers[place] for place in split.columns["answers"]] == ["home", "Mary"]
    assert (first.story, second.story) == (
        ("Mary went home.", "John left."),
        ("Mary went home.", "John left.", "Mary left."),
    )
    sentences = split.tables["sentences"]
    lengths = (sentences[split.columns["windows"]] > 0).sum(-1)
    assert lengths.tolist() == [[2, 3], [2, 2]], "the last sentence first, no more than the window"
    assert int(sentences.max()) == stories.words == 9


def test_splits_share_a_vocabulary_of_any_size(written):
    many = "".join(f"{n} Object{n} fell.\n" for n in range(1, 400)) + "400 What fell first?\tobject1\t1\n"
    stories = read_stories(train=written(STORY), test=written(many, "many.txt"), window=3)
    assert stories.words > 255
    train, test = (stories.splits[name].tables["sentences"] for name in ("train", "test"))
    assert int(test.max()) == stories.words
    assert train.equal(test)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "mine.txt is empty"),
        ("Mary went home.\n", "mine.txt, line 1: expected 'NUMBER text'"),
        (
            "1 Mary went home.\n2 Where is Mary?\t\t1\n",
            "mine.txt, line 2: a question needs text, answer and, where they are known, supporting",
        ),
    ],
)
def test_a_wrong_line_is_named(text, message, written):
    with pytest.raises(InputError, match=message):
        read_stories(train=written(text))


def test_files_are_asked_for():
    with pytest.raises(InputError, match="needs a file"):
        read_stories()
    with pytest.raises(InputError, match=r"nowhere\.txt cannot be read as text"):
        read_stories(train="nowhere.txt")
