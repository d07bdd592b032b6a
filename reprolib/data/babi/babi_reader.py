"""Reader of the bAbI files in every layout people have: folder, tar or zip archive, in every released variant."""

import hashlib
import re
import tarfile
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from reprolib.data.archive_limits import require_modest
from reprolib.errors import InputError
from reprolib.reading import DAMAGED, read_regular, reason
from reprolib.settings.data_sets import BABI_ENGLISH, BABI_VARIANTS

SPLITS = ("train", "valid", "test")
FILE_NAME = re.compile(r"qa(\d{1,2})_(?:[a-z0-9-]+_)?(train|valid|test)\.txt")  # qa1[_name]_train.txt
ARCHIVE_NAME = re.compile(r".+\.(zip|tar|tgz|tar\.(gz|bz2|xz))")
FETCHED = "tasks_1-20_v1-2.tar.gz"  # the archive that `reprolib data fetch babi` leaves
LOST_TAB = re.compile(r"\s\d+$")  # at the end of an answer: it was the third column


@dataclass(frozen=True)
class Question:
    """One question with the sentences of its story so far (earlier questions left out)."""

    task: int
    story: tuple[str, ...]
    text: str
    answer: str
    support: tuple[int, ...]  # positions in `story` of the supporting facts, in the file's order; () if none are said


@dataclass(frozen=True)
class TaskFiles:
    """The files of one variant: {(task, split): bytes} and a hash over all of them."""

    variant: str
    files: Mapping[tuple[int, str], bytes]
    names: Mapping[tuple[int, str], str]

    @property
    def sha256(self) -> str:
        """Hash over names-independent content, the same for a folder and its archive."""
        digest = hashlib.sha256()
        for key in sorted(self.files):
            digest.update(f"{key}:{len(self.files[key])}\n".encode())
            digest.update(self.files[key])
        return digest.hexdigest()

    def questions(self, task: int, split: str) -> list[Question]:
        """The questions of one file.

        Raises:
            InputError: the file is missing, not text, truncated or wrongly numbered.
        """
        if (task, split) not in self.files:
            raise InputError(
                f"bAbI variant {self.variant} has no {split} file of task {task}: restore qa{task}_{split}.txt"
            )
        name = self.names[task, split]
        content = self.files[task, split]
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = content.count(b"\n", 0, error.start) + 1
            raise InputError(f"{name}, line {line}: the file is not UTF-8 text; {remedy(name)}") from None
        return list(parse(text, task, name))


def parse(text: str, task: int, name: str) -> Iterator[Question]:
    """Questions of one file's text, in order; `name` is what errors call the file.

    The supporting lines, the third column of a question, may be missing. So may the last line's end, and blank lines
    may follow it.

    Raises:
        InputError: names the file, the line and the remedy: a wrong number, a question without answer, a file that is
            empty, binary or cut off in the middle of a line or of a story.
    """
    if not text.strip():
        raise InputError(f"{name} is empty: {remedy(name)}")
    if "\0" in text:
        line_number = text.count("\n", 0, text.index("\0")) + 1
        raise InputError(f"{name}, line {line_number}: the file holds binary data; {remedy(name)}")
    story: dict[int, str] = {}
    previous, supported = 0, False
    for line_number, line in enumerate(text.rstrip().splitlines(), start=1):
        try:
            number, content = _numbered(line, previous)
            if number == 1:
                story = {}
            previous = number
            if "\t" in content or "?" in content:
                question = _question(task, story, content)
                supported |= bool(question.support)
                yield question
            else:
                story[number] = content.strip()
        except ValueError as error:
            raise InputError(f"{name}, line {line_number}: {error}; {remedy(name)}") from None
    if "\t" not in content:
        raise InputError(f"{name}, line {line_number}: the file ends in the middle of a story; {remedy(name)}")
    if supported and not question.support and not text.endswith("\n"):
        raise InputError(f"{name}, line {line_number}: the file is cut off; {remedy(name)}")


def remedy(name: str) -> str:
    """What to do about a wrong file or archive: only what `data fetch` brought can be fetched again."""
    return "run `reprolib data fetch babi` again" if FETCHED in name else "correct it, or restore a whole copy"


def _numbered(line: str, previous: int) -> tuple[int, str]:
    """A line's number and the rest; a ValueError says what is wrong."""
    number, _, content = line.partition(" ")
    if not number.isdecimal() or not content.strip():
        raise ValueError(f"expected 'NUMBER text', found {line[:60]!r}")
    if int(number) not in (1, previous + 1):
        raise ValueError(f"numbered {number} after {previous}")
    return int(number), content


