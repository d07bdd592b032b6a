"""The Acclaim formats of motion capture: a skeleton (ASF), and the angles of its bones frame by frame (AMC).

A bone turns about axes of its own: where C leads from its axes to the world's and M turns by its angles, it is turned
against its parent's bone by C M C^-1. F frames, J joints, C channels (of the root, then of every bone in order).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from reprolib.data.cmu.numbered_lines import Line, lines_of
from reprolib.data.cmu.skeleton import Skeleton, Walk, joint_positions, turned
from reprolib.errors import InputError

ROOT = "root"
TURNS, MOVES = ("rx", "ry", "rz"), ("tx", "ty", "tz")
HEADS = (":FULLY-SPECIFIED", ":DEGREES")  # of an AMC file
NEEDED = (":root", ":bonedata", ":hierarchy")  # sections of an ASF file


@dataclass(frozen=True, eq=False)
class Body:
    """What an ASF file says: a skeleton and how its bones can turn."""

    skeleton: Skeleton
    channels: tuple[tuple[str, ...], ...]  # of every joint: some of rx, ry, rz, and of the root also tx, ty, tz
    axes: np.ndarray  # C of every joint [J, 3, 3]
    place: np.ndarray  # of the root, before it moves [3]

    @property
    def slices(self) -> dict[str, slice]:
        """Which channels are whose: joints without any are left out."""
        ends = np.cumsum([0, *map(len, self.channels)])
        parts = zip(self.skeleton.names, ends[:-1], ends[1:], strict=True)
        return {name: slice(start, end) for name, start, end in parts if start < end}

    def walk(self, values: np.ndarray, rate: float) -> Walk:
        """The motion of channels [F, C] in degrees and the file's unit of length, at so many frames a second."""
        turns = np.broadcast_to(np.eye(3), (len(values), len(self.channels), 3, 3)).copy()
        root = np.tile(self.place, (len(values), 1))
        for name, part in self.slices.items():
            joint = self.skeleton.names.index(name)
            for kind, column in zip(self.channels[joint], values[:, part].T, strict=True):
                if kind in MOVES:
                    root[:, MOVES.index(kind)] += column
            rotating = [place for place, kind in enumerate(self.channels[joint]) if kind in TURNS]
            letters = "".join(self.channels[joint][place][1] for place in rotating)  # the first one turns first
            local = turned(letters[::-1], values[:, part][:, rotating[::-1]])
            turns[:, joint] = self.axes[joint] @ local @ self.axes[joint].T
        return Walk(self.skeleton, joint_positions(self.skeleton, root, turns), rate)


@dataclass(frozen=True)
class Bone:
    """One bone of an ASF file."""

    offset: np.ndarray  # direction times length [3]
    axes: np.ndarray  # C [3, 3]
    channels: tuple[str, ...]


def read_asf(path: Path) -> Body:
    """The skeleton of an ASF file. Joints come in the order of its bones, parents first.

    Raises:
        InputError: the file cannot be read, lacks a part, or says what cannot be; names the line.
    """
    sections = _sections(path)
    if missing := [name for name in NEEDED if name not in sections]:
        raise InputError(f"{path} has no section {missing[0]}: it is no whole ASF file")
    _require_degrees(sections.get(":units", []))
    root, place = _root(path, sections[":root"])
    bones = {ROOT: root} | _bones(_blocks(path, sections[":bonedata"]))
    parents = _parents(sections[":hierarchy"], bones)
    names = list(_ordered(parents, bones))
    if loose := [name for name in bones if name not in names]:
        raise InputError(f"{path}: the bone {loose[0]!r} does not hang on the root: add it to the hierarchy")
    skeleton = Skeleton(
        tuple(names),
        (-1, *(names.index(parents[name]) for name in names[1:])),
        np.stack([bones[name].offset for name in names]),
    )
    channels = tuple(bones[name].channels for name in names)
    return Body(skeleton, channels, np.stack([bones[name].axes for name in names]), place)


def _sections(path: Path) -> dict[str, list[Line]]:
    """{":root": its lines, ...}; what stands behind a section's name on the same line is left out."""
    sections: dict[str, list[Line]] = {}
    current = None
    for line in lines_of(path):
        if line.first.startswith(":"):
            current = sections.setdefault(line.first.lower(), [])
        elif current is None:
            raise line.wrong("expected a section such as :root: this is no ASF file")
        else:
            current.append(line)
    return sections


def _require_degrees(units: Sequence[Line]) -> None:
    for line in units:
        if line.first == "angle" and line.words[1:] != ("deg",):
            raise line.wrong("only angles in degrees are read: write `angle deg`, and angles to match")


def _root(path: Path, lines: Sequence[Line]) -> tuple[Bone, np.ndarray]:
    """The root as a bone without length, and its place."""
    known = {line.first: line for line in lines}
    for name in ("order", "axis", "position", "orientation"):
        if name not in known:
            raise InputError(f"{path}: the root lacks its {name}")
    channels = _channels(known["order"], (*MOVES, *TURNS))
    axes = _axes(known["axis"], known["axis"].words[1:], known["orientation"].numbers(3))
    return Bone(np.zeros(3), axes, channels), np.array(known["position"].numbers(3))


def _channels(line: Line, allowed: Sequence[str]) -> tuple[str, ...]:
    found = tuple(word.lower() for word in line.words[1:])
    for word in found:
        if word not in allowed or found.count(word) > 1:
            raise line.wrong(f"{word!r} is no channel or is there twice: choose among {', '.join(allowed)}")
    return found


