"""Pieces of HTML that tables and pages are made of. What a function gives back is escaped already."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape, unescape

from reprolib.evidence.spelling import number


@dataclass(frozen=True)
class Html:
    """Markup that notebooks display."""

    text: str

    @property
    def words(self) -> str:
        """What it says, without its tags."""
        return unescape(re.sub(r"<[^>]+>", "", re.sub(r"<br>", " ", self.text))).strip()

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        return {"text/html": self.text, "text/plain": "a table (HTML)"}


class Markdown(str):
    """A cell's text that is Markdown already; the text of other cells is escaped where a table is written as such."""

    __slots__ = ()


def code(text: str) -> Markdown:
    """Text as code in Markdown, whatever it holds."""
    fence = "`" * (1 + max(map(len, re.findall("`+", text)), default=0))
    return Markdown(f"{fence} {text} {fence}" if len(fence) > 1 else f"`{text}`")


def sign(shown: str, words: str, link: str | None = None) -> str:
    """A sign that says in words what it means, to a pointer that rests on it and to who hears the page."""
    said = f'title="{escape(words)}" aria-label="{escape(words)}"'
    if link is not None:
        return f'<a href="{escape(link)}" class="sign" {said}>{shown}</a>'
    return f'<span role="img" class="sign" {said}>{shown}</span>'


def unbroken(text: str) -> str:
    """Text that is not broken over lines, as at the sign of an exponent."""
    return f'<span style="white-space: nowrap">{text}</span>'


def figure(value: float, metric: str = "") -> Html:
    """A figure that is not broken over lines at the sign of its exponent."""
    return Html(unbroken(number(value, metric)))


def breakable(name: str) -> str:
    """A metric or experiment that may break over lines after a slash or an underscore."""
    return escape(name).replace("/", "/<wbr>").replace("_", "_<wbr>")


def paragraph(text: str) -> str:
    """Plain text as a paragraph."""
    return f"<p>{escape(text)}</p>"


def bullets(items: Iterable[str]) -> str:
    """A list of items that are HTML already."""
    return f"<ul>{''.join(f'<li>{item}</li>' for item in items)}</ul>"


def unfolds(title: str, inside: str) -> str:
    """A part that is hidden until its title is chosen."""
    return f'<details class="unfolds"><summary>{escape(title)}</summary>\n{inside}</details>'
