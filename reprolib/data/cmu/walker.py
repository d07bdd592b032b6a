"""A body of ours that walks: periodic angles of the hips, knees, arms and spine, with random gait and smooth noise.

It stands in for the recordings where these are not at hand, and claims to look like walking, no more. Left and right
are half a stride apart, arms swing against the legs, and the body moves ahead by about what its legs reach. One stride
is two steps. F frames.
"""

from importlib import resources
from pathlib import Path

import numpy as np

from reprolib.data.cmu.acclaim import Body, read_asf
from reprolib.data.cmu.skeleton import Walk

VERSION = 1  # part of the data's identity: raise it whenever the same seed gives other bytes

RATE = 120.0  # frames a second, as in the CMU database
LEG = 0.85  # metres
ROUGHNESS = 1.0  # degrees: standard deviation of the noise of every angle
SMOOTH = 40  # frames over which the noise is averaged: a third of a second
GAIT = {  # the least and the largest value of what is drawn for every walk
    "frequency": (0.8, 1.05),  # strides a second
    "phase": (0.0, 2 * np.pi),
    "hip": (18.0, 28.0),  # amplitude in degrees, as all below unless said otherwise
    "reach": (0.9, 1.1),  # metres moved over metres that the legs reach
    "knee": (40.0, 60.0),
    "ankle": (6.0, 14.0),
    "arm": (12.0, 30.0),
    "elbow": (5.0, 20.0),
    "pelvis": (3.0, 8.0),
    "sway": (0.01, 0.03),  # metres
    "bob": (0.01, 0.03),  # metres
    "heading": (-5.0, 5.0),  # degrees from straight ahead
}
SIDES = {"l": 0.0, "r": np.pi}  # phase of the leg


def body() -> Body:
    """The standing body, 31 joints named and joined as those of the CMU database."""
    return read_asf(asf())


def asf() -> Path:
    """The file that describes it."""
    return Path(str(resources.files("reprolib.data.cmu") / "walker.asf"))


def walk(frames: int, seed: int, number: int) -> Walk:
    """One walk in metres; each number of a seed is another one."""
    return body().walk(channels(frames, seed, number), RATE)


def channels(frames: int, seed: int, number: int) -> np.ndarray:
    """What `acclaim.read_amc` would read of one walk [F, C]."""
    rng = np.random.default_rng((seed, number))
    gait = {name: rng.uniform(*ends) for name, ends in GAIT.items()}
    known, angles = body(), _angles(gait, np.arange(frames) / RATE)
    values = _noise(rng, frames, sum(map(len, known.channels)))
    values[:, known.slices["root"]] *= [0, 0, 0, 1, 1, 1]  # noise turns the root and does not move it
    for name, kinds in angles.items():
        joint = known.skeleton.names.index(name)
        for kind, angle in kinds.items():
            values[:, known.slices[name].start + known.channels[joint].index(kind)] += angle
    return values


def _noise(rng: np.random.Generator, frames: int, count: int) -> np.ndarray:
    """Smooth noise in degrees [F, count]: white noise, averaged over a bell of neighbouring frames."""
    window = np.hanning(SMOOTH + 2)[1:-1]
    window *= ROUGHNESS / np.linalg.norm(window)
    white = rng.normal(size=(frames + SMOOTH - 1, count))
    return np.stack([np.convolve(column, window, "valid") for column in white.T], axis=1)


def _angles(gait: dict[str, float], times: np.ndarray) -> dict[str, dict[str, np.ndarray]]:
    """{joint: {channel: values [F]}} of a gait at some times in seconds."""
    stride = 2 * np.pi * gait["frequency"] * times + gait["phase"]
    found = {"root": _root(gait, times, stride), "thorax": {"ry": -gait["pelvis"] * np.cos(stride)}}
    found["lowerback"] = {"rx": np.full_like(times, 3.0), "rz": 0.5 * gait["pelvis"] * np.sin(stride)}
    for side, shift in SIDES.items():
        found |= _leg(gait, side, stride + shift) | _arm(gait, side, stride + shift)
    return found


def _root(gait: dict[str, float], times: np.ndarray, stride: np.ndarray) -> dict[str, np.ndarray]:
    """The root moves ahead by four times what a leg swings to one side in a stride, bobs twice a stride, and sways."""
    speed = gait["reach"] * 4 * LEG * np.sin(np.deg2rad(gait["hip"])) * gait["frequency"]  # metres a second
    heading, ahead = np.deg2rad(gait["heading"]), speed * (times - times.mean())
    aside = gait["sway"] * np.sin(stride)
    return {
        "tx": ahead * np.sin(heading) + aside * np.cos(heading),
        "ty": 0.93 + gait["bob"] * np.cos(2 * stride),
        "tz": ahead * np.cos(heading) - aside * np.sin(heading),
        "ry": gait["heading"] + gait["pelvis"] * np.cos(stride),
    }


def _leg(gait: dict[str, float], side: str, phase: np.ndarray) -> dict[str, dict[str, np.ndarray]]:
    """A thigh swings ahead while its knee bends, and back while it is straight."""
    bent = 8 + gait["knee"] * np.maximum(0, np.cos(phase + 0.3)) ** 2
    return {
        f"{side}femur": {"rx": -5 - gait["hip"] * np.sin(phase)},
        f"{side}tibia": {"rx": bent},
        f"{side}foot": {"rx": -gait["ankle"] * np.sin(phase + 0.8)},
        f"{side}toes": {"rx": -0.5 * gait["ankle"] * (1 + np.cos(phase + np.pi))},
    }


def _arm(gait: dict[str, float], side: str, phase: np.ndarray) -> dict[str, dict[str, np.ndarray]]:
    """An arm swings against the leg of its side, and bends more in front."""
    return {
        f"{side}humerus": {"rx": 3 + gait["arm"] * np.sin(phase)},
        f"{side}radius": {"rx": -15 - gait["elbow"] * (1 - np.sin(phase)) / 2},
    }
