"""Which code a run had: versions that can move a number, and the commit."""

import os
import platform
import subprocess
from pathlib import Path

import numpy
import torch

from reprolib import __version__, paths

ELSEWHERE = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR")  # as a hook of another repository sets


def versions() -> dict[str, str]:
    """Versions that can move a number."""
    return {
        "python": platform.python_version(),
        "torch": torch.__version__,
        "numpy": numpy.__version__,
        "reprolib": __version__,
    }


def commit() -> tuple[str | None, bool | None]:
    """Commit and whether the tree was dirty; a copy without .git names its commit in REPROLIB_COMMIT.

    The commit of a repository that merely surrounds the copy, or does not track the library, is not taken for it.
    """
    named = os.environ.get("REPROLIB_COMMIT")
    if named:
        return named.removesuffix("-dirty"), named.endswith("-dirty")
    try:
        top, tracked = Path(_git("rev-parse", "--show-toplevel")), _git("ls-files", "--", "reprolib")
        if top.resolve() != paths.ROOT.resolve() or not tracked:
            return None, None
        return _git("rev-parse", "HEAD"), bool(_git("status", "--porcelain", "--untracked-files=no", "--", "reprolib"))
    except (OSError, subprocess.CalledProcessError):
        return None, None


def _git(*arguments: str) -> str:
    command = ["git", "-C", str(paths.ROOT), *arguments]
    environment = {name: value for name, value in os.environ.items() if name not in ELSEWHERE}
    return subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout.strip()
