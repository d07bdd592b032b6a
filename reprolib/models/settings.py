"""What the settings of the networks that relate have in common."""

import math
from dataclasses import dataclass

from reprolib.errors import InputError

COUNTS = ("embedding", "lstm", "kernels", "g", "f", "hidden", "attention", "hops", "chunk")
PAIRS = ("all", "unordered", "unordered_self")  # of objects: all (i, j), those with i < j, those with i <= j


@dataclass(frozen=True)
class Settings:
    """Raises an InputError that names the setting where a value makes no model."""

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            numbers = value if isinstance(value, tuple) else (value,)
            if name in COUNTS and value is not None and min(numbers, default=0) < 1:
                raise InputError(f"model.{name} is {value}: give {_wanted(value)} of 1 and up")
            if name == "dropout" and not 0 <= value < 1:
                raise InputError(f"model.dropout is {value}: give a share from 0 to below 1")
            if name in ("coordinates", "loudness") and not 0 < value < math.inf:
                raise InputError(f"model.{name} is {value}: give a number above 0")
            if name == "pairs" and value not in PAIRS:
                raise InputError(f"model.pairs is {value!r}: choose one of {', '.join(PAIRS)}")


def _wanted(value: int | tuple[int, ...]) -> str:
    return "numbers" if isinstance(value, tuple) else "a number"
