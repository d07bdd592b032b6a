"""Settings are frozen dataclasses whose values are part of a record's identity, and so may grow but not change."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, fields
from typing import Any

from reprolib.errors import InputError

LATER = {"later": True}  # metadata of a field that came after the first records


def counted(settings: Any) -> dict[str, Any]:
    """The values by name that tell one configuration from another: of later fields, those that are not the default."""
    late = {field.name: field.default for field in fields(settings) if "later" in field.metadata}
    return {name: value for name, value in asdict(settings).items() if name not in late or value != late[name]}


def check_choices(part: str, settings: Any, choices: Mapping[str, Iterable[Any]]) -> None:
    """Refuse a value that is not among the known ones, {name: values}; `part` is what --set calls the settings.

    Raises:
        InputError: names the parameter, its value and the known ones.
    """
    for name, known in choices.items():
        if (value := getattr(settings, name)) not in known:
            raise InputError(f"{part}.{name} is {value!r}: choose one of {', '.join(map(str, known))}")


def check_least(part: str, settings: Any, least: Mapping[str, int]) -> None:
    """Refuse a number below the least, {name: least}; None stands for no number.

    Raises:
        InputError: names the parameter, its value and the least.
    """
    for name, bound in least.items():
        if (value := getattr(settings, name)) is not None and value < bound:
            raise InputError(f"{part}.{name} is {value}: give a whole number of at least {bound}")
