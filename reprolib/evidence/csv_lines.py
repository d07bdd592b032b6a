"""The lines of the typed tables beside this file, each with the place that an error names."""

import csv
from collections.abc import Collection, Iterator
from pathlib import Path

from reprolib.errors import InputError


def csv_lines(file: Path, columns: Collection[str]) -> Iterator[tuple[dict[str, str], str]]:
    """Every line of a file as {column: text}, and where it stands.

    Raises:
        InputError: other columns, or a line that has too few or too many; names the line.
    """
    with file.open(encoding="utf-8", newline="") as stream:
        rows = csv.DictReader(stream)
        for row in rows:
            where = f"{file.name}, line {rows.line_num}"
            if list(row) != list(columns) or None in row.values():
                raise InputError(f"{where}: expected the columns {', '.join(columns)}")
            yield row, where
