"""Tracked games of the NBA, as the files of Tufts' team-dynamics-time-series hold them: what is read and refused.

For each split, where G is a number of games:

    player_coords_SPLIT__with_G_games.npy      [T, 10, 2], units of the court; 0-4 one team, 5-9 the other
    ball_coords_SPLIT__with_G_games.npy        [T, 3], x and y in units of the court, height in feet
    example_stop_idxs_SPLIT__with_G_games.npy  [S + 1], -1 and the last row of each stretch without a gap; as published
                                               the last of them is T, one more than the last row

Rows are a fifth of a second apart. Dimensions: T rows, S stretches.
"""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from reprolib.data.array_files import read_array
from reprolib.errors import InputError

COURT = (94.0, 50.0)  # feet, length and width
PLAYERS, TEAM = 10, 5
SPLITS = {"train": "train", "valid": "val", "test": "test"}  # and what the files call them
PARTS = ("player_coords", "ball_coords", "example_stop_idxs")
OUTSIDE = (-0.25, 1.25)  # units of the court that a place may have: players and balls step out, but not far
HEIGHTS = (-5.0, 100.0)  # feet that a ball's height may have
RESTORE = "restore it from team-dynamics-time-series"


@dataclass(frozen=True, eq=False)
class Tracking:
    """All games of one split, one after another, in feet."""

    players: np.ndarray  # float64 [T, 10, 2]
    ball: np.ndarray  # float64 [T, 2]
    heights: np.ndarray  # of the ball, float64 [T]
    stretches: np.ndarray  # int64 [S, 2]: first row, and the row after the last
    games: int

    def __len__(self) -> int:
        return len(self.players)


def missing(folder: Path) -> str | None:
    """Which file is not there, and what to do; None where all are."""
    for split in SPLITS:
        games = max(_games(folder, split), default=None)
        if games is None:
            return f"{folder} holds no {_name('player_coords', split, 'N')} with a number N of games: {RESTORE}"
        for path in files(folder, split):
            if not path.is_file():
                return f"{path} is not there: {RESTORE}"
    return None


def files(folder: Path, split: str) -> list[Path]:
    """The files of a split, of as many games as there are; see `PARTS`."""
    return [folder / _name(part, split, max(_games(folder, split))) for part in PARTS]


def digest(folder: Path) -> str:
    """Hash of all files that are read."""
    found = hashlib.sha256()
    for path in (path for split in SPLITS for path in files(folder, split)):
        found.update(path.read_bytes())
    return found.hexdigest()


def read(folder: Path, split: str) -> Tracking:
    """The games of "train", "valid" or "test".

    Raises:
        InputError: a file that is not there or is no array of the expected kind; names the file and, where there is
            one, the row.
    """
    if said := missing(folder):
        raise InputError(said)
    players_file, ball_file, stops_file = files(folder, split)
    players = _places(players_file, (None, PLAYERS, 2))
    ball = _places(ball_file, (len(players), 3))
    _check_range(players_file, players, OUTSIDE, "units of the court, 0 to 1")
    _check_range(ball_file, ball[:, :2], OUTSIDE, "units of the court, 0 to 1, in the first two columns")
    _check_range(ball_file, ball[:, 2], HEIGHTS, "feet in the last column")
    stops = _stops(stops_file, len(players))
    stretches = np.stack([stops[:-1] + 1, stops[1:] + 1], axis=1)  # [S, 2]
    return Tracking(players * COURT, ball[:, :2] * COURT, ball[:, 2], stretches, max(_games(folder, split)))


def _name(part: str, split: str, games: int | str) -> str:
    return f"{part}_{SPLITS[split]}__with_{games}_games.npy"


def _games(folder: Path, split: str) -> list[int]:
    """Numbers of games for which there are files of a split."""
    pattern = re.compile(_name("player_coords", split, r"(\d+)"))
    names = (path.name for path in folder.glob("*.npy"))
    return [int(found[1]) for name in names if (found := pattern.fullmatch(name))]


def _places(path: Path, shape: tuple[int | None, ...]) -> np.ndarray:
    """Finite coordinates of this shape, None for any length, as float64."""
    found = read_array(path, RESTORE)
    if found.dtype.kind != "f":
        raise InputError(f"{path} holds {found.dtype} and not real numbers: {RESTORE}")
    if found.ndim != len(shape) or any(size not in (None, got) for size, got in zip(shape, found.shape, strict=True)):
        wanted = ", ".join("rows" if size is None else str(size) for size in shape)
        raise InputError(f"{path} has the shape {list(found.shape)} and not [{wanted}]: {RESTORE}")
    if not np.isfinite(found).all():
        row = np.argwhere(~np.isfinite(found))[0, 0]
        raise InputError(f"{path}, row {row} (counting from 0), holds a value that is not finite: {RESTORE}")
    return found.astype(np.float64)


def _check_range(path: Path, values: np.ndarray, limits: tuple[float, float], unit: str) -> None:
    low, high = limits
    off = (values < low) | (values > high)
    if off.any():
        row = np.argwhere(off)[0, 0]
        value = values[off][0]
        raise InputError(f"{path}, row {row} (counting from 0), holds {value:g}: give {unit}")


def _stops(path: Path, rows: int) -> np.ndarray:
    """The ends of the stretches [S + 1]: whole numbers that rise from -1 to the last row, which may be given as T."""
    found = read_array(path, RESTORE)
    if found.dtype.kind not in "iu" or found.ndim != 1:
        raise InputError(f"{path} holds {found.dtype} {list(found.shape)} and not a list of whole numbers: {RESTORE}")
    found = found.astype(np.int64)
    if len(found) < 2 or found[0] != -1 or found[-1] not in (rows - 1, rows):
        raise InputError(f"{path} must begin with -1 and end with {rows - 1} or {rows}, the rows at hand: {RESTORE}")
    if (falls := np.flatnonzero(np.diff(found) <= 0)).size:
        row = falls[0] + 1
        raise InputError(f"{path}, row {row} (counting from 0), is {found[row]} after {found[row - 1]}: {RESTORE}")
    return np.minimum(found, rows - 1)
