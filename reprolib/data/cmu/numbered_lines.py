"""The lines of a text file with their numbers, for readers that name the line of a mistake."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from reprolib.errors import InputError
from reprolib.reading import DIGITS, read_text

LARGEST = 1e9  # that a number of a walk may be


@dataclass(frozen=True)
class Line:
    """The words of one line, and where it stands."""

    words: tuple[str, ...]
    file: str
    number: int

    @property
    def first(self) -> str:
        """What the line begins with."""
        return self.words[0]

    def wrong(self, why: str) -> InputError:
        """The error for this line: `raise line.wrong("...")`."""
        return InputError(f"{self.file}, line {self.number}: {why}")

    def numbers(self, count: int, words: Sequence[str] | None = None) -> list[float]:
        """So many finite numbers: all words but the first, or those given.

        Raises:
            InputError: more or fewer words, or one that is no finite number or larger than any length or angle.
        """
        words = self.words[1:] if words is None else words
        if len(words) != count:
            raise self.wrong(f"{len(words)} numbers are there and {count} are needed")
        try:
            found = [float(word) for word in words]
        except ValueError:
            found = [math.nan]
        if not all(abs(number) <= LARGEST for number in found):
            raise self.wrong(f"{' '.join(words)!r:.200} are not all finite numbers of at most {LARGEST:g}")
        return found

    def whole(self, word: str) -> int:
        """A word as a whole number of 0 or more.

        Raises:
            InputError: it is none.
        """
        if not word.isascii() or not word.isdigit() or len(word) > DIGITS:
            raise self.wrong(f"{word!r:.60} is no whole number")
        return int(word)


def lines_of(path: Path) -> Iterator[Line]:
    """All lines of a file that hold more than a comment, which # begins.

    Raises:
        InputError: the file is not there, or is no text.
    """
    text = read_text(path, "text", "restore a whole copy")
    for number, line in enumerate(text.splitlines(), 1):
        words = tuple(line.partition("#")[0].split())
        if words:
            yield Line(words, str(path), number)
