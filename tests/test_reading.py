"""Reading text and JSON: whatever is wrong with a file is one sentence, and nothing is waited for."""

import os

import pytest

from reprolib.errors import InputError
from reprolib.reading import open_regular, parse_json, read_json, read_regular, read_text


def test_text_comes_without_its_mark_and_with_its_ends_of_lines(tmp_path):
    (tmp_path / "a.txt").write_bytes("\ufeffÄ\r\nb\n".encode())
    assert read_text(tmp_path / "a.txt", "text", "correct it") == "Ä\r\nb\n"


def test_text_that_is_none_is_named_with_its_line(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"a\nb\xff\n")
    with pytest.raises(InputError, match=r"a\.txt cannot be read as text \(line 2 is no text in UTF-8\): correct it$"):
        read_text(tmp_path / "a.txt", "text", "correct it")


@pytest.mark.parametrize("kind", ["nothing", "folder", "pipe", "dangling", "loop", "below a file"])
def test_what_is_no_file_is_refused_at_once(kind, tmp_path):
    path = tmp_path / "a.json"
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind in ("dangling", "loop"):
        path.symlink_to(path.name if kind == "loop" else "nowhere")
    elif kind == "below a file":
        path.touch()
        path = path / "b.json"
    with pytest.raises(InputError, match=r"\.json cannot be read as a plan \(.+\): write it again$") as error:
        read_json(path, "a plan", "write it again")
    assert len(str(error.value).splitlines()) == 1
    with pytest.raises(OSError):  # noqa: PT011  # of any kind
        open_regular(path)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[" * 20_000, "too many lists or objects within one another"),
        ('{"a":' * 20_000, "too many lists or objects within one another"),
        ("9" * 5000, "a whole number of 5000 digits"),
        ("[1, -1" + "0" * 400 + "]", "a whole number of 402 digits"),
        ("", "Expecting value"),
        ("{} {}", "Extra data"),
    ],
)
def test_json_that_is_none_is_named(text, said, tmp_path):
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(InputError, match=rf"a\.json cannot be read as JSON \({said}.*\): correct it$"):
        read_json(tmp_path / "a.json", "JSON", "correct it")


def test_numbers_of_64_bits_are_read():
    assert parse_json("[999999999999999999, -1, 1.5e300]") == [10**18 - 1, -1, 1.5e300]


def test_a_file_that_is_too_large_is_not_read(tmp_path):
    (tmp_path / "a").write_bytes(b"12345")
    assert read_regular(tmp_path / "a", 5) == b"12345"
    with pytest.raises(ValueError, match="it holds 5 bytes, more than 4"):
        read_regular(tmp_path / "a", 4)
