"""Settings are frozen dataclasses whose fields declare their limits.

    rate: Annotated[float, Above(0)] = 1e-3
    widths: tuple[Count, ...] = (256, 256)

Their values are part of a record's identity, and so may grow but not change: a field that came after the first records
is marked LATER, and leaves old hashes alone while it is at its default.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from types import UnionType
from typing import Annotated, Any, ClassVar, Union, get_args, get_origin, get_type_hints

from reprolib.errors import InputError

LATER = {"later": True}  # metadata of a field that came after the first records
UNIONS = (Union, UnionType)


class Limit(ABC):
    """What a value, or every item of a tuple, has to keep to; as text it says what to give instead."""

    @abstractmethod
    def allows(self, value: Any) -> bool:
        """Whether a value keeps to it."""


@dataclass(frozen=True)
class AtLeast(Limit):
    """A finite number of at least so much, and at most so much where that is said."""

    least: float
    most: float = math.inf

    def allows(self, value: Any) -> bool:
        """Whether the number is neither too small nor too large."""
        return self.least <= value <= self.most and value < math.inf

    def __str__(self) -> str:
        return f"give a number of {self.least} {'and up' if self.most == math.inf else f'to {self.most}'}"


@dataclass(frozen=True)
class Above(Limit):
    """A finite number above so much."""

    bound: float

    def allows(self, value: Any) -> bool:
        """Whether the number is larger."""
        return self.bound < value < math.inf

    def __str__(self) -> str:
        return f"give a number above {self.bound}"


@dataclass(frozen=True)
class Below(Limit):
    """A part of one, which is never the whole: 0 <= value < 1."""

    def allows(self, value: Any) -> bool:
        """Whether the number is such a part."""
        return 0 <= value < 1

    def __str__(self) -> str:
        return "give a number from 0 to below 1"


class OneOf(Limit):
    """One of some values."""

    def __init__(self, *known: Any):
        self.known = known

    def allows(self, value: Any) -> bool:
        """Whether the value is known."""
        return value in self.known

    def __str__(self) -> str:
        return f"choose one of {', '.join(map(str, self.known))}"


class NotEmpty(Limit):
    """A tuple with one item or more."""

    def allows(self, value: Any) -> bool:
        """Whether there is an item."""
        return len(value) > 0

    def __str__(self) -> str:
        return "give one or more"


Count = Annotated[int, AtLeast(1)]  # of units, layers, examples
Whole = Annotated[int, AtLeast(0)]
Positive = Annotated[float, Above(0)]
Amount = Annotated[float, AtLeast(0)]
Fraction = Annotated[float, Below()]
Proportion = Annotated[float, AtLeast(0, 1)]


@dataclass(frozen=True)
class Settings:
    """Settings of one part of a configuration; `part` is what --set calls it.

    Raises:
        InputError: a value outside its limits; names the parameter, the value and the limits.
    """

    part: ClassVar[str] = ""

    def __post_init__(self) -> None:
        for name, hint in get_type_hints(type(self), include_extras=True).items():
            if get_origin(hint) is not ClassVar and (limit := _broken(hint, getattr(self, name))):
                raise self.refused(name, str(limit))

    def refused(self, name: str, remedy: str) -> InputError:
        """The error for a value that cannot be: `raise self.refused("types", "give 2 or more")`."""
        value = getattr(self, name)
        shown = list(value) if isinstance(value, tuple) else value
        return InputError(f"{self.part}.{name} is {shown!r}: {remedy}")


def _broken(hint: Any, value: Any) -> Limit | None:
    """The first limit of a type that a value does not keep to, or an item of it; None where it keeps to all."""
    kind, inner = get_origin(hint), get_args(hint)
    if value is None or kind is None:
        return None
    if kind is Annotated:
        limits = (extra for extra in hint.__metadata__ if isinstance(extra, Limit))
        return next((limit for limit in limits if not limit.allows(value)), None) or _broken(inner[0], value)
    pairs = [(option, value) for option in inner] if kind in UNIONS else [(inner[0], item) for item in value]
    return next((broken for pair in pairs if (broken := _broken(*pair))), None)


def flat(settings: Any, *, without_defaults: bool = False) -> dict[str, Any]:
    """{'width': 256, 'encoder.layers': 2}: the values by name, of nested settings with their own names behind.

    Args:
        without_defaults: leave out LATER fields that are at their default, as the hash does.
    """
    found = {}
    for field in fields(settings):
        value = getattr(settings, field.name)
        if without_defaults and "later" in field.metadata and value == field.default:
            continue
        if is_dataclass(value):
            inside = flat(value, without_defaults=without_defaults)
            found |= {f"{field.name}.{name}": inner for name, inner in inside.items()}
        else:
            found[field.name] = value
    return found


def counted(settings: Any) -> dict[str, Any]:
    """The values by name that tell one configuration from another."""
    return flat(settings, without_defaults=True)


def changed(settings: Any, changes: Mapping[str, Any], prefix: str) -> Any:
    """Settings with some values changed, {'width': 128, 'encoder.layers': 1}; names have to be known.

    Raises:
        InputError: a value of another type, named with the prefix, or outside its limits.
    """
    hints, new, nested = get_type_hints(type(settings)), {}, {}
    for key, value in changes.items():
        name, _, inside = key.partition(".")
        if inside:
            nested.setdefault(name, {})[inside] = value
        else:
            new[name] = _fitting(f"{prefix}.{name}", hints[name], value)
    for name, inner in nested.items():
        new[name] = changed(getattr(settings, name), inner, f"{prefix}.{name}")
    return replace(settings, **new)


def _fitting(key: str, hint: Any, value: Any) -> Any:
    """The value in a parameter's type: an int as a float, a list as a tuple."""
    for option in get_args(hint) if get_origin(hint) in UNIONS else (hint,):
        found = _as(option, value)
        if found is not NotImplemented:
            return found
    raise InputError(f"parameter {key} takes {_said(hint)}, not {value!r}")


def _as(hint: Any, value: Any) -> Any:
    """The value in a type; NotImplemented where it is of another one."""
    if hint is float and type(value) is int:
        return float(value)
    if get_origin(hint) is not tuple:
        return value if type(value) is hint else NotImplemented
    if not isinstance(value, list | tuple):
        return NotImplemented
    inner = get_args(hint)
    kinds = [inner[0]] * len(value) if inner[1:] == (...,) else inner
    items = tuple(map(_as, kinds, value)) if len(kinds) == len(value) else (NotImplemented,)
    return NotImplemented if any(item is NotImplemented for item in items) else items


def _said(hint: Any) -> str:
    """A type as users write its values: tuple[int, ...] is a list of int."""
    if get_origin(hint) in UNIONS:
        return " or ".join(map(_said, get_args(hint)))
    if get_origin(hint) is tuple:
        first = get_args(hint)[0]
        return f"a list of {_said(first)}" + {int: ", such as [2,3]", float: ", such as [0.5,2]"}.get(first, "")
    return {type(None): "None", bool: "True or False"}.get(hint, getattr(hint, "__name__", str(hint)))
