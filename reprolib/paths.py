"""Every directory of the suite, named once. Environment variables move two of them.

A checkout is worked in where it lies. An installed package leaves its folder alone and works in the current directory.
"""

import os
from pathlib import Path

LIBRARY = Path(__file__).resolve().parent
ROOT = LIBRARY.parent
WORK = ROOT if (ROOT / "pyproject.toml").is_file() else Path.cwd()  # what is written goes below
NOTEBOOKS = ROOT / "notebooks"
SPEED, PROFILE = "speed.csv", "profile.csv"  # in the results folder: what `bench` and `profile` measured with --keep
BLENDER = ROOT / "book" / "blender"  # a few pictures of the official assets, with their scenes
BUILD = WORK / "_build"
CHECKPOINTS = BUILD / "checkpoints"
EXECUTED = BUILD / "results"


def real_data() -> Path | None:
    """Folder of the real data sets: REPROLIB_DATA, else data/ in `WORK`; None where neither is there."""
    folder = os.environ.get("REPROLIB_DATA")
    if folder:
        return Path(folder).expanduser()
    return WORK / "data" if (WORK / "data").is_dir() else None


def results() -> Path:
    """Folder of the records (REPROLIB_RESULTS, by default the committed results/)."""
    return Path(os.environ.get("REPROLIB_RESULTS") or WORK / "results").expanduser()


def downloads() -> Path:
    """Where fetched archives go: REPROLIB_DATA when set, else data/ in `WORK`."""
    return real_data() or WORK / "data"
