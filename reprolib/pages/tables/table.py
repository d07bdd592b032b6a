"""One table, and the one renderer that writes it as Markdown, CSV, HTML or JSON."""

import csv
import io
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from reprolib.errors import InputError
from reprolib.pages.tables.markup import Html, Markdown

NARROW = 2  # columns, up to which a table fits a phone; the first column of a wider one stays in sight


@dataclass(frozen=True)
class Table:
    """Columns by name, and rows of as many cells. A cell, or a name, is a value or markup that has words."""

    columns: Sequence[str | Html]
    rows: Sequence[Sequence[Any]]
    caption: str | Html = ""
    anchors: Sequence[str] = ()  # an identifier a row, to which links may lead

    @classmethod
    def of(cls, entries: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> "Table":
        """The table of entries that all have these columns."""
        return cls(columns, [[entry[name] for name in columns] for entry in entries])


def render(table: Table, style: str) -> str:
    """A table as md, csv, html or json.

    Raises:
        InputError: there is no such format.
    """
    check_style(style)
    return STYLES[style](table)


def check_style(style: str) -> None:
    """Raise InputError unless a table can be rendered in this format."""
    if style not in STYLES:
        raise InputError(f"unknown format {style!r}: choose one of {', '.join(STYLES)}")


def _markdown(table: Table) -> str:
    head = [table.columns, ["---"] * len(table.columns)]
    return "\n".join("| " + " | ".join(map(_in_markdown, row)) + " |" for row in (*head, *table.rows))


def _in_markdown(cell: Any) -> str:
    """A cell on one line, in which only what is Markdown already is read as such."""
    text = " ".join(str(_plain(cell)).splitlines())
    return (text if isinstance(cell, Markdown) else re.sub(r"[\\`<\[]", r"\\\g<0>", text)).replace("|", "\\|")


def _csv(table: Table) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows(map(_in_csv, row) for row in (table.columns, *table.rows))
    return text.getvalue()


def _in_csv(cell: Any) -> Any:
    return "; ".join(cell) if isinstance(cell, list) else _plain(cell)


def _json(table: Table) -> str:
    names = [_plain(name) for name in table.columns]
    rows = [dict(zip(names, map(_plain, row), strict=True)) for row in table.rows]
    return json.dumps(rows, indent=1, ensure_ascii=False)


def _html(table: Table) -> str:
    """Without blank lines, so that Markdown may hold it."""
    title = f"<caption><span>{_in_html(table.caption)}</span></caption>" if table.caption else ""
    header = "".join(f'<th scope="col">{_in_html(name)}</th>' for name in table.columns)
    opened = [f'<tr id="{escape(anchor)}">' for anchor in table.anchors] or ["<tr>"] * len(table.rows)
    body = "".join(f"{tr}{_html_row(row)}</tr>\n" for tr, row in zip(opened, table.rows, strict=True))
    kind = "table sticks" if len(table.columns) > NARROW else "table"
    inside = f"{title}<thead><tr>{header}</tr></thead>\n<tbody>\n{body}</tbody>"
    return f'<div class="scrolls" tabindex="0"><table class="{kind}">{inside}</table></div>'


def _html_row(row: Sequence[Any]) -> str:
    """The first cell is what the others are about."""
    first, *others = map(_in_html, row)
    return f'<th scope="row">{first}</th>' + "".join(f"<td>{cell}</td>" for cell in others)


def _in_html(cell: Any) -> str:
    return cell.text if isinstance(cell, Html) else escape(str(cell))


def _plain(cell: Any) -> Any:
    return cell.words if isinstance(cell, Html) else cell


STYLES: Mapping[str, Callable[[Table], str]] = {"md": _markdown, "csv": _csv, "html": _html, "json": _json}
