"""How a run departs from the paper that it reproduces, as data: what kind of thing differs, and how."""

from dataclasses import dataclass
from typing import Literal, get_args

from reprolib.errors import InputError

Kind = Literal["data", "split", "model", "training", "precision", "choice"]
DEVIATION_KINDS = get_args(Kind)


@dataclass(frozen=True)
class Deviation:
    """One difference. A choice is what the paper leaves open; everything else it says otherwise."""

    kind: Kind
    text: str
    less: bool = False  # a part of what the paper has, and nothing else: fewer scenes, narrower layers

    def __post_init__(self) -> None:
        if self.kind not in DEVIATION_KINDS:
            raise InputError(f"a deviation is of kind {self.kind!r}: choose one of {', '.join(DEVIATION_KINDS)}")
