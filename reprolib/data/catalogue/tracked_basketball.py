"""Basketball: tracked games that the user brings, whose plays are counted, and plays of the generated game."""

from pathlib import Path

import numpy as np

from reprolib.data.basketball import basketball_tensors, generated_plays, play_windows, tracked_games
from reprolib.data.catalogue.known import Entry
from reprolib.errors import InputError
from reprolib.settings.data_sets import PLAY_FRAMES

PUBLISHED = {("train", 5): 22_016, ("valid", 4): 10_602, ("test", 5): 13_060}  # rows, by split and number of games


def _check() -> list[str]:
    folder = basketball_tensors.folder()
    if folder is None:
        raise InputError(basketball_tensors.NOT_THERE)
    return [_check_split(folder, split) for split in tracked_games.SPLITS]


def _check_split(folder: Path, split: str) -> str:
    """Read a split, compare its rows with those published, and count its plays."""
    tracking = tracked_games.read(folder, split)
    expected = PUBLISHED.get((split, tracking.games), len(tracking))
    every, apart = (len(play_windows.play_rows(tracking, stride)) for stride in (1, PLAY_FRAMES))
    fits = len(tracking) == expected and apart > 0
    off = "" if len(tracking) == expected else f" should hold {expected} rows;"
    said = f"{tracking.games} games, {len(tracking)} rows;{off} {every} plays, or {apart} that do not overlap"
    return f"{'ok' if fits else 'differs':8} {split}: {said}"


def _write(folder: Path, size: int) -> None:
    positions, edges = generated_plays.generate(size, seed=0, stream=0)
    np.savez_compressed(folder / "plays.npz", positions=positions, edges=edges)


ENTRY = Entry(
    name="basketball",
    title="Games of the NBA, tracked at 5 Hz, in place of the paper's pick-and-rolls (Kipf et al. 2018)",
    licence="MIT",
    url=None,
    size=None,
    layout="basketball/: player_coords, ball_coords and example_stop_idxs of train, val and test, as .npy files of "
    "Tufts' team-dynamics-time-series",
    generator="plays.npz with positions [M, 26, 5, 2] in feet and edges [M, 5, 4]; size: plays M of a small game",
    download=None,
    check=_check,
    write=_write,
    there=lambda: basketball_tensors.folder() is not None,
    by_hand="its authors publish it with their code, team-dynamics-time-series, and there is no archive to fetch",
)
