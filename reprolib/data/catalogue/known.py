"""What the catalogue knows about one data set."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Entry:
    """One data set; `download`, `check` and `write` are what `fetch`, `check` and `generate` call."""

    name: str
    title: str
    licence: str
    url: str | None  # None: never released as files
    size: int | None  # of the download, in bytes
    layout: str  # of the real files under REPROLIB_DATA
    generator: str  # what `generate` writes, and what its size counts
    download: Callable[[str], Path] | None
    check: Callable[[], list[str]]
    write: Callable[[Path, int], None]
    there: Callable[[], bool] = lambda: True  # whether there is something to check
    by_hand: str = ""  # why released files cannot be fetched, and where they are
