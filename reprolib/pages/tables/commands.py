"""Commands on a page: each with a button that copies it, under what they need first."""

import shlex
from collections.abc import Iterable, Sequence
from html import escape
from itertools import pairwise

from reprolib import experiments

ENVIRONMENT = ". .venv/bin/activate  # made by `make test`; with conda: conda activate reprolib"
DATA_FOLDER = "export REPROLIB_DATA=~/data  # a folder that holds one subfolder a data set"


def block(lines: Iterable[str]) -> str:
    """Lines of shell in the structure that the book gives a copy button."""
    return f'<div class="highlight commands"><pre>{escape(chr(10).join(lines))}</pre></div>'


def with_needs(commands: Sequence[str]) -> str:
    """Commands one by one, after the environment and the real data that they need."""
    return needs(commands) + "".join(block([command]) for command in commands)


def needs(commands: Iterable[str]) -> str:
    """What has to be there before these commands can run."""
    fetched = dict.fromkeys(name for name in map(_fetched, commands) if name)
    data = [DATA_FOLDER, *(f"reprolib data fetch {name}" for name in fetched)] if fetched else []
    what = "the environment and the real data" if data else "the environment"
    return f"<p>First, once, {what}:</p>{block([ENVIRONMENT, *data])}<p>Then:</p>"


def _fetched(command: str) -> str | None:
    """The real data set that a command reads; None where it generates its data."""
    words = [word.rstrip(";") for word in shlex.split(command)]
    following = dict(pairwise(words))
    if following.get("--data") != "real":
        return None
    from reprolib.data import catalogue  # which brings the readers of all data sets

    row = experiments.get(following["run"]).row(following["--row"])
    name = row.source.reader.split(".")[2]  # reprolib.data.NAME.dataset
    return catalogue.get(name if getattr(row.config.data, "pictures", True) else f"{name}_no_images").name
