"""The Biovision format of motion capture (BVH): a hierarchy of joints with their channels, and its motion.

A joint's channels turn the bones that begin at it. F frames, J joints, C channels.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from reprolib.data.cmu.numbered_lines import Line, lines_of
from reprolib.data.cmu.skeleton import Skeleton, Walk, joint_positions, turned
from reprolib.errors import InputError

ROTATIONS = ("Xrotation", "Yrotation", "Zrotation")  # of any joint
KINDS = ("Xposition", "Yposition", "Zposition", *ROTATIONS)  # of the root: bones keep their lengths
SHORTEST = 1e-6  # seconds of a frame
END = "_end"  # behind a joint's name: the tip of its last bone, which the file calls End Site


@dataclass
class Hierarchy:
    """The joints as they are read."""

    names: list[str] = field(default_factory=list)
    parents: list[int] = field(default_factory=list)
    offsets: list[list[float]] = field(default_factory=list)
    channels: list[tuple[str, ...]] = field(default_factory=list)

    def add(self, line: Line, parent: int) -> int:
        """A new joint, of which the lines that follow say more; its number."""
        tip = line.words == ("End", "Site")
        if parent < 0 and self.names:
            raise line.wrong("a second ROOT: only one body is read")
        if len(line.words) != 2 or (tip and parent < 0):
            raise line.wrong("a joint is written as JOINT name, the first one as ROOT name")
        name = f"{self.names[parent]}{END}" if tip else line.words[1]
        if name in self.names:
            raise line.wrong(f"the joint {name!r} is there twice")
        self.names.append(name)
        self.parents.append(parent)
        self.offsets.append([])
        self.channels.append(())
        return len(self.names) - 1


def read_bvh(path: Path) -> Walk:
    """The motion of a BVH file; tips of bones are joints too, named after the joint that they hang on.

    Raises:
        InputError: the file cannot be read, is cut off, or says what cannot be; names the line.
    """
    lines = lines_of(path)
    hierarchy = _hierarchy(path, lines)
    count = sum(map(len, hierarchy.channels))
    frames, pace = (_after(path, lines, head) for head in ("Frames:", "Frame Time:"))
    seconds = pace.numbers(1, pace.words[2:])[0]
    if seconds < SHORTEST:
        raise pace.wrong(f"the time of a frame must be {SHORTEST:g} or more")
    values = [line.numbers(count, line.words) for line in lines]
    if len(values) != frames.whole(frames.words[-1]) or not values:
        raise frames.wrong(f"{frames.words[-1]} frames are announced and {len(values)} are there: give one or more")
    return _walk(hierarchy, np.array(values), 1 / seconds)


def _hierarchy(path: Path, lines: Iterator[Line]) -> Hierarchy:
    """All joints, up to the line MOTION."""
    found, open_joints = Hierarchy(), []  # the joints whose braces are open, outermost first
    joint = -1
    for line in lines:
        if line.words == ("MOTION",):
            break
        if line.words == ("HIERARCHY",) and not found.names:
            continue
        if line.first in ("ROOT", "JOINT", "End"):
            if (line.first == "ROOT") == bool(open_joints):
                raise line.wrong("ROOT stands outside of all braces, JOINT and End Site within")
            joint = found.add(line, open_joints[-1] if open_joints else -1)
        elif line.words == ("{",) and joint >= 0 and joint not in open_joints:
            open_joints.append(joint)
        elif line.words == ("}",) and open_joints:
            open_joints.pop()
        elif line.first == "OFFSET" and open_joints:
            found.offsets[open_joints[-1]] = line.numbers(3)
        elif line.first == "CHANNELS" and open_joints:
            found.channels[open_joints[-1]] = _channels(line, KINDS if len(open_joints) == 1 else ROTATIONS)
        else:
            raise line.wrong(f"{line.first!r} is not expected here")
    else:
        raise InputError(f"{path} has no MOTION: it is no whole BVH file")
    if open_joints or not found.names:
        raise line.wrong("MOTION comes before the hierarchy is closed")
    if [] in found.offsets:
        raise line.wrong(f"the joint {found.names[found.offsets.index([])]!r} has no OFFSET")
    return found


def _channels(line: Line, allowed: Sequence[str]) -> tuple[str, ...]:
    count, kinds = line.words[1:2], line.words[2:]
    if not count or line.whole(count[0]) != len(kinds):
        raise line.wrong(f"CHANNELS announces {' '.join(count) or 'no number'}, and {len(kinds)} follow")
    for kind in kinds:
        if kind not in allowed or kinds.count(kind) > 1:
            raise line.wrong(f"{kind!r} is no channel here or is there twice: choose among {', '.join(allowed)}")
    return kinds


def _after(path: Path, lines: Iterator[Line], head: str) -> Line:
    """The next line, which begins with these words."""
    line = next(lines, None)
    if line is None:
        raise InputError(f"{path} ends before its {head!r}: it is cut off")
    if not " ".join(line.words).startswith(head):
        raise line.wrong(f"expected {head!r}")
    return line


def _walk(found: Hierarchy, values: np.ndarray, rate: float) -> Walk:
    """The motion of channels [F, C]."""
    skeleton = Skeleton(tuple(found.names), tuple(found.parents), np.array(found.offsets))
    ends = np.cumsum([0, *map(len, found.channels)])
    own = np.stack([_turn(c, values[:, a:b]) for c, a, b in zip(found.channels, ends[:-1], ends[1:], strict=True)], 1)
    turns = own[:, [max(0, parent) for parent in found.parents]]  # of a bone: that of the joint where it begins
    turns[:, 0] = np.eye(3)
    root = np.tile(skeleton.offsets[0], (len(values), 1))
    for kind, column in zip(found.channels[0], values[:, : ends[1]].T, strict=True):
        if kind.endswith("position"):
            root[:, "XYZ".index(kind[0])] += column
    return Walk(skeleton, joint_positions(skeleton, root, turns), rate)


def _turn(channels: Sequence[str], values: np.ndarray) -> np.ndarray:
    """The rotation of a joint's channels [F, C] -> [F, 3, 3]; the last one turns first."""
    rotating = [place for place, kind in enumerate(channels) if kind.endswith("rotation")]
    return turned("".join(channels[place][0].lower() for place in rotating), values[:, rotating])
