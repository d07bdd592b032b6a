"""Every directory of the suite, named once. Environment variables move two of them."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = ROOT / "notebooks"
SPEED, PROFILE = "speed.csv", "profile.csv"  # in the results folder: what `bench` and `profile` measured with --keep
BLENDER = ROOT / "book" / "blender"  # a few pictures of the official assets, with their scenes
BUILD = ROOT / "_build"
CHECKPOINTS = BUILD / "checkpoints"
EXECUTED = BUILD / "results"


def real_data() -> Path | None:
    """Folder of the real data sets: REPROLIB_DATA, else data/ in the checkout; None where neither is there."""
    folder = os.environ.get("REPROLIB_DATA")
    if folder:
        return Path(folder).expanduser()
    return ROOT / "data" if (ROOT / "data").is_dir() else None


def results() -> Path:
    """Folder of the records (REPROLIB_RESULTS, by default the committed results/)."""
    return Path(os.environ.get("REPROLIB_RESULTS") or ROOT / "results").expanduser()


def downloads() -> Path:
    """Where fetched archives go: REPROLIB_DATA when set, else data/ in the checkout."""
    return real_data() or ROOT / "data"
