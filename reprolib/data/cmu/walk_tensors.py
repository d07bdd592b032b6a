"""Walks as tensors: windows of joints with place and velocity, in the units of the training trials, and the skeleton.

M windows, T frames, J joints, D = 6 features: x, y, z and what they changed by since the frame before.
"""

import hashlib
from collections.abc import Mapping

import numpy as np
import torch

from reprolib.data.cmu import trials, walker
from reprolib.data.cmu.skeleton import Walk
from reprolib.data.simulations import Scale, senders
from reprolib.data.split import Dataset, Split
from reprolib.errors import InputError
from reprolib.evidence.deviations import Deviation
from reprolib.settings.data_sets import WalkData
from reprolib.settings.declared import counted

SPACE = 3


def available(settings: WalkData, kind: str) -> str | None:
    """None where the data can be had, else what is missing and how to get it."""
    return trials.missing() if kind == "real" else None


def load(settings: WalkData, kind: str) -> Dataset:
    """Three splits by trial. Windows that validate and test are twice as long as those that train, and do not overlap.

    Columns: trajectories float32 [M, T, J, 6], edges int64 [M, J, J - 1], 1 where a bone joins two joints.

    Raises:
        InputError: recorded walks are asked for and missing or damaged, or no trial of a split is as long as a window.
    """
    if missing := available(settings, kind):
        raise InputError(missing)
    walks = trials.recorded(trials.folder()) if kind == "real" else trials.generated(settings.seed)
    paths = {trial: features(walk) for trial, walk in walks.items()}
    skeleton = next(iter(walks.values())).skeleton
    parts = {name: _windows(name, paths, settings) for name in trials.SPLITS}
    scale = _scale([paths[trial] for trial in trials.SPLITS["train"] if trial in paths and len(paths[trial])])
    joined = skeleton.adjacency[np.arange(len(skeleton.names))[:, None], senders(len(skeleton.names))]
    edges = torch.from_numpy(joined.astype(np.int64))  # [J, J - 1]
    splits = {}
    for name, found in parts.items():
        windows = torch.from_numpy(scale.apply(found)).float()
        splits[name] = Split({"trajectories": windows, "edges": edges.expand(len(windows), -1, -1)})
    facts = {"features": 2 * SPACE, "joints": len(skeleton.names), "frames": settings.frames, "scale": scale}
    deviations = [Deviation("data", said, less=True)] if (said := trials.lacking(walks)) else []
    return Dataset("mocap_walk", kind, identity(settings, kind), splits, facts, tuple(deviations))


def identity(settings: WalkData, kind: str) -> str:
    """Hash of the settings and of the recorded files, or of the version of the walks of ours."""
    found = hashlib.sha256(f"walks {kind} {sorted(counted(settings).items())} ".encode())
    if kind == "generated":
        found.update(f"generator {walker.VERSION}".encode())
        return found.hexdigest()
    place = trials.folder()
    for path in (place / trials.SKELETON, *(trials.file_of(place, trial) for trial in trials.present(place))):
        found.update(f"{path.name} {hashlib.sha256(path.read_bytes()).hexdigest()}".encode())
    return found.hexdigest()


def features(walk: Walk) -> np.ndarray:
    """Places and velocities of all frames but the first [F - 1, J, 6]; a frame knows nothing of the next one."""
    return np.concatenate([walk.positions[1:], np.diff(walk.positions, axis=0)], axis=2)


def _scale(train: list[np.ndarray]) -> Scale:
    """One range over all places and one over all velocities of the training trials, as for particles."""
    ends = [
        (min(float(path[..., part].min()) for path in train), max(float(path[..., part].max()) for path in train))
        for part in (slice(SPACE), slice(SPACE, None))
    ]
    return Scale(tuple(end for end in ends for _ in range(SPACE)))


def _windows(split: str, paths: Mapping[int, np.ndarray], settings: WalkData) -> np.ndarray:
    """Windows [M, T, J, 6] of the trials of a split that are there."""
    train = split == "train"
    length, stride = (settings.frames, settings.stride) if train else (2 * settings.frames,) * 2
    found = [
        path[start : start + length]
        for trial in trials.SPLITS[split]
        if (path := paths.get(trial)) is not None
        for start in range(0, len(path) - length + 1, stride)
    ]
    if not found:
        raise InputError(
            f"no {trials.CALLED[split]} trial has {length} frames, as data.frames={settings.frames} asks for: lower it"
        )
    return np.stack(found)
