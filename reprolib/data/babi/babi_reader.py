"""Reader of the bAbI files in every layout people have: folder or tar archive, en, en-10k, en-valid, en-valid-10k."""

import hashlib
import lzma
import re
import tarfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from reprolib.errors import InputError
from reprolib.settings.data_sets import BABI_VARIANTS

SPLITS = ("train", "valid", "test")
FILE_NAME = re.compile(r"qa(\d{1,2})_(?:[a-z0-9-]+_)?(train|valid|test)\.txt")  # qa1[_name]_train.txt
ARCHIVE_NAME = re.compile(r".+\.(tar|tgz|tar\.(gz|bz2|xz))")


@dataclass(frozen=True)
class Question:
    """One question with the sentences of its story so far (earlier questions left out)."""

    task: int
    story: tuple[str, ...]
    text: str
    answer: str
    support: tuple[int, ...]  # positions in `story` of the supporting facts, in the file's order


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
            text = content.decode("utf-8")
        except UnicodeDecodeError as error:
            line = content.count(b"\n", 0, error.start) + 1
            raise InputError(f"{name}, line {line}: the file is not UTF-8 text; fetch it again") from None
        return list(parse(text, task, name))


def parse(text: str, task: int, name: str) -> Iterator[Question]:
    """Questions of one file's text, in order; `name` is what errors call the file.

    Raises:
        InputError: names the file and line of a wrong number, of a question without answer or support, of a file
            that is empty, binary or cut off in the middle of a line or of a story.
    """
    if not text:
        raise InputError(f"{name} is empty: fetch it again")
    if "\0" in text:
        line_number = text.count("\n", 0, text.index("\0")) + 1
        raise InputError(f"{name}, line {line_number}: the file holds binary data; fetch it again")
    if not text.endswith("\n"):
        raise InputError(f"{name}, line {text.count(chr(10)) + 1}: the file is cut off; fetch it again")
    story: dict[int, str] = {}
    previous = 0
    for line_number, line in enumerate(text.splitlines(), start=1):
        number, content = _numbered(line, previous, f"{name}, line {line_number}")
        if number == 1:
            story = {}
        previous = number
        if "\t" in content or "?" in content:
            yield _question(task, story, content, f"{name}, line {line_number}")
        else:
            story[number] = content.strip()
    if "\t" not in content:
        raise InputError(f"{name}, line {line_number}: the file ends in the middle of a story; fetch it again")


def _numbered(line: str, previous: int, where: str) -> tuple[int, str]:
    number, _, content = line.partition(" ")
    if not number.isdecimal() or not content.strip():
        raise InputError(f"{where}: expected 'NUMBER text', found {line[:60]!r}; fetch the file again")
    if int(number) not in (1, previous + 1):
        raise InputError(f"{where}: numbered {number} after {previous}; fetch the file again")
    return int(number), content


def _question(task: int, story: Mapping[int, str], content: str, where: str) -> Question:
    fields = [field.strip() for field in content.split("\t")]
    if len(fields) != 3 or not all(fields):
        raise InputError(f"{where}: a question needs text, answer and supporting lines between tabs")
    lines = list(story)
    try:
        support = tuple(lines.index(int(number)) for number in fields[2].split())
    except ValueError:
        raise InputError(f"{where}: supporting lines {fields[2]!r} are not statements of this story") from None
    return Question(task, tuple(story.values()), fields[0], fields[1], support)


def open_source(path: Path, variant: str | None = None) -> TaskFiles:
    """The bAbI files found at `path`: a tar archive, a folder that holds one, or a released folder at any depth.

    Args:
        path: archive or folder.
        variant: one of `BABI_VARIANTS`; by default the first of them that is there.

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
    for candidate in (variant,) if variant else BABI_VARIANTS:
        if candidate in by_variant:
            return _source(candidate, by_variant[candidate])
    wanted = variant or "/".join(BABI_VARIANTS)
    raise InputError(f"{path} holds no bAbI files of variant {wanted} (found {sorted(by_variant) or 'none'})")


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
    contents = {}
    try:
        with tarfile.open(path) as archive:
            for member in archive:
                if Path(member.name).is_absolute() or ".." in Path(member.name).parts:
                    raise InputError(f"{path}: member {member.name!r} lies outside its folder; fetch the archive again")
                if member.isfile() and FILE_NAME.fullmatch(Path(member.name).name):
                    contents[f"{path}/{member.name}"] = archive.extractfile(member).read()
            archive.fileobj.read()  # to the end, where the checksum of the compressed bytes is compared
    except (tarfile.TarError, EOFError, OSError, zlib.error, lzma.LZMAError) as error:
        reason = str(error).partition(":")[0]  # the rest names every kind of archive that it is not
        raise InputError(f"{path} is not a complete tar archive ({reason}): fetch it again") from None
    return contents


def _text(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}): make it readable or fetch it again") from None
