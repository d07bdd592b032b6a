"""Code on pages: the library's own, to the last token of the syntax tree, in lines that a page can show."""

import ast
import io
import re
import textwrap
import tokenize

import pytest
from narrow_code import WIDTH, narrow

from reprolib.paths import ROOT

PAGES = sorted((ROOT / "book").rglob("*.md"))
DESCRIBED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
INCLUDED = [
    ((page.parent / path).resolve(), name)
    for page in PAGES
    for path, name in re.findall(r"^```\{literalinclude\} (\S+)\n:pyobject: (\S+)$", page.read_text(), re.MULTILINE)
]


def source_of(path, name):
    """The lines of an object of a module, decorators included, as Sphinx takes them."""
    text = path.read_text()
    node = ast.parse(text)
    for part in name.split("."):
        node = next(child for child in node.body if getattr(child, "name", None) == part)
    first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
    return "".join(text.splitlines(keepends=True)[first - 1 : node.end_lineno])


def meaning(source):
    """The syntax tree, in which only the line breaks of docstrings do not count, and the words of the comments."""
    source = textwrap.dedent(source)
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, DESCRIBED) and ast.get_docstring(node):
            node.body[0].value.value = " ".join(node.body[0].value.value.split())
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    comments = " ".join(token.string for token in tokens if token.type == tokenize.COMMENT)
    return ast.dump(tree), sorted(re.findall(r"[^\s#]+", comments))


def test_pages_take_code_out_of_the_library():
    assert len(INCLUDED) > 20
    fences = sum(page.read_text().count("{literalinclude}") for page in PAGES)
    assert fences == len(INCLUDED), "each names its object, so that it is laid out for the page"


@pytest.mark.parametrize(("path", "name"), INCLUDED, ids=lambda value: getattr(value, "stem", value))
def test_included_code_is_the_library_s_and_fits(path, name):
    source = source_of(path, name)
    shown = narrow(source)
    assert meaning(shown) == meaning(source)
    assert max(map(len, shown.splitlines())) <= WIDTH


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_fenced_code_fits(page):
    blocks = re.split(r"^```", page.read_text(), flags=re.MULTILINE)[1::2]
    assert [line for block in blocks for line in block.splitlines() if len(line) > WIDTH] == []


def narrowed(source, width=40):
    return narrow(textwrap.dedent(source).lstrip("\n"), width)


def test_a_long_comment_moves_above_its_line_and_a_shape_stays_behind_it():
    assert narrowed("total = a + b  # a long remark about this sum\n") == (
        "# a long remark about this sum\ntotal = a + b\n"
    )
    assert narrowed("total = function(first, second)  # [B, N, D]\n") == (
        "total = function(\n    first, second\n)  # [B, N, D]\n"
    )
    assert narrowed("total = 1  # short\n") == "total = 1  # short\n"


def test_comments_are_filled_with_the_lines_that_they_run_on():
    assert narrowed("# one two three four five six seven eight nine\n# ten\n\n# apart\n") == (
        "# one two three four five six seven\n# eight nine ten\n\n# apart\n"
    )


def test_a_long_string_is_broken_between_words_and_outside_braces():
    source = 'raise InputError(f"{one} is not known here: choose among {two + three} of them")\n'
    shown = narrowed(source)
    assert shown.splitlines()[1:-1] == [
        '    f"{one} is not known here: choose "',
        '    f"among {two + three} of them"',
    ]
    assert meaning(shown) == meaning(source)


def test_docstrings_keep_their_paragraphs_entries_and_quotes():
    source = '''
        def f(a, b):
            """One sentence that is longer than a line.

            Short.

            Args:
                a: the first of two, explained at length.
                b: [B, N], the second.
            """
    '''
    assert narrowed(source).splitlines() == [
        "def f(a, b):",
        '    """One sentence that is longer than',
        "    a line.",
        "",
        "    Short.",
        "",
        "    Args:",
        "        a: the first of two, explained",
        "            at length.",
        "        b: [B, N], the second.",
        '    """',
    ]


def test_a_method_begins_at_the_margin():
    assert narrow("    @staticmethod\n    def f():\n        return 1\n") == "@staticmethod\ndef f():\n    return 1\n"
