"""The lines of the typed tables beside this file, each with the place that an error names."""

import csv
import io
from collections.abc import Collection, Iterator
from pathlib import Path

from reprolib.errors import InputError
from reprolib.reading import read_text, reason

TABLE, CORRECT = "a table with commas", "correct the file"  # what a file should be, and the remedy


def csv_lines(file: Path, columns: Collection[str]) -> Iterator[tuple[dict[str, str], str]]:
    """Every line of a file as {column: text}, and where it stands.

    Raises:
        InputError: other columns, or a line that has too few or too many; names the line.
    """
    rows = csv.DictReader(io.StringIO(read_text(file, TABLE, CORRECT), newline=""))
    try:
        for row in rows:
            where = f"{file.name}, line {rows.line_num}"
            if list(row) != list(columns) or None in row.values():
                raise InputError(f"{where}: expected the columns {', '.join(columns)}")
            yield row, where
    except csv.Error as error:
        raise InputError(f"{file} cannot be read as {TABLE} ({reason(error)}): {CORRECT}") from None