def _axes(line: Line, order: Sequence[str], angles: Sequence[float]) -> np.ndarray:
    """C of an order of axes, such as XYZ, the first of which turns first."""
    letters = "".join(order).lower()
    if sorted(letters) != ["x", "y", "z"]:
        raise line.wrong(f"{' '.join(order)!r} is no order of axes: write one like XYZ")
    return turned(letters[::-1], np.array(angles)[::-1])


def _blocks(path: Path, lines: Sequence[Line]) -> Iterator[list[Line]]:
    """The lines between each begin and its end."""
    block: list[Line] | None = None
    for line in lines:
        if line.first == "begin" and block is None:
            block = []
        elif line.first == "end" and block:
            yield block
            block = None
        elif block is None or line.first in ("begin", "end"):
            raise line.wrong(f"{line.first!r} stands outside of begin and end")
        else:
            block.append(line)
    if block is not None:
        raise InputError(f"{path}: the last begin has no end: the file is cut off")


def _bones(blocks: Iterator[list[Line]]) -> dict[str, Bone]:
    """{name: bone} of the blocks that describe them."""
    found: dict[str, Bone] = {}
    for block in blocks:
        known = {line.first: line for line in block}
        bone = _bone(block[0], known)
        name = " ".join(known["name"].words[1:])
        if name in found or name == ROOT:
            raise known["name"].wrong(f"the bone {name!r} is there twice, or is the root")
        found[name] = bone
    return found


def _bone(first: Line, known: Mapping[str, Line]) -> Bone:
    """The bone of a block, whose lines are known by what they begin with."""
    for name in ("name", "direction", "length", "axis"):
        if name not in known:
            raise first.wrong(f"the bone that begins here lacks its {name}")
    direction, (length,) = np.array(known["direction"].numbers(3)), known["length"].numbers(1)
    size = np.linalg.norm(direction)
    if length <= 0 or size == 0:
        raise known["length"].wrong("a bone needs a direction and a length above 0")
    line = known["axis"]
    axes = _axes(line, line.words[4:], line.numbers(3, line.words[1:4]))
    channels = _channels(known["dof"], TURNS) if "dof" in known else ()
    return Bone(direction * length / size, axes, channels)


def _parents(lines: Sequence[Line], bones: Mapping[str, Bone]) -> dict[str, str]:
    """{bone: its parent} of a hierarchy, whose lines hold a parent and its children."""
    parents: dict[str, str] = {}
    for line in lines:
        if line.words in (("begin",), ("end",)):
            continue
        for name in line.words:
            if name not in bones:
                raise line.wrong(f"there is no bone {name!r} among the bonedata")
        for child in line.words[1:]:
            if child in parents or child == ROOT:
                raise line.wrong(f"the bone {child!r} has two parents, or is the root")
            parents[child] = line.first
    return parents


def _ordered(parents: Mapping[str, str], bones: Mapping[str, Bone]) -> Iterator[str]:
    """The root and all that hangs on it, children behind their parent and in the order of the bones."""
    children: dict[str, list[str]] = {name: [] for name in bones}
    for child in bones:
        if child in parents:
            children[parents[child]].append(child)
    waiting = [ROOT]
    while waiting:
        name = waiting.pop()
        yield name
        waiting += reversed(children[name])


def read_amc(path: Path, body: Body) -> np.ndarray:
    """The channels of every frame of an AMC file [F, C], for a body.

    Raises:
        InputError: the file cannot be read; a frame is missing or lacks a bone; a bone is not the body's, has more or
            fewer numbers than it has channels, or one that is not finite; names the line.
    """
    slices = body.slices
    frames: list[np.ndarray] = []
    head, left = None, set()  # the line that begins the frame, and the bones that are still to come
    for line in lines_of(path):
        if line.first.startswith(":"):
            if line.first not in HEADS:
                raise line.wrong(f"{line.first} is not known: only angles in degrees are read")
        elif len(line.words) == 1 and line.first.isdigit():
            _require_next(head, left, line)
            head, left = line, set(slices)
            frames.append(np.empty(sum(map(len, body.channels))))
        else:
            _require_expected(head, left, line, slices)
            left.remove(line.first)
            part = slices[line.first]
            frames[-1][part] = line.numbers(part.stop - part.start)
    if head is None:
        raise InputError(f"{path} holds no frame: it is no AMC file")
    _require_whole(head, left)
    return np.stack(frames)


def _require_next(head: Line | None, left: set[str], line: Line) -> None:
    """Frames follow one another, whatever number the first one has."""
    if head is None:
        return
    _require_whole(head, left)
    if line.whole(line.first) != head.whole(head.first) + 1:
        raise line.wrong(f"frame {line.first} follows frame {head.first}: frames are missing")


def _require_whole(head: Line, left: set[str]) -> None:
    if left:
        raise head.wrong(f"frame {head.first} lacks the bones {', '.join(sorted(left))}")


def _require_expected(head: Line | None, left: set[str], line: Line, slices: Mapping[str, slice]) -> None:
    if head is None:
        raise line.wrong("expected the number of a frame before its bones: this is no AMC file")
    if line.first not in slices:
        raise line.wrong(f"the skeleton has no bone {line.first!r} that turns: is it another body's file?")
    if line.first not in left:
        raise line.wrong(f"the bone {line.first!r} is there twice in frame {head.first}")


def amc_text(values: np.ndarray, body: Body) -> str:
    """Channels [F, C] as an AMC file; what `read_amc` reads from it are the same numbers."""
    lines = list(HEADS)
    for number, frame in enumerate(values, 1):
        lines.append(str(number))
        lines += [f"{name} {' '.join(map(repr, frame[part].tolist()))}" for name, part in body.slices.items()]
    return "\n".join(lines) + "\n"
