"""Simulated motion as tensors: trajectories in the units of the paper's training scenes, and the true edges.

Scenes are simulated here by default; "real" ones are files that the official code has written. M scenes, T frames, N
objects, D features.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor

from reprolib.data import particle_files, ranges, simulations
from reprolib.data.split import Dataset, Split
from reprolib.errors import InputError
from reprolib.evidence.deviations import Deviation
from reprolib.settings.data_sets import FRAMES, MotionData
from reprolib.settings.declared import counted

OTHERS = "others"  # test scenes with other numbers of objects
STREAMS = ("train", "valid", "test", OTHERS)  # of simulated scenes, numbered in this order

Draw = Callable[[str, int, int, int], simulations.Simulations]  # of a split, a number of objects, scenes and frames


def available(settings: MotionData, kind: str) -> str | None:
    """None where the data can be had, else the reason."""
    if kind != "real":
        return None
    if (place := particle_files.folder()) is None:
        return (
            f"the {settings.kind} data were never released as files: use --data generated, their own procedure, or set "
            "REPROLIB_DATA to a folder that holds nri/ with files of the official code, as loc_train_springs5.npy"
        )
    return particle_files.missing(place, settings.kind, settings.objects)


def load(settings: MotionData, kind: str) -> Dataset:
    """Normalised splits from independent streams; the units are those of the paper's 50,000 training scenes.

    Of files at most as many scenes as asked for are read, the first ones; their units are those of the training file.
    Columns: trajectories float32 [M, T, N, D], edges int64 [M, N, N - 1]. Tables of the test split hold those of scenes
    with other numbers of objects, as trajectories/3 and edges/3.

    Raises:
        InputError: real data are asked for and there are no files, or they are damaged.
    """
    if missing := available(settings, kind):
        raise InputError(missing)
    draw, sizes, scale = _files(settings) if kind == "real" else _simulator(settings)
    lengths = {"train": FRAMES, "valid": FRAMES, "test": settings.test_frames}
    drawn = {name: draw(name, settings.objects, getattr(settings, name), frames) for name, frames in lengths.items()}
    splits = {name: Split(_columns(scenes, scale)) for name, scenes in drawn.items()}
    for objects in sizes:
        for name, column in _columns(draw(OTHERS, objects, settings.of_others, FRAMES), scale).items():
            splits["test"].tables[f"{name}/{objects}"] = column
    facts = {"features": drawn["train"].trajectories.shape[-1], "scale": scale}
    name, fewer = f"{settings.kind}_{settings.objects}", _fewer(settings, splits, sizes)
    return Dataset(name, kind, identity(settings, kind), splits, facts, fewer)


def identity(settings: MotionData, kind: str) -> str:
    """Hash of the recipe, which fixes the scenes, and of their units; or of the files."""
    if kind == "real":
        place, tested = particle_files.folder(), _sizes(settings)
        files = [particle_files.digest(place, settings.kind, settings.objects)]
        files += [particle_files.digest(place, settings.kind, objects, ("test",)) for objects in tested]
        recipe = f"motion {kind} {sorted(counted(settings).items())} files {files}"
        return hashlib.sha256(recipe.encode()).hexdigest()
    units = ranges.identity(settings.kind, settings.objects, settings.seed)
    recipe = f"motion {sorted(counted(settings).items())} generator {simulations.VERSION} units {units}"
    return hashlib.sha256(recipe.encode()).hexdigest()


def _simulator(settings: MotionData) -> tuple[Draw, Sequence[int], simulations.Scale]:
    """What draws scenes, the other numbers of objects that it has, and the units."""

    def draw(split: str, objects: int, count: int, frames: int) -> simulations.Simulations:
        return simulations.cached(settings.kind, count, objects, frames, settings.seed, STREAMS.index(split))

    return draw, settings.others, ranges.scale(settings.kind, settings.objects, settings.seed)


def _files(settings: MotionData) -> tuple[Draw, Sequence[int], simulations.Scale]:
    """As `_simulator`, of the user's files. The scenes of other sizes are those that test models of their size."""
    place = particle_files.folder()

    def draw(split: str, objects: int, count: int, frames: int) -> simulations.Simulations:
        name = "test" if split == OTHERS else split
        return particle_files.read(place, settings.kind, objects, name, count, frames)

    return draw, _sizes(settings), particle_files.scale(place, settings.kind, settings.objects)


def _sizes(settings: MotionData) -> list[int]:
    """The other numbers of objects of which there are files."""
    place = particle_files.folder()
    return [size for size in settings.others if particle_files.missing(place, settings.kind, size, ("test",)) is None]


def _fewer(settings: MotionData, splits: Mapping[str, Split], sizes: Sequence[int]) -> tuple[Deviation, ...]:
    """What files hold less than is asked for."""
    found = [(name, len(split), getattr(settings, name)) for name, split in splits.items()]
    said = [f"the files hold {held:,} scenes of {name}, not {asked:,}" for name, held, asked in found if held < asked]
    if absent := [str(size) for size in settings.others if size not in sizes]:
        said.append(f"there are no test files of {', '.join(absent)} objects")
    return tuple(Deviation("data", text, less=True) for text in said)


def _columns(scenes: simulations.Simulations, scale: simulations.Scale) -> dict[str, Tensor]:
    trajectories = torch.from_numpy(scale.apply(scenes.trajectories)).float()
    return {"trajectories": trajectories, "edges": torch.from_numpy(scenes.edges)}
