"""The foot of every page: when and from what it was built, and how long its notebook ran.

The day is that of SOURCE_DATE_EPOCH where it is set, so that a build can be repeated to the byte. The minutes stand
beside an executed notebook, where `reprolib execute` leaves them.
"""

import datetime
import json
import os
import platform
import time
from functools import partial
from html import escape
from importlib.metadata import version
from pathlib import Path
from typing import Any

from reprolib import __version__
from reprolib.evidence import code_version

SHOWN = 10  # characters of a commit


def built(environment: dict[str, str]) -> str:
    """One sentence, the same for all pages of a build."""
    moment = int(environment.get("SOURCE_DATE_EPOCH") or time.time())
    day = datetime.datetime.fromtimestamp(moment, datetime.UTC).date()
    commit, dirty = code_version.commit()
    source = f" from commit {commit[:SHOWN]}{' with changes' * bool(dirty)}" if commit else ""
    versions = f"reprolib {__version__}, torch {version('torch')} and Python {platform.python_version()}"
    return f"Built on {day}{source}, with {versions}."


def executed(notebook: Path) -> str:
    """One sentence on an executed notebook; nothing where nobody timed it."""
    timed = notebook.with_suffix(".json")
    if not timed.exists():
        return ""
    return f" This notebook was executed in {json.loads(timed.read_text())['seconds'] / 60:.1f} minutes."


def _add(sentence: str, app, page: str, template: str, context: dict[str, Any], doctree) -> None:
    notebook = Path(app.srcdir) / f"{page}.ipynb"
    context["theme_extra_footer"] = f'<p class="colophon">{escape(sentence + executed(notebook))}</p>'


def setup(app) -> dict[str, bool]:
    """Fill the theme's own place for it, page by page."""
    app.connect("html-page-context", partial(_add, built(dict(os.environ))))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
