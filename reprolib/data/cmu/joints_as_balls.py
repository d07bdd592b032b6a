"""Joints of a walking body as rows of balls, for a network that has only seen balls (Santoro et al. 2017, section 5.5).

S scenes, 10 joints, 16 frames. A scene is a stretch of a walk, seen in a plane, with ten of the body's joints in the
colours of the balls.
"""

import hashlib
from collections.abc import Sequence

import numpy as np
import torch

from reprolib.data.cmu import trials, walk_tensors
from reprolib.data.cmu.joint_paths import connections, joint_paths
from reprolib.data.cmu.skeleton import Walk
from reprolib.data.linked_balls import BALLS
from reprolib.data.physical_scenes import FRAMES
from reprolib.data.physical_tensors import COLOURS
from reprolib.data.split import Dataset, Split
from reprolib.errors import InputError
from reprolib.evidence.deviations import Deviation
from reprolib.settings.data_sets import JointsData, WalkData
from reprolib.settings.declared import counted

VERSION = 1  # part of the data's identity: raise it whenever the same seed gives other bytes

LIMBS = (  # our choice: a tree, of joints that are apart. A joint is named after the bone that ends there
    *("root", "thorax"),
    *("lhumerus", "lradius", "rhumerus", "rradius"),  # elbows and wrists
    *("lfemur", "ltibia", "rfemur", "rtibia"),  # knees and ankles
)
COLOUR = "rgb"  # as the network was trained
PATIENCE = 10_000  # draws of ten joints


def available(settings: JointsData, kind: str) -> str | None:
    """None where the walks can be had, else what is missing and how to get it."""
    return walk_tensors.available(WalkData(), kind)


def load(settings: JointsData, kind: str) -> Dataset:
    """Three splits by trial, as those of the walks; no network is trained on any of them.

    Columns: objects float32 [S, 10, 3 + 32] as of balls, in the order of the colours; connections int64 [S, 10, 10],
    1 where the body joins two of the chosen joints; bones int64 [S, 10, 10], 1 where a single bone does; choices int64
    [S], 0 for ours and from 1 on for those that are drawn.

    Raises:
        InputError: recorded walks are asked for and missing or damaged, or a trial is shorter than a scene.
    """
    if missing := available(settings, kind):
        raise InputError(missing)
    walks = walks_of(settings, kind)
    chosen = choices(next(iter(walks.values())), settings)
    splits = {
        name: _split([walks[trial] for trial in numbers if trial in walks], chosen, settings, stream)
        for stream, (name, numbers) in enumerate(trials.SPLITS.items())
    }
    facts = {"features": COLOURS[COLOUR].shape[1] + 2 * FRAMES}
    said = trials.lacking(walks)
    deviations = (Deviation("data", said, less=True),) if said else ()
    return Dataset("mocap_transfer", kind, identity(settings, kind), splits, facts, deviations)


def walks_of(settings: JointsData, kind: str) -> dict[int, Walk]:
    """The walks of every trial that is there."""
    return trials.recorded(trials.folder()) if kind == "real" else trials.generated(settings.seed)


def identity(settings: JointsData, kind: str) -> str:
    """Hash of the settings, and of the walks."""
    walks = walk_tensors.identity(WalkData(seed=settings.seed), kind)
    recipe = f"joints {sorted(counted(settings).items())} version {VERSION} walks {walks}"
    return hashlib.sha256(recipe.encode()).hexdigest()


def choices(walk: Walk, settings: JointsData) -> list[tuple[str, ...]]:
    """Ten joints each: ours, then as many as are asked for, drawn from all that are far enough from one another."""
    rng, far = np.random.default_rng(settings.seed), _far(walk, settings)
    drawn = [_drawn(far, rng) for _ in range(settings.choices)]
    return [LIMBS, *(tuple(walk.skeleton.names[joint] for joint in each) for each in drawn)]