def _question(task: int, story: Mapping[int, str], content: str) -> Question:
    """A question from what stands behind its number; a ValueError says what is wrong."""
    fields = [field.strip() for field in content.split("\t")]
    text, answer, support = (*fields, "", "")[:3]
    if len(fields) > 3 or not text or not answer or LOST_TAB.search(answer):
        raise ValueError("a question needs text, answer and, where they are known, supporting lines between tabs")
    lines = [str(number) for number in story]
    if not set(support.split()) <= set(lines):
        raise ValueError(f"supporting lines {support!r} are not statements of this story")
    return Question(task, tuple(story.values()), text, answer, tuple(map(lines.index, support.split())))


def open_source(path: Path, variant: str | None = None) -> TaskFiles:
    """The bAbI files found at `path`: an archive, a folder that holds one, or a released folder at any depth.

    Args:
        path: archive or folder.
        variant: one of `BABI_VARIANTS`; by default the first of `BABI_ENGLISH` that is there.

    Raises:
        InputError: nothing there, an unreadable archive, a member outside the archive's folder, an unknown variant.
    """
    if variant is not None and variant not in BABI_VARIANTS:
        raise InputError(f"unknown bAbI variant {variant!r}: choose one of {', '.join(BABI_VARIANTS)}")
    if not path.exists():
        raise InputError(f"{path} does not exist: point REPROLIB_DATA at a folder that holds babi/")
    found = {name: content for file in in_use(path) for name, content in _contents(file).items()}
    by_variant: dict[str, dict[str, bytes]] = {}
    for name, content in found.items():
        by_variant.setdefault(Path(name).parent.name, {})[name] = content
    for candidate in (variant,) if variant else BABI_ENGLISH:
        if candidate in by_variant:
            return _source(candidate, by_variant[candidate])
    wanted, known = variant or "/".join(BABI_ENGLISH), [name for name in BABI_VARIANTS if name in by_variant]
    choose = f"set data.variant to {' or '.join(known)}, or put" if known else "put"
    raise InputError(
        f"{path} holds no bAbI files of variant {wanted} (found {sorted(by_variant) or 'none'}): {choose} them there"
    )


def in_use(path: Path) -> list[Path]:
    """The files that `open_source` reads: the archive `path`, or a folder's text files, or without any its archives."""
    if path.is_file():
        return [path]
    texts = sorted(p for p in path.rglob("qa*.txt") if FILE_NAME.fullmatch(p.name) and p.is_file())
    return texts or sorted(p for p in path.glob("*") if ARCHIVE_NAME.fullmatch(p.name) and p.is_file())


def _source(variant: str, contents: Mapping[str, bytes]) -> TaskFiles:
    files, names = {}, {}
    for name, content in contents.items():
        match = FILE_NAME.fullmatch(Path(name).name)
        key = int(match[1]), match[2]
        if files.get(key, content) != content:
            raise InputError(f"{name} and {names[key]} are the same file of bAbI, but differ: remove one")
        files[key], names[key] = content, name
    return TaskFiles(variant, files, names)


def _contents(path: Path) -> dict[str, bytes]:
    """A text file, or an archive's bAbI files, read in memory: nothing is ever extracted to disk."""
    if FILE_NAME.fullmatch(path.name):
        return {str(path): _text(path)}
    require_modest(path, remedy(str(path)))
    kind, members = ("zip", _of_zip) if path.suffix == ".zip" else ("tar", _of_tar)
    contents = {}
    try:
        for name, content in members(path):
            if Path(name).is_absolute() or ".." in Path(name).parts:
                raise InputError(f"{path}: member {name!r} lies outside its folder; {remedy(str(path))}")
            if content is not None:
                contents[f"{path}/{name}"] = content
    except InputError:
        raise
    except DAMAGED as error:
        raise InputError(f"{path} is not a complete {kind} archive ({reason(error)}): {remedy(str(path))}") from None
    return contents


def _of_tar(path: Path) -> Iterator[tuple[str, bytes | None]]:
    """Every member's name, with the content where it is a file of bAbI."""
    with tarfile.open(path) as archive:
        for member in archive:
            wanted = member.isfile() and FILE_NAME.fullmatch(Path(member.name).name)
            yield member.name, archive.extractfile(member).read() if wanted else None


def _of_zip(path: Path) -> Iterator[tuple[str, bytes | None]]:
    """Every member's name, with the content where it is a file of bAbI."""
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            yield name, archive.read(name) if FILE_NAME.fullmatch(Path(name).name) else None


def _text(path: Path) -> bytes:
    try:
        return read_regular(path)
    except OSError as error:
        raise InputError(f"{path} cannot be read ({reason(error)}): make it readable") from None
