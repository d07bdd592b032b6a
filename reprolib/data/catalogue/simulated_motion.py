"""Springs, charged particles, oscillators: no files were released; the simulators are held against pinned means."""

from functools import partial
from pathlib import Path

import numpy as np

from reprolib.data import particle_files, simulations
from reprolib.data.catalogue.known import Entry
from reprolib.settings.data_sets import FRAMES

SAMPLE = {"count": 8, "objects": 5, "frames": 49, "seed": 5, "stream": 0}
MEANS = {
    "springs": 0.507255,
    "charged": 0.942708,
    "kuramoto": 0.59292,
}  # of the sample's absolute values, VERSION 1
OFFICIAL = "nri/ with loc_, vel_ and edges_ files that the official code wrote, as edges_train_springs5.npy; else "
TOLERANCE = 1e-3  # charged particles that come close amplify rounding


def _check(kind: str) -> list[str]:
    return [_check_simulator(kind), *_check_files(kind)]


def _check_files(kind: str) -> list[str]:
    """Read all files of the official code, where there are any."""
    place, lines = particle_files.folder(), []
    for objects, splits in particle_files.held(place, kind).items() if place else ():
        counts = [len(particle_files.read(place, kind, objects, split, None, FRAMES).edges) for split in splits]
        if "train" in splits:
            particle_files.scale(place, kind, objects)
        said = ", ".join(f"{split} {count}" for split, count in zip(splits, counts, strict=True))
        lines.append(f"ok       files of {objects} objects: {said} scenes")
    return lines


def _check_simulator(kind: str) -> str:
    found = float(np.abs(simulations.simulate(kind, **SAMPLE).trajectories).mean())
    pinned = MEANS[kind]
    if abs(found - pinned) > TOLERANCE * pinned:
        return f"differs  the simulator moves otherwise here: mean absolute value {found:.6f} instead of {pinned:.6f}"
    return f"ok       the simulator moves as pinned: mean absolute value {found:.6f}"


def _write(kind: str, folder: Path, size: int) -> None:
    scenes = simulations.simulate(kind, size, objects=5, frames=49, seed=0, stream=0)
    np.savez_compressed(folder / "scenes.npz", trajectories=scenes.trajectories, edges=scenes.edges)


def _entry(kind: str, title: str, layout: str) -> Entry:
    return Entry(
        name=kind,
        title=f"{title} (Kipf et al. 2018)",
        licence="generated; nothing was released",
        url=None,
        size=None,
        layout=f"{layout}the paper's own procedure is the generator",
        generator="scenes.npz with trajectories [M, 49, 5, D] and edges [M, 5, 4], not normalised; size: scenes M",
        download=None,
        check=partial(_check, kind),
        write=partial(_write, kind),
    )


ENTRIES = (
    _entry("springs", "Particles joined by springs", OFFICIAL),
    _entry("charged", "Charged particles", OFFICIAL),
    _entry("kuramoto", "Kuramoto's phase-coupled oscillators", "none: "),
)
