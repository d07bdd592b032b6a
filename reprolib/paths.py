"""Every directory of the suite, named once. Environment variables move two of them."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = ROOT / "notebooks"
BUILD = ROOT / "_build"
CHECKPOINTS = BUILD / "checkpoints"
EXECUTED = BUILD / "results"


def real_data() -> Path | None:
    """Folder of the real data sets (REPROLIB_DATA), or None when the user has named none."""
    folder = os.environ.get("REPROLIB_DATA")
    return Path(folder).expanduser() if folder else None


def results() -> Path:
    """Folder of the records (REPROLIB_RESULTS, by default the committed results/)."""
    return Path(os.environ.get("REPROLIB_RESULTS", ROOT / "results")).expanduser()


def downloads() -> Path:
    """Where fetched archives go: REPROLIB_DATA when set, else data/ in the checkout."""
    return real_data() or ROOT / "data"
