"""Pieces of HTML that tables and pages are made of. Text is escaped by whoever puts it into a cell."""

from collections.abc import Iterable, Sequence
from html import escape

Rows = Iterable[Sequence[str]]


def table(caption: str, head: Sequence[str], rows: Rows, anchors: Sequence[str] = ()) -> str:
    """A table of cells that are HTML already, without blank lines, so that Markdown may hold it.

    Args:
        anchors: an identifier a row, to which links may lead.
    """
    title = f"<caption>{escape(caption)}</caption>" if caption else ""
    header = "".join(f'<th scope="col">{cell}</th>' for cell in head)
    cells = ["".join(f"<td>{cell}</td>" for cell in row) for row in rows]
    opened = [f'<tr id="{escape(anchor)}">' for anchor in anchors] or ["<tr>"] * len(cells)
    body = "".join(f"{tr}{row}</tr>\n" for tr, row in zip(opened, cells, strict=True))
    return f'<table class="table">{title}<thead><tr>{header}</tr></thead>\n<tbody>\n{body}</tbody></table>'


def sign(shown: str, words: str, link: str | None = None) -> str:
    """A sign that says in words what it means, to a pointer that rests on it and to who hears the page."""
    said = f'title="{escape(words)}" aria-label="{escape(words)}"'
    if link is not None:
        return f'<a href="{escape(link)}" class="sign" {said}>{shown}</a>'
    return f'<span role="img" class="sign" {said}>{shown}</span>'


def unbroken(text: str) -> str:
    """Text that is not broken over lines, as at the sign of an exponent."""
    return f'<span style="white-space: nowrap">{text}</span>'


def breakable(name: str) -> str:
    """A metric or experiment that may break over lines after a slash or an underscore."""
    return escape(name).replace("/", "/<wbr>").replace("_", "_<wbr>")


def paragraph(text: str) -> str:
    """Plain text as a paragraph."""
    return f"<p>{escape(text)}</p>"


def bullets(items: Iterable[str]) -> str:
    """A list of items that are HTML already."""
    return f"<ul>{''.join(f'<li>{item}</li>' for item in items)}</ul>"


def code(lines: Iterable[str]) -> str:
    """Lines of shell, or names of files."""
    return f"<pre>{escape(chr(10).join(lines))}</pre>"


def unfolds(title: str, inside: str) -> str:
    """A part that is hidden until its title is chosen."""
    return f'<details class="unfolds"><summary>{escape(title)}</summary>\n{inside}</details>'
