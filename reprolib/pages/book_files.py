"""The files that pages of the built book link to: records, tables to download, notebooks."""

import shutil
from pathlib import Path

from reprolib import experiments, paths
from reprolib.evidence import records
from reprolib.pages.tables import links, named


def write(book: Path) -> int:
    """Put them where `reprolib.pages.tables.links` says, under the book's first folder; returns how many there are."""
    written = [_copy(path, book / links.RESULTS / path.relative_to(paths.results())) for path in _records()]
    written += [_copy(path, book / links.NOTEBOOKS / path.name) for path in sorted(paths.NOTEBOOKS.glob("*.ipynb"))]
    written += [_table(name, style, book / links.TABLES) for name in _tables() for style in links.FORMATS]
    return len(written)


def _tables() -> list[str]:
    """Every table by name; the counts of claims are words."""
    return [name for name in (*experiments.NAMES, *named.OVERALL) if name != "counts"]


def _records() -> list[Path]:
    """The committed records, attempts among them."""
    return [path for tried in (False, True) for path, _ in records.read_all(paths.results(), attempts=tried)]


def _copy(file: Path, to: Path) -> Path:
    to.parent.mkdir(parents=True, exist_ok=True)
    return Path(shutil.copyfile(file, to))


def _table(name: str, style: str, folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{name}.{style}"
    file.write_text(named.text(name, style), encoding="utf-8")
    return file