def _far(walk: Walk, settings: JointsData) -> np.ndarray:
    """Whether two joints [J, J] are far enough from one another in space, in the mean over the frames of a walk."""
    _, half = _room(walk, settings)
    apart = walk.positions[:, :, None] - walk.positions[:, None]  # [F, J, J, 3]
    return settings.extent * np.linalg.norm(apart, axis=-1).mean(0) / half >= settings.apart


def _drawn(far: np.ndarray, rng: np.random.Generator) -> list[int]:
    """Ten joints: one by one in a random order, each that is far from those that are taken; anew if they do not do."""
    for _ in range(PATIENCE):
        taken: list[int] = []
        for joint in rng.permutation(len(far)):
            if len(taken) < BALLS and far[joint, taken].all():
                taken.append(int(joint))
        if len(taken) == BALLS:
            return sorted(taken)
    raise InputError(f"no ten joints are far enough from one another in {PATIENCE} draws: give a smaller data.apart")


def _room(walk: Walk, settings: JointsData) -> tuple[np.ndarray, float]:
    """Middle [2] and half the larger side of what the whole body takes up in the plane."""
    body = _seen(walk, walk.skeleton.names, settings)  # [T, J, 2]
    low, high = body.min((0, 1)), body.max((0, 1))
    return (low + high) / 2, float((high - low).max() / 2)


def _seen(walk: Walk, joints: Sequence[str], settings: JointsData) -> np.ndarray:
    """Places of joints [T, N, 2], in the walk's unit of length."""
    places = joint_paths(walk, joints, settings.plane, settings.rate)
    return places - joint_paths(walk, walk.skeleton.names[:1], settings.plane, settings.rate) * settings.rooted


def on_table(walk: Walk, joints: Sequence[str], settings: JointsData) -> np.ndarray:
    """Places of joints [T, N, 2] between -1 and 1. Every choice has the scale of the whole body, as it stands.

    Raises:
        InputError: there is no such joint.
    """
    middle, half = _room(walk, settings)
    return settings.extent * (_seen(walk, joints, settings) - middle) / half


def as_balls(places: np.ndarray) -> np.ndarray:
    """Places of ten joints [16, 10, 2] as rows of ten balls in the order of the colours, float32 [10, 3 + 32]."""
    x, y = np.moveaxis(places, (2, 1), (0, 1))  # [10, 16] each
    return np.concatenate([COLOURS[COLOUR], x, y], axis=1).astype(np.float32)


def _split(walks: list[Walk], chosen: list[tuple[str, ...]], settings: JointsData, stream: int) -> Split:
    rng = np.random.default_rng((settings.seed, stream))
    scenes = [
        scene
        for number, joints in enumerate(chosen)
        for walk in walks
        for scene in _scenes(walk, joints, number, settings, rng)
    ]
    columns = zip(*scenes, strict=True)
    names = ("objects", "connections", "bones", "choices")
    return Split({name: torch.from_numpy(np.stack(column)) for name, column in zip(names, columns, strict=True)})


def _scenes(walk: Walk, joints: tuple[str, ...], number: int, settings: JointsData, rng: np.random.Generator) -> list:
    """Scenes of one walk and one choice, each with its colours dealt out anew: its row of every column."""
    places = on_table(walk, joints, settings)  # [T, 10, 2]
    if len(places) < FRAMES:
        seconds = FRAMES / settings.rate
        raise InputError(f"a trial is shorter than {seconds:.1f} s, {FRAMES} frames of a scene: raise data.rate")
    indices = walk.skeleton.indices(joints)
    joined = connections(walk.skeleton, joints), walk.skeleton.adjacency[np.ix_(indices, indices)]
    found = []
    for _ in range(settings.windows):
        first, order = rng.integers(len(places) - FRAMES + 1), rng.permutation(BALLS)
        objects = as_balls(places[first : first + FRAMES, order])
        tables = (table[np.ix_(order, order)].astype(np.int64) for table in joined)
        found.append((objects, *tables, np.int64(number)))
    return found
