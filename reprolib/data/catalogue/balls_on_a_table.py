"""Balls on a table: no files were released; our simulations are held against a pinned mean, and against a fit."""

from pathlib import Path

import numpy as np

from reprolib.data import physical_scenes, table_top
from reprolib.data.catalogue.known import Entry
from reprolib.settings.physical import World

SAMPLE = {"count": 20, "seed": 5, "stream": 0}
EARLY = 4  # frames: later ones depend on the rounding of collisions
MEAN = 0.465521  # of the sample's absolute values in early frames, VERSION 1
TOLERANCE = 1e-3  # of the mean
SOLVED = 18  # scenes of the sample at least in which a least-squares fit finds all links


def _check() -> list[str]:
    if said := table_top.missing():
        return [f"absent   {said}"]
    scenes = physical_scenes.generate(World(), **SAMPLE)
    found = float(np.abs(scenes.trajectories[:, :, :EARLY]).mean())
    if abs(found - MEAN) > TOLERANCE * MEAN:
        return [f"differs  the balls move otherwise here: mean absolute value {found:.6f} instead of {MEAN:.6f}"]
    return [f"ok       the balls move as pinned: mean absolute value {found:.6f}", _solved(scenes)]


def _solved(scenes: physical_scenes.PhysicalScenes) -> str:
    """What a fit of forces makes of the scenes."""
    from reprolib.data import link_fits

    right = link_fits.by_forces(scenes.trajectories, World()) == link_fits.pair_kinds(scenes.connections)
    count = int(right.all(1).sum())
    return f"{'ok' if count >= SOLVED else 'differs':8} a least-squares fit finds all links in {count} of {len(scenes)}"


def _write(folder: Path, size: int) -> None:
    np.savez_compressed(folder / "scenes.npz", **vars(physical_scenes.generate(World(), size, seed=0, stream=0)))


ENTRY = Entry(
    name="physics",
    title="Balls on a table with hidden links (Santoro et al. 2017), simulated by MuJoCo",
    licence="generated; nothing was released",
    url=None,
    size=None,
    layout="none: the paper leaves the constants open, and the generator has ours",
    generator="scenes.npz with trajectories [S, 10, 16, 2], connections [S, 10, 10], systems, redrawn; size: scenes S",
    download=None,
    check=_check,
    write=_write,
)
