"""`literalinclude` that lays Python out anew for the width of a page: the same code, and never a copy by hand.

The library has lines of up to 120 columns, a page shows 76 of them. So what `:pyobject:` takes out of a module is laid
out once more. Trailing comments that make a line too long move above it (but `# [B, N]`, the shape that a line ends
in); ruff breaks the code; what ruff leaves alone, comments, docstrings and long strings, is wrapped here. Nothing else
changes: a test compares the syntax trees.
"""

import ast
import io
import re
import subprocess
import sys
import textwrap
import tokenize
from itertools import groupby

from docutils import nodes
from sphinx.directives.code import LiteralInclude

WIDTH = 76  # as in notebooks/ruff.toml: what a page shows without scrolling
QUOTES = '"""'
ENTRY = re.compile(r"\w+: ")  # a line of a docstring that begins an argument or an error
LONE_STRING = re.compile(r'(?P<indent> +)(?P<prefix>f?)"(?P<text>[^"]*)"(?P<end>,?)')


class NarrowInclude(LiteralInclude):
    """The directive of Sphinx; one object of a Python module comes out at `WIDTH` columns."""

    def run(self) -> list[nodes.Node]:
        found = super().run()
        if "pyobject" in self.options:
            for block in (block for node in found for block in node.findall(nodes.literal_block)):
                narrowed = narrow(block.rawsource)
                block.rawsource, block[:] = narrowed, [nodes.Text(narrowed)]
        return found


def narrow(source: str, width: int = WIDTH) -> str:
    """The same code at `width` columns, its first line without indentation."""
    source = _comments_above(textwrap.dedent(source), width)
    lines = _formatted(source, width).splitlines()
    lines = [part for line in lines for part in _string_broken(line, width)]
    lines = _docstrings_wrapped(lines, width)
    return "\n".join(_comments_wrapped(lines, width)) + "\n"


def _formatted(source: str, width: int) -> str:
    command = [sys.executable, "-m", "ruff", "format", "--isolated", f"--line-length={width}", "-"]
    return subprocess.run(command, input=source, capture_output=True, text=True, check=True).stdout


def _comments_above(source: str, width: int) -> str:
    """Trailing comments of lines that are too long, each on a line of its own above; a shape, `# [B, N]`, stays."""
    lines = source.splitlines()
    comments = [t for t in tokenize.generate_tokens(io.StringIO(source).readline) if t.type == tokenize.COMMENT]
    for (row, column), comment in ((token.start, token.string) for token in comments):
        code = lines[row - 1][:column].rstrip()
        if code and len(lines[row - 1]) > width and not comment.startswith("# ["):
            lines[row - 1] = f"{_indent(code)}{comment}\n{code}"
    return "\n".join(lines) + "\n"


def _string_broken(line: str, width: int) -> list[str]:
    """A line that holds one long string and nothing else, as several strings, which Python joins again."""
    found = LONE_STRING.fullmatch(line)
    if found is None or len(line) <= width:
        return [line]
    indent, prefix, text, end = found.groups()
    words = re.findall(r"(?:\{[^}]*\}|[^ {])+ *| +", text)  # what stands in braces is no place to break
    parts = [""]
    for word in words:
        if parts[-1] and len(f'{indent}{prefix}"{parts[-1]}{word}"{end}') > width:
            parts.append("")
        parts[-1] += word
    ends = [""] * (len(parts) - 1) + [end]
    return [f'{indent}{prefix if "{" in p else ""}"{p}"{e}' for p, e in zip(parts, ends, strict=True)]


def _docstrings_wrapped(lines: list[str], width: int) -> list[str]:
    """Paragraphs of docstrings that hold a line too long, filled anew."""
    tree = ast.parse("\n".join(lines))
    described = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    strings = [node.body[0] for node in ast.walk(tree) if isinstance(node, described) and ast.get_docstring(node)]
    for string in sorted(strings, key=lambda node: -node.lineno):
        inside = slice(string.lineno - 1, string.end_lineno)
        lines[inside] = [line for part in _paragraphs(lines[inside]) for line in _filled(part, "", width)]
    return lines


def _paragraphs(lines: list[str]) -> list[list[str]]:
    """Lines that run on: of one indentation, and those below an entry that stand deeper than its first line."""
    parts: list[list[str]] = []
    for line in lines:
        if parts and _runs_on(parts[-1], line):
            parts[-1].append(line)
        else:
            parts.append([line])
    return parts


def _runs_on(part: list[str], line: str) -> bool:
    if not part[0].strip() or line.strip() in ("", QUOTES) or ENTRY.match(line.lstrip()):
        return False
    below_entry = bool(ENTRY.match(part[0].lstrip())) and len(_indent(line)) > len(_indent(part[0]))
    return below_entry or _indent(line) == _indent(part[-1])


def _comments_wrapped(lines: list[str], width: int) -> list[str]:
    """Comments on lines of their own that are too long, filled anew with the lines that they run on."""
    wrapped = []
    for key, part in groupby(lines, lambda line: line.lstrip().startswith("#") and _indent(line)):
        run = list(part)
        wrapped += run if key is False else _filled(run, "# ", width)
    return wrapped


def _filled(lines: list[str], mark: str, width: int) -> list[str]:
    """A paragraph in as few lines as it takes, if one of them is too long."""
    if all(len(line) <= width for line in lines):
        return lines
    first = _indent(lines[0])
    rest = _indent(lines[1]) if len(lines) > 1 else first + "    " * bool(ENTRY.match(lines[0].lstrip()))
    text = " ".join(line.strip().removeprefix(mark) for line in lines)
    text = re.sub(r"\[[^\]]*\]", lambda shape: shape[0].replace(" ", "\xa0"), text)  # no break in [B, N]
    filled = textwrap.wrap(
        text,
        width,
        initial_indent=first + mark,
        subsequent_indent=rest + mark,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return [line.replace("\xa0", " ") for line in filled]


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]


def setup(app) -> dict[str, bool]:
    """Take the place of `literalinclude`."""
    app.add_directive("literalinclude", NarrowInclude, override=True)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
